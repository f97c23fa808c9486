"""The kinds of faults. Each strikes a scene once, and says what is wrong after one more call.

All draw what they do from the scene's `chance`, so that a seed brings the same fault again; how far
a job has come when it is struck depends on the machine.
"""

import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Set
from functools import partial
from pathlib import Path

import torch

from faults.calls import Call
from faults.scene import REFUSED, CannotStrike, Missed, Scene, stop

Kind = Callable[[Scene], list[str]]
ATTEMPTS = 4


def again(strike: Callable[[Scene], list[str]]) -> Kind:
    """The same once more where the job was over before: how long it takes is known by then."""

    def struck(scene: Scene) -> list[str]:
        for _ in range(ATTEMPTS):
            try:
                return strike(scene)
            except Missed:
                scene.begin()
        raise Missed

    return struck


# signals


@again
def killed_job(scene: Scene) -> list[str]:
    call = scene.start()
    stop(scene.struck_at(call), signal.SIGKILL)
    call.wait()
    return _refused(call.ended()) + _then(scene, call)


@again
def killed_snakemake(scene: Scene) -> list[str]:
    """Its job works on, without anyone to wait for it."""
    call = scene.start()
    process = scene.struck_at(call)
    call.signal(signal.SIGKILL)
    call.wait()
    if scene.chance.random() < 0.5:  # else the next call comes while it works
        while process.is_running() and process.status() != "zombie":
            time.sleep(0.02)
    return _then(scene, call)


@again
def killed_group(scene: Scene) -> list[str]:
    call = scene.start()
    scene.struck_at(call)
    call.signal(signal.SIGKILL, group=True)
    call.wait()
    return _then(scene, call)


def killed_anywhere(scene: Scene) -> list[str]:
    """At any moment of the call, its start and its end too."""
    call = scene.start()
    call.wait(scene.chance.uniform(0, 6))
    call.signal(signal.SIGKILL, group=True)
    call.wait()
    return _then(scene, call)


@again
def terminated_job(scene: Scene) -> list[str]:
    call = scene.start()
    stop(scene.struck_at(call), signal.SIGTERM)
    call.wait()
    return _refused(call.ended()) + _then(scene, call)


@again
def terminated_snakemake(scene: Scene) -> list[str]:
    call = scene.start()
    scene.struck_at(call)
    call.signal(signal.SIGTERM)
    call.wait()
    return _then(scene, call, locked=False)


@again
def interrupted(scene: Scene) -> list[str]:
    """Ctrl-C."""
    call = scene.start()
    scene.struck_at(call)
    call.signal(signal.SIGINT, group=True)
    call.wait()
    return _then(scene, call, locked=False)


@again
def hung_job(scene: Scene) -> list[str]:
    """It stands still until someone kills it, or all."""
    call = scene.start()
    process = scene.struck_at(call)
    stop(process, signal.SIGSTOP)
    time.sleep(1)
    wrong = [] if call.ended() is None else ["it ended while its job stood still"]
    if scene.chance.random() < 0.5:
        stop(process, signal.SIGKILL)
    else:
        call.signal(signal.SIGKILL, group=True)
    call.wait()
    return wrong + _then(scene, call)


# at a write or a rename


def _at_write(scene: Scene, whole: bool, **facts: object) -> tuple[Call, list[str]]:
    """The call that is struck at the n-th write or rename, n as large as it is reached."""
    kind = scene.chance.choice(["write"] if whole else ["write", "write", "rename"])
    most = 24 if whole else {"write": 16, "rename": len(scene.job.outputs)}[kind]
    at = scene.chance.randint(1, most)
    under = scene.directory / (".snakemake" if whole else "results")
    while at:
        variables = scene.preloaded(under=f"{under}/", call=kind, at=at, **facts)
        call = scene.start(environment=variables, whole=whole)
        call.wait()
        if call.ended() != 0:
            return call, []
        if os.strerror(int(str(facts.get("errno", 0)))) in call.output:
            return call, []  # it went on without what it could not write
        at //= 2
        scene.begin()
    raise Missed


def killed_at_write(scene: Scene) -> list[str]:
    call, wrong = _at_write(scene, whole=False, signal=int(signal.SIGKILL))
    return wrong + _then(scene, call)


def killed_snakemake_at_write(scene: Scene) -> list[str]:
    call, wrong = _at_write(scene, whole=True, signal=int(signal.SIGKILL))
    return wrong + _then(scene, call)


def _failed_write(scene: Scene, number: int, whole: bool) -> list[str]:
    once = {"once": 1} if scene.chance.random() < 0.3 else {}
    call, wrong = _at_write(scene, whole, errno=number, **once)
    said = os.strerror(number)
    if said not in call.output:
        wrong = [f"no word of '{said}': {call.output[-1500:]}"]
    elif not whole and "Traceback" in call.output:
        wrong = [f"a traceback: {call.output[-3000:]}"]
    return wrong + _then(scene, call)


# what lies in the folder


