"""Pace and replay in the session, by a clock that the tests move."""

import numpy as np
import pytest
from visits import W

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session import _playing
from downslope.studio.session._pace import PACES, USUAL_PACE
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session, first_session
from downslope.studio.views._frames import frame_of
from downslope.studio.views._viewer import Viewer
from thorough import first

PICTURE = 1 / 60


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_playing, "perf_counter", clock)
    return clock


def watched(session, clock, pictures, seconds=PICTURE, shown=lambda session: session.step):
    """What is shown in so many pictures, evenly spaced."""
    found = []
    for _ in range(pictures):
        clock.now += seconds
        session.work()
        found.append(shown(session))
    return np.array(found)


def far_from_rest():
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 1e-9}))
    return session


def playing(pace, make=first_session):
    session = make()
    session.handle(ask.SetPace(pace))
    session.handle(ask.Play())
    session.work()
    return session


@pytest.mark.parametrize("pace", first(4, [pace for pace in PACES if pace > 2]))
def test_steps_come_evenly_in_each_picture(clock, pace):
    session = playing(pace, far_from_rest)
    first = session.step
    steps = watched(session, clock, 240)
    gains = np.diff([first, *steps])
    assert abs(steps[-1] - first - 4 * pace) <= 1  # in four seconds
    assert set(gains) <= {np.floor(pace * PICTURE), np.ceil(pace * PICTURE)}
    every = max(1, round(60 / pace))  # pictures to a step
    assert np.ptp(np.diff(np.flatnonzero(gains))) <= 1 if every > 1 else True


@pytest.mark.parametrize("pace", [0.5, 1, 2])
def test_slow_steps_are_shown_in_their_parts_each_as_long(clock, pace):
    session = playing(pace)
    shown = [(session.step, session.state.phase)]
    each = int(60 / pace / 4)  # pictures to a part
    for _ in range(8 * each):
        watched(session, clock, 1)
        shown.append((session.step, session.state.phase))
    parts = [one for one, before in zip(shown, [None, *shown[:-1]], strict=True) if one != before]
    assert parts[:8] == [
        *((0, part) for part in ("forward", "loss", "backward")),
        (1, "update"),
        *((1, part) for part in ("forward", "loss", "backward")),
        (2, "update"),
    ]
    lengths = [shown.count(part) for part in parts[:7]]
    assert max(lengths) - min(lengths) <= 1
    assert [s.step for s in session.state.run.saved_steps[:3]] == [0, 1, 2]


def test_steps_at_a_pace_are_those_at_full_speed(clock):
    slow, fast = playing(1000, lambda: Session(*opening_of("spirals"))), Session(*opening_of("spirals"))
    steps = watched(slow, clock, 60)
    fast.handle(ask.Step(int(steps[-1])))
    while fast.state.playing:
        fast.work()
    assert fast.step == slow.step
    for name, value in slow.parameters.items():
        assert value.tobytes() == fast.parameters[name].tobytes()
    marks = [[s.step for s in session.state.run.saved_steps] for session in (slow, fast)]
    assert marks[0] == [mark for mark in marks[1] if mark <= steps[-1] and mark in marks[0]]
    np.testing.assert_array_equal(slow.state.run.curve.points[1], fast.state.run.curve.points[1])


def test_after_a_delay_no_burst_follows(clock):
    session = playing(30)
    watched(session, clock, 30)
    before = session.step
    clock.now += 5  # the machine slept
    session.work()
    assert session.step - before <= 0.1 * 30 + 1
    assert np.diff(watched(session, clock, 60)).max() == 1


def test_another_pace_holds_at_once(clock):
    session = playing(0.5)
    watched(session, clock, 10)
    session.handle(ask.SetPace(1000))
    before = session.step
    steps = watched(session, clock, 6)
    assert steps[0] > before
    assert abs(steps[-1] - before - 100) <= 2
    session.handle(ask.SetPace(3))
    before = session.step
    assert watched(session, clock, 61)[-1] - before == 3
    session.handle(ask.SetPace(None))
    assert session.due == 0
    before = session.step
    session.work()  # the clock stands still
    assert session.step - before > 1


def test_the_pace_is_slow_at_first_and_stays_on_other_tables():
    session = first_session()
    assert session.state.pace == USUAL_PACE == 30
    session.handle(ask.SetPace(5))
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Reset(3))
    assert session.state.pace == 5
    assert USUAL_PACE in PACES
    assert list(PACES) == sorted(PACES)


def test_a_number_of_steps_waits_for_no_clock(clock):
    session = first_session()
    session.handle(ask.SetPace(0.5))
    session.handle(ask.Step(100_000))
    for _ in range(10_000):
        if not session.state.playing:
            break
        assert session.due == 0
        session.work()
    assert session.step == 100_000


def test_a_run_at_a_pace_ends_where_it_is_to_end(clock):
    session = playing(300)
    session.handle(ask.ChangeSettings({"stop_steps": 50}))
    watched(session, clock, 60)
    assert session.step == session.state.run.last.step == 50
    assert not session.state.playing
    assert session.due is None
    assert "50 steps are done" in session.state.stopped.text


# replay


@pytest.fixture
def run():
    """Twenty saved steps by descent, then one by hand."""
    session = first_session()
    for _ in range(20):
        session.handle(ask.Step(1))
    session.handle(ask.SetParameter(W, [0, 0], 3.0))
    return session


