"""What each column adds to a prediction: held against closed forms, all orders one by one, and shap."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.drawing import bars_picture
from downslope.fitting.contributions._shapley import shapley

PENGUINS = "examples/penguins.csv"


def singles(count):
    return [slice(i, i + 1) for i in range(count)]


def by_orders(function, row, background, parts):
    """The definition: the mean over all orders and all rows of the background, one at a time."""
    found = np.zeros(len(parts))
    orders = list(permutations(range(len(parts))))
    for z in background:
        for order in orders:
            x = z.copy()
            before = function(x[None])[0]
            for part in order:
                x[parts[part]] = row[parts[part]]
                after = function(x[None])[0]
                found[part] += after - before
                before = after
    return found / (len(orders) * len(background))


def network(inputs, seed=0):
    """A network with a hidden layer, written out in NumPy."""
    rng = np.random.default_rng(seed)
    weights, bias, last = rng.normal(size=(9, inputs)), rng.normal(size=9), rng.normal(size=9)
    return lambda x: np.tanh(x.astype(np.float64) @ weights.T + bias) @ last


def rows_of(inputs, rows, seed=1):
    return np.random.default_rng(seed).normal(size=(rows, inputs)).astype(np.float32)


def test_a_linear_function_has_the_closed_form():
    weights = np.array([2.0, -3.0, 0.5, 1e6])
    x = rows_of(4, 40)
    found = shapley(lambda x: x.astype(np.float64) @ weights + 7, x[0], x[1:], singles(4))
    expected = weights * (x[0].astype(np.float64) - x[1:].astype(np.float64).mean(axis=0))
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("parts", [singles(4), [slice(0, 2), slice(2, 3), slice(3, 4)], [slice(0, 4)]])
def test_a_network_as_by_all_orders(parts):
    x = rows_of(4, 12)
    x[3, 1] = x[0, 1]  # a background row that differs in less
    x[5] = x[0]
    found = shapley(network(4), x[0], x[1:], parts)
    np.testing.assert_allclose(found.values, by_orders(network(4), x[0], x[1:], parts), atol=1e-12)
    assert not found.errors.any()


@pytest.mark.parametrize("samples", [None, 2, 5])
@pytest.mark.parametrize("players", [1, 2, 7, 14])
def test_the_sum_is_prediction_minus_average(players, samples):
    function, x = network(players), rows_of(players, 30)
    found = shapley(function, x[0], x[1:], singles(players), samples=samples)
    assert abs(found.values.sum() - (function(x[:1])[0] - function(x[1:]).mean())) < 1e-12


@pytest.mark.parametrize("samples", [None, 3])
def test_what_the_function_does_not_use_adds_nothing(samples):
    used = network(3)
    x = rows_of(5, 20)
    found = shapley(lambda x: used(x[:, :3]), x[0], x[1:], singles(5), samples=samples)
    assert np.abs(found.values[3:]).max() < 1e-15
    same = x.copy()
    same[:, 2] = 0.5  # and what is the same in every row
    assert shapley(used, same[0, :3], same[1:, :3], singles(3), samples=samples).values[2] == 0


def test_equal_parts_add_the_same():
    x = rows_of(3, 20)
    x[:, 1] = x[:, 0]
    found = shapley(lambda x: np.exp(x[:, 0] * x[:, 1]) + x[:, 2], x[0], x[1:], singles(3)).values
    assert abs(found[0] - found[1]) < 1e-7 * abs(found[0])


def test_standard_errors_are_those_of_the_samples():
    function, x = network(6), rows_of(6, 25)
    exact = shapley(function, x[0], x[1:], singles(6)).values
    runs = [shapley(function, x[0], x[1:], singles(6), samples=2, seed=s) for s in range(200)]
    values, errors = (np.array([getattr(run, name) for run in runs]) for name in ("values", "errors"))
    np.testing.assert_allclose(values.std(axis=0), np.sqrt((errors**2).mean(axis=0)), rtol=0.2)
    assert (np.abs(values.mean(axis=0) - exact) < 4 * values.std(axis=0) / np.sqrt(200)).all()


@pytest.mark.thorough
def test_shap_finds_the_same():
    shap = pytest.importorskip("shap")
    function, x = network(7), rows_of(7, 40)
    explainer = shap.explainers.Exact(function, shap.maskers.Independent(x[10:], max_samples=100))
    expected = explainer(x[:3]).values
    found = [shapley(function, row, x[10:], singles(7)).values for row in x[:3]]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    size, age, heavy = rng.normal(size=90), rng.integers(0, 50, 90), rng.standard_cauchy(90)
    town = rng.choice(["Bonn", "Celle", "Trier"], 90)
    price = 3 * size - 0.1 * age + size * (town == "Celle") + np.arctan(heavy) + 0.1 * rng.normal(size=90)
    columns = {
        "size": size,
        "age": age,
        "heavy": heavy,
        "town": town,
        "garden": rng.choice(["yes", "no"], 90),
    }
    gaps = pl.when(pl.int_range(90) % 9 == 4).then(None).otherwise(pl.col("age"))
    frame = pl.DataFrame(
        {**columns, "price": 1000 + 200 * price, "dear": np.where(price > 0, "dear", "cheap")}
    )
    return frame.with_columns(gaps.alias("age"))


@pytest.fixture(scope="module")
def model(table):
    return ds.fit(table.drop("dear"), "price", epochs=20, members=2, hidden=16)


def test_a_linear_model_has_its_weights_times_distances():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame(rng.normal(size=(40, 3)) * 1000 + 500, schema=["a", "b", "c"])
    frame = frame.with_columns(y=2 * pl.col("a") - 3 * pl.col("b") + 0.01 * pl.col("c"))
    found = ds.fit(frame, "y").contributions(frame[:6], frame)
    distances = frame[:6, :3].to_numpy() - frame[:, :3].to_numpy().mean(axis=0)
    np.testing.assert_allclose(found.values, distances * [2, -3, 0.01], atol=2)  # of 3000
    np.testing.assert_allclose(found.slopes, np.tile([2, -3, 0.01], (6, 1)), atol=2e-3)


def test_the_whole_model_is_explained(table, model):
    assert len(model.network.networks) > 2
    found = model.contributions(table[:5], table)
    np.testing.assert_array_equal(found.predictions, model.predict(table[:5]))
    np.testing.assert_allclose(found.averages, model.predict(table).mean(), rtol=1e-12)
    sums = found.values.sum(axis=1)
    np.testing.assert_allclose(sums, found.predictions - found.averages, atol=1e-9 * 1000)
    assert found.columns == ("size", "age", "heavy", "town", "garden")
    assert found.cells[4][1] == "missing"
    row, known = table[0], table[1:9]
    x, parts = model.encode(row).x[0], [model.encoder.places[name] for name in found.columns]
    expected = by_orders(lambda x: model.outputs(x), x, model.encode(known).x, parts)
    np.testing.assert_allclose(model.contributions(row, known).values[0], expected, atol=1e-8)


def test_one_row_is_explained_as_among_others(table, model):
    among = model.contributions(table[:4], table, samples=2)[2]
    alone = model.contributions(table[2], table, samples=2)
    np.testing.assert_array_equal(among.values, alone.values)
    assert among.to_json() == alone.to_json()
    with pytest.raises(IndexError):
        among[1]


def test_derivatives_are_those_of_the_prediction(table, model):
    found = model.contributions(table[:8], table).slopes
    assert np.isnan(found[:, 3:]).all()
    for place, name in enumerate(["size", "age", "heavy"]):
        step = 0.005 * model.encoder.encodings[place].scale
        ends = [
            model.predict(table[:8].with_columns(pl.col(name).cast(pl.Float64) + side * step))
            for side in (-1, 1)
        ]
        expected = (ends[1] - ends[0]) / (2 * step)
        expected[table[name][:8].is_null().to_numpy()] = np.nan
        scale = np.nanmax(np.abs(expected))
        # piecewise linear embeddings have kinks: a row whose step crosses one is between two slopes
        close = np.isclose(found[:, place], expected, rtol=0.05, atol=0.02 * scale, equal_nan=True)
        assert close.sum() >= 6, (name, found[:, place], expected)


@pytest.mark.parametrize("log_odds", [False, True])
def test_derivatives_of_a_class(table, log_odds):
    fitted = ds.fit(table.drop("price"), "dear", hidden=(), members=2)  # smooth: it is linear in the log-odds
    for of_class, place in (("cheap", 0), ("dear", 1)):
        found = fitted.contributions(table[:6], table, of_class=of_class, log_odds=log_odds)

        def explained(frame, place=place):
            p = fitted.predict_proba(frame)[:, place]
            return np.log(p / (1 - p)) if log_odds else p

        step = 0.05
        ends = [explained(table[:6].with_columns(pl.col("size") + side * step)) for side in (-1, 1)]
        np.testing.assert_allclose(found.slopes[:, 0], (ends[1] - ends[0]) / (2 * step), rtol=0.02)
        sums = found.values.sum(axis=1)
        np.testing.assert_allclose(sums, found.predictions - found.averages, atol=1e-9)
        np.testing.assert_allclose(found.averages, explained(table).mean(), atol=1e-6)
        np.testing.assert_allclose(found.predictions, explained(table[:6]), atol=1e-6)


@pytest.fixture(scope="module")
def species():
    return ds.fit(PENGUINS, "species", epochs=10, members=2, hidden=16)


def test_the_most_probable_class_is_explained(species):
    frame = species.frame(PENGUINS)
    rows = frame[[0, 200, 300]]
    found = species.contributions(rows, frame)
    assert found.of == tuple(f"probability of species = {name}" for name in species.predict(rows))
    np.testing.assert_allclose(found.predictions, species.predict_proba(rows).max(axis=1))
    named = species.contributions(rows, frame, of_class="Gentoo")
    np.testing.assert_allclose(named.predictions, species.predict_proba(rows)[:, 2])


def test_a_hundred_rows_stand_for_the_background(species):
    frame = species.frame(PENGUINS)
    found = species.contributions(frame[:1], frame, of_class="Chinstrap")
    assert found.background == 100
    assert abs(found.averages[0] - species.predict_proba(frame)[:, 1].mean()) < 0.01


def test_text_table_picture_and_data(table, model):
    one, several = model.contributions(table[7], table), model.contributions(table[:3], table, samples=2)
    assert str(one).splitlines()[0] == "price"
    assert "+" in str(one)
    assert "By one unit more of a column, price changes here by" in str(one)
    assert "mean size" in str(several)
    for found in (one, several):
        assert found._repr_html_().count("<svg") == 1
        assert found.picture().svg().count("<rect") == 5
        assert found.plot().texts
    data = one.to_json()
    assert data["exact"] is True
    assert not several.to_json()["exact"]
    total = sum(column["contribution"] for column in data["rows"][0]["columns"])
    assert abs(total - (data["rows"][0]["prediction"] - data["rows"][0]["average"])) < 1e-9 * 1000
    assert data["rows"][0]["columns"][3]["derivative"] is None


def test_what_cannot_be_explained_is_refused(table, model, species):
    with pytest.raises(ds.DownslopeError, match="background has 1 row"):
        model.contributions(table[0])
    with pytest.raises(ds.DownslopeError, match="is a number and has no classes; leave out of_class"):
        model.contributions(table, of_class="dear")
    with pytest.raises(
        ds.DownslopeError, match=r"of_class needs one of .* not 'Gento'; did you mean 'Gentoo'"
    ):
        species.contributions(PENGUINS, of_class="Gento")
    with pytest.raises(ds.DownslopeError, match="lacks the column town"):
        model.contributions(table[0].drop("town"), table)
    with pytest.raises(ds.DownslopeError, match="samples needs a whole number of at least 2, not 1"):
        model.contributions(table[:2], samples=1)


def test_bars_of_nothing_are_drawn():
    from downslope.drawing import Bar

    assert "nan" not in bars_picture([Bar("a", 0.0, 0.0, "0")], "title", "axis").svg()
