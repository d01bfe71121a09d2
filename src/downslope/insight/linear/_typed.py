"""Learning rates and momenta in few digits, rounded so that descent with the printed numbers converges."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

__all__ = ["below", "factor", "momentum_above", "rates_below"]

_DIGITS = 5
_MOST_DIGITS = 13
_UNSURE = 1e-13  # more than the rounding errors of an eigenvalue


def below(value: float, digits: int = _DIGITS) -> float:
    """The largest number of so many digits that is not above a value above 0.

    >>> below(0.00731358), below(2.0), below(0.0123456789, 3)
    (0.0073135, 2.0, 0.0123)
    """
    exact = Decimal(value)
    unit = Decimal((0, (1,), exact.adjusted() - digits + 1))
    return float(exact.quantize(unit, rounding=ROUND_FLOOR))


def rates_below(best: float, bound: float) -> tuple[float, float]:
    """The best rate and the bound of the stable ones, in as many digits as it takes to tell them apart.

    >>> rates_below(0.0071845123, 0.0073135987)
    (0.0071845, 0.0073135)
    >>> rates_below(0.00017265717388, 0.00017265717392)
    (0.0001726571738, 0.0001726571739)
    """
    safe = min(best, bound * (1 - _UNSURE))
    digits = _DIGITS
    while below(safe, digits) == below(bound, digits) and digits < _MOST_DIGITS:
        digits += 1
    return below(safe, digits), below(bound, digits)


def momentum_above(value: float) -> float:
    """A momentum below 1 rounded up, so that four digits of 1 − μ are right.

    The range of rates at which all directions shrink by √μ grows with μ, so a little more is safe.

    >>> momentum_above(0.58317), momentum_above(0.999996000123)
    (0.5832, 0.999996001)
    """
    rest = below(1 - value, 4)
    return float(1 - Decimal(repr(rest)))


def factor(value: float) -> str:
    """A factor in six digits, and in more where it is near 1.

    >>> factor(0.995089123), factor(0.99999999876543), factor(1.5)
    ('0.995089', '0.999999998765', '1.5')
    """
    digits = 6
    while digits < 17 and abs(float(f"{value:.{digits}g}") - value) > 1e-3 * abs(1 - value):
        digits += 1
    return f"{value:.{digits}g}"
