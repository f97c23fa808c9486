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
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
    params:
        code=code("estimate_fractions.py"),
        score=config["fraction"]["score"],
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
    Fit a Gaussian mixture to the standardised latents of all tests together, and find the principal
    components in whose plane latents are drawn. Uses wildcards `model` and `seed`.
    """
    message:
        "Clustering the latents of {wildcards.model}, seed {wildcards.seed}"
    input:
        scores=SCORES,
    params:
        code=code("find_clusters.py"),
        score=config["fraction"]["score"],
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
        score=config["fraction"]["score"],
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
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("measure_detection.py"),
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        detection=f"{RESULTS}/{{model}}/detection.csv",
        roc=f"{RESULTS}/{{model}}/roc.csv",
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


rule score_baselines:
    """
    Where truth is given, score control jets and tests with quantities of the raw jets, principal
    components and an isolation forest. Uses wildcard `seed`.
    """
    message:
        "Scoring with the baselines, seed {wildcards.seed}"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        checked=checked_before(BASELINES),
    params:
        code=code("score_baselines.py"),
        tests=TRUTHS,
        components=config["baselines"]["components"],
        smoothing=config["preprocessing"]["smoothing"],
        validation=config["split"]["validation"],
    output:
        BASELINES,
    log:
        f"{LOGS}/score_baselines/seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/score_baselines/seed{{seed}}.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/score_baselines.py"


rule supervise:
    """
    Where truth is given, score each half of the labelled jets by networks that were trained on the
    other: the upper reference. Uses wildcard `seed`.
    """
    message:
        "Training the supervised reference, seed {wildcards.seed}"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
        checked=checked_before(SUPERVISED),
    params:
        code=code("supervise.py"),
        truths=TRUTHS,
        networks=NETWORKS,
        epochs=config["supervised"]["epochs"],
        smoothing=config["preprocessing"]["smoothing"],
        device=config["training"]["device"],
    output:
        scores=SUPERVISED,
        history=SUPERVISED_HISTORY,
        networks=SUPERVISED_NETWORKS,
    log:
        f"{LOGS}/supervise/seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/supervise/seed{{seed}}.tsv"
    threads: 4
    resources:
        gpu=lambda wildcards: cards(config["training"]["device"]),
        mem_mb=more(4000),
        runtime=more(60),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/supervise.py"


rule predict:
    """
    Predict with a supervised network which jets of a test without truth are anomalous. On the CPU:
    cards are left to trainings. Uses wildcards `network`, `seed` and `test`.
    """
    message:
        "Predicting {wildcards.test} with {wildcards.network}, seed {wildcards.seed}"
    input:
        networks=SUPERVISED_NETWORKS,
        test=SHARED_TEST,
    params:
        code=code("predict.py"),
        smoothing=config["preprocessing"]["smoothing"],
    output:
        PREDICTIONS,
    log:
        f"{LOGS}/predict/{{network}}_seed{{seed}}_{{test}}.log",
    benchmark:
        f"{BENCHMARKS}/predict/{{network}}_seed{{seed}}_{{test}}.tsv"
    threads: 2
    resources:
        mem_mb=more(4000),
        runtime=more(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/predict.py"


rule measure_baselines:
    """Where truth is given, say how well the baselines find anomalous jets."""
    message:
        "Validating the baselines against truth"
    input:
        scores=expand(BASELINES, seed=SEEDS),
        supervised=expand(SUPERVISED, seed=SEEDS) if NETWORKS else [],
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("measure_baselines.py"),
        seeds=SEEDS,
        networks=list(NETWORKS),
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        detection=f"{RESULTS}/baselines/detection.csv",
        roc=f"{RESULTS}/baselines/roc.csv",
    log:
        f"{LOGS}/measure_baselines.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_baselines.py"
