"""How every script begins."""

from collections.abc import Iterable
from pathlib import Path

from oddjet.common import files, logs


def begin(log: str | Path, inputs: Iterable[str | Path]) -> None:
    """Log to the file `log`, and make sure that the inputs are as the jobs before have made them.

    Raises:
        InputError: one of them is not.
    """
    logs.set_up(log)
    files.use(inputs)
