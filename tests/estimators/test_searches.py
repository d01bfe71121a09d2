"""Searches of scikit-learn over the estimators: clones, pipelines, and epochs as the resource of halving."""

import os

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # which makes the next line possible
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import downslope as ds
from downslope.engines.native._threads import threads_allowed
from thorough import first

DRAW = np.random.default_rng(0)
X = pd.DataFrame({"a": DRAW.normal(size=90), "b": DRAW.normal(size=90), "kind": ["u", "v", "w"] * 30})
Y = X.a**2 + X.b * (X.kind == "u")
NUMBERS = X[["a", "b"]]
SETTINGS = {"learning_rate": [0.002, 0.02], "dropout": [0.0, 0.2], "activation": ["tanh", "silu"]}
FOLDS = KFold(2)


def table(**given):
    return ds.TableRegressor(
        **{"epochs": 2, "members": 2, "hidden_layer_sizes": 4, "random_state": 0, **given}
    )


@pytest.mark.thorough
@pytest.mark.parametrize("search", first(1, [RandomizedSearchCV, GridSearchCV]))
def test_a_search_refits_the_best_of_its_candidates(search):
    settings = {name: SETTINGS[name] for name in ("learning_rate", "activation")}
    given = {"n_iter": 3, "random_state": 0} if search is RandomizedSearchCV else {}
    found = search(table(), settings, cv=FOLDS, **given).fit(X, Y)
    scores = found.cv_results_["mean_test_score"]
    assert found.best_params_ == found.cv_results_["params"][int(np.argmax(scores))]
    alone = table(**found.best_params_).fit(X, Y)
    assert np.array_equal(found.predict(X), alone.predict(X))


@pytest.mark.parametrize(
    ("made", "settings", "resource", "x", "y"),
    [
        (table(), SETTINGS, "epochs", X, Y),
        pytest.param(table(), SETTINGS, "members", X, Y, marks=pytest.mark.thorough),
        (make_pipeline(FunctionTransformer(), table()), SETTINGS, "epochs", X, Y),
        (ds.MLPRegressor(random_state=0), {"alpha": [1e-4, 1e-2]}, "max_iter", NUMBERS, Y),
        (
            ds.MLPClassifier(random_state=0, warm_start=True),
            {"alpha": [1e-4, 1e-2]},
            "max_iter",
            NUMBERS,
            Y > 1,
        ),
        (
            make_pipeline(StandardScaler(), ds.MLPClassifier(random_state=0)),
            {"alpha": [1e-4, 1e-2]},
            "max_iter",
            NUMBERS,
            Y > 1,
        ),
    ],
    ids=["table", "members", "table pipeline", "network", "warm start", "network pipeline"],
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_halving_gives_each_rung_more_of_its_resource(made, settings, resource, x, y):
    prefix = f"{made.steps[-1][0]}__" if hasattr(made, "steps") else ""
    settings = {prefix + name: values for name, values in settings.items()}
    found = HalvingRandomSearchCV(
        clone(made),
        settings,
        resource=prefix + resource,
        n_candidates=2,
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=FOLDS,
        random_state=0,
    ).fit(x, y)
    assert found.n_resources_ == [1, 2]
    assert found.best_params_[prefix + resource] == 2
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()


@pytest.mark.thorough
def test_fits_in_processes_share_the_processors():
    allowed = Parallel(n_jobs=2)(delayed(threads_allowed)() for _ in range(2))
    assert allowed == [max(1, (os.cpu_count() or 1) // 2)] * 2


@pytest.mark.thorough
def test_candidates_in_processes_score_as_one_after_another():
    alone, beside = (GridSearchCV(table(), SETTINGS, cv=FOLDS, n_jobs=n).fit(X, Y) for n in (1, 2))
    assert np.array_equal(alone.cv_results_["mean_test_score"], beside.cv_results_["mean_test_score"])
