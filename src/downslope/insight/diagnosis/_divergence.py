"""A descent that came to values that are not finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from downslope.insight.diagnosis._learning_rate import StableRange

__all__ = ["Divergence", "FirstAid", "diagnose_divergence"]


@dataclass(frozen=True)
class FirstAid:
    """A change that may help.

    Attributes:
        words: what it is.
        settings: what changes, as arguments of ``descend``.
        standardise: whether the columns of the table are to be standardised.
    """

    words: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    standardise: bool = False


@dataclass(frozen=True)
class Divergence:
    """What is wrong.

    Attributes:
        cause: in a sentence, or "" where it is not known.
        remedies: what may help, the likeliest first.
    """

    cause: str
    remedies: tuple[FirstAid, ...]


def diagnose_divergence(
    learning_rate: float, stable: StableRange | None, *, standardised: bool, clipped: bool
) -> Divergence:
    """Why a descent diverged, and what may help.

    Args:
        learning_rate: of the descent.
        stable: the rates with which it converges, where they are known.
        standardised: whether the columns of the table are standardised already.
        clipped: whether gradients are clipped already.

    >>> found = diagnose_divergence(0.1, StableRange(0.01, 0.005), standardised=True, clipped=True)
    >>> [remedy.settings for remedy in found.remedies]
    [{'learning_rate': 0.005}, {'learning_rate': 0.01}]
    """
    cause, remedies = "", []
    if stable is not None and learning_rate >= stable.below:
        cause = (
            f"The learning rate {learning_rate:g} is above {stable.below:.5g}, from which on this descent"
            " diverges: each step overshoots the minimum by more than its distance from it."
        )
        best = f"learning rate {stable.best:.3g}, the best for these rows"
        remedies.append(FirstAid(best, {"learning_rate": stable.best}))
    tenth = float(f"{learning_rate / 10:.3g}")
    remedies.append(FirstAid(f"learning rate {tenth:g}, a tenth", {"learning_rate": tenth}))
    if not standardised:
        remedies.append(FirstAid("standardised columns", standardise=True))
    if not clipped:
        remedies.append(FirstAid("gradients clipped at a norm of 1", {"clip_norm": 1.0}))
    return Divergence(cause, tuple(remedies))
