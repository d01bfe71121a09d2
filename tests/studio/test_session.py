"""The session without a page: its steps are those of ``descend``, its time keeps what it has to."""

from dataclasses import replace

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, NEURON, START, W

import downslope as ds
from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._history import ErrorCurve, History, SavedStep
from downslope.studio.session._session import Session, first_session
from downslope.studio.session._settings import settings_of
from downslope.studio.table._rows import frame_of_arrays, rows_of

NETWORKS = {
    "regression": ds.Network(3, [ds.Dense(5, "tanh"), ds.Dense(1)], l2=0.01),
    "dropout": ds.Network(3, [ds.Dense(8, "relu"), ds.Dropout(0.3), ds.Dense(1)]),
    "two classes": ds.Network(3, [ds.Dense(4, "silu"), ds.Dense(1)], loss="binary_cross_entropy"),
    "classes": ds.Network(3, [ds.Dense(4, "silu"), ds.Dense(3)], loss="cross_entropy"),
}
WAYS = {
    "sgd": {"optimizer": "sgd", "learning_rate": 0.05},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.01},
    "adam, batches, validation": {
        "optimizer": "adam",
        "learning_rate": 0.01,
        "batch_size": 16,
        "validation": 0.25,
        "seed": 3,
    },
    "rmsprop, clipped": {"optimizer": "rmsprop", "learning_rate": 0.01, "clip_norm": 0.5, "batch_size": 7},
}


def data_for(network, count=61):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(count, 3))
    if network.loss == "squared_error":
        return x, np.sin(x[:, 0]) + x[:, 1]
    return x, rng.integers(0, 3 if network.loss == "cross_entropy" else 2, count)


def session_for(network, **how):
    x, y = data_for(network)
    classes = tuple(map(str, range(3 if network.loss == "cross_entropy" else 2)))
    frame, choices = frame_of_arrays(x, y, () if network.loss == "squared_error" else classes)
    return Session(rows_of(frame, choices, "x and y"), settings_of(network).changed(how))


def by_descend(network, steps, *, start=None, **how):
    how = dict(how)
    if how.pop("momentum", 0):
        how["optimizer"] = ds.Sgd(0.9)
    how["validation"] = how.get("validation")
    return ds.descend(network, *data_for(network), steps=steps, start=start, **how)


def played(session, until):
    """Play as the server does, up to a step."""
    session.handle(ask.ChangeSettings({"stop_steps": until}))
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    while session.state.playing:
        session.work()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_steps_are_those_of_descend(kind, way):
    network, how = NETWORKS[kind], WAYS[way]
    session = session_for(network, **how)
    steps = 40 if "validation" not in how else 3  # the first epoch: descend gives its best parameters
    for count in (1, 2, *((37,) if steps == 40 else ())):
        session.handle(ask.Step(count))
    assert session.state.position.step == steps
    run = by_descend(network, steps, **how)
    for name, value in run.parameters.items():
        assert session.parameters[name].tobytes() == value.tobytes()
    _, errors = session.state.run.curve.points
    np.testing.assert_allclose(errors, run.losses, rtol=1e-12)


def test_validation_rows_are_those_of_descend():
    how = WAYS["adam, batches, validation"]
    session = session_for(NETWORKS["regression"], **how)
    assert session.state.descent.batches.steps_in_epoch == 3
    run = by_descend(NETWORKS["regression"], None, epochs=6, **how)
    session.handle(ask.Step(6, "epoch"))
    assert session.state.position.step == 18
    looked = [run.validation_losses[epoch] for epoch in range(6)]
    assert session.measured.validation == pytest.approx(looked[-1], rel=1e-12)


