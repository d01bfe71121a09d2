"""The derivation of a step about to be taken: its rows, its dropout, and the rule of its optimizer."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from downslope.insight import (
    NextStep,
    explanation_of_row,
    explanation_of_unit,
    explanation_of_weight,
    position_of,
)
from downslope.training import Frozen, training_program

RULES = {
    "sgd": ds.Sgd(),
    "momentum": ds.Sgd(0.9),
    "nesterov": ds.Sgd(0.9, nesterov=True),
    "adam": ds.Adam(),
    "adamw": ds.AdamW(weight_decay=0.3),
    "rmsprop": ds.RMSprop(),
    "adagrad": ds.Adagrad(),
}
DROPS = ds.Network(3, [ds.Dense(6, "tanh"), ds.Dropout(0.4), ds.Dense(1)], l1=0.02, l2=0.1)
PLAIN = ds.Network(3, [ds.Dense(6, "tanh"), ds.Dense(1)])
RATE = 0.03


def given(program, values, data, rows, number):
    batch = {name: column[rows] for name, column in data.items()}
    return {**values, **batch, "seed": 7, "draw": number, "learning_rate": RATE, "step": number}


def step_after(network, rule, steps=3, clip_norm=None, size=5):
    """The step after some that the reference engine took."""
    draw = np.random.default_rng(0)
    program = training_program(network, rule, clip_norm=clip_norm)
    x = draw.normal(size=(20, 3))
    data = {"x": x, "y": np.sin(x[:, :1]), "row_weights": np.ones(20)}
    values = {n: v + draw.normal(size=v.shape) for n, v in network.initial_parameters(1).items()}
    values |= {n: np.zeros([int(d) for d in node.shape]) for n, node in program.states.items()}
    for number in range(1, steps + 1):
        rows = draw.permutation(20)[:size]
        new = evaluate([program.updates[n] for n in values], given(program, values, data, rows, number))
        values = dict(zip(values, new, strict=True))
    rows = draw.permutation(20)[:size]
    slopes = evaluate(list(program.gradients.values()), given(program, values, data, rows, steps + 1))
    gradients = dict(zip(program.gradients, slopes, strict=True))
    return NextStep(network, program, values, gradients, data, rows, RATE, steps + 1, 7)


def after(step):
    """Where the reference engine arrives."""
    program = step.program
    found = given(program, step.values, step.data, step.rows, step.number)
    return dict(zip(program.updates, evaluate(list(program.updates.values()), found), strict=True))


def formulas(explanation, heading):
    """The chains of a block: the letter, and what it is said to be."""
    block = str(explanation).split(f"\n{heading}")[1].split("\n\n")[0]
    joined = re.sub(r"\n {4,}", " ", block)
    for line in joined.split("\n"):
        if line.startswith("  ") and re.search(r" [=←] ", line):
            yield [part.strip() for part in re.split(r" [=←] ", line)]


def number_of(formula, letters):
    """The number that a formula comes to, read as a person reads it."""
    for letter, value in sorted(letters.items(), key=lambda item: -len(item[0])):
        known = rf"(?<![a-z]){re.escape(letter)}(?![a-z\u0302])"
        formula = re.sub(known, f"({value!r})", formula)
    formula = re.sub(r"(\d)e−", r"\1e-", formula).replace("−", "-").replace("·", "*").replace("√", "sqrt")
    formula = formula.replace("^", "**")
    powers = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    formula = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{found[0].translate(powers)}", formula)
    return eval(formula, {"sqrt": math.sqrt, "max": max, "sign": np.sign, "__builtins__": {}})


@pytest.mark.parametrize("clip_norm", [None, 0.02])
@pytest.mark.parametrize("network", [PLAIN, DROPS], ids=["plain", "dropout, penalties"])
@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_written_out_and_comes_to_where_the_step_arrives(rule, network, clip_norm):
    step = step_after(network, RULES[rule], clip_norm=clip_norm)
    arrived = after(step)
    for of, symbol in (("W1[2,3]", "W⁽¹⁾₂,₃"), ("b1[4]", "b⁽¹⁾₄"), ("W2[1,5]", "W⁽²⁾₁,₅")):
        position = position_of(network, of)
        told = explanation_of_weight(step, position, None, None)
        wanted = float(arrived[position.name][position.index])
        assert told.gradient == step.gradients[position.name][position.index]
        assert told.updated == pytest.approx(wanted, rel=1e-14)
        letters = {symbol: told.value, "η": RATE, "t": 4.0}
        letters |= {"λ₁": network.l1, "λ₂": network.l2}
        program = step.program
        for name, (owner, slot) in program.slots.items():
            if owner == position.name:
                letter = {"velocity": "v", "mean": "m", "square": "v"}[slot]
                letters[letter] = float(step.values[name][position.index])
        chains = list(formulas(told, "The update of step 4"))
        for name, *parts in chains:
            value = number_of(parts[-1], {})
            letters.setdefault(f"∂E/∂{symbol}", told.gradient)
            if not name.startswith(("∂", "G")):
                for part in parts[:-1]:
                    assert number_of(part, letters) == pytest.approx(value, rel=2e-5), (name, part)
            letters[name] = value
        assert chains[-1][0] == symbol
        assert number_of(chains[-1][-1], {}) == pytest.approx(wanted, rel=1e-9)


def test_frozen_numbers_stay():
    step = step_after(PLAIN, Frozen(ds.Adam()))
    mask = step.values["layer1.weight.frozen"].copy()
    mask[1, 2] = 1
    step = replace(step, values={**step.values, "layer1.weight.frozen": mask})
    stays = explanation_of_weight(step, position_of(PLAIN, "W1[2,3]"), None, None)
    moves = explanation_of_weight(step, position_of(PLAIN, "W1[2,1]"), None, None)
    assert stays.updated == stays.value
    assert "W⁽¹⁾₂,₃ is frozen. The step leaves it as it is." in str(stays)
    assert "frozen" not in str(moves)
    assert moves.updated == pytest.approx(after(step)["layer1.weight"][1, 0], rel=1e-14)


def test_rows_of_the_step_and_others():
    """The rows of a step make its gradient; each is as dropout has it in that step."""
    step = step_after(DROPS, ds.Adam())
    position = position_of(DROPS, "W1[2,3]")
    plain = float(step.data_gradient(position.name)[position.index])
    own = []
    for row in step.rows:
        told = explanation_of_weight(step, position, int(row), None)
        own.append(np.prod(told.factors))
        assert "Step 4 takes 5 of the 20 rows, this one among them" in str(told)
        assert told.updated == pytest.approx(after(step)[position.name][position.index], rel=1e-14)
        as_row = explanation_of_row(step, int(row)).gradients[position.name][position.index]
        assert as_row == pytest.approx(own[-1], rel=1e-12, abs=1e-15)
    assert np.mean(own) == pytest.approx(plain, rel=1e-12)
    other = next(r for r in range(20) if r not in step.rows)
    told = explanation_of_weight(step, position, other, None)
    rest = ds.explain(
        replace(DROPS, l1=0.0, l2=0.0),
        step.data["x"],
        step.data["y"],
        of="W1[2,3]",
        row=other,
        parameters={n: step.values[n] for n in DROPS.graph().parameters},
    )
    assert "not this one" in str(told)
    assert np.prod(told.factors) == pytest.approx(rest.gradient, rel=1e-12)
    unit = explanation_of_unit(step, "layer1", 4, None)
    assert unit.deltas.mean() == pytest.approx(step.gradients["layer1.bias"][3], rel=1e-12)


def test_a_table_of_the_first_rows_keeps_the_gradient_of_all():
    step = step_after(DROPS, ds.Adam(), size=20)
    position = position_of(DROPS, "W1[2,3]")
    some = explanation_of_weight(replace(step, most_rows=6), position, None, None)
    assert (some.gradient, len(some.factors)) == (step.gradients[position.name][position.index], 6)
    plain = float(step.data_gradient(position.name)[position.index])
    assert plain == pytest.approx(
        np.mean(np.prod(explanation_of_weight(step, position, None, None).factors, axis=1))
    )
    found = re.search(
        r"These 6 of 20 rows weigh most, of the first 6 that were looked at; the others add (\S+) ",
        str(some).replace("\n", " "),
    )
    assert number_of(found[1], {}) == pytest.approx(
        plain - np.prod(some.factors, axis=1).sum() / 20, rel=1e-5
    )


def test_letters_with_a_hat_in_every_notation():
    step = step_after(PLAIN, ds.Adam())
    told = explanation_of_weight(step, position_of(PLAIN, "W1[2,3]"), None, None)
    assert "m̂ = m/(1 − 0.9^t)" in str(told)
    assert r"\hat{m} = \frac{m}{1-{0.9}^{t}}" in told.markdown()
    assert '<mover accent="true"><mi>m</mi><mo>^</mo></mover>' in told.html()
