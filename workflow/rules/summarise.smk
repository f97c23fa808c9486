# The tables of all models, the merged summary, and the page for people.
# Needs the tables per model and the figures. Creates {RESULTS}/tables/, summary.csv, summary.html.


rule summarise:
    """
    Merge the tables of all models, and quote one fraction per model and test: the headline
    estimator on the ensemble of seeds, and whether it can be believed. One model's is the headline.
    """
    message:
        "Merging everything into the summary"
    input:
        fractions=expand(f"{RESULTS}/{{model}}/fractions.csv", model=MODELS),
        closure=expand(f"{RESULTS}/{{model}}/closure.csv", model=MODELS),
        error_budget=expand(f"{RESULTS}/{{model}}/error_budget.csv", model=MODELS),
        purity=expand(f"{RESULTS}/{{model}}/purity.csv", model=MODELS),
        detection=expand(
            f"{RESULTS}/{{model}}/detection.csv",
            model=[*MODELS, "baselines"] if TRUTHS else [],
        ),
        histories=expand(HISTORY, model=MODELS, seed=SEEDS),
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
            for name in ("headline", "headline_model", "confidence", "score")
        },
    output:
        fractions=table("fractions"),
        closure=table("closure"),
        error_budget=table("error_budget"),
        purity=table("purity"),
        detection=table("detection") if TRUTHS else [],
        training=table("training"),
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


# what the page shows of all models together
PAGE_RESULTS = ["fractions", "error_budget", "examples", "means", "crop"]
PAGE_RESULTS += ["quantities", "pca_plane"] if TRUTHS else []
# what the page shows of every model, for its first seed where there is one for each
PAGE_FIGURES = {
    model: {
        "learning_curves": f"{FIGURES}/{model}/learning_curves.png",
        **{
            name: f"{FIGURES}/{model}/seed{SEEDS[0]}/{name}.png"
            for name in SEED_FIGURES
        },
        **{
            name: f"{FIGURES}/{model}/{name}.png"
            for name in (("roc", "latent_classes") if TRUTHS else ())
        },
    }
    for model in MODELS
}
PAGE_NETWORKS = {
    network: {
        name: f"{FIGURES}/supervised/{network}/{name}.png"
        for name in SUPERVISED_FIGURES
    }
    for network in NETWORKS
}


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
        fractions=f"{TABLES}/fractions.csv",
        closure=f"{TABLES}/closure.csv",
        error_budget=f"{TABLES}/error_budget.csv",
        purity=f"{TABLES}/purity.csv",
        detection=f"{TABLES}/detection.csv" if TRUTHS else [],
        training=f"{TABLES}/training.csv",
        figures=[f"{FIGURES}/{name}.png" for name in PAGE_RESULTS],
        model_figures=[
            path for paths in PAGE_FIGURES.values() for path in paths.values()
        ],
        supervised_figures=[
            path for paths in PAGE_NETWORKS.values() for path in paths.values()
        ],
        clusters=expand(CLUSTERS, model=MODELS, seed=SEEDS[0]),
    params:
        code=code("write_page.py"),
        results=PAGE_RESULTS,
        report=texts(Path(workflow.basedir, "workflow", "report")),
        figures=PAGE_FIGURES,
        supervised=PAGE_NETWORKS,
        seed=SEEDS[0],
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
