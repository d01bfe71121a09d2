"""Partial dependence: held against scikit-learn's, against one prediction after another, and closed forms."""

import datetime
import json

import numpy as np
import polars as pl
import pytest
from sklearn.inspection import partial_dependence

import downslope as ds
from thorough import first


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(4)
    size, rooms, town = (
        rng.normal(size=150),
        rng.integers(1, 6, 150),
        rng.choice(["Bonn", "Celle", "Trier"], 150),
    )
    sold = [datetime.date(2024, 1, 1) + datetime.timedelta(int(day)) for day in rng.integers(0, 300, 150)]
    price = 500 + 80 * size + 20 * rooms * size + 40 * (town == "Celle") + rng.normal(size=150)
    gaps = pl.Series(np.where(np.arange(150) % 10 == 3, np.nan, size)).fill_nan(None)
    columns = {"size": gaps, "rooms": rooms, "town": town, "sold": sold}
    return pl.DataFrame({**columns, "price": price, "kind": np.where(price > 550, "dear", "cheap")})


@pytest.fixture(scope="module")
def model(frame):
    return ds.fit(frame.drop("kind"), "price", epochs=15, members=2, hidden=16)


def by_hand(predict, frame, grid):
    """The mean prediction of a copy of the table for each place of each column."""
    if not grid:
        return predict(frame).mean()
    (name, cells), *others = grid
    changed = (frame.with_columns(pl.Series(name, [cell] * frame.height)) for cell in cells)
    return np.array([by_hand(predict, table, others) for table in changed])


@pytest.mark.parametrize("name", first(1, ["town", "size", "rooms"]))
def test_scikit_learn_finds_the_same(frame, name):
    inputs = frame.select("size", pl.col("rooms").cast(pl.Float64), "town")
    regressor = ds.TableRegressor(epochs=15, members=2).fit(inputs.to_pandas(), frame["price"].to_numpy())
    found = regressor.model_.partial_dependence(inputs, name, points=7)
    cells = found.axes[0].numbers or found.axes[0].labels
    expected = partial_dependence(
        regressor, inputs.to_pandas(), [name], custom_values={name: np.array(cells)}, kind="average"
    )
    np.testing.assert_allclose(found.values, expected["average"][0], rtol=1e-6)


@pytest.mark.parametrize("columns", [["size", "rooms"], ["town", "size"], ["rooms", "town"]])
def test_two_columns_as_by_hand(model, frame, columns):
    found = model.partial_dependence(frame, columns, points=4)
    grid = [(axis.name, axis.numbers or axis.labels) for axis in found.axes]
    np.testing.assert_allclose(found.values, by_hand(model.predict, frame, grid), rtol=1e-6)
    assert found.values.shape == found.density.shape == (len(grid[0][1]), len(grid[1][1]))


def test_dates_as_by_hand(model, frame):
    found = model.partial_dependence(frame, "sold", points=6)
    cells = [datetime.date.fromisoformat(label) for label in found.axes[0].labels]
    assert cells == sorted(cells)
    assert (cells[0], cells[-1]) == (frame["sold"].min(), frame["sold"].max())
    np.testing.assert_allclose(found.values, by_hand(model.predict, frame, [("sold", cells)]), rtol=1e-6)
    assert found.density.sum() == pytest.approx(1)


def test_a_linear_model_has_a_line(frame):
    line = pl.DataFrame({"a": np.arange(40.0), "b": np.cos(np.arange(40.0))})
    line = line.with_columns(y=3 * pl.col("a") - 50 * pl.col("b"))
    found = ds.fit(line, "y").partial_dependence(line, "a", points=5)
    expected = 3 * np.array(found.axes[0].numbers) - 50 * line["b"].mean()
    np.testing.assert_allclose(found.values, expected, atol=0.1)
    assert found.average == pytest.approx(line["y"].mean(), abs=0.1)


def test_places_of_numbers(model, frame):
    size = frame["size"].drop_nulls().to_numpy()
    found = model.partial_dependence(frame, "size", points=9)
    numbers = np.array(found.axes[0].numbers)
    np.testing.assert_allclose(numbers[[0, -1]], np.quantile(size, [0.05, 0.95]), atol=0.01)
    half = (numbers[1] - numbers[0]) / 2
    for number, share in zip(numbers, found.density, strict=True):
        assert abs(share * 150 - (np.abs(size - number) < half).sum()) <= 1  # halfway between two
    assert model.partial_dependence(frame, "rooms").axes[0].numbers == (1, 2, 3, 4, 5)


def test_density_counts_rows(model, frame):
    found = model.partial_dependence(frame, ["rooms", "town"])
    for i, rooms in enumerate(found.axes[0].numbers):
        for j, town in enumerate(found.axes[1].labels):
            there = frame.filter((pl.col("rooms") == rooms) & (pl.col("town") == town)).height
            assert found.density[i, j] == pytest.approx(there / 150)


@pytest.mark.parametrize("log_odds", [False, True])
def test_classes(frame, log_odds):
    fitted = ds.fit(frame.drop("price", "sold"), "kind", epochs=15, members=2)

    def explained(rows):
        p = np.clip(fitted.predict_proba(rows)[:, 1], 1e-7, 1 - 1e-7)
        return np.log(p / (1 - p)) if log_odds else p

    found = fitted.partial_dependence(frame, "town", of_class="dear", log_odds=log_odds)
    expected = by_hand(explained, frame, [("town", found.axes[0].labels)])
    np.testing.assert_allclose(found.values, expected, rtol=1e-4)


def test_a_column_of_one_value(model, frame):
    found = model.partial_dependence(frame.with_columns(rooms=pl.lit(3)), "rooms")
    assert (found.axes[0].numbers, found.density.tolist()) == ((3.0,), [1.0])
    assert "nan" not in found.picture().svg()


def test_text_table_picture_and_data(model, frame):
    line, bars = model.partial_dependence(frame, "size"), model.partial_dependence(frame, "town")
    both = model.partial_dependence(frame, ["size", "rooms"], points=5)
    for found in (line, bars, both):
        assert found._repr_html_().count("<svg") == 1
        assert found.plot().texts
        data = json.loads(json.dumps(found.to_json()))
        np.testing.assert_array_equal(data["values"], found.values)
    assert line.picture().svg().count("<circle") == 20
    assert both.picture().svg().count("<circle") == np.count_nonzero(both.density)
    assert str(both).count("(") == np.count_nonzero(both.density == 0)
    assert "Celle" in str(bars)


def test_what_there_is_not_is_refused(model, frame):
    with pytest.raises(ds.DownslopeError, match='the model uses no column "sizes"; did you mean "size"'):
        model.partial_dependence(frame, "sizes")
    for columns in ([], ["size", "size"], ["size", "rooms", "town"]):
        with pytest.raises(ds.DownslopeError, match="one name or two different ones"):
            model.partial_dependence(frame, columns)
    with pytest.raises(ds.DownslopeError, match='no row has a value of "size"'):
        model.partial_dependence(frame.with_columns(size=pl.lit(None, pl.Float64)), "size")
    with pytest.raises(ds.DownslopeError, match="points needs a whole number of at least 2"):
        model.partial_dependence(frame, "size", points=1)
