"""A trained tagger as an ONNX graph, from the features of a jet to its anomaly score.

The graph is written node by node. skl2onnx, which converts what scikit-learn has fitted, gives
trees leaves in single precision, where jets that score nearly alike would change places (and its
1.20.0 fails with onnx 1.23); ranks among stored jets are nothing that it converts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from oddjet.estimate.trained_tagger import TrainedTagger

OUTPUTS = ("anomaly_score", "log_odds")
OPSETS = {"": 18, "ai.onnx.ml": 3}  # for readers of some years ago
IR_VERSION = 8  # of the same age
# Log odds, of order one, by which a jet may lie below one of control and still be no lower: each
# runtime adds in an order of its own. Among 10,000 control jets hardly a pair is as close.
ROUNDING = 1e-10


def of(trained: TrainedTagger, names: Sequence[str], normal: np.ndarray) -> onnx.ModelProto:
    """The graph of a tagger.

    A jet that is in no training is scored by all classifiers: `log_odds` (N, bags, folds) float64
    of each, and as `anomaly_score` (N,) float32 the share of control jets whose mean log odds are
    not higher. Both are NaN where a feature is not finite. Inputs are the features, each (N,)
    float32 by its name.

    Args:
        trained: the tagger.
        names: of the features (d,).
        normal: features (n, d) of the normal jets that it learnt from, float32.
    """
    made = _Nodes()
    columns = [made("Unsqueeze", name, made.constant([1])) for name in names]
    features = made("Concat", *columns, axis=1)
    wrong = made("Or", made("IsNaN", features), made("IsInf", features))
    usable = made("Not", made("Cast", made.any(wrong), to=onnx.TensorProto.BOOL))
    bags, folds = trained.constant.shape
    share = _rank(made, features, normal)
    ranks = made("Sub", share, made.constant(0.5))
    ranks = made("Concat", ranks, made("Mul", ranks, ranks), axis=1)
    coefficients = trained.coefficients.reshape(bags * folds, -1).T
    linear = made("MatMul", ranks, made.constant(coefficients))
    both = made("Add", linear, _trees(made, features, trained))
    shape = made.constant([-1, bags, folds])
    log_odds = made("Add", made("Reshape", both, shape), made.constant(trained.constant))
    mean = made("ReduceMean", log_odds, made.constant([1, 2]), keepdims=0)
    control = trained.log_odds.mean(axis=(1, 2)) - ROUNDING
    column = made("Unsqueeze", mean, made.constant([1]))
    score = made("Squeeze", _rank(made, column, control[:, None]), made.constant([1]))
    score = made("Cast", score, to=onnx.TensorProto.FLOAT)
    nan = {kind: made.constant(kind(np.nan)) for kind in (np.float32, np.float64)}
    made("Where", usable, score, nan[np.float32], output=OUTPUTS[0])
    of_all = made("Unsqueeze", usable, made.constant([1, 2]))
    made("Where", of_all, log_odds, nan[np.float64], output=OUTPUTS[1])
    single, double = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
    inputs = [helper.make_tensor_value_info(name, single, ["N"]) for name in names]
    outputs = [
        helper.make_tensor_value_info(OUTPUTS[0], single, ["N"]),
        helper.make_tensor_value_info(OUTPUTS[1], double, ["N", bags, folds]),
    ]
    graph = helper.make_graph(
        made.nodes, "anomaly score of features", inputs, outputs, made.constants
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


@dataclass
class _Nodes:
    """The nodes of a graph and its constants, each with a name of its own."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def __call__(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; the name of its output."""
        output = output or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, values: Any) -> str:
        """Add a constant; its name."""
        name = f"constant.{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def any(self, truths: str) -> str:
        """Which rows (N,) of truths (N, d) have a true one, as numbers."""
        numbers = self("Cast", truths, to=onnx.TensorProto.INT64)
        return self("ReduceMax", numbers, self.constant([1]), keepdims=0)


def _rank(made: _Nodes, values: str, reference: np.ndarray) -> str:
    """The share (N, d) of the reference (n, d) that is not above values (N, d).

    In double precision: a search by bisection in each column, all of them together.
    """
    count, width = reference.shape
    steps = [2**k for k in reversed(range(math.ceil(math.log2(count + 1))))]
    padded = made(
        "Pad",
        made.constant(np.ascontiguousarray(np.sort(reference, axis=0).T)),
        made.constant([0, 0, 0, sum(steps) - count]),
        made.constant(reference.dtype.type(np.inf)),
    )
    ordered = made("Reshape", padded, made.constant([-1]))
    offset = made.constant(np.arange(width) * sum(steps) - 1)
    place = made.constant(np.zeros((1, width), np.int64))  # how many are not above
    for step in steps:
        tried = made("Add", place, made.constant(step))
        there = made("Gather", ordered, made("Add", tried, offset))
        place = made("Where", made("LessOrEqual", there, values), tried, place)
    place = made("Cast", place, to=onnx.TensorProto.DOUBLE)
    return made("Div", place, made.constant(float(count)))


def _trees(made: _Nodes, features: str, trained: TrainedTagger) -> str:
    """The sums (N, classifiers) of the leaves that jets of features (N, d) fall into.

    Trees in single precision say which leaves these are, the thresholds rounded such that features
    in single precision fall where they fell. Their values are added in double precision.
    (TreeEnsemble of ai.onnx.ml 5 would be in double precision throughout, but onnxruntime 1.21 to
    1.23 gives wrong sums of some of these trees, and older ones do not have it.)
    """
    leaf = trained.feature < 0
    numbers = np.arange(len(leaf))
    tree = np.searchsorted(trained.root, numbers, "right") - 1
    inside = numbers - trained.root[tree]  # nodes are counted in each tree
    threshold = trained.threshold.astype(np.float32)
    above = threshold > trained.threshold
    threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
    leaves = int(leaf.sum())
    fallen = made(
        "TreeEnsembleRegressor",
        features,
        domain="ai.onnx.ml",
        n_targets=len(trained.root),
        nodes_treeids=tree,
        nodes_nodeids=inside,
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_featureids=np.where(leaf, 0, trained.feature),
        nodes_values=np.where(leaf, 0, threshold),
        nodes_truenodeids=np.where(leaf, 0, inside[trained.left]),
        nodes_falsenodeids=np.where(leaf, 0, inside[trained.right]),
        target_treeids=tree[leaf],
        target_nodeids=inside[leaf],
        target_ids=tree[leaf],
        target_weights=np.arange(leaves, dtype=np.float32),  # exact up to 2^24
    )
    fallen = made("Cast", fallen, to=onnx.TensorProto.INT64)
    values = made("Gather", made.constant(trained.value[leaf]), fallen)
    of_classifier = trained.classifier[:, None] == np.arange(trained.constant.size)
    return made("MatMul", values, made.constant(of_classifier.astype(np.float64)))
