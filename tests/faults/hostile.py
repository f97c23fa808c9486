"""Files that were damaged or made to harm, by the hundred: `python -m tests.faults.hostile`.

Hypothesis draws how valid small files are changed, above all in their headers: bytes flipped, cut,
put in or written over by absurd numbers; beside them some that are made to harm from the start:
bombs, lengths that lie, pickles that would run. Each is read as the workflow reads it, in another
process, so that a crash is seen.
"""

import argparse
import io
import json
import pickle
import resource
import select
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import awkward
import h5py
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import uproot
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

REPO = Path(__file__).resolve().parents[2]
EVENTS, SIDE, MOST = 24, 16, 6
MEMORY, SECONDS = 2048, 60  # MiB, s: no file may take more


class Harm:
    """What a pickle of it would run."""

    def __reduce__(self) -> tuple:
        return exec, ("raise SystemExit('executed')",)


# valid files


def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    found = np.zeros((EVENTS, SIDE, SIDE), np.float32)
    found[:, 4:12, 4:12] = rng.uniform(0, 1, (EVENTS, 8, 8))
    return found


def vectors() -> dict[str, list[list[float]]]:
    """Constituents, a list for each jet, of E, PX, PY, PZ."""
    rng = np.random.default_rng(0)
    momenta = rng.normal(0, 5, (EVENTS, MOST, 3)) + np.array([100, 0, 0])
    energies = np.sqrt((momenta**2).sum(axis=-1))
    columns = {"E": energies, "PX": momenta[..., 0], "PY": momenta[..., 1], "PZ": momenta[..., 2]}
    return {
        name: [jet[: 2 + i % 4].tolist() for i, jet in enumerate(values)]
        for name, values in columns.items()
    }


def npy(version: tuple[int, int] = (1, 0), **how: Any) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, how.get("array", images()), version, allow_pickle=True)
    return content.getvalue()


