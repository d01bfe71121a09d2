"""What derivations print is true: read back from each notation and computed from the printed numbers."""

import re

import numpy as np
import pytest
from checking import context_of, faults
from formulas import Unreadable, chain_of, lex_latex, lex_text, read_html, read_markdown, read_text
from random_derivations import random_case

import downslope as ds
from thorough import first


def formulas_and_words(items: tuple) -> tuple[list, list[str]]:
    """Formulas and tables, and every word of the sentences, however they are broken into lines."""
    words = " ".join(item for item in items if isinstance(item, str)).split()
    return [item for item in items if not isinstance(item, str)], words


def sections(explanation) -> list:
    """The derivation as all three notations say it."""
    text = read_text(str(explanation))
    for other in (read_markdown(explanation.markdown()), read_html(explanation.html())):
        assert [formulas_and_words(s.items) for s in other] == [formulas_and_words(s.items) for s in text]
    return text


@pytest.mark.parametrize("seed", first(2, range(120)))
def test_every_formula_of_a_random_network(seed: int) -> None:
    case = random_case(seed)
    draw = np.random.default_rng(1000 + seed)
    given = {"parameters": case.parameters}
    row = int(draw.integers(len(case.x)))
    one = context_of(case.network, case.parameters, case.x, case.y, row=row, η=0.01)
    every = context_of(case.network, case.parameters, case.x, case.y, case.weights, η=0.01)
    for _ in range(3):
        name = str(draw.choice(list(case.parameters)))
        of = (name, *(1 + int(draw.integers(n)) for n in case.parameters[name].shape))
        of_one = ds.explain(case.network, case.x, case.y, of=of, row=row, **given)
        assert faults(sections(of_one), one) == []
        of_all = ds.explain(case.network, case.x, case.y, of=of, row_weights=case.weights, **given)
        assert faults(sections(of_all), every) == []
    assert faults(sections(ds.explain_row(case.network, case.x, case.y, row=row, **given)), one) == []
    dense = [stage for stage in case.network.graph().stages if stage.kind == "Dense"]
    stage = dense[int(draw.integers(len(dense)))]
    unit = int(draw.integers(stage.node.shape[1]))
    plain = context_of(case.network, case.parameters, case.x, case.y)
    for chosen in (None, row):
        unit_explanation = ds.explain_unit(
            case.network, case.x, case.y, layer=stage.layer, unit=unit + 1, row=chosen, **given
        )
        for section in sections(unit_explanation):
            rows = plain if chosen is None or section.heading == "Over the rows" else one
            assert faults([section], rows) == []


TWO_OUTPUTS = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]
FAULTS = {
    # a network, the explanation of it, what it prints, and what it printed once
    "parentheses": ("outputs", {"row": 0}, "1/2·(σ(z⁽²⁾) − y) =", "1/2 · σ(z⁽²⁾) − y ="),
    "a sum in Σ": ("outputs", {"row": 0}, "(softplus(z⁽²⁾ₖ) − yₖ·z⁽²⁾ₖ)", "softplus(z⁽²⁾ₖ) − yₖ·z⁽²⁾ₖ"),
    "the output is an activation": ("bent", {"row": 0}, "(a⁽²⁾ₖ) − yₖ·a⁽²⁾ₖ)", "(z⁽²⁾ₖ) − yₖ·z⁽²⁾ₖ)"),
    "recursion below an activation": ("bent", {"of": "W2[1,1]"}, "∂Eᵣ/∂a⁽²⁾ ⊙", "(W⁽³⁾ᵀ·δ⁽³⁾) ⊙"),
    "recursion below LayerNorm": ("norm", {}, "= ∂Eᵣ/∂a⁽¹⁾ ⊙ tanh′(z⁽¹⁾)", "= (W⁽³⁾ᵀ·δ⁽³⁾) ⊙ tanh′(z⁽¹⁾)"),
    "recursion at Residual": ("residual", {}, "+ ∂Eᵣ/∂r⁽¹⁾", ""),
    "two embedded columns": ("embeddings", {"row": 0, "all": True}, "T⁽¹⁾₃,", "T⁽¹⁾₂,"),
    "slope and offset": ("numbers", {"row": 0, "all": True}, "∂E/∂c⁽¹⁾", "∂E/∂s⁽¹⁾"),
    "two layers of one name": ("numbers", {"row": 0, "all": True}, "e⁽¹⁾ =", "z⁽¹⁾ ="),
    "φ for a density": ("gelu", {"row": 0}, "exp(−(z⁽¹⁾₁)²/2)/√(2·π)", "φ(z⁽¹⁾₁)"),
    "an unweighted mean": ("norm", {"row_weights": [1, 2, 3, 4]}, "weighted mean over rows of", "average of"),
    "ASCII minus": ("outputs", {"learning_rate": 1e-5}, "η of 1e−5", "η of 1e-05"),
    "E for a row and for the mean": ("outputs", {}, "∂E/∂W⁽¹⁾₁,₁ = mean", "∂Eᵣ/∂W⁽¹⁾₁,₁ = mean"),
    "E with and without penalties": ("outputs", {"row": 0}, "∂J/", "∂E/"),
    "the whole vector": ("norm", {"of": ("layer2.scale", 2)}, "·ĥ⁽²⁾₂ =", "·ĥ⁽²⁾ ="),
    "· for ⊙": ("norm", {"row": 0}, "γ⁽²⁾ ⊙ ĥ⁽²⁾", "γ⁽²⁾·ĥ⁽²⁾"),
    "a level that is left out": ("levels", {"row": 0}, "qₖ·(yₖ − z⁽²⁾ₖ) if", "0.5·(yₖ − z⁽²⁾ₖ) if"),
    "a class counted from 0": ("classes", {"row": 0}, "onehot(y)", "onehot(k)"),
    "a slope below 0": ("leaky", {"row": 0}, "; 0.2 else}", "; 0.01 else}"),
    "rounding as a sum": ("constant", {}, "the others add 0 to", "the others add 1.08e−19 to"),
}  # fmt: skip
NETWORKS = {
    "outputs": ds.Network(3, [ds.Dense(3, "tanh"), ds.Dense(2)], "binary_cross_entropy", l1=0.1, l2=0.2),
    "bent": ds.Network(3, [ds.Dense(3, "tanh"), ds.Dense(2, "tanh")], "binary_cross_entropy"),
    "norm": ds.Network(3, [ds.Dense(3, "tanh"), ds.LayerNorm(), ds.Dense(2)]),
    "residual": ds.Network(3, [ds.Dense(3), ds.Residual((ds.Dense(2, "tanh"), ds.Dense(3))), ds.Dense(2)]),
    "embeddings": ds.Network(3, [ds.Embedding((1, 2), (3, 3), (1, 1)), ds.Dense(2), ds.Dense(2)]),
    "numbers": ds.Network(3, [ds.PiecewiseLinear((0,), ((-9.0, 9.0),)), ds.Dense(1), ds.Dense(2)]),
    "gelu": ds.Network(3, [ds.Dense(3, "gelu"), ds.Dense(2)]),
    "levels": ds.Network(3, [ds.Dense(2), ds.Dense(2)], ds.Quantile((0.2, 0.9))),
    "classes": ds.Network(3, [ds.Dense(2), ds.Dense(2)], "cross_entropy"),
    "leaky": ds.Network(3, [ds.Dense(2, ds.LeakyRelu(slope=0.2)), ds.Dense(2)]),
    "constant": ds.Network(3, [ds.Dense(1, bias=False)]),
}


