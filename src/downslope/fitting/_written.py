"""Numbers and cells as texts and pictures write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import floor, isfinite, log10
from typing import Any

__all__ = ["aligned", "cell_text", "in_digits_of", "rounded", "with_error"]

_LONGEST = 30


def in_digits_of(scale: float, value: float, sign: bool = False) -> str:
    """A number with as many decimals as give a number of the size of ``scale`` four digits.

    >>> in_digits_of(412.3, -7.0, sign=True), in_digits_of(0.25, 0.98765), in_digits_of(5e-9, 1e-9)
    ('-7.0', '0.9877', '1e-09')
    """
    form = "+" if sign else ""
    if not isfinite(scale) or not scale or not 1e-6 < abs(scale) < 1e12:
        return f"{value:{form},.4g}"
    decimals = max(0, 3 - floor(log10(abs(scale))))
    return f"{round(value, decimals) + 0.0:{form},.{decimals}f}"


def with_error(error: float) -> str:
    """A standard error in two digits, with its sign; nothing where there is none.

    >>> with_error(0.01234), with_error(8.1), with_error(0.0)
    ('± 0.012', '± 8.1', '')
    """
    return f"± {in_digits_of(100 * error, error)}" if error else ""


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """The cells of each row below one another.

    Args:
        rows: as many cells in each.
        left: the columns that stand to the left; the others stand to the right.

    >>> aligned([["", "R²"], ["network", "0.9"]])
    ['             R²', '  network   0.9']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "   ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def cell_text(cell: Any) -> str:
    """A cell of a table.

    >>> cell_text(181.0), cell_text(None), cell_text(0.1 + 0.2)
    ('181', 'missing', '0.3')
    """
    if cell is None:
        return "missing"
    text = f"{cell:.7g}" if isinstance(cell, float) else " ".join(str(cell).split())
    if isinstance(cell, datetime):
        text = text.removesuffix(" 00:00:00")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def rounded(value: float) -> str:
    """A number in four significant digits, with commas between thousands where it is large.

    >>> rounded(12345.678), rounded(0.012345), rounded(3.0)
    ('12,346', '0.01235', '3')
    """
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e9 else f"{value:.4g}"
