"""Score jets with a file that `snakemake publish` made.

It needs neither Snakemake nor PyTorch, but onnxruntime. The jets lie in a file, or in several, of
any format that the workflow reads, in the layout of those that the model was trained on.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddjet import __version__
from oddjet.common import hdf5_files
from oddjet.common.errors import InputError
from oddjet.common.files import replacing, sha256
from oddjet.prepare.images import Images

TOGETHER = 256  # jets in a batch


@dataclass(frozen=True)
class Score:
    """An anomaly score as ONNX.

    Attributes:
        file: that it is from.
        facts: its metadata, read from JSON where they are.
    """

    file: Path
    session: Any
    facts: Mapping[str, Any]

    @classmethod
    def open(cls, file: str | Path) -> "Score":
        """Read a score.

        Raises:
            InputError: onnxruntime is not installed, or the file is no score that oddjet wrote.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError(
                file, "no package onnxruntime to run it", "onnxruntime", "pip install onnxruntime"
            ) from error
        file = Path(file)
        wanted, hint = "a score as ONNX", "name a file of results/publication/scores."
        if not file.is_file():
            raise InputError(file, "no such file", wanted, hint)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors, which are raised as well
        try:
            session = onnxruntime.InferenceSession(file, options)
            texts = session.get_modelmeta().custom_metadata_map
            facts = {name: _json(text) for name, text in texts.items()}
            missing = {"cuts", "images", "input"} - facts.keys()
        except Exception as error:  # of onnxruntime, which has a class for each reason
            raise InputError(file, f"that it cannot be read ({error})", wanted, hint) from error
        if missing:
            raise InputError(file, "a graph without " + ", ".join(sorted(missing)), wanted, hint)
        return cls(file, session, facts)

    def __call__(self, images: Images) -> dict[str, np.ndarray]:
        """Score jets.

        Returns:
            By name the outputs, the `anomaly_score` (n,) and what it is made of, (n, ...): a row
            for each of the files, NaN where there is no jet.

        Raises:
            InputError: the jets cannot be used.
        """
        names = [output.name for output in self.session.get_outputs()]
        found: dict[str, np.ndarray] = {}
        for place, given in self._given(images):
            for start in range(0, len(place), TOGETHER):
                some = slice(start, start + TOGETHER)
                inputs = {name: values[some] for name, values in given.items()}
                for name, values in zip(names, self.session.run(names, inputs), strict=True):
                    shape = (len(images), *values.shape[1:])
                    whole = found.setdefault(name, np.full(shape, np.nan, values.dtype))
                    whole[place[some]] = values
        return found

    def _given(self, images: Images) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Yield places (n,) among the rows, and the inputs of these jets."""
        expected = self.facts["input"]
        if "features" not in expected:
            for rows, values in images.raw_pieces():
                yield rows, {expected["name"]: values.astype(expected["type"])}
            return
        for piece in images.pieces():
            features = {name: piece.features[name] for name in expected["features"]}
            yield piece.place, {n: one.astype(expected["type"]) for n, one in features.items()}

    def check_shape(self, images: Images) -> None:
        """Refuse jets that are of another shape than those that the model was trained on.

        Raises:
            InputError: they are.
        """
        rows = self.facts["jets"] if "jets" in self.facts else self.facts["input"]
        expected, found = rows["shape"], images.raw.shape
        fits = len(found) == len(expected) and all(
            size == side or isinstance(side, str)
            for size, side in zip(found, expected, strict=True)
        )
        if not fits:
            raise InputError(
                images.raw.file,
                f"array '{images.raw.key}' of shape {found}",
                f"({', '.join(map(str, expected))}), as {self.file} takes them",
                "a score is for jets made as those that it was trained on.",
            )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def apply(
    score: Score, files: Sequence[str | Path], output: str | Path, key: str | None = None
) -> dict[str, Any]:
    """Score all jets of a sample.

    Writes HDF5: `anomaly_score` (N,) float32 and with it `latent` (N, d) float32, or of the weak
    tagger `log_odds` (N, bags, folds) float64, a row for each of the files, one behind the other,
    NaN where there is no jet; `anomalous` (N,) bool, whether the score is beyond the first cut; in
    `cuts` for each of them (c,) `max_fpr`, `fpr_confidence`, `threshold`, `fpr`, `fpr_upper` and
    `passed`, the share of the jets beyond it; as attributes the metadata of the score, its SHA-256
    and that of each file.

    Args:
        score: to apply.
        files: of any format of `planning.formats`.
        output: HDF5 to write.
        key: name of the array or table, where a file has several.

    Returns:
        `rows`, `jets` among them, and the first cut, with `passed` and how many are `above` it.

    Raises:
        InputError: the files cannot be used, or the output cannot be written.
    """
    if Path(output).resolve() in {Path(file).resolve() for file in (score.file, *files)}:
        raise InputError(
            output, "one of the inputs", "another file to write", "name it with --output."
        )
    images = Images({"file": list(files), "key": key}, score.facts["images"])
    score.check_shape(images)
    found = score(images)
    scores = found["anomaly_score"]
    jets = np.isfinite(scores)
    if not jets.any():
        raise InputError(
            images.raw.file,
            f"no jet in {len(scores)} rows: they are blank, or empty within the crop",
            "at least one",
            "check that this is the array of jets.",
        )
    above = [np.count_nonzero(scores > cut["threshold"]) for cut in score.facts["cuts"]]
    cuts = [
        cut | {"passed": passed / np.count_nonzero(jets)}
        for cut, passed in zip(score.facts["cuts"], above, strict=True)
    ]
    with replacing(output) as partial, hdf5_files.create(partial, track_order=True) as target:
        for name, values in found.items():
            target[name] = values
        target["anomalous"] = scores > cuts[0]["threshold"]
        for name in cuts[0]:
            target[f"cuts/{name}"] = [cut[name] for cut in cuts]
        target.attrs["score"] = json.dumps(score.facts, sort_keys=True)
        target.attrs["score_sha256"] = sha256(score.file)
        target.attrs["jets_sha256"] = [sha256(file) for file in files]
        target.attrs["oddjet_version"] = __version__
    return {"rows": len(scores), "jets": int(jets.sum()), "above": above[0]} | cuts[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m oddjet.apply", description=__doc__)
    parser.add_argument("score", help="a file of results/publication/scores")
    parser.add_argument("jets", nargs="+", help="one file, or several of one sample")
    parser.add_argument("--key", help="name of the array or table, where a file has several")
    parser.add_argument("--output", default="scores.h5", help="HDF5 to write (scores.h5)")
    given = parser.parse_args(arguments)
    try:
        found = apply(Score.open(given.score), given.jets, given.output, given.key)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # what is read has errors of its own
        print(f"{given.output}: cannot be written: {error}.", file=sys.stderr)
        return 1
    print(
        f"{found['jets']} jets in {found['rows']} rows; {found['above']} of them, "
        f"{found['passed']:.1%}, are above the cut {found['threshold']:.6g}, whose false positive "
        f"rate is {found['fpr']:.3g}, at most {found['fpr_upper']:.3g} at "
        f"{found['fpr_confidence']:.0%} confidence.\nWritten: {given.output}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
