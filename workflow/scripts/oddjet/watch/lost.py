"""Jobs that go on when the Snakemake that started them is lost: killed, or with its login node."""

import shutil
import subprocess
from collections.abc import Collection


def still_queued(numbers: Collection[str]) -> list[str]:
    """Those of the numbers of SLURM jobs, sorted, that still wait or run.

    Where there is no SLURM, or it does not answer, none.
    """
    if not numbers or shutil.which("squeue") is None:
        return []
    asked = ["squeue", "--me", "--noheader", "--format=%A"]
    answer = subprocess.run(asked, capture_output=True, text=True)
    return sorted(set(numbers) & set(answer.stdout.split()))
