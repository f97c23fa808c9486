"""The page for people: one self-contained HTML file."""

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from oddjet.common import rounding

POINTS = 600  # of a sample in the turning plot


def percent(share: float) -> str:
    """A share in percent, to a tenth; one that this leaves nothing of, as in a text."""
    return rounding.percent(share) if 0 < abs(share) < 0.001 else f"{100 * share:.1f}%"


def picture(file: str | Path, title: str, caption: str) -> dict[str, str]:
    """A PNG as it is embedded in the page, with its caption of reStructuredText."""
    data = base64.b64encode(Path(file).read_bytes()).decode()
    plain = caption.replace("``", "")
    return {"data": f"data:image/png;base64,{data}", "title": title, "caption": plain}


def html_table(table: pd.DataFrame) -> Markup:
    """A table as HTML, names escaped."""
    # pandas escapes what the cells and the header hold
    return Markup(table.to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format))


def turning_plot(
    projected: Iterable[tuple[str, np.ndarray]],
    colours: Iterable[str],
    name: str,
    with_plotly: bool,
) -> Markup:
    """An interactive plot of latents in three dimensions.

    Args:
        projected: the name of each sample part and its principal components (N, up to 3).
        colours: of the parts, as many at least.
        name: identifies the plot within the page.
        with_plotly: whether plotly.js, 5 MB, is embedded with it: once in a page.
    """
    figure = go.Figure()
    for (part, points), colour in zip(projected, colours, strict=False):
        few = np.zeros((min(len(points), POINTS), 3))
        few[:, : points.shape[1]] = points[:POINTS]
        x, y, z = np.round(few, 4).T.tolist()
        marker = {"size": 2.5, "color": colour, "opacity": 0.7}
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", name=part, marker=marker)
    axes = {f"{axis}axis": {"title": {"text": f"component {n}"}} for n, axis in enumerate("xyz", 1)}
    figure.update_layout(
        scene=axes,
        height=560,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        template="plotly_white",
        legend={"itemsizing": "constant", "x": 0, "y": 1},
    )
    return Markup(figure.to_html(full_html=False, include_plotlyjs=with_plotly, div_id=name))


def render(template: str | Path, **content: Any) -> str:
    """Fill in a page's template; every text in `content` is escaped.

    Beside it the template sees `percent`, and `style`, the page.css that lies with it.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.globals["percent"] = percent
    style = Markup(Path(template).with_name("page.css").read_text("utf-8"))
    text = Path(template).read_text("utf-8")
    return environment.from_string(text).render(style=style, **content)
