"""The native engine against the reference engine: every op, layer, loss and optimizer, both dtypes."""

import numpy as np
import pytest
from test_ops import WITH_INPUTS, example

import downslope as ds
from downslope.engines import Plan
from downslope.graph import OPS, gradient, hessian_vector_product, input_, make, parameter
from downslope.training import OPTIMIZERS, relative_weights, training_program
from networks import NETWORKS

pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")

from downslope.engines.native._plan import NativePlan


def given(network, program, rows, dtype=np.float64):
    """Values for every leaf of a training program."""
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, 5))
    x[:, 1], x[:, 3] = rng.integers(0, 4, rows), rng.integers(0, 3, rows)
    outputs = network.graph().output.shape[1]
    y = rng.integers(0, 3, rows) if network.loss == "cross_entropy" else rng.integers(0, 2, (rows, outputs))
    weights = relative_weights(rng.random(rows) + 0.1)
    arrays = {"x": x, "y": y, "row_weights": weights, **network.initial_parameters(1)}
    arrays |= {name: np.abs(rng.standard_normal(node.shape)) for name, node in program.states.items()}
    arrays |= {"learning_rate": np.array(0.1), "step": np.array(4.0), "rows": np.array(float(rows))}
    return {**{name: a.astype(dtype) for name, a in arrays.items()}, "seed": 3, "draw": 5}


def far(found, expected):
    """The largest difference, relative to the largest element."""
    assert found.shape == np.shape(expected)
    return float(np.max(np.abs(found - expected)) / (np.max(np.abs(expected)) + 1e-30))


@pytest.mark.parametrize("name", [n for n in WITH_INPUTS if n != "keep_mask"])
def test_every_op_and_its_gradient(name):
    node, leaves, values = example(name)
    smooth = [leaf for i, leaf in enumerate(leaves) if i not in OPS[name].example.whole]
    total = make("sum", make("square", node), axes=None, keepdims=False)
    outputs = [node, total, *gradient(total, smooth)]
    for found, expected in zip(NativePlan(outputs).run(values), Plan(outputs).run(values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spread", [1.0, 1e3, 1e8])
def test_waves_of_near_and_far_numbers(spread, dtype):
    x, w = input_("x", ("n", 5)), parameter("w", (5,))
    turned = x * w
    wave = make("sin", turned) * make("cos", turned) + make("exp", make("sin", x))
    (slope,) = gradient(make("sum", make("square", wave), axes=None, keepdims=False), [w])
    rng = np.random.default_rng(0)
    values = {"x": spread * rng.standard_normal((100, 5)), "w": np.array([1.0, -0.5, 2.0, 4.0, -1.0])}
    values = {name: value.astype(dtype) for name, value in values.items()}
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    for found, expected in zip(
        NativePlan([wave, slope]).run(values), Plan([wave, slope]).run(values), strict=True
    ):
        assert found.dtype == dtype
        assert far(found, expected) < tolerance


@pytest.mark.parametrize("columns", [1, 3, 4, 33])
def test_dropout_masks_are_the_same_bits(columns):
    like = input_("like", ("n", columns))
    mask = make("keep_mask", like, input_("seed", ()), input_("draw", ()), rate=0.4, stream=2)
    values = {"like": np.zeros((70, columns)), "seed": 2**40 + 7, "draw": 2**33 + 1}
    assert np.array_equal(NativePlan([mask]).run(values)[0], Plan([mask]).run(values)[0])


@pytest.mark.parametrize("clip", [None, 0.01])
@pytest.mark.parametrize("rows", [1, 7, 32, 70])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_training_step_of_every_kind_of_network(name, rows, clip):
    network = NETWORKS[name]
    program = training_program(network, OPTIMIZERS["adamw"], clip_norm=clip, clip_value=clip)
    graph = program.graph
    outputs = [graph.error, graph.prediction, *program.gradients.values(), *program.updates.values()]
    if clip is None:
        half = [make("multiply", p, 0.5) for p in graph.parameters.values()]
        outputs += hessian_vector_product(graph.error, list(graph.parameters.values()), half)
    expected = Plan(outputs).run(given(network, program, rows))
    found = NativePlan(outputs).run(given(network, program, rows))
    single = NativePlan(outputs).run(given(network, program, rows, np.float32))
    assert max(map(far, found, expected)) < 1e-12
    assert max(map(far, single, expected)) < 1e-5


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [None, 16])
def test_descents_agree(optimizer, batch_size, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 5)), rng.standard_normal((50, 1))
    network = ds.Network(5, [ds.Dense(20, "tanh"), ds.Dropout(0.2), ds.Dense(1)])
    settings = {"optimizer": optimizer, "batch_size": batch_size, "steps": 30, "learning_rate": 0.01}
    native = ds.descend(network, x, y, **settings)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    reference = ds.descend(network, x, y, **settings)
    np.testing.assert_allclose(native.losses, reference.losses, rtol=1e-11)
    for name, value in reference.parameters.items():
        np.testing.assert_allclose(native.parameters[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_thread_or_more_give_the_same_bits(dtype, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((300, 5)).astype(dtype), rng.standard_normal((300, 1)).astype(dtype)
    network = ds.Network(5, [ds.Dense(150, "silu"), ds.Dropout(0.1), ds.Dense(70, "tanh"), ds.Dense(1)])
    runs = []
    for threads in ("1", "2", "3", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        runs.append(ds.descend(network, x, y, batch_size=128, optimizer="adam", epochs=4))
    for run in runs[1:]:
        assert np.array_equal(run.losses, runs[0].losses)
        for name, value in run.parameters.items():
            assert np.array_equal(value, runs[0].parameters[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_few_rows_have_the_bits_that_they_have_among_many(name, dtype):
    network = NETWORKS[name]
    values = given(network, training_program(network, OPTIMIZERS["sgd"]), 70, dtype)
    plan = NativePlan([network.graph().prediction])
    (whole,) = plan.run(values)
    for rows in (1, 3, 8, 9, 33):
        np.testing.assert_array_equal(plan.run({**values, "x": values["x"][:rows]})[0], whole[:rows])
