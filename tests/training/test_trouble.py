"""What is said while a descent goes wrong, and that nothing is said while it does not."""

from __future__ import annotations

import numpy as np
import pytest

import downslope as ds
from downslope.training import Trouble

X = np.random.default_rng(0).standard_normal((200, 3))
Y = X @ [1.0, -2.0, 0.5]


def troubles_of(y: np.ndarray, **settings: object) -> list[Trouble]:
    seen: list[Trouble | None] = []
    network = ds.Network(3, [ds.Dense(8, "tanh"), ds.Dense(1)])
    ds.descend(network, X, y, progress=lambda epoch: seen.append(epoch.trouble), **settings)
    return [each for each in seen if each is not None]


def test_an_error_that_grows_is_said_once_with_its_numbers() -> None:
    errors: list[float] = []
    seen: list[Trouble] = []

    def progress(epoch: object) -> None:
        errors.append(epoch.error)
        seen.extend([epoch.trouble] * (epoch.trouble is not None))

    run = ds.descend(ds.Network(3, [ds.Dense(1)]), X, Y, learning_rate=1.5, epochs=12, progress=progress)
    (trouble,) = seen
    assert trouble.kind == "grown"
    assert (trouble.error, trouble.first) == (errors[trouble.epoch - 1], run.losses[0])
    assert all(errors[trouble.epoch - k] > 1.35 * run.losses[0] for k in (1, 2))
    assert f"in epoch {trouble.epoch}" in trouble.message


def test_an_error_that_stays_is_said_after_ten_epochs() -> None:
    (trouble,) = troubles_of(Y, learning_rate=1e-9, epochs=30, batch_size=20)
    assert (trouble.kind, trouble.epoch) == ("flat", 10)


@pytest.mark.parametrize("batch", [None, 1, 16])
@pytest.mark.parametrize("seed", range(5))
def test_a_descent_that_learns_says_nothing(batch: int | None, seed: int) -> None:
    heavy = Y + np.random.default_rng(seed).standard_t(3, len(Y))  # a first batch may have a low error
    assert not troubles_of(heavy, learning_rate=0.01, epochs=40, batch_size=batch, seed=seed)
