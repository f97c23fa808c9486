"""The one error that a user can mend: something is wrong with what was given."""

from pathlib import Path


class InputError(Exception):
    """Input that cannot be used.

    Its text names the file, what was found there, what was expected, and what to do.
    """

    def __init__(self, file: str | Path, found: str, expected: str, hint: str) -> None:
        super().__init__(f"{file}: found {found}; expected {expected}.\nHint: {hint}")
