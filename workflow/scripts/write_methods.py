"""Write the methods of the run in words, with what they cite and the figures that they show."""

import json
import shutil
from pathlib import Path

import h5py

import oddjet
from oddjet.common import scorefiles, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL, OVERDISPERSION, TAGGER_SCORE, TRAIN, VALIDATION, WEAK
from oddjet.common.tables import overall, read
from oddjet.estimate import feature_files, tagger, trust
from oddjet.estimate.declared import CHECKS, ESTIMATORS
from oddjet.evaluate import truth
from oddjet.planning.figures import FIGURES
from oddjet.publish import methods
from oddjet.summarise.captions import caption

SOFTWARE = {
    "iminuit": "James:1975",
    "matplotlib": "Hunter:2007",
    "numpy": "Harris:2020",
    "pandas": "McKinney:2010",
    "scikit-learn": "Pedregosa:2011",
    "scipy": "Virtanen:2020",
    "torch": "Paszke:2019",
}

script.begin(snakemake)
given, params, made = snakemake.input, snakemake.params, snakemake.output
config = params.config
record = json.loads(Path(given.provenance).read_text("utf-8"))
names = ("summary", "samples", "fractions", "checks", "training", "uncertainty_budget")
names += ("excess_peaks", "excess_agreement")
tables = {name: read(given[name]) for name in names}
features = read(given.features)

measured = {}
for preparation, path in zip(params.preparations, given.normals, strict=True):
    with h5py.File(path) as file:
        measured[preparation] = methods.prepared(file)
momentum, length = feature_files.units_of(given.normals[0], bool(params.scale))
of_model = {model: measured[name] for model, name in params.preparation_of.items()}
jets = {part: len(events) for part, events in scorefiles.read_scores(given.scores, "event").items()}

detection, true_fractions, evaluated_test, labelled, background = None, {}, "", 0, 0
control_stands_in = False
if given.get("detection"):
    detection = read(given.detection)
    true_fractions = truth.true_fractions(detection)
    detection = overall(detection[detection.seed == "ensemble"])
    evaluated_test = detection.test.iloc[0]
    in_it = params.truths if evaluated_test == "all" else [evaluated_test]
    of_test = tables["samples"].set_index("sample").events[in_it]
    labelled = int(of_test.sum())
    background = round(sum(of_test[test] * (1 - true_fractions[test]) for test in in_it))
    if control_stands_in := truth.lack_background(true_fractions, in_it):
        background = jets[CONTROL]
        labelled += background

figures = []
for (figure, model), copy in zip(params.figures, made.figures, strict=True):
    text = " ".join(caption(figure, snakemake).replace("``", "`").split())
    path = Path(copy).relative_to(Path(made.methods).parent).as_posix()
    figures.append({"title": FIGURES[figure].title, "model": model, "caption": text, "path": path})

checksums = record["raw"] | {path: facts["sha256"] for path, facts in record["files"].items()}
errors = [
    one for setting in params.settings.values() for one in (setting["loss"], setting["error"])
]
bibliography = methods.Bibliography.read()
text = methods.render(
    bibliography,
    **{name: config["publish"][name] for name in ("title", "authors", "licence")},
    version=oddjet.__version__,
    commit=record["git_commit"],
    python=record["python"],
    packages=record["packages"],
    snakemake_version=params.snakemake_version,
    software=SOFTWARE,
    config=config,
    **{name: table for name, table in tables.items() if name != "uncertainty_budget"},
    budget=tables["uncertainty_budget"],
    verdicts=methods.verdicts(tables["summary"], tables["fractions"]),
    files=methods.files_of(params.samples, checksums),
    chosen=params.chosen,
    weighted=params.weighted,
    clustered=params.clustered,
    known=params.known,
    truths=params.truths,
    counts={"control": jets[CONTROL], "validation": jets[VALIDATION], "training": jets[TRAIN]},
    groups=methods.same_preprocessing(params.settings, of_model),
    shapes={model: found["shape"] for model, found in of_model.items()},
    settings=params.settings,
    errors_used={
        name for error in errors for name in ([error] if isinstance(error, str) else error)
    },
    weak=WEAK,
    tagger=tagger,
    tagged=overall(read(given.tagger)),
    features={"used": sorted(features[features.used].feature.unique())},
    trust=trust,
    overdispersion=OVERDISPERSION,
    estimators=ESTIMATORS,
    checks_declared=CHECKS,
    detection=detection,
    true_fractions=true_fractions,
    evaluated_test=evaluated_test,
    labelled=labelled,
    labelled_background=background,
    control_stands_in=control_stands_in,
    mass_unit=momentum if length == "rad" else f"{momentum} times {length}",
    quoted_scores=(config["fraction"]["anomaly_score"], TAGGER_SCORE),
    believable_throughout=bool(
        tables["summary"].believable.all()
        and tables["checks"].passed.all()
        and not tables["training"].collapsed.any()
    ),
    figures=figures,
)
for file, copy in zip(given.figures, made.figures, strict=True):
    with replacing(copy) as partial:
        shutil.copyfile(file, partial)
for path, content in ((made.references, bibliography.bibtex()), (made.methods, text)):
    with replacing(path) as partial:
        partial.write_text(content, "utf-8")
