"""Matrices of numbers, which a model takes without making them a table."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import polars as pl
import pytest

import downslope as ds

NAMES = ("size", "age", "rooms", "slope")
QUICK = {"members": 2, "epochs": 4, "hidden": 8, "time_limit": None}


def _rows(count: int = 120) -> np.ndarray:
    random = np.random.default_rng(3)
    rows = random.standard_normal((count, 4))
    rows[:, 2] = random.integers(1, 7, count)
    rows[::9, 1] = np.nan  # a column with gaps
    rows[::17, 3] *= 50  # a column with outliers, which is bent
    return rows


@pytest.fixture(scope="module")
def model() -> ds.Model:
    rows = _rows()
    price = rows[:, 0] * rows[:, 2] + np.nan_to_num(rows[:, 1])
    table = pl.DataFrame({**{n: rows[:, i] for i, n in enumerate(NAMES)}, "price": price})
    return ds.fit(table, target="price", **QUICK)


def _as_table(rows: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({name: rows[:, i] for i, name in enumerate(NAMES)})


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32"])
def test_a_matrix_is_encoded_as_the_table_is(model: ds.Model, dtype: str) -> None:
    rows = np.nan_to_num(_rows()).astype(dtype) if "int" in dtype else _rows().astype(dtype)
    direct = model._matrix_encoder.encode(rows)
    table = model.encode(_as_table(rows)).x
    assert direct.dtype == table.dtype
    np.testing.assert_array_equal(direct, table)
    np.testing.assert_array_equal(model.predict(rows), model.predict(_as_table(rows)))


@pytest.mark.parametrize(
    "rows",
    [
        _rows()[:1],
        _rows()[3:5],
        np.full((2, 4), np.nan),
        np.asfortranarray(_rows()),
        _rows()[::-3],
        np.full((1, 4), 1e30),
    ],
)
def test_any_rows(model: ds.Model, rows: np.ndarray) -> None:
    np.testing.assert_array_equal(model.predict(rows), model.predict(_as_table(rows)))
    np.testing.assert_array_equal(model.predict_interval(rows), model.predict_interval(_as_table(rows)))


def test_what_is_no_such_matrix_goes_by_way_of_a_table(model: ds.Model) -> None:
    row = _rows()[1:2]
    masked = np.ma.masked_invalid(_rows()[:3])
    for data in (row.tolist(), row.astype(object), row.astype(np.float16), row.astype(np.longdouble)):
        assert model._matrix_encoder.encode(data) is None
        assert np.isfinite(model.predict(data)).all()
    assert model._matrix_encoder.encode(masked) is None
    np.testing.assert_array_equal(model.predict(masked), model.predict(_rows()[:3]))
    endless = row.copy()
    endless[0, 0] = np.inf
    assert model._matrix_encoder.encode(endless) is None
    with pytest.raises(ds.DownslopeError, match="3 columns and 4 names"):
        model.predict(row[:, :3])
    with pytest.raises(ds.DownslopeError, match="no rows"):
        model.predict(row[:0])


def test_a_model_with_a_category_takes_tables_alone() -> None:
    table = {"kind": ["a", "b", "c", "a"] * 20, "size": list(range(80)), "price": list(range(80))}
    assert ds.fit(table, target="price", **QUICK)._matrix_encoder is None


def test_threads_predict_what_one_does(model: ds.Model) -> None:
    rows = _rows()
    alone = model.predict(rows)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: model.predict(rows[i : i + 1])[0], range(len(rows))))
    np.testing.assert_allclose(found, alone, rtol=1e-5)


def test_a_model_that_has_predicted_can_be_copied(model: ds.Model) -> None:
    rows = _rows()[:2]
    before = model.predict(rows)
    for copied in (pickle.loads(pickle.dumps(model)), deepcopy(model)):
        np.testing.assert_array_equal(copied.predict(rows), before)


def test_parameters_of_a_model_cannot_be_changed_in_place(model: ds.Model) -> None:
    with pytest.raises(ValueError, match="read-only"):
        next(iter(model.parameters.values()))[...] = 0
