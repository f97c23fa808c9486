"""What every score as ONNX says of itself, and how its file is written."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from oddjet import __version__
from oddjet.estimate.cuts import choose_cut, least_control

RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)  # for which cuts are given


def write(path: str | Path, proto: Any, facts: Mapping[str, Any]) -> None:
    """Check a graph, and write it with its metadata.

    `oddjet_version` and `license`, of the graph that oddjet made, are added.

    Args:
        path: to write.
        proto: the graph, an `onnx.ModelProto` whose graph has a name.
        facts: metadata; each becomes a text, of JSON unless it is one.
    """
    import onnx

    proto.producer_name, proto.producer_version = "oddjet", __version__
    proto.graph.doc_string = proto.graph.name
    facts = {"oddjet_version": __version__, "license": "BSD-3-Clause", **facts}
    texts = {
        name: fact if isinstance(fact, str) else json.dumps(fact, sort_keys=True)
        for name, fact in facts.items()
    }
    onnx.helper.set_model_props(proto, texts)
    onnx.checker.check_model(proto, full_check=True)
    Path(path).write_bytes(proto.SerializeToString(deterministic=True))


def cuts(control: np.ndarray, max_fpr: float, fpr_confidence: float) -> list[dict[str, float]]:
    """Cuts whose false positive rates are proved by control scores (N,).

    Returns:
        For `max_fpr`, first, and each of the usual rates that so many jets can prove: `max_fpr`,
        `fpr_confidence`, and `threshold`, `fpr`, `fpr_upper` as `estimate.cuts.Cut` has them. Jets
        strictly above the threshold are called anomalous.
    """
    rates = [max_fpr, *(rate for rate in RATES if rate != max_fpr)]
    return [
        {"max_fpr": rate, "fpr_confidence": fpr_confidence}
        | asdict(choose_cut(control, rate, fpr_confidence))
        for rate in rates
        if least_control(rate, fpr_confidence) <= len(control)
    ]
