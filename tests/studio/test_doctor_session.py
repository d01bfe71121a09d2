"""The doctor in a session: its call is the run of the page, and its remedies are what the page sets."""

from dataclasses import replace

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.insight.diagnosis import Diagnosis, Finding, Where
from downslope.studio import _schema as ask
from downslope.studio.session._doctor import call_of, what_changes
from downslope.studio.session._opening import session_on
from downslope.studio.session._session import first_session
from downslope.studio.views._answers import outcome_of
from downslope.studio.views._doctor import _going_on
from downslope.studio.views._time import stuck_of

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
Y = X @ [1.0, -2.0, 0.5] + GENERATOR.normal(0, 0.1, 60)
TANH = ds.Network(3, [ds.Dense(6, "tanh"), ds.Dense(1)])


def examined(session, told=None):
    return outcome_of(session, ask.Examine()).later(told or (lambda words: None))


def on_table(network=TANH, x=X, y=Y, steps=200, **settings):
    session = session_on(network, x, y, None, {"validation": 0.25, **settings})
    session.handle(ask.SetPace(None))
    session.handle(ask.Step(steps))
    return session


def going_on(session, steps):
    """The error of the run that a remedy began, after so many steps of it."""
    session.handle(ask.Pause())
    session.handle(ask.Reset())
    session.handle(ask.Step(steps))
    return session.measured.error


@pytest.mark.parametrize("batch", [None, 8])
def test_the_call_gives_the_bits_of_the_run(batch):
    session = on_table(optimizer="adam", learning_rate=0.01, batch_size=batch, seed=3, clip_norm=1.0)
    run = call_of(session.state).run(steps=200)
    for name, value in session.parameters.items():
        np.testing.assert_array_equal(run.state[name], value)  # not the best of the validation


def test_the_call_begins_where_a_hand_let_go():
    session = first_session()
    session.handle(ask.Step(7))
    session.handle(ask.SetParameter("layer1.weight", [0, 1], 5.0))
    moved = session.parameters["layer1.weight"].copy()
    session.handle(ask.Step(30))
    call = call_of(session.state)
    np.testing.assert_array_equal(call.settings["start"]["layer1.weight"], moved)
    np.testing.assert_array_equal(
        call.run(steps=30).parameters["layer1.weight"], session.parameters["layer1.weight"]
    )


def test_rows_have_the_numbers_of_the_table():
    state = on_table().state
    call = call_of(state).with_rows_apart()
    together = np.concatenate([call.row_numbers, call.measured_numbers])
    assert sorted(together) == list(range(60))
    np.testing.assert_array_equal(call.rows["x"], X[call.row_numbers])
    np.testing.assert_array_equal(call.measured["x"], X[call.measured_numbers])


