"""Scores that are no autoencoder's."""

import numpy as np
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score

from oddjet.common.scorefiles import LEARNT
from oddjet.evaluate.baselines import PrincipalComponents


def correlated(events: int, seed: int) -> np.ndarray:
    """Points in seven dimensions, nearly all of the spread in three."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 7)))[0]
    return rng.normal(size=(events, 7)) * [5, 3, 2, 0.1, 0.1, 0.1, 0.1] @ axes


def test_principal_components_give_the_error_and_the_distance_of_plain_algebra() -> None:
    fitted, others = correlated(400, 1), correlated(9, 2)
    found = PrincipalComponents(fitted, 3, seed=0).scores(others)
    middle = fitted.mean(0)
    axes = np.linalg.svd(fitted - middle, full_matrices=False)[2][:3]
    projected = (fitted - middle) @ axes.T
    inverse = np.linalg.inv(np.cov(projected.T, bias=True))
    np.testing.assert_allclose(  # an axis may point either way
        np.abs(found["pca"]), np.abs((others - middle) @ axes[:2].T), rtol=1e-3, atol=1e-3
    )
    for number, point in enumerate(others):
        rest = point - middle - axes.T @ (axes @ (point - middle))
        # the components are found by a randomised method, to a few digits
        np.testing.assert_allclose(found["pca_error"][number], rest @ rest, rtol=1e-3)
        distance = mahalanobis(axes @ (point - middle), projected.mean(0), inverse)
        np.testing.assert_allclose(found["pca_mahalanobis"][number], distance, rtol=1e-3)


def test_what_lies_off_the_normal_points_scores_higher() -> None:
    components = PrincipalComponents(correlated(400, 1), 3, seed=0)
    normal, far = correlated(100, 2), correlated(100, 3) * 4
    labels = np.repeat([0, 1], 100)
    for name in LEARNT:
        scores = np.concatenate([components.scores(x)[name] for x in (normal, far)])
        assert roc_auc_score(labels, scores) > 0.8  # 0.91 to 0.99 here


def test_more_components_than_pixels_or_images_are_as_many_as_there_are() -> None:
    few = correlated(5, 1)
    assert PrincipalComponents(few, 32, seed=0).pca.n_components == 5
