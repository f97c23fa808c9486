"""The networks of the supervised reference."""

import numpy as np
import pytest
import torch
from labelled_jets import CNN, DENSE

from oddjet.evaluate.classifier import Classifier


def test_images_have_one_unit_and_each_number_of_constituents_its_own() -> None:
    rng = np.random.default_rng(0)
    batches = [torch.as_tensor(rng.normal(size=(5, 1, 8, 8)), dtype=torch.float32) for _ in "ab"]
    classifier = Classifier(CNN, (1, 8, 8))
    classifier.fit_unit(batches)
    assert classifier.unit.item() == pytest.approx(torch.cat(batches).square().mean().sqrt().item())
    vectors = torch.as_tensor(rng.normal(size=(9, 3, 4)), dtype=torch.float32)
    vectors[:, 2] = 0  # jets of two constituents
    classifier = Classifier(DENSE, (3, 4))
    classifier.fit_unit(iter([vectors]))
    expected = vectors.square().mean(0).sqrt()
    expected[2] = 1
    torch.testing.assert_close(classifier.unit, expected)
