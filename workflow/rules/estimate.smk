# From scores to fractions and clusters.
# Needs {RESULTS}/{model}/seed{seed}/scores.h5 and prepared samples. Creates {RESULTS}/weak/, clusters.h5 and
# tables per model.


rule train_tagger:
    """
    Train the weak tagger: classifiers that tell the jets of all tests from normal jets outside the
    control part by their substructure features, without labels. Each jet is scored by classifiers
    that have not seen it; control trains none. Say whether it has learnt anything.
    Uses wildcard `seed`.
    """
    message:
        "Training the weak tagger, seed {wildcards.seed}"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=SCORED),
        checked=checked_before(TAGGED),
    params:
        code=code("train_tagger.py"),
        model=WEAK,
        tests=TESTS,
        scored=list(SCORED),
        exclude=config["features"]["exclude"],
    output:
        scores=TAGGED,
        tagger=TAGGER,
        learnt=LEARNT,
    log:
        f"{LOGS}/train_tagger/seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/train_tagger/seed{{seed}}.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(60),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/train_tagger.py"


rule compare_features:
    """
    Say how well each feature alone tells each test from control, among all jets and among those of
    low score, where both should be background.
    """
    message:
        "Comparing the features of the tests with those of control"
    input:
        scores=expand(TAGGED, seed=SEEDS),
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
    params:
        code=code("compare_features.py"),
        seeds=SEEDS,
        tests=TESTS,
        anchor=config["fraction"]["anchor"],
        exclude=config["features"]["exclude"],
    output:
        table("features"),
    log:
        f"{LOGS}/compare_features.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/compare_features.py"


rule estimate_fractions:
    """
    Estimate the anomalous fraction of every test with every estimator, for each seed and for their
    ensemble, the cut's false positive rate proved on the control jets. Check without labels what
    the estimates assume, list the uncertainties of the headline, and say how sure it is that there is
    anything. Uses wildcard `model`.
    """
    message:
        "Estimating fractions with {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        tagger=expand(TAGGED, seed=SEEDS),
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
    params:
        code=code(
            "estimate_fractions.py",
            plugins.of_estimation(declared.ESTIMATORS, "estimators"),
            lambda wildcards: plugins.of_estimation(
                checks_of(wildcards.model), "checks"
            ),
        ),
        anomaly_score=anomaly_score,
        checks=lambda wildcards: checks_of(wildcards.model),
        exclude=config["features"]["exclude"],
        seeds=SEEDS,
        tests=TESTS,
        estimation=ESTIMATION,
        contamination=CONTAMINATION,
        background_tilt=config["fraction"]["background_tilt"],
        overdispersion=overdispersion,
        confidence=config["fraction"]["confidence"],
        headline=config["fraction"]["headline"],
        check_level=config["fraction"]["check_level"],
    output:
        fractions=FRACTIONS,
        checks=CHECKS,
        uncertainty_budget=UNCERTAINTY_BUDGET,
        discovery=DISCOVERY,
        sensitivity=SENSITIVITY,
    log:
        f"{LOGS}/estimate_fractions/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/estimate_fractions/{{model}}.tsv"
    wildcard_constraints:
        model=one_of([*SETTINGS, WEAK]),
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/estimate_fractions.py"


rule measure_excess:
    """
    Find what the anomalous jets look like: the excess of every test over its background in every
    feature, without labels; where its mass peaks, and whether two tests agree. Uses wildcard `model`.
    """
    message:
        "Measuring the excess with {wildcards.model}"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        fractions=FRACTIONS,
        uncertainty_budget=UNCERTAINTY_BUDGET,
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
    params:
        code=code("measure_excess.py"),
        anomaly_score=anomaly_score,
        seeds=SEEDS,
        tests=TESTS,
        contamination=CONTAMINATION["fraction"],
        anchor=config["fraction"]["anchor"],
        headline=config["fraction"]["headline"],
        confidence=config["fraction"]["confidence"],
        overdispersion=overdispersion,
        scale=SCALE,
    output:
        excess=EXCESS,
        peaks=PEAKS,
        agreement=AGREEMENT,
    log:
        f"{LOGS}/measure_excess/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_excess/{{model}}.tsv"
    wildcard_constraints:
        model=one_of([*SETTINGS, WEAK]),
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_excess.py"


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
