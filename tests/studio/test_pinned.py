"""One unit as a small network: its sum is the engine's z, its gradients are central differences."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._session import first_session
from downslope.studio.views._answers import outcome_of
from downslope.studio.views._viewer import Viewer
from downslope.studio.views.matrices import matrices_of
from downslope.studio.views.matrices._pinned import pinned

NETWORKS = {
    "plain": ds.Network(
        inputs=5, layers=[ds.Dense(20, "tanh"), ds.Dense(30, "sigmoid"), ds.Dense(2)], l2=0.1
    ),
    "without bias": ds.Network(inputs=5, layers=[ds.Dense(12, "relu", bias=False), ds.Dense(2, bias=False)]),
    "residual": ds.Network(
        inputs=5,
        layers=[ds.Dense(9, "silu"), ds.Residual([ds.LayerNorm(), ds.Dense(9, "gelu")]), ds.Dense(2)],
        l1=0.01,
    ),
}
CASES = [
    (name, stage.layer, row)
    for name, network in NETWORKS.items()
    for stage in network.graph().stages
    if stage.symbol == "z"
    for row in (None, 0, 3)
]


def problem(network, seed=0):
    generator = np.random.default_rng(seed)
    parameters = {
        name: values + generator.normal(scale=0.3, size=values.shape)
        for name, values in network.initial_parameters(seed).items()
    }
    data = {
        "x": generator.normal(size=(7, 5)),
        "y": generator.normal(size=(7, 2)),
        "row_weights": np.array([1.0, 2.0, 0.5, 0.0, 1.0, 1.0, 3.0]),
    }
    return parameters, data


def means(network, parameters, data, layer, row):
    """z and a of a layer by the reference engine, of a row or as the weighted mean."""
    stages = [stage for stage in network.graph().stages if stage.layer == layer]
    values = evaluate([stages[0].node, stages[-1].node], {**parameters, **data})
    shares = data["row_weights"] if row is None else np.eye(7)[row]
    return [np.average(value, axis=0, weights=shares) for value in values]


@pytest.mark.parametrize(("name", "layer", "row"), CASES)
def test_the_sum_is_the_engines_z(name, layer, row):
    network = NETWORKS[name]
    parameters, data = problem(network)
    z, a = means(network, parameters, data, layer, row)
    for unit in (0, len(z) - 1):
        found = pinned(network, parameters, data, layer, unit, row, strongest=4)
        products = [one["weight"] * one["value"] for one in found["inputs"]]
        assert products == [one["product"] for one in found["inputs"]]
        total = sum(products) + found["others"]["sum"] + (found["bias"] or 0)
        assert total == pytest.approx(z[unit], abs=1e-9)
        assert (found["z"], found["a"]) == pytest.approx((z[unit], a[unit]), abs=1e-9)


@pytest.mark.parametrize(("name", "layer", "row"), CASES)
def test_the_gradients_are_central_differences(name, layer, row):
    network = NETWORKS[name]
    parameters, data = problem(network)
    if row is not None:
        data = {key: values[[row]] for key, values in data.items()} | {"row_weights": np.ones(1)}
    found = pinned(network, parameters, data, layer, 1, None if row is None else 0, strongest=2)

    def slope(parameter, place, step=1e-5):
        sides = []
        for change in (step, -step):
            moved = parameters[parameter].copy()
            moved[place] += change
            sides.append(evaluate([network.graph().error], {**parameters, parameter: moved, **data})[0])
        return (sides[0] - sides[1]) / (2 * step)

    shown = [(f"{layer}.weight", (1, one["number"]), one["gradient"]) for one in found["inputs"]]
    shown += [(f"{found['next']}.weight", (one["number"], 1), one["gradient"]) for one in found["outputs"]]
    if found["bias"] is not None:
        shown.append((f"{layer}.bias", 1, found["bias_gradient"]))
    assert len(shown) >= 2
    for parameter, place, told in shown:
        assert told == pytest.approx(slope(parameter, place), abs=1e-7)


def test_the_strongest_are_shown_and_the_others_counted():
    network = NETWORKS["plain"]
    parameters, data = problem(network)
    found = pinned(network, parameters, data, "layer2", 4, 2, strongest=6)
    h = np.tanh(data["x"][2] @ parameters["layer1.weight"].T + parameters["layer1.bias"])
    products = h * parameters["layer2.weight"][4]
    order = sorted(range(20), key=lambda j: -abs(products[j]))
    assert [one["number"] for one in found["inputs"]] == order[:6]
    assert [one["value"] for one in found["inputs"]] == pytest.approx(h[order[:6]].tolist())
    assert found["others"]["count"] == 14
    assert found["others"]["sum"] == pytest.approx(products[order[6:]].sum())
    assert found["inputs"][0]["name"] == f"h{order[0] + 1}"
    onwards = parameters["layer3.weight"][:, 4]
    assert found["next"] == "layer3"
    assert [one["weight"] for one in found["outputs"]] == sorted(onwards, key=abs, reverse=True)
    assert found["others_next"] == 0
    assert (found["activation"], found["rows"]) == ("sigmoid", 1)


def test_inputs_of_the_first_layer_have_the_names_of_the_columns():
    network = NETWORKS["plain"]
    parameters, data = problem(network)
    found = pinned(network, parameters, data, "layer1", 0, None, features=["a", "b", "c"])
    names = {one["number"]: one["name"] for one in found["inputs"]}
    assert names == {0: "a", 1: "b", 2: "c", 3: "x4", 4: "x5"}
    assert found["others"] == {"count": 0, "sum": 0.0}


def test_the_last_layer_leads_to_no_other():
    network = NETWORKS["plain"]
    found = pinned(network, *problem(network), "layer3", 0, None)
    assert (found["next"], found["outputs"], found["activation"]) == (None, [], "identity")
    assert found["z"] == found["a"]


@pytest.mark.parametrize(
    ("layer", "unit", "row", "message"),
    [
        ("layer9", 0, None, "no dense layer 'layer9'; the network has layer1, layer2, layer3"),
        ("layer2", 30, None, "layer2 has units 0 to 29, not 30"),
        ("layer2", -1, None, "layer2 has units 0 to 29, not -1"),
        ("layer2", 0, 7, "there are rows 0 to 6, not 7"),
    ],
)
def test_what_is_not_there_is_said(layer, unit, row, message):
    network = NETWORKS["plain"]
    with pytest.raises(DownslopeError, match=message):
        pinned(network, *problem(network), layer, unit, row)


def test_the_page_shows_the_gradients_of_the_next_step():
    """A pinned unit, the matrix of gradients and the derivation show one number; a row has its own."""
    session = first_session()
    session.handle(ask.OpenSample("spirals"))
    session.handle(ask.ChangeSettings({"dropout": 0.2, "l2": 0.01}))
    viewer = Viewer()
    options = {"kind": "gradient", "pinned": ["layer2", 3]}
    shown = matrices_of(session, viewer, options, session.parameters)["pinned"]
    told = outcome_of(session, ask.Explain("weight", "layer2.weight", [3, 5])).answer
    (strongest,) = [one for one in shown["inputs"] if one["number"] == 5]
    assert strongest["gradient"] == told["gradient"]
    bias = outcome_of(session, ask.Explain("weight", "layer2.bias", [3])).answer
    assert shown["bias_gradient"] == bias["gradient"]
    row = matrices_of(session, Viewer(), {**options, "row": 7}, session.parameters)["pinned"]
    assert row["bias_gradient"] != shown["bias_gradient"]
