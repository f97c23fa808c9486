"""Record what made every result."""

import json

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.watch.manifest import manifest

script.begin(snakemake)
record = manifest(snakemake.params.config, snakemake.params.jobs)
with replacing(snakemake.output[0]) as partial:
    partial.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
