"""Numbers as people read them."""

import numpy as np
import pytest

from oddjet.common.rounding import measured, number, percent, reciprocal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.250"),
        (137.04, "137.0"),
        (2e-5, "2.0e-05"),
        (0, "0.000"),
        (np.nan, "-"),
        (None, "-"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("uncertainty", "text"),
    [(0.458, "173.71 ± 0.46"), (1.5, "173.7 ± 1.5"), (23, "174 ± 23"), (np.nan, "173.7")],
)
def test_an_uncertainty_has_two_digits_and_its_value_no_more(uncertainty: float, text: str) -> None:
    assert measured(173.712, uncertainty) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *((0.68, "68%"), (0.005, "0.5%"), (0.0897, "9.0%"), (1, "100%"), (0, "0%")),
        *((0.000167, "0.017%"), (0.0005, "0.05%"), (0.9995, "99.95%"), (0.3333, "33.3%")),
    ],
)
def test_shares_are_never_rounded_to_nothing_or_all(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("unit", "text"), [("GeV", "1 / GeV"), (r"GeV $\times$ pixels", r"1 / (GeV $\times$ pixels)")]
)
def test_the_reciprocal_of_a_product_is_that_of_all_of_it(unit: str, text: str) -> None:
    assert reciprocal(unit) == text
