"""The cut: what is proved of its false positive rate, and its bootstrap."""

import itertools

import numpy as np
import pytest
from scipy import stats

from oddjet.estimate import cuts


def clopper_pearson_upper(passed: int, events: int, confidence: float) -> float:
    """One-sided upper limit, from scipy's test: the two-sided interval of 1 - 2 (1 - c)."""
    test = stats.binomtest(passed, events, alternative="less")
    return test.proportion_ci(confidence, method="exact").high


def share_above(scores: np.ndarray, threshold: float) -> float:
    count = 0
    for score in scores:
        if score > threshold:
            count += 1
    return count / len(scores)


# The cut


@pytest.mark.parametrize("confidence", [0.68, 0.95, 0.999])
@pytest.mark.parametrize(("control", "max_fpr"), [(36, 0.1), (100, 0.05), (400, 0.1), (60, 0.5)])
def test_allowed_false_positives_are_all_that_clopper_and_pearson_prove(
    control: int, max_fpr: float, confidence: float
) -> None:
    proved = [
        passed
        for passed in range(control)
        if clopper_pearson_upper(passed, control, confidence) <= max_fpr
    ]
    if proved:
        allowed = cuts.allowed_false_positives(control, max_fpr, confidence)
        assert list(range(allowed + 1)) == proved
    else:
        with pytest.raises(ValueError, match=f"{control} control jets cannot prove"):
            cuts.allowed_false_positives(control, max_fpr, confidence)


@pytest.mark.parametrize("control", [36, 100, 1000])
def test_cut_keeps_the_limit_and_one_more_false_positive_would_not(control: int) -> None:
    scores = np.random.default_rng(0).permutation(control).astype(float)  # no ties
    cut = cuts.choose_cut(scores, 0.10, 0.95)
    passed = round(share_above(scores, cut.threshold) * control)
    assert cut.fpr == passed / control
    # two ways to the same quantile of a Beta distribution: equal to about 1e-10
    upper = clopper_pearson_upper(passed, control, 0.95)
    assert cut.fpr_upper == pytest.approx(upper, rel=1e-8)
    assert cut.fpr_upper <= 0.10
    assert clopper_pearson_upper(passed + 1, control, 0.95) > 0.10


def test_cut_is_a_control_score_that_does_not_pass_itself() -> None:
    scores = np.random.default_rng(0).random(50)
    cut = cuts.choose_cut(scores, 0.10, 0.95)
    assert cut.threshold in scores


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_cut_keeps_the_limit_with_tied_scores(decimals: int) -> None:
    scores = np.random.default_rng(0).exponential(size=200).round(decimals)
    cut = cuts.choose_cut(scores, 0.10, 0.95)
    assert cut.fpr == share_above(scores, cut.threshold)
    assert cut.fpr_upper <= 0.10
    looser = scores[scores < cut.threshold].max()
    passed = round(share_above(scores, looser) * len(scores))
    assert clopper_pearson_upper(passed, len(scores), 0.95) > 0.10


@pytest.mark.parametrize(
    ("max_fpr", "confidence"),
    [
        *itertools.product([0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9], [0.5, 0.68, 0.9, 0.95]),
        # a whole number of jets proves these exactly, where rounding may go either way
        *[(f, 1 - (1 - f) ** n) for f in (0.1, 0.2, 0.3, 0.5) for n in (1, 2, 3, 10)],
    ],
)
def test_least_control_is_exact(max_fpr: float, confidence: float) -> None:
    least = cuts.least_control(max_fpr, confidence)
    assert least >= 1
    assert cuts.allowed_false_positives(least, max_fpr, confidence) >= 0
    if least > 1:
        with pytest.raises(ValueError, match="cannot prove"):
            cuts.allowed_false_positives(least - 1, max_fpr, confidence)


# The bootstrap


