"""Targets, weights and tables at the ends of what numbers can hold: they train, or are refused by name."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

import downslope as ds
from thorough import first

QUICK = {"epochs": 8, "hidden": 24, "members": 3}
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(300, 4))
Y = X @ [1.0, 2.0, 3.0, -1.0] + np.sin(3 * X[:, 0]) + 0.1 * DRAW.normal(size=300)


@pytest.fixture(scope="module")
def plain() -> ds.Model:
    return ds.fit(X, Y, **QUICK)


@pytest.mark.parametrize("size", first(3, [1e-300, 1e150, 5e306, 1e-160, 1e200, 1e300]))
def test_targets_of_any_size_train_alike(size: float, plain: ds.Model) -> None:
    model = ds.fit(X, Y * size, **QUICK)
    assert model.record.network.r2 == pytest.approx(plain.record.network.r2, rel=1e-3)
    error = model.record.network.root_mean_squared_error / size
    assert error == pytest.approx(plain.record.network.root_mean_squared_error, rel=1e-3)
    np.testing.assert_allclose(model.predict(X) / size, plain.predict(X), rtol=1e-3, atol=1e-3)
    low, high = model.predict_interval(X).T
    assert np.mean((low <= Y * size) & (Y * size <= high)) > 0.85


def test_targets_at_the_ends_of_the_float_range() -> None:
    model = ds.fit(X, 0.85e308 * np.sign(Y), **QUICK, task="regression")
    assert np.isfinite(model.predict(X)).all()
    assert model.record.network.r2 > 0.5
    far = ds.fit(X, 0.85e308 * (np.sign(Y) + 1), **QUICK, task="regression")
    assert np.isfinite(far.predict_interval(X, 0.99)).all()
    with pytest.raises(ds.DownslopeError, match=r'"y" reaches from -1.7e\+308 to 1.7e\+308, .* divide it'):
        ds.fit(X, 1.7e308 * np.sign(Y), task="regression")


def test_subnormal_targets_train() -> None:
    model = ds.fit(X, np.where(Y > 0, 5e-324, 0.0), **QUICK, task="regression")
    assert set(model.predict(X)) == {0.0, 5e-324}


def test_a_large_offset_changes_nothing(plain: ds.Model) -> None:
    model = ds.fit(X, 1e12 + Y, **QUICK)
    assert model.record.network.r2 == pytest.approx(plain.record.network.r2, abs=1e-4)
    np.testing.assert_allclose(model.predict(X) - 1e12, plain.predict(X), atol=0.02)


@pytest.mark.parametrize("outlier", first(1, [1e300, 1e30, 1e9]))
def test_one_outlier_does_not_end_training(outlier: float) -> None:
    model = ds.fit(X, np.r_[outlier, Y[1:]], **QUICK)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.record.network.root_mean_squared_error)


@pytest.mark.parametrize("scale", first(2, [1e-300, 1e300, 1e-46, 0.5, 1e30]))
def test_the_scale_of_weights_does_not_matter(scale: float) -> None:
    weights = DRAW.random(300) + 0.5
    models = [ds.fit(X, Y, row_weights=factor * weights, epochs=4, members=3) for factor in (1.0, scale)]
    for name, value in models[0].parameters.items():
        np.testing.assert_allclose(models[1].parameters[name], value, rtol=1e-3, atol=1e-4)
    assert models[1].record.network.r2 == pytest.approx(models[0].record.network.r2, abs=1e-4)


def test_heavy_rows_far_from_the_others_are_no_divergence() -> None:
    """Their weighted error is 100 times the variance of all rows, from the first step on."""
    far = np.arange(300) < 6
    weights = np.where(far, 1e4, 1.0)
    model = ds.fit(X, np.where(far, 1000.0, Y), row_weights=weights, **QUICK)
    assert np.isfinite(model.predict(X)).all()
    assert model.record.baseline.r2 == pytest.approx(0, abs=1e-6)


def test_scores_count_rows_by_their_weights() -> None:
    weights = np.where(np.arange(300) < 100, 0.0, DRAW.random(300) + 0.1)
    spoiled = np.where(np.arange(300) < 100, 1e7, Y)
    record = ds.fit(X, spoiled, row_weights=weights, hidden=()).record
    assert record.validation_rows == 200
    assert record.baseline.r2 == pytest.approx(0, abs=1e-6)
    assert record.linear.r2 > 0.8
    # the mean of Y on the rows that count, in the same weights
    spread = np.sqrt(np.average((Y - np.average(Y, weights=weights)) ** 2, weights=weights))
    assert record.baseline.root_mean_squared_error == pytest.approx(spread, rel=1e-4)


@pytest.mark.thorough
@pytest.mark.parametrize("epochs", first(1, [1, 2, 3]))
def test_many_columns_and_few_epochs_are_no_divergence(epochs: int) -> None:
    draw = np.random.default_rng(1)
    model = ds.fit(draw.normal(size=(80, 1000)), draw.normal(size=80), epochs=epochs, members=2)
    assert model.record.network.r2 >= min(model.record.linear.r2, 0.0) - 0.05


@pytest.mark.parametrize("rate", [10.0, 1e4, 1e9])
def test_a_learning_rate_that_is_too_large_is_named(rate: float) -> None:
    with pytest.raises(
        ds.DownslopeError, match=r"diverged at a learning rate of .*default learning rate is 0.004"
    ):
        ds.fit(X, Y, learning_rate=rate, epochs=8)


def test_a_learning_rate_so_large_that_probabilities_are_no_numbers_is_named() -> None:
    classes = np.array(["u", "v", "w"])[np.arange(60) % 3]  # one step, after which the parameters are finite
    with pytest.raises(ds.DownslopeError, match=r"diverged at a learning rate of 1e\+30: .* to nan"):
        ds.fit(X[:60], classes, learning_rate=1e30, hidden=3, members=2, epochs=1)


@pytest.mark.parametrize("rows", [2, 3, 5, 49, 50, 51])
def test_few_rows(rows: int) -> None:
    model = ds.fit(X[:rows], Y[:rows], task="regression", epochs=4 if rows >= 50 else None)
    assert np.isfinite(model.predict(X)).all()
    assert model.record.held_out == (rows >= 50)


def test_r2_is_that_of_scikit_learn_with_weights() -> None:
    from downslope.training import r_squared

    y, predicted, weights = DRAW.normal(size=(3, 40, 2))
    weights = np.abs(weights[:, 0])
    want = r2_score(y, predicted, sample_weight=weights, multioutput="raw_values")
    np.testing.assert_allclose(r_squared(y, predicted, weights), want, rtol=1e-12)
    np.testing.assert_allclose(r_squared(1e300 * y, 1e300 * predicted, weights), want, rtol=1e-12)
    np.testing.assert_allclose(r_squared(1e-300 * y, 1e-300 * predicted, weights), want, rtol=1e-12)
