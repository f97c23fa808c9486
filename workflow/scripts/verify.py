"""Verify that all results are as they were made."""

import sys

from oddjet.common import script
from oddjet.watch import manifest

script.begin(snakemake)
params = snakemake.params
number, wrong = manifest.verify(params.provenance, params.results, params.unrecorded)
for line in wrong:
    print(line)
print(f"{number} files compared with {params.provenance}, {len(wrong)} of them wrong")
sys.exit(bool(wrong))
