"""Networks side by side in one program: their order, their memory, and the same numbers as alone."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest

from downslope.engines import Plan
from downslope.engines.native.lowering import Kind, Opcode, footprint, in_panel, lower
from downslope.graph import gradient, input_, make, parameter
from downslope.training import OPTIMIZERS, training_program
from downslope.training.optimizers import Rules
from networks import NETWORKS

WIDTHS = (20, 64, 40, 1)


def total(node):
    return make("sum", node, axes=None, keepdims=False)


def side_by_side(members, dropout=0.0):
    """The sum of the errors of some networks on the same rows, and their updates by Adam."""
    x, y, row_weights = input_("x", ("n", WIDTHS[0])), input_("y", ("n", 1)), input_("row_weights", ("n", 4))
    seed, draw = input_("seed", ()), input_("draw", ())
    parameters, errors = [], []
    for member in members:
        h = x
        for layer, (inputs, units) in enumerate(pairwise(WIDTHS)):
            w, b = parameter(f"{member}.w{layer}", (units, inputs)), parameter(f"{member}.b{layer}", (units,))
            parameters += [w, b]
            h = h @ w.T + b
            if layer < len(WIDTHS) - 2:
                h = make("relu", h)
                if dropout:
                    stream = 10 * member + layer
                    mask = make("keep_mask", h, seed, draw, rate=dropout, stream=stream)
                    h = h * (mask * (1 / (1 - dropout)))
        error = make("sum", make("squared_error", h, y), axes=(1,), keepdims=False)
        weights = make("columns", row_weights, indices=(member,), squeeze=True)
        errors.append(total(error * weights) / total(weights))
    error = reduce(add, errors)
    rules, slopes = Rules(), gradient(error, parameters)
    for w, g in zip(parameters, slopes, strict=True):
        OPTIMIZERS["adam"].rule(rules, w, g, input_("learning_rate", ()), input_("step", ()))
    leaves = {**{w.name: w for w in parameters}, **rules.states}
    return error, {leaves[name]: new for name, new in rules.updates.items()}, slopes


def values(updates, rows=200, dtype=np.float32):
    """Data, parameters that depend on their names alone, and states of 0."""
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=(rows, 20)),
        "y": rng.normal(size=(rows, 1)),
        "row_weights": rng.random((rows, 4)),
    }
    for leaf in updates:
        start = np.random.default_rng(list(leaf.name.encode())).normal(size=leaf.shape) / 5
        data[leaf.name] = start if leaf.op.name == "parameter" else 0 * start
    return {name: np.asarray(value, dtype) for name, value in data.items()}


def tape_of(count):
    error, updates, _ = side_by_side(range(count), dropout=0.2)
    return lower([error], updates)


def lowered():
    for name, network in NETWORKS.items():
        program = training_program(network, OPTIMIZERS["adamw"], clip_norm=1.0)
        yield name, lower([program.graph.error], program.assignments)
        yield f"{name}, bfloat16", lower([program.graph.error], program.assignments, bfloat16=True)
    yield "side by side", tape_of(3)


TAPES = list(lowered())


@pytest.mark.parametrize(("name", "tape"), TAPES)
def test_what_is_read_was_made_before(name, tape):
    made = {
        *tape.leaves.values(),
        *(value for value, _ in tape.constants),
        *(form for _, form in tape.mirrors),
    }
    for i in tape.instructions:
        assert i.reads <= made | i.writes
        made |= i.writes


@pytest.mark.parametrize(("name", "tape"), TAPES)
def test_values_that_are_needed_at_once_have_places_of_their_own(name, tape):
    spans = {}
    for n, i in enumerate(tape.instructions):
        for value in i.reads | i.writes:
            if tape.values[value].local:
                spans[value] = (spans.get(value, (n,))[0], n)
    at = {v: range(tape.values[v].offset, tape.values[v].offset + in_panel(tape.values[v])) for v in spans}
    for one, (first, last) in spans.items():
        for other, (begin, end) in spans.items():
            if one < other and begin <= last and first <= end:
                assert at[one].stop <= at[other].start or at[other].stop <= at[one].start


def test_the_memory_of_a_thread_does_not_grow_with_networks_side_by_side():
    one, four = (tape_of(count) for count in (1, 4))
    assert footprint(four, 4).thread == footprint(one, 4).thread


def test_networks_side_by_side_take_one_level_more_than_one():
    one, four = tape_of(1), tape_of(4)
    assert (one.levels, four.levels) == (2, 3)


def test_panels_of_a_part_need_none_of_another():
    tape = tape_of(4)
    assert {i.part for i in tape.instructions if i.opcode == Opcode.PRODUCT} == {0, 1, 2, 3}
    part = {v: i.part for i in tape.instructions if i.opcode != Opcode.LOAD for v in i.writes}
    for i in tape.instructions:
        if i.opcode.domain == Kind.PANELS and i.opcode != Opcode.LOAD:
            panels = {v for v in i.reads if tape.values[v].kind == Kind.PANELS and v in part}
            assert {part[v] for v in panels} <= {i.part}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_agree_with_the_reference_engine(dtype):
    native = pytest.importorskip("downslope.engines.native._plan", reason="installed without a compiler")
    error, updates, slopes = side_by_side(range(3), dropout=0.2)
    given = values(updates, dtype=dtype)
    given |= {"seed": 3, "draw": 5}
    found, expected = (kind([error, *slopes]).run(given) for kind in (native.NativePlan, Plan))
    for a, b in zip(found, expected, strict=True):
        assert np.max(np.abs(a - b)) <= (1e-12 if dtype == np.float64 else 1e-5) * np.max(np.abs(b))


@pytest.mark.parametrize("threads", ["1", "2", "3", "4"])
def test_a_network_beside_others_goes_the_same_way_as_alone(threads, monkeypatch):
    native = pytest.importorskip("downslope.engines.native._descent", reason="installed without a compiler")

    def descended(members, count):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        error, updates, _ = side_by_side(members, dropout=0.2)
        given = values(updates)
        descent = native.NativeDescent(error, updates, given, 100)
        descent.put({leaf.name: given[leaf.name] for leaf in updates})
        for run in range(3):
            order = np.random.default_rng(run).permutation(200)
            first = 1 + 2 * run
            scalars = {"learning_rate": np.full(2, 0.01), "step": np.array([first, first + 1.0])}
            descent.run(order, 2, scalars, first, seed=7)
        return descent.values()

    together = descended(range(4), threads)
    for member in range(4):
        for name, value in descended([member], "1").items():
            assert np.array_equal(value, together[name])
