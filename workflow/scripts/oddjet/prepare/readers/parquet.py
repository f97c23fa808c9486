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
        self, columns: Sequence[str], rows: int, most: int | None
    ) -> Iterator[Mapping[str, np.ndarray]]:
        with ParquetFile(self.file) as content:
            for batch in content.iter_batches(rows, columns=list(columns)):
                yield {
                    name: rectangular(self.file, name, batch.column(name), most) for name in columns
                }


def contents(file: Path) -> Contents:
    """The one table of a file, which has no name."""
    return Contents(tables=[ParquetTable.open(file)])
