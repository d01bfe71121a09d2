"""``ds.MLP…`` that are killed go on with the same bits, be it in the middle of an epoch."""

from itertools import product

import numpy as np
import pytest
from scipy import sparse

import downslope as ds
from killed import Killed, kill_at
from thorough import one_in

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
Y = np.sin(X).sum(axis=1)
QUICK = {"hidden_layer_sizes": 6, "max_iter": 14, "batch_size": 40, "random_state": 3}
CASES = {
    "adam": (X, {}),
    "sgd": (X, {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.5, "n_iter_no_change": 2}),
    "falling": (X, {"solver": "sgd", "learning_rate": "invscaling"}),
    "early stopping": (X, {"early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.1}),
    "dropout": (X, {"dropout": 0.3, "schedule": ds.Cosine(0.01)}),
    "in order": (X, {"shuffle": False}),
    "sparse": (sparse.csr_matrix(X), {}),
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def said(model):
    names = ("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_", "n_iter_", "t_")
    return repr([getattr(model, name) for name in names])


@pytest.mark.parametrize(("case", "kind"), one_in(3, [*product(CASES, [ds.MLPRegressor, ds.MLPClassifier])]))
def test_a_fit_that_is_killed_ends_with_the_same_bits(kind, case, tmp_path):
    x, how = CASES[case]
    y = Y if kind is ds.MLPRegressor else Y > 0
    how = {**QUICK, **how}
    whole = kind(**how).fit(x, y)
    kills = 0
    while kills < 30:
        checkpoint = ds.Checkpoint(tmp_path, every="3 steps", resume=True)
        model = kind(**how, checkpoint=checkpoint, callbacks=kill_at(4))
        try:
            model.fit(x, y)
            break
        except Killed:
            kills += 1
    assert 0 < kills < 30
    again = kind(**how, checkpoint=checkpoint).fit(x, y)  # which is read, not made
    for found in (model, again):
        assert said(found) == said(whole)
        for one, other in zip(
            [*found.coefs_, *found.intercepts_], [*whole.coefs_, *whole.intercepts_], strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_what_has_no_state_to_save_is_refused(tmp_path):
    checkpoint = ds.Checkpoint(tmp_path)
    with pytest.raises(ds.DownslopeError, match="checkpoint needs fit by solver 'adam' or 'sgd'"):
        ds.MLPRegressor(solver="lbfgs", checkpoint=checkpoint).fit(X, Y)
    with pytest.raises(ds.DownslopeError, match="partial_fit is over after an epoch"):
        ds.MLPRegressor(checkpoint=checkpoint).partial_fit(X, Y)
    ds.MLPRegressor(**QUICK, checkpoint=checkpoint).fit(X, Y)
    with pytest.raises(
        ds.DownslopeError, match="is a checkpoint of an estimator, which alone goes on from it"
    ):
        ds.load(tmp_path / "000.downslope")
    again = ds.MLPRegressor(**QUICK, alpha=1.0, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    with pytest.raises(ds.DownslopeError, match=r"another training: alpha was 0\.0001 and is 1\.0"):
        again.fit(X, Y)
