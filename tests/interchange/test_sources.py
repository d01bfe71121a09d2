"""A network in JavaScript and in NumPy alone says what the reference engine says."""

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from exported import NETWORKS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import downslope as ds
from downslope import DownslopeError
from downslope.engines import evaluate, shuffled
from downslope.graph import OPS, input_, make
from downslope.interchange import javascript_source, python_source
from downslope.interchange.exports import _javascript, javascript_helpers
from downslope.training import BATCHES, OPTIMIZERS, Sgd, program_of
from random_networks import data_for, networks
from thorough import examples

RUN = """([values, name]) => {
  for (const [key, value] of Object.entries(values))
    if (Array.isArray(value)) values[key] = Float64Array.from(value);
  const found = globalThis[name](values);
  return Object.fromEntries(Object.entries(found).map(([k, v]) => [k, typeof v === "number" ? v : [...v]]));
}"""

OPTIMIZERS_AND_MORE = {**OPTIMIZERS, "momentum": Sgd(0.9), "nesterov": Sgd(0.9, nesterov=True)}


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


def in_javascript(page, outputs, values, rows):
    """What the source computes, each output flat."""
    page.add_script_tag(content=javascript_source(outputs, "compute"))
    given = {name: np.ravel(v).tolist() if np.ndim(v) else float(v) for name, v in values.items()}
    return page.evaluate(RUN, [{**given, "rows": rows}, "compute"])


@cache
def outputs_of(network, optimizer):
    """All that is said of a network at rest, and the updates of a step."""
    graph = network.graph()
    program = program_of(graph, graph.error, optimizer, clip_norm=0.5, clip_value=2.0)
    return {
        "output": graph.output,
        "prediction": graph.prediction,
        "errors": graph.errors,
        "error": graph.error,
        **{f"slope of {name}": node for name, node in program.gradients.items()},
        **{f"new {name}": node for name, node in program.updates.items()},
    }, program.states


def check(page, network, optimizer, seed=0, rows=7):
    outputs, states = outputs_of(network, optimizer)
    x, y, row_weights, parameters = data_for(network, rows, seed)
    if isinstance(network, ds.Ensemble):
        row_weights = np.stack([row_weights, row_weights[::-1]], axis=1)
    rng = np.random.default_rng(seed)
    values = {
        "x": x,
        "y": y,
        "row_weights": row_weights,
        "learning_rate": 0.03,
        "step": 4.0,
        **parameters,
        **{name: rng.uniform(0.1, 1, node.shape) for name, node in states.items()},
    }
    found = in_javascript(page, outputs, values, rows)
    assert list(found) == list(outputs)
    for name, wanted in zip(outputs, evaluate(list(outputs.values()), values), strict=True):
        tolerance = 1e-9 * max(1e-3, np.max(np.abs(wanted)))
        np.testing.assert_allclose(found[name], np.ravel(wanted), 1e-9, tolerance, err_msg=name)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_layer_activation_and_loss_in_javascript(page, network) -> None:
    check(page, network, Sgd())


@pytest.mark.parametrize("optimizer", OPTIMIZERS_AND_MORE.values(), ids=OPTIMIZERS_AND_MORE)
@pytest.mark.parametrize("kind", ["residual", "embeddings", "cross_entropy"])
def test_every_optimizer_in_javascript(page, optimizer, kind: str) -> None:
    check(page, NETWORKS[kind], optimizer)


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(networks(), st.integers(0, 99), st.integers(1, 9))
def test_any_network_in_javascript(page, network, seed: int, rows: int) -> None:
    check(page, network, Sgd(0.9), seed, rows)


@pytest.mark.parametrize("op", [name for name, op in OPS.items() if op.example])
def test_every_op_in_javascript(page, op: str) -> None:
    example, rng = OPS[op].example, np.random.default_rng(3)
    leaves = [input_(f"in{i}", shape) for i, shape in enumerate(example.shapes)]
    shapes = [tuple(5 if d == "n" else d for d in shape) for shape in example.shapes]
    values = {
        leaf.name: np.floor(rng.uniform(0, example.high, shape))
        if i in example.whole
        else rng.uniform(example.low, example.high, shape)
        for i, (leaf, shape) in enumerate(zip(leaves, shapes, strict=True))
    }
    node = make(op, *leaves, **example.attributes)
    (wanted,) = evaluate([node], values)
    found = in_javascript(page, {"it": node}, values, 5)["it"]
    np.testing.assert_allclose(found, np.ravel(wanted), rtol=1e-12, atol=1e-14)


def test_far_from_zero_in_javascript(page) -> None:
    z = np.concatenate([np.linspace(-37, 37, 741), [-700.0, 700.0, 1e-300, -1e-20, 0.0]])
    leaf = input_("z", ("n",))
    exact = {
        "normal_cdf": ndtr(z),
        "sigmoid": np.exp(-np.logaddexp(0, -z)),
        "softplus": np.logaddexp(0, z),
        "expm1": np.expm1(z),
        "tanh": np.tanh(z),
    }
    found = in_javascript(page, {op: make(op, leaf) for op in exact}, {"z": z}, len(z))
    for op, wanted in exact.items():
        # the exponents 37²/2 and 700 are themselves rounded, by 1e-13 of the value
        np.testing.assert_allclose(found[op], wanted, rtol=1e-12, atol=1e-300, err_msg=op)


