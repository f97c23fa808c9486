"""Trees of ROOT files, and other tables in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddjet.common.errors import InputError
from oddjet.prepare.columns import Contents, Table, rectangular


@dataclass(frozen=True)
class RootTree(Table):
    """A tree, or another table, of a ROOT file."""

    @classmethod
    def all_of(cls, file: Path) -> Iterator["RootTree"]:
        """The trees of a file, each in its last cycle."""
        uproot = _uproot(file)
        with uproot.open(file) as content:
            kinds = content.classnames(cycle=False)
            for key in (key for key, kind in kinds.items() if kind in ("TTree", "ROOT::RNTuple")):
                tree = content[key]
                yield cls(file, key, tuple(tree.keys(recursive=False)), tree.num_entries)

    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None, start: int
    ) -> Iterator[Mapping[str, np.ndarray]]:
        import awkward

        with _uproot(self.file).open(self.file) as content:
            batches = content[self.key].iterate(
                list(columns), step_size=rows, library="ak", entry_start=start
            )
            for batch in batches:
                yield {
                    name: rectangular(
                        self.file,
                        name,
                        awkward.to_arrow(batch[name], extensionarray=False),
                        most,
                    )
                    for name in columns
                }


def _uproot(file: Path) -> Any:
    try:
        import uproot
    except ImportError as error:
        raise InputError(
            file,
            "a ROOT file, and uproot is not installed",
            "uproot and awkward, to read it",
            "pip install -r requirements-root.txt",
        ) from error
    return uproot


def contents(file: Path) -> Contents:
    """The trees of a file.

    Raises:
        InputError: uproot is not installed.
    """
    return Contents(tables=list(RootTree.all_of(file)))
