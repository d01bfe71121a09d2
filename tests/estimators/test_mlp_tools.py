"""The multi-layer perceptrons under scikit-learn's checks, tests and tools."""

import copy
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingRegressor, StackingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    parametrize_with_checks,
)

import downslope as ds

SUITE = Path(__file__).parents[1] / "sklearn_suite.py"
IRIS, SPECIES = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks([ds.MLPClassifier(max_iter=100), ds.MLPRegressor(max_iter=100)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.thorough
@parametrize_with_checks(
    [ds.MLPClassifier(max_iter=100, solver="lbfgs"), ds.MLPRegressor(max_iter=100, solver="lbfgs")]
)
def test_scikit_learns_checks_of_lbfgs(estimator, check):
    check(estimator)


@parametrize_with_checks([ds.MLPRegressor(hidden_layer_sizes=(5,), max_iter=10, solver="lbfgs")])
def test_scikit_learns_checks_of_little_lbfgs(estimator, check):
    check(estimator)


def test_row_weights_count_like_repeated_rows():
    """With the settings under which scikit-learn's own class is checked for it."""
    model = ds.MLPRegressor(max_iter=100, solver="sgd", tol=1e-2, random_state=42)
    check_sample_weight_equivalence_on_dense_data("MLPRegressor", model)


@pytest.mark.thorough
def test_scikit_learns_own_tests():
    done = subprocess.run([sys.executable, SUITE, "-q"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_signatures(name):
    """Every method of scikit-learn's class takes the same arguments in the same places."""
    ours, theirs = getattr(ds, name), getattr(neural_network, name)
    for method in ("fit", "partial_fit", "predict", "score", "set_fit_request", "set_params"):
        mine = inspect.signature(getattr(ours, method)).parameters
        assert list(mine) == list(inspect.signature(getattr(theirs, method)).parameters), method
    mine, its = (list(inspect.signature(c).parameters.items()) for c in (ours, theirs))
    for (a, one), (b, other) in zip(mine, its, strict=False):
        assert (a, one.kind, one.default) == (b, other.kind, other.default)
    public = [m for m in dir(theirs) if not m.startswith("_")]
    assert set(public) <= set(dir(ours))


@pytest.mark.parametrize(
    "model",
    [
        ds.MLPClassifier(6, max_iter=20),
        ds.MLPClassifier(6, solver="sgd", max_iter=20, schedule=ds.Cosine(0.1)),
    ],
)
@pytest.mark.parametrize("way", ["pickle", "joblib", "deepcopy"])
def test_copies_go_on_alike(model, way, tmp_path):
    model = clone(model).set_params(random_state=0).fit(IRIS, SPECIES)
    if way == "joblib":
        joblib.dump(model, tmp_path / "m")
        other = joblib.load(tmp_path / "m")
    else:
        other = copy.deepcopy(model) if way == "deepcopy" else pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(IRIS), other.predict_proba(IRIS))
    for m in (model, other):
        m.partial_fit(IRIS, SPECIES)
    np.testing.assert_array_equal(model.predict_proba(IRIS), other.predict_proba(IRIS))
    assert not hasattr(clone(model), "coefs_")


@pytest.mark.thorough
def test_a_search_over_a_pipeline():
    pipeline = make_pipeline(
        StandardScaler(), ds.MLPClassifier(max_iter=40, learning_rate_init=0.02, random_state=0)
    )
    grid = {
        "mlpclassifier__hidden_layer_sizes": [(4,), (8, 8)],
        "mlpclassifier__activation": ["tanh", "silu"],
    }
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(IRIS, SPECIES)
    assert search.best_score_ > 0.8
    again = GridSearchCV(pipeline, grid, cv=3).fit(IRIS, SPECIES)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], again.cv_results_["mean_test_score"])


@pytest.mark.thorough
def test_tools_give_what_they_give_with_scikit_learns_class():
    """Both take the same steps, so whatever is built on them has the same results."""
    x, y = load_diabetes(return_X_y=True)
    results = []
    for module in (ds, neural_network):
        numbers = module.MLPRegressor(hidden_layer_sizes=8, random_state=0, max_iter=60)
        classes = module.MLPClassifier(hidden_layer_sizes=8, random_state=0, max_iter=30)
        scores = cross_val_score(make_pipeline(StandardScaler(), numbers), x, y, cv=3)
        calibrated = CalibratedClassifierCV(classes, cv=3).fit(IRIS, SPECIES).predict_proba(IRIS)
        stacked = StackingClassifier([("net", classes), ("linear", LogisticRegression(max_iter=500))], cv=3)
        bagged = BaggingRegressor(numbers, n_estimators=3, random_state=0).fit(x, y).predict(x)
        many = MultiOutputRegressor(numbers).fit(x, np.column_stack([y, x[:, 0]])).predict(x)
        fitted = classes.fit(IRIS, SPECIES)
        importance = permutation_importance(fitted, IRIS, SPECIES, random_state=0, n_repeats=3)
        results.append(
            [
                scores,
                calibrated,
                stacked.fit(IRIS, SPECIES).predict_proba(IRIS),
                bagged,
                many,
                importance.importances_mean,
            ]
        )
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.thorough
def test_importing_downslope_imports_no_scikit_learn():
    code = "import sys, downslope, downslope.cli; downslope.fit; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
