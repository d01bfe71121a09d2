"""Networks: every kind of layer and loss against central differences; what initialisers promise."""

import numpy as np
import pytest

from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.graph import gradient
from downslope.nets import (
    ACTIVATIONS,
    LOSSES,
    Dense,
    Dropout,
    Embedding,
    Huber,
    LayerNorm,
    Network,
    Peaks,
    Periodic,
    PiecewiseLinear,
    Products,
    Quantile,
    Residual,
    Sinh,
    initialize,
)

ROWS = 6
LAYERS = {
    "no bias": [Dense(4, "tanh", bias=False), Dense(2)],
    "layer norm": [Dense(5, "sigmoid"), LayerNorm(), Dense(2)],
    "residual": [Dense(4, "tanh"), Residual((Dense(3, "silu"), Dense(4))), Dense(2)],
    "dropout": [Dense(6, "tanh"), Dropout(0.4), Dense(2)],
    "bins": [PiecewiseLinear((0, 2), ((-1.0, 0.1, 0.9), (-0.5, 0.6))), Dense(4, "tanh"), Dense(2)],
    "periodic": [Periodic((0, 2), 3, 0.3), Dense(4, "tanh"), Dense(2)],
    "peaks": [Peaks((0, 2), ((-1.0, 0.1, 2.0), (-0.5, 0.6))), Dense(4, "tanh"), Dense(2)],
    "products": [Products((0, 2), (1, 2, 0)), Dense(4, "tanh"), Dense(2)],
    "hyperbolic sines": [Sinh((0, 2), 2.0, 0.5), Dense(4, "tanh"), Dense(2)],
    "embedding": [Embedding((1,), (3,), (2,)), Dense(4, "tanh"), Dense(2)],
    **{name: [Dense(4, name), Dense(2)] for name in ACTIVATIONS},
}


def batch(net, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, 3))
    x[:, 1] = rng.integers(0, 3, ROWS)
    shape = (ROWS,) if net.loss == "cross_entropy" else (ROWS, 2)
    y = rng.integers(0, 2, shape).astype(float)
    weights = rng.uniform(0.5, 2, ROWS)
    start = {k: v + rng.normal(0, 0.1, v.shape) for k, v in net.initial_parameters(seed).items()}
    return {"x": x, "y": y, "row_weights": weights, "seed": 3.0, "draw": 5, **start}


def check_gradient(net):
    graph, values, step = net.graph(training=True), batch(net), 1e-5
    names = list(graph.parameters)
    slopes = evaluate(gradient(graph.error, list(graph.parameters.values())), values)
    for name, slope in zip(names, slopes, strict=True):
        assert slope.shape == values[name].shape
        for at in np.ndindex(slope.shape):
            moved = [values[name].copy(), values[name].copy()]
            moved[0][at] += step
            moved[1][at] -= step
            high, low = (evaluate([graph.error], {**values, name: m})[0] for m in moved)
            assert slope[at] == pytest.approx((high - low) / (2 * step), rel=1e-6, abs=1e-9), (name, at)


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS.keys())
def test_gradient_of_every_layer(layers):
    check_gradient(Network(inputs=3, layers=layers, l1=0.01, l2=0.1))


@pytest.mark.parametrize("loss", [*LOSSES, Huber(0.3)])
def test_gradient_of_every_loss(loss):
    check_gradient(Network(inputs=3, layers=[Dense(4, "tanh"), Dense(2)], loss=loss))


def test_gradient_of_a_level_for_each_output():
    check_gradient(Network(inputs=3, layers=[Dense(4, "tanh"), Dense(2)], loss=Quantile((0.2, 0.9))))


def test_the_quantile_error_is_least_at_the_quantiles():
    """Of 99 targets the least error of level k/100 is at the k-th, which is what NumPy calls the quantile."""
    levels = (0.1, 0.5, 0.77)
    net = Network(inputs=1, layers=[Dense(3)], loss=Quantile(levels))
    y = np.random.default_rng(0).permutation(np.arange(99.0)) ** 2
    values = {"x": np.zeros((99, 1)), "y": np.repeat(y[:, None], 3, axis=1), "row_weights": np.ones(99)}
    values |= {"layer1.weight": np.zeros((3, 1)), "layer1.bias": np.quantile(y, levels, method="weibull")}
    least = evaluate([net.graph().error], values)[0]
    for move in np.concatenate([np.eye(3), -np.eye(3)]):
        moved = {**values, "layer1.bias": values["layer1.bias"] + move}
        assert evaluate([net.graph().error], moved)[0] > least


