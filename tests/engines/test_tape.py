"""The printed tape: what the engine runs computes the nodes of the program, and is told as such."""

import json
import sys
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from textwrap import dedent

import pytest

import downslope as ds
from downslope.engines.native.tape import Opcode, step_tape
from downslope.graph import topological
from downslope.graph.notation import text
from downslope.insight.step_tape._instructions import WORDS, formulas
from downslope.insight.step_tape._names import Names
from downslope.insight.step_tape._reader import Reader
from downslope.training import OPTIMIZERS, training_program
from networks import NETWORKS
from thorough import one_in

RULES = {**OPTIMIZERS, "nesterov": ds.Sgd(momentum=0.9, nesterov=True)}
SETTINGS = [
    {},
    {"precision": "bfloat16"},
    {"clip_norm": 1.0},
    {"clip_norm": 1.0, "clip_value": 0.5, "precision": "bfloat16"},
]
LOOKUPS = {WORDS[Opcode.BIN_PLACES], WORDS[Opcode.BIN_LOOKUP]}
NEURON = ds.Network(3, [ds.Dense(1, bias=False)])


def program_of(network, rule, settings):
    clips = {name: value for name, value in settings.items() if name != "precision"}
    return training_program(network, rule, **clips)


CASES = list(product(NETWORKS, RULES, SETTINGS))


@pytest.mark.parametrize(("name", "optimizer", "settings"), one_in(5, CASES), ids=str)
class TestEveryTape:
    @pytest.fixture
    def step(self, name, optimizer, settings):
        return ds.tape(NETWORKS[name], RULES[optimizer], **settings)

    @pytest.fixture
    def program(self, name, optimizer, settings):
        return program_of(NETWORKS[name], RULES[optimizer], settings)

    def test_computes_the_error_and_every_update(self, step, program):
        made = [f for i in step.instructions for f in i.formulas]
        updates = Counter(f.node for f in made if f.operator == "←")
        assert updates == Counter(program.updates.values())
        assert [text(f.target) for f in made if f.node is program.graph.error] == ["E"]
        # whatever it is, it is recognised: parts of sums and the way of lookups are no values of the program
        unknown = [i for i in step.instructions for f in i.formulas if f.node is None and f.home != "sums"]
        assert all(i.operation in LOOKUPS or not i.nodes for i in unknown)
        assert not unknown or step.network is NETWORKS["fixed"]

    def test_every_node_has_one_place(self, step, program):
        nodes = topological([program.graph.error, *program.updates.values()])
        computed = [node for i in step.instructions for node in i.nodes]
        loaded = {node for node in nodes if not node.inputs}
        assert len(computed) == len(set(computed))
        assert set(nodes) - loaded == (set(computed) - loaded) | set(step.read_in_place)
        assert not set(computed) & set(step.read_in_place)
        for node in step.read_in_place:
            one_feature = node.op.name == "sum" and node.inputs[0].shape == (*node.shape[:1], 1)
            assert node.op.name in ("broadcast", "transpose") or one_feature

    def test_no_thread_reads_what_another_writes_between_two_barriers(self, step):
        for i in step.instructions:
            for other in step.instructions:
                if other is i or other.level != i.level or not set(other.writes) & set(i.reads):
                    continue
                own = other.share == "alone" or other.share == i.share == "panels"
                assert own
                assert other.number < i.number

    def test_fits_the_page_and_json(self, step):
        lines = str(step).split("\n")
        assert max(map(len, lines)) <= 110
        assert all(line == line.rstrip() for line in lines)
        told = json.loads(json.dumps(step.to_json()))
        assert len(told["instructions"]) == step.summary.instructions

    def test_values_in_registers_are_no_ones(self, step):
        used = {v for i in step.instructions for v in (*i.reads, *i.writes)}
        assert used.isdisjoint(v.number for v in step.values if v.home == "registers")


def test_the_neuron_prints_as_the_documentation_shows():
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "engines.md").read_text()
    shown = page.split(">>> print(ds.tape(neuron))\n")[1].split("\n\n")[0]
    assert str(ds.tape(NEURON)) == dedent(shown).replace("<BLANKLINE>", "")


def test_what_is_printed_is_what_runs():
    pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    from downslope.engines.native._descent import _lowered

    program = training_program(NEURON, OPTIMIZERS["adam"])
    given = (program.graph.error, tuple(program.assignments.items()), True)
    assert _lowered(*given).tape is step_tape(*given)


