"""What the multi-layer perceptrons do beyond scikit-learn's: losses, activations, dropout, schedules, ..."""

import warnings

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, make_scorer, mean_pinball_loss
from sklearn.utils.class_weight import compute_sample_weight

import downslope as ds
from downslope.estimators.mlp import _network as _mlp_network
from thorough import first

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
Y = X @ [1.0, -2.0, 0.5] + 1 + RNG.exponential(1.0, 300)
IRIS, SPECIES = load_iris(return_X_y=True)
LINEAR = {"hidden_layer_sizes": (), "alpha": 0.0, "solver": "lbfgs", "max_iter": 2000, "random_state": 0}
ACTIVATIONS = [name for name in _mlp_network.ACTIVATION_NAMES if name != "identity"]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def pinball_optimum(x, y, level):
    """The least mean pinball loss of a linear function, by linear programming."""
    n, k = x.shape
    costs = np.concatenate([np.zeros(2 * k + 2), np.full(n, level), np.full(n, 1 - level)]) / n
    design = np.hstack([x, np.ones((n, 1))])
    equations = np.hstack([design, -design, np.eye(n), -np.eye(n)])
    return linprog(costs, A_eq=equations, b_eq=y).fun


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_linear_quantiles(level):
    rates = {"solver": "adam", "schedule": ds.Cosine(0.05), "batch_size": 300, "max_iter": 600, "tol": 0}
    model = ds.MLPRegressor("quantile", quantile=level, **{**LINEAR, **rates}, n_iter_no_change=600).fit(X, Y)
    best = pinball_optimum(X, Y, level)
    assert mean_pinball_loss(Y, model.predict(X), alpha=level) == pytest.approx(best, rel=2e-3)
    assert model.loss_ == pytest.approx(mean_pinball_loss(Y, model.predict(X), alpha=level), rel=1e-3)


def test_a_quantile_for_each_output():
    levels = (0.1, 0.5, 0.9)
    settings = {"solver": "adam", "learning_rate_init": 0.02, "max_iter": 300, "random_state": 0}
    model = ds.MLPRegressor("quantile", hidden_layer_sizes=16, quantile=levels, **settings)
    guess = model.fit(X, np.repeat(Y[:, None], 3, axis=1)).predict(X)
    np.testing.assert_allclose(np.mean(Y[:, None] < guess, axis=0), levels, atol=0.05)
    with pytest.raises(ds.DownslopeError, match="each of 1 outputs"):
        model.fit(X, Y)