@pytest.mark.thorough
def test_frozen_numbers_stay_in_the_runs_that_are_tried():
    session = first_session()
    session.handle(ask.Freeze("layer1.weight", [0, 0], True))
    call = call_of(session.state)
    run = call.run(steps=5)
    before = session.state.position.values["layer1.weight"]
    assert run.parameters["layer1.weight"][0, 0] == before[0, 0]
    assert np.all(run.parameters["layer1.weight"][0, 1:] != before[0, 1:])
    answer = examined(session)
    released = {"frozen": None, **{k: v for k, v in call.arguments().items() if k != "frozen"}}
    assert answer["message"] == "examined"
    assert what_changes(session.state, call, call.arguments()) == {"settings": {}}
    assert what_changes(session.state, call, released) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.3},
        {"optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 0.5},
        {"batch_size": 16},
        {"clip_norm": 2.0},
        {"l2": 0.25},
        {"loss": "absolute_error"},
        {"layers": [{"units": 9, "activation": "relu", "bias": True}, {"units": 1}]},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_a_change_of_settings_is_one_of_the_page(changes):
    session = on_table(learning_rate=0.1)
    call = call_of(session.state)
    wanted = session.state.settings.changed(changes)
    settings = {"learning_rate": wanted.learning_rate, "optimizer": wanted.rule}
    settings |= {"batch_size": wanted.batch_size, "clip_norm": wanted.clip_norm}
    after = replace(call, network=wanted.network).with_settings(**settings)
    session.handle(ask.ApplyRemedy(1, **what_changes(session.state, call, after.arguments())))
    assert session.state.settings == wanted
    assert session.state.playing
    assert session.state.run.parent == (1, 0)
    assert len(session.state.runs) == 2


def test_rows_that_weigh_nothing_are_left_out():
    session = on_table()
    call = call_of(session.state)
    weights = np.ones(60)
    weights[[int(row) for row in call.row_numbers[:4]]] = 0
    changes = what_changes(session.state, call, call.with_weights_times(weights).arguments())
    assert sorted(changes["without"]) == np.flatnonzero(weights == 0).tolist()
    session.handle(ask.ApplyRemedy(1, **changes))
    np.testing.assert_array_equal(session.state.rows.x, X[weights == 1])


def test_columns_are_left_out():
    session = on_table()
    call = call_of(session.state)
    network = ds.Network(2, [ds.Dense(6, "tanh"), ds.Dense(1)])
    after = replace(call.with_inputs(lambda x: x[:, [0, 2]]), network=network)
    changes = what_changes(session.state, call, after.arguments())
    assert changes["drop"] == ["x2"]
    session.handle(ask.ApplyRemedy(1, **changes))
    np.testing.assert_array_equal(session.state.rows.x, X[:, [0, 2]])
    assert session.state.settings.network == network


def test_a_column_that_is_set_to_0_is_left_out():
    session = on_table()
    call = call_of(session.state)
    changes = what_changes(session.state, call, call.with_inputs(lambda x: x * [1, 0, 1]).arguments())
    assert changes == {"drop": ["x2"], "settings": {}}


@pytest.mark.thorough
def test_equal_starting_values_are_drawn_anew():
    equal = ds.Network(3, [ds.Dense(6, "tanh", initializer="zeros"), ds.Dense(1, initializer="zeros")])
    session = on_table(equal, learning_rate=0.1)
    (finding,) = [one for one in examined(session)["findings"] if one["code"] == "symmetric-start"]
    assert finding["changes"]["fresh"]
    session.handle(ask.ApplyRemedy(1, **finding["changes"]))
    drawn = TANH.initial_parameters(0)["layer1.weight"]
    np.testing.assert_array_equal(session.state.run.saved_steps[0].values["layer1.weight"], drawn)


def test_what_the_page_cannot_hold_is_none():
    session = on_table()
    call = call_of(session.state)
    for after in (
        call.with_settings(row_weights=np.linspace(0, 1, len(call.x))),
        call.with_settings(learning_rate=ds.Cosine(0.1)),
        call.with_settings(optimizer=ds.Adam(epsilon=1e-3)),
        call.with_settings(clip_value=1.0),
        call.with_settings(start={"layer1.weight": np.ones((6, 3))}),
        call.with_inputs(np.tanh),
        call.with_targets(np.sign, lambda z: z),
    ):
        assert what_changes(session.state, call, after.arguments()) is None


def test_a_rate_that_is_too_high_is_mended_by_a_branch_from_the_start():
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 0.1}))
    session.handle(ask.Step(200))
    start = session.state.run.saved_steps[0].values["layer1.weight"]
    told = []
    found = examined(session, told.append)
    assert any(words.startswith("proving: learning rate") for words in told)
    (finding,) = found["findings"]
    assert (finding["code"], finding["stated"]) == ("learning-rate-too-high", "proven")
    assert finding["scores"]["remedied"] < 1e-6 < finding["scores"]["unchanged"]
    session.handle(ask.ApplyRemedy(found["run"], **finding["changes"]))
    assert session.state.run.parent == (1, 0)
    np.testing.assert_array_equal(session.parameters["layer1.weight"], start)
    assert going_on(session, 2000) < 1e-9


