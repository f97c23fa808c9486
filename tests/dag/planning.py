"""Snakemake asked many times what it would do, and imported once: most of a start is imports."""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["snakemake.cli"])


def ask(arguments: list[str], directory: Path, packages: Path | None = None) -> str:
    """What Snakemake prints to stdout when it is called with the arguments in a directory.

    It must start no job: jobs need a Python of their own. Distributions in the folder `packages`
    are found before those that are installed.
    """
    with tempfile.TemporaryDirectory() as said:
        process = FORKS.Process(target=_answer, args=(arguments, directory, packages, Path(said)))
        process.start()
        process.join()
        text, trouble = (Path(said, name).read_text("utf-8") for name in ("stdout", "stderr"))
        # the process's own exit code is not safe to ask for where several threads start some
        assert Path(said, "code").is_file(), text + trouble
        assert Path(said, "code").read_text("utf-8") in ("0", "None"), text + trouble
    return text


def _answer(arguments: list[str], directory: Path, packages: Path | None, said: Path) -> None:
    from snakemake.cli import main

    os.chdir(directory)
    if packages:
        sys.path.insert(0, str(packages))
    for stream in (sys.stdout, sys.stderr):
        file = os.open(said / stream.name.strip("<>"), os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream.fileno())
    try:
        main(arguments)
    except SystemExit as end:
        (said / "code").write_text(str(end.code), "utf-8")
