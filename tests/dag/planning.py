"""Snakemake asked many times what it would do, and imported once: most of a start is imports."""

import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["snakemake.cli"])


def ask(arguments: list[str], directory: Path, packages: Path | None = None) -> str:
    """What Snakemake prints to stdout when it is called with the arguments in a directory.

    It must start no job: jobs need a Python of their own. Distributions in the folder `packages`
    are found before those that are installed.
    """
    return _in_a_process(_answer, arguments, directory, packages)["stdout"]


def rehashed(
    arguments: list[str], directory: Path, scripts: Path, names: Iterable[str], more: str
) -> dict[str, set[str]]:
    """By file below the folder `scripts`, those scripts whose hash is another with `more` in it.

    Of all hashes that Snakemake asks for when it is called with the arguments, each taken anew for
    every file. It would take a start for each to see this of Snakemake itself.
    """
    answer = _in_a_process(_answer_hashes, arguments, directory, scripts, list(names), more)
    return {name: set(found) for name, found in json.loads(answer["hashes"]).items()}


def _in_a_process(target: Callable[..., None], *arguments: object) -> dict[str, str]:
    """What `target` has said, by the names of its files."""
    with tempfile.TemporaryDirectory() as said:
        process = FORKS.Process(target=target, args=(*arguments, Path(said)))
        process.start()
        process.join()
        answer = {file.name: file.read_text("utf-8") for file in Path(said).iterdir()}
    # the process's own exit code is not safe to ask for where several threads start some
    assert answer.get("code") in ("0", "None"), answer.get("stdout", "") + answer.get("stderr", "")
    return answer


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


def _answer_hashes(
    arguments: list[str], directory: Path, scripts: Path, names: list[str], more: str, said: Path
) -> None:
    sys.path.insert(0, str(scripts))
    from oddjet.planning import fingerprint as module

    take, read = module.fingerprint, module._read
    taken = {}

    def noted(script: Path, plugins: Iterable[str] = (), installed: bool = True) -> str:
        asked = (script, tuple(plugins), installed)
        return taken.setdefault(asked, take(*asked))

    module.fingerprint = noted
    _answer(arguments, directory, None, said)
    found = {}
    edited = said / "edited.py"
    for name in names:
        file = scripts / name
        edited.write_text(file.read_text("utf-8") + more, "utf-8")
        other = read.__wrapped__(edited)
        module._read = lambda path, file=file, other=other: other if path == file else read(path)
        found[name] = [asked[0].name for asked, before in taken.items() if take(*asked) != before]
    (said / "hashes").write_text(json.dumps(found), "utf-8")
