"""What an interrupted training continues from: all of its state, in a file while it lasts."""

import io
import json
import logging
import os
import signal
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch

from oddjet.common.errors import InputError
from oddjet.common.files import replacing

log = logging.getLogger(__name__)

SHARE = 0.02  # of the time of a training that may go into writing its checkpoints


class Stateful(Protocol):
    """A part of a training: the model, the optimiser, a schedule, what stops it."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> Any: ...


class RandomStates:
    """The random states of a training: PyTorch's global ones, for dropout, and the data's order."""

    def __init__(self, device: torch.device, order: torch.Generator) -> None:
        self.device, self.order = device, order

    def state_dict(self) -> dict[str, Any]:
        states = {"cpu": torch.get_rng_state(), "order": self.order.get_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device)
        return states

    def load_state_dict(self, state: dict[str, Any]) -> None:
        torch.set_rng_state(state["cpu"])
        self.order.set_state(state["order"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"], self.device)


class Checkpoint:
    """The state of a training in a file, to continue from after an interruption.

    Args:
        path: of the file, in a folder that Snakemake does not clear when a job fails.
        made_from: what the result of the training depends on, as JSON can say it. The state that a
            training made from anything else has left is refused.
    """

    def __init__(self, path: str | Path, made_from: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.made_from = _flat(json.loads(json.dumps(made_from)))
        self._kept: dict[str, Any] | None = None  # not yet written
        self._next = 0.0
        self._complaint = ""

    def resume(self, parts: Mapping[str, Stateful]) -> bool:
        """Bring the parts into the state of the file; false where there is none of this training.

        A file that is broken, or of another training, is removed, and the log says why.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                if broken := archive.testzip():  # PyTorch does not compare the checksums
                    raise zipfile.BadZipFile(broken)
            saved = torch.load(self.path, map_location="cpu", weights_only=True)
            differing = _differences(saved["made_from"], self.made_from)
        except FileNotFoundError:
            return False
        except Exception:  # whatever a broken file brings about in PyTorch
            differing = ["it cannot be read"]
        if differing:
            log.warning("%s is refused and removed: %s", self.path, "; ".join(differing))
            self.remove()
            return False
        for name, part in parts.items():
            part.load_state_dict(saved["parts"][name])
        return True

    def keep(self, parts: Mapping[str, Stateful]) -> None:
        """Keep the state of the parts: in memory, and in the file as often as that costs little."""
        self._kept = {name: _copied(part.state_dict()) for name, part in parts.items()}
        if time.monotonic() >= self._next:
            started = time.monotonic()
            self._write()
            finished = time.monotonic()
            self._next = finished + (finished - started) / SHARE

    @contextmanager
    def written_on(self, *signals: signal.Signals) -> Iterator[None]:
        """Within the block, write what was kept last before a signal ends this process."""
        before = {each: signal.signal(each, self._leave) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def remove(self) -> None:
        """Remove the file: it is of no use when the training has succeeded."""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        """Write what was kept last; that it cannot be written is no reason to stop a training."""
        if self._kept is None:
            return
        content = io.BytesIO()
        torch.save({"made_from": self.made_from, "parts": self._kept}, content)
        try:
            with replacing(self.path, of_a_result=False) as partial:
                partial.write_bytes(content.getbuffer())
        except (OSError, InputError) as error:
            complaint = str(error).splitlines()[0]
            if complaint != self._complaint:  # once is enough
                log.warning("no checkpoint: %s", complaint)
            self._complaint = complaint
        else:
            self._kept = None

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self._write()
        then = f"continues from {self.path}" if self.path.exists() else "starts anew"
        log.warning("interrupted by %s: the same command %s", signal.Signals(number).name, then)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _copied(state: Any) -> Any:
    """A copy in main memory that later steps of the training do not change."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, Mapping):
        return {key: _copied(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(_copied(value) for value in state)
    return state


def _flat(facts: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Nested facts as one mapping, with keys like `training.epochs`."""
    flat: dict[str, Any] = {}
    for key, value in facts.items():
        flat |= (
            _flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
        )
    return flat


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, in words."""
    return [
        f"{key} was {before.get(key, 'not set')}, is {now.get(key, 'not set')}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
