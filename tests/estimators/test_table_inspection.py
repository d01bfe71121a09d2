"""The estimators under scikit-learn's tools for selection, calibration and inspection, on frames."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.inspection import PartialDependenceDisplay, partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline

import downslope as ds
from downslope.fitting import error_increases, sampled_rows, shares

QUICK = {"epochs": 12, "hidden_layer_sizes": 16, "random_state": 0}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """The target is 3 size + 2 where the town is Bonn; noise says nothing and code counts rows."""
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": draw.normal(size=400),
            "noise": draw.normal(size=400),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], 400),
            "code": [f"c{i}" for i in range(400)],
        }
    )


@pytest.fixture(scope="module")
def y(frame) -> np.ndarray:
    return (3 * frame["size"] + 2 * (frame["town"] == "Bonn")).to_numpy()


@pytest.fixture(scope="module")
def regressor(frame, y) -> ds.TableRegressor:
    return ds.TableRegressor(**QUICK).fit(frame, y)


@pytest.fixture(scope="module")
def classifier(frame, y) -> ds.TableClassifier:
    return ds.TableClassifier(**QUICK).fit(frame, np.where(y > 0.7, "high", "low"))


def test_importances_are_the_errors_that_shuffling_costs(regressor) -> None:
    importances = dict(zip(regressor.feature_names_in_, regressor.feature_importances_, strict=True))
    assert importances["size"] > importances["town"] > importances["noise"] >= importances["code"] == 0
    assert sum(importances.values()) == pytest.approx(1)


@pytest.mark.thorough
def test_importances_agree_with_those_of_scikit_learn(regressor, classifier, frame, y) -> None:
    classes = np.where(y > 0.7, "high", "low")
    for estimator, target, scoring in (
        (regressor, y, "neg_mean_squared_error"),
        (classifier, classes, "neg_log_loss"),
    ):
        found = permutation_importance(
            estimator, frame, target, scoring=scoring, n_repeats=5, random_state=0
        ).importances_mean
        np.testing.assert_allclose(estimator.feature_importances_, shares(found), atol=0.03)


def test_importances_are_the_same_each_time(regressor, frame, y) -> None:
    again = ds.TableRegressor(**QUICK).fit(frame, y)
    np.testing.assert_array_equal(again.feature_importances_, regressor.feature_importances_)
    assert again.feature_importances_ is again.feature_importances_


def test_shuffling_a_column_of_a_linear_function_costs_twice_its_variance() -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=(2000, 2))
    truth = x @ [2, 1]

    def errors(shuffled: np.ndarray) -> np.ndarray:
        return (shuffled @ [2, 1] - np.tile(truth, len(shuffled) // 2000)) ** 2

    increases = error_increases(errors, x, [slice(0, 1), slice(1, 2)], seed=0).mean(axis=1)
    np.testing.assert_allclose(increases, [8, 2], rtol=0.05)


def test_rows_are_drawn_without_repeats() -> None:
    np.testing.assert_array_equal(sampled_rows(1500, 0), np.arange(1500))
    drawn = sampled_rows(100_000, 0)
    assert len(np.unique(drawn)) == 2000
    assert (np.diff(drawn) > 0).all()
    assert (drawn != sampled_rows(100_000, 1)).any()


def test_nothing_is_important_where_nothing_is_learned() -> None:
    np.testing.assert_array_equal(shares(np.array([-1.0, 0.0])), [0, 0])


def test_partial_dependence_follows_the_function(regressor, classifier, frame) -> None:
    found = partial_dependence(regressor, frame, ["size"], grid_resolution=5)
    slopes = np.diff(found["average"][0]) / np.diff(found["grid_values"][0])
    np.testing.assert_allclose(slopes, 3, atol=0.5)
    towns = partial_dependence(regressor, frame, ["town"], categorical_features=["town"])
    averages = dict(zip(towns["grid_values"][0], towns["average"][0], strict=True))
    assert averages["Bonn"] - averages["Celle"] == pytest.approx(2, abs=0.5)
    rising = partial_dependence(classifier, frame, ["size"], grid_resolution=5)["average"][0]
    assert (np.diff(rising) < 0).all()  # classes_[1] is "low"


@pytest.mark.thorough
def test_partial_dependence_is_drawn(regressor, frame) -> None:
    pytest.importorskip("matplotlib").use("agg")
    display = PartialDependenceDisplay.from_estimator(
        regressor,
        frame,
        ["size", "town", ("size", "noise")],
        categorical_features=["town"],
        grid_resolution=4,
    )
    assert display.axes_.size == 3


@pytest.mark.thorough
def test_cross_validation_and_search(frame, y) -> None:
    assert cross_val_score(ds.TableRegressor(**QUICK), frame, y, cv=2).min() > 0.5
    search = GridSearchCV(ds.TableRegressor(**QUICK), {"hidden_layer_sizes": [(), 16]}, cv=2)
    search.fit(frame, np.abs(y))  # which is no linear function of the columns
    assert search.best_params_ == {"hidden_layer_sizes": 16}


@pytest.mark.thorough
def test_calibration_of_scikit_learn(frame, y) -> None:
    calibrated = CalibratedClassifierCV(ds.TableClassifier(**QUICK), cv=2).fit(frame, y > 0.7)
    assert calibrated.score(frame, y > 0.7) > 0.8


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_pipelines_hand_on_frames(frame, y, output) -> None:
    filled = ColumnTransformer(
        [("fill", SimpleImputer(), ["size", "noise"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    pipeline = make_pipeline(filled, ds.TableRegressor(**QUICK)).set_output(transform=output).fit(frame, y)
    assert pipeline.score(frame, y) > 0.5
    assert [c.kind for c in pipeline[-1].summary_.columns] == ["number", "number", "category", "identifier"]


@pytest.mark.thorough
def test_columns_are_selected_by_importance(frame, y) -> None:
    numbers = frame[["size", "noise"]]
    selected = SelectFromModel(ds.TableRegressor(**QUICK), threshold=0.5).fit(numbers, y)
    assert selected.get_feature_names_out().tolist() == ["size"]


def test_several_targets_go_through_scikit_learn(frame, y) -> None:
    both = MultiOutputRegressor(ds.TableRegressor(**QUICK)).fit(
        frame[["size", "noise"]], np.stack([y, -y], 1)
    )
    assert both.predict(frame[["size", "noise"]]).shape == (400, 2)
