"""Numbers as people read them: to as many digits as they mean something."""

import math


def number(value: float | None, digits: int = 3) -> str:
    """A number to so many digits behind the point, fewer for larger ones; a dash for none."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞"
    if value and abs(value) < 10.0**-digits:
        return f"{value:.1e}"
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.{min(digits, 1)}f}"


def measured(value: float, uncertainty: float) -> str:
    """A value with its uncertainty to two significant digits, and no more digits itself."""
    if not 0 < uncertainty < math.inf:
        return number(value)
    digits = max(0, 1 - math.floor(math.log10(uncertainty)))
    return f"{value:.{digits}f} ± {uncertainty:.{digits}f}"


def reciprocal(unit: str) -> str:
    """The unit of a density in a unit; of a product of units it is in brackets."""
    return f"1 / ({unit})" if r"\times" in unit else f"1 / {unit}"


def percent(share: float) -> str:
    """A share in percent, to a tenth, and to two digits of what it is short of: 68%, 0.017%."""
    whole = 100 * share
    least = min(abs(whole), abs(100 - whole))
    digits = 1 - math.floor(math.log10(least)) if 0 < least < 1 else 1
    return f"{round(whole, digits):.9g}%" if least < 1 or round(whole) == whole else f"{whole:.1f}%"
