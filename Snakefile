"""Oddjet: from raw jet images to the anomalous fraction of each test, in one directed graph."""

from snakemake.utils import min_version

min_version("9.0")


report: "workflow/report/workflow.rst"


# with --software-deployment-method conda apptainer: where the environments of envs/ are made
container: "docker://condaforge/miniforge3:24.9.2-0"


include: "workflow/rules/common.smk"


wildcard_constraints:
    model=one_of(SETTINGS),
    network=one_of(NETWORKS),
    preparation=one_of(PREPARATIONS),
    seed=one_of(SEEDS),
    test=one_of(SCORED),
    score=one_of([*MODELS, "brightness"]),
    events=r"\d+",
    pair=r"\d+",
    process="qcd|top|gluon|quark|zero_bias|ttbar|zprime",
    layout="constituents|calorimeter",
    batch=r"\d+",
    file=one_of(COURSE_FILES.values()),


# the road, stage by stage
include: "workflow/rules/download.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/estimate.smk"
include: "workflow/rules/draw.smk"
include: "workflow/rules/summarise.smk"
include: "workflow/rules/watch.smk"
# beside the road
include: "workflow/rules/coverage.smk"
include: "workflow/rules/benchmark.smk"
include: "workflow/rules/simulate.smk"


rule all:
    """Everything: the merged summary, its page, and every table and figure."""
    default_target: True
    localrule: True
    input:
        SUMMARY,
        PAGE,
        ALL_FIGURES,
        ALL_PREDICTIONS,
        PROVENANCE,


onstart:
    # Who only looks holds no lock. Giving back what it does not hold, Snakemake would remove that of
    # another run that works here.
    if {job.rule.name for job in workflow.dag.jobs} <= {"status", "verify"}:
        workflow.persistence.unlock = workflow.persistence.noop


onsuccess:
    if "summarise" in {job.rule.name for job in workflow.dag.jobs}:
        print(printable(SUMMARY))
        print(f"The page for people: {PAGE}\nTables: {TABLES}   Figures: {FIGURES}")
