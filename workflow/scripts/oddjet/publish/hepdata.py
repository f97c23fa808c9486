"""A submission to HEPData (https://www.hepdata.net): the numbers behind the figures of a run.

Names of models and tests are values and qualifiers alone: names of tables become names of files.
"""

import contextlib
import io
import logging
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import hepdata_lib
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.image import thumbnail

from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL
from oddjet.common.rounding import reciprocal
from oddjet.estimate.trust import SYSTEMATIC

LICENCES = "https://spdx.org/licenses"
THUMBNAIL = 0.2  # of the size of its figure
MISSING = "-"  # what HEPData shows where there is no number


@dataclass(frozen=True)
class Picture:
    """A figure: where it lies, what its file is called in the submission, and what it shows."""

    file: str
    name: str
    title: str
    caption: str


Illustrated = tuple[hepdata_lib.Table, Picture]


class Submission(hepdata_lib.Submission):
    """A submission under a licence of the user's own choice."""

    def __init__(self, licence: str) -> None:
        super().__init__()
        self.licence = licence

    def get_license(self) -> dict[str, str]:
        return {"name": self.licence, "url": f"{LICENCES}/{self.licence}.html"}


def fractions_table(
    summary: pd.DataFrame, budget: pd.DataFrame, confidence: float
) -> hepdata_lib.Table:
    """The fraction of each model and test with its statistical and systematic uncertainties.

    The systematic ones are those sources of the uncertainty budget that the total interval holds.

    Args:
        summary: as summary.csv.
        budget: as tables/uncertainty_budget.csv.
        confidence: of the intervals.
    """
    table = hepdata_lib.Table("Anomalous fractions")
    for name, column in (("Model", "model"), ("Test", "test")):
        table.add_variable(_variable(name, summary[column]))
    fraction = _variable("Anomalous fraction", summary.fraction, is_independent=False)
    fraction.add_qualifier("Confidence of the intervals", confidence)
    statistical = zip(
        summary.low_statistical - summary.fraction,
        summary.high_statistical - summary.fraction,
        strict=True,
    )
    sources = {"stat": list(statistical)}
    reach = budget.set_index(["model", "test", "source"])
    pairs = list(zip(summary.model, summary.test, strict=True))
    for source in [one for one in SYSTEMATIC if one in set(budget.source)]:
        rows = [reach.loc[(*pair, source)] for pair in pairs]
        sources[f"sys,{source}"] = [(0 - row.down, row.up) for row in rows]
    for label, values in sources.items():
        uncertainty = hepdata_lib.Uncertainty(label, is_symmetric=False)
        uncertainty.values = values
        fraction.add_uncertainty(uncertainty)
    table.add_variable(fraction)
    for name, column in (
        ("Estimator", "estimator"),
        ("Believable", "believable"),
        ("Headline of the test", "headline"),
        ("Upper limit of the fraction at 95% confidence", "upper_limit_95"),
        ("Significance of an excess, the search over cuts included", "significance"),
        ("False positive rate of the cut", "false_positive_rate"),
        ("Upper limit of the false positive rate", "fpr_upper"),
    ):
        table.add_variable(_variable(name, summary[column], is_independent=False))
    return table


def roc_table(number: int, model: str, points: pd.DataFrame, background: str) -> hepdata_lib.Table:
    """The ROC curve of a model, all its seeds together.

    Args:
        number: of the table.
        model: its name.
        points: `test, fpr, tpr` of one curve.
        background: which jets the false positives are of.
    """
    table = hepdata_lib.Table(f"ROC curve {number}")
    table.add_variable(_variable("False positive rate", points.fpr))
    rate = _variable("True positive rate", points.tpr, is_independent=False)
    rate.add_qualifier("Model", model)
    rate.add_qualifier("Test", points.test.iloc[0])
    rate.add_qualifier("Background", background)
    table.add_variable(rate)
    return table


def scores_table(
    number: int,
    model: str,
    seeds: str,
    scores: Mapping[str, np.ndarray],
    edges: np.ndarray,
) -> hepdata_lib.Table:
    """How many control jets and jets of each test there are in bins of the anomaly score.

    Args:
        number: of the table.
        model: its name.
        seeds: which of them the scores are of.
        scores: by sample part, control and the tests, (N,).
        edges: of the bins.
    """
    table = hepdata_lib.Table(f"Anomaly scores {number}")
    bins = list(pairwise(edges))
    table.add_variable(hepdata_lib.Variable("Anomaly score", is_binned=True, values=bins))
    for part, values in scores.items():
        counts = np.histogram(values, edges)[0]
        jets = _variable("Jets", counts, is_independent=False)
        jets.digits = len(str(len(values)))  # or hepdata_lib rounds them
        jets.add_qualifier("Model", model)
        jets.add_qualifier("Seed", seeds)
        jets.add_qualifier("Sample", "control" if part == CONTROL else part)
        jets.add_qualifier("Jets in the sample, those beyond the bins included", len(values))
        table.add_variable(jets)
    return table


