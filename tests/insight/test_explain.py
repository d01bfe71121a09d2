"""Explanations print what the engine computes, for any parameter of any network."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from downslope.graph.notation import number_text
from downslope.nets import ACTIVATIONS, LOSSES
from downslope.training import Sgd, training_program
from thorough import first

X = [[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]]
Y = [13.5, 15.6, 27.4, 15.6, 12.5]
NEURON = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
DEEP = ds.Network(inputs=3, layers=[ds.Dense(8, "tanh"), ds.Dense(8, "tanh"), ds.Dense(1)])


def engine_gradients(network, point, x, y, weights) -> dict[str, np.ndarray]:
    """What a training step computes, dropout at rest."""
    program = training_program(network, Sgd())
    shape = tuple(len(x) if d == "n" else d for d in program.graph.y.shape)
    given = {**point, "x": x, "y": y.reshape(shape), "row_weights": weights, "seed": 0, "draw": 0}
    return dict(zip(program.gradients, evaluate(list(program.gradients.values()), given), strict=True))


def test_the_introductory_neuron_by_hand() -> None:
    explanation = ds.explain(NEURON, X, Y, parameters=[200, -14, 3456], of="w1", row=0, learning_rate=0.001)
    assert explanation.factors.tolist() == [49445, 3]
    assert explanation.gradient == 148335
    assert explanation.updated == pytest.approx(51.665, rel=1e-14)
    assert "−2)·(13.5 − 24736) = 49445" in str(explanation)
    assert "∂E/∂w₁ = ∂E/∂z·∂z/∂w₁ = δ·x₁ = 49445·3 = 148335" in str(explanation)
    assert "w₁ ← w₁ − η·∂E/∂w₁ = 200 − 0.001·148335 = 51.665" in str(explanation)
    mean = ds.explain(NEURON, X, Y, parameters=[200, -14, 3456], of="w1")
    assert mean.gradient == pytest.approx(np.mean([148335, 387124.8, 686473.6, 279187.2, 163401]), rel=1e-14)


@pytest.mark.parametrize("of", ["W1[2,3]", "W2[8,1]", "W3[1,5]", "b1[2]", "b3[1]"])
@pytest.mark.parametrize("row", [0, 3, None])
def test_three_eight_eight_one(of: str, row: int | None) -> None:
    explanation = ds.explain(DEEP, X, Y, of=of, row=row)
    point = DEEP.initial_parameters(0)
    rows = slice(None) if row is None else slice(row, row + 1)
    x, y = np.array(X, float)[rows], np.array(Y)[rows]
    want = engine_gradients(DEEP, point, x, y, np.ones(len(x)))[explanation.parameter.name][
        explanation.parameter.index
    ]
    assert explanation.gradient == want
    assert np.prod(explanation.factors, axis=-1).mean() == pytest.approx(want, rel=1e-12)
    assert f" = {number_text(want, 6)}\n" in str(explanation)


def random_network(draw) -> ds.Network:
    activations, inputs = ["identity", *ACTIVATIONS], int(draw.integers(2, 5))
    loss = str(draw.choice(list(LOSSES)))
    layers: list = []
    width = inputs
    if draw.random() < 0.3:
        layers.append(ds.Embedding((inputs - 1,), (4,), (2,)))
        width += 1
    for _ in range(draw.integers(0, 4)):
        kind = draw.choice(["dense", "dense", "dense", "norm", "residual", "dropout"])
        activation = str(draw.choice(activations))
        if kind == "norm":
            layers.append(ds.LayerNorm())
        elif kind == "residual":
            layers.append(ds.Residual((ds.Dense(5, activation), ds.Dense(width))))
        elif kind == "dropout":
            layers.append(ds.Dropout(0.4))
        else:
            width = int(draw.integers(1, 20))
            layers.append(ds.Dense(width, activation, bias=bool(draw.random() < 0.7)))
    outputs = int(draw.integers(2, 4)) if loss == "cross_entropy" else int(draw.integers(1, 3))
    penalties = draw.choice([0.0, 0.1], 2)
    level = draw.uniform(0.1, 0.9, outputs) if draw.random() < 0.5 else 0.3
    layers.append(ds.Dense(outputs))
    chosen = ds.Quantile(level) if loss == "quantile" else loss
    return ds.Network(inputs, layers, chosen, l1=float(penalties[0]), l2=float(penalties[1]))


def at_rest(network: ds.Network) -> ds.Network:
    layers = [layer for layer in network.layers if not isinstance(layer, ds.Dropout)]
    return replace(network, layers=layers)


@pytest.mark.parametrize("seed", first(6, range(50)))
def test_random_parameters_of_random_networks(seed: int) -> None:
    """50 networks with 20 parameters each: explained and trained gradients differ in none."""
    draw = np.random.default_rng(seed)
    network = random_network(draw)
    rows = int(draw.integers(1, 14))
    x = draw.normal(size=(rows, network.inputs))
    x[:, -1] = draw.integers(0, 4, rows)
    outputs = int(network.graph().output.shape[1])
    y = draw.integers(0, outputs, rows) if network.loss == "cross_entropy" else draw.random((rows, outputs))
    point = {n: v + draw.normal(size=v.shape) / 2 for n, v in network.initial_parameters(seed).items()}
    weights = draw.random(rows) + 0.1
    for _ in range(20):
        name = str(draw.choice(list(point)))
        index = tuple(int(draw.integers(size)) for size in point[name].shape)
        row = None if draw.random() < 0.5 else int(draw.integers(rows))
        explanation = ds.explain(
            network, x, y, parameters=point, of=(name, *(i + 1 for i in index)), row=row, row_weights=weights
        )
        part = slice(None) if row is None else slice(row, row + 1)
        counted = weights if row is None else np.ones(1)
        calm = at_rest(network)
        want = engine_gradients(calm, point, x[part], np.asarray(y, float)[part], counted)[name][index]
        assert explanation.gradient == want
        sizes = np.atleast_1d(np.prod(explanation.factors, axis=-1))
        penalty = 0.0
        if name.endswith("weight") or "column" in name:
            penalty = network.l1 * np.sign(point[name][index]) + network.l2 * point[name][index]
        assert np.average(sizes, weights=counted) + penalty == pytest.approx(want, rel=1e-11, abs=1e-15)
        assert number_text(want, 6) in str(explanation)
        for line in str(explanation).split("\n"):
            assert len(line) <= 110, line


@pytest.mark.parametrize("seed", range(5))
def test_against_central_differences(seed: int) -> None:
    draw = np.random.default_rng(seed)
    point = {n: v + draw.normal(size=v.shape) / 5 for n, v in DEEP.initial_parameters(seed).items()}
    explanation = ds.explain(
        DEEP, X, Y, parameters=point, of=("layer1.weight", seed + 1, seed % 3 + 1), row=seed
    )
    x, y = np.array(X, float)[seed : seed + 1], np.array(Y)[seed]

    def error(shift: float) -> float:
        moved = {n: v.copy() for n, v in point.items()}
        moved["layer1.weight"][seed, seed % 3] += shift
        z = np.tanh(x @ moved["layer1.weight"].T + moved["layer1.bias"])
        z = np.tanh(z @ moved["layer2.weight"].T + moved["layer2.bias"])
        return float(((y - z @ moved["layer3.weight"].T - moved["layer3.bias"]) ** 2).sum())

    assert explanation.gradient == pytest.approx((error(1e-6) - error(-1e-6)) / 2e-6, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("columns", "inputs", "of", "symbol"),
    [((0,), 1, ("layer1.column0", 3, 2), "h⁽¹⁾₂"), ((0, 2), 3, ("layer1.column2", 3, 1), "h⁽¹⁾₄")],
)
@pytest.mark.parametrize("row", [1, None])
def test_numbers_of_an_embedding(columns, inputs: int, of, symbol: str, row: int | None) -> None:
    """With no column beside it, and with a column and another embedding in front."""
    count = len(columns)
    layers = [ds.Embedding(columns, (4,) * count, (2,) * count), ds.Dense(3, "tanh"), ds.Dense(1)]
    network = ds.Network(inputs, layers)
    x, y = np.array([[0.0] * inputs, [2.0] * inputs]), np.array([1.0, 2.0])
    explanation = ds.explain(network, x, y, of=of, row=row)
    part = slice(None) if row is None else slice(row, row + 1)
    point = network.initial_parameters(0)
    want = engine_gradients(network, point, x[part], y[part], np.ones(len(x[part])))[of[0]]
    want = want[tuple(i - 1 for i in of[1:])]
    assert explanation.gradient == want != 0
    assert np.prod(explanation.factors, axis=-1).mean() == pytest.approx(want, rel=1e-12)
    assert f"/∂{symbol}·" in str(explanation)  # the place of the number among the values of the layer


def forms() -> list[ds.Explanation]:
    classes = ds.Network(
        3, [ds.Dense(4, "silu"), ds.LayerNorm(), ds.Dense(3)], "cross_entropy", l1=0.1, l2=0.2
    )
    y = [0, 1, 2, 1, 0]
    return [
        ds.explain(NEURON, X, Y, of="w2"),
        ds.explain(DEEP, X, Y, of="W1[2,3]", row=1),
        ds.explain(classes, X, y, of="W1[1,1]", row=2),
        ds.explain(classes, X, y, of=("layer2.scale", 2)),
        ds.explain(ds.Network(3, [ds.Dense(2)]), X, np.transpose([Y, Y]), row=0),
    ]


@pytest.mark.parametrize("i", range(5))
def test_every_form_is_well_formed(i: int) -> None:
    explanation = forms()[i]
    page = explanation.html().removeprefix("<!DOCTYPE html>\n")
    ET.fromstring(page)
    assert "http" not in page.replace("http-equiv", "")
    markdown = explanation.markdown()
    assert markdown.count("$$") % 2 == 0
    for formula in re.findall(r"\$\$(.*?)\$\$", markdown):
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\left(") == formula.count(r"\right)")
        assert not re.search(r"[₀-₉⁰-⁹ᵀ′Σ·]", formula), formula
    told_json = json.loads(json.dumps(explanation.to_json()))
    assert told_json["gradient"] == explanation.gradient
    assert told_json["factors"] == explanation.factors.tolist()


def test_wide_layers_are_abbreviated() -> None:
    network = ds.Network(20, [*[ds.Dense(256, "sigmoid") for _ in range(6)], ds.Dense(1)])
    draw = np.random.default_rng(0)
    explanation = str(
        ds.explain(network, draw.normal(size=(4, 20)), draw.normal(size=4), of="W1[7,3]", row=0)
    )
    lines = explanation.split("\n")
    assert len(lines) < 120
    assert max(map(len, lines)) <= 104
    assert "from 252 others)" in explanation
    assert "% of the sum of sizes" in explanation


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("w9", "'w9': layer1.weight has the shape"),
        ("W1[1,9]", "not 'W1.1,9.': layer1.weight has the shape .1, 3., counted from 1"),
        (
            "W2[1,1]",
            "no parameter 'layer2.weight'; did you mean .layer1.weight.*ones are layer1.weight.1,3.",
        ),
        ("b1[1]", "no parameter 'layer1.bias'"),
        ("nonsense", "of needs one number of a parameter, such as .* not 'nonsense'"),
        (("layer1.weight", 1), "counted from 1"),
        (("layer1.weight", 0, 1), "counted from 1"),
        (("layer1.weight", 0, 1.5), "write it as a string or a tuple"),
        (("layer1.weight", 0, "a"), "write it as a string or a tuple"),
        ((), "write it as a string or a tuple"),
        (5, "not 5: write it as a string or a tuple"),
    ],
)
def test_positions_that_are_not_there(of, message: str) -> None:
    with pytest.raises(ds.DownslopeError, match=message):
        ds.explain(NEURON, X, Y, of=of)
    with pytest.raises(ds.DownslopeError, match="which"):
        ds.explain(DEEP, X, Y, of="w1")


def test_rows_that_are_not_there() -> None:
    with pytest.raises(ds.DownslopeError, match="row needs a whole number from 0 to 4, not 5"):
        ds.explain(NEURON, X, Y, row=5)


@pytest.mark.parametrize("row", [-1, 0.5, True, "1"])
def test_rows_that_are_no_row_numbers(row) -> None:
    with pytest.raises(ds.DownslopeError, match=f"row needs a whole number from 0 to 4, not {row!r}"):
        ds.explain(NEURON, X, Y, row=row)


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), "fast"])
def test_learning_rates_that_are_no_numbers(rate) -> None:
    with pytest.raises(ds.DownslopeError, match="learning_rate needs a finite number, not "):
        ds.explain(NEURON, X, Y, learning_rate=rate)


NUMERIC = [
    ds.Periodic(columns=(0, 1), frequencies=2),
    ds.PiecewiseLinear(columns=(1, 0), edges=((-2.0, 0.0, 2.0), (-1.0, 1.0))),
]


@pytest.mark.parametrize("layer", NUMERIC)
@pytest.mark.parametrize("row", [1, None])
def test_numbers_of_numerical_embeddings(layer, row: int | None) -> None:
    network = ds.Network(inputs=2, layers=[layer, ds.Dense(3, "tanh"), ds.Dense(1)])
    x, y = np.array([[0.5, -0.3], [-0.7, 1.2]]), np.array([1.0, 2.0])
    part = slice(None) if row is None else slice(row, row + 1)
    point = network.initial_parameters(3)
    want = engine_gradients(network, point, x[part], y[part], np.ones(len(x[part])))
    for name in list(point)[:2]:
        for i in range(len(point[name])):
            explanation = ds.explain(network, x, y, parameters=point, of=(name, i + 1), row=row)
            assert explanation.gradient == want[name][i]
            product = np.prod(explanation.factors, axis=-1).mean()
            assert product == pytest.approx(want[name][i], rel=1e-12, abs=1e-15)


FIXED = {
    "its fixed slope s and offset c,": [replace(NUMERIC[1], learned=False)],
    "max(1 − |s·x + c|, 0) for each": [ds.Peaks((0,), ((-1.0, 0.5, 2.0),), learned=False)],
}


@pytest.mark.parametrize("words", FIXED)
def test_bins_and_peaks_that_do_not_learn(words: str) -> None:
    network = ds.Network(2, [ds.Periodic((0,), 2), *FIXED[words], ds.Dense(3, "tanh"), ds.Dense(1)])
    x, y = np.array([[0.5, -0.3], [-0.7, 1.2]]), np.array([1.0, 2.0])
    point = network.initial_parameters(3)
    want = engine_gradients(network, point, x, y, np.ones(2))
    for of in (("numeric1.phase", 2), ("layer1.weight", 2, 5)):
        explanation = ds.explain(network, x, y, parameters=point, of=of)
        gradient = want[of[0]][tuple(i - 1 for i in of[1:])]
        assert explanation.gradient == gradient
        product = np.prod(explanation.factors, axis=-1).mean()
        assert product == pytest.approx(gradient, rel=1e-12, abs=1e-15)
    for text in (
        str(ds.explain(network, x, y, parameters=point, of="W1[1,1]", row=0)),
        str(ds.explain_row(network, x, y, parameters=point, row=0)),
    ):
        said = " ".join(text.split())
        assert words in said
        assert "with its fixed slope s and offset c, behind its inputs:" in said
        assert "s⁽" not in said, "there are no parameters of such names"
        assert "numeric2.slope" not in said
    for name in ("numeric2.slope", "numeric2.offset"):
        with pytest.raises(ds.DownslopeError, match=f"there is no parameter '{name}'"):
            ds.explain(network, x, y, of=(name, 1))
    learned = ds.Network(2, [replace(FIXED[words][0], learned=True), ds.Dense(1)])
    said = " ".join(str(ds.explain(learned, x, y, of=("numeric1.slope", 1), row=0)).split())
    assert "with its slope s and its offset c, behind its inputs:" in said


class Scaled:
    """A layer from outside the package: h · c."""

    __dataclass_fields__: ClassVar[dict] = {}

    def build(self, builder, h):
        return builder.stage("h", h * builder.parameter("scale", (int(h.shape[1]),), "ones"))


def test_a_layer_of_an_unknown_kind_is_said_to_be_one() -> None:
    network = ds.Network(2, [ds.Dense(3, "tanh"), Scaled(), ds.Dense(1)])
    x, y = np.array([[0.5, -0.3], [-0.7, 1.2]]), np.array([1.0, 2.0])
    point = network.initial_parameters(3)
    want = engine_gradients(network, point, x, y, np.ones(2))
    for name in point:
        of = (name, *(1 for _ in point[name].shape))
        explanation = ds.explain(network, x, y, parameters=point, of=of)
        assert explanation.gradient == want[name][(0,) * point[name].ndim]
        assert np.prod(explanation.factors, axis=-1).mean() == pytest.approx(
            want[name][(0,) * point[name].ndim], rel=1e-12
        )
        one_row = str(ds.explain(network, x, y, parameters=point, of=of, row=0))
        assert "layer2 is a layer of the kind Scaled" in one_row
    below = str(ds.explain(network, x, y, parameters=point, of="W1[1,1]", row=0))
    assert "The gradient by a⁽¹⁾ comes through layer2 (Scaled):" in below


def test_what_is_shown_of_an_explanation() -> None:
    explanation = ds.explain(DEEP, X, Y, of="W1[2,3]", row=1)
    assert repr(explanation) == (
        f"Explanation(layer1.weight[2,3], row 1, gradient={number_text(explanation.gradient, 6)})"
    )
    assert "mean over rows" in repr(ds.explain(DEEP, X, Y))
    assert repr(ds.explain_row(NEURON, X, Y, parameters=[200, -14, 3456], row=0)).startswith(
        "RowExplanation(row 0, "
    )
    unit = ds.explain_unit(DEEP, X, Y, layer="layer2", unit=4)
    assert repr(unit).startswith("UnitExplanation(unit 4 of layer2, all rows, mean activation=")


def test_an_ensemble_has_no_one_derivation() -> None:
    with pytest.raises(
        ds.DownslopeError, match="network needs one network, not an ensemble of 2; take a member"
    ):
        ds.explain(ds.Ensemble([NEURON, NEURON]), X, Y)


@pytest.mark.parametrize("row", [-1, 5, True, 0.5])
def test_rows_of_every_derivation_are_checked(row) -> None:
    for explain in (
        ds.explain,
        ds.explain_row,
        lambda *a, **k: ds.explain_unit(*a, layer="layer1", unit=1, **k),
    ):
        with pytest.raises(ds.DownslopeError, match="row needs a whole number"):
            explain(NEURON, X, Y, row=row)


def test_functions_of_ones_own_are_written_out() -> None:
    """An activation and a loss from a script: what they are, and their derivatives in symbols and numbers."""
    layers = [ds.Dense(3, lambda z: z * ds.ops.sigmoid(2 * z)), ds.Dense(1)]
    network = ds.Network(2, layers, loss=lambda output, target: (target - output) ** 4)
    x, y = np.array([[0.5, -0.3], [-0.7, 1.2]]), np.array([1.0, 2.0])
    one_row = str(ds.explain(network, x, y, row=0, of="W1[1,2]"))
    assert "φ⁽¹⁾(z⁽¹⁾ₖ) = z⁽¹⁾ₖ·σ(2·z⁽¹⁾ₖ)" in one_row
    assert re.search(r"φ′⁽¹⁾\(z⁽¹⁾₁\) = [^=]*σ[^=]* = [^=]*σ[^=]* = [−.\d]+\n", one_row)
    assert "E = ((y − z⁽²⁾)²)² = ((1 − " in one_row
    assert re.search(r"δ⁽²⁾ = ∂E/∂z⁽²⁾ = [^=]*y − z⁽²⁾[^=]* = [^=]*1 − [^=]* = [−.\d]+\n", one_row)
    all_rows = str(ds.explain(network, x, y, of="W1[1,2]"))
    assert "φ⁽¹⁾(z⁽¹⁾ₖ) = z⁽¹⁾ₖ·σ(2·z⁽¹⁾ₖ)" in all_rows
    assert "δ⁽¹⁾ = (W⁽²⁾ᵀ·δ⁽²⁾) ⊙ φ′⁽¹⁾(z⁽¹⁾)" in all_rows