def test_names_and_numbers_in_javascript(page) -> None:
    names = ["for", "i", "total", "layer 1", "é", "</script>", "values", "2"]
    leaves = [input_(name, ("n",)) for name in names]
    outputs = {f"new {leaf.name}": leaf * -0.25 + 1e-30 for leaf in leaves}
    assert "</" not in javascript_source(outputs)
    values = {name: np.array([1.0 + i]) for i, name in enumerate(names)}
    found = in_javascript(page, outputs, values, 1)
    assert found == {f"new {name}": [-0.25 * (1.0 + i) + 1e-30] for i, name in enumerate(names)}


@pytest.mark.parametrize("seed", [0, 7, 2**32 + 5, 2**53])
@pytest.mark.parametrize("step", [0, 3, 2**32 + 1])
def test_random_orders_and_masks_in_javascript(page, seed: int, step: int) -> None:
    page.add_script_tag(content=javascript_helpers("shuffled"))
    for count in (1, 2, 5, 1000):
        found = page.evaluate("given => shuffled(...given)", [count, seed, 2**31 + BATCHES, step])
        assert found == shuffled(count, seed, BATCHES, step).tolist()
    mask = make(
        "keep_mask", input_("x", ("n", 5)), input_("seed", ()), input_("draw", ()), rate=0.3, stream=1
    )
    values = {"x": np.zeros((9, 5)), "seed": seed, "draw": step}
    found = in_javascript(page, {"mask": mask}, values, 9)["mask"]
    assert found == np.ravel(evaluate([mask], values)[0]).tolist()


def test_what_has_no_javascript(monkeypatch) -> None:
    graph = ds.Network(2, [ds.Dense(1, "tanh")]).graph()
    monkeypatch.delitem(_javascript._SCALAR, "tanh")
    with pytest.raises(DownslopeError, match=r"JavaScript cannot hold the op .tanh.; choose another"):
        javascript_source({"error": graph.error})
    with pytest.raises(DownslopeError, match="cannot be named 'a b'"):
        javascript_source({"x": graph.x}, "a b")


def predicted(source: str, x):
    defined: dict = {}
    exec(compile(source, "source", "exec"), defined)
    return defined["predict"](x)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_prediction_in_numpy_alone(network) -> None:
    x, _, _, parameters = data_for(network, 9, 1)
    wanted = ds.predict(network, x, parameters=parameters)
    found = predicted(python_source(network, parameters), x)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * np.max(np.abs(wanted)))


@settings(max_examples=examples(60), deadline=None)
@given(networks(), st.integers(0, 99))
def test_any_prediction_in_numpy_alone(network, seed: int) -> None:
    x, _, _, parameters = data_for(network, 5, seed)
    (wanted,) = evaluate([network.graph().prediction], {**parameters, "x": x})
    found = predicted(python_source(network, parameters), x)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * np.max(np.abs(wanted)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_parameters_are_packed(dtype) -> None:
    network = ds.Network(4, [ds.Dense(60, "gelu"), ds.Dense(40, "silu"), ds.Dense(2)])
    parameters = network.initial_parameters(2, dtype)
    source = python_source(network, parameters, features=["a", '"b"', "c\n", "d"])
    numbers = sum(v.size for v in parameters.values())
    assert len(source) < 1.4 * numbers * np.dtype(dtype).itemsize + 2000
    x = np.random.default_rng(0).normal(size=(6, 4))
    exact = {name: v.astype(float) for name, v in parameters.items()}
    (wanted,) = evaluate([network.graph().prediction], {**exact, "x": x})
    np.testing.assert_allclose(predicted(source, x), wanted, rtol=1e-12, atol=1e-12)


def test_the_script_runs_on_its_own(tmp_path) -> None:
    model = ds.fit("examples/five_rows.csv", target="y")
    script = tmp_path / "model.py"
    source = python_source(model.network, model.parameters)
    script.write_text(f"import sys\n{source}\nprint(predict([[1, 2, 3]])[0, 0])\n")
    script.write_text(
        script.read_text() + "print([m for m in sys.modules if m.split('.')[0] in ('downslope', 'scipy')])"
    )
    out = subprocess.run(
        [sys.executable, "-I", str(script)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    wanted = ds.predict(model.network, [[1.0, 2.0, 3.0]], parameters=model.parameters)
    np.testing.assert_allclose(float(out[0]), wanted[0, 0], rtol=1e-12)
    assert out[1] == "[]"


def test_what_does_not_fit_a_script() -> None:
    network = ds.Network(2, [ds.Dense(1)])
    with pytest.raises(DownslopeError, match="names 1 columns, and the network has 2 inputs"):
        python_source(network, network.initial_parameters(), features=["a"])
    with pytest.raises(DownslopeError, match=r"parameters lacks layer1\.bias"):
        python_source(network, {"layer1.weight": [[1.0, 2.0]]})