def index(session):
    return len(session.state.run.saved_steps) - 1 if session.state.viewing is None else session.state.viewing


def test_a_replay_shows_each_saved_step_and_ends_at_the_latest(clock, run):
    saved = [s.values[W].tobytes() for s in run.state.run.saved_steps]
    run.handle(ask.SetPace(10))
    run.handle(ask.Replay())
    state = run.state
    assert (state.viewing, state.replaying, state.playing) == (0, True, False)
    shown = [index(run), *watched(run, clock, 60 * 3, shown=index)]
    assert sorted(set(shown)) == list(range(22))
    assert shown == sorted(shown)
    counts = [shown.count(i) for i in range(21)]
    assert set(counts) <= {5, 6, 7}  # six pictures to a saved step
    assert (run.state.viewing, run.state.replaying, run.due) == (None, False, None)
    assert run.parameters[W].tobytes() == saved[-1]
    assert len(run.state.runs) == 1


def test_a_replay_goes_on_from_where_one_stands(clock, run):
    run.handle(ask.SetPace(30))
    run.handle(ask.GoTo(15))
    run.handle(ask.Replay())
    assert run.state.viewing == 15
    watched(run, clock, 4)
    assert run.state.viewing in (16, 17)
    run.handle(ask.Pause())
    there = run.state.viewing
    assert not run.state.replaying
    watched(run, clock, 60)
    assert run.state.viewing == there
    run.handle(ask.Replay())
    assert run.state.viewing == there


@pytest.mark.parametrize("pace", [100, 10_000, None])
def test_no_saved_step_is_left_out_however_fast(clock, run, pace):
    run.handle(ask.SetPace(pace))
    run.handle(ask.Replay())
    shown = watched(run, clock, 30, shown=index)
    assert set(np.diff(shown)) <= {0, 1}
    assert shown[-1] == 21


def test_a_replay_slows_down_at_once(clock, run):
    run.handle(ask.SetPace(None))
    run.handle(ask.Replay())
    watched(run, clock, 3)
    there = run.state.viewing
    run.handle(ask.SetPace(0.5))
    watched(run, clock, 100)
    assert run.state.viewing == there
    watched(run, clock, 21)
    assert run.state.viewing == there + 1


@pytest.mark.parametrize(
    "command",
    [
        ask.SetParameter(W, [0, 1], 5.0),
        ask.Step(3),
        ask.Freeze(W, [0, 1], True),
        ask.ChangeSettings({"learning_rate": 0.002}),
        ask.Phase("update"),
        ask.Play(),
    ],
)
def test_a_change_during_a_replay_ends_it_and_starts_a_branch(clock, run, command):
    run.handle(ask.Replay())
    watched(run, clock, 30)
    step, values = run.step, run.parameters[W]
    before = run.state.runs[0]
    run.handle(command)
    assert not run.state.replaying
    assert run.state.viewing is None
    assert (run.state.current, run.state.run.parent[0]) == (2, 1)
    assert run.state.run.saved_steps[run.state.run.parent[1]].values[W].tobytes() == values.tobytes()
    assert run.state.run.saved_steps[run.state.run.parent[1]].step == step
    assert run.state.runs[0].saved_steps == before.saved_steps


@pytest.mark.parametrize("command", [ask.GoTo(3), ask.GoTo(None), ask.Reset(), ask.OpenSample("moons")])
def test_going_elsewhere_ends_a_replay(clock, run, command):
    run.handle(ask.Replay())
    watched(run, clock, 30)
    run.handle(command)
    assert not run.state.replaying
    assert run.due is None


def test_a_replay_pauses_descent_and_descent_a_replay(clock, run):
    run.handle(ask.Play())
    watched(run, clock, 60)
    step = run.step
    run.handle(ask.Replay())
    assert (run.state.playing, run.state.replaying, run.step) == (False, True, 0)
    assert run.state.run.last.step == step
    frame = frame_of(run, Viewer(ask.Look([0, 5])))
    assert (frame["playing"], frame["replay"], frame["pace"]) == (False, USUAL_PACE, USUAL_PACE)


def test_there_is_nothing_to_replay_at_the_start():
    session = first_session()
    with pytest.raises(DownslopeError, match="take steps or move a weight first"):
        session.handle(ask.Replay())
    assert session.state.viewing is None
    assert not session.state.replaying


def test_a_pause_is_seen_before_all_rows_are_measured(clock):
    """Where that takes long, the error of the last batch is shown first, and then the exact one."""
    session = Session(*opening_of("spirals"))
    for pace in (ask.SetPace(1000), ask.Play()):
        session.handle(pace)
    watched(session, clock, 20)
    session.engine.cost = 1.0  # second
    session.handle(ask.Pause())
    last = session.state.run.last
    assert (last.step, last.exact, session.state.playing) == (session.step, False, False)
    frame = frame_of(session, Viewer(ask.Look([0, 5])))
    assert (frame["playing"], frame["error"]["of"]) == (False, "the last batch")
    assert session.due == 0
    session.work()
    assert session.due is None
    after = session.state.run.last
    assert (after.exact, after.error, after.validation_error) == (
        True,
        session.measured.error,
        session.measured.validation,
    )
    assert len(session.state.run.saved_steps) > 10
    assert frame_of(session, Viewer(ask.Look([0, 5])))["error"]["of"] == "all rows"
    assert session.state.best["descent"].error <= after.error
