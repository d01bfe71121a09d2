"""What the page shows as 0: no error that is more than rounding, and every one that rounding makes."""

from fractions import Fraction

import numpy as np
import pytest

import downslope as ds
from downslope.studio import _schema as ask
from downslope.studio.session._measures import forward_of
from downslope.studio.session._session import first_session
from downslope.studio.views._frames import frame_of
from downslope.studio.views._rounding import is_rounding, rounding_of_rows
from downslope.studio.views._viewer import Viewer

W = "layer1.weight"


def shown(session):
    return frame_of(session, Viewer(ask.Look([0, 5])))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 7, 60])
def test_a_row_that_is_met_exactly_is_within_the_bound_and_one_beside_it_is_not(dtype, count):
    """The target is the exact sum, in fractions, rounded once: what is left is rounding."""
    rng = np.random.default_rng(count)
    network = ds.Network(count, [ds.Dense(1)])
    x = rng.normal(size=(50, count)).astype(dtype)
    parameters = {
        W: (1000 * rng.normal(size=(1, count))).astype(dtype),
        "layer1.bias": rng.normal(size=1).astype(dtype),
    }
    weights = [Fraction(float(w)) for w in parameters[W][0]]
    bias = Fraction(float(parameters["layer1.bias"][0]))
    sums = [sum((w * Fraction(float(v)) for w, v in zip(weights, row, strict=True)), bias) for row in x]
    y = np.array([[float(exact)] for exact in sums], dtype)
    bounds = rounding_of_rows(network, parameters, {"x": x, "y": y})
    z = forward_of(network, parameters, {"x": x, "y": y})[0]
    left = np.abs(y.astype(float) - z.astype(float))
    assert np.all(left <= bounds)
    assert is_rounding(network, float(np.square(left).mean()), bounds)
    beside = y.astype(float) + 3 * bounds
    assert np.all(np.abs(beside - z.astype(float)) > bounds)
    assert not is_rounding(network, float(np.square(beside - z.astype(float)).mean()), bounds)
    assert np.all(
        bounds <= (count + 2) * np.finfo(dtype).eps * (np.abs(x) @ np.abs(parameters[W][0]) + 99)[:, None]
    )


def test_at_the_exact_solution_errors_and_gradients_are_said_to_be_rounding():
    session = first_session()
    before = shown(session)
    assert not before["error"]["rounding"]
    assert not before["rows"]["rounding"].any()
    session.handle(ask.Solve())
    after = shown(session)
    assert 0 < after["error"]["value"] < 1e-25  # the number itself stays
    assert after["error"]["rounding"]
    assert after["rows"]["rounding"].all()
    session.handle(ask.SetParameter(W, [0, 0], float(after["parameters"][W][0, 0]) + 1e-11))
    moved = shown(session)
    assert moved["error"]["value"] < 1e-18
    assert not moved["error"]["rounding"]
    assert not moved["rows"]["rounding"].any()


@pytest.mark.parametrize("command", [{"loss": "cross_entropy"}, {"l2": 0.1}])
def test_an_error_that_is_not_of_errors_alone_is_never_rounding(command):
    session = first_session()
    if "loss" in command:
        session.handle(ask.OpenSample("moons"))
    else:
        session.handle(ask.Solve())
        session.handle(ask.ChangeSettings(command))
    assert not shown(session)["error"]["rounding"]


def test_numbers_that_overflow_are_no_rounding_and_no_warning():
    session = first_session()
    for weight in (1e153, 1e160):
        session.handle(ask.SetParameter(W, [0, 0], weight))
        now = shown(session)
        assert not now["error"]["rounding"]
        assert not now["rows"]["rounding"].any()
