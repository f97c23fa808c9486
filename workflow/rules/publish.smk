# What others can use: the result as data, as a HEPData submission, in words, and as a research object.
# Needs all results. Creates {RESULTS}/publication/.

from oddjet.common.files import sha256


rule publish:
    """
    The result for others, in RESULTS/publication: `snakemake --cores 1 publish`. The whole run first,
    where it is not there.
    """
    input:
        needs_packages(
            "publish",
            ["hepdata_lib", "onnx", "onnxscript", "rocrate"],
            "requirements-publish.txt",
            [*PUBLISHED, *ONNX_SCORES],
        ),
    localrule: True


rule write_result:
    """
    Write the numbers of the summary, of all estimators and checks, and of what they were made from
    as one typed JSON file, with its schema.
    """
    message:
        "Writing {output.result}"
    input:
        provenance=PROVENANCE,
        summary=SUMMARY,
        samples=SAMPLES_TABLE,
        fractions=TABLE.format(table="fractions"),
        checks=TABLE.format(table="checks"),
        uncertainty_budget=TABLE.format(table="uncertainty_budget"),
        discovery=TABLE.format(table="discovery"),
        purity=TABLE.format(table="purity"),
        training=TABLE.format(table="training"),
        tagger=TABLE.format(table="tagger"),
        detection=TABLE.format(table="detection") if TRUTHS else [],
    params:
        code=code("write_result.py"),
        schema=sha256(WORKFLOW / "schemas" / "result.schema.json"),
        publish=config["publish"],
        confidence=config["fraction"]["confidence"],
    output:
        result=f"{PUBLICATION}/result.json",
        schema=f"{PUBLICATION}/result.schema.json",
    log:
        f"{LOGS}/write_result.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/publish.yaml"
    script:
        "../scripts/write_result.py"


rule write_hepdata:
    """
    Write a submission to HEPData: the fractions with their statistical and systematic uncertainties,
    distributions of the anomaly scores, ROC curves where truth is given, and the excess, each with
    its figure.
    """
    message:
        "Writing {output}"
    input:
        result=f"{PUBLICATION}/result.json",
        schema=f"{PUBLICATION}/result.schema.json",
        summary=SUMMARY,
        uncertainty_budget=TABLE.format(table="uncertainty_budget"),
        excess=TABLE.format(table="excess"),
        scores=expand(SCORES, model=MODELS, seed=SEEDS[0]),
        tagged=expand(TAGGED, seed=SEEDS),
        roc=expand(ROC, model=QUOTED if TRUTHS else []),
        normal=SHARED_NORMAL,
        fractions_figure=figure_of("fractions"),
        scores_figures=[
            *(figure_of("scores", model=model, seed=SEEDS[0]) for model in MODELS),
            figure_of("tagger_scores"),
        ],
        roc_figures=(
            [
                *(figure_of("roc", model=model) for model in MODELS),
                figure_of("tagger_roc"),
            ]
            if TRUTHS
            else []
        ),
        excess_figure=figure_of("excess"),
    params:
        code=code("write_hepdata.py"),
        report=texts(WORKFLOW / "report"),
        models=MODELS,
        seed=SEEDS[0],
        truths=TRUTHS,
        anomaly_score=ANOMALY_SCORE,
        scale=SCALE,
        config=config,
    output:
        HEPDATA,
    log:
        f"{LOGS}/write_hepdata.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/publish.yaml"
    script:
        "../scripts/write_hepdata.py"
