"""Tests that draw many cases or take long: `make test` leaves them out, `make thorough` and CI run them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings

ALL = 100
"""How many examples Hypothesis draws for a test that says nothing of it."""


def first(count: int, cases: Sequence[Any]) -> list[Any]:
    """The cases of a parametrized test, of which those after the first ones are thorough."""
    return [*cases[:count], *(pytest.param(case, marks=pytest.mark.thorough) for case in cases[count:])]


def examples(count: int) -> int:
    """So many examples of Hypothesis, of which ``make test`` draws a quarter."""
    return max(1, count * settings().max_examples // ALL)


def one_in(count: int, cases: Sequence[tuple[Any, ...]]) -> list[Any]:
    """One in so many of the cases, each a tuple, of a parametrized test; the others are thorough.

    Where ``count`` divides none of their numbers, of a product of settings each value is there beside others.
    """
    return [
        pytest.param(*case, marks=pytest.mark.thorough if place % count else ())
        for place, case in enumerate(cases)
    ]
