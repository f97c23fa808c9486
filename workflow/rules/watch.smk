# What made every result, whether it is still as it was made, and what is done, running and missing.
# Needs all results. Creates {RESULTS}/provenance.json.

from functools import cache

from oddjet.watch.jobs import jobs_behind

# the jobs behind all results, worked out when they are asked for
RESULT_JOBS = cache(lambda: jobs_behind(workflow.rules, ALL_RESULTS))


rule record_provenance:
    """
    Write down what made every result: checksum, rule, parameters, code and inputs of each file, and
    for all of them the configuration, the versions of the packages and the commit.
    """
    message:
        "Recording what made the results"
    input:
        ALL_RESULTS,
    params:
        code=code("record_provenance.py"),
        config=config,
        jobs=lambda wildcards: RESULT_JOBS(),
    output:
        PROVENANCE,
    log:
        f"{LOGS}/record_provenance.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/record_provenance.py"


rule verify:
    """
    Compute the checksums of all results and raw files anew; name what is changed, missing, or not
    made by the workflow. `snakemake --cores 1 verify`
    """
    localrule: True
    message:
        "Verifying {params.provenance}"
    params:
        code=code("verify.py"),
        provenance=PROVENANCE,
        results=RESULTS,
        unrecorded=[
            LOGS,
            BENCHMARKS,
            COVERAGE,
            *COVERAGE_RESULTS,
            *BENCHMARK_RESULTS,
            SIMULATED,
            PUBLICATION,
        ],
    log:
        f"{LOGS}/verify.log",
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/verify.py"


rule status:
    """
    Print a table of what is done, running and missing, with times of the done from their benchmarks,
    and how far the running have come. `snakemake --cores 1 --quiet all -- status`
    """
    localrule: True
    message:
        "Looking after the results"
    params:
        code=code("status.py"),
        jobs=lambda wildcards: RESULT_JOBS(),
    log:
        f"{LOGS}/status.log",
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/status.py"
