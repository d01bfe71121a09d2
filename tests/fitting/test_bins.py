"""Bins of numbers, and the single values that some have to be told apart by."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import downslope as ds
from downslope.fitting.ensemble._bins import bins_of, telling_values
from downslope.tables import Target
from thorough import first

ROWS = 2000
NUMBERS, CLASSES = Target("y"), Target("y", ("a", "b", "c"))


def table(draw: np.random.Generator) -> NDArray[np.float32]:
    """A number that names one of 150 schools, an age, and a number that hardly comes again."""
    schools, ages = draw.integers(0, 150, ROWS), draw.integers(18, 90, ROWS)
    return np.stack([schools / 50, ages / 20, draw.normal(size=ROWS)], axis=1).astype(np.float32)


def of_schools(x: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """A number that each school has, in no order."""
    return draw.normal(size=150).astype(np.float32)[np.round(x[:, 0] * 50).astype(int)]


def told(x: NDArray[np.float32], y: NDArray[np.float32], target: Target = NUMBERS) -> dict[int, tuple]:
    return telling_values(x, bins_of(x, ()), y.astype(np.float32), target)


def test_a_number_that_names_something_is_told_apart_by_its_values() -> None:
    draw = np.random.default_rng(0)
    x = table(draw)
    of = of_schools(x, draw)
    y = of + x[:, 1] / 2 + 0.3 * draw.normal(size=ROWS)
    assert list(told(x, y)) == [0]
    assert told(x, y)[0] == pytest.approx(np.unique(x[:, 0]))
    assert list(told(x, np.digitize(of, [-0.5, 0.5]), CLASSES)) == [0]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("target", [NUMBERS, CLASSES])
def test_of_noise_and_smooth_functions_bins_tell_enough(seed: int, target: Target) -> None:
    draw = np.random.default_rng(seed)
    x = table(draw)
    smooth = np.sin(2 * x[:, 1]) + draw.normal(size=ROWS)
    for y in (smooth, draw.normal(size=ROWS), draw.exponential(size=ROWS) ** 2):
        assert not told(x, y if target is NUMBERS else np.digitize(y, [-0.5, 0.5]), target)


def test_rows_of_a_group_do_not_explain_each_other() -> None:
    draw = np.random.default_rng(6)
    x = table(draw)
    y = of_schools(x, draw).astype(np.float32)
    schools, bins = np.round(x[:, 0] * 50).astype(int), bins_of(x, ())
    assert list(telling_values(x, bins, y, NUMBERS, schools)) == []
    assert list(telling_values(x, bins, y, NUMBERS, draw.integers(0, 40, ROWS))) == [0]


def test_there_is_room_for_the_columns_that_tell_most() -> None:
    draw = np.random.default_rng(3)
    right = table(draw)[:, :1]
    wrong = draw.uniform(size=(ROWS, 5)) < [0.2, 0.1, 0.3, 0.05, 0.25]
    x = np.where(wrong, draw.permutation(right), right)
    assert list(told(x, of_schools(right, draw))) == [3, 1, 0]  # 3 times 150 of 512


def test_bins_are_quantiles_or_the_values_and_codes_have_none() -> None:
    draw = np.random.default_rng(2)
    x = np.concatenate([table(draw), draw.integers(0, 5, (ROWS, 2)), draw.integers(0, 2, (ROWS, 1))], axis=1)
    bins = bins_of(x.astype(np.float32), (4,))
    assert list(bins) == [0, 1, 2, 3]
    assert bins[2] == pytest.approx(np.quantile(x[:, 2], np.linspace(0, 1, 33)), abs=1e-6)
    assert bins[3] == (0, 1, 2, 3, 4)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", first(1, [4, 5]))
def test_a_fit_knows_what_a_number_names(seed: int) -> None:
    draw = np.random.default_rng(seed)
    x = table(draw)
    y = of_schools(x, draw) + 0.1 * draw.normal(size=ROWS)
    model = ds.fit(x[:1500], y[:1500], epochs=20, members=2)
    left = y[1500:] - model.predict(x[1500:])
    assert np.mean(left**2) < 0.05 * y.var()  # with 32 bins alone 0.84 of it


def step_table(rows=240):
    x = np.random.default_rng(3).random((rows, 2))
    return {"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > 0.37, 3.0, 1.0) + x[:, 1]}


@pytest.mark.parametrize(
    ("options", "learned"),
    [({}, [False, True]), ({"epochs": 3}, [False, False]), ({"time_limit": 60}, [False, False])],
    ids=["the first went on", "epochs are given", "a time limit"],
)
def test_bins_learn_where_the_first_group_went_on_to_its_end(options, learned, monkeypatch):
    from downslope.fitting.ensemble import _ensemble, _recipe

    for name, count in {
        "_EPOCHS_AT_FIRST": 3,
        "_EPOCHS_WHERE_THEY_PAY": 4,
        "_UPDATES_UNTIL_TIME": 12,
    }.items():
        monkeypatch.setattr(_recipe, name, count)
    monkeypatch.setattr(_ensemble, "_MOST_GROUPS", 2)
    seen, trained = [], _ensemble._trained

    def watched(name, network, *given):
        seen.append([layer.learned for layer in network.layers if isinstance(layer, ds.PiecewiseLinear)])
        return trained(name, network, *given)

    monkeypatch.setattr(_ensemble, "_trained", watched)
    ds.fit(step_table(), target="y", members=2, **options)
    assert seen == [[each] for each in learned]