@pytest.mark.thorough
def test_unscaled_columns_are_standardised():
    x = X * [1.0, 300.0, 0.5] + [0.0, 900.0, 3.0]
    session = on_table(ds.Network(3, [ds.Dense(1)]), x, Y, learning_rate=0.01)
    assert session.state.stopped.kind == "not finite"
    finding = examined(session)["findings"][0]
    assert finding["code"] == "unscaled-inputs"
    assert finding["where"].startswith("columns x2")
    assert finding["changes"]["scaling"] == "standard"
    session.handle(ask.ApplyRemedy(1, **finding["changes"]))
    assert session.state.rows.choices.scaling == "standard"
    sizes = np.sqrt(np.mean(session.state.rows.x**2, axis=0))
    assert sizes.max() < 2 * sizes.min()  # 900 times before
    assert going_on(session, 2000) < 0.05


def test_a_healthy_run_is_called_healthy():
    session = first_session()
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(500))
    found = examined(session)
    assert (found["healthy"], [one for one in found["findings"] if one["severity"] == "fault"]) == (True, [])
    assert stuck_of(session.state) is None


def test_a_remedy_is_that_of_the_run_that_was_examined():
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 0.1}))
    session.handle(ask.Step(200))
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.ApplyRemedy(1, {"learning_rate": 0.005}))
    assert session.state.rows.name == "five rows"
    assert session.state.run.parent == (1, 0)
    with pytest.raises(DownslopeError, match="there is no run 9"):
        session.handle(ask.ApplyRemedy(9, {}))


def test_no_progress_is_told_after_a_while_and_progress_is_not():
    slow, wild, good = (on_table(learning_rate=rate, steps=40) for rate in (1e-12, 2.0, 0.1))
    assert [stuck_of(session.state) for session in (slow, wild, good)] == [None] * 3
    for session in (slow, wild, good):
        session.handle(ask.Step(1200))
    assert stuck_of(slow.state) == {"steps": 1240, "above": False}
    assert stuck_of(good.state) is None


def test_more_steps_are_none_of_the_page_unless_it_has_a_number_of_them():
    for stop, wanted in ((None, {}), (300, {"stop_steps": 900})):
        session = on_table(stop_steps=stop)
        call = call_of(session.state)
        changes = what_changes(session.state, call, call.with_settings(steps=900).arguments())
        assert changes == {"settings": wanted}


def finding_of(code, **remedied):
    """A fault whose remedy makes a call with these settings."""
    words = {"cause": "", "remedy": "", "stated": "proven", "expected": "", "source": ""}
    return Finding(code, "fault", Where(), (), changes=remedied, remedied=remedied, proof=None, **words)


def test_more_steps_are_a_note_of_a_run_that_goes_on():
    scaled, more = finding_of("unscaled-inputs"), finding_of("stopped-early")
    for findings, changes, severities in (
        ([more], [{"settings": {}}], ["note"]),
        ([scaled, more], [{"scaling": "standard", "settings": {}}] * 2, ["fault", "note"]),
        ([scaled], [None], ["fault"]),
        ([more], [{"settings": {"stop_steps": 500}}], ["fault"]),
    ):
        found = _going_on(Diagnosis(findings, 0.5, False, 1.0), changes)
        assert [one.severity for one in found.findings] == severities
        assert found.healthy == ("fault" not in severities)


def test_errors_that_stay_above_that_of_the_start_are_told():
    session = on_table(ds.Network(3, [ds.Dense(1)]), steps=1)
    session.handle(ask.Solve())
    assert stuck_of(session.state) is None
    session.handle(ask.ChangeSettings({"batch_size": 1, "learning_rate": 0.1}))
    told = []
    for _ in range(300):
        session.handle(ask.Step(1))
        told.append(stuck_of(session.state))
    assert told[:40] == [None] * 40
    assert any(one is not None and one["above"] for one in told)
