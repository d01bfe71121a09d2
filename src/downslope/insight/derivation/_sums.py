"""Sums of many terms: the largest written out, and what the others come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph.notation import Expression, Infix, Number, Phrase, Words, number_text, product

__all__ = ["largest", "share_written", "sum_of_others", "weighted_sum"]

_TERMS = 4
_EPSILON = float(np.finfo(float).eps)


def largest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The indices of the largest values in size, all of them in their order where there are few."""
    if len(values) <= count + 1:
        return np.arange(len(values))
    return np.argsort(-np.abs(values), kind="stable")[:count]


def sum_of_others(terms: NDArray[Any], shown: Sequence[int] | NDArray[np.int64]) -> float:
    """The sum of the terms that are not shown; 0 where it is no more than their rounding."""
    others = np.delete(terms, shown)
    total = math.fsum(others)
    return total if abs(total) > _EPSILON * math.fsum(np.abs(others)) else 0.0


def share_written(terms: NDArray[Any], shown: NDArray[np.int64], what: str) -> tuple[str, ...]:
    """In words, how much of the sum of sizes is written out; nothing where all is."""
    size = math.fsum(np.abs(terms))
    if len(shown) == len(terms) or not size:
        return ()
    share = number_text(100 * math.fsum(np.abs(terms[shown])) / size, 3)
    written = f"The {len(shown)} largest of {len(terms):,}{what} are written out"
    return (f"{written}; they make {share} % of the sum of sizes.",)


def weighted_sum(
    factors: NDArray[Any], values: NDArray[Any], offset: float | None
) -> tuple[Expression, tuple[str, ...]]:
    """Σ factor·value with its largest terms first, and in words how much of it they make."""
    terms = factors * values
    shown = largest(terms, _TERMS)
    parts: list[Expression] = [product((Number(float(factors[i])), Number(float(values[i])))) for i in shown]
    if len(shown) < len(terms):
        count = f"\u00a0from\u00a0{len(terms) - len(shown):,}\u00a0others"
        parts.append(Phrase((Number(sum_of_others(terms, shown)), Words(count))))
    if offset is not None:
        parts.append(Number(offset))
    return (Infix("+", tuple(parts)) if len(parts) > 1 else parts[0]), share_written(terms, shown, " terms")
