"""Rows of weight 0: the model is, bit by bit, the one of a table without them."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import downslope as ds
from thorough import first, one_in

DRAW = np.random.default_rng(3)
ROWS = 120
WEIGHTS = np.where(DRAW.random(ROWS) < 0.3, 0.0, DRAW.random(ROWS) + 0.1)
COUNTED = pl.Series(WEIGHTS > 0)
TABLE = pl.DataFrame({"a": DRAW.normal(size=ROWS), "b": DRAW.random(ROWS)}).with_columns(
    pl.Series("kind", DRAW.choice(["u", "v", "w"], ROWS)),
    (pl.col("a") * 2 + pl.col("b")).alias("y"),
    pl.Series("class", DRAW.choice(["no", "yes"], ROWS)),
)
SPOILS = [
    ("y", 1e7),
    ("y", -1e300),
    ("y", float("inf")),
    ("y", None),
    ("a", 1e30),
    ("a", float("-inf")),
    ("a", float("nan")),
    ("b", None),
    ("kind", "a level of its own"),
    ("kind", "1"),
    ("kind", None),
]
WAYS: list[dict[str, Any]] = [{"epochs": 2, "members": 3}, {"members": 1, "epochs": 2}, {"hidden": ()}]


def everything(table: pl.DataFrame, weights: Any, target: str = "y", **settings: Any) -> dict[str, Any]:
    """All that a model holds and says."""
    other = "class" if target == "y" else "y"
    model = ds.fit(table, target, row_weights=weights, drop=[other], **settings)
    at = {"a": [0.1, 9.0], "b": [0.5, None], "kind": ["u", "of no row"]}
    columns = [column for column in model.record.columns if column.name != other]  # which is not in use
    found: dict[str, Any] = {
        "parameters": {name: value.tolist() for name, value in model.parameters.items()},
        "tables": (model.encoder, model.target),
        "record": replace(model.record, columns=tuple(columns), notes=()),  # which say what was left out
        "predicted": model.predict(at).tolist(),
    }
    if model.intervals is not None:
        found |= {"interval": model.predict_interval(at).tolist(), "widening": model.intervals.widening}
    return found


def spoiled(table: pl.DataFrame, column: str, value: Any) -> pl.DataFrame:
    given = pl.lit(value, TABLE.schema[column])
    return table.with_columns(pl.when(COUNTED).then(pl.col(column)).otherwise(given).alias(column))


@pytest.fixture(scope="module", params=range(len(WAYS)), ids=str)
def plain(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    way = WAYS[request.param]
    return way, everything(TABLE.filter(COUNTED), WEIGHTS[WEIGHTS > 0], **way)


@pytest.mark.parametrize(("column", "value"), one_in(4, SPOILS))
def test_what_rows_without_weight_hold_changes_no_bit(
    plain: tuple[dict[str, Any], dict[str, Any]], column: str, value: Any
) -> None:
    way, want = plain
    assert everything(spoiled(TABLE, column, value), WEIGHTS, **way) == want


@pytest.mark.parametrize("least", [1e-300, 1e-60])
def test_a_weight_that_float32_has_none_of_is_none(
    plain: tuple[dict[str, Any], dict[str, Any]], least: float
) -> None:
    way, want = plain
    assert everything(spoiled(TABLE, "y", 1e7), np.where(WEIGHTS > 0, WEIGHTS, least), **way) == want


@pytest.mark.parametrize("value", first(1, ["a class of its own", None]))
def test_classes_are_those_of_rows_with_a_weight(value: str | None) -> None:
    want = everything(TABLE.filter(COUNTED), WEIGHTS[WEIGHTS > 0], "class", epochs=2)
    assert everything(spoiled(TABLE, "class", value), WEIGHTS, "class", epochs=2) == want


@pytest.mark.parametrize(("column", "value"), SPOILS[:3])
def test_few_rows_are_those_with_a_weight(column: str, value: Any) -> None:
    weights = np.where(np.cumsum(WEIGHTS > 0) <= 40, WEIGHTS, 0.0)
    want = everything(TABLE.filter(pl.Series(weights > 0)), weights[weights > 0])
    assert want["record"].held_out is False
    assert everything(spoiled(TABLE, column, value), weights) == want


def test_how_many_are_left_out_is_said() -> None:
    record = ds.fit(TABLE.with_columns(w=WEIGHTS), "y", row_weights="w", hidden=()).record
    assert record.notes == (f"rows of weight 0, left out: {np.count_nonzero(WEIGHTS == 0)}",)
