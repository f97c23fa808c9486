# The configuration, checked, and every path of the workflow: the one place for both.

import copy
import os
import sys
from pathlib import Path

import yaml


def on_disk(rules):
    """
    The folder `workflow` on disk. Where this is a module that Snakemake takes from a repository, it
    fetches rule files and scripts one by one, each when it is needed; the package comes with them here.
    """
    if rules.is_local:
        return Path(rules.get_path_or_uri(secret_free=True)).parent
    files = rules.hosted_repo.repo.git.ls_tree(
        "-r", "--name-only", rules.ref, "workflow", "config"
    ).splitlines()
    cached = {
        name: workflow.sourcecache.get_path(rules.join(f"../../{name}"))
        for name in files
        if name != "workflow/profiles"  # a link
    }
    return Path(cached["workflow/Snakefile"]).parent


# nothing is written but results and .snakemake, neither beside the modules nor at home; for jobs too
sys.dont_write_bytecode = True
os.environ.update(PYTHONDONTWRITEBYTECODE="1")
os.environ.setdefault("MPLCONFIGDIR", os.path.abspath(".snakemake/matplotlib"))
WORKFLOW = on_disk(workflow.current_basedir)
sys.path.insert(0, str(WORKFLOW / "scripts"))

from oddjet.common import memory, parts
from oddjet.planning import configuration, remote
from oddjet.planning.figures import FIGURES as DRAWN
from oddjet.planning.figures import drawn_by, in_section
from snakemake.exceptions import WorkflowError
from snakemake.settings.enums import Quietness
from snakemake.utils import update_config, validate

memory.collect_rarely()
SCHEMA = WORKFLOW / "schemas" / "config.schema.yaml"
GIVEN = copy.deepcopy(
    config
)  # by the command line, or by a workflow that this is a module of


