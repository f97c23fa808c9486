"""Jobs that go on when the Snakemake that started them is lost: killed, or with its login node."""

import shutil
import subprocess
from pathlib import Path

# below the working directory; where Snakemake's SLURM plugin has its jobs write, unless told
SLURM_LOGS = Path(".snakemake", "slurm_logs")


def still_queued() -> list[str]:
    """The numbers of the SLURM jobs of this working directory that wait or run.

    A node does not tell Snakemake's own records which job it runs, but where a job writes to, SLURM
    knows. Where there is no SLURM, or it does not answer, none.
    """
    if shutil.which("squeue") is None:
        return []
    asked = ["squeue", "--me", "--noheader", "--Format=JobID:20,STDOUT:4000"]
    answer = subprocess.run(asked, capture_output=True, text=True).stdout
    jobs = [line.split(maxsplit=1) for line in answer.splitlines()]
    here = SLURM_LOGS.resolve()
    return sorted(number for number, file in jobs if Path(file.strip()).is_relative_to(here))
