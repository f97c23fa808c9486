"""Calls of the workflow that can be struck while they run."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

TOO_LONG = 300  # s; a call of a stage takes a few


class Starter:
    """The process that forks calls: `starter.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("starter.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: Mapping[str, Any]) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        with self._process:  # closes the pipes, whose end it takes for its own, and waits
            pass


class Call:
    """One call of the workflow, running."""

    def __init__(
        self,
        starter: Starter,
        directory: Path,
        output: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        limits: Sequence[tuple[str, int]] = (),
        whole: bool = False,
    ) -> None:
        self._starter = starter
        self._output = output
        self._status: int | None = None
        self.began = time.monotonic()
        self.process: int = starter.ask(
            {
                "start": {
                    "directory": str(directory),
                    "arguments": list(arguments),
                    "environment": dict(environment),
                    "limits": list(limits),
                    "output": str(self._output),
                    "whole": whole,
                }
            }
        )

    @property
    def output(self) -> str:
        return self._output.read_text("utf-8", errors="replace") if self._output.exists() else ""

    def ended(self) -> int | None:
        if self._status is None:
            self._status = self._starter.ask({"ended": self.process})
        return self._status

    def wait(self, seconds: float = TOO_LONG) -> int | None:
        """Its exit status; None if it runs on."""
        until = time.monotonic() + seconds
        while (status := self.ended()) is None and time.monotonic() < until:
            time.sleep(0.02)
        return status

    def wait_for(self, happened: Callable[[], Any]) -> Any:
        """What has happened, or None where the call has ended before or takes too long."""
        while not (found := happened()):
            if self.ended() is not None or time.monotonic() > self.began + TOO_LONG:
                return None
            time.sleep(0.02)
        return found

    def script(self, rule: str) -> psutil.Process | None:
        """The script of a rule, if it runs now."""
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            for child in psutil.Process(self.process).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    command = child.cmdline()
                    if command and command[-1].endswith(f".{rule}.py"):
                        return child
        return None

    def signal(self, number: signal.Signals, group: bool = False) -> None:
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process, number)

    def end(self) -> None:
        """Kill whatever is left of it."""
        if self.ended() is None:
            self.signal(signal.SIGCONT, group=True)
        self.signal(signal.SIGKILL, group=True)
        self.wait()


@contextmanager
def running(*arguments: Any, **more: Any) -> Iterator[Call]:
    call = Call(*arguments, **more)
    try:
        yield call
    finally:
        call.end()
