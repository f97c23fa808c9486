# Models, losses and preprocessing beside each other on labelled jets, at the user's wish.
# Needs scores and truths. Creates {RESULTS}/compared/, tables/benchmark.csv, figures, benchmark.html.

# only what the configuration asks for
BENCHMARK_FIGURES = {
    name: paths
    for name, paths in figures_of("draw_benchmark").items()
    if config["benchmark"].get(
        {"benchmark_ablation": "ablation", "benchmark_latent_scan": "latents"}.get(
            name
        ),
        True,
    )
}


rule benchmark:
    """
    Every configured model, loss and preprocessing over the seeds, beside the baselines: table,
    figures and page.
    """
    localrule: True
    input:
        needs_truth("benchmark", BENCHMARK_PAGE),


rule merge_benchmark:
    """Merge what all models and baselines find, and what each training took."""
    message:
        "Merging the benchmark"
    input:
        detection=expand(DETECTION, model=[*SETTINGS, WEAK, BASELINE_MODEL]),
        histories=expand(HISTORY, model=SETTINGS, seed=SEEDS),
    params:
        code=code("merge_benchmark.py"),
        names=COMPARED_NAMES,
        seeds=SEEDS,
    output:
        table("benchmark"),
    log:
        f"{LOGS}/merge_benchmark.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/merge_benchmark.py"


rule draw_benchmark:
    """Draw ROC curves, what each step of the ablation is worth, and what the latent size changes."""
    message:
        "Drawing the benchmark"
    input:
        table=TABLE.format(table="benchmark"),
        roc=expand(ROC, model=[*COMPARED_GROUPS["models"], WEAK, BASELINE_MODEL]),
    params:
        code=code("draw_benchmark.py"),
        models={model: COMPARED_NAMES[model] for model in COMPARED_GROUPS["models"]},
        ablation=[*config["benchmark"]["ablation"], MODELS[0]],
        latents={
            COMPARED_NAMES[model]: SETTINGS[model]["architecture"]["latent"]
            for model in [MODELS[0], *COMPARED_GROUPS["latents"]]
        },
        networks=list(LABELLED),
        truths=TRUTHS,
        anomaly_score=ANOMALY_SCORE,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        **BENCHMARK_FIGURES,
    log:
        f"{LOGS}/draw_benchmark.log",
    resources:
        mem_mb=more(2000),
        runtime=more(20),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/draw_benchmark.py"


rule write_benchmark:
    """Write the page of the benchmark, self-contained."""
    message:
        "Writing {output}"
    input:
        table=TABLE.format(table="benchmark"),
        figures=[png for png, _ in BENCHMARK_FIGURES.values()],
    params:
        code=code("write_benchmark.py"),
        report=texts(WORKFLOW / "report"),
        figures=list(BENCHMARK_FIGURES),
        groups={
            name: [COMPARED_NAMES[model] for model in models]
            for name, models in COMPARED_GROUPS.items()
            if models
        }
        | {"baselines": [WEAK, parts.BASELINE]},
        seeds=SEEDS,
        truths=TRUTHS,
        max_fpr=config["fraction"]["max_fpr"],
    output:
        BENCHMARK_PAGE,
    log:
        f"{LOGS}/write_benchmark.log",
    resources:
        mem_mb=more(1000),
        runtime=more(10),
    conda:
        "../../envs/oddjet.yaml"
    script:
        "../scripts/write_benchmark.py"
