"""What is wrong with a configuration, in words that say which key and what is allowed."""

import copy
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatch
from glob import glob, has_magic
from math import inf, isfinite
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from oddjet.common.parts import WEAK
from oddjet.planning import coordinates, remote

# given in a file of the user's, these replace the defaults and are never merged with them
REPLACED_AS_A_WHOLE = (
    ("samples",),
    ("models",),
    ("supervised", "networks"),
    ("benchmark", "models"),
    ("benchmark", "ablation"),
    ("coverage", "distortions"),
    ("simulation", "tests"),
)
# far more than anyone writes: a text of a few lines may unfold into more than any memory holds
MOST_VALUES = 10**5
SHARED = "shared"  # the preparation that the configuration's own preprocessing makes


def _is_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    return _is_integer(_, value) or (isinstance(value, float) and isfinite(value))


# JSON takes 3.0 for an integer and knows no nan; YAML and PyTorch do otherwise
Validator = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


def replace_as_a_whole(config: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Undo, in a merged configuration, the merging of what the user gave with the defaults.

    Models of the default benchmark give way to a model of the user's that has their name.

    Args:
        config: defaults updated recursively by what was given; changed in place.
        given: what the user gave.
    """
    for *parents, key in REPLACED_AS_A_WHOLE:
        target, source = config, dict(given)
        for parent in parents:
            target, inner = target.get(parent, {}), source.get(parent)
            source = inner if isinstance(inner, dict) else {}  # else the schema refuses it
        if key in source:
            target[key] = source[key]
    models, benchmark = config.get("models"), config.get("benchmark")
    if isinstance(models, Mapping) and isinstance(benchmark, Mapping):
        for group in {"models", "ablation"} - set(given.get("benchmark") or ()):
            kept = {name: one for name, one in benchmark[group].items() if name not in models}
            config["benchmark"][group] = kept


def in_order(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its keys in one order, so that writing out a default changes nothing.

    Models, networks and tests keep the order that the user gave them: tables and figures follow it.
    """

    def arrange(value: Any, key: str) -> Any:
        if not isinstance(value, Mapping):
            return value
        keys = list(value) if key in ("models", "networks", "tests", "ablation") else sorted(value)
        return {name: arrange(value[name], name) for name in keys}

    return arrange(config, "")


def model_settings(
    models: Mapping[str, Mapping[str, Any]], config: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """What each model is made, trained and scored with, by name.

    Args:
        models: as the configuration has them.
        config: with `preprocessing` and `training`, of which a model may change parts.

    Returns:
        By model: `architecture` (as `build.build` takes it), `loss`, `error`, `threads`,
        `preprocessing`, `training`, and `per_gpu`, which is apart because it changes no result.
    """
    settings = {}
    for name, model in models.items():
        architecture = dict(model)
        settings[name] = {
            "loss": architecture.pop("loss"),
            "error": architecture.pop("error"),
            "threads": architecture.pop("threads"),
            "preprocessing": config["preprocessing"] | architecture.pop("preprocessing", {}),
            "training": config["training"] | architecture.pop("training", {}),
            "architecture": architecture,
        }
        augmentation = config["training"]["augmentation"]
        augmentation = augmentation | settings[name]["training"]["augmentation"]
        settings[name]["training"]["augmentation"] = augmentation
        settings[name]["per_gpu"] = settings[name]["training"].pop("per_gpu")
    return settings


def compared(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The models that the benchmark compares with those of the configuration, by group and name."""
    wanted = config["benchmark"]
    name, first = next(iter(config["models"].items()))
    scan = {f"{name}_latent{size}": first | {"latent": size} for size in wanted["latents"]}
    return {"models": wanted["models"], "ablation": wanted["ablation"], "latents": scan}


def geometry(preprocessing: Mapping[str, Any]) -> dict[str, Any]:
    """The steps that are done once for all trainings.

    Smoothing is done where images are dense, so that another one repeats no preparation.
    """
    return {step: value for step, value in preprocessing.items() if step != "smoothing"}


def preparations(
    settings: Mapping[str, Mapping[str, Any]], preprocessing: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What is to be prepared, and for which models.

    A preparation is called by what differs from the configuration's own, which is `SHARED`, so that
    no model's data moves when another model comes or goes.

    Args:
        settings: by model, as `model_settings` makes them.
        preprocessing: the configuration's.

    Returns:
        Geometry by the name of the preparation; and this name by model.
    """
    made, of = {SHARED: geometry(preprocessing)}, {}
    for model, wanted in settings.items():
        steps = geometry(wanted["preprocessing"])
        differs = {step: value for step, value in steps.items() if value != made[SHARED][step]}
        texts = (f"{step}_{json.dumps(value)}" for step, value in differs.items())
        of[model] = "-".join(texts).replace('"', "") or SHARED
        made[of[model]] = steps
    return made, of


def problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Say all that is wrong with `config`, a sentence each.

    What `schema` (JSON Schema 2020-12) refuses; where that is nothing, what does not go together.
    """
    if _unfolded(config) > MOST_VALUES:
        return [
            f"configuration: found aliases (*name) that unfold into more than {MOST_VALUES} "
            "values, or into themselves; expected fewer. Hint: write out what they stand for."
        ]
    errors = Validator(schema).iter_errors(config)
    found = {_sentence(error) for error in errors if not _repeats(error)}
    return sorted(found) or list(_contradictions(config))


def _unfolded(value: Any, known: dict[int, float] | None = None) -> float:
    """How many values there are with those that aliases repeat; infinitely many in a circle."""
    known = {} if known is None else known
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = inf  # as long as it is being counted
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_unfolded(one, known) for one in inner)
    return known[id(value)]


def _contradictions(config: Mapping[str, Any]) -> Iterator[str]:
    """Say which keys, each allowed by itself, do not go together."""
    fraction, samples = config["fraction"], config["samples"]
    model, models = fraction["headline_model"], config["models"]
    if model not in ("auto", WEAK, *models):
        allowed = ", ".join(map(str, ["auto", WEAK, *models]))
        yield f"fraction.headline_model: found {model!r}; allowed: {allowed}."
    names = [name for group in (models, *compared(config).values()) for name in group]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"benchmark: found {name} twice among all models; expected another name for each."
    one_hot, channels = config["images"]["one_hot"], config["images"]["channels"]
    yield from _of_codes(config["images"])
    has_code = one_hot and "channel" in one_hot  # without one that is said by itself
    if has_code and channels is not None and one_hot["channel"] not in channels:
        yield (
            f"images.one_hot.channel: found {one_hot['channel']}, which images.channels {channels} "
            "leaves out; expected one of them."
        )
    yield from _of_constituents(config["images"])
    yield from _of_files(samples)
    for name, sample in _by_name(samples).items():
        yield from _of_pieces(name, sample)
        first, behind = sample.get("rows", (0, 1))
        if first >= behind:
            yield f"samples {name}: found rows {sample['rows']}; expected the first below the last."
    yield from _of_events(config)
    tests = samples.get("tests", {"low": {}, "high": {}})
    for name, test in tests.items():
        truth = truth_of(test)
        if "anomalous" in truth and isinstance(truth.get("column"), list):
            yield (
                f"samples.tests.{name}.truth: found anomalous with several columns, which are 1 "
                "for anomalous jets; expected either."
            )
    layout, networks = config["images"]["layout"], config["supervised"]["networks"]
    for name, network in networks.items():
        if network["inputs"] == "constituents" != layout:
            yield (
                f"supervised.networks.{name}: found inputs constituents, with images.layout "
                f"{layout}; expected inputs images. Hint: for samples of constituents set "
                "images.layout to constituents."
            )
    predicting = [name for name, network in networks.items() if network["inputs"] != "features"]
    files = [f"{network}_{test}" for network in predicting for test in tests]
    for file in sorted({file for file in files if files.count(file) > 1}):
        yield (
            f"supervised.networks: found two predictions called {file}.npy, by network and test; "
            "expected another name for each. Hint: rename the network."
        )
    if fraction["headline"] == "template" and "signal" not in samples:
        yield (
            "fraction.headline: found template; expected samples.signal, simulated anomalous jets, "
            "for it. Hint: joint needs none."
        )
    for name, test in tests.items():
        if test.get("at_least", 0) > test.get("at_most", 1):
            yield (
                f"samples.tests.{name}: found at_least {test['at_least']} above at_most "
                f"{test['at_most']}; expected at_least <= at_most."
            )


def _of_pieces(name: str, sample: Mapping[str, Any]) -> Iterator[str]:
    """Say which samples cannot be read file by file."""
    if sample.get("pieces") != "files":
        return
    for key in ("rows", "weight", "cluster"):
        if key in sample:
            yield (
                f"samples {name}: found pieces: files with {key}; expected a number of pieces. "
                f"Hint: which jets {key} leaves is known of the whole sample alone."
            )


def _of_files(samples: Mapping[str, Any]) -> Iterator[str]:
    """Say which samples and truths have no file, or two, or one whose checksum is not known."""
    for key, array in _arrays(samples) if "course" not in samples else []:
        given = [name for name in remote.DIGESTS if name in array]
        if "file" in array:
            surplus = [name for name in ("url", "doi", "name", *given, "member") if name in array]
            if surplus:
                yield (
                    f"{key}: found {', '.join(surplus)} beside file; expected a file that is here, "
                    "or the url or doi of one that is to be fetched."
                )
        elif not remote.is_elsewhere(array):
            yield f"{key}: file missing."
        elif "url" in array and ("doi" in array or "name" in array):
            yield (
                f"{key}: found url beside {'doi' if 'doi' in array else 'name'}; expected a url, "
                "or a doi with the name of a file in its record."
            )
        elif "doi" in array:
            if "name" not in array:
                yield f"{key}: found doi alone; expected the name of a file in its record as well."
            elif len(given) > 1:
                yield f"{key}: found doi with {' and '.join(given)}; expected one of them, or none."
        elif len(given) != 1:
            yield (
                f"{key}: found url with {' and '.join(given) or 'no checksum'}; expected one of "
                f"{' and '.join(remote.DIGESTS)}. Hint: archives state it beside the file."
            )


def _of_events(config: Mapping[str, Any]) -> Iterator[str]:
    """Say which samples hold no events in which jets could be found."""
    images, samples = config["images"], config["samples"]
    for key, sample in _arrays(samples) if "course" not in samples else []:
        if "cluster" not in sample:
            continue
        if images["layout"] != "constituents":
            yield (
                f"{key}.cluster: found images.layout {images['layout']}; expected constituents, "
                "which here are the particles of events."
            )
        elif coordinates.CODE in images["coordinates"]:
            yield (
                f"{key}.cluster: found {coordinates.CODE} in images.coordinates; expected none, "
                "since codes of particles are not kept where jets are found."
            )
        elif coordinates.are_relative(list(images["coordinates"])):
            yield (
                f"{key}.cluster: found coordinates relative to a jet; expected those of the "
                "particles of an event, such as pt, eta, phi."
            )


def _of_codes(images: Mapping[str, Any]) -> Iterator[str]:
    """Say where images.one_hot does not say which codes it means."""
    one_hot, code = images["one_hot"] or {}, coordinates.CODE
    of_constituents, named = images["layout"] == "constituents", code in images["coordinates"]
    if of_constituents and named != bool(one_hot):
        found, expected = (code, "images.one_hot") if named else ("images.one_hot", code)
        yield (
            f"images.coordinates: found {found} without {expected}; expected both, or neither: the "
            "codes of constituents, and which of them become channels."
        )
    elif of_constituents and "channel" in one_hot:
        yield (
            f"images.one_hot: found channel with images.layout constituents; expected codes alone, "
            f"which lie in the coordinate {code}."
        )
    elif one_hot and not of_constituents and "channel" not in one_hot:
        yield "images.one_hot: channel missing."


def _of_constituents(images: Mapping[str, Any]) -> Iterator[str]:
    """Say which coordinates do not make up four-vectors."""
    names = list(images["coordinates"])
    if not coordinates.make_a_vector(names):
        yield (
            f"images.coordinates: found {', '.join(names)}; expected one of {coordinates.systems()}"
            f", in any order, and perhaps {coordinates.MASK} and {coordinates.CODE}."
        )
    elif coordinates.are_relative(names) and images["unit"] != "GeV":
        yield (
            f"images.unit: found {images['unit']} with coordinates relative to the jet; expected "
            "none, since ptrel is a share."
        )
    if coordinates.positions(images["coordinates"]) and coordinates.columns(images["coordinates"]):
        yield (
            f"images.coordinates: found {images['coordinates']}; expected either positions in the "
            "last axis or names of columns for all of them."
        )


def asked(sample: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be read of the file of a sample or of a truth."""
    names = ("key", "column", "anomalous", "where", "rows", "weight", "cluster")
    found = {name: sample[name] for name in names if name in sample}
    if isinstance(found.get("weight"), Mapping):
        found["weight"] = asked(found["weight"])
    return found


def in_pieces(sample: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The pieces in which a sample is read, by name; none where it is read as a whole.

    Returns:
        Of each its `file`, a list, and its `part`: its number, from 1 on, and how many there are;
        None where it is a file of its own.
    """
    wanted = sample.get("pieces", 1)
    if wanted == "files":
        return {_piece_name(file): {"file": [file], "part": None} for file in sample["file"]}
    parts = range(1, wanted + 1) if wanted > 1 else ()
    return {f"{n}_of_{wanted}": {"file": sample["file"], "part": [n, wanted]} for n in parts}


def _piece_name(file: str) -> str:
    """What the piece of a file is called: by the file alone, whatever others there are."""
    digest = hashlib.sha256(file.encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', Path(file).name)}_{digest}"


def weight_files(sample: Mapping[str, Any]) -> list[str]:
    """The files of a sample's weights; none where it has none, or they lie in its own."""
    weights = sample.get("weight")
    return list(weights["file"]) if isinstance(weights, Mapping) else []


def truth_of(test: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file of a test's truth, or the one `label` of all its jets; empty where there is none."""
    truth = test.get("truth", {})
    return truth if isinstance(truth, Mapping) else {"label": truth}


def as_jets(name: str, sample: dict[str, Any], found: str) -> dict[str, Any]:
    """A sample of files that hold jets: where they hold events, of the jets found in them.

    Args:
        name: of the sample.
        sample: with the list of its files.
        found: where its jets are put, with its name as `{sample}`.
    """
    if "cluster" not in sample:
        return sample
    kept = {key: sample[key] for key in ("cluster", "pieces") if key in sample}
    return {"file": [found.format(sample=name)]} | kept


def repeated_keys(file: str | Path) -> list[str]:
    """Say which keys a configuration file has twice in a mapping: YAML takes the last of them.

    Nothing of one that is no YAML: as Snakemake has read it, it is JSON, with tabs for instance.
    """
    sentences, seen = [], set()
    try:
        waiting = [yaml.compose(Path(file).read_text("utf-8"), yaml.SafeLoader)]
    except yaml.YAMLError:
        return []
    while waiting:
        node = waiting.pop(0)
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        known: dict[str, yaml.Node] = {}
        for key, value in node.value:
            waiting.append(value)
            first, line = known.setdefault(str(key.value), key), key.start_mark.line + 1
            if first is not key and key.value != "<<":
                sentences.append(
                    f"{file}: found {key.value} in line {first.start_mark.line + 1} and again "
                    f"in line {line}; expected "
                    "each key once. Hint: the last would take the place of the others."
                )
    return sentences


def wrong_results(folder: str) -> list[str]:
    """Say why results cannot lie in a folder; nothing where they can."""
    if folder == ".":
        return [
            "results: found the working directory itself; expected a folder in it, or elsewhere."
        ]
    files = [one for one in (Path(folder), *Path(folder).parents) if one.is_file()]
    return [f"results: found {folder}, and {one} is a file; expected a folder." for one in files]


def wrong_files(samples: Mapping[str, Any], made: str) -> list[str]:
    """Say which sample files do not exist, or are there twice in a sample, by their keys.

    Args:
        samples: the configuration's, with `normal` and `tests`.
        made: folder whose files the workflow makes itself.
    """
    sentences = []
    for key, array in _arrays(samples):
        if "file" not in array:
            continue
        for given in _as_list(array["file"]):
            if not any(Path(f).is_file() or Path(f).is_relative_to(made) for f in _found(given)):
                what = "files like" if has_magic(given) else "file"
                hint = f"paths are relative to the working directory, here {Path.cwd()}"
                if "://" in given:
                    hint = (
                        "what is to be fetched is named as url, with its sha256 or md5, or as doi"
                    )
                sentences.append(
                    f"{key}.file: found no {what} {given}; expected an existing file. Hint: {hint}."
                )
        seen: dict[Path, str] = {}
        for file in files_of(array["file"]):
            if set(file) & set("{}"):
                sentences.append(
                    f"{key}.file: found {file}; expected a name without braces, which Snakemake "
                    "reads as wildcards. Hint: rename it, or make a link to it."
                )
            first = seen.setdefault(Path(file).resolve(), file)
            if first is not file:
                also = "" if first == file else f", which is {first},"
                sentences.append(
                    f"{key}.file: found {file}{also} twice; expected each file once. "
                    "Hint: its jets would count twice."
                )
    return sentences


def at_home(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with the home folder for the ~ of paths, as a shell has it."""
    made = copy.deepcopy(dict(config))
    made["results"] = _at_home(made["results"])
    for _, array in _arrays(made["samples"]) if "course" not in made["samples"] else []:
        if "file" in array:
            file = array["file"]
            array["file"] = [*map(_at_home, file)] if isinstance(file, list) else _at_home(file)
    return made


def _at_home(path: str) -> str:
    return str(Path(path).expanduser()) if path.startswith("~") else path


def gone(samples: Mapping[str, Any], before: Iterable[Mapping[str, str]]) -> list[str]:
    """Say which files of the last run a pattern does not find any more, since they are gone.

    Args:
        samples: the configuration's.
        before: the rows of its sources.csv, with `sample` and `file`.
    """
    patterns = {
        name: [one for one in _as_list(sample.get("file", [])) if has_magic(one)]
        for name, sample in _by_name(samples).items()
    }
    return [
        f"{row['file']} is gone, which sample {row['sample']} had in the last run. "
        "Hint: put it back, or go on without its jets."
        for row in before
        # `**/` may stand for no folder at all
        if any(
            fnmatch(row["file"], form)
            for one in patterns.get(row["sample"], [])
            for form in (one, one.replace("**/", ""))
        )
        and not Path(row["file"]).exists()
    ]


def with_files(samples: Mapping[str, Any], fetched: str) -> dict[str, Any]:
    """The samples with the list of its files as the `file` of each, of its weights and its truth.

    Args:
        samples: the configuration's.
        fetched: folder of the files that come from elsewhere.
    """
    made = copy.deepcopy(dict(samples))
    for _, array in _arrays(made):
        array["file"] = (
            files_of(array["file"]) if "file" in array else [f"{fetched}/{remote.place(array)}"]
        )
    return made


def elsewhere(samples: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What is to be fetched: samples, weights and truths with a `url` or a `doi`."""
    return [array for _, array in _arrays(samples) if remote.is_elsewhere(array)]


def files_of(given: str | list[str]) -> list[str]:
    """The files that a path, a pattern or a list of them stands for, in their order."""
    return [file for one in _as_list(given) for file in _found(one)]


def _as_list(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def _found(given: str) -> list[str]:
    """The files like a pattern by name, sorted; what is none, or is called so, is one itself."""
    if not has_magic(given) or Path(given).exists():
        return [given]
    found = glob(given, recursive=True)  # noqa: PTH207  # patterns may be absolute
    return sorted(file for file in found if Path(file).is_file())


def _by_name(samples: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """All samples of the configuration; none but `normal` of the course's."""
    signal = {"signal": samples["signal"]} if "signal" in samples else {}
    return {"normal": samples.get("normal", {}), **samples.get("tests", {}), **signal}


def _arrays(samples: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (configuration key, array) of all samples, weights and truths that lie in files."""
    tests = {f"samples.tests.{name}": test for name, test in samples["tests"].items()}
    for key, sample in ({"samples.normal": samples["normal"]} | tests).items():
        yield from _with_its_own(key, sample)
    if "signal" in samples:
        yield from _with_its_own("samples.signal", samples["signal"])


def _with_its_own(key: str, sample: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield key, sample
    for name in ("weight", "truth"):
        if isinstance(sample.get(name), Mapping):
            yield f"{key}.{name}", sample[name]


def _repeats(error: ValidationError) -> bool:
    """Whether an error says of keys that they are unknown because their values are wrong."""
    return error.validator == "unevaluatedProperties" and set(error.instance) <= _allowed(
        error.schema, error.instance
    )


def _sentence(error: ValidationError) -> str:
    """One sentence for one violation: key, finding, what is allowed, perhaps a hint."""
    key = ".".join(str(part) for part in error.absolute_path) or "configuration"
    value, rule = error.instance, error.validator_value
    if "propertyNames" in error.schema_path and not isinstance(value, str):
        return f"{key}: found the name {value}; expected text.{_quoted(value)}"
    if "propertyNames" in error.schema_path and error.validator != "enum":
        return (
            f"{key}: the name {value!r} cannot be used; a name has no slash, brace, angle "
            "bracket or control character, does not begin with a dot, and is not one that the "
            "workflow uses itself (normal, all, tables, ...)."
        )
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties":
            allowed = sorted(_allowed(error.schema, value))
            unknown = sorted(set(value) - set(allowed), key=str)
            close = [c for u in unknown for c in get_close_matches(str(u), allowed, 1)]
            hint = f" Hint: did you mean {' or '.join(close)}?" if close else ""
            names = ", ".join(map(str, unknown))
            return f"{key}: unknown key {names}; allowed: {', '.join(allowed)}.{hint}"
        case "required":
            absent = [name for name in rule if name not in value]
            return f"{key}: {', '.join(absent)} missing."
        case "type":
            hint = ""
            if rule in ("number", "integer") and isinstance(value, str):
                hint = " Hint: write it without quotes."
                if re.fullmatch(r"[-+]?\d+[eE][-+]?\d+", value):
                    hint = " Hint: YAML takes 1e-3 for text; write 1.0e-3."
            elif "string" in rule and not isinstance(value, str | list | dict):
                hint = _quoted(value)
            kinds = [rule] if isinstance(rule, str) else rule
            expected = " or ".join(map(_article, kinds))
            return f"{key}: found {value!r}; expected {expected}.{hint}"
        case "enum":
            return f"{key}: found {value!r}; allowed: {', '.join(map(str, rule)) or 'none'}."
        case "uniqueItems":
            return f"{key}: found a duplicate in {value!r}; expected each item once."
        case "anyOf":
            text = any(one.get("type") == "string" for one in rule)
            found = str(value) if isinstance(value, date) else repr(value)
            hint = _quoted(value) if text and isinstance(value, date) else ""
            return f"{key}: found {found}; expected {' or '.join(map(_option, rule))}.{hint}"
        case "oneOf":
            found = ", ".join(map(str, value)) if isinstance(value, dict) else repr(value)
            found = found or "nothing"
            return f"{key}: expected either normal and tests, or course; found {found}."
        case "minItems" | "minProperties":
            if not value:
                return f"{key}: found none; expected at least {rule}."
            return f"{key}: found {value!r}; expected at least {rule} of them."
        case "maxItems":
            return f"{key}: found {value!r}; expected {rule} of them at most."
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            comparison = {
                "minimum": ">=",
                "maximum": "<=",
                "exclusiveMinimum": ">",
                "exclusiveMaximum": "<",
            }[error.validator]
            return f"{key}: found {value!r}; expected a number {comparison} {rule}."
    return f"{key}: {error.message}."


def _quoted(value: Any) -> str:
    """What to do where YAML reads a text as something else."""
    kinds = {bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
    kind = kinds.get(type(value), "a date")
    return f" Hint: YAML reads it as {kind}; quote it, '...'."


def _allowed(schema: Mapping[str, Any], value: Mapping[str, Any]) -> set[str]:
    """The keys that a schema of a mapping allows beside these values."""
    allowed = set(schema.get("properties", {}))
    for branch in schema.get("allOf", ()):
        holds = Draft202012Validator(branch["if"]).is_valid(value)
        allowed |= _allowed(branch.get("then" if holds else "else", {}), value)
    return allowed


def _option(schema: Mapping[str, Any]) -> str:
    """One of the alternatives that a schema allows, in words."""
    if "const" in schema:
        return str(schema["const"])
    least = f" >= {schema['minimum']}" if "minimum" in schema else ""
    if schema.get("minItems"):
        least = f" of at least {schema['minItems']}"
    return _article(schema["type"]) + least


def _article(kind: str) -> str:
    names = {
        "object": "a mapping (key: value)",
        "array": "a list",
        "string": "text",
        "null": "null",
    }
    return names.get(kind, f"an {kind}" if kind[0] in "aeiou" else f"a {kind}")
