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
        checked=checked_before(f"{FIGURES}/{DRAWN['means'].path}.png"),
    params:
        code=code("draw_samples.py"),
        tests=TESTS,
    output:
        **figures_of("draw_samples"),
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
        loss=of_model("loss"),
        seeds=SEEDS,
    output:
        **figures_of("draw_training"),
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
    Draw what one training found: reconstructions, anomaly scores with the cut, the latent plane,
    the clusters in it, and the anomaly scores by cluster. Uses wildcards `model` and `seed`.
    """
    message:
        "Drawing the scores of {wildcards.model}, seed {wildcards.seed}"
    input:
        scores=SCORES,
        clusters=CLUSTERS,
        reconstructions=RECONSTRUCTIONS,
    params:
        code=code("draw_scores.py"),
        anomaly_score=ANOMALY_SCORE,
        cut=CUT,
    output:
        **figures_of("draw_scores"),
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
        roc=ROC,
        clusters=expand(CLUSTERS, seed=SEEDS, allow_missing=True),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("draw_roc.py"),
        anomaly_score=ANOMALY_SCORE,
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        **figures_of("draw_roc"),
    log:
        f"{LOGS}/draw_roc/{{model}}.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_roc.py"


rule draw_tagger:
    """Draw the scores of the weak tagger, and which features tell the tests from control."""
    message:
        "Drawing the scores of the weak tagger"
    input:
        scores=expand(TAGGED, seed=SEEDS),
        features=TABLE.format(table="features"),
    params:
        code=code("draw_tagger.py"),
        seeds=SEEDS,
        cut=CUT,
    output:
        **figures_of("draw_tagger"),
    log:
        f"{LOGS}/draw_tagger.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_tagger.py"


rule draw_tagger_roc:
    """Where truth is given, draw the ROC curves of the weak tagger."""
    message:
        "Drawing the ROC curves of the weak tagger"
    input:
        roc=ROC.format(model=WEAK),
    params:
        code=code("draw_tagger_roc.py"),
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        **figures_of("draw_tagger_roc"),
    log:
        f"{LOGS}/draw_tagger_roc.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_tagger_roc.py"


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
        **figures_of("draw_classes"),
    log:
        f"{LOGS}/draw_classes.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_classes.py"


rule draw_excess:
    """
    Draw what the anomalous jets look like, with the headline model and, where it is given, truth.
    """
    message:
        "Drawing the excess"
    input:
        summary=SUMMARY,
        excess=TABLE.format(table="excess"),
        peaks=TABLE.format(table="excess_peaks"),
        normal=SHARED_NORMAL,
        tests=expand(SHARED_TEST, test=TESTS),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("draw_excess.py"),
        tests=TESTS,
        truths=TRUTHS,
        confidence=config["fraction"]["confidence"],
        contamination=CONTAMINATION["fraction"],
        scale=SCALE,
    output:
        **figures_of("draw_excess"),
    log:
        f"{LOGS}/draw_excess.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_excess.py"


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
        roc=ROC.format(model=BASELINE_MODEL),
        truths=expand(PREPARED_TRUTH, test=TRUTHS),
    params:
        code=code("draw_supervised.py"),
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        **figures_of("draw_supervised"),
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
    """Draw the fractions of all tests by model and estimator, and what their uncertainties are."""
    message:
        "Drawing the fractions"
    input:
        fractions=TABLE.format(table="fractions"),
        uncertainty_budget=TABLE.format(table="uncertainty_budget"),
        sensitivity=TABLE.format(table="sensitivity"),
        detection=TABLE.format(table="detection") if TRUTHS else [],
    params:
        code=code("draw_fractions.py"),
        truths=TRUTHS,
    output:
        **figures_of("draw_fractions"),
    log:
        f"{LOGS}/draw_fractions.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_fractions.py"
