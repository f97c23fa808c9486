"""Print what is done, running and missing."""

from oddjet.common import script
from oddjet.watch import status

script.begin(snakemake)
jobs = [status.look_at(job) for job in snakemake.params.jobs]
table = status.by_rule(jobs)
print(table.to_string(index=False, na_rep="", float_format="{:.1f}".format))
for job in jobs:
    if job.state == "running":
        print(f"{job.name}: {job.said}")
