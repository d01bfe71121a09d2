"""Dead units and the stable range of learning rates, beside what NumPy says of the same numbers."""

import numpy as np
import pytest

import downslope as ds
from downslope.insight.diagnosis import dead_units, stable_range

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
