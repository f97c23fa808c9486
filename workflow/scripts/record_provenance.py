"""Record what made every result."""

import json

from oddjet.common import logs
from oddjet.common.files import replacing
from oddjet.watch.manifest import manifest

logs.set_up(snakemake.log[0])
record = manifest(snakemake.params.config, snakemake.params.jobs)
with replacing(snakemake.output[0]) as partial:
    partial.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
