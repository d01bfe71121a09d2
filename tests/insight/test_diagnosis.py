"""What is said of a network or of its descent, beside what NumPy says of the same numbers."""

import numpy as np
import pytest

import downslope as ds
from downslope.insight.diagnosis import StableRange, dead_units, diagnose_divergence, stable_range

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(40, 3)) * [1.0, 5.0, 0.2]
Y = X @ [[1.0], [-2.0], [3.0]] + 0.1


@pytest.mark.parametrize("bias", [False, True])
def test_the_stable_range_ends_at_two_over_the_largest_curvature(bias):
    columns = np.column_stack([X, np.ones(len(X))]) if bias else X
    curvatures = np.linalg.eigvalsh(columns.T @ columns * 2 / len(X))
    found = stable_range(ds.Network(3, [ds.Dense(1, bias=bias)]), X, Y)
    assert found.below == pytest.approx(2 / curvatures[-1])
    assert found.best == pytest.approx(2 / (curvatures[0] + curvatures[-1]))


def test_no_stable_range_is_claimed_of_other_networks():
    assert stable_range(ds.Network(3, [ds.Dense(2, "tanh"), ds.Dense(1)]), X, Y) is None
    assert stable_range(ds.Network(301, [ds.Dense(1)]), np.ones((2, 301)), np.ones((2, 1))) is None


def test_a_rate_beyond_the_range_diverges_and_the_first_remedy_converges():
    network = ds.Network(3, [ds.Dense(1)])
    known = stable_range(network, X, Y)
    assert ds.descend(network, X, Y, learning_rate=known.below * 2, steps=5000).stopped == "not finite"
    found = diagnose_divergence(known.below * 2, known, standardised=False, clipped=False)
    assert f"above {known.below:.5g}" in found.cause
    run = ds.descend(network, X, Y, steps=5000, **found.remedies[0].settings)
    assert run.stopped != "not finite"
    assert run.losses[-1] < run.losses[0]


def test_where_the_range_is_not_known_no_cause_is_claimed():
    found = diagnose_divergence(0.5, None, standardised=False, clipped=False)
    assert found.cause == ""
    assert [remedy.settings for remedy in found.remedies] == [{"learning_rate": 0.05}, {}, {"clip_norm": 1.0}]
    assert [remedy.standardise for remedy in found.remedies] == [False, True, False]
    stable = diagnose_divergence(0.5, StableRange(1.0, 0.4), standardised=True, clipped=True)
    assert (stable.cause, len(stable.remedies)) == ("", 1)


@pytest.mark.parametrize(
    ("activation", "column", "dead"),
    [
        ("relu", [0, 0, 0], True),
        ("relu", [0, 0, 1e-9], False),
        ("sigmoid", [0.9995, 1, 1], True),
        ("sigmoid", [0.0005, 1, 0.9995], True),
        ("sigmoid", [0.0005, 0.5, 0.9995], False),
        ("tanh", [-1, 1, -0.9999], True),
        ("tanh", [-0.99, 1, 1], False),
        ("linear", [1, 1, 1], False),
    ],
)
def test_dead_units(activation, column, dead):
    assert dead_units(np.array(column, float)[:, None], activation).tolist() == [dead]
