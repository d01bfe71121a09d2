"""Exact answers and forecasts of linear networks, against least squares and against the run itself."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

import downslope as ds
from downslope.engines import evaluate
from downslope.graph import hessian_vector_product, input_
from downslope.training import Sgd
from thorough import examples

X = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], float)
Y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
NEURON = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
START = [200.0, -14.0, 3456.0]


def problem(seed: int, rows: int, inputs: int, outputs: int, bias: bool, l2: float, deficient: bool = False):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, inputs))
    if deficient and inputs > 1:
        x[:, -1] = 2 * x[:, 0]
    y, weights = draw.normal(size=(rows, outputs)), draw.random(rows) + 0.1
    return ds.Network(inputs, [ds.Dense(outputs, bias=bias)], l2=l2), x, y, weights


SHAPES = {
    "seed": st.integers(0, 9999),
    "rows": st.integers(1, 12),
    "inputs": st.integers(1, 5),
    "outputs": st.integers(1, 3),
    "bias": st.booleans(),
    "l2": st.sampled_from([0.0, 0.1, 3.0]),
}


def test_the_introductory_neuron() -> None:
    answer = ds.solve(NEURON, X, Y)
    np.testing.assert_allclose(answer.parameters["layer1.weight"], [[0.5, 0.9, 1.2]], rtol=1e-13)
    assert answer.message == "The solution is unique. It fits every row exactly."
    told = ds.forecast(NEURON, X, Y, start=START, learning_rate=0.001, tolerance=5e-4)
    np.testing.assert_allclose(told.eigenvalues, [4.911, 18.82, 273.5], rtol=2e-4)
    assert told.stable_below == pytest.approx(0.0073135, rel=1e-4)
    got = told.parameters_after(1000)["layer1.weight"]
    np.testing.assert_allclose(got.round(3), [[1.590, -0.325, 1.239]])
    run = ds.descend(NEURON, X, Y, start=START, learning_rate=0.001, steps=told.steps)
    exact = told.solution["layer1.weight"]
    assert np.linalg.norm(run.parameters["layer1.weight"] - exact) <= 5e-4
    before = ds.descend(NEURON, X, Y, start=START, learning_rate=0.001, steps=told.steps - 1)
    assert np.linalg.norm(before.parameters["layer1.weight"] - exact) > 5e-4


@settings(deadline=None, max_examples=examples(60))
@given(**SHAPES)
def test_solve_is_least_squares(seed, rows, inputs, outputs, bias, l2) -> None:
    network, x, y, weights = problem(seed, rows, inputs, outputs, bias, l2)
    answer = ds.solve(network, x, y, row_weights=weights)
    share = weights / weights.sum()
    peer = (
        Ridge(alpha=l2 / 2 * outputs, fit_intercept=bias, solver="svd" if not bias else "auto")
        if l2
        else LinearRegression(fit_intercept=bias)
    )
    peer.fit(x, y, sample_weight=share)
    z = peer.predict(x).reshape(y.shape)
    want = float(share @ ((y - z) ** 2).mean(axis=1)) + l2 / 2 * float(np.sum(peer.coef_**2))
    assert answer.error == pytest.approx(want, rel=1e-9, abs=1e-14)
    graph = network.graph()
    given = {**answer.parameters, "x": x, "y": y, "row_weights": weights}
    assert answer.error == pytest.approx(float(evaluate([graph.error], given)[0]), rel=1e-9, abs=1e-14)


@settings(deadline=None, max_examples=examples(60))
@given(
    **SHAPES, rate=st.floats(0.01, 1.2), momentum=st.sampled_from([0.0, 0.3, 0.9]), deficient=st.booleans()
)
def test_the_forecast_is_what_the_run_does(
    seed, rows, inputs, outputs, bias, l2, rate, momentum, deficient
) -> None:
    network, x, y, weights = problem(seed, rows, inputs, outputs, bias, l2, deficient)
    stable = ds.forecast(network, x, y, row_weights=weights, momentum=momentum).stable_below
    options = {"learning_rate": rate * stable, "row_weights": weights, "seed": seed}
    told = ds.forecast(network, x, y, momentum=momentum, **options)
    run = ds.descend(network, x, y, optimizer=Sgd(momentum), steps=60, **options)
    for k in (0, 1, 7, 59):
        assume(run.losses[k] > 1e-18 * run.losses[0])
        assert told.error_after(k) == pytest.approx(run.losses[k], rel=1e-9)
    for name, value in told.parameters_after(60).items():
        np.testing.assert_allclose(value, run.parameters[name], rtol=1e-7, atol=1e-9)


def test_a_thousand_steps_to_nine_digits() -> None:
    told = ds.forecast(NEURON, X, Y, start=START, learning_rate=0.001)
    run = ds.descend(NEURON, X, Y, start=START, learning_rate=0.001, steps=3501)
    want = [told.error_after(k) for k in range(0, 3501, 100)]
    np.testing.assert_allclose(run.losses[::100], want, rtol=1e-9)


@pytest.mark.parametrize("l2", [0.0, 0.4])
def test_eigenvalues_are_those_of_the_hessian(l2: float) -> None:
    network, x, y, weights = problem(3, 9, 3, 2, True, l2)
    graph = network.graph()
    names = list(graph.parameters)
    vectors = [input_(f"v{i}", graph.parameters[n].shape) for i, n in enumerate(names)]
    products = hessian_vector_product(graph.error, list(graph.parameters.values()), vectors)
    point = network.initial_parameters(0)
    sizes = [point[n].size for n in names]
    columns = []
    for unit in np.eye(sum(sizes)):
        parts = np.split(unit, np.cumsum(sizes)[:-1])
        given = {
            f"v{i}": p.reshape(point[n].shape) for i, (n, p) in enumerate(zip(names, parts, strict=True))
        }
        given |= {**point, "x": x, "y": y, "row_weights": weights}
        columns.append(np.concatenate([v.ravel() for v in evaluate(products, given)]))
    want = np.linalg.eigvalsh(np.array(columns))
    told = ds.forecast(network, x, y, row_weights=weights)
    np.testing.assert_allclose(np.repeat(told.eigenvalues, 2), want, rtol=1e-9)


@settings(deadline=None, max_examples=examples(40))
@given(
    **{**SHAPES, "rows": st.integers(3, 12)}, momentum=st.sampled_from([0.0, 0.5]), share=st.floats(0.2, 0.95)
)
def test_steps_are_the_first_from_which_it_stays(
    seed, rows, inputs, outputs, bias, l2, momentum, share
) -> None:
    network, x, y, _ = problem(seed, rows, inputs, outputs, bias, l2)
    probe = ds.forecast(network, x, y, momentum=momentum, seed=seed)
    assume(probe.condition < 300)
    told = ds.forecast(
        network, x, y, momentum=momentum, learning_rate=share * probe.stable_below, tolerance=1e-2, seed=seed
    )
    assert told.steps is not None

    def distance(k: int) -> float:
        parts = told.parameters_after(k)
        return float(np.sqrt(sum(np.sum((parts[n] - told.solution[n]) ** 2) for n in parts)))

    assert all(distance(k) <= 1e-2 * (1 + 1e-9) for k in range(told.steps, told.steps + 40))
    assert told.steps == 0 or distance(told.steps - 1) > 1e-2 * (1 - 1e-9)


def test_best_rates_are_best() -> None:
    told = ds.forecast(NEURON, X, Y, start=START)
    at_best = ds.forecast(NEURON, X, Y, start=START, learning_rate=told.best_rate)
    for rate in (0.9, 1.1):
        other = ds.forecast(NEURON, X, Y, start=START, learning_rate=told.best_rate * rate)
        assert other.slowest > at_best.slowest
    kappa = told.condition
    assert at_best.slowest == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-9)
    polyak = ds.forecast(
        NEURON, X, Y, start=START, learning_rate=told.momentum_rate, momentum=told.best_momentum
    )
    assert polyak.slowest == pytest.approx((kappa**0.5 - 1) / (kappa**0.5 + 1), rel=1e-6)
    assert polyak.steps == told.steps_with_momentum < told.steps_at_best_rate


def test_beyond_the_stable_range() -> None:
    told = ds.forecast(NEURON, X, Y, start=START, learning_rate=0.0074)
    assert told.steps is None
    assert not told.stable
    assert "diverges" in str(told)
    assert ds.forecast(NEURON, X, Y, start=START, learning_rate=0.0073).steps is not None


def test_rank_deficient_data_is_said_plainly() -> None:
    network, x, y, _ = problem(0, 8, 4, 1, True, 0.0, deficient=True)
    answer = ds.solve(network, x, y)
    assert (answer.rank, answer.unknowns) == (4, 5)
    assert "x1, x4 depend on one another" in answer.message
    want = np.linalg.lstsq(np.c_[x, np.ones(8)], y, rcond=None)[0]
    np.testing.assert_allclose(answer.parameters["layer1.weight"][0], want[:-1, 0], rtol=1e-9)
    told = ds.forecast(network, x, y)
    assert told.eigenvalues[0] == 0
    assert "1 of 5 directions do not change the error" in str(told)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (ds.Network(3, [ds.Dense(2), ds.Dense(1)]), "single Dense layer, and this network has Dense, Dense"),
        (ds.Network(3, [ds.Dense(1, "tanh")]), "no activation, not tanh"),
        (ds.Network(3, [ds.Dense(1)], "huber"), "squared_error, not huber"),
        (ds.Network(3, [ds.Dense(1)], l1=0.1), "l1 has a kink"),
    ],
)
def test_what_has_no_exact_answer(network, message: str) -> None:
    for ask in (ds.solve, ds.forecast):
        with pytest.raises(ds.DownslopeError, match=message):
            ask(network, X, Y)


def test_settings_that_do_not_serve() -> None:
    with pytest.raises(ds.DownslopeError, match="learning_rate needs a number above 0"):
        ds.forecast(NEURON, X, Y, learning_rate=0)
    with pytest.raises(ds.DownslopeError, match="nothing moves"):
        ds.forecast(NEURON, 0 * X, Y)
