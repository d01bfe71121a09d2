"""Custom activations, losses, layers and optimizers, through everything that reads a network or runs it."""

import json
import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit

import downslope as ds
from downslope import DownslopeError, ops
from downslope.engines import evaluate
from downslope.graph import gradient
from downslope.interchange import (
    ModelFile,
    javascript_source,
    page_source,
    python_source,
    read_model_file,
    write_model_file,
)
from downslope.nets import network_from_json
from downslope.studio._schema import Look, Step
from downslope.studio.session._session import Session
from downslope.studio.session._settings import settings_of
from downslope.studio.table._rows import frame_of_arrays, rows_of
from downslope.studio.views._frames import frame_of
from downslope.studio.views._overview import overview_of
from downslope.studio.views._viewer import Viewer
from thorough import first

RNG = np.random.default_rng(5)
X = RNG.normal(size=(30, 3))
Y = np.stack([np.sin(X[:, 0]) + X[:, 1] * X[:, 2], X[:, 0] ** 2], axis=1)


def swish(z):
    return z * ops.sigmoid(z)


def gated(z):
    """The first half of the units, each times the sigmoid of one of the second half."""
    half = int(z.shape[1]) // 2
    return ops.columns(z, tuple(range(half))) * ops.sigmoid(ops.columns(z, tuple(range(half, 2 * half))))


def log_cosh(output, target):
    r = target - output
    return ops.softplus(2.0 * r) - r - float(np.log(2.0))


def of_rows(output, target):
    """The norm of the error of a row."""
    return ops.sqrt(ops.sum(ops.square(target - output), axis=1) + 0.01)


@dataclass(frozen=True)
class Scale:
    def build(self, builder, h):
        return h * builder.parameter("scale", (h.shape[1],), "ones", penalised=True)


@dataclass(frozen=True)
class Gate:
    """A layer of layers, with dropout in it and values that are named."""

    units: int

    def build(self, builder, h):
        values = builder.layer(ds.Dropout(0.3), builder.layer(ds.Dense(self.units), h))
        gate = builder.layer(ds.Dense(self.units, "sigmoid"), h)
        inside = builder.stage("g", values * gate, inputs=(values, gate))
        return inside * builder.parameter("weight", (self.units,), (1.0, 2.0, 0.5, 1.0))


@dataclass(frozen=True)
class Lion:
    beta: float = 0.9

    def rule(self, rules, w, g, rate, step):
        m = rules.remember("mean", w)
        rules.updates[m.name] = self.beta * m + (1 - self.beta) * g
        rules.updates[w.name] = w - rate * ops.sign(self.beta * m + (1 - self.beta) * g)


NETWORKS = {
    "activation": ds.Network(3, [ds.Dense(4, swish), ds.Dense(4, lambda z: z / (1 + abs(z))), ds.Dense(2)]),
    "activation of another width": ds.Network(3, [ds.Dense(6, gated), ds.Dense(4, "tanh"), ds.Dense(2)]),
    "loss": ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(2)], loss=log_cosh),
    "loss of rows": ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(2)], loss=of_rows),
    "layer": ds.Network(3, [Scale(), ds.Dense(4, "tanh"), Scale(), ds.Dense(2)], l2=0.1),
    "layer of layers": ds.Network(
        3,
        [ds.Dense(4, "tanh"), Gate(4), ds.Residual((Scale(), Gate(4))), ds.Dropout(0.2), ds.Dense(2)],
        l1=0.01,
    ),
    "all": ds.Network(3, [Scale(), ds.Dense(4, swish), Gate(4), ds.Dense(2)], loss=log_cosh),
}
every = pytest.mark.parametrize("net", NETWORKS.values(), ids=NETWORKS.keys())


def batch(net):
    parameters = {name: v + RNG.normal(0, 0.2, v.shape) for name, v in net.initial_parameters(2).items()}
    return parameters, {**parameters, "x": X, "y": Y, "row_weights": np.linspace(0.5, 2, len(X))}