def test_linear_huber():
    model = ds.MLPRegressor("huber", delta=0.7, **LINEAR).fit(X, Y)
    design = np.hstack([X, np.ones((300, 1))])

    def error(w):
        size = np.abs(Y - design @ w)
        return np.mean(np.where(size <= 0.7, size**2 / 2, 0.7 * (size - 0.35)))

    best = minimize(error, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert model.loss_ == pytest.approx(best.fun, rel=1e-6)
    np.testing.assert_allclose(np.append(model.coefs_[0], model.intercepts_[0]), best.x, atol=1e-3)


def test_the_absolute_error_is_twice_that_of_the_median():
    settings = {"max_iter": 20, "random_state": 0, "solver": "sgd", "alpha": 0.0}
    whole = ds.MLPRegressor("absolute_error", learning_rate_init=0.001, **settings).fit(X, Y)
    half = ds.MLPRegressor("quantile", learning_rate_init=0.002, **settings).fit(X, Y)
    np.testing.assert_allclose(whole.loss_curve_, 2 * np.array(half.loss_curve_), rtol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns(activation):
    model = ds.MLPClassifier(12, activation, solver="lbfgs", random_state=0, max_iter=300).fit(IRIS, SPECIES)
    assert model.score(IRIS, SPECIES) > 0.95


def test_an_activation_for_each_layer():
    settings = {"hidden_layer_sizes": (6, 4), "max_iter": 5, "random_state": 0}
    mixed = ds.MLPRegressor(activation=("tanh", "silu"), **settings).fit(X, Y)
    h = np.tanh(X @ mixed.coefs_[0] + mixed.intercepts_[0])
    z = h @ mixed.coefs_[1] + mixed.intercepts_[1]
    expected = (z / (1 + np.exp(-z))) @ mixed.coefs_[2] + mixed.intercepts_[2]
    np.testing.assert_allclose(mixed.predict(X), expected[:, 0], rtol=1e-12)
    same = [ds.MLPRegressor(activation=a, **settings).fit(X, Y) for a in ("tanh", ["tanh", "tanh"])]
    np.testing.assert_array_equal(same[0].predict(X), same[1].predict(X))
    with pytest.raises(ValueError, match="one for each of 2, not"):
        ds.MLPRegressor(activation=("tanh",), **settings).fit(X, Y)
    with pytest.raises(ValueError, match=r"activation needs one of .*, not 'rleu'; did you mean 'relu'"):
        ds.MLPRegressor(activation=("tanh", "rleu"), **settings).fit(X, Y)


def test_dropout():
    settings = {"hidden_layer_sizes": (40, 40), "max_iter": 30, "random_state": 0}
    plain, dropped, again = (ds.MLPRegressor(dropout=d, **settings).fit(X, Y) for d in (0, 0.3, [0.3, 0.3]))
    np.testing.assert_array_equal(dropped.predict(X), again.predict(X))
    assert dropped.loss_ > plain.loss_
    other = ds.MLPRegressor(dropout=0.3, **{**settings, "random_state": 1}).fit(X, Y)
    assert not np.array_equal(other.coefs_[0], dropped.coefs_[0])
    with pytest.raises(ValueError, match=r"dropout\[1\] needs a number of at least 0 and below 1, not 1\.5"):
        ds.MLPRegressor(dropout=[0.1, 1.5], **settings).fit(X, Y)
    with pytest.raises(ValueError, match="leave out dropout"):
        ds.MLPRegressor(dropout=0.1, solver="lbfgs").fit(X, Y)


@pytest.mark.parametrize("name", ["clip_norm", "clip_value"])
def test_clipped_gradients(name):
    """Plain descent at rate 1 moves by the gradient: clipped, it moves by no more than asked for."""
    one = {"solver": "sgd", "momentum": 0, "learning_rate_init": 1.0, "max_iter": 1, "batch_size": 300}
    model = ds.MLPRegressor(hidden_layer_sizes=5, random_state=0, warm_start=True, **one, **{name: 0.01})
    model.fit(X, Y)
    before = [a.copy() for a in model.coefs_ + model.intercepts_]
    model.fit(X, Y)
    moves = [a - b for a, b in zip(model.coefs_ + model.intercepts_, before, strict=True)]
    size = (
        np.sqrt(sum((m**2).sum() for m in moves)) if name == "clip_norm" else max(abs(m).max() for m in moves)
    )
    assert size == pytest.approx(0.01, rel=1e-6)


def test_a_schedule_sets_every_rate():
    steps = []

    class Told:
        def rate(self, step, count):
            steps.append((step, count))
            return 0.01 if step <= 3 else 1e-12

    settings = {"batch_size": 100, "random_state": 0, "solver": "sgd", "momentum": 0}
    model = ds.MLPRegressor(schedule=Told(), max_iter=5, **settings).fit(X, Y)
    assert steps[:15] == [(step, 15) for step in range(1, 16)]
    one = ds.MLPRegressor(learning_rate_init=0.01, max_iter=1, **settings).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), one.predict(X), rtol=1e-6)


def test_a_constant_schedule_changes_nothing():
    for solver in ("sgd", "adam"):
        pair = [
            ds.MLPRegressor(solver=solver, random_state=0, max_iter=9, **rates).fit(X, Y)
            for rates in ({"learning_rate_init": 0.004}, {"schedule": ds.Constant(0.004)})
        ]
        np.testing.assert_array_equal(pair[0].predict(X), pair[1].predict(X))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("given", ["balanced", {0: 1.0, 1: 5.0, 2: 0.5}, {0: 1e-9, 1: 5e-9, 2: 5e-10}])
def test_class_weights_are_row_weights_of_mean_1(given, solver):
    """In one batch, which scikit-learn divides by its sum of weights as we do."""
    settings = {"max_iter": 20, "random_state": 0, "batch_size": 120, "solver": solver}
    model = ds.MLPClassifier(class_weight=given, **settings).fit(IRIS[:120], SPECIES[:120])
    weights = compute_sample_weight(given, SPECIES[:120])
    weights /= weights.mean()
    same = ds.MLPClassifier(**settings).fit(IRIS[:120], SPECIES[:120], sample_weight=weights)
    np.testing.assert_allclose(model.predict_proba(IRIS), same.predict_proba(IRIS), rtol=1e-9)


