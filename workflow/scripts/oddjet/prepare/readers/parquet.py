"""Tables of Parquet files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyarrow.parquet import ParquetFile

from oddjet.prepare.columns import Contents, Table, rectangular


@dataclass(frozen=True)
class ParquetTable(Table):
    """The table of a Parquet file."""

    @classmethod
    def open(cls, file: Path) -> "ParquetTable":
        with ParquetFile(file) as content:
            return cls(file, "", tuple(content.schema_arrow.names), content.metadata.num_rows)

    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None, start: int
    ) -> Iterator[Mapping[str, np.ndarray]]:
        with ParquetFile(self.file) as content:
            groups = range(content.num_row_groups)
            behind = np.cumsum([content.metadata.row_group(group).num_rows for group in groups])
            first = int(np.searchsorted(behind, start, side="right"))
            skipped = start - int(behind[first - 1] if first else 0)
            for whole in content.iter_batches(rows, groups[first:], columns=list(columns)):
                batch = whole.slice(skipped)
                skipped -= len(whole) - len(batch)
                if not len(batch):
                    continue
                yield {
                    name: rectangular(self.file, name, batch.column(name), most) for name in columns
                }


def contents(file: Path) -> Contents:
    """The one table of a file, which has no name."""
    return Contents(tables=[ParquetTable.open(file)])