@every
def test_gradients_are_central_differences(net):
    graph, (parameters, values) = net.graph(), batch(net)
    slopes = evaluate(gradient(graph.error, list(graph.parameters.values())), values)
    for (name, value), slope in zip(parameters.items(), slopes, strict=True):
        for at in np.ndindex(value.shape):
            moved = [value.copy(), value.copy()]
            moved[0][at] += 1e-5
            moved[1][at] -= 1e-5
            high, low = (evaluate([graph.error], {**values, name: m})[0] for m in moved)
            assert slope[at] == pytest.approx((high - low) / 2e-5, rel=1e-6, abs=1e-8), (name, at)


@every
@pytest.mark.parametrize("optimizer", first(1, [Lion(), "adam"]))
def test_engines_descend_alike(net, optimizer, monkeypatch):
    settings = {"optimizer": optimizer, "learning_rate": 0.01, "batch_size": 10, "steps": 90, "seed": 3}
    native = ds.descend(net, X, Y, **settings)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    reference = ds.descend(net, X, Y, **settings)
    np.testing.assert_allclose(native.losses, reference.losses, rtol=1e-8)
    assert np.mean(native.losses[-9:]) < np.mean(native.losses[:9])


def test_values_are_those_of_numpy():
    net = NETWORKS["activation"]
    parameters, _ = batch(net)
    z = X @ parameters["layer1.weight"].T + parameters["layer1.bias"]
    z = (z * expit(z)) @ parameters["layer2.weight"].T + parameters["layer2.bias"]
    expected = (z / (1 + np.abs(z))) @ parameters["layer3.weight"].T + parameters["layer3.bias"]
    np.testing.assert_allclose(ds.predict(net, X, parameters=parameters), expected, rtol=1e-12)
    for name, errors in (
        ("loss", lambda r: np.log(np.cosh(r)).mean(axis=1)),
        ("loss of rows", lambda r: np.sqrt((r**2).sum(axis=1) + 0.01)),
    ):
        net = NETWORKS[name]
        parameters, values = batch(net)
        r = Y - ds.predict(net, X, parameters=parameters)
        found = evaluate([net.graph().error], values)[0]
        assert found == pytest.approx(np.average(errors(r), weights=values["row_weights"]), rel=1e-12)


def test_a_composed_activation_is_the_one_of_ops():
    """Another way of writing an activation gives its gradients, and its run to rounding."""
    pair = [ds.Network(3, [ds.Dense(4, a, initializer="he_uniform"), ds.Dense(2)]) for a in ("silu", swish)]
    one, two = (ds.descend(net, X, Y, optimizer="adam", steps=50, seed=1).losses for net in pair)
    np.testing.assert_allclose(one, two, rtol=1e-9)


@every
def test_explanations_have_the_gradients_and_name_the_layers(net):
    parameters, values = batch(net)
    graph = net.graph()
    slopes = dict(
        zip(parameters, evaluate(gradient(graph.error, list(graph.parameters.values())), values), strict=True)
    )
    given = {"parameters": parameters, "row_weights": values["row_weights"]}
    for name, slope in slopes.items():
        last = tuple(n - 1 for n in slope.shape)
        over_all = ds.explain(net, X, Y, of=(name, *(i + 1 for i in last)), **given)
        assert over_all.gradient == pytest.approx(slope[last], rel=1e-12), name
    row = str(ds.explain_row(net, X, Y, parameters=parameters, row=3))
    for stage in graph.stages:
        if stage.kind in ("Scale", "Gate"):
            assert f"{stage.layer} is a layer of the kind {stage.kind}" in row
        if stage.function in ("swish", "gated"):
            assert stage.function in row


def test_a_unit_whose_activation_is_that_of_others_is_not_explained():
    with pytest.raises(DownslopeError, match="gated makes 3 values of 6"):
        ds.explain_unit(NETWORKS["activation of another width"], X, Y, layer="layer1", unit=5, row=0)


