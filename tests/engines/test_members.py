"""Networks of one structure have a machine each: the same bits as in one program, wherever a descent ends."""

import signal

import numpy as np
import pytest

import downslope as ds
from downslope.training import training_program

descents = pytest.importorskip("downslope.engines.native._descent", reason="installed without a compiler")

ROWS = 300
X = np.random.default_rng(0).normal(size=(ROWS, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] + np.sin(X[:, 2])).astype(np.float32)
MEMBER = ds.Network(
    6, [ds.Dense(20, "silu"), ds.Dropout(0.2), ds.Dense(9, "relu"), ds.Dropout(0.1), ds.Dense(1)]
)
ADAM = ds.Adam()
LONG = 60_000  # steps


def program_of(network, **settings):
    program = training_program(network, ADAM, **settings)
    return program.graph.error, program.assignments


def members_of(network, batch=32, **settings):
    error, updates = program_of(network, **settings)
    return descents.members_of(error, tuple(updates.items()), batch)


@pytest.fixture
def one_program(monkeypatch):
    """What makes descents run all networks in one program."""
    return lambda: monkeypatch.setattr(descents, "members_of", lambda *_: None)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(
    "settings", [{}, {"precision": "bfloat16"}, {"dtype": np.float64}, {"row_weights": True}]
)
@pytest.mark.parametrize("count", [2, 5])
def test_the_bits_are_those_of_one_program(count, settings, threads, one_program) -> None:
    settings = dict(settings)
    x, y = (a.astype(settings.pop("dtype", np.float32)) for a in (X, Y))
    weights = np.random.default_rng(1).random((ROWS, count)) if settings.pop("row_weights", None) else None

    def run():
        return ds.descend(
            ds.Ensemble([MEMBER] * count),
            *(x, y),
            row_weights=weights,
            validation=ds.Folds(np.arange(ROWS) % count),
            optimizer=ds.AdamW(weight_decay=0.1),
            epochs=4,
            batch_size=32,
            threads=threads,
            seed=3,
            **settings,
        )

    assert members_of(ds.Ensemble([MEMBER] * count)) is not None
    found = run()
    one_program()
    expected = run()
    assert np.array_equal(found.losses, expected.losses)
    assert np.array_equal(found.validation_losses, expected.validation_losses)
    for name, value in expected.parameters.items():
        assert np.array_equal(found.parameters[name], value)


@pytest.mark.parametrize(
    ("network", "settings"),
    [
        (MEMBER, {}),
        (ds.Ensemble([MEMBER]), {}),
        (ds.Ensemble([MEMBER, MEMBER, ds.Network(6, [ds.Dense(1)])]), {}),
        (ds.Ensemble([MEMBER, ds.Network(6, [*MEMBER.layers[:-1], ds.Dense(1, bias=False)])]), {}),
        (ds.Ensemble([ds.Network(6, [ds.Dense(8, a), ds.Dense(1)]) for a in ("tanh", "relu")]), {}),
        (ds.Ensemble([ds.Network(6, [ds.Dropout(r), ds.Dense(1)]) for r in (0.1, 0.2)]), {}),
        (ds.Ensemble([ds.Network(6, [ds.Dense(1)], l2=0.1)] * 2), {}),
        (ds.Ensemble([MEMBER] * 2), {"clip_norm": 1.0}),
    ],
)
def test_what_is_not_alike_or_meets_stays_in_one_program(network, settings) -> None:
    assert members_of(network, **settings) is None


def test_members_whose_steps_take_long_stay_in_one_program() -> None:
    pair = ds.Ensemble([MEMBER] * 2)
    assert members_of(pair, 10_000) is not None
    assert members_of(pair, 10_000_000) is None


def descent_of(count, batch=32):
    """A descent of members from their starting values, and the names of those."""
    network = ds.Ensemble([MEMBER] * count)
    error, updates = program_of(network)
    data = {"x": X, "y": Y[:, None], "row_weights": np.ones((ROWS, count), np.float32)}
    start = network.initial_parameters(0, np.float32)
    values = {leaf.name: start.get(leaf.name, np.zeros(leaf.shape, np.float32)) for leaf in updates}
    descent = descents.NativeDescent(error, updates, data, batch)
    descent.put(values)
    return descent, values


