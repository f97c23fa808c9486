"""A process that reads what may be hostile, one file after the other, and says what came of each.

A line of JSON in, {"kind": "sample" or "configuration", "file": path}; a line out, with `outcome`
(`read`, `refused` in the project's form, `refused by Snakemake` in its own, or `failed`), what was
`said`, the `seconds` of it and the memory of the process so far, in MiB.
"""

import copy
import json
import os
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "workflow" / "scripts"))

EXECUTED: list[str] = []
# what a file must not bring about; subprocesses: `git` alone says which commit is at work
FORBIDDEN = {"os.system", "os.exec", "os.posix_spawn", "pickle.find_class"}


def listen(event: str, arguments: tuple) -> None:
    if event in FORBIDDEN or (event == "subprocess.Popen" and arguments[0] != "git"):
        EXECUTED.append(f"{event} {arguments}"[:200])


def read_sample(file: Path) -> None:
    """Read a file as the preparation of the normal sample does."""
    from oddjet.prepare import samples

    told = json.loads(file.with_suffix(".json").read_text("utf-8"))
    output = file.with_name("prepared.h5")
    output.unlink(missing_ok=True)
    sample = {"file": [str(file)]} | told["sample"]
    images, preprocessing, split = told["images"], told["preprocessing"], told["split"]
    samples.prepare_normal(sample, images, output, preprocessing, split)


def read_configuration(file: Path) -> None:
    """Read a configuration as the start of the workflow does, up to its files."""
    import yaml
    from snakemake.common.configfile import load_configfile
    from snakemake.utils import update_config, validate

    from oddjet.planning import configuration

    try:
        given = load_configfile(file)
        update_config({}, given)
    except Exception as error:  # before anything of the workflow runs
        raise RefusedBySnakemake(repr(error)) from error
    whole = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
    schema = REPO / "workflow" / "schemas" / "config.schema.yaml"
    update_config(whole, copy.deepcopy(given))
    configuration.replace_as_a_whole(whole, given)
    found = configuration.problems(whole, yaml.safe_load(schema.read_text("utf-8")))
    if not found:
        validate(whole, str(schema))
        found = configuration.wrong_files(whole["samples"], made="results/simulation")
    if found:
        raise Refused("\n".join(found))


class Refused(Exception):
    """What common.smk says with Snakemake's own error."""


class RefusedBySnakemake(Exception):
    """What Snakemake itself cannot read, and says in its own way."""


def outcome(read: Callable[[Path], None], file: Path) -> dict[str, Any]:
    from snakemake_interface_common.exceptions import WorkflowError

    from oddjet.common.errors import InputError

    EXECUTED.clear()
    began = time.monotonic()
    result, said = "read", ""
    try:
        read(file)
    except InputError as error:
        result, said = "refused", str(error)
        if "; expected " not in said or "\nHint: " not in said or str(file) not in said:
            result = "failed"
    except (Refused, WorkflowError) as error:
        said = str(error)
        result = "refused" if said.strip() else "failed"
    except RefusedBySnakemake as error:
        result, said = "refused by Snakemake", str(error)
    except BaseException as error:  # whatever it is, it is none of the project's own
        result, said = "failed", f"{error!r}\n{traceback.format_exc()[-2500:]}"
    if EXECUTED:
        result, said = "failed", f"executed: {EXECUTED}"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"outcome": result, "said": said, "seconds": time.monotonic() - began, "mib": most}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")  # what libraries print goes to stderr
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    # imported before anyone listens
    import hdf5plugin  # noqa: F401
    import snakemake.utils  # noqa: F401
    import uproot  # noqa: F401

    import oddjet.prepare.readers.hdf5
    import oddjet.prepare.readers.npy
    import oddjet.prepare.readers.npz
    import oddjet.prepare.readers.parquet
    import oddjet.prepare.readers.root
    import oddjet.prepare.samples  # noqa: F401

    readers = {"sample": read_sample, "configuration": read_configuration}
    sys.addaudithook(listen)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(outcome(readers[asked["kind"]], Path(asked["file"]))), file=answers)
        answers.flush()


if __name__ == "__main__":
    main()
