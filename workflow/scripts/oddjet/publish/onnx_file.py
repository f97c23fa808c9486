"""A trained score as an ONNX file, the same bytes for the same training."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from oddjet.common.errors import InputError
from oddjet.publish import graph_file
from oddjet.publish.preparation import Preparation
from oddjet.publish.score_graph import Scorer

INPUT, OUTPUTS = "jets", ("anomaly_score", "latent")
OPSET = 18  # the oldest that has all operators, for readers of some years ago
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
        facts: metadata, as `graph_file.write` takes them.

    Raises:
        InputError: a package for it is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401  # PyTorch's exporter imports it
    except ImportError as error:
        raise InputError(
            path,
            f"no package {error.name} to write it with",
            "onnx and onnxscript",
            "pip install -r requirements-publish.txt",
        ) from error

    proto = _exported(scorer, _examples(preparation))
    proto.graph.name = "anomaly score of raw jets"
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
    graph_file.write(path, proto, facts)


def facts_of(preparation: Preparation, cuts: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The metadata that say how a score is used.

    Returns:
        `input`, what a row holds; `images` and `preprocessing`, as the configuration has them;
        `cuts`.
    """
    return {
        "input": {"name": INPUT, **preparation.rows},
        "images": preparation.images,
        "preprocessing": preparation.steps,
        "cuts": cuts,
    }


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