def test_half_the_absolute_error_is_that_of_the_median():
    values = batch(Network(inputs=3, layers=[Dense(2)]))
    values["y"] = values["x"] @ values["layer1.weight"].T + values["layer1.bias"]  # every row is a tie
    values["y"][:3] += 1
    losses = [
        Network(inputs=3, layers=[Dense(2)], loss=loss).graph() for loss in ("absolute_error", "quantile")
    ]
    whole, half = (evaluate(gradient(g.error, list(g.parameters.values())), values) for g in losses)
    for a, b in zip(whole, half, strict=True):
        np.testing.assert_allclose(a, 2 * b, rtol=1e-14)


def test_row_weights_count_like_repeated_rows():
    net = Network(inputs=3, layers=[Dense(2)])
    values = batch(net)
    values["row_weights"] = np.array([2.0, 1, 1, 1, 1, 1])
    twice = {**values, "row_weights": np.ones(7)}
    twice |= {k: np.vstack([values[k][:1], values[k]]) for k in ("x", "y")}
    (weighted,), (repeated,) = (evaluate([net.graph().error], v) for v in (values, twice))
    assert weighted == pytest.approx(repeated, rel=1e-14)


def test_dropout_keeps_the_mean_and_is_absent_from_prediction():
    net = Network(inputs=1, layers=[Dropout(0.3), Dense(1, bias=False, initializer="ones")])
    values = {"x": np.ones((100_000, 1)), "seed": 0.0, "draw": 1, **net.initial_parameters()}
    (trained,) = evaluate([net.graph(training=True).output], values)
    assert trained.mean() == pytest.approx(1.0, abs=5 * np.sqrt(0.3 / 0.7 / 100_000))
    assert np.unique(trained).tolist() == pytest.approx([0.0, 1 / 0.7])
    (predicted,) = evaluate([net.graph().prediction], values)
    assert np.all(predicted == 1)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("glorot_normal", 2 / 700),
        ("glorot_uniform", 2 / 700),
        ("he_normal", 2 / 400),
        ("he_uniform", 2 / 400),
    ],
)
def test_initialisers_have_their_variance(name, variance):
    w = initialize(name, (300, 400), np.random.default_rng(0))
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.mean()) < 5 * np.sqrt(variance / w.size)


def test_initial_parameters_depend_on_the_seed_alone():
    net = Network(inputs=3, layers=[Dense(4, "relu"), Dense(1)])
    first, again, other = (net.initial_parameters(s)["layer1.weight"] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Dense(0), "units of Dense needs a whole number of at least 1, not 0"),
        (lambda: Dense(1, "rleu"), "activation needs one of identity, .*, not 'rleu'; did you mean 'relu'"),
        (lambda: Dropout(1.0), "below 1, not 1.0"),
        (lambda: Network(inputs=2, layers=[]), "at least one layer"),
        (
            lambda: Network(inputs=2, layers=[Dense(1)], loss="mse"),
            "loss needs one of squared_error, .*, not 'mse'",
        ),
        (
            lambda: Network(inputs=2, layers=[Dense(1)], loss=Quantile(1.0)),
            "above 0 and below 1, not 1.0",
        ),
        (
            lambda: Network(inputs=2, layers=[Dense(1)], loss=Quantile([[0.5]])),
            r"level of Quantile\[0\] needs a number above 0 and below 1",
        ),
        (
            lambda: Network(inputs=2, layers=[Dense(3)], loss=Quantile((0.1, 0.9))),
            "each of 3 outputs",
        ),
        (lambda: Network(inputs=2, layers=[Dense(1)], loss="cross_entropy"), "an output for each class"),
        (lambda: Network(inputs=2, layers=[Residual((Dense(3),))]), "end it with Dense\\(2\\)"),
        (lambda: initialize("xavier", (1, 1), np.random.default_rng()), "no initialiser 'xavier'"),
    ],
)
def test_what_does_not_fit_is_said(build, message):
    with pytest.raises(DownslopeError, match=message):
        build()