@pytest.mark.parametrize("way", ["sgd", "adam, batches, validation"])
def test_playing_in_pieces_is_the_same(way):
    network, how = NETWORKS["regression"], WAYS[way]
    once, pieces = session_for(network, **how), session_for(network, **how)
    once.handle(ask.Step(5000))
    while once.state.playing:
        once.work()
    for until in (1, 2, 777, 1234, 5000):
        played(pieces, until)
    assert pieces.step == once.step == 5000
    for name, value in once.parameters.items():
        assert pieces.parameters[name].tobytes() == value.tobytes()
    steps, _ = pieces.state.run.curve.points
    assert np.all(np.diff(steps) > 0)


def test_a_change_of_the_rate_in_mid_run_keeps_the_optimizers_memory():
    network = NETWORKS["regression"]
    session = session_for(network, optimizer="adam", learning_rate=0.01)
    session.handle(ask.Step(10))
    session.handle(ask.ChangeSettings({"learning_rate": 0.001}))
    session.handle(ask.Step(10))
    first = by_descend(network, 10, optimizer="adam", learning_rate=0.01)
    then = by_descend(network, 10, optimizer="adam", learning_rate=0.001, start=first)
    for name, value in then.parameters.items():
        np.testing.assert_allclose(session.parameters[name], value, rtol=1e-12)


def test_it_stops_at_the_first_error_below_the_limit():
    session = first_session()
    session.handle(ask.ChangeSettings({"stop_error": 0.5}))
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    while session.state.playing:
        session.work()
    losses = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001, steps=5000).losses
    first = int(np.flatnonzero(losses < 0.5)[0])
    assert session.state.position.step == session.state.run.last.step == first
    steps, errors = session.state.run.curve.points
    np.testing.assert_array_equal(steps, np.unique(steps))
    np.testing.assert_array_equal(errors, losses[steps])
    assert steps[-1] == first - 1
    assert session.state.stopped.kind == "finished"
    run = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001, steps=first)
    assert session.parameters[W].tobytes() == run.parameters[W].tobytes()
    assert session.measured.error < 0.5


def test_it_stops_after_looks_without_a_better_one():
    session = session_for(
        NETWORKS["regression"], optimizer="adam", learning_rate=0.3, validation=0.3, stop_patience=5
    )
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    for _ in range(100_000):
        if not session.state.playing:
            break
        session.work()
    seen = [s.validation_error for s in session.state.run.saved_steps if s.validation_error is not None]
    assert "last 5 measurements" in session.state.stopped.text
    assert int(np.argmin(seen)) == len(seen) - 6


def test_what_is_not_finite_ends_it():
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 0.02}))
    session.handle(ask.Step(5000))
    assert session.state.stopped.kind == "not finite"
    assert session.state.stopped.step == session.step


def test_frozen_numbers_stay_whatever_the_optimizer():
    for optimizer in ("sgd", "adam", "rmsprop"):
        session = session_for(NETWORKS["regression"], optimizer=optimizer, learning_rate=0.01)
        session.handle(ask.Step(3))
        before = session.parameters
        session.handle(ask.Freeze("layer1.weight", [2, 1], True))
        session.handle(ask.Freeze("layer2.bias", None, True))
        session.handle(ask.Step(20))
        after = session.parameters
        assert after["layer1.weight"][2, 1] == before["layer1.weight"][2, 1]
        assert after["layer2.bias"] == before["layer2.bias"]
        assert np.count_nonzero(after["layer1.weight"] == before["layer1.weight"]) == 1


def test_a_number_that_is_released_moves_though_others_stay_frozen():
    session = session_for(NETWORKS["regression"], learning_rate=0.01)
    for name, index, frozen in (("layer1.weight", [2, 1], True), ("layer2.bias", None, True)):
        session.handle(ask.Freeze(name, index, frozen))
    session.handle(ask.Freeze("layer1.weight", [2, 1], False))
    before = session.parameters
    session.handle(ask.Step(5))
    assert np.all(session.parameters["layer1.weight"] != before["layer1.weight"])
    assert session.parameters["layer2.bias"] == before["layer2.bias"]