def _spoil(scene: Scene, file: Path, how: str) -> None:
    content = file.read_bytes()
    if how == "emptied":
        file.write_bytes(b"")
    elif how == "truncated":
        file.write_bytes(content[: scene.chance.randrange(1, len(content))])
    elif how == "half written":
        half = scene.chance.randrange(1, len(content))
        file.write_bytes(content[:half] + bytes(len(content) - half))
    elif how == "a byte changed":
        at = scene.chance.randrange(len(content))
        file.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])


def _sibling(scene: Scene, file: str) -> Path | None:
    """The same output of another seed, model or test, if there is one, and it is another."""
    at = scene.job.outputs.index(file)
    others = [
        scene.undisturbed.run.directory / one.outputs[at]
        for one in scene.undisturbed.of_rule(scene.job.rule)
        if one != scene.job
    ]
    own = (scene.undisturbed.run.directory / file).read_bytes()
    others = [other for other in others if other.read_bytes() != own]
    return scene.chance.choice(others) if others else None


def _spoilt_result(scene: Scene, how: str) -> list[str]:
    """A finished run of which one file was spoilt: `verify` and the same command must name it."""
    scene.as_finished()
    name = scene.chance.choice(scene.job.outputs)
    file = scene.directory / name
    times = file.stat()
    if how == "replaced":
        if not (other := _sibling(scene, name)):
            how = "a byte changed"
        else:
            shutil.copyfile(other, file)
    _spoil(scene, file, how)
    if file.read_bytes() == (scene.undisturbed.run.directory / name).read_bytes():
        raise Missed  # zeros where zeros were
    if scene.chance.random() < 0.5:  # as cp -p and rsync -t leave it
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    scene.targets, targets = [], scene.targets
    wrong = _named(scene.verify(), name)
    call = scene.finish()
    if call.ended() == 0:
        wrong += [f"{how}, the same command calls it good: {name}"] * bool(
            scene.undisturbed.differences(scene.directory, scene.undisturbed.results())
        )
    elif f"{name}: found" not in call.output or "Hint:" not in call.output:
        wrong += [f"{how}, the same command does not name {name}: {call.output[-2500:]}"]
    if (scene.directory / "results/provenance.json").exists():
        differing = scene.undisturbed.differences(scene.directory, scene.undisturbed.results())
        said = "\n".join(scene.verify())
        wrong += [
            f"verify calls it good: {line}" for line in differing if line.split(": ")[1] not in said
        ]
    # as the hint says
    file.unlink()
    scene.targets = [name]
    scene.finish()
    scene.targets = targets
    if targets:  # a few jobs, and not all that follow
        for job in scene.undisturbed.after(scene.job):
            for output in job.outputs:
                (scene.directory / output).unlink(missing_ok=True)
    return wrong + scene.complete()


def _named(lines: list[str], name: str) -> list[str]:
    return [] if any(name in line for line in lines) else [f"verify does not name {name}: {lines}"]


