"""The chain rule as linked factors: their numbers against passes written by hand, and what they refer to."""

import dataclasses

import numpy as np
import pytest

import downslope as ds
from downslope.graph.notation import text
from downslope.insight import NextStep, chain_of_row, chain_of_unit, chain_of_weight, position_of
from downslope.training import Sgd, program_of

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 1))
NEURON = ds.Network(3, [ds.Dense(1, bias=False)])
DEEP = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(8, "tanh"), ds.Dense(1)])
POINT = {name: RNG.normal(size=value.shape) for name, value in DEEP.initial_parameters(0).items()}


def step_of(network, point):
    graph = network.graph()
    data = {"x": X, "y": Y, "row_weights": np.ones(len(X))}
    mean = {
        name: np.mean([g[name] for g in (by_hand(network, point, r)[1] for r in range(len(X)))], axis=0)
        for name in point
    }
    return NextStep(network, program_of(graph, graph.error, Sgd()), point, mean, data, np.arange(len(X)), 0.1)


def by_hand(network, point, row):
    """What every column of units holds, the gradients by every parameter, and ∂E/∂z of every layer."""
    columns, sums = [X[row]], []
    names = sorted({name.split(".")[0] for name in point})
    for name in names:
        z = point[f"{name}.weight"] @ columns[-1] + point.get(f"{name}.bias", 0.0)
        sums.append(z)
        columns.append(z if name == names[-1] else np.tanh(z))
    delta = 2 * (columns[-1] - Y[row])
    gradients, deltas = {}, []
    for layer, name in reversed(list(enumerate(names))):
        deltas.insert(0, delta)
        gradients[f"{name}.weight"] = np.outer(delta, columns[layer])
        gradients[f"{name}.bias"] = delta
        delta = (point[f"{name}.weight"].T @ delta) * (1 - columns[layer] ** 2)
    return columns, {name: gradients[name] for name in point}, deltas


def close(value):
    return pytest.approx(value, rel=1e-10, abs=1e-13)


def product_of(factors):
    return np.prod([factor.value for factor in factors])


@pytest.mark.parametrize("row", range(6))
@pytest.mark.parametrize(
    ("of", "index"), [("layer1.weight", (2, 1)), ("layer2.weight", (7, 3)), ("layer3.weight", (0, 5))]
)
def test_the_factors_and_where_they_come_from(of, index, row):
    chain = chain_of_weight(step_of(DEEP, POINT), position_of(DEEP, (of, *(i + 1 for i in index))), row)
    columns, gradients, deltas = by_hand(DEEP, POINT, row)
    layer = int(of[5]) - 1
    delta, came_in = chain.factors
    assert delta.value == close(deltas[layer][index[0]])
    assert came_in.value == close(columns[layer][index[1]])
    assert product_of(chain.factors) == close(chain.gradient.value) == close(gradients[of][index])
    assert chain.gradient.refers == (f"weight:{layer},{index[0]},{index[1]}", f"row:{row}")
    assert delta.refers == (f"unit:{layer + 1},{index[0]}", f"row:{row}")
    assert came_in.refers == (f"unit:{layer},{index[1]}", f"row:{row}")
    assert [f.kind for f in (chain.gradient, delta, came_in)] == ["gradient", "delta", "activation"]
    assert chain.opened[0].of.value == delta.value
    for one in chain.opened[:-1]:
        others = 0.0 if one.others is None else one.others[1]
        assert sum(map(product_of, one.terms)) + others == close(one.of.value)
    assert chain.opened[-1].of.value == close(deltas[-1][0])


def test_each_step_shows_the_numbers_of_the_passes():
    """Forward, then back down to the unit, each at its place; at last the gradient, its mean, the update."""
    row, step = 4, step_of(DEEP, POINT)
    chain = chain_of_weight(step, position_of(DEEP, ("layer1.weight", 3, 2)), row)
    columns, gradients, deltas = by_hand(DEEP, POINT, row)
    shown = {}
    for one in chain.steps:
        for key, value in one.values:
            shown[one.phase, key] = value
    for c, column in enumerate(columns):
        for i, value in enumerate(column):
            assert shown["forward", f"unit:{c},{i}"] == close(value)
    assert shown["error", "error"] == close((columns[-1][0] - Y[row, 0]) ** 2)
    for c in (1, 2):
        for i, value in enumerate(deltas[c]):
            assert shown["backward", f"unit:{c + 1},{i}"] == close(value)
    assert shown["backward", "unit:1,2"] == close(deltas[0][2])
    assert ("backward", "unit:1,1") not in shown
    gradient, mean, update = [one.values for one in chain.steps[-3:]]
    assert gradient == (("weight:0,2,1", close(gradients["layer1.weight"][2, 1])),)
    assert mean == (("weight:0,2,1", close(step.gradients["layer1.weight"][2, 1])),)
    arrived = POINT["layer1.weight"][2, 1] - 0.1 * step.gradients["layer1.weight"][2, 1]
    assert update == (("weight:0,2,1", close(arrived)),)
    phases = [one.phase for one in chain.steps]
    assert phases == sorted(phases, key=["forward", "error", "backward", "gradient", "update"].index)


def test_a_small_layer_goes_unit_by_unit_along_its_edges_and_a_large_one_at_once():
    chain = chain_of_row(step_of(DEEP, POINT), 1)
    forward = [one for one in chain.steps if one.phase == "forward"]
    assert [len(one.values) for one in forward] == [3, 1, 1, 1, 1, 8, 1]
    assert forward[2].flows == ("weight:0,1,0", "weight:0,1,1", "weight:0,1,2")
    assert len(forward[5].flows) == 32
    _, gradients, _ = by_hand(DEEP, POINT, 1)
    found = dict(chain.steps[-1].values)
    assert found["weight:1,6,3"] == close(gradients["layer2.weight"][6, 3])
    assert found["bias:0,3"] == close(gradients["layer1.bias"][3])
    assert len(found) == sum(value.size for value in POINT.values())


