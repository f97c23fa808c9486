"""Write the page of the benchmark."""

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.tables import read
from oddjet.evaluate import comparison
from oddjet.planning.figures import FIGURES
from oddjet.summarise import captions, page

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
table = comparison.condense(read(given.table))
groups = {name: table[table.model.isin(models)] for name, models in params.groups.items()}
figures = [
    page.picture(
        path,
        FIGURES[name].title,
        captions.caption(name, snakemake),
    )
    for name, path in zip(params.figures, given.figures, strict=True)
]
text = page.render(
    captions.REPORT / "benchmark.html.j2",
    groups={name: page.html_table(comparison.readable(rows)) for name, rows in groups.items()},
    figures=figures,
    truths=params.truths,
    seeds=params.seeds,
    max_fpr=params.max_fpr,
)
with replacing(snakemake.output[0]) as partial:
    partial.write_text(text, "utf-8")