@again
def replaced_input(scene: Scene) -> list[str]:
    """An input is another while the job runs, and back when it has ended."""
    call = scene.start()
    name = scene.chance.choice(scene.job.inputs)
    file = scene.directory / name
    before, times = file.read_bytes(), file.stat()
    scene.struck_at(call)
    others = [
        scene.directory / other
        for other in (
            scene.undisturbed.raw if name in scene.undisturbed.raw else _like(scene, name)
        )
        if other != name
    ]
    others = [other for other in others if other.read_bytes() != before]
    other = scene.directory / "other"
    if others:
        shutil.copyfile(scene.chance.choice(others), other)
    else:
        other.write_bytes(before[: len(before) // 2])
    other.replace(file)
    call.wait()
    other.write_bytes(before)
    if scene.chance.random() < 0.5:
        os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(file)
    return _then(scene, call, touched={name, *scene.finished(call)})


def _like(scene: Scene, name: str) -> list[str]:
    """The same output of the other jobs of the rule that makes a file."""
    for job in scene.undisturbed.jobs:
        if name in job.outputs:
            at = job.outputs.index(name)
            return [one.outputs[at] for one in scene.undisturbed.of_rule(job.rule)]
    return []


# checkpoints


def _checkpoint(scene: Scene, how: str) -> list[str]:
    """A training dies behind its first checkpoint, and this is spoilt."""
    under = f"{scene.directory}/results/"
    variables = scene.preloaded(under=under, call="rename", at=2, signal=int(signal.SIGKILL))
    call = scene.start(environment=variables)
    call.wait()
    found = list((scene.directory / "results").glob("*/seed*/checkpoint.pt"))
    if not found:
        raise Missed
    if how == "cut":
        _spoil(scene, found[0], scene.chance.choice(["truncated", "emptied", "a byte changed"]))
    else:
        saved = torch.load(found[0], weights_only=True)
        name = scene.chance.choice(sorted(saved["made_from"]))
        saved["made_from"][name] = "another"
        torch.save(saved, found[0])
    return _then(scene, call)


# clocks, folders, memory, company


def wrong_clock(scene: Scene) -> list[str]:
    """A call with a wrong clock is killed, or not; its files have that clock's times."""
    amount = scene.chance.choice([3600, 86400, 10 * 365 * 86400]) * scene.chance.choice([-1, 1])
    call = scene.start(environment=scene.preloaded(seconds=amount), whole=True)
    began = time.time()
    if scene.chance.random() < 0.5:
        process = call.wait_for(lambda: call.script(scene.job.rule))
        time.sleep(scene.chance.uniform(0, 2) if process else 0)
        call.signal(signal.SIGKILL, group=True)
    call.wait()
    for path in scene.directory.rglob("*"):
        if path.is_file() and path.stat().st_mtime > began - 0.5:
            os.utime(path, (path.stat().st_mtime + amount,) * 2)
    return _then(scene, call)


def no_room_for_temporary_files(scene: Scene) -> list[str]:
    folder = scene.tools.place / "tmp"
    variables = {"TMPDIR": str(folder)}
    how = scene.chance.choice(["gone", "full", "small"])
    if how == "gone":
        shutil.rmtree(folder, ignore_errors=True)
        call = scene.start(environment=variables, whole=True)
        call.wait()
        return _then(scene, call)
    with scene.mounted(folder, "-t", "tmpfs", "-o", "size=16k", "tmpfs"):
        (folder / "filling").write_bytes(bytes(16384 if how == "full" else 8192))
        call = scene.start(environment=variables, whole=True)
        call.wait()
    return _then(scene, call)


def read_only(scene: Scene) -> list[str]:
    folder = scene.directory / scene.chance.choice(["results", ".snakemake", "."])
    with scene.mounted(folder, "--bind", str(folder)):
        _remount(folder)
        call = scene.finish()
    said = os.strerror(errno.EROFS)
    wrong = [] if said in call.output else [f"no word of '{said}': {call.output[-1500:]}"]
    return wrong + _refused(call.ended()) + _then(scene, call)


def _remount(folder: Path) -> None:
    done = subprocess.run(
        ["mount", "-o", "remount,ro,bind", str(folder)], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise CannotStrike(f"nothing can be mounted here: {done.stderr.strip()}")


def second_run(scene: Scene) -> list[str]:
    first = scene.start()
    first.wait(scene.chance.uniform(0, 5))
    second = scene.start()
    codes = [first.wait(), second.wait()]
    outputs = [first.output, second.output]
    wrong = [
        f"one of two runs failed: {output[-1500:]}"
        for code, output in zip(codes, outputs, strict=True)
        if code != 0 and not REFUSED.search(output)
    ]
    if 0 not in codes:
        wrong.append("each of two runs was refused")
    scene.keep(first)
    scene.keep(second)
    return wrong + _then(scene, first)


def out_of_memory(scene: Scene) -> list[str]:
    """Address space for the job, or for all, that does not suffice."""
    most = scene.chance.choice([1.5, 1.0, 0.7, 0.5])
    while most > 0.3:
        call = scene.start(limits=[("RLIMIT_AS", int(most * 2**30))], whole=True)
        if call.wait() is None:  # it stands still
            call.signal(signal.SIGKILL, group=True)
            call.wait()
        if call.ended() != 0:
            return _then(scene, call)
        most -= 0.2
        scene.begin()
    raise Missed


def _then(
    scene: Scene, call: Call, touched: Set[str] = frozenset(), locked: bool = True
) -> list[str]:
    """One more call, and what is wrong then."""
    scene.keep(call)
    wrong = []
    locks = scene.directory / ".snakemake" / "locks"
    if not locked and locks.exists() and any(locks.iterdir()):
        wrong.append("a lock is left where none is documented")
    return wrong + scene.complete(touched)


def _refused(code: int | None) -> list[str]:
    return [] if code else ["it ended as if nothing had happened"]


ERRORS = {"no space": errno.ENOSPC, "i/o error": errno.EIO, "over quota": errno.EDQUOT}
KINDS: dict[str, Kind] = {
    "SIGKILL of the job": killed_job,
    "SIGKILL of Snakemake": killed_snakemake,
    "SIGKILL of the group": killed_group,
    "SIGKILL at any time": killed_anywhere,
    "SIGKILL at a write of the job": killed_at_write,
    "SIGKILL at a write of Snakemake": killed_snakemake_at_write,
    "SIGTERM of the job": terminated_job,
    "SIGTERM of Snakemake": terminated_snakemake,
    "SIGINT of the group": interrupted,
    "a job that hangs": hung_job,
    **{f"{name}, job": partial(_failed_write, number=n, whole=False) for name, n in ERRORS.items()},
    **{
        f"{name}, Snakemake": partial(_failed_write, number=n, whole=True)
        for name, n in ERRORS.items()
    },
    **{
        f"result {how}": partial(_spoilt_result, how=how)
        for how in ("truncated", "emptied", "half written", "a byte changed", "replaced")
    },
    "input replaced": replaced_input,
    "clock": wrong_clock,
    "temporary files": no_room_for_temporary_files,
    "read-only": read_only,
    "second run": second_run,
    "out of memory": out_of_memory,
}
# of trainings alone, beside those
OF_TRAININGS: dict[str, Kind] = {
    "checkpoint cut": partial(_checkpoint, how="cut"),
    "checkpoint of another version": partial(_checkpoint, how="another version"),
}
