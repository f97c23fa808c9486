# How honest the fractions are, measured with pseudo-experiments from tests whose truth is known.
# Needs scores, prepared samples and truths. Creates {RESULTS}/coverage/, its table and figure.

CELLS = {
    table: expand(
        cell,
        score=[*QUOTED, *POOR_SCORES],
        events=config["coverage"]["events"],
        pair=range(len(config["coverage"]["pairs"])),
    )
    for table, cell in (("coverage", COVERAGE_CELL), ("trust", TRUST_CELL))
}


rule coverage:
    """
    Bias, pull and coverage of every estimator, and how often an answer is trusted and wrong, as
    tables and figures.
    """
    localrule: True
    input:
        needs_truth("coverage", COVERAGE_RESULTS),


rule pool_model:
    """
    Collect the ensemble scores of control jets and of labelled jets, as background and signal to
    draw pseudo-experiments from. Uses wildcard `model`.
    """
    message:
        "Collecting labelled jets with {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("pool_model.py"),
        anomaly_score=anomaly_score,
        seeds=SEEDS,
        truths=TRUTHS,
    output:
        POOL.replace("{score}", "{model}"),
    log:
        f"{LOGS}/pool_model/{{model}}.log",
    wildcard_constraints:
        model=one_of(QUOTED),
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/pool_model.py"


rule pool_feature:
    """
    The same with a feature of the raw jets as a score, which separates poorly. Uses wildcard `score`.
    """
    message:
        "Collecting labelled jets with their {wildcards.score}"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("pool_feature.py"),
        feature=lambda wildcards: POOR_SCORES[wildcards.score],
        truths=TRUTHS,
    output:
        POOL,
    log:
        f"{LOGS}/pool_feature/{{score}}.log",
    wildcard_constraints:
        score=one_of(POOR_SCORES),
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/pool_feature.py"


rule measure_coverage:
    """
    Draw pseudo-experiments with known fractions from labelled jets, apply every estimator, and judge
    the answers as in the summary.
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
            plugins.of_estimation(
                [name for name, one in declared.CHECKS.items() if not one.of_features],
                "checks",
            ),
        ),
        pair=lambda wildcards: config["coverage"]["pairs"][int(wildcards.pair)],
        repeats=config["coverage"]["repeats"],
        estimation=ESTIMATION
        | {"bootstrap": config["coverage"]["bootstrap"], "contamination": 0.0},
        check_level=config["fraction"]["check_level"],
    output:
        coverage=COVERAGE_CELL,
        trust=TRUST_CELL,
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
    """Merge the coverage and the trust of all scores, test sizes and fractions."""
    message:
        "Merging the coverage"
    input:
        **CELLS,
    params:
        code=code("merge_coverage.py"),
    output:
        coverage=table("coverage"),
        trust=table("trust"),
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
    """Draw bias and coverage, and trusted answers, against the true fraction."""
    message:
        "Drawing the coverage"
    input:
        **{name: TABLE.format(table=name) for name in CELLS},
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
