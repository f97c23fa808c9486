# Comparison with truth, where it is given: of the models, of baselines, of the supervised reference.
# Needs scores, prepared samples and truths. Creates detection.csv and roc.csv per model, and
# {RESULTS}/baselines/.

from oddjet.planning import drivers


rule measure_detection:
    """
    Where truth is given, say how well the scores find anomalous jets. Uses wildcard `model`.
    """
    message:
        "Evaluating the scores of {wildcards.model} against truth"
    input:
        scores=expand(SCORES, seed=SEEDS, allow_missing=True),
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("measure_detection.py"),
        scores=lambda wildcards: (
            [parts.TAGGER_SCORE]
            if wildcards.model == WEAK
            else ["error", "mahalanobis"]
        ),
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        detection=DETECTION,
        roc=ROC,
    log:
        f"{LOGS}/measure_detection/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_detection/{{model}}.tsv"
    wildcard_constraints:
        model=one_of([*SETTINGS, WEAK]),
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
        principal_components=config["baselines"]["principal_components"],
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
    resources:
        gpu=lambda wildcards: drivers.gpus(
            config["training"]["device"], workflow.local_exec
        ),
        per_gpu=config["training"]["per_gpu"],
        mem_mb=more(4000),
        runtime=more(60),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/supervise.py"


rule supervise_trees:
    """
    Where truth is given, score labelled jets by the classifiers of the weak tagger, told the labels of
    the others: the most that the tagger could reach. Uses wildcard `seed`.
    """
    message:
        "Training the tagger's classifiers with labels, seed {wildcards.seed}"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
        checked=checked_before(SUPERVISED_TREES),
    params:
        code=code("supervise_trees.py"),
        names=TREES,
        truths=TRUTHS,
        exclude=config["features"]["exclude"],
    output:
        SUPERVISED_TREES,
    log:
        f"{LOGS}/supervise_trees/seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/supervise_trees/seed{{seed}}.tsv"
    resources:
        mem_mb=more(4000),
        runtime=more(60),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/supervise_trees.py"


rule predict:
    """
    Predict with a supervised network which jets of a test without truth are anomalous. On the CPU:
    GPUs are left to trainings. Uses wildcards `network`, `seed` and `test`.
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
        "Evaluating the baselines against truth"
    input:
        scores=expand(BASELINES, seed=SEEDS),
        supervised=expand(SUPERVISED, seed=SEEDS) if NETWORKS else [],
        trees=expand(SUPERVISED_TREES, seed=SEEDS) if TREES else [],
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("measure_baselines.py"),
        seeds=SEEDS,
        networks=list(NETWORKS),
        tree_names=TREES,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        detection=DETECTION.format(model=BASELINE_MODEL),
        roc=ROC.format(model=BASELINE_MODEL),
    log:
        f"{LOGS}/measure_baselines.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/measure_baselines.py"