def test_a_branch_leaves_its_run_untouched_and_goes_its_own_way():
    session = first_session()
    session.handle(ask.Step(30))
    kept = [(s.step, s.error, s.values[W].tolist()) for s in session.state.runs[0].saved_steps]
    session.handle(ask.GoTo(12))
    session.handle(ask.SetParameter(W, [0, 0], 7.0))
    session.handle(ask.Step(5))
    assert [h.number for h in session.state.runs] == [1, 2]
    assert [(s.step, s.error, s.values[W].tolist()) for s in session.state.runs[0].saved_steps] == kept
    branch = session.state.runs[1]
    assert branch.parent == (1, 12)
    assert [s.step for s in branch.saved_steps[:13]] == [step for step, _, _ in kept[:13]]
    assert branch.saved_steps[13].origin == "hand"
    session.handle(ask.GoTo(None, 1))
    assert session.parameters[W].tolist() == kept[-1][2]
    session.handle(ask.Step(1))
    run = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001, steps=31)
    assert session.parameters[W].tobytes() == run.parameters[W].tobytes()


def test_a_drag_is_one_saved_step():
    session = first_session()
    for value in (190.0, 150.0, 80.0):
        session.handle(ask.SetParameter(W, [0, 0], value, True))
    session.handle(ask.SetParameter(W, [0, 0], 60.0, False))
    session.handle(ask.SetParameter(W, [0, 1], 1.0, False))
    assert [s.values[W][0].tolist() for s in session.state.run.saved_steps] == [
        START,
        [60, -14, 3456],
        [60, 1, 3456],
    ]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (ask.SetParameter("layer9.weight", [0, 0], 1.0), "no weight layer9.weight"),
        (ask.SetParameter(W, [0, 3], 1.0), "no weight"),
        (ask.SetParameter(W, [0], 1.0), "no weight"),
        (ask.SetParameter(W, [0, -1], 1.0), "no weight"),
        (ask.SetParameter(W, [0, 0], float("nan")), "a weight must be a number of at most 1.8e"),
        (ask.Freeze("nothing", None, True), "no parameter 'nothing'"),
        (ask.Step(0), "takes 1 step or more, not"),
        (ask.SetPace(0), "from 0.1 to 100,000 steps a second, not 0"),
        (ask.SetPace(-1.0), "steps a second, not -1"),
        (ask.SetPace(1e6), r"not 1e\+06; without a number it is as fast as it goes"),
        (ask.Replay(), "nothing to replay yet"),
        (ask.Phase("sideways"), "forward, loss, backward, update"),
        (ask.GoTo(99), "saved steps 0 to 0, not 99"),
        (ask.GoTo(0, 7), "no run 7"),
        (ask.RemoveRun(1), "cannot be removed"),
        (ask.GoToBest("hand"), "no best values yet"),
        (ask.ChangeSettings({"learning_rate": -1}), "learning rate"),
        (ask.ChangeSettings({"learning": 1}), "no setting 'learning'"),
        (ask.ChangeSettings({"optimizer": "luck"}), "optimizer needs one of .*, not 'luck'"),
        (ask.ChangeSettings({"layers": []}), "dense layers"),
        (ask.Restore({}, {W: [["a", 1, 2]]}), "not numbers"),
        (ask.ChooseColumns(targets=["nothing"]), "no column"),
        (ask.ChooseColumns(targets=[]), "at least one column"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(command, message):
    session = first_session()
    with pytest.raises(DownslopeError, match=message):
        session.handle(command)
    session.handle(ask.Step(4))
    run = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001, steps=4)
    assert session.parameters[W].tobytes() == run.parameters[W].tobytes()


def saved_step(step, error):
    values = {"w": np.full(1, float(step))}
    return SavedStep(step, values, error, exact=True, validation_error=None, origin="descent", settings=None)


def test_thinning_keeps_the_ends_and_the_best(monkeypatch):
    monkeypatch.setattr("downslope.studio.session._history._BYTES", 8 * 64)
    history = History(1, "run 1", first_session().state.rows)
    errors = np.random.default_rng(1).uniform(1, 2, 1000)
    errors[333] = 0.5
    for step, error in enumerate(errors):
        history = history.with_saved_step(saved_step(step, error))
        assert len(history.saved_steps) <= 64
    steps = [s.step for s in history.saved_steps]
    assert steps[0] == 0
    assert steps[-1] == 999
    assert 333 in steps
    assert steps == sorted(steps)
    assert history.best.step == 333


