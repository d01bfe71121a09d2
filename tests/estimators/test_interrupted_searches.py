"""One Ctrl-C ends a search; a fit by itself keeps what was reached."""

import signal
import sys

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import downslope as ds
from downslope.estimators.table import _table
from thorough import first

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
X = np.random.default_rng(0).normal(size=(120, 3))
Y = X @ [1.0, -2.0, 0.5]
QUICK = {"members": 2, "epochs": 3, "random_state": 0}


class Presses:
    """Presses Ctrl-C once, after so many epochs of all fits."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)

    def __deepcopy__(self, _: object) -> "Presses":
        return self  # clones press together


def searches(estimator, grid):
    yield lambda: cross_val_score(estimator, X, Y, cv=3)
    yield lambda: GridSearchCV(estimator, grid, cv=3).fit(X, Y)
    yield lambda: cross_val_score(make_pipeline(StandardScaler(), estimator), X, Y, cv=3)
    yield lambda: MultiOutputRegressor(estimator).fit(X, np.stack([Y, Y], axis=1))


@pytest.mark.parametrize("place", range(4))
def test_ctrl_c_ends_a_search_over_networks(place):
    press = Presses(8)
    estimator = ds.MLPRegressor(hidden_layer_sizes=5, max_iter=6, random_state=0, tol=0, callbacks=press)
    with pytest.raises(KeyboardInterrupt):
        list(searches(estimator, {"alpha": [0.1, 0.2]}))[place]()
    assert press.left == 0  # in the second fit; none came after it


@pytest.mark.parametrize("place", first(2, [3, 0, 1, 2]))
def test_ctrl_c_ends_a_search_over_tables(place, monkeypatch):
    press = Presses(30)
    monkeypatch.setattr(_table, "_printed", press)
    with pytest.raises(KeyboardInterrupt):
        list(searches(ds.TableRegressor(**QUICK, verbose=1), {"epochs": [3, 4]}))[place]()
    assert press.left == 0


def test_a_fit_by_itself_keeps_what_was_reached(monkeypatch):
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        network = ds.MLPRegressor(hidden_layer_sizes=5, max_iter=6, random_state=0, callbacks=Presses(2)).fit(
            X, Y
        )
    assert network.n_iter_ == 2
    press = Presses(2)
    monkeypatch.setattr(_table, "_printed", lambda phase: phase.name != "linear" and press())
    table = make_pipeline(StandardScaler(), ds.TableRegressor(**QUICK, verbose=1)).fit(X, Y)
    assert table[-1].model_.record.interrupted
