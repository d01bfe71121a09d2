"""Tests that draw many cases or take long: `make test` leaves them out, `make thorough` and CI run them."""

from collections.abc import Sequence
from typing import Any

import pytest


def first(count: int, cases: Sequence[Any]) -> list[Any]:
    """The cases of a parametrized test, of which those after the first ones are thorough."""
    return [*cases[:count], *(pytest.param(case, marks=pytest.mark.thorough) for case in cases[count:])]
