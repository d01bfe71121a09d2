"""Numbers with long tails: what they become can be undone, and what depends on them linearly is found."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

import downslope as ds
from downslope.errors import DownslopeError
from downslope.tables import MatrixEncoder, Moments, Numeric, TableEncoder, describe
from downslope.tables._tails import FARTHEST, TAILS, tails_for
from thorough import first


@given(st.floats(-1e9, 1e9))
def test_compressed_numbers_are_had_back_from_float32(z: float) -> None:
    feature = TAILS["compressed"].of(np.array([z])).astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(TAILS["compressed"].back(feature), z, rtol=4e-6, atol=1e-6)
    np.testing.assert_allclose(feature, 3 * np.arcsinh(z / 3), rtol=1e-7, atol=1e-30)


@pytest.mark.parametrize("name", TAILS)
@given(z=st.floats(-20, 20))
def test_slopes_are_those_of_small_steps(name: str, z: float) -> None:
    tails, step = TAILS[name], 1e-5
    below, above = tails.of(np.array([z - step, z + step]))
    np.testing.assert_allclose(tails.slope(np.array([z])), (above - below) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(tails.back(tails.of(np.array([z]))), z, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("z", [1e30, -1e200, 1.7e308])
def test_numbers_of_any_size_stay_finite(z: float) -> None:
    assert np.isfinite(TAILS["clipped"].of(np.array([z]))).all()
    (back,) = TAILS["compressed"].back(TAILS["compressed"].of(np.array([z])))
    assert back == pytest.approx(np.sign(z) * FARTHEST)


def test_only_columns_that_reach_far_are_compressed() -> None:
    assert [tails_for(low, 0) for low in (-3.0, -3.01)] == ["kept", "compressed"]
    assert [tails_for(0, high) for high in (3.0, 3.01)] == ["kept", "compressed"]


OLD = {
    "encoding": "number",
    "name": "n",
    "centre": 1.0,
    "scale": 2.0,
    "low": 0.0,
    "high": 90.0,
    "gaps": False,
}


@pytest.mark.parametrize(("bent", "feature"), [(True, 19 / np.sqrt(1 + (19 / 3) ** 2)), (False, 19.0)])
def test_numbers_of_earlier_files_are_as_they_were(bent: bool, feature: float) -> None:
    encoder = TableEncoder.from_json([{**OLD, "bent": bent}])
    assert encoder.encode(pl.DataFrame({"n": [39.0]})).x[0, 0] == pytest.approx(feature, rel=1e-6)
    assert TableEncoder.from_json(encoder.to_json()) == encoder


def test_dates_of_earlier_files_are_as_they_were() -> None:
    (date,) = TableEncoder.from_json([{**OLD, "encoding": "date", "form": None, "circles": []}]).encodings
    assert isinstance(date, Moments)
    assert date.tails == "clipped"


@pytest.mark.parametrize(
    "item", [{"tails": "bent"}, {"tails": True}, {"bent": "no"}, {"bent": 1}, {"bent": True, "tails": 3}, {}]
)
def test_tails_that_there_are_not_are_refused(item: dict[str, object]) -> None:
    with pytest.raises(DownslopeError, match="the encoders are damaged"):
        TableEncoder.from_json([{**OLD, **item}])


def test_a_matrix_is_encoded_as_its_table() -> None:
    parts = [Numeric(n, 1.0, 2.0, -9.0, 9.0, kind, n == "b") for n, kind in zip("abc", TAILS, strict=True)]
    values = np.random.default_rng(0).standard_cauchy((50, 3))
    for some in (parts, parts[1:2]):
        names = [part.name for part in some]
        x = values[:, : len(names)]
        table = TableEncoder(tuple(some)).encode(pl.DataFrame(x, schema=names)).x
        np.testing.assert_array_equal(MatrixEncoder(some, names).encode(x), table)


def skewed(rows: int) -> pl.DataFrame:
    """A sum of three columns of which the largest numbers are many interquartile ranges away."""
    random = np.random.default_rng(0)
    size, price, count = np.exp(random.normal(0, 1.6, (3, rows)))
    total = 3 * size - 2 * price + count + 0.3 * random.normal(size=rows)
    return pl.DataFrame({"size": size, "price": price, "count": count, "total": total})


@pytest.mark.parametrize(
    "options", first(1, [{"members": 2, "epochs": 10}, {"hidden": ()}, {"members": 1, "epochs": 10}])
)
def test_a_sum_of_numbers_with_long_tails_is_found(options: dict[str, object]) -> None:
    frame = skewed(1200)
    train, test = frame[:800], frame[800:]
    model = ds.fit(train, target="total", **options)
    linear = LinearRegression().fit(train.drop("total").to_numpy(), train["total"].to_numpy())
    y, x = test["total"].to_numpy(), test.drop("total").to_numpy()
    error, best = (np.sqrt(np.mean((p - y) ** 2)) for p in (model.predict(test), linear.predict(x)))
    assert best < 0.05 * y.std()
    assert error < 1.3 * best


def test_a_sum_of_amounts_that_are_mostly_zero_is_found() -> None:
    random = np.random.default_rng(1)
    amounts = np.exp(random.normal(5, 2, (3, 1200))) * (random.random((3, 1200)) < 0.1)
    frame = pl.DataFrame(amounts.T, schema=["paid0", "paid1", "paid2"])
    frame = frame.with_columns(pl.sum_horizontal(frame.columns).alias("all"))
    model = ds.fit(frame[:800], target="all", hidden=())
    y = frame["all"][800:].to_numpy()
    assert np.sqrt(np.mean((model.predict(frame[800:]) - y) ** 2)) < 0.02 * y.std()


def test_one_value_far_away_does_not_cost_the_linear_model_the_others() -> None:
    frame = skewed(400).with_columns(mistake=pl.Series([1e25, *np.linspace(-1, 1, 399)]))
    model = ds.fit(frame[:300], target="total", hidden=())
    error = model.predict(frame[300:]) - frame["total"][300:].to_numpy()
    assert np.sqrt(np.mean(error**2)) < 0.1 * frame["total"].std()


def test_derivatives_by_a_number_follow_all_its_ways_through_the_network() -> None:
    frame = skewed(600)
    model = ds.fit(frame, target="total", hidden=())
    found = model.contributions(frame[:40]).slopes
    np.testing.assert_allclose(np.median(found, axis=0), [3, -2, 1], rtol=0.1)


def test_columns_that_are_compressed_are_known_by_their_places() -> None:
    frame = skewed(60).with_columns(flat=pl.Series(np.linspace(0, 1, 60)))
    encoder = TableEncoder.fit(frame, describe(frame, target="total"))
    assert [encoder.features[place] for place in encoder.compressed_columns] == ["size", "price", "count"]