def scalars(first, count, rate=0.01):
    return {"learning_rate": np.full(count, rate), "step": np.arange(first, first + count, dtype=float)}


def ran(descent, count, first=1, rate=0.01, seconds=np.inf):
    order = np.tile(np.arange(ROWS // 10 * 10), count // 10 + 1)[: 30 * count]
    return descent.run(order, count, scalars(first, count, rate), first, 7, seconds)


@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "value", "steps"), [("layer3.weight", 1e30, 1), ("layer3.weight.square", -1.0, 2)]
)
def test_where_one_member_fails_all_stand_before_that_step(failing, name, value, steps, one_program) -> None:
    """The others, which took later steps before the failure was known, go back."""

    def descended():
        descent, _ = descent_of(3, batch=30)
        ran(descent, 4)
        values = descent.values()
        own = f"member{failing + 1}.{name}"
        descent.put({**values, own: np.full_like(values[own], value)})
        return ran(descent, 9, first=5), descent

    errors, descent = descended()
    assert len(errors) == steps
    assert np.isfinite(errors[:-1]).all()
    assert not np.isfinite(errors[-1])
    one_program()
    expected, other = descended()
    assert np.array_equal(errors, expected, equal_nan=True)
    for name, value in other.values().items():
        assert np.array_equal(descent.values()[name], value, equal_nan=True), name


def test_errors_whose_sum_alone_is_not_finite_end_before_their_step(one_program) -> None:
    """Each of three errors is below the largest number, and their sum is above."""

    def descended():
        descent, values = descent_of(3, batch=30)
        for member in (1, 2, 3):
            values[f"member{member}.layer3.bias"] = np.full(1, 1.5e19, np.float32)
        descent.put(values)
        return ran(descent, 5), descent, values

    errors, descent, before = descended()
    assert errors.tolist() == [np.inf]
    assert all(np.array_equal(descent.values()[name], value) for name, value in before.items())
    one_program()
    assert descended()[0].tolist() == [np.inf]


def test_a_run_whose_time_is_over_stands_where_all_members_do() -> None:
    descent, _ = descent_of(4, batch=30)
    assert_stands_after(descent, ran(descent, LONG, seconds=0.05))


def test_a_run_that_is_interrupted_stands_where_all_members_do() -> None:
    def interrupt(*_):
        raise KeyboardInterrupt

    descent, _ = descent_of(4, batch=30)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            ran(descent, LONG)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert_stands_after(descent, descent.ran[1])


def assert_stands_after(descent, errors) -> None:
    """That a descent from the starting values of four members has taken these steps, and no other."""
    assert 0 < len(errors) < LONG
    assert descent.ran[0] == 1
    assert np.array_equal(descent.ran[1], errors)
    whole, _ = descent_of(4, batch=30)
    assert np.array_equal(ran(whole, len(errors)), errors)
    for name, value in whole.values().items():
        assert np.array_equal(descent.values()[name], value), name


BUSY = {2: [1, 2], 3: [1, 3], 4: [1, 2, 4, 5], 5: [1, 2, 3, 5, 6], 8: [1, 2, 3, 4, 5, 8, 9, 10]}


@pytest.mark.parametrize("members", [2, 3, 4, 5, 8])
def test_threads_that_would_wait_share_the_rows_of_one_program(members) -> None:
    """No more than a quarter of the places in their rounds may be empty."""
    found = members_of(ds.Ensemble([MEMBER] * members))
    assert [threads for threads in range(1, 65) if found.keep_busy(threads)] == BUSY[members]


def test_all_members_have_the_tape_of_the_first() -> None:
    members = members_of(ds.Ensemble([MEMBER] * 3))
    lowered = descents._members_lowered(members, False)
    assert len(lowered.parts) == 3
    assert lowered.tape is descents.step_tape(members.error, tuple(members.updates.items()), False)
    names = [name for part in lowered.parts for name in part.updated]
    assert sorted(names) == sorted(leaf.name for leaf in program_of(ds.Ensemble([MEMBER] * 3))[1])
