# Trainings and their scores, a job of each per model and seed.
# Needs {RESULTS}/prepared/. Creates {RESULTS}/{model}/seed{seed}/: model.pt, history.csv, scores.h5.


rule train:
    input:
        normal=PREPARED_NORMAL,
        samples=ancient(SAMPLES_TABLE),
    output:
        model=TRAINED,
        history=HISTORY,
    log:
        f"{LOGS}/train/{{model}}_seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{model}}_seed{{seed}}.tsv"
    conda:
        "../../envs/oddjet.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=240,
    params:
        code=code("train.py"),
        model=lambda wildcards: config["models"][wildcards.model],
        training=config["training"],
        validation=config["split"]["validation"],
    """
    Train one autoencoder on the normal jets outside the control part, stop by the validation loss,
    and keep the best epoch. Waits for the check of all samples, but is not repeated when another
    test is added. Uses wildcards `model` and `seed`.
    """
    message:
        "Training {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/train.py"


rule score:
    input:
        model=TRAINED,
        normal=PREPARED_NORMAL,
        tests=expand(PREPARED_TEST, test=TESTS),
    output:
        SCORES,
    log:
        f"{LOGS}/score/{{model}}_seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/score/{{model}}_seed{{seed}}.tsv"
    conda:
        "../../envs/oddjet.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("score.py"),
        tests=TESTS,
        device=config["training"]["device"],
        validation=config["split"]["validation"],
    """
    Write the reconstruction error and the latent vector of every event of every sample.
    Uses wildcards `model` and `seed`.
    """
    message:
        "Scoring with {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/score.py"
