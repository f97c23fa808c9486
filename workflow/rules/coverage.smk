# How honest the fractions are, measured with pseudo-experiments from tests whose truth is known.
# Needs scores, prepared samples and truths. Creates {RESULTS}/coverage/, its table and figure.

CELLS = expand(
    CELL,
    score=[*MODELS, BRIGHTNESS],
    events=config["coverage"]["events"],
    pair=range(len(config["coverage"]["pairs"])),
)


rule coverage:
    """Bias, pull and coverage of every estimator, as table and figure."""
    localrule: True
    input:
        needs_truth("coverage", COVERAGE_RESULTS),


rule pool_model:
    """
    Collect the ensemble scores of control jets and of labelled jets, with the latents of the first
    seed, as background and signal to draw pseudo-experiments from. Uses wildcard `model`.
    """
    message:
        "Collecting labelled jets with {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("pool_model.py"),
        anomaly_score=ANOMALY_SCORE,
        seeds=SEEDS,
        truths=TRUTHS,
    output:
        POOL.replace("{score}", "{model}"),
    log:
        f"{LOGS}/pool_model/{{model}}.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/pool_model.py"


rule pool_brightness:
    """
    The same with minus the sum of the squared pixels as a score, which separates poorly.
    """
    message:
        "Collecting labelled jets with their brightness"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("pool_brightness.py"),
        truths=TRUTHS,
    output:
        POOL.format(score=BRIGHTNESS),
    log:
        f"{LOGS}/pool_brightness.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/pool_brightness.py"


rule measure_coverage:
    """
    Draw pseudo-experiments with known fractions from labelled jets and apply every estimator.
    Uses wildcards `score`, `events` (of each test) and `pair` (of fractions).
    """
    message:
        "Measuring coverage: {wildcards.score}, {wildcards.events} events, pair {wildcards.pair}"
    input:
        pool=POOL,
    params:
        code=code(
            "measure_coverage.py",
            plugins.of_estimation(declared.ESTIMATORS, "estimators"),
        ),
        pair=lambda wildcards: config["coverage"]["pairs"][int(wildcards.pair)],
        repeats=config["coverage"]["repeats"],
        estimation=ESTIMATION | {"bootstrap": config["coverage"]["bootstrap"]},
    output:
        CELL,
    log:
        f"{LOGS}/measure_coverage/{{score}}_{{events}}_{{pair}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_coverage/{{score}}_{{events}}_{{pair}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(60),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_coverage.py"


rule merge_coverage:
    """Merge the coverage of all scores, test sizes and fractions."""
    message:
        "Merging the coverage"
    input:
        cells=CELLS,
    params:
        code=code("merge_coverage.py"),
    output:
        table("coverage"),
    log:
        f"{LOGS}/merge_coverage.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/merge_coverage.py"


rule draw_coverage:
    """Draw bias and coverage against the true fraction."""
    message:
        "Drawing the coverage"
    input:
        TABLE.format(table="coverage"),
    params:
        code=code("draw_coverage.py"),
    output:
        **figures_of("draw_coverage"),
    log:
        f"{LOGS}/draw_coverage.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_coverage.py"
