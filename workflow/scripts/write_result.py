"""Write the numbers of the run as one typed JSON file, with its schema."""

import csv
import json
from pathlib import Path

import oddjet
from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.publish import result_file

script.begin(snakemake)
given, params, made = snakemake.input, snakemake.params, snakemake.output
schema = result_file.SCHEMA.read_text("utf-8")
tables = {}
for name in json.loads(schema)["$defs"]:
    if path := given.get(name):
        with open(path, newline="", encoding="utf-8") as file:
            tables[name] = list(csv.DictReader(file))
record = json.loads(Path(given.provenance).read_text("utf-8"))
result = {
    "format_version": 1,
    **{name: params.publish[name] for name in ("title", "authors", "licence")},
    "oddjet": oddjet.__version__,
    "git_commit": record["git_commit"],
    "confidence": params.confidence,
    **result_file.typed_tables(json.loads(schema), tables),
}
for path, text in ((made.schema, schema), (made.result, result_file.as_text(result))):
    with replacing(path) as partial:
        partial.write_text(text, "utf-8")
