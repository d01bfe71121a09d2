"""The multi-layer perceptrons take scikit-learn's own steps: the same draws, updates, losses and warnings."""

import re
import warnings
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_array
from sklearn import neural_network
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

import downslope as ds
from downslope.estimators.mlp import _rows as _mlp_rows
from thorough import one_in

X, Y = make_regression(230, 6, n_targets=3, noise=5.0, random_state=0)
Y = Y / Y.std(axis=0)
COUNTS = np.random.default_rng(0).poisson(np.exp(X[:, 0] / 2))
IRIS, SPECIES = load_iris(return_X_y=True)
LABELLED, LABELS = make_multilabel_classification(150, 6, n_classes=4, random_state=0)
WEIGHTS = np.random.default_rng(1).uniform(0.2, 3, 230)
QUICK = {"hidden_layer_sizes": (9, 5), "max_iter": 30, "random_state": 3}


def both(name, x, y, *, weights=None, **settings):
    """Downslope's estimator and scikit-learn's, fitted alike, with what each of them warned of."""
    fitted, told = [], []
    for module in (ds, neural_network):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = getattr(module, name)(**{**QUICK, **settings}).fit(x, y, sample_weight=weights)
        fitted.append(model)
        told.append([(w.category, str(w.message)) for w in caught])
    return *fitted, told


def assert_same(ours, theirs, rtol=1e-9, atol=1e-10):
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert a.shape == b.shape
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_", "t_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=max(rtol, 1e-9), abs=atol)
    for name in ("loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_"):
        assert hasattr(ours, name) == hasattr(theirs, name), name
        if getattr(theirs, name, None) is None:
            assert getattr(ours, name, None) is None
        else:
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=rtol, atol=atol)


SETTINGS = {
    "adam": {},
    "betas": {"beta_1": 0.0, "beta_2": 0.5, "epsilon": 1e-2},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.7, "learning_rate_init": 0.05},
    "plain": {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.1},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.2, "learning_rate_init": 0.3},
    "adaptive": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "tol": 0.05,
        "n_iter_no_change": 2,
        "max_iter": 200,
        "learning_rate_init": 0.02,
    },
    "ordered": {"shuffle": False, "batch_size": 32},
    "one by one": {"batch_size": 1, "max_iter": 3},
    "clipped": {"batch_size": 10_000},
    "decay": {"alpha": 2.0, "batch_size": 50},
    "stops": {"tol": 0.02, "n_iter_no_change": 3, "max_iter": 300},
    "early": {"early_stopping": True, "validation_fraction": 0.3},
    "early stops": {"early_stopping": True, "tol": 0.01, "n_iter_no_change": 2, "max_iter": 300},
    "one layer": {"hidden_layer_sizes": 7},
    "no layer": {"hidden_layer_sizes": ()},
    "generator": {"random_state": np.random.RandomState(5)},
}


@pytest.mark.parametrize(("name", "weighted"), one_in(3, list(product(SETTINGS, [False, True]))))
def test_the_same_steps_for_numbers(name, weighted):
    settings, weights = SETTINGS[name], WEIGHTS if weighted else None
    if "random_state" in settings:  # each takes it from where the other began
        settings = {**settings, "random_state": 5}
    ours, theirs, told = both("MLPRegressor", X, Y[:, 0], weights=weights, **settings)
    assert_same(ours, theirs)
    assert told[0] == told[1]
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9, atol=1e-10)
    assert ours._optimizer.learning_rate == pytest.approx(theirs._optimizer.learning_rate, rel=1e-12)


OF_CLASSES = list(
    product(
        ["identity", "logistic", "tanh", "relu"],
        ["binary", "multiclass", "multilabel"],
        ["adam", "sgd", "decay", "early"],
    )
)


