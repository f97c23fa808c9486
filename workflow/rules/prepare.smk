# From raw files to checked, sparse samples.
# Needs the files of `SAMPLES`. Creates {RESULTS}/prepared/ and tables/samples.csv.


rule prepare_normal:
    input:
        raw=SAMPLES["normal"]["file"],
    output:
        PREPARED_NORMAL,
    log:
        f"{LOGS}/prepare_normal.log",
    benchmark:
        f"{BENCHMARKS}/prepare_normal.tsv"
    conda:
        "../../envs/oddjet.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("prepare.py"),
        key=SAMPLES["normal"].get("key"),
        split=config["split"],
    """
    Check the normal sample, store its images by their lit pixels, and hold out the control part,
    which no training sees.
    """
    message:
        "Preparing the normal sample"
    script:
        "../scripts/prepare.py"


use rule prepare_normal as prepare_test with:
    input:
        raw=lambda wildcards: SAMPLES["tests"][wildcards.test]["file"],
    output:
        PREPARED_TEST,
    log:
        f"{LOGS}/prepare_test/{{test}}.log",
    benchmark:
        f"{BENCHMARKS}/prepare_test/{{test}}.tsv"
    params:
        code=code("prepare.py"),
        key=lambda wildcards: SAMPLES["tests"][wildcards.test].get("key"),
        split=None,
    # Check a test and store its images by their lit pixels. Uses wildcard `test`.
    message:
        "Preparing test {wildcards.test}"


rule prepare_truth:
    input:
        raw=lambda wildcards: SAMPLES["tests"][wildcards.test]["truth"]["file"],
        test=PREPARED_TEST,
    output:
        PREPARED_TRUTH,
    log:
        f"{LOGS}/prepare_truth/{{test}}.log",
    conda:
        "../../envs/oddjet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("prepare_truth.py"),
        key=lambda wildcards: SAMPLES["tests"][wildcards.test]["truth"].get("key"),
    """
    Check the truth labels of a test against its events. Validation alone reads them.
    Uses wildcard `test`.
    """
    message:
        "Checking the truth of test {wildcards.test}"
    script:
        "../scripts/prepare_truth.py"


rule check_samples:
    input:
        normal=PREPARED_NORMAL,
        tests=expand(PREPARED_TEST, test=TESTS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    output:
        SAMPLES_TABLE,
    log:
        f"{LOGS}/check_samples.log",
    conda:
        "../../envs/oddjet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("check_samples.py"),
        tests=TESTS,
        max_fpr=config["fraction"]["max_fpr"],
        fpr_confidence=config["fraction"]["fpr_confidence"],
    """
    Check that the samples fit together, that the control part is large enough, and that the truths
    were found good; list the samples. Trainings wait for it, so that bad input costs no training.
    """
    message:
        "Checking that the samples fit together"
    script:
        "../scripts/check_samples.py"
