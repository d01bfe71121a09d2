"""Parameters that a network lacks are tested as SciPy tests means, and blamed as seldom as is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from downslope.insight.diagnosis.measured import LEVEL, most_missed
from thorough import first

ROWS = 60


def test_one_term_of_one_output_is_the_test_of_a_mean() -> None:
    random = np.random.default_rng(0)
    deltas, v = random.standard_normal((ROWS, 1)), random.standard_normal((ROWS, 1)) + 0.3
    found = most_missed(["v"], v, deltas + 0.2 * v, np.zeros((ROWS, 1)))
    expected = stats.ttest_1samp(((deltas + 0.2 * v) * v)[:, 0], 0).pvalue
    assert found.p == pytest.approx(expected, rel=1e-9)


def test_what_the_output_is_linear_in_already_is_not_missed() -> None:
    random = np.random.default_rng(1)
    known = np.hstack([np.ones((ROWS, 1)), random.standard_normal((ROWS, 2))])
    v = known @ [[0.5], [2.0], [-1.0]] + 1e-9 * random.standard_normal((ROWS, 1))
    deltas = v + random.standard_normal((ROWS, 1))
    assert most_missed(["v"], v, deltas, np.zeros((ROWS, 1))).p < LEVEL
    assert most_missed(["v"], v, deltas, known).p > LEVEL


@pytest.mark.thorough
@pytest.mark.parametrize("outputs", first(1, [1, 3]))
def test_nothing_is_missed_in_noise_more_often_than_said(outputs: int) -> None:
    """Of 400 tables without a relation, each with 20 terms: at 1% fewer than 12 but with a chance of 1e-3."""
    random = np.random.default_rng(2)
    names = [f"v{k}" for k in range(20)]
    blamed = 0
    for _ in range(400):
        values, deltas = random.standard_normal((ROWS, 20)), random.standard_normal((ROWS, outputs))
        blamed += most_missed(names, values, deltas, np.ones((ROWS, 1))).p < LEVEL
    assert blamed < stats.binom.isf(1e-3, 400, LEVEL) + 1
