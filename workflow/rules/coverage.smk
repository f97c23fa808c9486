# How honest the fractions are, measured with pseudo-experiments from tests whose truth is known.
# Needs scores, prepared samples and truths. Creates {RESULTS}/coverage/, its table and figure.

DISTORTIONS = {parts.UNDISTORTED: {}} | config["coverage"]["distortions"]
# fractions of the tests of an experiment, by their names in paths
PAIRS, DISTORTED_PAIRS = (
    {"_".join(map(str, pair)): pair for pair in config["coverage"][name]}
    for name in ("pairs", "distorted_pairs")
)
# all combinations of scores, distortions, sizes of tests and fractions that are measured
CELLS = {
    table: [
        *expand(
            cell,
            score=[*QUOTED, *POOR_SCORES],
            distortion=parts.UNDISTORTED,
            events=config["coverage"]["events"],
            pair=PAIRS,
        ),
        *expand(
            cell,
            score=[*QUOTED, *POOR_SCORES],
            distortion=config["coverage"]["distortions"],
            events=max(config["coverage"]["events"]),
            pair=DISTORTED_PAIRS,
        ),
    ]
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
    draw pseudo-experiments from, with what checks compare them by. Uses wildcard `model`.
    """
    message:
        "Collecting labelled jets with {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("pool_model.py"),
        anomaly_score=anomaly_score,
        exclude=config["features"]["exclude"],
        seeds=SEEDS,
        truths=TRUTHS,
    output:
        POOL.replace("{score}", "{model}"),
    log:
        f"{LOGS}/pool_model/{{model}}.log",
    wildcard_constraints:
        model=one_of(MODELS),
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
        exclude=config["features"]["exclude"],
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


rule pool_tagger:
    """
    The same with the features that the weak tagger reads, which is trained anew in each
    pseudo-experiment; with all normal jets.
    """
    message:
        "Collecting the features of labelled jets"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("pool_tagger.py"),
        exclude=config["features"]["exclude"],
        truths=TRUTHS,
    output:
        POOL.format(score=WEAK),
    log:
        f"{LOGS}/pool_tagger.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/pool_tagger.py"


rule measure_coverage:
    """
    Draw pseudo-experiments with known fractions from labelled jets, apply every estimator, and judge
    the answers as in the summary. The weak tagger is trained anew in each of its own.
    Uses wildcards `score`, `distortion`, `events` (of each test) and `pair` (of fractions).
    """
    message:
        "Measuring coverage: {wildcards.score}, distortion {wildcards.distortion}, {wildcards.events} events, fractions {wildcards.pair}"
    input:
        pool=POOL,
    params:
        code=code(
            "measure_coverage.py",
            plugins.of_estimation(declared.ESTIMATORS, "estimators"),
            lambda wildcards: plugins.of_estimation(
                checks_of(wildcards.score), "checks"
            ),
        ),
        pair=lambda wildcards: (PAIRS | DISTORTED_PAIRS)[wildcards.pair],
        distortion=lambda wildcards: DISTORTIONS[wildcards.distortion],
        repeats=lambda wildcards: config["coverage"][
            "retrained" if wildcards.score == WEAK else "repeats"
        ],
        estimation=ESTIMATION
        | {"bootstrap": config["coverage"]["bootstrap"], "contamination": 0.0},
        contamination=CONTAMINATION | {"fraction": 0.0},
        background_tilt=config["fraction"]["background_tilt"],
        check_level=config["fraction"]["check_level"],
        checks=lambda wildcards: checks_of(wildcards.score),
    output:
        coverage=COVERAGE_CELL,
        trust=TRUST_CELL,
    log:
        f"{LOGS}/measure_coverage/{{score}}_{{distortion}}_{{events}}_{{pair}}.log",
    wildcard_constraints:
        distortion=one_of(DISTORTIONS),
    benchmark:
        f"{BENCHMARKS}/measure_coverage/{{score}}_{{distortion}}_{{events}}_{{pair}}.tsv"
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
        cells=CELLS["trust"],
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
    """
    Draw bias and coverage, and trusted answers, against the true fraction; what distortions do; and
    how well the weak tagger learns.
    """
    message:
        "Drawing the coverage"
    input:
        coverage=TABLE.format(table="coverage"),
        trust=TABLE.format(table="trust"),
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
