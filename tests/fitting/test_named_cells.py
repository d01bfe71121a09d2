"""Rows that are dicts, which a model takes without making them a table."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest

import downslope as ds

TOWNS = [f"town {i}" for i in range(12)]
ROW = {
    "size": 50.5,
    "rooms": 3,
    "age": None,
    "town": "town 3",
    "floor": "low",
    "garden": "Yes",
    "zip": "01234",
}


def _table(rows: int = 240) -> pl.DataFrame:
    random = np.random.default_rng(5)
    size = random.standard_normal(rows) * 20 + 80
    return pl.DataFrame(
        {
            "size": size,
            "rooms": random.integers(1, 6, rows),
            "age": [None if i % 9 == 0 else float(i % 50) for i in range(rows)],
            "town": ["once" if i == 7 else TOWNS[i % 12] for i in range(rows)],
            "floor": [("low", "high", None, "attic", "roof")[i % 5] for i in range(rows)],
            "garden": [("Yes", "No")[i % 2] for i in range(rows)],
            "zip": [("01234", "05678", "00001")[i % 3] for i in range(rows)],
            "price": size * 3,
        }
    )


@pytest.fixture(scope="module")
def model() -> ds.Model:
    kinds = {"category": ["zip", "town"]}
    return ds.fit(_table(), target="price", members=1, epochs=1, **kinds)


def test_known_cells_are_encoded_as_those_of_a_table(model: ds.Model) -> None:
    rows = [
        {**row, "town": town} for row, town in zip(_table().drop("price").to_dicts(), TOWNS * 5, strict=False)
    ]
    for some in (
        ROW,
        [ROW],
        rows[:40],
        {**ROW, "size": np.float64(9.5), "floor": None},
        {**ROW, "town": "once"},
    ):
        direct = model._cells_encoder.encode(some)
        assert direct is not None
        np.testing.assert_array_equal(direct, model.encode(some).x)
    np.testing.assert_array_equal(model.predict(rows), model.predict(pl.DataFrame(rows)))


@pytest.mark.parametrize(
    "changed",
    [
        {"size": "50.5"},
        {"size": True},
        {"size": float("inf")},
        {"rooms": 1 << 60},
        {"town": "nowhere"},
        {"floor": "NA"},
        {"town": " town 3"},
        {"garden": "yes"},
        {"garden": True},
        {"zip": 1234},
        {"floor": float("nan")},
        {"other": 1},
        {"size": [50.5]},
        {"size": datetime.timedelta(1)},
    ],
)
def test_other_cells_go_by_way_of_a_table(model: ds.Model, changed: dict[str, object]) -> None:
    assert model._cells_encoder.encode({**ROW, **changed}) is None


def test_rows_that_lack_a_cell_or_are_many_go_by_way_of_a_table(model: ds.Model) -> None:
    short = {name: cell for name, cell in ROW.items() if name != "age"}
    assert model._cells_encoder.encode(short) is None
    with pytest.raises(ds.DownslopeError, match="age"):
        model.predict(short)
    assert model._cells_encoder.encode([ROW] * 65) is None
    assert len(model.predict([ROW] * 65)) == 65


def test_columns_of_dates_need_a_table() -> None:
    days = [datetime.date(2024, 1, 1 + i % 28) for i in range(60)]
    model = ds.fit({"day": days, "y": list(range(60))}, target="y", members=1, epochs=1)
    assert model._cells_encoder is None
    assert len(model.predict({"day": datetime.date(2024, 2, 1)})) == 1