BINS = ds.Network(
    3,
    [
        ds.PiecewiseLinear((0,), [[*range(9)]], learned=False),
        ds.Peaks((1, 2), [[*range(9)]] * 2, learned=False),
        ds.Dense(2, "tanh"),
        ds.Dense(1),
    ],
)


def test_bins_that_do_not_learn():
    step = ds.tape(BINS, "adam")
    assert max(map(len, str(step).split("\n"))) <= 110
    json.dumps(step.to_json())
    program = program_of(BINS, RULES["adam"], {})
    updates = Counter(f.node for i in step.instructions for f in i.formulas if f.operator == "←")
    assert updates == Counter(program.updates.values())
    products = [i for i in step.instructions if i.operation == "matrix product"]
    assert str(products[0].formulas[0]).startswith("z⁽¹⁾ = layer1.weight")


def test_every_instruction_has_words():
    assert set(WORDS) == set(Opcode)


def test_prints_without_the_extension(monkeypatch):
    monkeypatch.setitem(sys.modules, "downslope.engines.native._native", None)
    step = ds.tape(ds.Network(11, [ds.Dense(2, "tanh"), ds.Dense(1)]))
    assert "a⁽¹⁾ = tanh(z⁽¹⁾)" in str(step)


def test_names_are_given_only_to_what_was_computed():
    program = training_program(NEURON, OPTIMIZERS["sgd"])
    lowered = step_tape(program.graph.error, tuple(program.assignments.items()), False)

    def told(wrong_sign):
        reader = Reader(lowered, Names(program), program.slots)

        def turned(s):
            return replace(s, sources=s.sources[::-1]) if wrong_sign and s.op == "subtract" else s

        instructions = [replace(i, steps=[turned(s) for s in i.steps]) for i in lowered.instructions]
        in_order = sorted(instructions, key=lambda i: i.level)
        return "\n".join(str(f) for i in in_order for f in formulas(reader, i))

    assert "(−2)·(y − z)" in told(False)
    assert "\nδ = " in told(False)
    assert "(−2)·(z − y)" in told(True)
    assert "δ" not in told(True)


@pytest.mark.parametrize(("activation", "factor"), [("silu", "sigmoid"), ("gelu", "normal_cdf")])
def test_an_activation_and_its_derivative_share_what_is_dear(activation, factor):
    program = training_program(ds.Network(3, [ds.Dense(4, activation), ds.Dense(1)]), OPTIMIZERS["sgd"])
    lowered = step_tape(program.graph.error, tuple(program.assignments.items()), False)
    steps = Counter(s.op for i in lowered.instructions for s in i.steps)
    assert (steps[activation], steps[factor]) == (0, 1)


def test_the_summary_counts_as_the_machine_does():
    step = ds.tape(NEURON, precision="float64")
    summary, local = step.summary, sum(v.home == "thread" for v in step.values)
    columns = (3 + 1 + 1 + 1) * 8  # x, y, row_weights, δ
    assert summary.row_bytes == columns + 32 * 8 + 8 / 32  # and x turned, and a sum for each panel
    assert summary.thread_bytes == local * 4 * 32 * 8  # four panels of one feature each
    assert (summary.lasting_bytes, summary.passing_bytes) == (32 * 8, 0)
    assert (summary.products, summary.contractions) == (3, 3)
    half = ds.tape(NEURON, precision="float32").summary
    assert half.row_bytes == summary.row_bytes / 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"optimizer": "lbfgs"}, "has no tape of a step"),
        ({"optimizer": "best"}, "optimizer needs one of"),
        ({"precision": "float8"}, "precision needs one of .*, not 'float8'"),
        ({"clip_norm": -1.0}, "clip_norm needs a number above 0, not -1.0"),
    ],
)
def test_says_what_does_not_fit(given, said):
    with pytest.raises(ds.DownslopeError, match=said):
        ds.tape(NEURON, **given)


def test_an_ensemble_prints_its_members():
    pair = ds.Ensemble([NETWORKS["plain"]] * 2)
    printed = str(ds.tape(pair, optimizer="adam"))
    assert "2 networks: 5 inputs → 40 relu → 33 tanh → 1; squared_error; adam" in printed
    assert "member2.layer1.weight" in printed
