"""Runs side by side: each goes on as it was, on its own rows and with its own network."""

from contextlib import suppress

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._session import first_session
from downslope.studio.views._runs import runs_view

W = "layer1.weight"


@pytest.fixture
def session():
    return first_session()


def test_a_run_of_another_table_opens_on_that_table(session):
    session.handle(ask.Step(count=10))
    left = session.measured.error, session.parameters["layer1.weight"].copy()
    session.handle(ask.OpenSample("wave"))
    assert session.state.rows.name == "wave"
    session.handle(ask.GoTo(None, run=1))
    assert session.state.rows.name == "five rows"
    assert session.measured.error == left[0]
    np.testing.assert_array_equal(session.parameters["layer1.weight"], left[1])
    session.handle(ask.EditCell(0, "x1", "4"))
    assert session.state.rows.x[0].tolist() == [4, 4, 7]


def test_a_run_of_the_same_shape_is_not_measured_on_another_table(session):
    session.handle(ask.Step(count=10))
    session.handle(ask.OpenSample("spirals"))
    session.handle(ask.Step(count=10))
    spirals = session.measured.error
    session.handle(ask.OpenSample("moons"))
    assert session.measured.error != spirals
    session.handle(ask.GoTo(None, run=2))
    assert session.measured.error == spirals


def test_other_validation_rows_and_weights_begin_a_run(session):
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(count=20))
    session.handle(ask.ChangeSettings({"learning_rate": 0.02}))
    assert (session.state.current, session.step) == (1, 20)
    before = session.state.descent.split.validation_rows
    session.handle(ask.ChangeSettings({"seed": 5}))
    assert (session.state.current, session.step) == (2, 0)
    assert session.state.descent.split.validation_rows.tolist() != before.tolist()
    drawn = session.state.settings.network.initial_parameters(5)
    for name, value in session.parameters.items():
        np.testing.assert_array_equal(value, drawn[name])


def test_the_best_is_of_the_present_network_and_loss(session):
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(count=100))
    best = session.state.best["descent"]
    session.handle(ask.ChangeSettings({"optimizer": "sgd", "learning_rate": 0.5}))
    assert session.state.best["descent"] is best
    session.handle(ask.ChangeSettings({"loss": "squared_error"}))
    assert session.state.best == {}
    wider = [{"units": n, "activation": "tanh", "bias": True} for n in (9, 8)]
    last = {"units": 1, "activation": "identity", "bias": True}
    session.handle(ask.ChangeSettings({"loss": "binary_cross_entropy", "layers": [*wider, last]}))
    with pytest.raises(DownslopeError, match="no best values yet"):
        session.handle(ask.GoToBest("descent"))
    session.handle(ask.GoTo(None, run=1))
    session.handle(ask.GoToBest("descent"))
    assert session.measured.error == session.state.best["descent"].error


def test_a_formula_may_not_tell_what_is_to_be_predicted(session):
    session.handle(ask.ChooseColumns(formulas=["x1*x2"]))
    assert session.state.rows.features == ("x1", "x2", "x3", "x1*x2")
    with pytest.raises(DownslopeError, match='holds "y", which is to be predicted'):
        session.handle(ask.ChooseColumns(formulas=["x1*x2", "y - 1"]))
    with pytest.raises(DownslopeError, match='"x1\\*x2" holds "x2"'):
        session.handle(ask.ChooseColumns(targets=["x2"]))
    session.handle(ask.ChooseColumns(targets=["x2"], formulas=[]))
    assert session.state.rows.features == ("x1", "x3", "y")


def numbers(session):
    return [run.number for run in session.state.runs]


@pytest.mark.parametrize(
    "leave",
    [
        ask.Reset(3),
        ask.OpenSample("moons"),
        ask.EditCell(0, "x1", "4"),
        ask.ChooseColumns(formulas=["x1*x2"]),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_run_in_which_nothing_happened_is_not_kept(session, leave):
    session.handle(leave)
    assert numbers(session) == [1]
    session.handle(ask.Step())
    session.handle(leave)
    assert numbers(session) == [1, 2]
    assert session.state.runs[0].last.step == 1


@pytest.mark.parametrize(
    "touched",
    [
        ask.Step(),
        ask.SetParameter(W, [0, 0], 5.0),
        ask.Solve(),
        ask.NameRun(1, name="mine"),
        ask.NameRun(1, note="far off"),
        ask.NameRun(1, kept=True),
    ],
    ids=repr,
)
def test_a_run_in_which_something_happened_stays(session, touched):
    session.handle(touched)
    session.handle(ask.Reset(3))
    assert numbers(session) == [1, 2]


def test_a_branch_on_which_nothing_happened_goes_when_it_is_left(session):
    session.handle(ask.Step(20))
    session.handle(ask.GoTo(8))
    session.handle(ask.Phase("forward"))
    assert numbers(session) == [1, 2]
    session.handle(ask.GoTo(None, run=1))
    assert numbers(session) == [1]
    session.handle(ask.GoTo(8))
    session.handle(ask.SetParameter(W, [0, 0], 5.0))
    session.handle(ask.GoTo(None, run=1))
    assert numbers(session) == [1, 2]


def test_a_note_is_kept_with_its_run(session):
    session.handle(ask.NameRun(1, note="  far off on purpose\n"))
    session.handle(ask.Step(5))
    session.handle(ask.Reset(1))
    assert [run["note"] for run in runs_view(session.state)] == ["far off on purpose", ""]
    session.handle(ask.NameRun(1, note=""))
    assert session.state.runs[0].note == ""
    session.handle(ask.NameRun(1, note="x" * 5000))
    assert len(session.state.runs[0].note) == 1000


def test_settings_that_differ_are_told_and_no_others(session):
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(30))
    assert [run["settings"] for run in runs_view(session.state)] == [{}]
    session.handle(ask.Reset(4))
    session.handle(ask.ChangeSettings({"learning_rate": 0.5, "batch_size": None}))
    first, second = runs_view(session.state)
    assert first["settings"] == {"Learning rate": 0.01, "Batch size": 16, "Seed": 0}
    assert second["settings"] == {"Learning rate": 0.5, "Batch size": "All rows", "Seed": 4}
    assert first["group"] == second["group"]
    session.handle(ask.Step(5))
    session.handle(ask.ChangeSettings({"loss": "squared_error"}))
    first, second = runs_view(session.state)
    assert (first["settings"]["Loss"], second["settings"]["Loss"]) == (
        "binary cross entropy",
        "squared error",
    )
    assert first["group"] != second["group"]


def test_a_run_that_diverged_is_told_from_one_that_did_not(session):
    session.handle(ask.Step(50))
    session.handle(ask.Reset())
    session.handle(ask.ChangeSettings({"learning_rate": 0.05}))
    with suppress(DownslopeError):
        session.handle(ask.Step(500))
    calm, wild = runs_view(session.state)
    assert (calm["diverged"], wild["diverged"]) == (False, True)
    assert wild["error"] > 1e6 * calm["error"]
