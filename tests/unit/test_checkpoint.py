"""Checkpoints: a training that was interrupted ends as if it had not been."""

import errno
import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import KINDS, NO_AUGMENTATION, REPO, architecture, blobs, setting

from oddjet.prepare.sparse import SparseImages
from oddjet.train import checkpoint, training
from oddjet.train.checkpoint import Checkpoint
from oddjet.train.torch_setup import CPU, set_up_torch

SETTINGS = {"epochs": 8, "batch_size": 16, "patience": 3, "plateau": None}
SETTINGS |= {"augmentation": NO_AUGMENTATION}
# fast enough to swing, so that the best epoch is not the last; for the dense one the patience ends
RATES = {"dense": 0.03, "convolutional": 0.01}
MADE_FROM = {"configuration": {"training": SETTINGS}, "seed": 1, "code": "abc"}


@pytest.fixture(autouse=True)
def global_settings() -> Iterator[None]:
    """Leave PyTorch's global settings as they were."""
    threads = torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "seed1" / "checkpoint.pt"


class Killed(Exception):
    """Stands for the end of the process."""


class Dying(Checkpoint):
    """A checkpoint that is written after every epoch, until the process dies after one of them."""

    def __init__(self, path: Path, after: int) -> None:
        super().__init__(path, MADE_FROM)
        self.after = after

    def keep(self, parts: Any) -> None:
        super().keep(parts)
        self._write()
        self.after -= 1
        if self.after == 0:
            raise Killed


def images(events: int, seed: int) -> SparseImages:
    rng = np.random.default_rng(seed)
    dense = [blobs(rng, [tuple(rng.uniform(4, 11, 2))], 16) for _ in range(events)]
    return SparseImages.from_dense(np.stack(dense)[:, None].astype(np.float32))


def train(kept: Checkpoint | None = None, kind: str = "dense", **settings: Any) -> training.Trained:
    set_up_torch(1, 1)
    parameters = architecture(kind, latent=2, dropout=0.2)
    parts = images(40, 1), images(16, 2)
    settings = SETTINGS | {"learning_rate": RATES.get(kind, 0.01)} | settings
    return training.train(*parts, setting(parameters, settings), 1, CPU, checkpoint=kept)


def content(trained: training.Trained, folder: Path) -> tuple[bytes, list]:
    """The bytes of model.pt, and the history but for the seconds."""
    trained.save(folder / "model.pt", {})
    return (folder / "model.pt").read_bytes(), [
        {name: value for name, value in row.items() if name != "seconds"} for row in trained.history
    ]


