"""Write the summary page."""

import json
from itertools import chain, cycle

from oddjet.common import messages, scorefiles, script
from oddjet.common.files import replacing
from oddjet.common.parts import label
from oddjet.common.provenance import describe
from oddjet.common.tables import read
from oddjet.draw.colours import COLOURS, CONTROL
from oddjet.estimate import trust
from oddjet.estimate.declared import CHECKS, ESTIMATORS
from oddjet.evaluate import truth
from oddjet.planning.figures import FIGURES
from oddjet.summarise import captions, page

script.begin(snakemake)
given, params = snakemake.input, snakemake.params


def picture(file: str, name: str) -> dict[str, str]:
    """A figure with the caption that it has in Snakemake's report."""
    text = captions.caption(name, snakemake)
    return page.picture(file, FIGURES[name].title, text)


def pictures(files: dict[str, str]) -> list[dict[str, str]]:
    """Several figures, by their names."""
    return [picture(file, name) for name, file in files.items()]


tables = {
    name: read(path)
    for name in (
        "samples",
        "fractions",
        "checks",
        "uncertainty_budget",
        "purity",
        "detection",
        "training",
        "tagger",
        "features",
    )
    if (path := given.get(name))
}
fractions = truth.true_fractions(tables["detection"]) if "detection" in tables else {}

ensemble = tables["fractions"].query("seed == 'ensemble' and estimator == 'lower_bound'")
bounds = ensemble.set_index(["model", "test"]).fraction

models = []
for number, (model, path) in enumerate(zip(params.figures, given.clusters, strict=True)):
    _, places = scorefiles.read_plane(path)
    named = [(label(part), points) for part, points in places.items()]
    colours = chain([CONTROL], cycle(COLOURS))  # black is no test's
    models.append(
        {
            "name": model,
            "figures": pictures(params.figures[model]),
            "latent": page.turning_plot(named, colours, f"latent{number}", number == 0),
        }
    )

made = set(tables["checks"].dropna(subset="p_value").check)

provenance = describe(params.config, {"summary": given.summary})
provenance["configuration"] = json.loads(provenance["configuration"])
summary = read(given.summary)
rows = [table.to_dict("records") for table in (tables["samples"], summary)]
text = page.render(
    captions.REPORT / "summary.html.j2",
    summary=summary,
    warnings=messages.warnings(*rows),
    training=tables["training"],
    made_checks=tables["checks"],
    tables={name: page.html_table(table) for name, table in tables.items()},
    truth=fractions,
    sections={name: pictures(files) for name, files in params.sections.items()},
    models=models,
    references=[
        {"name": network, "figures": pictures(figures)}
        for network, figures in params.supervised.items()
    ],
    seed=params.seed,
    points=page.POINTS,
    bounds=bounds.to_dict(),
    established=trust.ESTABLISHED,
    headline=ESTIMATORS[params.config["fraction"]["headline"]],
    checks={name: one for name, one in CHECKS.items() if name in made},
    config=params.config,
    confidence=params.config["fraction"]["confidence"],
    provenance=json.dumps(provenance, indent=2),
)
with replacing(snakemake.output[0]) as partial:
    partial.write_text(text, "utf-8")
