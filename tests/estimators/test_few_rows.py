"""A few rows of plain numbers, which estimators take without validation: nothing else changes."""

from __future__ import annotations

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

import downslope as ds

ROWS = np.random.default_rng(0).standard_normal((300, 3))
NUMBERS = ROWS[:, 0] * ROWS[:, 1]
CLASSES = np.where(NUMBERS > 0, "up", "down")
QUICK = {"members": 1, "epochs": 3, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(kind: type) -> object:
    options = QUICK if "Table" in kind.__name__ else {"max_iter": 3, "random_state": 0}
    return kind(**options).fit(ROWS, NUMBERS if "Regressor" in kind.__name__ else CLASSES)


@pytest.fixture(
    scope="module", params=[ds.MLPRegressor, ds.MLPClassifier, ds.TableRegressor, ds.TableClassifier]
)
def estimator(request):
    return fitted(request.param)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.dtype(">f8"), np.int64, object])
def test_a_few_rows_are_predicted_as_they_are_among_many(estimator, dtype):
    rows = (10 * ROWS).astype(np.int64).astype(dtype)
    whole = estimator.predict(rows)
    for places in (slice(1), slice(40), slice(None, 7, -30)):
        found, expected = estimator.predict(rows[places]), whole[places]
        if whole.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        else:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.ones((1, 4)), "4 features"),
        (np.array([[1.0, np.inf, 2.0]]), "infinity"),
        (np.array([["a", "b", "c"]]), "strings|held numbers"),
        (np.ones(3), "2D|1D"),
        (np.ones((0, 3)), "0 sample"),
        (np.ones((1, 3)) * 1j, "Complex"),
    ],
)
def test_what_serves_not_is_refused_as_ever(estimator, rows, said):
    with pytest.raises((ValueError, TypeError), match=said):
        estimator.predict(rows)


def test_gaps_are_refused_or_filled(estimator):
    gap = np.array([[1.0, np.nan, 2.0]])
    if "MLP" in type(estimator).__name__:
        with pytest.raises(ValueError, match="NaN"):
            estimator.predict(gap)
    else:
        assert estimator.predict(gap).shape == (1,)


def test_a_square_that_overflows_is_no_infinity(estimator):
    assert estimator.predict(np.full((1, 3), 1e30, np.float32)).shape == (1,)


@pytest.mark.parametrize("kind", [ds.MLPRegressor, ds.TableRegressor])
def test_names_that_are_missing_are_told_of(kind):
    named = kind(**({"max_iter": 3} if kind is ds.MLPRegressor else QUICK))
    named.fit(pd.DataFrame(ROWS, columns=["a", "b", "c"]), NUMBERS)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(ROWS[:1])


def test_weights_that_are_changed_in_their_place_count():
    regressor = ds.MLPRegressor(hidden_layer_sizes=(4,), activation="relu", max_iter=3, random_state=0).fit(
        ROWS, NUMBERS
    )

    def by_hand(x):
        hidden = np.maximum(x @ regressor.coefs_[0] + regressor.intercepts_[0], 0)
        return (hidden @ regressor.coefs_[1] + regressor.intercepts_[1])[:, 0]

    for change in (
        lambda: None,
        lambda: regressor.coefs_[0].__imul__(2),
        lambda: regressor.coefs_[0].__setitem__(slice(None), regressor.coefs_[0][::-1].copy()),
        lambda: regressor.intercepts_[1].__iadd__(1),
        lambda: setattr(regressor, "coefs_", [w.copy() + 1 for w in regressor.coefs_]),
        lambda: regressor.partial_fit(ROWS, NUMBERS),
        lambda: regressor.fit(ROWS[:, :3], NUMBERS + 1),
    ):
        change()
        for _ in range(2):
            np.testing.assert_allclose(regressor.predict(ROWS[:2]), by_hand(ROWS[:2]), rtol=1e-9)
    regressor.set_params(activation="tanh")
    hidden = np.tanh(ROWS[:2] @ regressor.coefs_[0] + regressor.intercepts_[0])
    expected = (hidden @ regressor.coefs_[1] + regressor.intercepts_[1])[:, 0]
    np.testing.assert_allclose(regressor.predict(ROWS[:2]), expected, rtol=1e-9)


def test_a_prediction_changes_no_attribute_and_copies_predict_alike(estimator):
    before = set(vars(estimator))
    expected = estimator.predict(ROWS[:1])
    assert set(vars(estimator)) == before
    for other in (deepcopy(estimator), pickle.loads(pickle.dumps(estimator))):
        np.testing.assert_array_equal(other.predict(ROWS[:1]), expected)


def test_what_was_not_fitted_says_so():
    for kind in (ds.MLPRegressor, ds.TableRegressor):
        with pytest.raises(ValueError, match="not fitted"):
            kind().predict(ROWS[:1])
