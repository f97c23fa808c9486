# Trainings and their scores, a job of each per model and seed.
# Needs {RESULTS}/prepared/. Creates {RESULTS}/{model}/seed{seed}/: model.pt, history.csv, scores.h5.

from oddjet.planning import drivers


rule train:
    """
    Train one autoencoder on the normal jets outside the control part, stop by the validation loss,
    and keep the best epoch. A training that was interrupted continues from its checkpoint. The first
    time it waits for the check of all samples; an existing model does not depend on the tests.
    Uses wildcards `model` and `seed`.
    """
    message:
        "Training {wildcards.model}, seed {wildcards.seed}"
    input:
        normal=lambda wildcards: PREPARED_NORMAL.format(
            preparation=PREPARATION_OF[wildcards.model]
        ),
        checked=checked_before(TRAINED),
    params:
        code=code("train.py", kind_and("loss")),
        model=of_model("architecture"),
        loss=of_model("loss"),
        training=of_model("training"),
        smoothing=lambda wildcards: SETTINGS[wildcards.model]["preprocessing"][
            "smoothing"
        ],
        validation=config["split"]["validation"],
        # no output: Snakemake removes those of a job that fails
        checkpoint=CHECKPOINT,
    output:
        model=TRAINED,
        history=HISTORY,
    log:
        f"{LOGS}/train/{{model}}_seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{model}}_seed{{seed}}.tsv"
    threads: of_model("threads")
    resources:
        gpu=lambda wildcards: drivers.gpus(
            SETTINGS[wildcards.model]["training"]["device"], workflow.local_exec
        ),
        per_gpu=of_model("per_gpu"),
        mem_mb=more(8000),
        runtime=more(240),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/train.py"


rule score:
    """
    Write the anomaly score and the latent vector of every event of every sample, how far the
    latter is from those of the training, and reconstructions of some control jets. On the CPU:
    GPUs are left to trainings. Uses wildcards `model` and `seed`.
    """
    message:
        "Scoring with {wildcards.model}, seed {wildcards.seed}"
    input:
        model=TRAINED,
        normal=lambda wildcards: PREPARED_NORMAL.format(
            preparation=PREPARATION_OF[wildcards.model]
        ),
        tests=lambda wildcards: expand(
            PREPARED_TEST, preparation=PREPARATION_OF[wildcards.model], test=SCORED
        ),
    params:
        code=code("score.py", kind_and("error")),
        error=of_model("error"),
        tests=list(SCORED),
        validation=config["split"]["validation"],
    output:
        scores=SCORES,
        reconstructions=RECONSTRUCTIONS,
    log:
        f"{LOGS}/score/{{model}}_seed{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/score/{{model}}_seed{{seed}}.tsv"
    threads: of_model("threads")
    resources:
        mem_mb=more(4000),
        runtime=more(30),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/score.py"