def excess_tables(
    excess: pd.DataFrame, names: Mapping[str, str], units: Mapping[str, str]
) -> list[hepdata_lib.Table]:
    """The density of the excess of each test in each quantity that is shown; none for no excess.

    Args:
        excess: as tables/excess.csv, of one model.
        names: what quantities are called, by their names in the table.
        units: of each.
    """
    tables = []
    for number, test in enumerate(excess.test.unique(), 1):
        for quantity, name in names.items():
            rows = excess[(excess.test == test) & (excess.quantity == quantity)]
            if rows.empty:
                continue
            table = hepdata_lib.Table(f"Excess of test {number} in {quantity}")
            unit = units[quantity]
            bins = list(zip(rows.low_edge, rows.high_edge, strict=True))
            table.add_variable(hepdata_lib.Variable(name, is_binned=True, units=unit, values=bins))
            density = _variable("Density of the anomalous jets", rows.density, is_independent=False)
            density.units = reciprocal(unit) if unit else ""
            density.add_qualifier("Model", rows.model.iloc[0])
            density.add_qualifier("Test", test)
            uncertainty = hepdata_lib.Uncertainty("total")
            uncertainty.values = list(rows.uncertainty)
            density.add_uncertainty(uncertainty)
            table.add_variable(density)
            tables.append(table)
    return tables


def write(
    path: str | Path,
    tables: Sequence[Illustrated],
    comment: str,
    licence: str,
    resources: Mapping[str, str],
) -> None:
    """Write a submission as a zip archive, the same for the same tables, and validate it.

    Args:
        path: of the archive.
        tables: each with the figure whose numbers it holds.
        comment: what it is, as an abstract.
        licence: its SPDX identifier.
        resources: further files by what they are.

    Raises:
        AssertionError: HEPData's validator refuses it; what it says is logged.
    """
    submission = Submission(licence)
    submission.comment = _plain_text(comment)
    for description, file in resources.items():
        submission.add_additional_resource(description, str(Path(file).resolve()), copy_file=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "figures")
        figures.mkdir()
        for table, picture in tables:
            _illustrate(table, picture, figures)
            submission.add_table(table)
        said = io.StringIO()
        try:
            # it writes an archive, with times in it, into the working directory
            with contextlib.chdir(folder), contextlib.redirect_stdout(said):
                submission.create_files("submission", validate=True)
        finally:
            if said.getvalue():
                logging.getLogger(__name__).warning("hepdata_lib says: %s", said.getvalue())
        with replacing(path) as partial:
            archive(partial, sorted(Path(folder, "submission").iterdir()))


def archive(path: str | Path, files: Iterable[Path]) -> None:
    """Write files into a zip archive, by their names and without their times."""
    with zipfile.ZipFile(path, "w") as zipped:
        for file in files:
            member = zipfile.ZipInfo(file.name)  # of 1980-01-01
            member.external_attr = 0o644 << 16
            zipped.writestr(member, file.read_bytes(), zipfile.ZIP_DEFLATED)


def _illustrate(table: hepdata_lib.Table, picture: Picture, folder: Path) -> None:
    """Describe a table by the caption of its figure; add the figure and a thumbnail of it.

    hepdata_lib would call ImageMagick for both, which is not everywhere.
    """
    table.description = _plain_text(picture.caption)
    table.location = f"Figure: {picture.title}"
    table.keywords["phrases"] = ["Anomaly detection", "Jet substructure", "Machine learning"]
    image, small = (folder / f"{prefix}{picture.name}.png" for prefix in ("", "thumb_"))
    if not image.exists():
        image.write_bytes(Path(picture.file).read_bytes())
        with mpl.rc_context({"figure.constrained_layout.use": False}):  # there are no axes
            thumbnail(str(image), str(small), THUMBNAIL)
    table.add_additional_resource("Image file", str(image), copy_file=True)
    table.add_additional_resource("Thumbnail image file", str(small), copy_file=True)


def _plain_text(text: str) -> str:
    """A caption of reStructuredText as one line."""
    return " ".join(text.replace("``", "").split())


def _variable(
    name: str, values: Iterable[object], is_independent: bool = True
) -> hepdata_lib.Variable:
    """A variable of numbers or texts; what is no finite number is missing."""
    cells = [
        MISSING if isinstance(value, float) and not np.isfinite(value) else _plain(value)
        for value in values
    ]
    return hepdata_lib.Variable(
        name,
        is_independent=is_independent,
        is_binned=False,
        values=cells,
        zero_uncertainties_warning=False,  # an empty bin of the excess has none
    )


def _plain(value: object) -> object:
    """A number of NumPy as one of Python's, a truth value as text."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return value.item() if isinstance(value, np.generic) else value
