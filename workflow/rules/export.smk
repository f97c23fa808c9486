# Trained scores as files that need neither this workflow nor PyTorch.
# Needs trained models, their scores, the trained tagger, and the prepared normal sample. Creates {RESULTS}/publication/scores/.


rule export_scores:
    """
    Write the anomaly score of a trained model as ONNX: everything from a row of the raw files to the
    score and the latent vector in one file, with the cuts that control jets prove and their false
    positive rates. Uses wildcards `model` and `seed`.
    """
    message:
        "Writing {output}"
    input:
        model=TRAINED,
        scores=SCORES,
        normal=lambda wildcards: PREPARED_NORMAL.format(
            preparation=PREPARATION_OF[wildcards.model]
        ),
    params:
        code=code("export_scores.py", kind_and("error")),
        architecture=of_model("architecture"),
        error=of_model("error"),
        validation=config["split"]["validation"],
        anomaly_score=ANOMALY_SCORE,
        cut=CUT,
    output:
        ONNX_SCORE,
    log:
        f"{LOGS}/export_scores/{{model}}_seed{{seed}}.log",
    resources:
        mem_mb=more(4000),
        runtime=more(10),
    conda:
        "../../envs/publish.yaml"
    script:
        "../scripts/export_scores.py"


rule export_tagger:
    """
    Write the anomaly score of the trained weak tagger as ONNX, from the features of a jet that no
    classifier has seen to its rank among control jets, with the cuts that these prove. Uses wildcard
    `seed`.
    """
    message:
        "Writing {output}"
    input:
        tagger=TAGGER,
        normal=SHARED_NORMAL,
    params:
        code=code("export_tagger.py"),
        model=WEAK,
        cut=CUT,
    output:
        ONNX_TAGGER,
    log:
        f"{LOGS}/export_tagger/seed{{seed}}.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/publish.yaml"
    script:
        "../scripts/export_tagger.py"
