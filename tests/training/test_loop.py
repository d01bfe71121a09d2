"""The loop of every descent: named scalars, state in and out, what it does where something is not finite."""

import numpy as np
import pytest

import downslope as ds
from downslope.graph import input_
from downslope.training import Loop, ShuffledBatches, State, training_program
from engine_names import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", request.param)
    return request.param


def data_of(rows=50, columns=3):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, columns))
    return {"x": x, "y": np.sin(x[:, :1]), "row_weights": np.ones(rows)}


NETWORK = ds.Network(3, [ds.Dense(6, "tanh"), ds.Dropout(0.2), ds.Dense(1)])


def loop_of(optimizer=None, size=8, state=None, rate=0.05, network=NETWORK, data=None):
    program = training_program(network, optimizer or ds.Adam())
    if state is None:
        states = {name: np.zeros(node.shape) for name, node in program.states.items()}
        state = State(0, network.initial_parameters(1) | states)
    batches = ShuffledBatches(data or data_of(), size, seed=3)
    return Loop(program, batches, lambda first, count: np.full(count, rate), state, seed=3)


def test_the_errors_are_those_of_descend(engine):
    data = data_of()
    run = ds.descend(
        *(NETWORK, data["x"], data["y"]),
        start=NETWORK.initial_parameters(1),
        learning_rate=0.05,
        optimizer="adam",
        batch_size=8,
        steps=30,
        seed=3,
    )
    assert np.array_equal(loop_of().advance(30).errors, run.losses)


@pytest.mark.parametrize("parts", [[30], [7, 14, 30], range(1, 31)])
def test_state_in_parts_has_the_bits_of_one_go(engine, parts):
    whole = loop_of()
    errors = whole.advance(30).errors
    state, found = None, []
    for until in parts:
        loop = loop_of(state=state)
        found.append(loop.advance(until).errors)
        state = loop.state
    assert np.array_equal(np.concatenate(found), errors)
    assert state.step == 30
    for name, value in whole.values().items():
        assert np.array_equal(state.values[name], value)


def test_a_closed_loop_keeps_its_values_and_goes_on(engine):
    whole, closed = loop_of(), loop_of()
    errors = whole.advance(30).errors
    first = closed.advance(12).errors
    before = closed.values()
    closed.close()
    assert all(np.array_equal(value, before[name]) for name, value in closed.values().items())
    assert np.array_equal(np.concatenate([first, closed.advance(30).errors]), errors)
    assert all(np.array_equal(value, whole.values()[name]) for name, value in closed.values().items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_descents_of_one_program_leave_nothing_to_each_other(engine, dtype):
    """Each takes the memory of the one before: of more rows, of fewer, of one that diverged."""
    network = ds.Network(3, [ds.Dense(5, "silu"), ds.Dense(1)], loss="squared_error")
    data = {rows: data_of(rows) for rows in (50, 300, 7)}

    def descent(rows, rate):
        x, y = (data[rows][name].astype(dtype) for name in ("x", "y"))
        return ds.descend(network, x, y, learning_rate=rate, batch_size=32, steps=40)

    first = descent(50, 0.01)
    assert descent(300, 0.01).stopped == "finished"
    assert descent(50, 1e6).stopped == "not finite"
    assert descent(7, 0.01).stopped == "finished"
    again = descent(50, 0.01)
    assert again.stopped == "finished"
    assert np.array_equal(again.losses, first.losses)
    assert all(np.array_equal(value, first.state[name]) for name, value in again.state.items())


def test_values_that_are_put_are_gone_on_from(engine):
    loop = loop_of()
    first = loop.state
    expected = loop.advance(9).errors
    loop.put(first)
    assert loop.step == 0
    assert np.array_equal(loop.advance(9).errors, expected)
    assert np.array_equal(loop.next_batch()["x"], loop.batches.block(10, 10).rows()["x"])


def test_no_time_is_one_step(engine):
    loop = loop_of()
    assert len(loop.advance(1000, seconds=0.0).errors) == 1
    assert loop.step == 1


class Cooling:
    """w ← w − η g/temperature, with a scalar that no step has."""

    def rule(self, rules, w, g, rate, step):
        rules.updates[w.name] = w - rate * g / input_("temperature", ())


def test_a_scalar_that_no_step_has_is_refused_by_name(engine):
    with pytest.raises(ds.DownslopeError, match="scalar input 'temperature', which no step has a value for"):
        loop_of(Cooling()).advance(1)


class Harmonic:
    """w ← w − η g/step."""

    def rule(self, rules, w, g, rate, step):
        rules.updates[w.name] = w - rate * g / step


def test_a_rule_gets_the_number_of_the_step(engine):
    network = ds.Network(1, [ds.Dense(1, bias=False)], loss="absolute_error")
    data = {"x": np.ones((1, 1)), "y": np.full((1, 1), 100.0), "row_weights": np.ones(1)}
    state = State(0, {"layer1.weight": np.zeros((1, 1))})
    loop = loop_of(Harmonic(), None, state, rate=1.0, network=network, data=data)
    loop.advance(5)
    assert loop.values()["layer1.weight"][0, 0] == pytest.approx(1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5, rel=1e-14)


class Forgetful:
    """Plain descent with a state that grows from 0 to 1, 1e100, 1e200, 1e300, …, which nothing uses."""

    def rule(self, rules, w, g, rate, step):
        unused = rules.remember("unused", w)
        rules.updates[unused.name] = 1e100 * unused + 1.0
        rules.updates[w.name] = w - rate * g


def test_a_failure_is_data(engine):
    x = np.ones((4, 1))
    network = ds.Network(1, [ds.Dense(2, "relu"), ds.Dense(1)])
    run = ds.descend(network, 1e100 * x, x, learning_rate=1e100, steps=50)
    assert run.stopped == "not finite"
    program = training_program(network, ds.Sgd())
    data = {"x": 1e100 * x, "y": x, "row_weights": np.ones(4)}
    loop = Loop(
        program,
        ShuffledBatches(data, None, 0),
        lambda first, count: np.full(count, 1e100),
        State(0, network.initial_parameters(0)),
    )
    failure = loop.advance(50).failure or loop.check()
    assert failure.message == run.message
    assert failure.step == len(run.losses) == loop.step + 1
    assert set(failure.sizes) == set(program.graph.parameters)
    assert all(np.isfinite(value).all() for value in loop.values().values())
    for name, size in failure.sizes.items():
        assert size == np.max(np.abs(loop.values()[name]))


def test_an_update_that_the_error_does_not_feel_is_found_at_its_step(engine):
    run = ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], optimizer=Forgetful(), steps=40)
    assert run.stopped == "not finite"
    assert run.message.startswith("step 5: the update of layer1.weight.unused is not finite")
    assert len(run.losses) == 5
    assert run.state["layer1.weight.unused"] == pytest.approx(1e300)
