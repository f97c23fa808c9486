# From scores to fractions, clusters and, where truth is given, validation.
# Needs {RESULTS}/{model}/seed{seed}/scores.h5. Creates tables per model beside it.


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
        normal=PREPARED_NORMAL,
        tests=expand(PREPARED_TEST, test=TESTS),
    params:
        code=code("estimate_fractions.py"),
        seeds=SEEDS,
        tests=TESTS,
        estimation=ESTIMATION,
        confidence=config["fraction"]["confidence"],
        headline=config["fraction"]["headline"],
        closure_level=config["fraction"]["closure_level"],
    output:
        fractions=f"{RESULTS}/{{model}}/fractions.csv",
        closure=f"{RESULTS}/{{model}}/closure.csv",
        error_budget=f"{RESULTS}/{{model}}/error_budget.csv",
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
    Fit a Gaussian mixture to the standardised latents of all tests together.
    Uses wildcards `model` and `seed`.
    """
    message:
        "Clustering the latents of {wildcards.model}, seed {wildcards.seed}"
    input:
        scores=SCORES,
    params:
        code=code("find_clusters.py"),
        components=config["clusters"]["components"],
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
        seeds=SEEDS,
        truths=TRUTHS,
        components=config["clusters"]["components"],
        bootstrap=config["clusters"]["bootstrap"],
        cut=CUT,
        confidence=config["fraction"]["confidence"],
    output:
        f"{RESULTS}/{{model}}/purity.csv",
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


rule measure_detection:
    """
    Where truth is given, say how well the scores find anomalous jets. Uses wildcard `model`.
    """
    message:
        "Validating the scores of {wildcards.model} against truth"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("measure_detection.py"),
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        f"{RESULTS}/{{model}}/detection.csv",
    log:
        f"{LOGS}/measure_detection/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_detection/{{model}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_detection.py"