def npz(compression: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, member in (members or {"images": npy()}).items():
            archive.writestr(f"{name}.npy", member)
    return content.getvalue()


def hdf5(write: Callable[[h5py.File], Any], **how: Any) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w", **how) as file:
        write(file)
    return content.getvalue()


def on_disk(write: Callable[[Path], Any]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        write(path)
        return path.read_bytes()


def pandas_table(path: Path, layout: str) -> None:
    columns = {
        f"{name}_{i}": [jet[i] if i < len(jet) else 0.0 for jet in jets]
        for name, jets in vectors().items()
        for i in range(5)
    }
    pd.DataFrame(columns).to_hdf(path, key="table", format=layout)


def parquet(columns: dict[str, Any], **how: Any) -> bytes:
    table = pyarrow.table(columns)
    return on_disk(lambda path: pyarrow.parquet.write_table(table, path, **how))


def root_tree(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["jets"] = {name: awkward.Array(values) for name, values in vectors().items()}


def nested(file: h5py.File) -> None:
    file["deep/down/images"] = images()
    file["soft"] = h5py.SoftLink("/deep/down")
    file["deep/down/up"] = h5py.SoftLink("/deep")  # a circle
    file["gone"] = h5py.ExternalLink("missing.h5", "/images")
    file["self"] = h5py.ExternalLink("hostile.h5", "/soft")


def virtual(file: h5py.File) -> None:
    file["parts"] = images()
    layout = h5py.VirtualLayout((EVENTS, SIDE, SIDE), "f4")
    layout[:] = h5py.VirtualSource(".", "parts", (EVENTS, SIDE, SIDE))
    file.create_virtual_dataset("images", layout)


def chunked(file: h5py.File) -> None:
    file.create_dataset(
        "images", data=images(), chunks=(8, SIDE, SIDE), compression="gzip", fletcher32=True
    )


def unwritten(file: h5py.File, shape: tuple[int, ...]) -> None:
    file.create_dataset("images", shape, "f4", chunks=(1, *(min(side, 64) for side in shape[1:])))


HUGE = (2**40, SIDE, SIDE)


def header(description: str, version: int = 1) -> bytes:
    """An .npy file of this header and little data."""
    text = description.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + bytes(1024)


def described(shape: str, dtype: str = "'<f4'", order: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}}}\n"


DESCRIPTIONS = [
    described("(-1, 16, 16)"),
    described("(24, -16, -16)"),
    described(f"({2**62}, 16, 16)"),
    described(f"({2**63}, 16, 16)"),
    described(f"(24, {2**40}, {2**40})"),
    described("(24, 0, 16)"),
    described("()"),
    described("(24, 16, 16)", "'|O'"),
    described("(24, 16, 16)", "[('a', '<f4'), ('b', '|O')]"),
    described("(24, 16, 16)", f"'|V{2**31 - 1}'"),
    described("(24,)", f"'<U{2**29}'"),
    described("(24, 16, 16)", "'<f4'", "True"),
    described(f"({2**40}, 16, 16)", "'<f4'", "True"),
    described("(True, 16, 16)"),
    described("(24.0, 16, 16)"),
    described("(24, 16, 16)", "'<f16'"),
    described("(24, 16, 16)", "__import__('os').system('true')"),
    described("(" * 500 + ")" * 500),
    described("(24, 16, 16)", "(" * 3000 + "'<f4'" + ")" * 3000),
    "{" * 200,
    "",
    "\0" * 100,
    described(", ".join(["1"] * 70).join("()")),
]


def lying_zip(member: int, archive: int) -> bytes:
    """A zip whose local header and directory tell other sizes than there are."""
    content = bytearray(npz(zipfile.ZIP_STORED))
    directory = content.rindex(b"PK\x01\x02")
    struct.pack_into("<II", content, 18, member % 2**32, member % 2**32)
    struct.pack_into("<II", content, directory + 20, archive % 2**32, archive % 2**32)
    return bytes(content)


def bomb(size: int) -> bytes:
    """An image array of zeros, a thousand times smaller in its archive."""
    content = io.BytesIO()
    shape = (size // (4 * SIDE * SIDE), SIDE, SIDE)
    told = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("images.npy", "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array_header_1_0(member, told)
        for _ in range(size // 2**20):
            member.write(bytes(2**20))
    return content.getvalue()


def objects() -> bytes:
    return npy(array=np.array([Harm()] * EVENTS, dtype=object))


def pandas_pickle(path: Path) -> None:
    pandas_table(path, "table")
    with h5py.File(path, "a") as file:
        file["table/table"].attrs["values_block_0_kind"] = np.void(pickle.dumps(Harm()))


@dataclass(frozen=True)
class Valid:
    """A file that can be read, as this `key` of a sample, in this layout of images."""

    content: bytes
    key: str | None = None
    layout: str = "channels_last"


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        suffix: of its name.
        valid: of which others are made.
        made: to harm.
    """

    suffix: str
    valid: list[Valid]
    made: list[bytes]


def formats() -> dict[str, Format]:
    tables = [
        on_disk(lambda path, layout=layout: pandas_table(path, layout))
        for layout in ("table", "fixed")
    ]
    return {
        ".npy": Format(
            ".npy",
            [
                Valid(content)
                for content in (npy(), npy((2, 0)), npy(array=np.asfortranarray(images())))
            ],
            [header(text, version) for text in DESCRIPTIONS for version in (1, 2)] + [objects()],
        ),
        ".npz": Format(
            ".npz",
            [
                Valid(npz()),
                Valid(npz(zipfile.ZIP_STORED)),
                Valid(npz(a=npy(), images=npy(array=np.asfortranarray(images()))), "images"),
            ],
            [
                *(npz(images=header(text)) for text in DESCRIPTIONS),
                npz(images=objects()),
                npz(**{"../../images": npy()}),
                npz(**{"/etc/passwd": npy()}),
                npz(zipfile.ZIP_BZIP2),
                npz(zipfile.ZIP_LZMA),
                bomb(2**29),
                *(
                    lying_zip(a, b)
                    for a in (0, 7, 2**31, 2**32 - 1)
                    for b in (0, 7, 2**31, 2**32 - 1)
                ),
                npz(images=npz()),
            ],
        ),
        "HDF5": Format(
            ".h5",
            [
                Valid(hdf5(lambda file: file.create_dataset("images", data=images()))),
                Valid(hdf5(chunked)),
                Valid(hdf5(chunked, libver="latest")),
                Valid(hdf5(nested), "soft/images"),
                Valid(hdf5(virtual), "images"),
                *(Valid(table, layout="constituents") for table in tables),
            ],
            [
                hdf5(lambda file: unwritten(file, HUGE)),
                hdf5(lambda file: unwritten(file, (EVENTS, 2**20, 2**20))),
                hdf5(lambda file: unwritten(file, (2**21, SIDE, SIDE))),
                hdf5(lambda file: file.create_dataset("images", (0, SIDE, SIDE), "f4")),
                hdf5(lambda file: file.create_dataset("images", dtype="f4", data=h5py.Empty("f4"))),
                hdf5(
                    lambda file: file.create_dataset(
                        "images", (EVENTS,), h5py.special_dtype(vlen=np.float32)
                    )
                ),
                hdf5(lambda file: file.create_dataset("images", (EVENTS,), h5py.ref_dtype)),
                hdf5(
                    lambda file: file.create_dataset(
                        "images", (EVENTS, SIDE, SIDE), "f4", external=[("/etc/passwd", 0, 10**6)]
                    )
                ),
                hdf5(lambda file: [file.create_group("/".join("a" * 300))]),
                on_disk(pandas_pickle),
            ],
        ),
        "Parquet": Format(
            ".parquet",
            [
                Valid(parquet(vectors()), layout="constituents"),
                Valid(
                    parquet(
                        vectors(), compression="zstd", use_dictionary=False, data_page_version="2.0"
                    ),
                    layout="constituents",
                ),
            ],
            [
                parquet(vectors() | {"E": [None] * EVENTS}),
                parquet(vectors() | {"E": ["a"] * EVENTS}),
                parquet(vectors() | {"E": [[[1.0]]] * EVENTS}),
                parquet({name: jets[:0] for name, jets in vectors().items()}),
                b"PAR1" + struct.pack("<I", 2**31 - 1) + b"PAR1",
                b"PAR1" + struct.pack("<I", 0) + b"PAR1",
            ],
        ),
        "ROOT": Format(
            ".root",
            [Valid(on_disk(root_tree), layout="constituents")],
            [b"root", b"root" + bytes(300), b"root" + b"\xff" * 300],
        ),
    }


KINDS = (".npy", ".npz", "HDF5", "Parquet", "ROOT")
NUMBERS = [
    0,
    1,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
]


@st.composite
def damaged(draw: st.DrawFn, valid: Sequence[bytes]) -> tuple[int, bytes]:
    """A valid file, by its place among them, with a few changes, most of them near its ends."""
    place = draw(st.integers(0, len(valid) - 1))
    content = bytearray(valid[place])
    for _ in range(draw(st.integers(1, 6))):
        size = max(1, len(content))
        near = draw(st.sampled_from(["start", "end", "anywhere"]))
        reach = size if near == "anywhere" else min(size, 512)
        at = draw(st.integers(0, reach - 1))
        at = size - 1 - at if near == "end" else at
        match draw(
            st.sampled_from(
                ["flip", "flip", "number", "number", "cut", "put in", "take out", "copy"]
            )
        ):
            case "flip":
                if at < len(content):
                    content[at] ^= 1 << draw(st.integers(0, 7))
            case "number":
                form = draw(st.sampled_from(["B", "<H", "<I", "<Q", ">H", ">I", ">Q"]))
                number = draw(st.sampled_from(NUMBERS)) % 2 ** (8 * struct.calcsize(form))
                content[at : at + struct.calcsize(form)] = struct.pack(form, number)
            case "cut":
                del content[at:]
            case "put in":
                content[at:at] = draw(st.binary(min_size=1, max_size=16))
            case "take out":
                del content[at : at + draw(st.integers(1, 16))]
            case "copy":
                length = draw(st.integers(1, 64))
                content[at : at + length] = content[-length:]
    return place, bytes(content)


# configurations

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63), 10**400, 1e308, -0.0])
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(
        [
            "../../etc",
            "/",
            "~",
            "%s",
            "{x}",
            "${HOME}",
            "`true`",
            "\0",
            "a" * 3000,
            "*" * 50,
            "**/*",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4)
    ),
    max_leaves=8,
)
TEXTS = [
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    + "models: {S: {latent: *j}}\n",
    "models: &m {S: *m}\n",
    "models: !!python/object/apply:os.system ['true']\n",
    "models: !!python/name:os.system\n",
    "seeds: !!binary aGFsbG8=\n",
    "? {a: b}\n: c\n",
    "? [seeds]\n: c\n",
    "- a\n- b\n",
    "seeds: [" * 300 + "]" * 300,
    '{"seeds": ' + "[" * 20000 + "]" * 20000 + "}",
    '{"seeds": NaN, "split": {"control": Infinity}}',
    '{"seeds": 1e999}',
    '{"seeds": ' + "9" * 5000 + "}",
    "seeds: " + "9" * 5000 + "\n",
    "<<: {seeds: [1]}\n",
    "<<: [1]\n",
    "%YAML 9.9\n---\nseeds: [1]\n",
    "seeds: [1]\n---\nseeds: [2]\n",
    "seeds: [1]\nseeds: [2]\n",
    "\ufeffseeds: [1]\n",
    "seeds:\t[1]\n",
    "",
    "~\n",
    "null\n",
    "seeds: 2020-13-45\n",
    "seeds: 12:30:45\n",
    "models: {S: {latent: 0x7fffffffffffffffffff}}\n",
]


@st.composite
def configurations(draw: st.DrawFn) -> bytes:
    """The default configuration with keys that hold something else, or as a damaged text."""
    whole = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
    if draw(st.booleans()):
        for _ in range(draw(st.integers(1, 3))):
            where: Any = whole
            while True:
                key = draw(st.sampled_from(sorted(where, key=str)))
                inner = where[key]
                if not (isinstance(inner, dict) and inner and draw(st.booleans())):
                    break
                where = inner
            if draw(st.booleans()):
                where[key] = draw(VALUES)
            else:
                where[draw(st.text(max_size=12) | st.integers() | st.dates())] = draw(VALUES)
        text = yaml.safe_dump(whole, allow_unicode=True)
        if draw(st.booleans()):
            text = json.dumps(whole, default=str, skipkeys=True)
        return text.encode("utf-8", "surrogatepass")
    text = json.dumps(whole) if draw(st.booleans()) else yaml.safe_dump(whole)
    _, content = draw(damaged([text.encode()]))
    return content


# reading


class Reader:
    """A process that reads files; another one after each that it does not survive."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, kind: str, file: Path) -> dict[str, Any]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("reading.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=file.parent,
                preexec_fn=_limit,
            )
        process = self._process
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({"kind": kind, "file": str(file)}) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], SECONDS + 30)
        answer = process.stdout.readline() if ready else ""
        if answer:
            found = json.loads(answer)
            if found["mib"] > MEMORY:  # the most that a process ever had: the next case has its own
                self.close()
            return found
        self.close()
        said = f"exit status {process.returncode}" if ready else f"no answer in {SECONDS + 30} s"
        return {"outcome": "failed", "said": f"the reader died: {said}", "seconds": 0, "mib": 0}

    def close(self) -> None:
        if self._process:
            self._process.kill()
            with self._process:  # waits, and closes the pipes
                pass
            self._process = None


def _limit() -> None:
    """Memory beyond which nothing is allocated, so that a bomb fails here and not the machine."""
    resource.setrlimit(resource.RLIMIT_DATA, (3 * 2**30, 3 * 2**30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass
class Tally:
    """What came of the cases so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    mib: float = 0.0

    def __str__(self) -> str:
        found = ", ".join(
            f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items())
        )
        return f"{found}; at most {self.seconds:.1f} s and {self.mib:.0f} MiB"


def judge(answer: dict[str, Any], tally: Tally) -> str:
    """What is wrong with an answer; empty where nothing is."""
    tally.outcomes[answer["outcome"]] += 1
    tally.seconds = max(tally.seconds, answer["seconds"])
    tally.mib = max(tally.mib, answer["mib"])
    if answer["outcome"] == "failed":
        return answer["said"]
    if answer["seconds"] > SECONDS:
        return f"it took {answer['seconds']:.0f} s"
    return f"it took {answer['mib']:.0f} MiB" if answer["mib"] > MEMORY else ""


@contextmanager
def reader() -> Iterator[Reader]:
    process = Reader()
    try:
        yield process
    finally:
        process.close()


def try_format(name: str, count: int, number: int, folder: Path) -> Tally:
    """Read `count` hostile files of a format; all that are made to harm are among them.

    Raises:
        AssertionError: one of them did harm, with the smallest such file that was found.
    """
    kind, tally = formats()[name], Tally()
    file = folder / f"hostile{kind.suffix}"
    config = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
    told = {name: config[name] for name in ("preprocessing", "split")}

    with reader() as process:

        def harmless(content: bytes, key: str | None, layout: str) -> None:
            sample = {"key": key} if key else {}
            images_as = config["images"] | {"layout": layout}
            file.write_bytes(content)
            settings = json.dumps(told | {"sample": sample, "images": images_as})
            file.with_suffix(".json").write_text(settings, "utf-8")
            wrong = judge(process.ask("sample", file), tally)
            if wrong:
                (folder / f"harmful{kind.suffix}").write_bytes(content)
            assert not wrong, wrong

        for one in kind.valid:
            harmless(one.content, one.key, one.layout)
        assert tally.outcomes["read"] == len(kind.valid), "a valid file was refused"
        for content in kind.made:
            for layout in ("channels_last", "constituents"):
                harmless(content, None, layout)

        @seed(number)
        @_settings(max(1, count - 2 * len(kind.made)))
        @given(damaged([one.content for one in kind.valid]))
        def try_damaged(drawn: tuple[int, bytes]) -> None:
            place, content = drawn
            harmless(content, kind.valid[place].key, kind.valid[place].layout)

        try_damaged()
    return tally


def try_configurations(count: int, number: int, folder: Path) -> Tally:
    """The same of configurations, YAML and JSON."""
    file, tally = folder / "hostile.yaml", Tally()
    with reader() as process:

        def harmless(content: bytes) -> None:
            file.write_bytes(content)
            wrong = judge(process.ask("configuration", file), tally)
            if wrong:
                (folder / "harmful.yaml").write_bytes(content)
            assert not wrong, wrong

        for text in TEXTS:
            harmless(text.encode())

        @seed(number)
        @_settings(max(1, count - len(TEXTS)))
        @given(configurations())
        def try_drawn(content: bytes) -> None:
            harmless(content)

        try_drawn()
    return tally


def _settings(count: int) -> settings:
    return settings(
        max_examples=count,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="files of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[*KINDS, "configuration"])
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in [given.only] if given.only else [*KINDS, "configuration"]:
            try:
                if name == "configuration":
                    tally = try_configurations(given.count, given.seed, Path(folder))
                else:
                    tally = try_format(name, given.count, given.seed, Path(folder))
                print(f"{name}: {tally}", flush=True)
            except AssertionError as error:
                failed = True
                print(f"{name}: HARM: {error}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