def test_a_neuron_goes_product_by_product():
    point = {"layer1.weight": np.array([[2.0, -3.0, 0.5]])}
    chain = chain_of_weight(step_of(NEURON, point), position_of(NEURON, "w3"), 2)
    products = [one.values[0] for one in chain.steps if one.flows and len(one.flows) == 1]
    weights = point["layer1.weight"][0]
    assert products == [(f"weight:0,0,{j}", close(weights[j] * X[2, j])) for j in range(3)]


def test_without_a_row_the_one_that_weighs_most_is_taken():
    step = step_of(DEEP, POINT)
    own = [by_hand(DEEP, POINT, row)[1]["layer2.weight"][3, 2] for row in range(6)]
    chain = chain_of_weight(step, position_of(DEEP, "W2[4,3]"), None)
    assert chain.row == np.argmax(np.abs(own))
    assert chain.share == pytest.approx(np.abs(own).max() / np.abs(own).sum())
    typical = np.sqrt(np.mean([by_hand(DEEP, POINT, row)[2][1][3] ** 2 for row in range(6)]))
    assert chain.factors[0].typical == close(typical)
    deltas = [by_hand(DEEP, POINT, row)[2][1][3] for row in range(6)]
    assert chain_of_unit(step, "layer2", 4, None).row == np.argmax(np.abs(deltas))


@pytest.mark.parametrize(
    ("x", "weights", "words"),
    [
        ([9.0, 1.0, 1.0], [1.0, 0.0, 0.0], "x₁ = 9 is the largest factor"),
        ([1.0, 9.0, 1.0], [50.0, 0.0, 0.0], "δ = 99 is the largest factor"),
        ([0.01, 9.0, 1.0], [50.0, 0.0, 0.0], "x₁ = 0.01 makes it small"),
        ([0.0, 9.0, 1.0], [50.0, 1.0, 0.0], "x₁ = 0 makes it 0"),
    ],
)
def test_it_says_which_factor_is_the_reason(x, weights, words):
    step = step_of(NEURON, {"layer1.weight": np.array([weights])})
    data = {**step.data, "x": np.array([x]), "y": np.array([[weights[0] * x[0] + weights[1] * x[1]]]) - 0.5}
    if "δ" in words:
        data["y"] = np.array([[weights[0] * x[0] - 49.5]])
    step = dataclasses.replace(step, data={**data, "row_weights": np.ones(1)}, rows=np.arange(1))
    assert words in chain_of_weight(step, position_of(NEURON, "w1"), None).reason


def test_every_symbol_of_a_weight_and_a_unit_is_linked():
    step = step_of(DEEP, POINT)
    chain = chain_of_weight(step, position_of(DEEP, "W1[3,2]"), 0)
    written = ds.explain(DEEP, X, Y, parameters=POINT, of="W1[3,2]", row=0)
    fragment = written.fragment(chain.links)
    for kind, key in [
        ("weight", "weight:0,2,1"),
        ("activation", "unit:0,1"),
        ("delta", "unit:1,2"),
        ("gradient", "weight:0,2,1"),
    ]:
        assert f'<mrow class="q-{kind}" data-to="{key}">' in fragment
    assert "data-to" not in written.fragment()


def test_the_error_and_the_target_are_linked():
    chain = chain_of_weight(step_of(DEEP, POINT), position_of(DEEP, "W1[3,2]"), 0)
    of_error = next(one for one in chain.steps if one.phase == "error").to_json(chain.links)
    assert 'data-to="error"' in of_error["html"]
    assert 'data-to="target"' in of_error["html"]
    assert {"error", "target", "unit:3,0"} <= set(of_error["lights"])
    assert text(chain.factors[0].symbol) == "δ⁽¹⁾₃"


def test_the_terms_and_the_others_add_up_to_the_mean():
    step = step_of(DEEP, POINT)
    mean = chain_of_weight(step, position_of(DEEP, ("layer2.weight", 4, 3)), None).mean
    own = np.array([by_hand(DEEP, POINT, row)[1]["layer2.weight"][3, 2] for row in range(6)])
    assert [term.row for term in mean.terms] == np.argsort(-np.abs(own))[:4].tolist()
    for term in mean.terms:
        assert product_of(term.factors) / 6 == close(term.adds) == close(own[term.row] / 6)
    count, rest = mean.others
    assert (count, sum(term.adds for term in mean.terms) + rest) == (2, close(own.mean()))
    assert mean.gradient.value == close(own.mean())


def test_rows_that_cancel_are_said_to():
    x, weights = np.array([[1.0, 0, 0], [1.0, 0, 0]]), np.zeros(3)
    step = step_of(NEURON, {"layer1.weight": weights[None]})
    data = {"x": x, "y": np.array([[3.0], [-1.0]]), "row_weights": np.ones(2)}
    mean = {"layer1.weight": np.array([[-2.0, 0.0, 0.0]])}
    step = dataclasses.replace(step, data=data, rows=np.arange(2), gradients=mean)
    chain = chain_of_weight(step, position_of(NEURON, "w1"), None)
    assert "Rows of both signs cancel: 50 %" not in chain.reason  # (6 − 2) / (6 + 2) is half
    step = dataclasses.replace(step, data={**data, "y": np.array([[3.0], [-2.0]])})
    assert "cancel: 20 %" in chain_of_weight(step, position_of(NEURON, "w1"), None).reason
