"""A trained tagger as arrays: its file unpickles nothing, and needs no scikit-learn to be read."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import h5py
import numpy as np

from oddjet.estimate.tagger import Tagger


@dataclass(frozen=True)
class TrainedTagger:
    """The classifiers of a tagger, bag by bag, fold by fold.

    A classifier's log odds are its `constant`, the values of the leaves that a jet falls into in
    its trees, and the product of its `coefficients` with the ranks of the jet's features among the
    normal jets that it learnt from, and their squares, as `tagger` computes them.

    Attributes:
        log_odds: of control jets by each classifier, (c, bags, folds).
        constant: (bags, folds).
        coefficients: (bags, folds, 2d) for d features.
        root: the first node of each tree, (t,).
        classifier: that a tree belongs to, (t,), folds counted before bags.
        feature: that a node looks at, (n,); -1 in a leaf.
        threshold: up to which a jet goes on to `left`, and above to `right`, (n,).
        left, right: nodes, (n,).
        value: of a leaf, (n,).
    """

    log_odds: np.ndarray
    constant: np.ndarray
    coefficients: np.ndarray
    root: np.ndarray
    classifier: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, tagger: Tagger) -> "TrainedTagger":
        """What was trained, taken out of scikit-learn's objects, which have no names for it."""
        found: dict[str, list[np.ndarray]] = {
            name: [] for name in ("feature", "threshold", "left", "right", "value")
        }
        root, classifier, constant, coefficients = [], [], [], []
        shape, first = tagger.log_odds.shape[1:], 0
        for number, (trees, linear) in enumerate(tagger.classifiers):
            constant.append(trees.fitted._baseline_prediction.item() + linear.intercept_.item())
            coefficients.append(linear.coef_[0])
            for (tree,) in trees.fitted._predictors:
                nodes = tree.nodes
                leaf = nodes["is_leaf"].astype(bool)
                found["feature"].append(np.where(leaf, -1, trees.columns[nodes["feature_idx"]]))
                found["threshold"].append(nodes["num_threshold"])
                for side in ("left", "right"):
                    found[side].append(np.where(leaf, 0, nodes[side].astype(np.int64) + first))
                found["value"].append(np.where(leaf, nodes["value"], 0.0))
                root.append(first)
                classifier.append(number)
                first += len(nodes)
        return cls(
            log_odds=tagger.log_odds,
            constant=np.reshape(constant, shape),
            coefficients=np.reshape(coefficients, (*shape, -1)),
            root=np.array(root),
            classifier=np.array(classifier),
            **{name: np.concatenate(parts) for name, parts in found.items()},
        )

    def write(self, target: h5py.Group) -> None:
        """Write each attribute as a dataset."""
        for one in fields(self):
            target[one.name] = getattr(self, one.name)

    @classmethod
    def read(cls, path: str | Path) -> "TrainedTagger":
        """Read what `write` wrote."""
        with h5py.File(path) as file:
            return cls(**{one.name: file[one.name][:] for one in fields(cls)})


def names_of(path: str | Path) -> Sequence[str]:
    """The features (d,) that a tagger reads, in their order."""
    with h5py.File(path) as file:
        return list(file.attrs["features"])
