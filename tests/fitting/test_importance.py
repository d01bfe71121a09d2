"""Permutation importance: held against shuffles one by one, and against what is known of the table."""

import json

import numpy as np
import polars as pl
import pytest

import downslope as ds


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    size, town, noise = (
        rng.normal(size=120),
        rng.choice(["Bonn", "Celle", "Trier"], 120),
        rng.normal(size=120),
    )
    price = 500 + 80 * size + 40 * (town == "Celle") + rng.normal(size=120)
    kind = np.where(price > 500, "dear", "cheap")
    kind = pl.Series(kind).set(pl.Series(np.arange(120) % 30 == 7), None)
    return pl.DataFrame({"size": size, "town": town, "noise": noise, "price": price, "kind": kind})


@pytest.fixture(scope="module")
def price(frame):
    return ds.fit(frame.drop("kind"), "price", hidden=(), members=2)


@pytest.fixture(scope="module")
def kind(frame):
    return ds.fit(frame.drop("price"), "kind", hidden=(), members=2)


def by_hand(errors, frame, column, place, repeats, seed):
    """Each shuffle as a table of its own."""
    before, growths = errors(frame), []
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x1A9 + place]))
    for _ in range(repeats):
        order = generator.permutation(frame.height)
        growths.append(errors(frame.with_columns(frame[column].gather(order))) - before)
    each = np.mean(growths, axis=0)
    return each.mean(), each.std(ddof=1) / np.sqrt(len(each))


@pytest.mark.parametrize(("repeats", "seed"), [(5, 0), (2, 7)])
def test_numbers_are_those_of_shuffles_by_hand(price, frame, repeats, seed):
    found = price.importance(frame, repeats=repeats, seed=seed)

    def errors(rows):
        return np.abs(price.predict(rows) - frame["price"].to_numpy())

    assert found.score == "mean absolute error"
    np.testing.assert_allclose(found.before, errors(frame).mean(), rtol=1e-5)
    for place, column in enumerate(["size", "town", "noise"]):
        i = found.columns.index(column)
        expected = by_hand(errors, frame, column, place, repeats, seed)
        np.testing.assert_allclose((found.increases[i], found.errors[i]), expected, rtol=1e-5, atol=1e-3)


def test_classes_are_those_of_shuffles_by_hand(kind, frame):
    known = frame.filter(pl.col("kind").is_not_null())
    found = kind.importance(frame)
    assert (found.rows, found.score) == (116, "log loss")
    truth = (known["kind"] == "dear").cast(pl.Int64).to_numpy()

    def errors(rows):
        return -np.log(np.maximum(kind.predict_proba(rows)[np.arange(116), truth], 1e-7))

    for place, column in enumerate(["size", "town", "noise"]):
        i = found.columns.index(column)
        expected = by_hand(errors, known, column, place, 5, 0)
        np.testing.assert_allclose((found.increases[i], found.errors[i]), expected, rtol=1e-4, atol=1e-6)


def test_the_order_is_that_of_what_the_columns_say(price, frame):
    found = price.importance(frame)
    assert found.columns == ("size", "town", "noise")
    assert list(found.increases) == sorted(found.increases, reverse=True)
    assert abs(found.increases[2]) < 4 * found.errors[2] + 0.1


@pytest.mark.thorough
def test_the_standard_error_is_that_of_other_rows(price):
    """The spread of the importance over tables of other rows is what one table says it is."""
    rng, found = np.random.default_rng(11), []
    for seed in range(60):
        size = rng.normal(size=100)
        rows = {"size": size, "town": rng.choice(["Bonn", "Celle"], 100), "noise": rng.normal(size=100)}
        rows["price"] = 500 + 80 * size + 40 * (rows["town"] == "Celle") + rng.normal(size=100)
        result = price.importance(rows, seed=seed)
        i = result.columns.index("size")
        found.append((result.increases[i], result.errors[i]))
    increases, errors = np.array(found).T
    assert 0.6 < errors.mean() / increases.std(ddof=1) < 1.6


def test_text_table_picture_and_data(price, frame):
    found = price.importance(frame)
    assert str(found).splitlines()[1].split()[0] == "size"
    assert "±" in str(found)
    assert found._repr_html_().count("<svg") == 1
    assert found.picture().svg().count("<rect") == 3
    assert found.plot().texts
    data = json.loads(json.dumps(found.to_json()))
    assert [column["column"] for column in data["columns"]] == list(found.columns)
    assert data["columns"][0]["increase"] == found.increases[0]


def test_what_has_no_importance_is_refused(price, frame):
    with pytest.raises(ds.DownslopeError, match='lacks the target "price"'):
        price.importance(frame.drop("price"))
    with pytest.raises(ds.DownslopeError, match='1 row has a value of "price"; give at least 2'):
        price.importance(frame[:1])
    with pytest.raises(ds.DownslopeError, match="repeats needs a whole number of at least 1, not 0"):
        price.importance(frame, repeats=0)
    with pytest.raises(ds.DownslopeError, match="lacks the column town"):
        price.importance(frame.drop("town"))
