"""Write the page of the benchmark."""

from oddjet.common import logs
from oddjet.common.files import replacing
from oddjet.common.tables import read
from oddjet.evaluate import comparison
from oddjet.planning.figures import FIGURES
from oddjet.summarise import page

logs.set_up(snakemake.log[0])
given, params = snakemake.input, snakemake.params
table = comparison.condense(read(given.table))
groups = {name: table[table.model.isin(models)] for name, models in params.groups.items()}
figures = [
    page.picture(
        path,
        FIGURES[name].title,
        page.caption(page.REPORT / f"{name}.rst", snakemake),
    )
    for name, path in zip(params.figures, given.figures, strict=True)
]
text = page.render(
    page.REPORT / "benchmark.html.j2",
    groups={name: page.html_table(comparison.readable(rows)) for name, rows in groups.items()},
    figures=figures,
    truths=params.truths,
    seeds=params.seeds,
    max_fpr=params.max_fpr,
)
with replacing(snakemake.output[0]) as partial:
    partial.write_text(text, "utf-8")
