"""What the extension is given is checked there: sizes, shapes, dtypes, indices, and where the memory ends."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from downslope.engines.native._plan import tape_arguments
from downslope.engines.native.lowering import lower
from downslope.training import OPTIMIZERS, training_program
from networks import NETWORKS

native = pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")


def lowered(name, bfloat16=False):
    """The tape of a training step and the value of its error."""
    program = training_program(NETWORKS[name], OPTIMIZERS["adam"])
    tape = lower([program.graph.error], dict(program.assignments), bfloat16=bfloat16)
    return tape, tape.outputs[0]


EMBEDDING = lowered("embedding")


@pytest.fixture
def machine():
    """A machine of a full training step, and what a run of it is given, by name."""
    tape, watched = EMBEDDING
    machine = native.FloatMachine(native.Tape(*tape_arguments(tape, watched)))
    rows = np.ones((40, 5), np.float32)
    scalars = np.ones((2, sum(leaf.shape == () for leaf in tape.leaves)))
    return machine, {
        "columns": [
            rows[:, : c.shape[1]].copy() if len(c.shape) == 2 else rows[:, 0].copy() for c in tape.columns
        ],
        "stores": [],
        "order": np.arange(40),
        "first": 0,
        "rows": 40,
        "batch": 20,
        "rounds": 1,
        "scalars": scalars,
        "seed": 0,
        "draw": 1,
        "threads": 2,
        "watched": np.zeros(2),
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"columns": []}, "the tape needs 3 columns, not 0"),
        ({"columns": [np.zeros((40, 4), np.float32)] * 3}, "numbers a row"),
        ({"columns": [np.zeros((2, 2, 2), np.float32)] * 3}, "one or two axes"),
        ({"columns": [np.float32(1)] * 3}, "one or two axes"),
        ({"stores": [np.zeros((40, 1), np.float32)]}, "the tape needs 0 stores, not 1"),
        ({"order": np.arange(39)}, "fewer rows than the steps"),
        ({"order": np.arange(40).reshape(8, 5)}, "fewer rows than the steps"),
        ({"order": np.arange(1, 41)}, "a row that is not there"),
        ({"order": np.arange(-1, 39)}, "a row that is not there"),
        ({"order": np.full(40, -(2**63))}, "a row that is not there"),
        ({"order": None, "first": 1}, "rows that are not there"),
        ({"order": None, "first": -1}, "rows that are not there"),
        ({"order": None, "first": 2**63 - 1}, "rows that are not there"),
        ({"rows": 0}, "at least one row"),
        ({"rows": -3}, "at least one row"),
        ({"rows": 2**63 - 1}, "too many rows"),
        ({"batch": 0}, "at least one row"),
        ({"batch": 1}, "more steps than places"),
        ({"rounds": -1}, "at least one row"),
        ({"rounds": 2}, "more steps than places"),
        ({"rounds": 2**63 - 1}, "more steps than places"),
        ({"scalars": np.ones((1, 2))}, "needs its scalar inputs"),
        ({"scalars": np.ones(0)}, "needs its scalar inputs"),
        ({"scalars": None}, "needs its scalar inputs"),
        ({"watched": np.zeros(1)}, "more steps than places"),
        ({"watched": None}, "more steps than places"),
        ({"watched": np.zeros((2, 1))}, "more steps than places"),
        ({"places": np.arange(39)}, "fewer places than rows"),
        ({"places": np.arange(-1, 39)}, "a place that no batch has"),
        ({"ends": np.array([20, 39])}, "does not end with the rows"),
        ({"ends": np.zeros(0, np.int64)}, "does not end with the rows"),
        ({"ends": np.array([0, 40])}, "no rows, or more than a batch"),
        ({"ends": np.array([41, 40])}, "no rows, or more than a batch"),
        ({"ends": np.array([2, 40])}, "no rows, or more than a batch"),
        ({"ends": np.array([40]), "rounds": 2}, "go over the rows once"),
    ],
)
def test_a_run_is_refused(machine, wrong, said):
    machine, given = machine
    with pytest.raises(ValueError, match=said):
        machine.run(**{**given, **wrong})
    machine.run(**given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": [np.zeros((40, 5), "U1")] * 3},
        {"order": np.full(40, 0.5)},
        {"watched": np.zeros(2, np.float32)},
        {"watched": np.zeros(4)[::2]},
        {"rows": 2**63},
        {"first": None},
        {"threads": 2**40},
    ],
)
def test_arrays_of_other_dtypes_and_layouts_are_refused(machine, wrong):
    machine, given = machine
    with pytest.raises(TypeError):
        machine.run(**{**given, **wrong})


@pytest.mark.parametrize(
    ("threads", "batch"), [(-(2**31), 20), (-1, 40), (0, 41), (1, 2**63 - 1), (3, 20), (300, 20)]
)
def test_any_number_of_threads_and_any_batch_runs(machine, threads, batch):
    machine, given = machine
    machine.run(**{**given, "threads": threads, "batch": batch})


def test_matrices_and_scalars_are_checked(machine):
    machine, given = machine
    tape, watched = EMBEDDING
    matrix = next(value for leaf, value in tape.leaves.items() if len(leaf.shape) == 2)
    rows, columns = tape.values[matrix].rows, tape.values[matrix].columns
    for value in (-1, len(tape.values), 2**31 - 1, watched):
        for call in (machine.set, machine.get):
            with pytest.raises(ValueError, match="value"):
                call(value, np.zeros((rows, columns), np.float32))
    for shape in ((rows, columns + 1), (rows - 1, columns), (0,)):
        for call in (machine.set, machine.get):
            with pytest.raises(ValueError, match=f"{rows} x {columns} numbers, not"):
                call(matrix, np.zeros(shape, np.float32))
    with pytest.raises(TypeError):
        machine.get(matrix, np.zeros((rows, columns)))
    frozen = np.zeros((rows, columns), np.float32)
    frozen.flags.writeable = False
    with pytest.raises(TypeError):
        machine.get(matrix, frozen)
    with pytest.raises(RuntimeError, match="before the first run"):
        machine.scalar(watched)
    with pytest.raises(RuntimeError, match="nothing was saved"):
        machine.restore()
    machine.run(**given)
    for value in (-1, len(tape.values), matrix):
        with pytest.raises(ValueError, match="no such scalar"):
            machine.scalar(value)


def test_bfloat16_needs_float32():
    tape = native.Tape(*tape_arguments(*lowered("plain", bfloat16=True)))
    with pytest.raises(ValueError, match="float32"):
        native.DoubleMachine(tape)


def test_an_order_has_one_axis():
    for shape in ((), (2, 2)):
        with pytest.raises(ValueError, match="one axis"):
            native.shuffle(np.zeros(shape, np.int64), 0, 0, 0)
    native.shuffle(np.zeros(0, np.int64), 0, 0, 0)


def test_a_machine_at_work_refuses_other_threads(machine):
    machine, given = machine
    rounds = 20_000
    long = {**given, "rounds": rounds, "threads": 1}
    long |= {"scalars": np.ones((2 * rounds, given["scalars"].shape[1])), "watched": np.zeros(2 * rounds)}
    refused = ""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(machine.run, **long)
        while not done.done() and not refused:
            try:
                machine.save()
            except RuntimeError as error:
                refused = str(error)
        done.result()
    assert refused == "the machine is at work on another thread"
    machine.run(**given)


@pytest.mark.thorough
def test_after_memory_errors_smaller_calls_give_the_right_numbers():
    """Wherever the memory ends, the same machine then works on fewer rows as if nothing had been."""
    program = """if True:
        import resource
        import numpy as np
        from downslope.engines import Plan
        from downslope.engines.native._plan import NativePlan
        from downslope.graph import gradient, input_, make, parameter

        x, w, v = input_("x", ("n", 1)), parameter("w", (1, 64)), parameter("v", (64, 32))
        h = make("tanh", x @ w)
        total = make("sum", make("square", h @ v), axes=None, keepdims=False)
        outputs = [total, *gradient(total, [w, v])]
        plan, oracle = NativePlan(outputs), Plan(outputs)
        rng = np.random.default_rng(0)
        weights = {"w": rng.normal(size=(1, 64)), "v": rng.normal(size=(64, 32))}
        many = rng.normal(size=(200_000, 1))

        def check(rows):
            values = {**weights, "x": many[:rows]}
            for found, expected in zip(plan.run(values, 2), oracle.run(values), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-10)

        check(40)
        failures = 0
        for more in range(10, 400, 13):
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            if not SANITIZED:
                resource.setrlimit(resource.RLIMIT_AS, (used + (more << 18), resource.RLIM_INFINITY))
            try:
                plan.run({**weights, "x": many[: more * 500]}, 2)
            except MemoryError:
                failures += 1
            finally:
                resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            check(41 + more)
        assert failures > 5, failures
        """
    sanitized = "asan" in os.environ.get("LD_PRELOAD", "")
    options = os.environ.get("ASAN_OPTIONS", "") + ":allocator_may_return_null=1:max_allocation_size_mb=24"
    done = subprocess.run(
        [sys.executable, "-c", program.replace("SANITIZED", str(sanitized))],
        capture_output=True,
        text=True,
        env={**os.environ, "ASAN_OPTIONS": options, "DOWNSLOPE_ENGINE": "native"},
    )
    assert done.returncode == 0, done.stderr[-2000:]


def of_ranks():
    """The arguments of the tape of a step that ranks take together; its exchanges come last."""
    network = NETWORKS["embedding"]
    program = training_program(network, OPTIMIZERS["adam"], relative=True, over_ranks=True)
    tape = lower([program.graph.error], dict(program.assignments))
    return tape, list(tape_arguments(tape, tape.outputs[0]))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda values, sent, wanted, tape: (values, sent, sent),
        lambda values, sent, wanted, tape: (values, -1, wanted),
        lambda values, sent, wanted, tape: (values, sent, tape.levels),
        lambda values, sent, wanted, tape: ([], sent, wanted),
        lambda values, sent, wanted, tape: ([*values, values[0]], sent, wanted),
        lambda values, sent, wanted, tape: ([(values[0][0], values[0][0])], sent, wanted),
        lambda values, sent, wanted, tape: ([(values[0][0], 10**6)], sent, wanted),
        lambda values, sent, wanted, tape: ([(values[0][0], tape.outputs[0])], sent, wanted),
        lambda values, sent, wanted, tape: ([(values[0][0], values[1][1])], sent, wanted),
    ],
)
def test_an_exchange_that_is_none_is_refused(wrong):
    tape, arguments = of_ranks()
    arguments[-1] = [wrong(*arguments[-1][0], tape)]
    with pytest.raises(ValueError, match="exchange"):
        native.Tape(*arguments)


@pytest.fixture
def pair(machine):
    """What a run of two machines of one tape is given, by name."""
    first, given = machine
    tape, watched = EMBEDDING
    second = native.FloatMachine(native.Tape(*tape_arguments(tape, watched)))
    together = {n: v for n, v in given.items() if n not in ("stores", "first")}
    return {**together, "machines": [first, second], "scalars": [given["scalars"]] * 2, "factor": 0.5}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"machines": []}, "scalars each"),
        ({"machines": [None, None]}, "None is no machine"),
        ({"scalars": []}, "scalars each"),
        ({"scalars": [np.ones(0)] * 2}, "needs its scalar inputs"),
        ({"columns": []}, "the tape needs 3 columns, not 0"),
        ({"columns": [np.zeros((40, 4), np.float32)] * 3}, "numbers a row"),
        ({"order": np.arange(1, 41)}, "a row that is not there"),
        ({"order": None, "rows": 41}, "rows that are not there"),
        ({"rows": 0}, "at least one row"),
        ({"batch": 0}, "at least one row"),
        ({"rounds": 2}, "more steps than places"),
        ({"watched": np.zeros(1)}, "more steps than places"),
    ],
)
def test_machines_that_run_together_refuse_what_does_not_fit(pair, wrong, said) -> None:
    with pytest.raises(ValueError, match=said):
        native.FloatMachine.run_together(**{**pair, **wrong})


def test_a_machine_does_not_run_beside_itself(pair) -> None:
    with pytest.raises(RuntimeError, match="at work"):
        native.FloatMachine.run_together(**{**pair, "machines": pair["machines"][:1] * 2})
    native.FloatMachine.run_together(**pair)  # it is free again
    assert [machine.known for machine in pair["machines"]] == [2, 2]


def test_machines_that_watch_nothing_or_store_do_not_run_together(pair) -> None:
    tape, _ = EMBEDDING
    blind = native.FloatMachine(native.Tape(*tape_arguments(tape, -1)))
    with pytest.raises(ValueError, match="watch a scalar"):
        native.FloatMachine.run_together(**{**pair, "machines": [pair["machines"][0], blind]})


def test_exchanges_of_a_machine():
    tape, arguments = of_ranks()
    machine = native.FloatMachine(native.Tape(*arguments))
    sent = machine.exchanged(0)
    assert sent.dtype == np.float32
    assert len(sent) % 32 == 0
    assert len(sent) >= sum(tape.values[v].rows * tape.values[v].columns for v, _ in tape.exchanges[0].values)
    del machine
    sent[:] = 1  # whose memory stays
    machine = native.FloatMachine(native.Tape(*arguments))
    with pytest.raises(ValueError, match="there is no such exchange"):
        machine.exchanged(1)
    alone, watched = EMBEDDING
    machine = native.FloatMachine(native.Tape(*tape_arguments(alone, watched)))
    for call in (lambda: machine.serve(True), machine.next_exchange, lambda: machine.answer(True)):
        with pytest.raises(ValueError, match="no exchanges"):
            call()