@pytest.mark.parametrize(("activation", "kind", "settings"), one_in(5, OF_CLASSES))
def test_the_same_steps_for_classes(activation, kind, settings):
    x, y = (LABELLED, LABELS) if kind == "multilabel" else (IRIS, np.array(["s", "ve", "vi"])[SPECIES])
    x, y = (x[:100], y[:100]) if kind == "binary" else (x, y)
    ours, theirs, told = both("MLPClassifier", x, y, activation=activation, **SETTINGS[settings])
    assert_same(ours, theirs)
    assert told[0] == told[1]
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_array_equal(ours.predict(x), theirs.predict(x))
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.predict_log_proba(x), theirs.predict_log_proba(x), rtol=1e-8)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("settings", ["adam", "early", "decay"])
def test_several_outputs(settings, weights):
    assert_same(*both("MLPRegressor", X, Y, weights=weights, **SETTINGS[settings])[:2])


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_counts(outputs, weights):
    y = np.column_stack([COUNTS, COUNTS[::-1]])[:, :outputs].ravel() if outputs == 1 else None
    y = np.column_stack([COUNTS, COUNTS[::-1]]) if outputs == 2 else y
    assert_same(*both("MLPRegressor", X, y, weights=weights, loss="poisson", batch_size=60)[:2])


def test_a_negative_count_is_said():
    with pytest.raises(ValueError, match="targets of at least 0; y has -2"):
        ds.MLPRegressor(loss="poisson").fit([[0.0], [1.0]], [1, -2])


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_lbfgs_for_numbers(loss, weights):
    settings = {"solver": "lbfgs", "loss": loss, "activation": "tanh", "alpha": 0.3, "max_iter": 12}
    ours, theirs, told = both("MLPRegressor", X, COUNTS, weights=weights, **settings)
    assert_same(ours, theirs, rtol=1e-5, atol=1e-6)
    assert [category for category, _ in told[0]] == [ConvergenceWarning]
    assert told[0] == told[1]


@pytest.mark.parametrize(("x", "y"), [(IRIS, SPECIES), (IRIS[:100], SPECIES[:100]), (LABELLED, LABELS)])
def test_lbfgs_for_classes(x, y):
    ours, theirs, _ = both("MLPClassifier", x, y, solver="lbfgs", alpha=1.0, activation="tanh", max_iter=9)
    assert_same(ours, theirs, rtol=1e-6, atol=1e-7)


def test_lbfgs_ends_where_the_gradient_of_several_outputs_is_zero():
    """scikit-learn gives SciPy the mean over outputs and the gradient of the sum; here both are the sum's."""
    settings = {"hidden_layer_sizes": 6, "activation": "tanh", "alpha": 1.0, "random_state": 0}
    ours = ds.MLPRegressor(solver="lbfgs", tol=1e-7, max_iter=5000, **settings).fit(X, Y)
    one_step = {"solver": "sgd", "learning_rate_init": 1.0, "momentum": 0, "max_iter": 1, "warm_start": True}
    theirs = neural_network.MLPRegressor(batch_size=len(X), **one_step, **settings)
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X, Y)
    theirs.coefs_ = [w.copy() for w in ours.coefs_]
    theirs.intercepts_ = [b.copy() for b in ours.intercepts_]
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X, Y)  # one step of rate 1 moves by the gradient
    for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-9)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("name", ["MLPRegressor", "MLPClassifier"])
