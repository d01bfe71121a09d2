"""Runs side by side: each goes on as it was, on its own rows and with its own network."""

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._session import first_session


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
    session.handle(ask.OpenSample("spirals"))
    spirals = session.measured.error
    session.handle(ask.OpenSample("moons"))
    assert session.measured.error != spirals
    session.handle(ask.GoTo(None, run=2))
    assert session.measured.error == spirals


def test_other_validation_rows_and_weights_begin_a_run(session):
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(count=20))
    session.handle(ask.ChangeSettings({"learning_rate": 0.02}))
    assert (session.state.current, session.step) == (2, 20)
    before = session.state.descent.split.validation_rows
    session.handle(ask.ChangeSettings({"seed": 5}))
    assert (session.state.current, session.step) == (3, 0)
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
    session.handle(ask.GoTo(None, run=2))
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