def explained(kind: str, settings: dict):
    """The explanation of a network of the table, and what its symbols stand for."""
    draw = np.random.default_rng(1)
    network = NETWORKS[kind]
    x = draw.normal(size=(4, 3))
    if kind == "embeddings":
        x[:, 1:] = [[0, 2], [1, 0], [2, 1], [2, 2]]
    y = [0, 1, 1, 0] if kind == "classes" else TWO_OUTPUTS
    parameters = {n: v + draw.normal(size=v.shape) / 3 for n, v in network.initial_parameters(0).items()}
    if kind == "constant":
        x, y = np.tile([[1.0, 1, 1], [-1.0, 1, 1]], (10, 1)), np.zeros(20)
        parameters["layer1.weight"][:] = [[1e-17, 0.0, 1.0]]
    given = {k: v for k, v in settings.items() if k != "all"}
    explain = ds.explain_row if settings.get("all") else ds.explain
    explanation = explain(network, x, y, parameters=parameters, **given)
    rate = settings.get("learning_rate", 0.01)
    weights, row = settings.get("row_weights"), settings.get("row")
    return explanation, context_of(network, parameters, x, y, weights, row, η=rate)


@pytest.mark.parametrize("name", first(7, list(FAULTS)))
def test_faults_that_were_printed_once_are_found(name: str) -> None:
    kind, settings, right, wrong = FAULTS[name]
    explanation, context = explained(kind, settings)
    text = str(explanation)
    assert right in text
    assert faults(read_text(text), context) == []
    assert faults(read_text(text.replace(right, wrong)), context)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", first(1, ["residual", "gelu", "norm"]))
def test_every_wrong_digit_is_found(kind: str) -> None:
    """Each number of every formula, one after the other, made larger by a hundredth."""
    explanation, context = explained(kind, {"row": 0})
    lines = str(explanation).split("\n")
    for i, line in enumerate(lines):
        for number in (
            re.finditer(r"\d+\.\d+(?!\d*e)", line) if line.startswith("  ") and "←" not in line else []
        ):
            more = f"{float(number.group()) * 1.01:.6g}"
            changed = [*lines[:i], line[: number.start()] + more + line[number.end() :], *lines[i + 1 :]]
            assert faults(read_text("\n".join(changed)), context), changed[i]


@pytest.mark.parametrize(
    ("lexer", "formula"),
    [
        (lex_text, "x = 1.5e−9² = 0"),
        (lex_latex, r"x = {1.5 \cdot 10^{-9}}^{2} = 0"),
        (lex_text, "x = 2·"),
        (lex_text, "x = (1, 2"),
        (lex_latex, r"x = \frac{1}{2"),
    ],
)
def test_formulas_with_no_meaning_or_with_two_are_not_read(lexer, formula: str) -> None:
    with pytest.raises(Unreadable):
        chain_of(lexer(formula))
