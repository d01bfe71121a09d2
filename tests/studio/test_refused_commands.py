"""A command that fails changes nothing, wherever it fails: a fault is raised at one line after another."""

import linecache
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import downslope
from downslope.studio import _schema as ask
from downslope.studio._schema import COMMANDS, name_of
from downslope.studio.session._engine import Engine
from downslope.studio.session._history import ErrorCurve
from downslope.studio.session._playing import played
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session, first_session
from downslope.studio.views._answers import outcome_of
from thorough import first

# a generator that is closed while the fault comes has nobody to raise it to
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PACKAGE = str(Path(downslope.__file__).parent)
STUDIO = str(Path(PACKAGE) / "studio")
W = "layer1.weight"
POINTS = 60  # of the whole package, at which a command is made to fail
STUDIO_POINTS = 250  # of the page's own code: all of them, but for loops that go round and round
CSV = "a,b,c\n" + "\n".join(f"{i},{i * i % 7},{i % 5}" for i in range(30))


@pytest.fixture(autouse=True)
def _time_to_measure(monkeypatch):
    monkeypatch.setattr(Engine, "may_measure", lambda self: True)


class FaultError(BaseException):
    """What is raised; nothing catches it."""


def takes_lock(frame):
    """Whether a block with a lock may be entered or left: in Python, a fault there leaves the lock closed."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return line.lstrip().startswith("with ") or frame.f_code.co_name in ("__enter__", "__exit__")


class Fault:
    """Raises at the n-th line or call of the code in some folder; counts them where n is None."""

    def __init__(self, folder, n=None):
        self.folder, self.n, self.count = folder, n, 0

    def __call__(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(self.folder):
            return None
        if event in ("call", "line") and not takes_lock(frame):
            self.count += 1
            if self.count - 1 == self.n:
                sys.settrace(None)
                raise FaultError(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        return self

    def during(self, action):
        """The action, with the fault in it; whether it was raised."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            action()
        except FaultError:
            return True
        finally:
            sys.settrace(before)
        return False


