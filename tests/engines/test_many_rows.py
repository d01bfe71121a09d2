"""float32 over many rows: gradients, errors and sums against float64, where alike terms would lose digits."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import Evaluator, Plan, plan
from downslope.graph import gradient, input_, make, parameter
from engine_names import ENGINES

NEAR = 1e-6


def off(found, expected):
    """The largest error, relative to each number."""
    return float(np.max(np.abs(np.asarray(found, np.float64) / np.asarray(expected, np.float64) - 1)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [1025, 4099, 100_000, 1_000_000])
@pytest.mark.parametrize("target", [0.1, 0.7, 1.9])
def test_a_full_batch_gradient_of_alike_rows(engine, rows, target, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    x, y = np.ones((rows, 1), np.float32), np.full(rows, target, np.float32)
    net = ds.Network(1, [ds.Dense(1)])
    run = ds.descend(net, x, y, start=[0.0, 0.0], learning_rate=1.0, steps=1)
    for value in run.parameters.values():  # the gradient of w and of b at 0 is -2y
        assert off(value, 2 * float(np.float32(target))) < NEAR
    assert off(run.losses[0], float(np.float32(target)) ** 2) < NEAR


@pytest.mark.parametrize("rows", [1025, 5000, 70_001])
def test_weights_biases_and_embeddings_of_a_network(rows):
    """Against the same sums in float64, of terms that are all alike in each column."""
    x, index = input_("x", ("n", 37)), input_("index", ("n",))
    delta = input_("delta", ("n", 45))
    table = parameter("table", (3, 45))
    outputs = [
        x.T @ delta,
        make("sum", delta, axes=(0,), keepdims=False),
        make("add_rows", delta, index, table),
        make("sum", delta, axes=None, keepdims=False),
    ]
    rng = np.random.default_rng(0)
    values = {
        "x": np.repeat(rng.uniform(1, 2, (1, 37)).astype(np.float32), rows, axis=0),
        "delta": np.repeat(rng.uniform(1, 2, (1, 45)).astype(np.float32), rows, axis=0),
        "index": (np.arange(rows) % 2).astype(np.float32),
        "table": np.zeros((3, 45), np.float32),
    }
    exact = Plan(outputs).run({name: value.astype(np.float64) for name, value in values.items()})
    found = plan(outputs).run(values)
    assert [value.dtype for value in found] == [np.float32] * 4
    for one, other in zip(found[:2], exact[:2], strict=True):
        assert off(one, other) < NEAR
    assert off(found[2][:2], exact[2][:2]) < NEAR
    assert not found[2][2].any()
    assert off(found[3], exact[3]) < 2 * NEAR  # of 45 features each


def test_numbers_that_overflow_stay_infinite():
    x, delta = input_("x", ("n", 1)), input_("delta", ("n", 1))
    values = {"x": np.full((3000, 1), 1e30, np.float32), "delta": np.full((3000, 1), 1e30, np.float32)}
    found = plan([x.T @ delta, make("sum", x * delta, axes=(0,), keepdims=False)]).run(values)
    assert np.isposinf(found[0]).all()
    assert np.isposinf(found[1]).all()


def test_threads_give_the_same_bits(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.random((20_000, 9), np.float32), rng.random((20_000, 1), np.float32)
    net = ds.Network(9, [ds.Dense(70, "tanh"), ds.Dense(1)])
    runs = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        runs.append(ds.descend(net, x, y, steps=3, optimizer="adam"))
    for run in runs[1:]:
        for name, value in run.parameters.items():
            assert np.array_equal(value, runs[0].parameters[name])


@pytest.mark.parametrize("engine", ENGINES)
def test_means_of_the_evaluator(engine, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    rows = 3_000_000
    x, weights = input_("x", ("n", 2)), input_("row_weights", ("n",))
    total = make("sum", weights, axes=None, keepdims=False)
    means = make("sum", x * make("broadcast", weights, x, axes=(1,)), axes=(0,), keepdims=False) / total
    values = {"x": np.full((rows, 2), [0.1, 0.7], np.float32), "row_weights": np.ones(rows, np.float32)}
    (found,) = Evaluator([means]).mean(values)
    assert off(found, np.array([0.1, 0.7], np.float32)) < NEAR


def test_the_gradient_of_a_part_is_that_of_float64():
    """Random rows, where errors cancel: a whole network, one float32 rounding for each row apart."""
    rng = np.random.default_rng(1)
    x, w = input_("x", ("n", 8)), parameter("w", (8, 1))
    total = make("sum", make("softplus", x @ w), axes=None, keepdims=False)
    values = {"x": rng.uniform(0.5, 1, (200_000, 8)), "w": rng.uniform(0, 0.1, (8, 1))}
    values = {name: value.astype(np.float32) for name, value in values.items()}
    outputs = [total, *gradient(total, [w])]
    exact = Plan(outputs).run({name: value.astype(np.float64) for name, value in values.items()})
    for found, expected in zip(plan(outputs).run(values), exact, strict=True):
        assert off(found, expected) < NEAR
