"""Input that cannot be used: a message that helps, and nothing trained or half written."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import EACH_TEST, NORMAL, TINY, jets, run_workflow, write_tiny_samples

Config = dict[str, Any]


def with_pixel(value: float) -> np.ndarray:
    images = jets(EACH_TEST).astype(np.float64)
    images[3, 4, 5] = value
    return images


def truncated(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def half_of_hdf5(file: Path) -> None:
    with h5py.File(file, "w") as target:
        target["test_data"] = jets(EACH_TEST)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def holding(**arrays: np.ndarray) -> Callable[[Path], None]:
    return lambda file: np.savez(file, **arrays)


def labels(*values: float) -> np.ndarray:
    return np.resize(values, EACH_TEST)


@dataclass(frozen=True)
class Case:
    """A file of TINY, what is done to it, and what the message must then say of it."""

    file: str
    spoil: Callable[[Path], object]
    found: str
    expected: str
    made: str = "prepared/shared/tests/low.h5"  # what must not be there afterwards


def of_low(spoil: Callable[[Path], object], found: str, expected: str) -> Case:
    return Case("raw/low.npz", spoil, found, expected)


def of_truth(spoil: Callable[[Path], object], found: str, expected: str) -> Case:
    return Case("raw/truth.npz", spoil, found, expected, "prepared/truth/high.h5")


CASES: dict[str, Case] = {
    "truncated .npz": of_low(
        truncated, "a truncated or damaged .npz file", "an .npz, .npy, HDF5, Parquet or ROOT file"
    ),
    "empty .npz": of_low(
        lambda f: f.write_bytes(b""), "an empty file", "an .npz, .npy, HDF5, Parquet or ROOT file"
    ),
    "truncated HDF5": of_low(
        half_of_hdf5, "damaged HDF5 file", "an .npz, .npy, HDF5, Parquet or ROOT file"
    ),
    "text for .npz": of_low(
        lambda f: f.write_text("event,pixel\n"),
        "a file of another kind",
        "an .npz, .npy, HDF5, Parquet or ROOT file",
    ),
    "object array": of_low(
        holding(x=np.array([{"a": 1}, None], object)), "type object", "floating-point numbers"
    ),
    "several arrays and no key": of_low(
        holding(x=jets(4), y=jets(4)), "x (4, 16, 16), y (4, 16, 16)", "its name as `key`"
    ),
    "missing key": of_truth(holding(low=labels(0, 1)), "no array 'high' but low (40,)", "`key`"),
    "wrong rank": of_low(
        holding(x=np.zeros((40, 256))), "of shape (40, 256)", "(events, height, width)"
    ),
    "zero events": of_low(
        holding(x=np.zeros((0, 16, 16))), "of shape (0, 16, 16)", "at least one event"
    ),
    "NaN": of_low(holding(x=with_pixel(np.nan)), "pixel nan at (4, 5) of event 3", "pixels >= 0"),
    "infinity": of_low(
        holding(x=with_pixel(np.inf)), "pixel inf at (4, 5) of event 3", "pixels >= 0"
    ),
    "negative pixel": of_low(
        holding(x=with_pixel(-0.5)), "pixel -0.5 at (4, 5) of event 3", "pixels >= 0"
    ),
    "all pixels equal": of_low(
        holding(x=np.ones((40, 16, 16))), "in row 0 every pixel is equal to 1.0", "that differ"
    ),
    "images of another size": Case(
        "raw/low.npz",
        holding(x=jets(EACH_TEST, size=18)),
        "images of shape (1, 18, 18)",
        "(1, 16, 16) as in raw/normal.npz",
        "tables/samples.csv",
    ),
    "truth of another length": of_truth(
        holding(high=labels(0, 1)[:-1]), "of shape (39,)", "(40,), one label per event"
    ),
    "truth with other values": of_truth(
        holding(high=labels(0, 1, 2)), "with the value 2", "0 (normal) and 1 (anomalous)"
    ),
    "too few control jets": Case(
        "raw/normal.npz",
        holding(x=jets(90)),  # 30% are 27
        "27 control jets",
        "at least 29, to prove a false positive rate <= 0.1",
        "tables/samples.csv",
    ),
    # found by these tests: nothing looked at what is left to train on
    "images too small for the model": Case(
        "raw/normal.npz",
        holding(x=jets(NORMAL, size=6)),
        "(1, 6, 6)",
        "8",
        "prepared/shared/normal.h5",
    ),
}


def messages(output: str) -> set[str]:
    """Every different message of the form that a user can act on."""
    found = re.findall(r"(\S+: found .+; expected .+)\n(Hint: .+)", output)
    return {"\n".join(parts) for parts in found}


def check_nothing_came_of_it(directory: Path) -> None:
    left = {path.name for path in directory.rglob("*")}
    assert not {name for name in left if name.startswith(".partial-")}
    assert "model.pt" not in left
    assert "scores.h5" not in left


def check_message(message: str, file: str, case: Case) -> None:
    finding, expectation = message.split("; expected ")
    assert finding.startswith(f"{file}: found ")
    assert case.found in finding
    told, hint = expectation.split("\nHint: ")
    assert case.expected in told
    assert hint.strip()


# one file for each way in which a run may find a fault: in a sample, in a truth, in all samples
ALONE = [
    *("truncated .npz", "truth of another length"),
    *("images of another size", "too few control jets", "images too small for the model"),
]


@pytest.mark.parametrize("name", ALONE)
def test_unusable_file_gives_one_message_that_helps_and_no_training(
    name: str, tiny_samples: Path, tiny_config: Config
) -> None:
    case = CASES[name]
    if "small" in name:  # the tests then are as small
        for test in ("low", "high"):
            np.savez(tiny_samples / "raw" / f"{test}.npz", x=jets(EACH_TEST, size=6))
    case.spoil(tiny_samples / case.file)
    # the default target: everything is asked for, trainings as well
    done = run_workflow(config=tiny_config, directory=tiny_samples)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    (message,) = messages(output)
    check_message(message, case.file, case)
    assert "Traceback" not in output
    assert not (tiny_samples / "results" / case.made).exists()
    check_nothing_came_of_it(tiny_samples)


# the others, as so many tests of one run
TOGETHER = [name for name in CASES if name not in ALONE]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the workflow ran on all of them as far as it could, and what it said."""
    directory = tmp_path_factory.mktemp("refused")
    raw = write_tiny_samples(directory)
    tests: Config = {}
    for name in TOGETHER:
        case, spoilt = CASES[name], raw / spoilt_name(name)
        shutil.copy(directory / case.file, spoilt)
        case.spoil(spoilt)
        tests[spoilt.stem] = {"file": f"raw/{spoilt.name}"}
        if "truth" in case.file:
            truth = {"file": f"raw/{spoilt.name}", "key": "high"}
            tests[spoilt.stem] = {"file": "raw/high.npz", "truth": truth}
    config = TINY | {"samples": TINY["samples"] | {"tests": tests}}
    done = run_workflow("--keep-going", config=config, directory=directory)
    assert done.returncode != 0
    return directory, done.stdout + done.stderr


