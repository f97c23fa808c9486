"""The methods of a run in words, an appendix of a paper: a template filled in with what was done.

`workflow/report/publication` holds the template and the bibliography. Steps that are switched off
and what was not measured have no sentence.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import h5py
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from oddjet.publish.preparation import Preparation

TEMPLATES = Path(__file__).parents[3] / "report" / "publication"
ENTRY = re.compile(r"@\w+\{([^,]+),\n(.*?)\n\}", re.DOTALL)
FIELD = re.compile(r"  (\w+) = \{(.*)\},")
ACCENTS = {r"{\"a}": "ä", r"{\"o}": "ö", r"{\"u}": "ü", r"{\'e}": "é"}
MANY_FILES = 20  # of a sample, beyond which they are not listed


@dataclass
class Bibliography:
    """BibTeX entries by their keys, and which of them are cited, in the order of citation."""

    entries: Mapping[str, str]
    cited: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: str | Path = TEMPLATES / "references.bib") -> "Bibliography":
        text = Path(path).read_text("utf-8")
        return cls({match[1]: match[0] for match in ENTRY.finditer(text)})

    def cite(self, *keys: str) -> str:
        """A citation as Pandoc reads it.

        Raises:
            KeyError: there is no such entry.
        """
        for key in keys:
            if key not in self.entries:
                raise KeyError(key)
            if key not in self.cited:
                self.cited.append(key)
        return "[" + "; ".join(f"@{key}" for key in keys) + "]"

    def listed(self) -> list[str]:
        """What is cited so far, a line each."""
        return [f"[@{key}] {_in_words(self.entries[key])}" for key in sorted(self.cited)]

    def bibtex(self) -> str:
        """What is cited so far, as BibTeX."""
        return "\n\n".join(self.entries[key] for key in sorted(self.cited)) + "\n"


def _in_words(entry: str) -> str:
    for written, letter in ACCENTS.items():
        entry = entry.replace(written, letter)
    fields = {name: re.sub(r"[{}]", "", value) for name, value in FIELD.findall(entry)}
    authors = [" ".join(reversed(one.split(", "))) for one in fields["author"].split(" and ")]
    names = ", ".join(authors).replace(", others", " et al.")
    place = " ".join(fields[name] for name in ("journal", "booktitle", "volume") if name in fields)
    pages = f" {fields['pages']}" if "pages" in fields else ""
    where = f"{place} ({fields['year']}){pages}" if place else f"({fields['year']})"
    eprint = f", arXiv:{fields['eprint']}" if "eprint" in fields else ""
    return f"{names}, *{fields['title']}*, {where}{eprint}."


def render(bibliography: Bibliography, **content: Any) -> str:
    """Fill in the template of methods.md; what it cites is marked in the bibliography."""
    environment = Environment(  # of Markdown, in which names are escaped by `name`
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "name": name,
        "names": lambda many: enumerated([name(one) for one in many]),
        "listed": enumerated,
        "number": number,
        "measured": measured,
        "percent": percent,
        "link": lambda path: quote(path),
    }
    environment.globals |= {
        "cite": bibliography.cite,
        "references": bibliography.listed,
        "rows": rows,
        "infinity": math.inf,
    }
    text = environment.get_template("methods.md.j2").render(**content)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def name(text: object) -> str:
    """A name of the user's as code, in a sentence or in a cell of a table."""
    inside = str(text).replace("|", r"\|")
    return f"`` {inside} ``" if "`" in inside else f"`{inside}`"


def rows(table: pd.DataFrame, **of: object) -> pd.DataFrame:
    """The rows of a table with these values in these columns."""
    for column, value in of.items():
        table = table[table[column] == value]
    return table


def enumerated(texts: Iterable[object]) -> str:
    """Texts as a part of a sentence: a, b and c."""
    *most, last = [str(text) for text in texts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def number(value: float | None, digits: int = 3) -> str:
    """A number to so many digits behind the point, fewer for larger ones; a dash for none."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞"
    if value and abs(value) < 10.0**-digits:
        return f"{value:.1e}"
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.{min(digits, 1)}f}"


def measured(value: float, uncertainty: float) -> str:
    """A value with its uncertainty to two significant digits, and no more digits itself."""
    if not 0 < uncertainty < math.inf:
        return number(value)
    digits = max(0, 1 - math.floor(math.log10(uncertainty)))
    return f"{value:.{digits}f} ± {uncertainty:.{digits}f}"


def percent(share: float) -> str:
    """A share in percent: 68%, 0.5%."""
    return f"{100 * share:g}%" if round(1000 * share) == 1000 * share else f"{100 * share:.1f}%"


def prepared(path: str | Path) -> dict[str, Any]:
    """What a preparation came to: `shape` (C, H, W), and in raw pixels `crop` and `raw_side`.

    Args:
        path: a prepared sample. Without a crop its images are kept whole.
    """
    preparation = Preparation.read(path)
    with h5py.File(path) as sample:
        shape = sample.attrs["shape"].tolist()
    side = max(preparation.shape[1:])
    return {"shape": shape, "crop": preparation.steps["crop"] or side, "raw_side": side}


def same_preprocessing(
    settings: Mapping[str, Mapping[str, Any]], measured: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Models by the preprocessing that they share, in the order of the models.

    Args:
        settings: by model, with its `preprocessing`.
        measured: by model, what its preparation found.

    Returns:
        Of each group `models`, `steps` (the preprocessing), and what was measured.
    """
    groups: list[dict[str, Any]] = []
    for model, setting in settings.items():
        steps = setting["preprocessing"]
        for group in groups:
            if group["steps"] == steps:
                group["models"].append(model)
                break
        else:
            groups.append({"models": [model], "steps": steps} | dict(measured[model]))
    return groups


def files_of(
    samples: Mapping[str, Sequence[str]], checksums: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The raw files of each sample by their names, without where they lie, with their SHA-256."""
    return [
        {"sample": sample, "file": Path(path).name, "sha256": checksums[path]}
        for sample, paths in samples.items()
        if len(paths) <= MANY_FILES
        for path in paths
        if path in checksums
    ]


def verdicts(summary: pd.DataFrame, fractions: pd.DataFrame) -> list[dict[str, Any]]:
    """The headline of each test, with the lower bound that holds whatever the signal is.

    Args:
        summary: as summary.csv.
        fractions: as tables/fractions.csv.
    """
    bounds = fractions.query("seed == 'ensemble' and estimator == 'lower_bound'")
    bounds = bounds.set_index(["model", "test"]).fraction
    rows = summary[summary.headline].to_dict("records")
    return [row | {"at_least": max(bounds[row["model"], row["test"]], 0.0)} for row in rows]