@pytest.mark.parametrize("partly", [False, True])
@pytest.mark.parametrize("size", first(2, [8, 1, 200]))
def test_class_weights_are_right_in_batches_of_any_size(size, partly):
    """Of two classes that are as frequent, one weighs 9: its probability is 0.9, of each batch alone 0.5."""
    x, y = np.zeros((200, 1)), np.tile([0, 1], 100)
    model = ds.MLPClassifier(
        hidden_layer_sizes=(),
        solver="sgd",
        alpha=0,
        momentum=0,
        batch_size=size,
        max_iter=200 if size < 200 else 3000,
        tol=0,
        n_iter_no_change=10**4,
        random_state=0,
        learning_rate_init={200: 1.0, 8: 0.1, 1: 0.02}[size],
        schedule=None if partly else ds.Cosine(0.05 if size < 200 else 1.0),
        class_weight={0: 0.2, 1: 1.8} if partly else {0: 1e-6, 1: 9e-6},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if partly:
            found = []
            for _ in range(60 if size < 200 else 400):
                model.partial_fit(x, y, classes=[0, 1])
                found.append(model.predict_proba(x[:1])[0, 1])
            probability = np.mean(found[-30:])
        else:
            probability = model.fit(x, y).predict_proba(x[:1])[0, 1]
    assert probability == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("weighting", ["sample", "class"])
def test_a_batch_without_weight_changes_nothing(weighting):
    weights = np.zeros(120)
    weights[7] = 1.0
    y = np.arange(120) == 7
    settings = {"hidden_layer_sizes": 4, "solver": "sgd", "momentum": 0.9, "batch_size": 1, "random_state": 0}
    one = {"max_iter": 1, "alpha": 0.1, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if weighting == "sample":
            model = ds.MLPClassifier(**one).fit(IRIS[:120], y, sample_weight=weights)
        else:
            model = ds.MLPClassifier(class_weight={True: 1.0, False: 0.0}, **one).fit(IRIS[:120], y)
        start = ds.MLPClassifier(**{**one, "learning_rate_init": 1e-300}).fit(IRIS[:120], y)
    assert np.isfinite(model.loss_)
    # one update from the start, on that row alone
    moved = [a - b for a, b in zip(model.coefs_, start.coefs_, strict=True)]
    again = ds.MLPClassifier(**one)
    again.partial_fit(IRIS[7:8], y[7:8], classes=[False, True])
    begun = ds.MLPClassifier(**{**one, "learning_rate_init": 1e-300})
    begun.partial_fit(IRIS[7:8], y[7:8], classes=[False, True])
    for found, after, before in zip(moved, again.coefs_, begun.coefs_, strict=True):
        np.testing.assert_allclose(found, after - before, rtol=1e-9, atol=1e-15)


def test_class_weights_need_all_rows_where_they_are_balanced():
    with pytest.raises(ValueError, match="needs all rows at once"):
        ds.MLPClassifier(class_weight="balanced").partial_fit(IRIS, SPECIES, classes=[0, 1, 2])


@pytest.mark.parametrize(
    "monitor",
    ["neg_log_loss", make_scorer(log_loss, response_method="predict_proba", greater_is_better=False)],
)
def test_early_stopping_watches_the_metric_that_is_asked_for(monitor):
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    y = y.map({0: "malignant", 1: "benign"})
    model = ds.MLPClassifier(early_stopping=True, monitor=monitor, random_state=0, max_iter=15).fit(
        x / x.std(), y
    )
    assert all(score < 0 for score in model.validation_scores_)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert list(model.feature_names_in_) == list(x.columns)
    weighted = ds.MLPClassifier(early_stopping=True, monitor=monitor, random_state=0, max_iter=15)
    weighted.fit(x / x.std(), y, sample_weight=np.ones(len(x)))
    np.testing.assert_allclose(weighted.validation_scores_, model.validation_scores_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_callbacks_see_each_epoch_and_can_end_it(solver):
    seen = []

    def note(model):
        seen.append((model.n_iter_, model.loss_, model.predict(X[:1]).item()))

    model = ds.MLPRegressor(solver=solver, callbacks=[note, lambda m: m.n_iter_ == 4], random_state=0).fit(
        X, Y
    )
    assert [n for n, _, _ in seen] == [1, 2, 3, 4]
    assert model.n_iter_ == 4
    assert seen[-1][1:] == (pytest.approx(model.loss_, rel=1e-12), model.predict(X[:1]).item())
    assert len({value for *_, value in seen}) == 4
    with pytest.raises(ValueError, match="called with the estimator after each epoch, not 3"):
        ds.MLPRegressor(callbacks=[3]).fit(X, Y)


@pytest.mark.parametrize("asked", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("given", [np.float32, np.float64])
def test_precisions(asked, given):
    model = ds.MLPRegressor(precision=asked, random_state=0, max_iter=100).fit(X.astype(given), Y)
    assert model.coefs_[0].dtype == (np.float64 if asked == "float64" else np.float32)
    plain = ds.MLPRegressor(precision=None, random_state=0, max_iter=100).fit(X, Y)
    near = {"float32": 1e-3, "float64": 1e-6 if given is np.float32 else 0, "bfloat16": 0.1}[asked]
    np.testing.assert_allclose(model.predict(X), plain.predict(X), rtol=near, atol=near)


def test_threads_change_no_bit():
    wide = {"hidden_layer_sizes": (200, 200), "max_iter": 3, "random_state": 0}
    one, two, all_ = (ds.MLPRegressor(n_jobs=n, **wide).fit(X, Y) for n in (1, 2, -1))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    np.testing.assert_array_equal(one.coefs_[0], all_.coefs_[0])
    with pytest.raises(ValueError, match=r"n_jobs needs .*, not 0"):
        ds.MLPRegressor(n_jobs=0).fit(X, Y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": "float16"}, "'precision' parameter"),
        ({"loss": "mse"}, "'loss' parameter"),
        ({"quantile": 1.0, "loss": "quantile"}, "'quantile' parameter"),
        ({"delta": 0.0}, "'delta' parameter"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"schedule": 0.1}, "'schedule' parameter"),
        ({"clip_norm": 0}, "'clip_norm' parameter"),
        ({"n_jobs": 1.5}, "'n_jobs' parameter"),
        ({"monitor": "r2"}, "give early_stopping=True and a solver with epochs, or leave monitor out"),
        ({"monitor": "r2", "early_stopping": True, "solver": "lbfgs"}, "leave monitor out"),
        ({"precision": "bfloat16", "solver": "lbfgs"}, "computes in float64; leave out precision"),
    ],
)
def test_further_parameters_that_do_not_serve(settings, message):
    with pytest.raises(ValueError, match=message):
        ds.MLPRegressor(**settings).fit(X, Y)


def test_interrupted_training_keeps_what_was_reached():
    def interrupt(model):
        if model.n_iter_ == 3:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = ds.MLPRegressor(callbacks=interrupt, random_state=0).fit(X, Y)
    with pytest.warns(ConvergenceWarning):
        three = ds.MLPRegressor(max_iter=3, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), three.predict(X))


def test_the_reference_engine_takes_the_same_steps(monkeypatch):
    settings = {
        "hidden_layer_sizes": (7,),
        "dropout": 0.2,
        "max_iter": 4,
        "batch_size": 70,
        "random_state": 0,
    }
    native = ds.MLPRegressor(**settings).fit(X, Y)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    reference = ds.MLPRegressor(**settings).fit(X, Y)
    np.testing.assert_allclose(reference.predict(X), native.predict(X), rtol=1e-10)
    with pytest.raises(ValueError, match="needs the native engine"):
        ds.MLPRegressor(precision="bfloat16").fit(X, Y)


def test_what_is_not_finite_is_said_with_its_step_and_layer():
    wild = {"solver": "sgd", "learning_rate_init": 1e3, "activation": "identity", "max_iter": 20}
    with (
        pytest.warns(ConvergenceWarning),
        pytest.raises(ValueError, match=r"processed. step \d+: .* where layer\d.weight has grown"),
    ):
        ds.MLPRegressor(random_state=0, **wild).fit(X, Y)


def test_a_warm_start_can_follow_another_solver_or_early_stopping():
    model = ds.MLPRegressor(hidden_layer_sizes=4, warm_start=True, random_state=0, max_iter=3, tol=0)
    for settings in (
        {"solver": "lbfgs"},
        {"solver": "sgd"},
        {"early_stopping": True},
        {"early_stopping": False},
    ):
        with pytest.warns(ConvergenceWarning):
            model.set_params(**settings).fit(X, Y)
    assert len(model.loss_curve_) == 9
    assert model.validation_scores_ is None


def test_epochs_in_parts_are_the_same_epochs(monkeypatch):
    """Long epochs go to the engine in parts, so that Ctrl-C is heard."""
    settings = {"batch_size": 16, "max_iter": 4, "random_state": 0}
    for shuffle in (True, False):
        whole = ds.MLPRegressor(shuffle=shuffle, **settings).fit(X, Y)
        with monkeypatch.context() as patch:
            patch.setattr("downslope.training._loop._CHUNK_SECONDS", 1e-7)
            parts = ds.MLPRegressor(shuffle=shuffle, **settings).fit(X, Y)
        np.testing.assert_array_equal(whole.predict(X), parts.predict(X))
        assert whole.loss_curve_ == parts.loss_curve_


def test_a_fit_without_numbers_ends_however_many_epochs_are_asked_for():
    lost = ds.MLPRegressor(
        hidden_layer_sizes=3, solver="sgd", learning_rate_init=1e308, max_iter=10**30, random_state=0
    )
    with pytest.warns(ConvergenceWarning), pytest.raises(ds.DownslopeError, match="produced non-finite"):
        lost.fit(X, Y)
