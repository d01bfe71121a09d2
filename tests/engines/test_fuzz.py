"""Whatever a tape, an array or a file says, the engine stays within its buffers and raises an exception.

``make sanitize`` runs this with AddressSanitizer, which sees every step outside; else only a crash fails.
"""

from copy import deepcopy

import numpy as np
import pytest

from downslope.engines.native._plan import tape_arguments
from downslope.engines.native.lowering import Form, Kind, Opcode, lower
from downslope.graph import gradient, input_, make, parameter
from downslope.training import OPTIMIZERS, training_program
from networks import NETWORKS
from thorough import first

native = pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")

REFUSED = (ValueError, TypeError, MemoryError, OverflowError, RuntimeError)
NUMBERS = [-(2**62), -(2**31), -2, -1, *range(9), 15, 16, 17, 31, 32, 33, 63, 64, 65, 2**31 - 1, 2**40, 2**62]


def tapes():
    """Lowered programs that have every opcode, and more kinds of values than any one network."""
    found = {}
    for name in ("plain", *(n for n in NETWORKS if n != "plain")):
        program = training_program(NETWORKS[name], OPTIMIZERS["adamw"], clip_norm=1.0)
        for bfloat16 in (False, True):
            tape = lower([program.graph.error], dict(program.assignments), bfloat16=bfloat16)
            found[name, bfloat16] = tape, tape.outputs[0]
        if name in ("fixed", "embedding", "residual"):
            found[f"{name} at a point", False] = lower([program.graph.prediction], at_point=True), -1
    x, w, one = input_("x", ("n", 5)), parameter("w", (5, 3)), parameter("one", (1,))
    prediction, square = make("softmax", x @ w * one), w.T @ w
    slopes = gradient(make("sum", prediction, axes=None, keepdims=False), [w])
    sums = [make("sum", square, axes=(axis,), keepdims=axis == 1) for axis in (0, 1)]
    column = make("sum", input_("row_weights", ("n",)), axes=None, keepdims=False)
    found["plan", False] = lower([prediction, w.T * 1.0, w.T, make("rows", x), column, *sums, *slopes]), -1
    return found


TAPES = tapes()


def test_the_tapes_have_every_opcode_view_and_form():
    instructions = [i for tape, _ in TAPES.values() for i in tape.instructions]
    assert {i.opcode for i in instructions} == set(Opcode)
    assert {v.form for tape, _ in TAPES.values() for v in tape.values} == set(Form)


def leaves(tree, path=()):
    """The path of every number in nested sequences."""
    if isinstance(tree, list | tuple):
        for n, part in enumerate(tree):
            yield from leaves(part, (*path, n))
    else:
        yield path


def as_lists(tree):
    return [as_lists(part) for part in tree] if isinstance(tree, list | tuple) else tree


def mutated(arguments, rng):
    """The arguments of a tape with a few numbers changed, instructions dropped, doubled or swapped."""
    given = as_lists(arguments)
    for _ in range(rng.integers(1, 4)):
        kind = rng.integers(8)
        instructions = given[1]
        if kind == 0 and instructions:
            instructions.pop(rng.integers(len(instructions)))
        elif kind == 1 and instructions:
            instructions.insert(
                rng.integers(len(instructions)), deepcopy(instructions[rng.integers(len(instructions))])
            )
        elif kind == 2 and instructions:
            a, b = rng.integers(len(instructions), size=2)
            field = rng.integers(len(instructions[a]))
            instructions[a][field], instructions[b][field] = instructions[b][field], instructions[a][field]
        else:
            paths = list(leaves(given))
            *path, last = paths[rng.integers(len(paths))]
            target = given
            for n in path:
                target = target[n]
            old = target[last]
            near = int(old) + int(rng.integers(-2, 3)) if abs(old) < 2**50 else 0
            new = NUMBERS[rng.integers(len(NUMBERS))] if rng.random() < 0.5 else near
            target[last] = (
                bool(new & 1) if isinstance(old, bool) else float(new) if isinstance(old, float) else new
            )
    return given


def run(given, dtype, rng):
    """Build the tape and run it on arrays of the sizes that it asks for, or of others."""
    values, instructions, levels, scalars, constants, updated, mirrors, watched, stop_level = given
    tape = native.Tape(
        [tuple(v) for v in values],
        [(*i[:5], [tuple(s) for s in i[5]], [tuple(o) for o in i[6]], *i[7:]) for i in instructions],
        levels,
        scalars,
        [tuple(c) for c in constants],
        updated,
        [tuple(m) for m in mirrors],
        watched,
        stop_level,
    )
    machine = (native.FloatMachine if dtype == np.float32 else native.DoubleMachine)(tape)
    widths, stores = {}, {}
    for i in instructions:
        if i[0] == Opcode.LOAD:
            widths[i[3][0]] = values[i[3][1] if i[3][1] >= 0 else i[3][2]][2]
        if i[0] == Opcode.COLUMN_TOTAL:
            widths.setdefault(i[3][0], i[3][1] + 1)
        if i[0] == Opcode.STORE:
            stores[i[3][0]] = values[i[3][1]][2]

    def arrays(of, rows):
        return [
            (rng.standard_normal((rows, of.get(n, 1))) * rng.choice([1.0, 3.0, 1e30])).astype(dtype)
            for n in range(max(of, default=-1) + 1)
        ]

    fixed = [n for n, v in enumerate(values) if v[0] == Kind.MATRIX and v[1] == Form.NUMBERS and v[2]]
    for _ in range(3):
        rows = int(rng.choice([1, 5, 32, 33, 130, 300]))
        batch = int(rng.choice([1, 31, 64, rows, 10**6]))
        rounds = int(rng.integers(0, 3))
        count = -(-rows // batch) * rounds
        for n in fixed:
            if values[n][2] * values[n][3] < 10**6:
                machine.set(n, rng.standard_normal(values[n][2:4]).astype(dtype))
        order = rng.integers(0, rows, rows) if rng.random() < 0.5 else None
        machine.run(
            arrays(widths, rows),
            arrays(stores, rows),
            order,
            0,
            rows,
            batch,
            rounds,
            np.zeros((count, len(scalars))),
            1,
            2,
            int(rng.integers(1, 4)),
            np.empty(count),
        )
        for n in fixed:
            out = np.empty(values[n][2:4], dtype)
            machine.get(n, out)
        machine.save()
        machine.restore()
        machine.finite()


@pytest.mark.parametrize("part", first(1, range(20)))
@pytest.mark.parametrize("name", first(5, sorted(TAPES, key=str)), ids=str)
def test_mutated_tapes(name, part):
    rng = np.random.default_rng([part, list(TAPES).index(name)])
    arguments = tape_arguments(*TAPES[name])
    dtype = np.float32 if name[1] or rng.random() < 0.5 else np.float64
    run(as_lists(arguments), dtype, rng)  # as it is, it runs
    for _ in range(10):
        given = mutated(arguments, rng)
        try:
            run(given, dtype, rng)
        except REFUSED:
            continue
