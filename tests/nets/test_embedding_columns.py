"""Embeddings: settings that have no vectors, and level numbers wherever the columns come from."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate, plan
from downslope.graph import input_, make, parameter
from engine_names import ENGINES

BINS = ds.PiecewiseLinear((0,), [[0.0, 1.0, 2.0]])


@pytest.mark.parametrize(
    ("columns", "levels", "sizes", "said"),
    [
        ((0,), (0,), (2,), r"levels of Embedding\[0\] needs a whole number of at least 1, not 0"),
        ((0,), (-3,), (2,), "levels of Embedding"),
        ((0,), (2.5,), (2,), "levels of Embedding"),
        ((0,), (True,), (2,), "levels of Embedding"),
        ((0,), (3,), (0,), "sizes of Embedding"),
        ((-1,), (3,), (2,), "columns of Embedding"),
        ((1, 1), (1000, 2), (8, 8), "needs each column once"),
        ((0, 1), (3,), (2,), "levels of Embedding needs 2 numbers, one for each column"),
        ((2,), (3,), (2,), "columns of Embedding needs numbers from 0 to 1, .* not 2"),
    ],
)
def test_refuses_settings_without_vectors(columns, levels, sizes, said):
    with pytest.raises(ds.DownslopeError, match=said):
        ds.Network(2, [ds.Embedding(columns, levels, sizes), ds.Dense(1)])


def test_counts_of_numpy_are_counts():
    counts = np.array([3, 2])
    layer = ds.Embedding(np.arange(2), counts, (2, 2))
    assert layer == ds.Embedding((0, 1), (3, 2), (2, 2))
    assert all(type(n) is int for n in layer.levels)


@pytest.mark.parametrize(
    "before",
    [
        [ds.Dense(2)],
        [ds.LayerNorm()],
        [ds.Residual([ds.Dense(2)])],
        [BINS, ds.Dense(2)],
    ],
    ids=str,
)
def test_refuses_columns_that_are_computed(before):
    with pytest.raises(ds.DownslopeError, match="is computed by the layers before"):
        ds.Network(2, [*before, ds.Embedding((1,), (3,), (2,)), ds.Dense(1)])


def test_refuses_columns_that_dropout_would_change():
    net = ds.Network(2, [ds.Dropout(0.5), ds.Embedding((1,), (3,), (2,)), ds.Dense(1)])
    with pytest.raises(ds.DownslopeError, match="is computed by the layers before"):
        ds.descend(net, [[0.5, 1]], [1.0], steps=1)


@pytest.mark.parametrize("wrong", [3, -1, 1.5])
@pytest.mark.parametrize(
    ("before", "column"),
    [([], 1), ([BINS], 1), ([BINS, ds.Periodic((0,), 2)], 1), ([ds.Embedding((0,), (2,), (3,))], 0)],
    ids=str,
)
def test_level_numbers_are_checked_behind_any_layer(before, column, wrong):
    net = ds.Network(2, [*before, ds.Embedding((column,), (3,), (2,)), ds.Dense(1)])
    parameters = net.initial_parameters()
    assert np.isfinite(ds.predict(net, [[1, 2]], parameters=parameters)).all()
    with pytest.raises(ds.DownslopeError, match=r"x\[1, 1\] is .*, and .* has vectors for the whole numbers"):
        ds.predict(net, [[1, 2], [1, wrong]], parameters=parameters)
    with pytest.raises(ds.DownslopeError, match="has vectors for the whole numbers"):
        ds.descend(net, [[1, 2], [1, wrong]], [0.0, 1.0], steps=1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_without_a_row_is_nan_and_changes_no_row(engine, dtype, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    table, index = parameter("table", (3, 2)), input_("index", ("n",))
    rows = make("take", table, index)
    numbers = np.array([2, 0, -1, 3, 1.5, np.nan, np.inf, -np.inf, 1e30, -0.0, 2], dtype)
    values = {"table": np.arange(6, dtype=dtype).reshape(3, 2), "index": numbers}
    (found,) = plan([rows]).run(values)
    known = np.array([True, True, *[False] * 7, True, True])
    assert found.dtype == dtype
    assert np.array_equal(np.isnan(found), np.repeat(~known[:, None], 2, axis=1))
    assert np.array_equal(found[known], [[4, 5], [0, 1], [0, 1], [4, 5]])
    added = make("add_rows", input_("upstream", ("n", 2)), index, table)
    (found,) = plan([added]).run({**values, "upstream": np.ones((len(numbers), 2), dtype)})
    assert np.array_equal(found, [[2, 2], [0, 0], [2, 2]])


def test_take_needs_a_row():
    with pytest.raises(ds.DownslopeError, match="at least one row"):
        make("take", parameter("table", (0, 2)), input_("index", ("n",)))


def test_the_oracle_agrees_on_a_plain_table():
    table, index = parameter("table", (3, 2)), input_("index", ("n",))
    values = {"table": np.arange(6.0).reshape(3, 2), "index": np.array([2.0, 0.0])}
    assert np.array_equal(evaluate([make("take", table, index)], values)[0], values["table"][[2, 0]])
