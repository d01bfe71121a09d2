"""Bins and peaks that do not learn: the same values without parameters, on every engine and from files."""

import json
from dataclasses import replace

import numpy as np
import pytest

import downslope as ds
from downslope.engines import Plan, plan
from downslope.graph import gradient, make, topological
from downslope.graph.notation import Symbol, latex, mathml, text
from downslope.nets import network_from_json
from engine_names import ENGINES

EDGES, VALUES = ((-1.0, 0.25, 1.0), (-2.0, -0.5, 0.5, 2.0)), ((-1.5, 0.2, 0.5), (0.0, 1.5))
BINS = ds.PiecewiseLinear((0, 2), EDGES, learned=False)
PEAKS = ds.Peaks((1, 0), VALUES, learned=False)
BEHIND = (ds.Dense(6, "tanh"), ds.Dense(2))
FIXED = {
    "bins": ds.Network(3, [BINS, *BEHIND]),
    "peaks": ds.Network(3, [PEAKS, *BEHIND]),
    "both, of computed values": ds.Network(3, [ds.Dense(4, "tanh"), BINS, PEAKS, *BEHIND]),
    "behind what learns": ds.Network(3, [ds.Periodic((0, 1), 2), PEAKS, BINS, *BEHIND]),
}
X = np.random.default_rng(0).normal(size=(9, 3))
Y = np.random.default_rng(1).normal(size=(9, 2))


def learned(network):
    """The network whose bins and peaks learn."""
    layers = [replace(n, learned=True) if hasattr(n, "learned") else n for n in network.layers]
    return ds.Network(network.inputs, layers)


def values_of(network):
    """Parameters of both networks; slopes and offsets are at their start."""
    start = learned(network).initial_parameters(0)
    draw = np.random.default_rng(5)
    all_of_them = {
        name: value if name.endswith((".slope", ".offset")) else value + draw.normal(size=value.shape) / 4
        for name, value in start.items()
    }
    return {name: all_of_them[name] for name in network.graph().parameters}, all_of_them


def test_bins_and_peaks_as_their_descriptions_say():
    """Each written again for one number."""
    x = np.random.default_rng(3).normal(size=(40, 3)) * 2
    (bins,) = Plan([ds.Network(3, [BINS]).graph().output]).run({"x": x})
    columns = [(0, -1.0, 0.25), (2, -2.0, -0.5), (0, 0.25, 1.0), (2, -0.5, 0.5), (2, 0.5, 2.0)]
    below = [np.clip((x[:, c] - low) / (high - low), 0, 1) / 2 for c, low, high in columns]
    np.testing.assert_allclose(bins, np.column_stack([x, *below]), rtol=1e-13, atol=1e-14)
    (peaks,) = Plan([ds.Network(3, [PEAKS]).graph().output]).run({"x": x})
    places = [(1, -1.5, 1.7), (0, 0.0, 1.5), (1, 0.2, 0.3), (0, 1.5, 1.5), (1, 0.5, 0.3)]
    near = [np.maximum(1 - np.abs(x[:, c] - at) / reach, 0) for c, at, reach in places]
    np.testing.assert_allclose(peaks, np.column_stack([x, *near]), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FIXED)
