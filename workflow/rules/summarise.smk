# The tables of all models, the merged summary, and the page for people.
# Needs the tables per model and the figures. Creates {RESULTS}/tables/, summary.csv, summary.html.


rule summarise:
    """
    Merge the tables of all models, and quote one fraction per model and test: the headline
    estimator on the ensemble of seeds, and whether the checks are passed. One model's is the headline.
    """
    message:
        "Merging everything into the summary"
    input:
        samples=SAMPLES_TABLE,
        fractions=expand(FRACTIONS, model=QUOTED),
        checks=expand(CHECKS, model=QUOTED),
        uncertainty_budget=expand(UNCERTAINTY_BUDGET, model=QUOTED),
        discovery=expand(DISCOVERY, model=QUOTED),
        sensitivity=expand(SENSITIVITY, model=QUOTED),
        excess=expand(EXCESS, model=QUOTED),
        excess_peaks=expand(PEAKS, model=QUOTED),
        excess_agreement=expand(AGREEMENT, model=QUOTED),
        purity=expand(PURITY, model=MODELS),
        detection=expand(DETECTION, model=[*QUOTED, BASELINE_MODEL] if TRUTHS else []),
        histories=expand(HISTORY, model=MODELS, seed=SEEDS),
        learnt=expand(LEARNT, seed=SEEDS),
    params:
        code=code("summarise.py"),
        models=MODELS,
        seeds=SEEDS,
        truths=TRUTHS,
        known={
            test: {bound: sample.get(bound) for bound in ("at_least", "at_most")}
            for test, sample in SAMPLES["tests"].items()
        },
        quoting={
            name: config["fraction"][name]
            for name in ("headline", "headline_model", "confidence", "anomaly_score")
        },
    output:
        fractions=table("fractions"),
        checks=table("checks"),
        uncertainty_budget=table("uncertainty_budget"),
        discovery=table("discovery"),
        sensitivity=table("sensitivity"),
        excess=table("excess"),
        excess_peaks=table("excess_peaks"),
        excess_agreement=table("excess_agreement"),
        purity=table("purity"),
        detection=table("detection") if TRUTHS else [],
        training=table("training"),
        tagger=table("tagger"),
        summary=report(
            SUMMARY,
            caption="../report/summary.rst",
            category="Results",
            labels={"table": "summary"},
        ),
    log:
        f"{LOGS}/summarise.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/summarise.py"


# what the page shows of all models together, by section
PAGE_SECTIONS = {
    section: shown(section) for section in ("fractions", "samples", "classes", "tagger")
}
# of every model, for its first seed where there is one for each; and of every supervised network
PAGE_MODELS = {model: shown("model", model=model, seed=SEEDS[0]) for model in MODELS}
PAGE_NETWORKS = {network: shown("network", network=network) for network in NETWORKS}


rule write_page:
    """
    Write the page for people, self-contained: the fractions and whether they can be believed first,
    then every figure of the first seed of each model, the supervised reference, and the tables.
    """
    message:
        "Writing {output}"
    input:
        summary=SUMMARY,
        samples=SAMPLES_TABLE,
        fractions=TABLE.format(table="fractions"),
        checks=TABLE.format(table="checks"),
        uncertainty_budget=TABLE.format(table="uncertainty_budget"),
        purity=TABLE.format(table="purity"),
        detection=TABLE.format(table="detection") if TRUTHS else [],
        training=TABLE.format(table="training"),
        tagger=TABLE.format(table="tagger"),
        features=TABLE.format(table="features"),
        figures=[path for paths in PAGE_SECTIONS.values() for path in paths.values()],
        model_figures=[
            path for paths in PAGE_MODELS.values() for path in paths.values()
        ],
        supervised_figures=[
            path for paths in PAGE_NETWORKS.values() for path in paths.values()
        ],
        clusters=expand(CLUSTERS, model=MODELS, seed=SEEDS[0]),
    params:
        code=code("write_page.py"),
        report=texts(WORKFLOW / "report"),
        sections=PAGE_SECTIONS,
        figures=PAGE_MODELS,
        supervised=PAGE_NETWORKS,
        seed=SEEDS[0],
        truths=TRUTHS,
        config=config,
    output:
        report(
            PAGE,
            caption="../report/page.rst",
            category="Results",
            labels={"table": "the page"},
        ),
    log:
        f"{LOGS}/write_page.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/write_page.py"
