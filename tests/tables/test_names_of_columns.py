"""Columns whose names are those of something else: frames of pandas have their columns as attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import downslope as ds
from thorough import first

NAMES = [
    *("read", "write", "seek", "close", "name", "names", "dtype", "dtypes", "kind", "shape"),
    *("ndim", "size", "columns", "values", "index", "items", "keys", "toarray", "nnz"),
    *("schema", "collect", "to_pandas", "iter_batches", "fit", "predict", "get_params"),
    *("named_children", "get_support", "x", "y", "rows", "target", "data", "self", "__len__"),
    *("__array__", "__iter__", "__dataframe__", "numpy", "detach", "cpu", "device", "constant"),
    *("linear"),
]


def table() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    columns = {name: draw.normal(size=60) for name in NAMES}
    return {**columns, "price": sum(columns.values()) + draw.normal(size=60)}


@pytest.mark.thorough
@pytest.mark.parametrize("frame", first(1, [pd.DataFrame, pl.DataFrame]))
def test_any_name_will_do(frame: Callable[[Any], Any]) -> None:
    data = frame(table())
    model = ds.fit(data, target="price", hidden=(), members=2)
    assert model.predict(data).shape == (60,)
    assert model.evaluate(data).rows == 60
    inputs = frame({name: values for name, values in table().items() if name != "price"})
    regressor = ds.TableRegressor(hidden_layer_sizes=(), members=2).fit(inputs, table()["price"])
    assert regressor.predict(inputs).shape == (60,)
    assert list(regressor.feature_names_in_) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_alone(name: str) -> None:
    data = pd.DataFrame({name: np.arange(0.5, 12), "price": np.arange(12.0)})
    assert ds.fit(data, target="price").predict(data) == pytest.approx(np.arange(12.0), abs=0.1)