def test_predictions_and_gradients_are_those_of_the_learned_layer(name, dtype, engine, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    network = FIXED[name]
    fixed, whole = values_of(network)
    assert len(fixed) < len(whole)
    data = {"x": X.astype(dtype), "y": Y.astype(dtype), "row_weights": np.ones(9, dtype)}
    results = []
    for net, parameters in ((network, fixed), (learned(network), whole)):
        graph = net.graph()
        total = make("sum", graph.prediction, axes=None, keepdims=False)
        by = [graph.x, *(graph.parameters[n] for n in fixed)]
        wanted = [graph.prediction, *gradient(total, by), *gradient(graph.error, by)]
        given = {**data, **{n: v.astype(dtype) for n, v in parameters.items()}}
        results.append(plan(wanted).run(given))
    tolerance = 1e-13 if dtype == np.float64 else 1e-5
    for found, expected in zip(*results, strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, tolerance, tolerance)


@pytest.mark.parametrize("name", FIXED)
def test_slopes_by_inputs_are_central_differences(name):
    network = FIXED[name]
    parameters, _ = values_of(network)
    graph, step = network.graph(), 1e-6
    total = make("sum", graph.prediction, axes=None, keepdims=False)
    (found,) = Plan(gradient(total, [graph.x])).run({"x": X, **parameters})
    for at in np.ndindex(X.shape):
        moved = np.zeros_like(X)
        moved[at] = step
        (high,), (low,) = (Plan([total]).run({"x": X + sign * moved, **parameters}) for sign in (1, -1))
        np.testing.assert_allclose(found[at], (high - low) / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_training_leaves_them_as_they_are(engine):
    network = FIXED["bins"]
    run = ds.descend(network, X, Y, steps=60, optimizer="adam", learning_rate=0.02, engine=engine)
    assert list(run.parameters) == [f"layer{i}.{role}" for i in (1, 2) for role in ("weight", "bias")]
    assert run.losses[-1] < 0.5 * run.losses[0]


def test_what_is_said_of_them():
    layers = FIXED["bins"].outline()
    assert [layer.parameters for layer in layers[:2]] == [0, 0]
    assert str(FIXED["bins"].outline()[1]) == "PiecewiseLinear 8"
    assert "learned=False" in repr(BINS)
    assert repr(FIXED["bins"]).endswith("; 68 parameters>")
    assert "parameters" in FIXED["peaks"]._repr_html_()
    with pytest.raises(ds.DownslopeError, match="learned of Peaks needs True or False, not 'no'"):
        ds.Peaks((0,), ((0.0, 1.0),), learned="no")


@pytest.mark.parametrize("name", FIXED)
def test_files_hold_whether_they_learn(name, tmp_path):
    network = FIXED[name]
    parameters, _ = values_of(network)
    network.save(tmp_path / "net", parameters)
    again = ds.load(tmp_path / "net", ds.TrainedNetwork)
    assert again.network == network != learned(network)
    assert again.network.graph().error is network.graph().error
    for key, value in parameters.items():
        np.testing.assert_array_equal(again.parameters[key], value)
    described = json.loads(json.dumps(network.to_json()))
    assert network_from_json(described) == network
    kinds = [layer for layer in described["layers"] if layer["layer"] in ("PiecewiseLinear", "Peaks")]
    assert {layer.pop("learned") for layer in kinds} == {False}
    assert network_from_json(described) == learned(network), "files of before say nothing: they learn"
    pair = ds.Ensemble([network, learned(network)])
    pair.save(tmp_path / "pair")
    assert ds.load(tmp_path / "pair") == pair


class Stretched:
    """A layer of one's own with lines."""

    def build(self, builder, h):
        h = ds.ops.lines(h, np.arange(1.0, 4.0), [-0.1, 0.0, 1 / 3])
        return h * builder.parameter("scale", (3,), "ones")


def test_a_layer_of_ones_own_with_lines_comes_back(tmp_path):
    network = ds.Network(3, [Stretched(), ds.Dense(1)])
    parameters = network.initial_parameters(0)
    network.save(tmp_path / "net", parameters)
    again = ds.load(tmp_path / "net")
    assert again.network.graph().prediction is network.graph().prediction
    wanted = (X * [1, 2, 3] + [-0.1, 0, 1 / 3]) @ parameters["layer2.weight"].T
    (found,) = Plan([again.network.graph().prediction]).run({"x": X, **again.parameters})
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


@pytest.mark.torch
@pytest.mark.parametrize("name", FIXED)
def test_the_module_of_torch(name):
    torch = pytest.importorskip("torch")
    network = FIXED[name]
    parameters, _ = values_of(network)
    module = network.to_torch(parameters)
    assert {n for n, _ in module.named_parameters()} == set(parameters)
    x = torch.tensor(X, requires_grad=True)
    found = module(x)
    graph = network.graph()
    total = make("sum", graph.prediction, axes=None, keepdims=False)
    given = {"x": X, **parameters}
    wanted, slopes = Plan([graph.prediction, *gradient(total, [graph.x])]).run(given)
    np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=1e-12, atol=1e-13)
    found.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-11, atol=1e-13)
    short = network.to_torch({n: v.astype(np.float32) for n, v in parameters.items()})
    assert short(X).dtype == torch.float32


def test_members_of_one_kind_have_their_lines_in_common():
    nodes = topological([ds.Ensemble([FIXED["bins"]] * 3).graph().error])
    assert sum(node.op.name == "lines" for node in nodes) == 1


def test_lines_as_they_are_written():
    op = make("lines", ds.Network(3, [ds.Dense(1)]).graph().x, slopes=(1.0,) * 3, offsets=(0.0,) * 3).op
    two = {"slopes": (2.0, -0.5), "offsets": (0.0, 1.0)}
    assert text(op.notation(Symbol("h"), **two)) == "h ⊙ (2, −0.5) + (0, 1)"
    assert text(op.notation(Symbol("h"), slopes=(2.0, 1.0), offsets=(0.0, 0.0))) == "h ⊙ (2, 1)"
    assert text(op.notation(Symbol("h"), slopes=(2.0,), offsets=(-1.0,))) == "h ⊙ 2 + (−1)"
    many = op.notation(Symbol("h"), slopes=tuple(map(float, range(9))), offsets=(0.0,) * 9)
    assert text(many).replace("\u00a0", " ") == "h ⊙ (9: 8, 8: 7, 7: 6, 6: 5, and 5 smaller)"
    assert "odot" in latex(many)
    assert "<m" in mathml(many)