# Continuing


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_killed_after_any_epoch_ends_as_if_it_had_not_been(
    kind: str, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    undisturbed = train(kind=kind)
    epochs = len(undisturbed.history)
    best = min(range(epochs), key=lambda epoch: undisturbed.history[epoch]["val_loss"])
    assert epochs > 3
    if kind in RATES:
        assert 0 < best < epochs - 1  # there is a best epoch to lose, and a patience to forget
    for after in range(1, epochs + 1):
        file.unlink(missing_ok=True)
        with pytest.raises(Killed):
            train(Dying(file, after), kind)
        caplog.clear()
        resumed = train(Checkpoint(file, MADE_FROM), kind)
        assert content(resumed, tmp_path) == content(undisturbed, tmp_path)
        assert f"resuming after epoch {after}/8" in caplog.text
        assert caplog.text.count(": training loss") == epochs - after


@pytest.mark.parametrize("kind", ["dense", "adversarial"])
def test_a_training_killed_on_a_plateau_ends_as_if_it_had_not_been(
    kind: str, file: Path, tmp_path: Path
) -> None:
    settings = {"patience": 8, "plateau": {"factor": 0.3, "patience": 1}, "learning_rate": 0.06}
    undisturbed = train(kind=kind, **settings)
    rates = [row["learning_rate"] for row in undisturbed.history]
    assert rates[-1] < rates[0]
    assert rates[1] == rates[0]  # there is a patience to forget
    for after in range(1, len(rates)):
        with pytest.raises(Killed):
            train(Dying(file, after), kind, **settings)
        resumed = train(Checkpoint(file, MADE_FROM), kind, **settings)
        assert content(resumed, tmp_path) == content(undisturbed, tmp_path)
        file.unlink()


def test_a_training_killed_many_times_ends_as_if_it_had_not_been(
    file: Path, tmp_path: Path
) -> None:
    undisturbed = train(patience=8)
    for _ in range(7):
        with pytest.raises(Killed):
            train(Dying(file, 1), patience=8)
    resumed = train(Checkpoint(file, MADE_FROM), patience=8)
    assert content(resumed, tmp_path) == content(undisturbed, tmp_path)


def test_a_training_that_keeps_checkpoints_ends_as_one_that_does_not(
    file: Path, tmp_path: Path
) -> None:
    with_them = train(Checkpoint(file, MADE_FROM))
    assert file.exists()
    assert content(with_them, tmp_path) == content(train(), tmp_path)


def test_without_a_checkpoint_a_training_starts_at_the_first_epoch(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert train(Checkpoint(file, MADE_FROM)).history[0]["epoch"] == 1
    assert "resuming" not in caplog.text
    assert "refused" not in caplog.text


# Refusing


@pytest.mark.parametrize(
    ("made_from", "said"),
    [
        (MADE_FROM | {"code": "xyz"}, "code was abc, is xyz"),
        (MADE_FROM | {"seed": 2}, "seed was 1, is 2"),
        (
            MADE_FROM | {"configuration": {"training": SETTINGS | {"epochs": 9}}},
            "configuration.training.epochs was 8, is 9",
        ),
        (MADE_FROM | {"packages": {"torch": "9"}}, "packages.torch was not set, is 9"),
    ],
    ids=["code", "seed", "configuration", "more"],
)
def test_a_checkpoint_of_another_training_is_refused_removed_and_said_so(
    made_from: dict, said: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Killed):
        train(Dying(file, 2))
    caplog.clear()
    assert not Checkpoint(file, made_from).resume({})
    assert caplog.messages == [f"{file} is refused and removed: {said}"]
    assert not file.exists()


def test_everything_that_differs_is_named(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Killed):
        train(Dying(file, 1))
    Checkpoint(file, MADE_FROM | {"code": "xyz", "seed": 2}).resume({})
    assert "code was abc, is xyz; seed was 1, is 2" in caplog.text


class Malicious:
    def __reduce__(self) -> tuple:
        return os.mkdir, ("harm",)


BROKEN = {
    "empty": lambda whole: b"",
    "cut": lambda whole: whole[: len(whole) // 2],
    "other bytes": lambda whole: b"\x00garbage" * 100,
    "a list": lambda whole: pickle.dumps([1, 2], 2),
    "a pickle that runs code": lambda whole: pickle.dumps(Malicious(), 2),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_checkpoint_is_refused_and_the_training_starts_anew(
    damage: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Killed):
        train(Dying(file, 2), epochs=3)
    file.write_bytes(BROKEN[damage](file.read_bytes()))
    trained = train(Checkpoint(file, MADE_FROM), epochs=3)
    assert f"{file} is refused and removed: it cannot be read" in caplog.text
    assert content(trained, tmp_path) == content(train(epochs=3), tmp_path)
    assert not (tmp_path / "harm").exists()


def test_no_byte_of_a_checkpoint_can_change_what_a_training_continues_with(file: Path) -> None:
    kept = Checkpoint(file, MADE_FROM)
    kept.keep({"part": Part(3.0)})
    whole = file.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        part = Part(0.0)
        resumed = Checkpoint(file, MADE_FROM).resume({"part": part})
        assert part.value == (3.0 if resumed else 0.0), place
        refused += not resumed
    assert refused > 10  # some bytes only fill up


# Writing


class Part:
    """The smallest part of a training."""

    def __init__(self, value: float) -> None:
        self.value = torch.tensor([value])

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.value = state["value"]


def saved_value(file: Path) -> float | None:
    part = Part(0.0)
    return float(part.value) if Checkpoint(file, MADE_FROM).resume({"part": part}) else None


def test_writing_takes_a_small_share_of_the_time_however_short_the_epochs(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])
    written = []

    class Slow(Checkpoint):
        def _write(self) -> None:
            clock[0] += 0.5
            written.append(clock[0])

    kept = Slow(file, MADE_FROM)
    for _ in range(10_000):
        clock[0] += 0.1  # an epoch
        kept.keep({"part": Part(1.0)})
    share = 0.5 * len(written) / clock[0]
    # the first and the last write stand at the ends
    assert share == pytest.approx(0.02, rel=0.05)
    assert written[0] < 1  # the first epoch is kept at once


def test_a_checkpoint_that_cannot_be_written_warns_and_stops_no_training(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", no_room)
    trained = train(Checkpoint(file, MADE_FROM), epochs=2)
    assert len(trained.history) == 2
    assert caplog.text.count(f"no checkpoint: {file}: ") == 1
    assert "No space left on device" in caplog.text
    assert list(file.parent.iterdir()) == []


def test_what_is_kept_does_not_change_with_the_training(file: Path) -> None:
    part, kept = Part(1.0), Checkpoint(file, MADE_FROM)
    kept.keep({"part": part})
    kept.keep({"part": part})  # too soon to be written
    part.value += 1
    kept._write()
    assert saved_value(file) == 1.0


SIGNALLED = """
import signal, sys, time
from test_checkpoint import MADE_FROM, Checkpoint, Part
kept = Checkpoint(sys.argv[1], MADE_FROM)
with kept.written_on(signal.SIGTERM, signal.SIGINT):
    for epoch in range(int(sys.argv[2])):
        kept.keep({"part": Part(epoch + 1.0)})
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("number", "epochs"), [(signal.SIGTERM, 5), (signal.SIGINT, 5), (signal.SIGTERM, 0)]
)
def test_a_signal_writes_the_last_epoch_before_it_ends_the_process(
    number: signal.Signals, epochs: int, file: Path
) -> None:
    paths = [REPO / "workflow" / "scripts", REPO / "tests", REPO / "tests" / "unit"]
    process = subprocess.Popen(
        [sys.executable, "-c", SIGNALLED, str(file), str(epochs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -number
    assert f"interrupted by {number.name}" in errors
    assert "Traceback" not in errors
    if epochs:
        assert f"continues from {file}" in errors
        assert saved_value(file) == epochs
    else:
        assert "starts anew" in errors
        assert not file.exists()


def test_after_the_training_signals_do_what_they_did_before(file: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Checkpoint(file, MADE_FROM).written_on(signal.SIGTERM):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_removing_leaves_nothing_and_may_be_done_twice(file: Path) -> None:
    kept = Checkpoint(file, MADE_FROM)
    kept.keep({"part": Part(1.0)})
    assert file.exists()
    kept.remove()
    kept.remove()
    assert list(file.parent.iterdir()) == []
