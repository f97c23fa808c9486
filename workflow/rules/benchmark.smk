# Models, losses and preprocessing beside each other on labelled jets, at the user's wish.
# Needs scores and truths. Creates {RESULTS}/compared/, tables/benchmark.csv, figures, benchmark.html.

BENCHMARK_FIGURES = [
    "roc",
    *(["ablation"] if config["benchmark"]["ablation"] else []),
    *(["latent_scan"] if config["benchmark"]["latents"] else []),
]
# of what lies where, by the names of the configuration
COMPARED_NAMES = {model: model.removeprefix("compared/") for model in SETTINGS}


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
        detection=expand(
            f"{RESULTS}/{{model}}/detection.csv", model=[*SETTINGS, "baselines"]
        ),
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
        table=f"{TABLES}/benchmark.csv",
        roc=expand(
            f"{RESULTS}/{{model}}/roc.csv",
            model=[*COMPARED_GROUPS["models"], "baselines"],
        ),
    params:
        code=code("draw_benchmark.py"),
        models={model: COMPARED_NAMES[model] for model in COMPARED_GROUPS["models"]},
        ablation=[*config["benchmark"]["ablation"], MODELS[0]],
        latents={
            COMPARED_NAMES[model]: SETTINGS[model]["architecture"]["latent"]
            for model in [MODELS[0], *COMPARED_GROUPS["latents"]]
        },
        networks=list(NETWORKS),
        truths=TRUTHS,
        score=config["fraction"]["score"],
        max_fpr=config["fraction"]["max_fpr"],
    output:
        **{
            name: figure(
                f"benchmark_{name}",
                f"benchmark_{name}",
                "Benchmark",
                figure=name.replace("_", " "),
            )
            for name in BENCHMARK_FIGURES
        },
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
        table=f"{TABLES}/benchmark.csv",
        figures=[f"{FIGURES}/benchmark_{name}.png" for name in BENCHMARK_FIGURES],
    params:
        code=code("write_benchmark.py"),
        report=texts(Path(workflow.basedir, "workflow", "report")),
        figures=BENCHMARK_FIGURES,
        groups={
            name: [COMPARED_NAMES[model] for model in models]
            for name, models in COMPARED_GROUPS.items()
        }
        | {"baselines": ["baseline"]},
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
