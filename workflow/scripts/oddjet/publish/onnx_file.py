"""A trained score as an ONNX file, the same bytes for the same training."""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from oddjet import __version__
from oddjet.common.errors import InputError
from oddjet.estimate.cuts import choose_cut, least_control
from oddjet.publish.score_graph import Preparation, Scorer

INPUT, OUTPUTS = "jets", ("anomaly_score", "latent")
OPSET = 18  # the oldest that has all operators, for readers of some years ago
RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)  # for which cuts are given
EXAMPLES = 3  # jets that are followed through the network


def write(
    path: str | Path, scorer: Scorer, preparation: Preparation, facts: Mapping[str, Any]
) -> None:
    """Write a score with its metadata.

    The input `jets` are rows as they lie in the files that the model was trained on: pixels as
    float32, or constituents as float64. Outputs: `anomaly_score` float32 (N,), higher for more
    anomalous, and `latent` float32 (N, d); both NaN where there is no jet.

    Args:
        path: to write.
        scorer: in evaluation mode.
        preparation: of the samples.
        facts: metadata; each becomes a text, of JSON unless it is one.

    Raises:
        InputError: a package for it is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  # PyTorch's exporter imports it
    except ImportError as error:
        raise InputError(
            path,
            f"no package {error.name} to write it with",
            "onnx and onnxscript",
            "pip install -r requirements-publish.txt",
        ) from error

    proto = _exported(scorer, _examples(preparation))
    proto.producer_name, proto.producer_version = "oddjet", __version__
    proto.graph.name = proto.graph.doc_string = "anomaly score of raw jets"
    # what the exporter notes of its own: source files with their folders, names of sizes
    proto.graph.ClearField("value_info")
    for part in (proto, proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output):
        part.ClearField("metadata_props")
    for node in proto.graph.node:
        node.ClearField("doc_string")
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    if preparation.of_constituents:
        proto.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "k"
    texts = {
        name: fact if isinstance(fact, str) else json.dumps(fact, sort_keys=True)
        for name, fact in facts.items()
    }
    onnx.helper.set_model_props(proto, texts)
    onnx.checker.check_model(proto, full_check=True)
    Path(path).write_bytes(proto.SerializeToString(deterministic=True))


def facts_of(preparation: Preparation, cuts: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The metadata that say how a score is used.

    Returns:
        `oddjet_version`; `license` of the graph that oddjet made; `input`, what a row holds;
        `images` and `preprocessing`, as the configuration has them; `cuts`.
    """
    last: list[Any] = list(preparation.row)
    if preparation.of_constituents:
        last[0] = "k"
    return {
        "oddjet_version": __version__,
        "license": "BSD-3-Clause",
        "input": {
            "name": INPUT,
            "type": "float64" if preparation.of_constituents else "float32",
            "shape": ["N", *last],
        },
        "images": preparation.images,
        "preprocessing": preparation.steps,
        "cuts": cuts,
    }


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


def _examples(preparation: Preparation) -> torch.Tensor:
    """Some jets, for a tracer to follow."""
    rng = np.random.default_rng(0)
    row = preparation.row
    if preparation.of_constituents:
        return torch.from_numpy(rng.uniform(0.1, 1, (EXAMPLES, max(row[0], 2), *row[1:])))
    return torch.from_numpy(rng.uniform(0, 1, (EXAMPLES, *row)).astype(np.float32))


def _exported(scorer: Scorer, jets: torch.Tensor) -> Any:
    """The graph as PyTorch's exporter writes it."""
    any_size = torch.export.Dim.DYNAMIC
    axes = {0: any_size, 1: any_size} if jets.dtype == torch.double else {0: any_size}
    with torch.no_grad(), warnings.catch_warnings(), _silent("torch.onnx", "onnx_ir"):
        warnings.simplefilter("ignore")  # of PyTorch about PyTorch
        scorer(jets)  # constants that are kept between calls are made before the tracer looks
        program = torch.onnx.export(
            scorer,
            (jets,),
            dynamo=True,
            dynamic_shapes=(axes,),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            optimize=False,  # runtimes do it; here it knows no sequences, which ssim has
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Keep loggers from telling anything but errors: of other packages, of nodes not needed."""
    logs = {logging.getLogger(name): logging.getLogger(name).level for name in names}
    try:
        for log in logs:
            log.setLevel(logging.ERROR)
        yield
    finally:
        for log, level in logs.items():
            log.setLevel(level)
