"""Descents of one program leave the engine's memory to each other, and nothing that is in it."""

import itertools

import numpy as np
import pytest

import downslope as ds

X = np.random.default_rng(0).normal(size=(20, 3))
Y = np.sin(X[:, :1])
NET = ds.Network(3, [ds.Dense(5, "tanh"), ds.Dense(1)])
RATES = (1e150, 1e200, 1e250, 1e290, 1e300, 1e305, 1e307, 1e308)


def descent(rate: float, steps: int) -> ds.Run:
    return ds.descend(NET, X, Y, learning_rate=rate, steps=steps, optimizer="sgd", seed=1)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_what_a_descent_leaves_beyond_the_numbers_is_forgotten(steps) -> None:
    """Matrices are padded to whole vectors; in the padding numbers grow that belong to nobody."""
    for before, after in itertools.product(RATES, RATES):
        descent(before, steps)
        run = descent(after, steps)
        assert run.stopped in ("finished", "not finite")
        assert all(np.isfinite(value).all() for value in run.parameters.values())