def plain(value):
    """What a state holds, values and all, as tuples that can be compared."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, pl.DataFrame):
        return tuple(value.columns), tuple(map(str, value.dtypes)), tuple(value.rows())
    if isinstance(value, Mapping):
        return tuple((key, plain(part)) for key, part in sorted(value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    if isinstance(value, ErrorCurve):
        return plain(value.points)  # in which pieces they came is a matter of time
    if is_dataclass(value):
        return type(value).__name__, tuple(plain(getattr(value, f.name)) for f in fields(value) if f.compare)
    return repr(value)


def held(session):
    """All that a session holds, and the bits of its parameters."""
    return plain(session.state), plain(session.parameters), session.version


def lasting(session):
    """What a session holds but for times: they are others each time."""
    return plain(replace(session.state, speed=0.0, due=0.0)), plain(session.parameters)


def twin(session):
    """Another session with the same state, and an engine that has done nothing yet."""
    other = first_session()
    other._current = session.version, session.state
    return other


def five_rows():
    session = first_session()
    for command in (ask.Step(20), ask.Freeze(W, [0, 1], True), ask.SetParameter(W, [0, 0], 3.0)):
        session.handle(command)
    return session


def moons():
    session = Session(*opening_of("moons"))
    for command in (ask.Step(20), ask.NameRun(1, "first", kept=True), ask.Reset(5), ask.Step(30)):
        session.handle(command)
    return session


def pasted():
    """A table that was pasted, with some steps."""
    session = moons()
    for command in (ask.Paste(CSV), ask.Step(3)):
        session.handle(command)
    return session


def playing():
    """In the midst of a run, at a step whose values nobody has read."""
    session = Session(*opening_of("moons"))
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    for _ in range(5):
        session.work()
    return session


def past():
    """A saved step of the past is shown."""
    session = moons()
    session.handle(ask.GoTo(7))
    return session


def failed():
    """After a step that was not finite."""
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 0.02}))
    session.handle(ask.Step(5000))
    return session


def in_lesson():
    """In the midst of a lesson, after its first step."""
    session = moons()
    for command in (ask.OpenLesson("learning-rate"), ask.Step(3), ask.LessonStep("next")):
        session.handle(command)
    return session


def with_own_table():
    """In a lesson, on another table than that of the lesson."""
    session = in_lesson()
    session.handle(ask.Paste(CSV))
    return session


HIDDEN = {"layers": [{"units": 4, "activation": "tanh"}, {"units": 1}]}
CASES = [
    (five_rows, ask.SetParameter(W, [0, 2], 1.5)),
    (past, ask.SetParameter(W, [1, 1], -2.0, True)),
    (playing, ask.SetParameter(W, [1, 1], -2.0)),
    (past, ask.AddToParameter(W, [1, 1], 0.25)),
    (past, ask.Freeze(W, None, True)),
    (five_rows, ask.Phase("backward")),
    (moons, ask.Phase("update")),
    (past, ask.Step(3)),
    (moons, ask.Step(1, "epoch")),
    (past, ask.Play()),
    (playing, ask.SetPace(2.0)),
    (playing, ask.Replay()),
    (past, ask.Replay()),
    (playing, ask.Pause()),
    (five_rows, ask.Reset()),
    (moons, ask.Reset(9)),
    (moons, ask.DrawAgain("points")),
    (five_rows, ask.Solve()),
    (moons, ask.GoToBest("descent")),
    (past, ask.ChangeSettings({"learning_rate": 0.5})),
    (playing, ask.ChangeSettings({"optimizer": "sgd", "momentum": 0.5})),
    (five_rows, ask.ChangeSettings(HIDDEN)),
    (moons, ask.AddLayer()),
    (moons, ask.RemoveLayer()),
    (playing, ask.AddUnits(1, -2)),
    (past, ask.ChangeLayer(None, {"activation": "relu"})),
    (failed, ask.ApplyRemedy(1, {"learning_rate": 0.005})),
    (failed, ask.ApplyRemedy(1, HIDDEN, scaling="standard", drop=["x2"], without=[0])),
    (failed, ask.Examine()),
    (failed, ask.Cancel("examine")),
    (five_rows, ask.Restore({"learning_rate": 0.01}, {W: [[1.0, 2.0, 3.0]]})),
    (moons, ask.GoTo(3)),
    (moons, ask.GoTo(None, run=1)),
    (past, ask.MoveInTime(-2)),
    (moons, ask.NameRun(2, "second", "with another seed", True)),
    (moons, ask.RemoveRun(1)),
    (five_rows, ask.Explain("weight", W, [0, 1], 2)),
    (moons, ask.ReadValue("layer1", "update", [0, 1])),
    (five_rows, ask.EditCell(1, "x2", "7")),
    (five_rows, ask.EditRows()),
    (five_rows, ask.EditRows(2)),
    (moons, ask.Paste(CSV)),
    (five_rows, ask.Upload("table.csv", CSV.encode())),
    (pasted, ask.ReadAgain("header", "no")),
    (five_rows, ask.ChooseColumns(formulas=["x1*x2"])),
    (five_rows, ask.ChooseColumns(scaling="standard")),
    (moons, ask.SwitchInput("x1*x2", True)),
    (five_rows, ask.ChooseKind("x2", "exclude")),
    (moons, ask.OpenSample("wave")),
    (moons, ask.Export("model")),
    (playing, ask.OpenLesson("deep-sigmoids")),
    (in_lesson, ask.Step(25)),
    (in_lesson, ask.LessonStep("next")),
    (in_lesson, ask.LessonView({"what": "weight", "name": W, "index": [0, 1]}, "runs")),
    (in_lesson, ask.LeaveLesson()),
    (with_own_table, ask.LeaveLesson()),
    (moons, ask.Report()),
]


def test_every_command_is_among_the_cases():
    assert {type(command) for _, command in CASES} == set(COMMANDS.values()) - {ask.Look}


def name(part):
    return part.__name__ if callable(part) else name_of(part)


@pytest.mark.thorough
@pytest.mark.parametrize(("make", "command"), CASES, ids=name)
def test_a_command_that_fails_anywhere_changes_nothing(make, command):
    session = make()
    control = twin(session)
    check_unchanged(session, lambda: outcome_of(session, command))
    for one in (session, control):
        one.commit(outcome_of(one, command).state)
    assert lasting(session) == lasting(control)
    for one in (session, control):
        one.handle(ask.Step(7))
    assert lasting(session) == lasting(control)


@pytest.mark.thorough
@pytest.mark.parametrize("make", first(1, [playing, past]))
def test_steps_that_fail_anywhere_while_playing_change_nothing(make):
    session = make()
    session.handle(ask.ChangeSettings({"stop_steps": session.step + 5000}))
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())
    control = twin(session)
    check_unchanged(session, lambda: played(session.state, session.engine))
    for one in (session, control):
        while one.state.playing:
            one.work()
    assert plain(session.parameters) == plain(control.parameters)


def test_a_state_is_taken_as_a_whole():
    session = first_session()
    after = session.outcome(ask.Step(3)).state
    check_unchanged(session, lambda: session.commit(after))
    session.commit(after)
    assert session.state is after


def check_unchanged(session, action):
    """Let an action fail at each of many points; the session is as it was after each."""
    state, before = session.state, held(session)
    for folder, most in ((STUDIO, STUDIO_POINTS), (PACKAGE, POINTS)):
        trial = Fault(folder)
        trial.during(action)
        session._current = before[2], state  # the action may be the commit itself
        for n in np.unique(np.linspace(0, trial.count - 1, min(most, trial.count)).astype(int)):
            fault = Fault(folder, n)
            failed = fault.during(action)
            assert session.state is state, f"fault {n} of {trial.count}"
            if failed and n % 10 == 0:
                assert held(session) == before, f"fault {n} of {trial.count}"
        assert held(session) == before