def test_a_run_that_is_moved_by_hand_for_hours_keeps_a_bounded_number_of_saved_steps():
    history = History(1, "run 1", first_session().state.rows)
    for step in range(9000):
        history = history.with_saved_step(saved_step(step, 1.0))
    assert 2000 < len(history.saved_steps) <= 4096
    assert (history.saved_steps[0].step, history.last.step) == (0, 8999)


def test_a_step_that_is_found_to_fail_late_takes_what_came_after_it_back():
    history = History(1, "run 1", first_session().state.rows)
    for step in range(20):
        history = history.with_saved_step(saved_step(step, 1.0))
    history = replace(history, curve=ErrorCurve().extended(1, np.arange(20.0)))
    back = history.back_to(12)
    assert [s.step for s in back.saved_steps] == list(range(13))
    assert back.curve.points[0].tolist() == list(range(12))
    assert history.back_to(30) is history


def test_nobody_can_write_to_what_a_state_holds():
    session = session_for(NETWORKS["regression"], optimizer="adam")
    session.handle(ask.Step(5))
    state = session.state
    arrays = [
        *state.position.values.values(),
        *state.run.saved_steps[2].values.values(),
        state.rows.x,
        state.rows.y,
    ]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_the_curve_is_bounded_and_holds_errors_as_they_were():
    curve, errors = ErrorCurve(), np.random.default_rng(2).uniform(size=300_000)
    place = 0
    for count in (1, 10, 500, 40_000, 259_489):
        curve = curve.extended(place + 1, errors[place : place + count])
        place += count
    steps, shown = curve.points
    assert place == len(errors)
    assert len(steps) < 5000
    assert np.all(np.diff(steps) > 0)
    np.testing.assert_array_equal(shown, errors[steps])
    assert steps[:400].tolist() == list(range(400))
    assert steps[-1] > 299_000
    part = curve.until(1000)
    assert part.points[0].max() < 1000


def test_runs_beyond_the_most_are_forgotten_but_not_those_that_are_kept():
    session = first_session()
    session.handle(ask.NameRun(1, "first", kept=True))
    for seed in range(40):
        session.handle(ask.Reset(seed))
        session.handle(ask.Step())
    numbers = [history.number for history in session.state.runs]
    assert numbers[0] == 1
    assert numbers[-1] == 41
    assert len(numbers) < 41


def test_a_step_is_taken_however_late_it_is():
    """On a busy machine the time for steps may be over before the first of them."""
    session = first_session()
    descent, position, engine = session.state.descent, session.state.position, session.engine
    position, *_ = engine.advance(descent, position, 10, 0.01)
    after, errors, failure = engine.advance(descent, position, 10, -1.0)
    assert (len(errors), failure) == (after.step - position.step, None)
    assert after.step > position.step


@pytest.mark.parametrize("rate", [0.001, 0.005])
def test_playing_ends_where_nothing_changes_any_more(rate):
    """The five rows come to rest at the exact answer; the step after the last is no other."""
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": rate}))
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    while session.state.playing:
        session.work()
        assert session.step < 1_000_000
    assert "Nothing new follows" in session.state.stopped.text
    assert session.measured.error < 1e-26
    before = {name: value.copy() for name, value in session.parameters.items()}
    session.handle(ask.Step(session.state.run.last.step - session.state.run.saved_steps[-2].step))
    while session.state.playing:
        session.work()
    assert session.parameters[W].tolist() == before[W].tolist()


def test_steps_that_were_asked_for_are_taken_at_rest_too():
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 0.005, "stop_steps": 30_000}))
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    while session.state.playing:
        session.work()
    assert session.step == 30_000
