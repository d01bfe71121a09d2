"""Commands that say one more or one less: each counts, however old the view that the page sent it from."""

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session, first_session

W = "layer1.weight"


@pytest.fixture
def moons():
    return Session(*opening_of("moons"))


def units(session):
    return [layer.units for layer in session.state.settings.layers]


def test_layers_and_units_are_added_and_removed(moons):
    moons.handle(ask.AddUnits(1, -3))
    assert units(moons) == [8, 5, 1]
    moons.handle(ask.AddLayer())
    assert units(moons) == [8, 5, 5, 1]
    moons.handle(ask.RemoveLayer(0))
    moons.handle(ask.RemoveLayer())
    assert units(moons) == [5, 1]
    moons.handle(ask.ChangeLayer(0, {"activation": "relu", "bias": False}))
    moons.handle(ask.AddLayer())
    first, second, output = moons.state.settings.layers
    assert first == second
    assert (str(first.activation), first.bias, str(output.activation)) == ("relu", False, "identity")
    moons.handle(ask.ChangeLayer(None, {"units": 3}))
    assert units(moons) == [3, 3, 1]


def test_a_first_hidden_layer_bends():
    session = first_session()
    session.handle(ask.AddLayer())
    hidden, output = session.state.settings.layers
    assert (hidden.units > 1, str(hidden.activation), output.units) == (True, "tanh", 1)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (ask.AddUnits(2, 1), "no hidden layer 3; the network has 2"),
        (ask.AddUnits(0, -8), "unit"),
        (ask.RemoveLayer(2), "no hidden layer 3"),
        (ask.ChangeLayer(3, {"units": 2}), "no layer 4; the network has 3"),
        (ask.ChangeLayer(0, {"colour": 1}), "no 'colour'"),
        (ask.ChangeLayer(0, {"units": "x"}), "whole number of units"),
        (ask.SwitchInput("y", False), '"y" is the target'),
        (ask.SwitchInput("nothing + 1", True), "nothing"),
        (ask.ChooseKind("x1", "colour"), "number or automatic, not 'colour'"),
        (ask.ChooseKind("x9", "number"), 'no column "x9"'),
        (ask.DrawAgain("lots"), "not 'lots'"),
        (ask.AddToParameter(W, [9, 9], 1.0), "9"),
    ],
)
def test_what_cannot_be_is_refused_in_words(moons, command, words):
    before = moons.state
    with pytest.raises(DownslopeError, match=words):
        moons.handle(command)
    assert moons.state is before


def test_without_hidden_layers_there_is_none_to_remove():
    with pytest.raises(DownslopeError, match="the network has none"):
        first_session().handle(ask.RemoveLayer())


def test_inputs_are_switched_one_by_one(moons):
    for command in (("x1*x2", True), ("x2", False), ("pow(x1, 2)", True), ("x1*x2", True)):
        moons.handle(ask.SwitchInput(*command))
    assert moons.state.rows.features == ("x1", "x1*x2", "pow(x1, 2)")
    moons.handle(ask.SwitchInput("x1*x2", False))
    moons.handle(ask.SwitchInput("x2", True))
    assert moons.state.rows.features == ("x1", "x2", "pow(x1, 2)")


def test_a_kind_replaces_the_kind_before():
    session = first_session()
    session.handle(ask.ChooseColumns(scaling="standard"))
    others = ("x1", "x3")
    kinds = {}
    for kind in ("exclude", "category", "automatic"):
        session.handle(ask.ChooseKind("x2", kind))
        choices = session.state.rows.choices
        kinds[kind] = (choices.drop, choices.category, choices.number)
    assert kinds == {
        "exclude": (("x2",), (), others),
        "category": ((), ("x2",), others),
        "automatic": ((), (), others),
    }


def test_seeds_and_steps_in_time_are_counted_from_where_the_session_is(moons):
    for what in ("weights", "weights", "points", "points", "points"):
        moons.handle(ask.DrawAgain(what))
    assert (moons.state.settings.seed, moons.state.rows.recipe.seed) == (2, 3)
    for _ in range(5):
        moons.handle(ask.Step(1))
    seen = []
    for count in (-1, -1, 1, -9, 9):
        moons.handle(ask.MoveInTime(count))
        seen.append(moons.step)
    assert seen == [4, 3, 4, 0, 5]
    assert moons.state.viewing is None


def test_a_key_adds_to_the_number_as_it_is_by_then():
    session = first_session()
    before = session.parameters[W][0, 0]
    for _ in range(3):
        session.handle(ask.AddToParameter(W, [0, 0], 0.1))
    np.testing.assert_array_equal(session.parameters[W][0, 0], before + 0.3)  # 200.3, without a rest of sums
