"""A process that has imported Snakemake and forks a call of it when asked: a second cheaper each.

It reads a line of JSON for each question and answers with one. The rest of a call is as if a
terminal had started it: a process group, an environment and an output of its own.
"""

import json
import os
import sys
from contextlib import suppress
from typing import Any


def start(call: dict[str, Any]) -> int:
    """Fork a process for the call; its id, which is that of its group."""
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            _become(call)
        finally:
            os._exit(255)  # never back into the loop
    with suppress(OSError):  # it has ended already
        os.setpgid(child, child)  # whoever is first
    return child


def _become(call: dict[str, Any]) -> None:
    os.chdir(call["directory"])
    output = os.open(call["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.update(call["environment"])
    for resource, limit in call["limits"]:
        import resource as limits

        limits.setrlimit(getattr(limits, resource), (limit, limit))
    if call["whole"]:  # what is preloaded, and limits of memory, are for Snakemake as well
        os.execv(sys.executable, [sys.executable, "-m", "snakemake", *call["arguments"]])
    from snakemake.cli import main

    sys.argv = ["snakemake", *call["arguments"]]
    code = 255
    try:
        main(call["arguments"])
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(process: int) -> int | None:
    """The exit status of a call, negative the signal that ended it; None while it runs."""
    found, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def serve() -> None:
    import snakemake.cli  # noqa: F401  # what every call would import

    for line in sys.stdin:
        question = json.loads(line)
        answer = start(question["start"]) if "start" in question else ended(question["ended"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
