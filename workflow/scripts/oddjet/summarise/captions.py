"""The captions of figures, one source for Snakemake's report, the page and the publication."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

REPORT = Path(__file__).parents[3] / "report"  # the captions, and the templates of pages


def caption(name: str, snakemake: Any) -> str:
    """The caption of Snakemake's report for a figure, filled in as there: reStructuredText."""
    text = (REPORT / f"{name}.rst").read_text("utf-8")
    return Environment(undefined=StrictUndefined).from_string(text).render(snakemake=snakemake)
