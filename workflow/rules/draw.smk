# Figures, each as PNG and PDF. Nothing that is computed from depends on them.
# Needs prepared samples, trainings, scores, tables. Creates {RESULTS}/figures/.


rule draw_samples:
    """
    Draw example jets and the mean image of every sample, and how much of the normal one squares of
    any side would keep.
    """
    message:
        "Drawing the samples"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
        checked=checked_before(f"{FIGURES}/means.png"),
    params:
        code=code("draw_samples.py"),
        tests=TESTS,
    output:
        examples=figure("examples", "examples", "Samples", figure="example jets"),
        means=figure("means", "means", "Samples", figure="mean images"),
        crop=figure("crop", "crop", "Samples", figure="crop"),
    log:
        f"{LOGS}/draw_samples.log",
    benchmark:
        f"{BENCHMARKS}/draw_samples.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_samples.py"


rule draw_training:
    """Draw the learning curves of all seeds. Uses wildcard `model`."""
    message:
        "Drawing the learning curves of {wildcards.model}"
    input:
        histories=expand(HISTORY, seed=SEEDS, allow_missing=True),
    params:
        code=code("draw_training.py"),
        seeds=SEEDS,
    output:
        curves=figure(
            "{model}/learning_curves",
            "learning_curves",
            "Training",
            figure="learning curves",
            model="{model}",
        ),
    log:
        f"{LOGS}/draw_training/{{model}}.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_training.py"


rule draw_scores:
    """
    Draw what one training found: reconstructions, errors with the cut, the latent plane, the
    clusters in it, and the error by cluster. Uses wildcards `model` and `seed`.
    """
    message:
        "Drawing the scores of {wildcards.model}, seed {wildcards.seed}"
    input:
        scores=SCORES,
        clusters=CLUSTERS,
        reconstructions=RECONSTRUCTIONS,
    params:
        code=code("draw_scores.py"),
        score=config["fraction"]["score"],
        cut=CUT,
    output:
        **{
            name: figure(
                f"{{model}}/seed{{seed}}/{name}",
                name,
                category,
                figure=name.replace("_", " "),
                model="{model}",
                seed="{seed}",
            )
            for name, category in SEED_FIGURES.items()
        },
    log:
        f"{LOGS}/draw_scores/{{model}}_seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/draw_scores/{{model}}_seed{{seed}}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_scores.py"


rule draw_roc:
    """
    Where truth is given, draw the ROC curves of all seeds and their ensemble, and the latent plane
    of each seed by class. Uses wildcard `model`.
    """
    message:
        "Drawing the ROC curves and the classes of {wildcards.model}"
    input:
        roc=f"{RESULTS}/{{model}}/roc.csv",
        clusters=expand(CLUSTERS, seed=SEEDS, allow_missing=True),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("draw_roc.py"),
        score=config["fraction"]["score"],
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        roc=figure(
            "{model}/roc", "roc", "Validation", figure="ROC curves", model="{model}"
        ),
        latent_classes=figure(
            "{model}/latent_classes",
            "latent_classes",
            "Validation",
            figure="latent by class",
            model="{model}",
        ),
    log:
        f"{LOGS}/draw_roc/{{model}}.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_roc.py"


rule draw_classes:
    """
    Where truth is given, draw by class what the labelled jets of all tests are: their quantities,
    and their place in the plane of the principal components of the normal images.
    """
    message:
        "Drawing the labelled jets by class"
    input:
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TRUTHS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
        baselines=BASELINES.format(seed=SEEDS[0]),
    params:
        code=code("draw_classes.py"),
        truths=TRUTHS,
        seed=SEEDS[0],
    output:
        quantities=figure(
            "quantities", "quantities", "Validation", figure="jet quantities"
        ),
        pca_plane=figure("pca_plane", "pca_plane", "Validation", figure="PCA plane"),
    log:
        f"{LOGS}/draw_classes.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_classes.py"


rule draw_supervised:
    """
    Where truth is given, draw how the supervised networks learnt, what they say of jets of either
    class, and their ROC curves. Uses wildcard `network`.
    """
    message:
        "Drawing the supervised reference {wildcards.network}"
    input:
        scores=expand(SUPERVISED, seed=SEEDS),
        histories=expand(SUPERVISED_HISTORY, seed=SEEDS),
        roc=f"{RESULTS}/baselines/roc.csv",
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("draw_supervised.py"),
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        **{
            name: figure(
                f"supervised/{{network}}/{name}",
                f"supervised_{name}",
                "Validation",
                figure=name.replace("_", " "),
                model="supervised_{network}",
            )
            for name in SUPERVISED_FIGURES
        },
    log:
        f"{LOGS}/draw_supervised/{{network}}.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_supervised.py"


rule draw_fractions:
    """Draw the fractions of all tests by model and estimator, and what their errors consist of."""
    message:
        "Drawing the fractions"
    input:
        fractions=f"{TABLES}/fractions.csv",
        error_budget=f"{TABLES}/error_budget.csv",
        detection=f"{TABLES}/detection.csv" if TRUTHS else [],
    params:
        code=code("draw_fractions.py"),
        truths=TRUTHS,
    output:
        fractions=figure(
            "fractions", "fractions", "Results", figure="anomalous fractions"
        ),
        error_budget=figure(
            "error_budget", "error_budget", "Results", figure="error budget"
        ),
    log:
        f"{LOGS}/draw_fractions.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_fractions.py"
