"""HDF5 files of which no write fails unnoticed."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py


@contextmanager
def create(path: str | Path, track_order: bool = False) -> Iterator[h5py.File]:
    """Create an HDF5 file for the block.

    HDF5 keeps what it is to write until a dataset is closed, and h5py drops the error of a write
    that fails then: the file looks whole, with zeros where the values were.

    Raises:
        OSError: of the first write that failed, when the block ends.
    """
    with _Remembering(path, "w+b") as raw:
        try:
            with h5py.File(raw, "w", track_order=track_order) as file:
                yield file
        finally:
            if raw.failure:
                raise raw.failure


class _Remembering(io.FileIO):
    """A file that remembers the first of its calls that failed.

    HDF5 is not told: some of its ways out of a failed write end the process.
    """

    failure: OSError | None = None

    def write(self, data: memoryview) -> int:  # type: ignore[override]
        left = memoryview(data).cast("B")
        try:
            while left:  # the system may write less than it is given
                left = left[super().write(left) :]
        except OSError as error:
            self.failure = self.failure or error
        return memoryview(data).nbytes

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return self.tell() if size is None else size