def plain_bootstrap(
    control: np.ndarray, test: np.ndarray, allowed: int, replicas: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Resample, sort, cut and count, a replica at a time."""
    rates, shares = [], []
    for _ in range(replicas):
        drawn = sorted(control[rng.integers(len(control), size=len(control))])
        threshold = drawn[len(drawn) - allowed - 1]
        rates.append(share_above(drawn, threshold))
        shares.append(share_above(test[rng.integers(len(test), size=len(test))], threshold))
    return np.array(rates), np.array(shares)


@pytest.mark.parametrize("allowed", [0, 3, 20])
@pytest.mark.parametrize("decimals", [8, 1, 0], ids=["untied", "tied", "all but constant"])
def test_bootstrap_has_the_distribution_of_plain_resampling(allowed: int, decimals: int) -> None:
    rng = np.random.default_rng([allowed, decimals])
    control = rng.exponential(size=80).round(decimals)
    test = rng.exponential(2.0, size=50).round(decimals)
    plain_replicas, replicas = 2000, 40_000
    plain = plain_bootstrap(control, test, allowed, plain_replicas, rng)
    fast = cuts.bootstrap_rates(control, test, allowed, replicas, rng)
    for exact, drawn in zip(plain, fast, strict=True):
        assert drawn.shape == (replicas,)
        # the error of the mean of n replicas is s / sqrt(n), of their standard deviation about
        # s sqrt((k - 1) / 4n) with kurtosis k; five of them, as 18 comparisons are made
        spread = exact.std()
        shape = np.sqrt(1 / plain_replicas + 1 / replicas)
        assert abs(drawn.mean() - exact.mean()) <= 5 * spread * shape
        kurtosis = stats.kurtosis(exact, fisher=False) if spread else 0
        error = 5 * spread * np.sqrt(max(kurtosis - 1, 0) / 4) * shape
        assert abs(drawn.std() - spread) <= error
        # the share of replicas up to any value differs by the Monte Carlo error of a share, at most
        # 0.5 / sqrt(n): this compares every quantile, with or without ties
        for value in np.unique(exact):
            assert abs((drawn <= value).mean() - (exact <= value).mean()) <= 5 * 0.5 * shape


@pytest.mark.parametrize(("scores", "limits"), [(2.0, (0.16**0.1, 1)), (-1.0, (0, 1 - 0.16**0.1))])
def test_where_all_jets_pass_or_none_the_share_reaches_to_the_limits_of_clopper_and_pearson(
    scores: float, limits: tuple[float, float]
) -> None:
    rng = np.random.default_rng(0)
    _, share = cuts.bootstrap_rates(rng.random(1000), np.full(10, scores), 50, 100_000, rng)
    assert np.percentile(share, [16, 84]) == pytest.approx(limits, abs=0.005)


def test_bootstrap_chooses_the_cut_anew_so_that_it_varies_more_than_a_fixed_one() -> None:
    rng = np.random.default_rng(0)
    control, test = rng.exponential(size=60), rng.exponential(size=5000)
    _, share = cuts.bootstrap_rates(control, test, 2, 2000, rng)
    fixed = np.sqrt(share.mean() * (1 - share.mean()) / len(test))
    assert share.std() > 3 * fixed


# The estimators


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.65, 1.0])
@pytest.mark.parametrize("fpr", [0.0, 0.05, 0.3])
def test_corrected_inverts_the_mixture_where_every_anomalous_jet_passes(
    fraction: float, fpr: float
) -> None:
    observed = (1 - fraction) * fpr + fraction
    # exact but for a few roundings
    assert cuts.corrected(observed, fpr) == pytest.approx(fraction, abs=1e-14)


def test_false_positive_rate_of_the_cut_is_kept_as_surely_as_asked() -> None:
    # of exponential scores the true rate beyond the cut is exp(-cut)
    repeats, control = 2000, 100
    rng = np.random.default_rng(0)
    kept = 0
    for _ in range(repeats):
        cut = cuts.choose_cut(rng.exponential(size=control), 0.10, 0.95)
        kept += np.exp(-cut.threshold) <= 0.10
    # at least 95%, but for three standard deviations of the share of repeats
    assert kept / repeats >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / repeats)
