"""How every script begins."""

from typing import Any

from oddjet.common import files, logs, memory

memory.collect_rarely()  # here, as the imports that follow in a script are what it is for


def begin(snakemake: Any) -> None:
    """Log to the log of the job, and make sure that its inputs are as the jobs before made them.

    Args:
        snakemake: what Snakemake gives a script.

    Raises:
        InputError: one of the inputs is not.
    """
    logs.set_up(snakemake.log[0])
    files.use(snakemake.input, dict(snakemake.params.items()))
