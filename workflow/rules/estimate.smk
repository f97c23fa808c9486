# From scores to fractions and clusters.
# Needs {RESULTS}/{model}/seed{seed}/scores.h5. Creates clusters.h5 beside it, and tables per model.

from oddjet.estimate import declared


rule estimate_fractions:
    """
    Estimate the anomalous fraction of every test with every estimator, for each seed and for their
    ensemble, the cut's false positive rate proved on the control jets. Check without labels what
    the estimates assume, and list the uncertainties of the headline. Uses wildcard `model`.
    """
    message:
        "Estimating fractions with {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
    params:
        code=code(
            "estimate_fractions.py",
            plugins.of_estimation(declared.ESTIMATORS, "estimators"),
            plugins.of_estimation(declared.CHECKS, "checks"),
        ),
        anomaly_score=ANOMALY_SCORE,
        seeds=SEEDS,
        tests=TESTS,
        estimation=ESTIMATION,
        confidence=config["fraction"]["confidence"],
        headline=config["fraction"]["headline"],
        check_level=config["fraction"]["check_level"],
    output:
        fractions=FRACTIONS,
        checks=CHECKS,
        uncertainty_budget=UNCERTAINTY_BUDGET,
    log:
        f"{LOGS}/estimate_fractions/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/estimate_fractions/{{model}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/estimate_fractions.py"


rule find_clusters:
    """
    Fit a Gaussian mixture to the standardised latents of all tests together, and find the principal
    components in whose plane latents are drawn. Uses wildcards `model` and `seed`.
    """
    message:
        "Clustering the latents of {wildcards.model}, seed {wildcards.seed}"
    input:
        scores=SCORES,
    params:
        code=code("find_clusters.py"),
        anomaly_score=ANOMALY_SCORE,
        mixture_components=config["clusters"]["components"],
    output:
        CLUSTERS,
    log:
        f"{LOGS}/find_clusters/{{model}}_seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/find_clusters/{{model}}_seed{{seed}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/find_clusters.py"


rule measure_purity:
    """
    Compare the clusters with the score's labels and, where truth is given, with truth.
    Uses wildcard `model`.
    """
    message:
        "Measuring the purity of the clusters of {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        clusters=expand(CLUSTERS, seed=SEEDS, allow_missing=True),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("measure_purity.py"),
        anomaly_score=ANOMALY_SCORE,
        seeds=SEEDS,
        truths=TRUTHS,
        mixture_components=config["clusters"]["components"],
        bootstrap=config["clusters"]["bootstrap"],
        cut=CUT,
        confidence=config["fraction"]["confidence"],
    output:
        PURITY,
    log:
        f"{LOGS}/measure_purity/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_purity/{{model}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_purity.py"