def test_float32_is_kept(solver, name):
    x, y = (X, Y[:, 0]) if name == "MLPRegressor" else (IRIS, SPECIES)
    ours, theirs, _ = both(name, x.astype(np.float32), y, solver=solver, max_iter=10)
    assert {a.dtype for a in ours.coefs_ + ours.intercepts_} == {np.dtype(np.float32)}
    said = ours.predict if name == "MLPRegressor" else ours.predict_proba
    expected = theirs.predict if name == "MLPRegressor" else theirs.predict_proba
    assert said(x.astype(np.float32)).dtype == np.float32
    assert said(x).dtype == np.float64
    np.testing.assert_allclose(said(x), expected(x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_goes_on_as_there(solver):
    pair = [
        module.MLPClassifier(hidden_layer_sizes=6, random_state=1, solver=solver)
        for module in (ds, neural_network)
    ]
    for turn in range(7):
        rows = slice(20 * turn, 20 * turn + 20 + 3 * turn)
        for model in pair:
            model.partial_fit(IRIS[rows], SPECIES[rows], classes=[0, 1, 2])
    assert_same(*pair)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_warm_start_goes_on_as_there(solver):
    pair = [
        module.MLPRegressor(hidden_layer_sizes=6, random_state=1, solver=solver, warm_start=True, max_iter=6)
        for module in (ds, neural_network)
    ]
    for _ in range(3):
        for model in pair:
            with pytest.warns(ConvergenceWarning):
                model.fit(X, Y[:, 0])
    assert_same(*pair, rtol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("container", [csr_array, csc_matrix])
@pytest.mark.parametrize("limit", [_mlp_rows.DENSE_BYTES, 8 * 6 * 70])
def test_sparse_rows_count_as_dense_ones(solver, container, limit, monkeypatch):
    """Also where only 70 rows may be dense at a time."""
    monkeypatch.setattr(_mlp_rows, "DENSE_BYTES", limit)
    monkeypatch.setattr("downslope.estimators.mlp._base.DENSE_BYTES", limit)
    x = np.where(X > 0.5, X, 0)
    settings = {**QUICK, "solver": solver, "batch_size": 30, "max_iter": 10}
    dense, sparse = (ds.MLPRegressor(**settings) for _ in range(2))
    with pytest.warns(ConvergenceWarning):
        dense.fit(x, Y, sample_weight=WEIGHTS)
    with pytest.warns(ConvergenceWarning):
        sparse.fit(container(x), Y, sample_weight=WEIGHTS)
    tolerance = 1e-12 if solver == "adam" else 1e-5
    np.testing.assert_allclose(sparse.predict(container(x)), dense.predict(x), rtol=tolerance, atol=tolerance)


def test_rows_at_a_time_without_order():
    """Sparse rows in their own order, in parts."""
    x = np.where(X > 0.5, X, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_mlp_rows, "DENSE_BYTES", 8 * 6 * 70)
        ours, theirs, _ = both("MLPRegressor", csr_array(x), Y[:, 0], shuffle=False, batch_size=30)
    assert_same(ours, theirs)


@pytest.mark.parametrize("name", ["MLPRegressor", "MLPClassifier"])
def test_parameters_and_defaults(name):
    theirs = getattr(neural_network, name)().get_params()
    ours = getattr(ds, name)().get_params()
    assert {key: ours[key] for key in theirs} == theirs
    further = {key: value for key, value in ours.items() if key not in theirs}
    assert all(value in (None, 0.0) for key, value in further.items() if key not in ("delta", "quantile"))


@pytest.mark.parametrize(
    "settings",
    [{"alpha": -1}, {"solver": "newton"}, {"batch_size": 0}, {"momentum": 2}, {"hidden_layer_sizes": (3, -1)},
     {"tol": None}, {"learning_rate": "fast"}, {"max_iter": 1.5}],
)  # fmt: skip
def test_parameters_that_do_not_serve_are_refused_in_the_same_words(settings):
    told = []
    for module in (ds, neural_network):
        with pytest.raises(ValueError) as caught:
            module.MLPClassifier(**settings).fit(IRIS, SPECIES)
        told.append(str(caught.value))
    # sets are written in an order of their own
    assert sorted(re.split(r"[ {},]+", told[0])) == sorted(re.split(r"[ {},]+", told[1]))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([[np.nan], [1.0]], [0, 1]),
        ([[np.inf], [1.0]], [0, 1]),
        ([["a"], ["b"]], [0, 1]),
        ([1.0, 2.0], [0, 1]),
        ([[1.0], [2.0]], [0, 1, 2]),
        ([[1.0], [2.0]], [0, np.nan]),
        (np.zeros((0, 2)), []),
        (np.zeros((2, 0)), [0, 1]),
        (np.array([[1 + 2j], [3]]), [0, 1]),
    ],
)
@pytest.mark.parametrize("name", ["MLPRegressor", "MLPClassifier"])
def test_arrays_that_do_not_serve_are_refused_in_the_same_words(name, x, y):
    told = []
    for module in (ds, neural_network):
        with pytest.raises(ValueError) as caught:
            getattr(module, name)().fit(x, y)
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_diverged():
    """Losses that are no numbers; what is kept is the best of the held rows, else nothing."""
    wild = {"solver": "sgd", "learning_rate_init": 1e3, "activation": "identity", "max_iter": 20}
    with pytest.warns(ConvergenceWarning), pytest.raises(ValueError, match="produced non-finite parameter"):
        ds.MLPRegressor(**wild).fit(X, Y[:, 0])
    ours, _, told = both("MLPRegressor", X, Y[:, 0], early_stopping=True, **wild)
    assert np.isnan(ours.loss_curve_[-1])
    assert np.isnan(ours.validation_scores_[-1])
    assert np.all(np.isfinite(ours.predict(X)))
    assert len(ours.loss_curve_) == 20
    assert [re.sub(r"\d", "", text) for _, text in told[0]][-1:] == [
        "Stochastic Optimizer: Maximum iterations () reached and the optimization hasn't converged yet."
    ]


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_the_score_of_held_rows_is_r2(outputs, weights):
    from sklearn.metrics import r2_score

    y = Y[:, :outputs].copy()
    guess = y + np.random.default_rng(0).normal(size=y.shape)
    model = ds.MLPRegressor()
    assert model._score_of(guess, y, weights) == pytest.approx(r2_score(y, guess, sample_weight=weights))
    y[:, 0] = 2.0
    guess[:, 0] = 2.0
    assert model._score_of(guess, y, weights) == pytest.approx(r2_score(y, guess, sample_weight=weights))
    guess[0, 0] = 3.0
    assert model._score_of(guess, y, weights) == pytest.approx(r2_score(y, guess, sample_weight=weights))
    assert np.isnan(model._score_of(guess * np.nan, y, weights))


def test_other_layers_than_before_are_refused():
    model = ds.MLPRegressor(hidden_layer_sizes=4, warm_start=True, max_iter=300, tol=0.1).fit(X, Y[:, 0])
    with pytest.raises(ValueError, match=r"layers it began with, \[6, 4, 1\]; .* ask for \[6, 5, 1\]"):
        model.set_params(hidden_layer_sizes=5).fit(X, Y[:, 0])
    with pytest.raises(ValueError, match=r"ask for \[6, 5, 3\]"):
        model.partial_fit(X, Y)
    model.coefs_[1] = model.coefs_[1][:2]
    with pytest.raises(ValueError, match=r"coefs_ of the shapes \[\(6, 4\), \(2, 1\)\] .* make no network"):
        model.predict(X)


def test_weights_that_someone_sets_are_used():
    """As in scikit-learn, where the arrays are all there is."""
    model = ds.MLPRegressor(hidden_layer_sizes=2, activation="identity", max_iter=300, tol=0.1).fit(
        X, Y[:, 0]
    )
    model.coefs_ = [np.ones((6, 2)), np.array([[1.0], [2.0]])]
    model.intercepts_ = [np.array([0.5, 0.0]), np.array([1.0])]
    np.testing.assert_allclose(model.predict(X), 3 * X.sum(axis=1) + 1.5, rtol=1e-12)


def test_labels_may_be_sparse():
    ours, theirs, _ = both("MLPClassifier", LABELLED, csr_array(LABELS))
    assert_same(ours, theirs)


@pytest.mark.parametrize("settings", ["stops", "adaptive", "early stops"])
def test_the_same_is_told(settings, capsys):
    told = []
    for module in (ds, neural_network):
        module.MLPRegressor(**{**QUICK, **SETTINGS[settings]}, verbose=True).fit(X, Y[:, 0])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "Stopping." in told[0]
