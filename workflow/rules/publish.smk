# What others can use: the result as data, as a HEPData submission, in words, and as a research object.
# Needs all results. Creates {RESULTS}/publication/.

from functools import cache
from importlib.metadata import version

from oddjet.common.files import sha256
from oddjet.watch.jobs import jobs_behind

# what the methods show: the figures of each model, of its first seed where there is one for each
PUBLISHED_FIGURES = [
    *((name, {}) for name in ("examples", "means", "crop")),
    *(
        (name, {"model": model, "seed": SEEDS[0]})
        for model in MODELS
        for name in ("learning_curves", "scores", *(["roc"] if TRUTHS else []))
    ),
    *((name, {}) for name in ("tagger_scores", "tagger_features")),
    *((name, {}) for name in (["tagger_roc"] if TRUTHS else [])),
    *(
        (name, {})
        for name in (
            *("fractions", "uncertainty_budget", "sensitivity"),
            *("excess", "excess_images"),
        )
    ),
]
PUBLISHED_FIGURE_COPIES = [
    figure_of(name, **of).replace(RESULTS, PUBLICATION, 1)
    for name, of in PUBLISHED_FIGURES
]
PUBLISHED_PREPARATIONS = sorted({PREPARATION_OF[model] for model in MODELS})
# all that the research object describes beside the results; what belongs to no job of a run is its own
PUBLISHED = [
    *(f"{PUBLICATION}/{name}" for name in ("result.json", "result.schema.json")),
    HEPDATA,
    *(f"{PUBLICATION}/{name}" for name in ("methods.md", "references.bib")),
    *PUBLISHED_FIGURE_COPIES,
    *ONNX_SCORES,
]
WORKFLOW_FILES = [
    "Snakefile",
    *sorted(f"rules/{path.name}" for path in (WORKFLOW / "rules").glob("*.smk")),
]
# the jobs that made it, worked out when they are asked for
PUBLISHING_JOBS = cache(
    lambda: [
        {name: job[name] for name in ("rule", "wildcards", "inputs", "outputs")}
        | {"code": job["params"]["code"]}
        for job in jobs_behind(workflow.rules, PUBLISHED)
        if job["outputs"][0].startswith(PUBLICATION) or job["outputs"] == [PROVENANCE]
    ]
)


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
            [*PUBLISHED, f"{PUBLICATION}/ro-crate-metadata.json"],
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
        excess_peaks=TABLE.format(table="excess_peaks"),
        excess_agreement=TABLE.format(table="excess_agreement"),
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
        detection=TABLE.format(table="detection") if TRUTHS else [],
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


rule write_methods:
    """
    Write the methods of this run in words, as the appendix of a paper with a model card, with what
    they cite as BibTeX, and copy the figures that they show.
    """
    message:
        "Writing {output.methods}"
    input:
        provenance=PROVENANCE,
        summary=SUMMARY,
        samples=SAMPLES_TABLE,
        fractions=TABLE.format(table="fractions"),
        checks=TABLE.format(table="checks"),
        training=TABLE.format(table="training"),
        tagger=TABLE.format(table="tagger"),
        features=TABLE.format(table="features"),
        uncertainty_budget=TABLE.format(table="uncertainty_budget"),
        excess_peaks=TABLE.format(table="excess_peaks"),
        excess_agreement=TABLE.format(table="excess_agreement"),
        detection=TABLE.format(table="detection") if TRUTHS else [],
        scores=SCORES.format(model=MODELS[0], seed=SEEDS[0]),
        normals=expand(PREPARED_NORMAL, preparation=PUBLISHED_PREPARATIONS),
        figures=[figure_of(name, **of) for name, of in PUBLISHED_FIGURES],
    params:
        code=code("write_methods.py"),
        report=texts(WORKFLOW / "report"),
        texts=texts(WORKFLOW / "report" / "publication"),
        preparations=PUBLISHED_PREPARATIONS,
        preparation_of={model: PREPARATION_OF[model] for model in MODELS},
        settings={model: SETTINGS[model] for model in MODELS},
        samples={
            name: sample["file"]
            for name, sample in (
                {"normal": SAMPLES["normal"]} | SAMPLES["tests"] | SIGNAL
            ).items()
        },
        chosen={
            name: {one: sample[one] for one in ("rows", "where") if one in sample}
            for name, sample in (
                {"normal": SAMPLES["normal"]} | SAMPLES["tests"] | SIGNAL
            ).items()
            if {"rows", "where"} & set(sample)
        },
        weighted=[name for name, sample in NAMED.items() if "weight" in sample],
        clustered={name: sample["cluster"] for name, sample in OF_EVENTS.items()},
        known={
            test: {
                bound: sample[bound]
                for bound in ("at_least", "at_most")
                if bound in sample
            }
            for test, sample in SAMPLES["tests"].items()
            if {"at_least", "at_most"} & set(sample)
        },
        figures=[(name, of.get("model")) for name, of in PUBLISHED_FIGURES],
        truths=TRUTHS,
        scale=SCALE,
        snakemake_version=version("snakemake"),
        config=config,
    output:
        methods=f"{PUBLICATION}/methods.md",
        references=f"{PUBLICATION}/references.bib",
        figures=PUBLISHED_FIGURE_COPIES,
    log:
        f"{LOGS}/write_methods.log",
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    conda:
        "../../envs/publish.yaml"
    script:
        "../scripts/write_methods.py"


rule write_crate:
    """
    Describe the publication as a research object, an RO-Crate: what made every file of the run, by
    which code and from which files. Add the configuration and the rules.
    """
    message:
        "Writing {output.metadata}"
    input:
        provenance=PROVENANCE,
        published=PUBLISHED,
    params:
        code=code("write_crate.py"),
        workflow=[sha256(WORKFLOW / name) for name in WORKFLOW_FILES],
        publish=config["publish"],
        description="The result of a search for anomalous jets by oddjet, and what made it.",
        jobs=lambda wildcards: PUBLISHING_JOBS(),
        rules=lambda wildcards: {
            rule.name: " ".join((rule.docstring or "").split())
            for rule in workflow.rules
        },
        snakemake_version=version("snakemake"),
    output:
        metadata=f"{PUBLICATION}/ro-crate-metadata.json",
        configuration=f"{PUBLICATION}/configuration.yaml",
        workflow=[f"{PUBLICATION}/workflow/{name}" for name in WORKFLOW_FILES],
    log:
        f"{LOGS}/write_crate.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/publish.yaml"
    script:
        "../scripts/write_crate.py"