@every
def test_the_tape_names_the_custom_values(net):
    text = str(ds.tape(net, Lion()).text())
    assert "Lion" in text
    for stage in net.graph(training=True).stages:
        if stage.kind in ("Scale", "Gate"):
            assert stage.kind in text


@pytest.fixture(scope="module")
def predicted_elsewhere(tmp_path_factory):
    """The file and the prediction of each network, by a process that knows neither functions nor classes."""
    folder, parameters = tmp_path_factory.mktemp("custom"), {}
    np.save(folder / "x.npy", X)
    for name, net in NETWORKS.items():
        parameters[name], _ = batch(net)
        write_model_file(folder / f"{name}.downslope", ModelFile(net, parameters[name], {}))
    script = """
import numpy as np, downslope as ds
from pathlib import Path
from downslope.interchange import read_model_file
x = np.load("x.npy")
for path in Path().glob("*.downslope"):
    file = read_model_file(path)
    np.save(path.with_suffix(".npy"), ds.predict(file.network, x, parameters=file.parameters))
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120, cwd=folder)
    paths = {name: folder / f"{name}.downslope" for name in NETWORKS}
    return {n: (path, np.load(path.with_suffix(".npy")), parameters[n]) for n, path in paths.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_files_load_without_the_code(name, predicted_elsewhere):
    net, (path, found, parameters) = NETWORKS[name], predicted_elsewhere[name]
    assert np.array_equal(found, ds.predict(net, X, parameters=parameters))
    again = read_model_file(path).network
    for training in (False, True):
        one, two = net.graph(training=training), again.graph(training=training)
        assert one.error is two.error
        assert one.stages == two.stages
        assert one.symbols == two.symbols
    for network in (again, pickle.loads(pickle.dumps(again)), network_from_json(again.to_json())):
        assert network == again
        assert hash(network) == hash(again)
    runs = [ds.descend(n, X, Y, optimizer="adam", batch_size=7, steps=15, seed=1) for n in (net, again)]
    assert np.array_equal(runs[0].losses, runs[1].losses)


@every
def test_python_source(net, tmp_path):
    parameters, _ = batch(net)
    script = tmp_path / "model.py"
    script.write_text(python_source(net, parameters))
    np.save(tmp_path / "x.npy", X)
    call = "import numpy as np, model; np.save('found.npy', model.predict(np.load('x.npy')))"
    subprocess.run([sys.executable, "-c", call], check=True, timeout=120, cwd=tmp_path)
    expected = ds.predict(net, X, parameters=parameters)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), expected, rtol=1e-12, atol=1e-14)


@every
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_javascript_source(net, tmp_path):
    graph, (_, values) = net.graph(), batch(net)
    source = javascript_source({"prediction": graph.prediction, "error": graph.error}, "compute")
    given = {name: np.ravel(v).tolist() for name, v in values.items()}
    script = f"""{source}