def spoilt_name(name: str) -> str:
    return f"{TOGETHER.index(name)}.npz"


@pytest.mark.parametrize("name", TOGETHER)
def test_each_of_several_unusable_files_gives_one_message_that_helps_and_no_training(
    name: str, refused: tuple[Path, str]
) -> None:
    directory, output = refused
    file = f"raw/{spoilt_name(name)}"
    (message,) = (message for message in messages(output) if message.startswith(f"{file}: "))
    check_message(message, file, CASES[name])
    assert len(messages(output)) == len(TOGETHER)
    assert "Traceback" not in output
    made = CASES[name].made
    for test in ("low", "high"):
        made = made.replace(f"{test}.h5", spoilt_name(name).replace(".npz", ".h5"))
    assert not (directory / "results" / made).exists()
    check_nothing_came_of_it(directory)


def test_too_few_jets_left_to_train_and_validate_give_a_message_and_no_training(
    tiny_samples: Path, tiny_config: Config
) -> None:
    tiny_config["split"] = {"control": 0.98}  # two jets are left, none of them to validate
    done = run_workflow(config=tiny_config, directory=tiny_samples)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    (message,) = messages(output)
    assert message.startswith("raw/normal.npz: found ")
    assert "split" in message
    assert "Traceback" not in output
    check_nothing_came_of_it(tiny_samples)


def test_samples_table_lists_every_sample_when_all_is_well(
    tiny_samples: Path, tiny_config: Config
) -> None:
    # the counterpart: what is refused above is refused for its fault alone
    done = run_workflow("results/tables/samples.csv", config=tiny_config, directory=tiny_samples)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (tiny_samples / "results" / "tables" / "samples.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["normal", "raw/normal.npz", "120"],
        ["low", "raw/low.npz", "40"],
        ["high", "raw/high.npz", "40"],
    ]
    check_nothing_came_of_it(tiny_samples)


# Configuration: refused while the graph is built, so that a dry run shows it


def set_in(*keys: str, value: Any) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        for key in keys[:-1]:
            config = config.setdefault(key, {})
        config[keys[-1]] = value

    return change


MISTAKES: dict[str, tuple[Callable[[Config], None], list[str]]] = {
    "missing file": (
        set_in("samples", "tests", "low", "file", value="raw/lwo.npz"),
        ["samples.tests.low.file:", "found no file raw/lwo.npz", "expected an existing", "Hint:"],
    ),
    "missing truth file": (
        set_in("samples", "tests", "high", "truth", "file", value="truth.npz"),
        ["samples.tests.high.truth.file:", "found no file truth.npz", "Hint:"],
    ),
    "unknown key": (
        set_in("training", "epoch", value=3),
        ["training:", "unknown key epoch", "batch_size, device", "did you mean epochs?"],
    ),
    "unknown key at the top": (
        set_in("seed", value=[1]),
        ["unknown key seed;", "allowed: baselines", "did you mean seeds?"],
    ),
    "wrong type": (
        set_in("training", "epochs", value="many"),
        ["training.epochs:", "found 'many'", "expected an integer"],
    ),
    "model name with a slash": (
        set_in("models", value={"S/L": {"latent": 2}}),
        ["models:", "'S/L'", "a name has no slash"],
    ),
    "duplicate seed": (
        set_in("seeds", value=[1, 2, 1]),
        ["seeds:", "found a duplicate in [1, 2, 1]", "expected each item once"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_in_the_configuration_is_named_before_any_job(
    mistake: str, tiny_samples: Path, tiny_config: Config
) -> None:
    change, parts = MISTAKES[mistake]
    change(tiny_config)
    done = run_workflow("-n", config=tiny_config, directory=tiny_samples)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert output.count("The configuration cannot be used:") == 1
    sentence = output.split("The configuration cannot be used:\n")[1].splitlines()[0]
    for part in parts:
        assert part in sentence
    assert "Traceback" not in output
    assert "Job stats" not in output
    assert not (tiny_samples / "results").exists()


def test_the_quietest_snakemake_still_says_why_it_stops(
    tiny_samples: Path, tiny_config: Config
) -> None:
    tiny_config["modles"] = {}
    done = run_workflow("-n", "--quiet", "all", config=tiny_config, directory=tiny_samples)
    assert done.returncode != 0
    assert "unknown key modles" in done.stderr
    assert "did you mean models?" in done.stderr
