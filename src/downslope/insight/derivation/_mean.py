"""The gradient of a parameter as the mean over rows of its factors' product: which rows make it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from downslope._dataclass import dataclass
from downslope.graph.notation import Symbol, mathml, number_text, partial, product, text
from downslope.insight.derivation._factors import Bar, Factor, FactorBuilder
from downslope.insight.derivation._links import GRADIENT
from downslope.insight.derivation._parameter import ParameterDerivation
from downslope.insight.derivation._sums import largest, sum_of_others

__all__ = ["Mean", "mean_of"]

_ROWS = 4  # that are written out
_CANCELLED = 0.5  # of the sum of sizes: less than that is left where rows disagree


@dataclass(frozen=True)
class RowTerm:
    """What a row of the table, counted from 0, adds to a mean: the product of its factors, by its weight."""

    row: int
    factors: tuple[Factor, ...]
    adds: float


@dataclass(frozen=True)
class Mean:
    """A mean over the rows of a step.

    Attributes:
        gradient: what it comes to: the sum of what the terms and the others add.
        of: what it is a mean of, as MathML.
        count: of the rows of the step.
        even: whether they weigh the same, each its product over ``count``.
        terms: the rows that add most.
        others: how many rows are not shown, and what they add; None where all are.
        reason: in words, what makes it large or small.
    """

    gradient: Factor
    of: str
    count: int
    even: bool
    terms: tuple[RowTerm, ...]
    others: tuple[int, float] | None
    reason: str

    def factors(self) -> list[Factor]:
        """All that is shown with a bar."""
        return [self.gradient, *[factor for term in self.terms for factor in term.factors]]

    def to_json(self, bar: Bar) -> dict[str, Any]:
        """Plain data for a page."""
        return {
            "gradient": self.gradient.to_json(bar),
            "of": self.of,
            "count": self.count,
            "even": self.even,
            "terms": [
                {"row": term.row, "adds": term.adds, "factors": [f.to_json(bar) for f in term.factors]}
                for term in self.terms
            ],
            "others": self.others,
        }


def mean_of(
    over: ParameterDerivation, builder: FactorBuilder, meanings: Sequence[str], typical: Sequence[float]
) -> Mean:
    """The mean over the rows of a step.

    Args:
        over: the derivation over all rows.
        builder: makes the factors of a row.
        meanings: of each factor, what it is, in words.
        typical: of each factor, the root of its mean square over the rows.
    """
    shares, symbols, step = over.shares, over.factors.symbols, over.step
    shown = largest(shares, _ROWS)
    terms = []
    for i in shown:
        row = int(step.viewed_rows[i])
        factors = replace(builder, row=row).product(symbols, over.factors.values[i], meanings, typical)
        terms.append(RowTerm(row, factors, float(shares[i])))
    left = len(step.rows) - len(shown)
    looked_at = len(shares) == len(step.rows)
    others = sum_of_others(shares, shown) if looked_at else over.total - math.fsum(shares[shown])
    gradient = Factor(
        partial(Symbol("E"), over.symbol),
        over.total,
        GRADIENT,
        tuple(key for key in (builder.links.of(over.symbol)[1],) if key),
        f"how the mean error changes with {text(over.symbol)}",
    )
    return Mean(
        gradient,
        mathml(product(symbols)),
        len(step.rows),
        over.even,
        tuple(terms),
        (left, others) if left else None,
        _reason(over, typical),
    )


def _reason(over: ParameterDerivation, typical: Sequence[float]) -> str:
    """Which factor is typically the largest, and whether the rows cancel each other."""
    sizes = float(np.abs(over.shares).sum())
    if not all(math.isfinite(size) for size in (*typical, sizes)):
        return ""
    written = [f"{text(s)} {number_text(v, 5)}" for s, v in zip(over.factors.symbols, typical, strict=True)]
    said = f"Typical sizes over the rows (root mean square): {', '.join(written)}."
    if len(typical) > 1:
        said += f" {text(over.factors.symbols[int(np.argmax(typical))])} is the largest factor."
    left = abs(float(over.shares.sum()))
    if left < _CANCELLED * sizes:
        percent = number_text(100 * left / sizes, 2)
        said += f" Rows of both signs cancel: {percent} % of the sum of sizes is left."
    return said