const given = {json.dumps(given)};
for (const name of Object.keys(given)) given[name] = Float64Array.from(given[name]);
const found = compute({{ ...given, rows: {len(X)} }});
console.log(JSON.stringify({{ prediction: [...found.prediction], error: found.error }}));
"""
    (tmp_path / "script.js").write_text(script)
    ran = subprocess.run(["node", tmp_path / "script.js"], check=True, timeout=60, capture_output=True)
    found = json.loads(ran.stdout)
    prediction, error = evaluate([graph.prediction, graph.error], values)
    np.testing.assert_allclose(found["prediction"], np.ravel(prediction), rtol=1e-10, atol=1e-12)
    assert found["error"] == pytest.approx(float(error), rel=1e-10)


@every
def test_the_page_names_the_custom_layers(net):
    parameters, _ = batch(net)
    page = page_source(net, parameters, X[:5], Y[:5], features=["a", "b", "c"], target="y", title="Custom")
    for name in ("Scale", "Gate"):
        assert (name in page) == any(type(layer).__name__ == name for layer in _all(net.layers))
    assert "piecewise linear" not in page


def _all(layers):
    for layer in layers:
        yield layer
        yield from _all(getattr(layer, "layers", ()))


@every
def test_rows_have_gradients_of_their_own(net):
    parameters, _ = batch(net)
    rows = [ds.gradient_norms(net, X[i : i + 1], Y[i : i + 1], parameters=parameters)[0] for i in range(5)]
    np.testing.assert_allclose(ds.gradient_norms(net, X, Y, parameters=parameters)[:5], rows, rtol=1e-9)


def test_equal_functions_are_equal():
    def another(z):
        return z * ops.sigmoid(z)

    another.__name__ = "swish"
    assert ds.Dense(4, swish) == ds.Dense(4, another)
    assert hash(ds.Dense(4, swish)) == hash(ds.Dense(4, another))
    assert ds.Dense(4, swish) != ds.Dense(4, lambda z: z * ops.tanh(z))
    assert ds.Dense(4, ds.LeakyRelu()) == ds.Dense(4, ds.LeakyRelu) == ds.Dense(4, "leaky_relu")
    assert ds.Network(1, [ds.Dense(1)], loss=ds.Huber(1)) == ds.Network(1, [ds.Dense(1)], loss="huber")


def test_a_function_of_another_width():
    """What depends on the number of units stays with its layer; what does not may go to another."""
    assert ds.Dense(8, ds.Dense(4, swish).activation).activation(NETWORKS["loss"].graph().output).shape == (
        "n",
        2,
    )
    soft = ds.Dense(4, lambda z: ops.softmax(z) * 4.0).activation
    assert soft.any_width
    own = ds.Dense(4, lambda z: ops.softmax(z) * float(z.shape[1])).activation
    with pytest.raises(DownslopeError, match="made for 4 values in each row, not 5"):
        ds.Network(3, [ds.Dense(5, own)])


class Layer:
    def __init__(self, build):
        self.build = build


WRONG = {
    "NumPy": (lambda: ds.Dense(2, lambda z: np.exp(z)), "np.exp computes with arrays"),
    "a condition": (lambda: ds.Dense(2, lambda z: z if z > 0 else -z), "ds.ops.where"),
    "a number": (lambda: ds.Dense(2, lambda z: 2.0), "gives 2.0, which is no node"),
    "a failure": (
        lambda: ds.Dense(2, lambda z: z.exp()),
        "fails on nodes: 'Node' object has no",
    ),
    "a sum": (lambda: ds.Dense(2, lambda z: ops.sum(z)), r"values for each row, \(n, width\)"),
    "a parameter": (
        lambda: ds.Dense(2, lambda z: z + ops.columns(NETWORKS["all"].graph().x, (0, 1))),
        "none of its arguments",
    ),
    "a mean": (
        lambda: ds.Network(2, [ds.Dense(1)], lambda o, t: ops.mean(ops.square(o - t))),
        "does not average over rows",
    ),
    "a class": (lambda: ds.Dense(2, dict), "activation needs a name or a function"),
    "other rows": (lambda: ds.Dense(2, lambda z: z - ops.mean(z, axis=0)), "depend on the other rows"),
    "a loss of other rows": (
        lambda: ds.Network(2, [ds.Dense(1)], lambda o, t: ops.square(o - ops.mean(o))),
        "loss custom makes a row depend",
    ),
    "no node": (
        lambda: ds.Network(2, [Layer(lambda b, h: None), ds.Dense(1)]),
        "Layer returns None",
    ),
    "no rows": (lambda: ds.Network(2, [Layer(lambda b, h: ops.sum(h)), ds.Dense(1)]), r"of the shape \(\)"),
    "a layer of other rows": (
        lambda: ds.Network(2, [Layer(lambda b, h: h - ops.mean(h, axis=0, keepdims=True)), ds.Dense(1)]),
        "layer Layer makes a row depend",
    ),
    "a role": (
        lambda: ds.Network(2, [Layer(lambda b, h: h * b.parameter("my role", (2,))), ds.Dense(1)]),
        "plain word such as 'weight', not 'my role'",
    ),
    "a shape": (
        lambda: ds.Network(2, [Layer(lambda b, h: h * b.parameter("s", h.shape)), ds.Dense(1)]),
        "the shape of s of the layer Layer needs a whole number",
    ),
    "a loss": (lambda: ds.Dense(2, ds.Huber(0.3)), "is no activation"),
    "no rule": (lambda: ds.descend(NETWORKS["loss"], X, Y, optimizer=3), "the method rule, such as Adam"),
}


@pytest.mark.parametrize(("call", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_used_is_said(call, said):
    with pytest.raises(DownslopeError, match=said):
        call()


class Rule:
    def __init__(self, rule):
        self.rule = rule


RULES = {
    "nothing": (lambda rules, w, g, rate, step: None, "no new value for layer1.weight"),
    "a state left": (
        lambda rules, w, g, rate, step: (
            rules.remember("m", w),
            rules.updates.update({w.name: w - rate * g}),
        ),
        "no new value for layer1.weight.m",
    ),
    "a number": (
        lambda rules, w, g, rate, step: rules.updates.update({w.name: 2.0}),
        "gives 2.0, which is no node, for layer1.weight",
    ),
    "another shape": (
        lambda rules, w, g, rate, step: rules.updates.update({w.name: rate * step}),
        r"layer1.weight the shape \(\)",
    ),
    "something else": (
        lambda rules, w, g, rate, step: rules.updates.update({w.name: w, "other": w}),
        "'other', which is no parameter",
    ),
}


@pytest.mark.parametrize(("rule", "said"), RULES.values(), ids=RULES.keys())
def test_rules_that_are_not_whole(rule, said):
    with pytest.raises(DownslopeError, match=said):
        ds.descend(NETWORKS["loss"], X, Y, optimizer=Rule(rule), steps=1)


def test_a_stored_layer_is_checked():
    data = json.loads(json.dumps(NETWORKS["all"].to_json()))
    assert network_from_json(data) == network_from_json(data)

    def spoil(change):
        spoiled = json.loads(json.dumps(data))
        change(spoiled["layers"][0]["stored"])
        with pytest.raises(DownslopeError):
            network_from_json(spoiled)

    spoil(lambda stored: stored.update(width=4))
    spoil(lambda stored: stored.pop("rest"))
    spoil(lambda stored: stored["parameters"].clear())
    spoil(lambda stored: stored["rest"]["stages"].append({}))
    spoil(lambda stored: stored["rest"]["graph"]["nodes"].clear())
    spoil(lambda stored: stored["rest"]["stages"][0].update(node=99))


def test_networks_side_by_side_are_stored():
    pair = ds.Ensemble([NETWORKS["layer of layers"], NETWORKS["layer"], NETWORKS["layer of layers"]])
    again = network_from_json(json.loads(json.dumps(pair.to_json())))
    for training in (False, True):
        assert again.graph(training=training).error is pair.graph(training=training).error
    assert again.graph().symbols == pair.graph().symbols


@every
def test_the_page_shows_custom_networks(net):
    frame, choices = frame_of_arrays(X, Y, ())
    session = Session(rows_of(frame, choices, "x and y"), settings_of(net))
    assert session.state.settings.network == net
    viewer = Viewer()
    overview = overview_of(session, viewer)
    assert overview["network"]["loss"] == str(net.loss)
    viewer.look = Look([0, 5], 0, pictures={"histograms": {}, "residuals": {}})
    first = frame_of(session, viewer)
    session.handle(Step(5))
    viewer.look = Look([0, 5], 0, pictures={"histograms": {}})
    second = frame_of(session, viewer)
    assert second["error"]["value"] != first["error"]["value"]
