"""Logging for the scripts: everything goes to the rule's log file and to stderr."""

import logging
import sys
from pathlib import Path
from types import TracebackType

from oddjet.common.errors import InputError
from oddjet.common.files import WRITE_HINT, why_not_written


def set_up(path: str | Path) -> None:
    """Send INFO and above, warnings and uncaught exceptions to the file `path` and to stderr."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
        handlers=[
            logging.FileHandler(path, mode="w", encoding="utf-8"),
            logging.StreamHandler(sys.stderr),
        ],
        force=True,
    )
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a full disk may leave no room for the log file either
    sys.excepthook = _record_exception
    sys.unraisablehook = _record_unraisable


def _record_exception(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Log an uncaught exception, the user's own to mend without its traceback; leave Ctrl-C be."""
    if isinstance(error, InputError):
        logging.getLogger().critical("%s", error)
    elif issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    elif reason := why_not_written(error):  # h5py's, which come past all that could catch them
        logging.getLogger().critical("cannot write: %s.\nHint: %s", reason, WRITE_HINT)
    else:
        logging.getLogger().critical(
            "%s: %s", kind.__name__, error, exc_info=(kind, error, traceback)
        )


def _record_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Leave out what h5py tells here and as an exception, that an output cannot be written."""
    error = unraisable.exc_value
    if error is None or not why_not_written(error):
        sys.__unraisablehook__(unraisable)
