"""Write the metadata of the research object, and what belongs to it beside the publication."""

import json
import shutil
from pathlib import Path

import yaml

import oddjet
from oddjet.common import script
from oddjet.common.files import replacing, sha256
from oddjet.publish import crate

WORKFLOW = Path(oddjet.__file__).parents[2]

script.begin(snakemake)
given, params, made = snakemake.input, snakemake.params, snakemake.output
record = json.loads(Path(given.provenance).read_text("utf-8"))
folder = Path(made.metadata).parent

for copy in made.workflow:
    with replacing(copy) as partial:
        shutil.copyfile(WORKFLOW / Path(copy).relative_to(folder / "workflow"), partial)
with replacing(made.configuration) as partial:
    config = crate.without_places(record["configuration"])
    partial.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), "utf-8")

about = crate.Crate(params.publish, params.description)
for path in given.published:
    about.add_file(path, Path(path).relative_to(folder).as_posix(), sha256(path))
about.add_file(made.configuration, Path(made.configuration).name, sha256(made.configuration))
for path, facts in record["files"].items():
    name = Path(path).relative_to(folder.parent).as_posix()
    about.name_file(path, name, facts["sha256"])
about.name_file(given.provenance, Path(given.provenance).name, sha256(given.provenance))
for path, checksum in record["raw"].items():
    about.name_file(path, Path(path).name, checksum)

files = {Path(path).relative_to(folder).as_posix(): sha256(path) for path in made.workflow}
versions = {"oddjet": oddjet.__version__, "commit": record["git_commit"]}
versions["snakemake"] = params.snakemake_version
about.add_workflow(Path(made.workflow[0]), files, versions)
about.add_run(crate.jobs_of(record, params.jobs), params.rules)
with replacing(made.metadata) as partial:
    partial.write_text(about.as_text(), "utf-8")
