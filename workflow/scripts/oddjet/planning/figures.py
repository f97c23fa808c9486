"""Every figure: which rule draws it, where it lies, and where people find it.

This is the one list of them. Outputs of rules, Snakemake's report and the page follow from it. The
caption is the file of the figure's name in `workflow/report`, and the drawing a line of the rule's
script, with a function in `oddjet.draw`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        rule: the one that draws it, whose output has its name.
        path: below the folder of figures, without suffix; with the wildcards of the rule.
        title: the heading.
        category: in Snakemake's report.
        section: of the page, or empty if it is not shown there.
        needs_truth: whether it is drawn only where truth is given.
    """

    rule: str
    path: str
    title: str
    category: str
    section: str = ""
    needs_truth: bool = False


FIGURES = {
    "examples": Figure("draw_samples", "examples", "Example jets", "Samples", "samples"),
    "means": Figure("draw_samples", "means", "Mean images", "Samples", "samples"),
    "crop": Figure("draw_samples", "crop", "Crop", "Samples", "samples"),
    "learning_curves": Figure(
        "draw_training", "{model}/learning_curves", "Learning curves", "Training", "model"
    ),
    "reconstructions": Figure(
        "draw_scores",
        "{model}/seed{seed}/reconstructions",
        "Reconstructions",
        "Training",
        "model",
    ),
    "scores": Figure(
        "draw_scores", "{model}/seed{seed}/scores", "Anomaly scores", "Scores", "model"
    ),
    "latent": Figure("draw_scores", "{model}/seed{seed}/latent", "Latent space", "Scores", "model"),
    "clusters": Figure(
        "draw_scores", "{model}/seed{seed}/clusters", "Clusters", "Clusters", "model"
    ),
    "cluster_scores": Figure(
        "draw_scores",
        "{model}/seed{seed}/cluster_scores",
        "Anomaly scores by cluster",
        "Clusters",
        "model",
    ),
    "roc": Figure("draw_roc", "{model}/roc", "ROC curves", "Evaluation", "model", True),
    "latent_classes": Figure(
        "draw_roc", "{model}/latent_classes", "Latent by class", "Evaluation", "model", True
    ),
    "tagger_scores": Figure(
        "draw_tagger", "weak/scores", "Scores of the weak tagger", "Scores", "tagger"
    ),
    "tagger_features": Figure(
        "draw_tagger", "weak/features", "Features that tell", "Scores", "tagger"
    ),
    "tagger_roc": Figure("draw_tagger_roc", "weak/roc", "ROC curves", "Evaluation", "tagger", True),
    "quantities": Figure(
        "draw_classes", "quantities", "Jet quantities", "Evaluation", "classes", True
    ),
    "pca_plane": Figure("draw_classes", "pca_plane", "PCA plane", "Evaluation", "classes", True),
    "supervised_learning_curves": Figure(
        "draw_supervised",
        "supervised/{network}/learning_curves",
        "Learning curves",
        "Evaluation",
        "network",
        True,
    ),
    "supervised_output": Figure(
        "draw_supervised", "supervised/{network}/output", "Output", "Evaluation", "network", True
    ),
    "supervised_roc": Figure(
        "draw_supervised", "supervised/{network}/roc", "ROC curves", "Evaluation", "network", True
    ),
    "fractions": Figure(
        "draw_fractions", "fractions", "Anomalous fractions", "Results", "fractions"
    ),
    "uncertainty_budget": Figure(
        "draw_fractions", "uncertainty_budget", "Uncertainty budget", "Results", "fractions"
    ),
    "sensitivity": Figure("draw_fractions", "sensitivity", "Sensitivity", "Results", "fractions"),
    "excess": Figure(
        "draw_excess", "excess", "What the anomalous jets are", "Results", "fractions"
    ),
    "excess_images": Figure(
        "draw_excess", "excess_images", "Their mean images", "Results", "fractions"
    ),
    "coverage": Figure("draw_coverage", "coverage", "Coverage", "Evaluation", "", True),
    "trust": Figure("draw_coverage", "trust", "Trust", "Evaluation", "", True),
    "distortions": Figure("draw_coverage", "distortions", "Distortions", "Evaluation", "", True),
    "tagger_auc": Figure(
        "draw_coverage", "tagger_auc", "Separation by size and fraction", "Evaluation", "", True
    ),
    "benchmark_roc": Figure(
        "draw_benchmark", "benchmark_roc", "ROC curves", "Benchmark", "benchmark", True
    ),
    "benchmark_ablation": Figure(
        "draw_benchmark", "benchmark_ablation", "Ablation", "Benchmark", "benchmark", True
    ),
    "benchmark_latent_scan": Figure(
        "draw_benchmark", "benchmark_latent_scan", "Latent scan", "Benchmark", "benchmark", True
    ),
}


def drawn_by(rule: str) -> dict[str, Figure]:
    """The figures of a rule, by name."""
    return {name: figure for name, figure in FIGURES.items() if figure.rule == rule}


def in_section(section: str, with_truth: bool) -> dict[str, Figure]:
    """The figures of a section of the page, by name, in the order of the list."""
    return {
        name: figure
        for name, figure in FIGURES.items()
        if figure.section == section and (with_truth or not figure.needs_truth)
    }
