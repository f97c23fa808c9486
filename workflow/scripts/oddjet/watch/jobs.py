"""The jobs behind files, as Snakemake's rules describe them."""

from collections.abc import Iterable
from typing import Any

from snakemake.io import is_flagged
from snakemake.output_index import OutputIndex


def jobs_behind(rules: Iterable[Any], targets: Iterable[str]) -> list[dict[str, Any]]:
    """Every job that leads to the targets, in the order of the rules.

    Args:
        rules: Snakemake's.
        targets: files.

    Returns:
        Of each job `rule`, `wildcards`, `params`, `inputs`, those of them that are `raw` files of a
        sample, in their order, `outputs` (but temporary ones), `log`
        and `benchmark`.
    """
    rules = list(rules)
    producers = OutputIndex(rules)
    waiting, seen, found = list(targets), set(), []
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        makers = producers.match_producers(file)
        if not makers:  # a raw file
            continue
        maker = min(makers, key=rules.index)
        wildcards = maker.get_wildcards(file)
        inputs, *_ = maker.expand_input(wildcards)
        outputs, _ = maker.expand_output(wildcards)
        params, _ = maker.expand_params(wildcards, inputs, outputs, job=None)
        # waited for the first time, and no input afterwards
        waited = [inputs.get("checked")]
        job = {
            "rule": maker.name,
            "wildcards": wildcards,
            "params": dict(params.items()),
            "inputs": sorted({str(file) for file in inputs if file not in waited}),
            "raw": [str(file) for name in ("raw", "weights") for file in inputs.get(name, [])],
            "outputs": [str(file) for file in outputs if not is_flagged(file, "temp")],
            "log": str(maker.expand_log(wildcards)),
            "benchmark": maker.benchmark and str(maker.expand_benchmark(wildcards)),
        }
        found.append(job)
        seen.update(str(file) for file in outputs)
        waiting += job["inputs"]
    order = [one.name for one in rules]
    return sorted(found, key=lambda job: (order.index(job["rule"]), job["outputs"]))