def read_yaml(file):
    """A YAML file of the workflow's own, by libyaml where PyYAML has it: ten times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text("utf-8"), Loader=loader)


def completed(given):
    """The defaults changed by what is given, or all that is wrong with it."""
    defaults = WORKFLOW.parent / "config" / "config.yaml"
    whole = read_yaml(defaults)
    update_config(whole, copy.deepcopy(given))
    configuration.replace_as_a_whole(whole, given)
    refuse(configuration.problems(whole, read_yaml(SCHEMA)))
    validate(whole, str(SCHEMA))  # fills in the defaults of what was replaced
    return configuration.at_home(configuration.in_order(whole))


def refusal(message):
    """An error that is shown also by `--quiet all`, which hides those of Snakemake itself."""
    if Quietness.ALL in (workflow.output_settings.quiet or ()):
        print(message, file=sys.stderr)
    return WorkflowError(message)


def refuse(problems):
    if problems:
        raise refusal("\n".join(["The configuration cannot be used:", *problems]))


def located(config, given):
    """The samples with paths as they are from the working directory, in lists."""
    samples = config["samples"]
    if "course" in samples:
        files = {name: f"{RAW}/{file}" for name, file in COURSE_FILES.items()}
        return {
            "normal": {"file": [files.pop("normal")]},
            "tests": {
                name: {"file": [file]} | COURSE_KNOWS[name]
                for name, file in files.items()
            },
        }
    if "samples" not in given:  # those of the repository, wherever it is used from
        for array in [samples["normal"], *samples["tests"].values()]:
            for part in [array, array.get("truth")]:
                if isinstance(part, dict) and "file" in part:
                    part["file"] = os.path.relpath(WORKFLOW.parent / part["file"])
    refuse(configuration.wrong_files(samples, made=SIMULATED))
    return configuration.with_files(samples, FETCHED)


refuse(
    [
        said
        for file in workflow.config_settings.configfiles
        for said in configuration.repeated_keys(file)
    ]
)
# Snakemake's own dictionary: captions of its report read it
config.clear()
config.update(completed(GIVEN))

# paths; Snakemake warns of each one that begins with ./
RESULTS = os.path.normpath(config["results"])
refuse(configuration.wrong_results(RESULTS))
SIMULATED = f"{RESULTS}/simulation"
SIMULATED_JETS = f"{SIMULATED}/batches/{{process}}_{{batch}}.h5"
SIMULATED_EVENTS = f"{SIMULATED}/batches/events/{{process}}_{{batch}}.h5"
SIMULATED_PARTICLES = f"{SIMULATED}/batches/particles/{{process}}_{{batch}}.h5"
FETCHED = f"{RESULTS}/raw/fetched"
FOUND_JETS = f"{RESULTS}/raw/jets/{{sample}}.h5"
RAW = f"{RESULTS}/raw/{config['samples'].get('course')}"
COURSE_FILES = {"normal": "Normal_data.npz"} | {
    test: f"Test_data_{test}.npz" for test in ("low", "high")
}
PREPARED_NORMAL = f"{RESULTS}/prepared/{{preparation}}/normal.h5"
MEASURED_CROP = f"{RESULTS}/prepared/{{preparation}}/crop.h5"
PREPARED_TEST = f"{RESULTS}/prepared/{{preparation}}/tests/{{test}}.h5"
PREPARED_TRUTH = f"{RESULTS}/prepared/truth/{{test}}.h5"
SHARED_NORMAL = PREPARED_NORMAL.format(preparation=configuration.SHARED)
SHARED_TEST = PREPARED_TEST.replace("{preparation}", configuration.SHARED)
PIECE = f"{RESULTS}/prepared/pieces/{{sample}}/{{piece}}.h5"
# of a training
TRAINED = f"{RESULTS}/{{model}}/seed{{seed}}/model.pt"
CHECKPOINT = f"{RESULTS}/{{model}}/seed{{seed}}/checkpoint.pt"
HISTORY = f"{RESULTS}/{{model}}/seed{{seed}}/history.csv"
SCORES = f"{RESULTS}/{{model}}/seed{{seed}}/scores.h5"
RECONSTRUCTIONS = f"{RESULTS}/{{model}}/seed{{seed}}/reconstructions.h5"
CLUSTERS = f"{RESULTS}/{{model}}/seed{{seed}}/clusters.h5"
# of a model
FRACTIONS = f"{RESULTS}/{{model}}/fractions.csv"
CHECKS = f"{RESULTS}/{{model}}/checks.csv"
UNCERTAINTY_BUDGET = f"{RESULTS}/{{model}}/uncertainty_budget.csv"
DISCOVERY = f"{RESULTS}/{{model}}/discovery.csv"
SENSITIVITY = f"{RESULTS}/{{model}}/sensitivity.csv"
EXCESS = f"{RESULTS}/{{model}}/excess.csv"
PEAKS = f"{RESULTS}/{{model}}/excess_peaks.csv"
AGREEMENT = f"{RESULTS}/{{model}}/excess_agreement.csv"
PURITY = f"{RESULTS}/{{model}}/purity.csv"
DETECTION = f"{RESULTS}/{{model}}/detection.csv"
ROC = f"{RESULTS}/{{model}}/roc.csv"
# of the weak tagger, whose scores and tables lie as those of a model
WEAK = parts.WEAK
TAGGED = SCORES.replace("{model}", WEAK)
TAGGER = f"{RESULTS}/{WEAK}/seed{{seed}}/tagger.h5"
LEARNT = f"{RESULTS}/{WEAK}/seed{{seed}}/learnt.csv"
# of what is no autoencoder; its tables lie as those of a model of this name
BASELINE_MODEL = "baselines"
BASELINES = f"{RESULTS}/baselines/seed{{seed}}/scores.h5"
SUPERVISED = f"{RESULTS}/baselines/seed{{seed}}/supervised.h5"
SUPERVISED_TREES = f"{RESULTS}/baselines/seed{{seed}}/supervised_trees.h5"
SUPERVISED_HISTORY = f"{RESULTS}/baselines/seed{{seed}}/supervised_history.csv"
SUPERVISED_NETWORKS = f"{RESULTS}/baselines/seed{{seed}}/supervised.pt"
PREDICTIONS = f"{RESULTS}/baselines/seed{{seed}}/predictions/{{network}}_{{test}}.npy"
# of the whole run
TABLES = f"{RESULTS}/tables"
TABLE = f"{TABLES}/{{table}}.csv"
SAMPLES_TABLE = TABLE.format(table="samples")
FIGURES = f"{RESULTS}/figures"
SUMMARY = f"{RESULTS}/summary.csv"
PAGE = f"{RESULTS}/summary.html"
PROVENANCE = f"{RESULTS}/provenance.json"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
# of optional targets
COVERAGE = f"{RESULTS}/coverage"
POOL = f"{COVERAGE}/{{score}}/pool.h5"
COVERAGE_CELL = f"{COVERAGE}/{{score}}/{{distortion}}/{{events}}_{{pair}}.csv"
TRUST_CELL = COVERAGE_CELL.replace(".csv", "_trust.csv")
OPTIONAL_FIGURES = {
    drawing: expand(
        f"{FIGURES}/{{figure}}.{{suffix}}",
        figure=[figure.path for figure in drawn_by(drawing).values()],
        suffix=["png", "pdf"],
    )
    for drawing in ("draw_coverage", "draw_benchmark")
}
COVERAGE_RESULTS = [
    *expand(TABLE, table=["coverage", "trust"]),
    *OPTIONAL_FIGURES["draw_coverage"],
]
BENCHMARK_PAGE = f"{RESULTS}/benchmark.html"
PUBLICATION = f"{RESULTS}/publication"
ONNX_SCORE = f"{PUBLICATION}/scores/{{model}}_seed{{seed}}.onnx"
ONNX_TAGGER = ONNX_SCORE.replace("{model}", WEAK)
HEPDATA = f"{PUBLICATION}/hepdata.zip"

# what there is to do
COURSE_KNOWS = {"low": {"at_most": 0.45}, "high": {"at_least": 0.55}}  # as it says
SAMPLES = located(config, GIVEN)
ELSEWHERE = configuration.elsewhere(SAMPLES)  # samples that are to be fetched
TO_FETCH, TO_EXTRACT = remote.to_fetch(ELSEWHERE), remote.to_extract(ELSEWHERE)
TESTS = list(SAMPLES["tests"])
# what is prepared and scored like a test: with simulated anomalous jets, if they are given
SIGNAL = {parts.SIGNAL: SAMPLES["signal"]} if "signal" in SAMPLES else {}
SCORED = SAMPLES["tests"] | SIGNAL
# samples of events; and all of them as they are prepared, of jets that were found where it is events
NAMED = {"normal": SAMPLES["normal"]} | SCORED
OF_EVENTS = {name: one for name, one in NAMED.items() if "cluster" in one}
OF_JETS = {
    name: configuration.as_jets(name, one, FOUND_JETS) for name, one in NAMED.items()
}
IN_PIECES = {name: configuration.in_pieces(one) for name, one in OF_JETS.items()}
TRUTHS = [test for test, sample in SAMPLES["tests"].items() if "truth" in sample]
UNLABELLED = [test for test in TESTS if test not in TRUTHS]
MODELS = list(config["models"])
SEEDS = config["seeds"]
QUOTED = [*MODELS, WEAK]  # whose fractions are quoted
# supervised ones learn from truth
LABELLED = config["supervised"]["networks"] if TRUTHS else {}
# those that read features are trees, trained by a rule of their own
TREES = [name for name, one in LABELLED.items() if one["inputs"] == "features"]
NETWORKS = {name: one for name, one in LABELLED.items() if name not in TREES}
# features that are poor scores, whose coverage stands beside that of the models
POOR_SCORES = {
    "brightness": "minus_sum_of_squares",
    "mass": "mass",
    "lit_pixels": "lit_pixels",
}
# models of the benchmark alone lie in a folder of their own
COMPARED = {
    group: {f"compared/{name}": model for name, model in models.items()}
    for group, models in configuration.compared(config).items()
}
COMPARED_GROUPS = {group: list(models) for group, models in COMPARED.items()}
COMPARED_GROUPS["models"] = [*MODELS, *COMPARED_GROUPS["models"]]
SETTINGS = configuration.model_settings(
    config["models"]
    | {k: v for models in COMPARED.values() for k, v in models.items()},
    config,
)
# of what lies where, by the names of the configuration
COMPARED_NAMES = {model: model.removeprefix("compared/") for model in SETTINGS}
# what is prepared: as the configuration says, and for each model that wants something else
PREPARATIONS, PREPARATION_OF = configuration.preparations(
    SETTINGS, config["preprocessing"]
)
# what the target benchmark makes
BENCHMARK_RESULTS = [
    TABLE.format(table="benchmark"),
    *OPTIONAL_FIGURES["draw_benchmark"],
    BENCHMARK_PAGE,
    f"{RESULTS}/compared",
    *(
        f"{RESULTS}/prepared/{one}"
        for one in PREPARATIONS
        if one not in [configuration.SHARED, *(PREPARATION_OF[name] for name in MODELS)]
    ),
]
# how fractions are estimated from scores
ANOMALY_SCORE = config["fraction"]["anomaly_score"]
CUT = {name: config["fraction"][name] for name in ("max_fpr", "fpr_confidence")}
CONTAMINATION = config["fraction"]["contamination"]  # of the normal sample
# what features in pixels are multiplied by, where the side of a raw pixel is known
PIXEL = config["images"]["pixel"]
SCALE = {"mass": PIXEL, "width": PIXEL} if PIXEL else {}
ESTIMATION = (
    CUT
    | {name: config["fraction"][name] for name in ("anchor", "bootstrap")}
    | {"contamination": CONTAMINATION["fraction"]}
)
ALL_RESULTS = [
    SUMMARY,
    PAGE,
    *expand(f"{FIGURES}/{DRAWN['scores'].path}.png", model=MODELS, seed=SEEDS),
    *expand(PREDICTIONS, network=NETWORKS, seed=SEEDS, test=UNLABELLED),
]
ONNX_SCORES = [
    *expand(ONNX_SCORE, model=MODELS, seed=SEEDS),
    *expand(ONNX_TAGGER, seed=SEEDS),
]
