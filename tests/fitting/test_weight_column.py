"""Weights of rows that stand in a column of the table."""

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.errors import DownslopeError

DRAW = np.random.default_rng(0)
ROWS = pl.DataFrame({"x": DRAW.normal(size=80), "weight": DRAW.integers(0, 3, 80), "y": DRAW.normal(size=80)})
WEIGHTS = ROWS["weight"].to_numpy()


def test_a_column_of_weights_is_an_array_of_them_and_no_input() -> None:
    named = ds.fit(ROWS, "y", row_weights="weight", hidden=())
    apart = ds.fit(ROWS.drop("weight"), "y", row_weights=WEIGHTS, hidden=())
    assert [column.name for column in named.record.columns] == ["x"]
    assert named.predict(ROWS).tolist() == apart.predict(ROWS).tolist()
    assert named.record.network == apart.record.network
    assert named.record.asked == ("row_weights='weight'", "hidden=()")
    found, same = named.evaluate(ROWS, row_weights="weight"), apart.evaluate(ROWS, row_weights=WEIGHTS)
    assert found.to_json() == same.to_json()
    unweighted = named.evaluate(ROWS)
    assert found.score("r2").value != unweighted.score("r2").value


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (ROWS, "wieght", 'row_weights names no column of the table: "wieght"; did you mean "weight"'),
        (ROWS, "y", 'row_weights and target are both "y"'),
        (ROWS.with_columns(weight=pl.lit("heavy")), "weight", "row 1 of the column .weight. holds 'heavy'"),
        (ROWS.with_columns(weight=-pl.col("x")), "weight", "put a number of at least 0 there"),
        (ROWS.with_columns(weight=None), "weight", "row 1 of the column .weight. holds None"),
        (ROWS.with_columns(weight=0), "weight", "row_weights is 0 for every row"),
    ],
)
def test_columns_that_are_no_weights(rows: pl.DataFrame, name: str, message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        ds.fit(rows, "y", row_weights=name)
