"""The line that says what to do: one sentence until it was done, and what each move by hand did."""

from itertools import pairwise

import pytest
from visits import FRESH, send

from downslope.studio import _schema as ask
from downslope.studio.session._session import first_session
from downslope.studio.views._time import growth_of


@pytest.fixture
def page(alone, visit):
    return visit(alone)


def test_each_sentence_is_about_what_is_there(page, alone):
    hint = page.page.locator(".guide .hint")
    by_hand = "Drag a number, or click and type one, and watch the five errors."
    assert hint.inner_text() == by_hand
    for value in ("20", "3", "2"):
        page.set(3, value)
        page.until(lambda v=value: page.value(3) == float(v), value)
    assert hint.inner_text() == by_hand  # the goal beside it is not met
    page.take(20)
    assert hint.inner_text().startswith("Press ∂ beside a number")
    page.page.get_by_role("button", name="Chain rule for w₂").click()
    page.answer("explanation")
    page.until(lambda: hint.inner_text().startswith("Drag on the curve"), "back in time")
    send(alone, "open_sample", name="wave")
    page.until(lambda: hint.inner_text().startswith("Press Descend"), "a table without a curve")
    send(alone, **FRESH)
    page.until(lambda: hint.inner_text() == by_hand, "the goal again")
    page.take(20)
    page.page.get_by_label("Saved step", exact=True).fill("2")
    page.until(lambda: hint.count() == 0, "no sentence")


def test_a_growing_error_is_told_with_the_rate_that_helps(page, alone):
    hint = page.page.locator(".guide .hint")
    send(alone, "change_settings", settings={"learning_rate": 0.0074})
    page.until(lambda: page.overview["settings"]["learning_rate"] == 0.0074, "0.0074")
    page.take(40)
    assert page.frame["growth"]["rate"] == 0.0074
    assert hint.inner_text().startswith(
        "The error is growing: η = 0.0074 is above the stable range (0.007314)."
    )
    best = page.frame["growth"]["best"]
    hint.get_by_role("button", name="Use 0.007184").click()
    page.until(
        lambda: page.overview["settings"]["learning_rate"] == pytest.approx(best, rel=1e-3), "the best"
    )
    page.until(lambda: page.frame["growth"] is None, "no growth")


def test_a_move_by_hand_is_answered_with_what_it_did(page):
    move = page.page.locator(".guide .move")
    assert move.count() == 0
    page.set(3, "20")
    page.until(lambda: page.value(3) == 20, "20")
    before = 773907307.1959999
    times = before / page.frame["error"]["value"]
    assert page.frame["moved"] == {"better": True, "times": pytest.approx(times)}
    assert move.inner_text().startswith("Better: the error is ")
    assert move.inner_text().endswith(" times smaller.")
    page.set(3, "30")
    page.until(lambda: page.value(3) == 30, "30")
    assert move.inner_text().startswith("Worse: the error is ")
    page.take(1)
    assert move.count() == 0


def test_nothing_jumps_when_the_sentences_change(alone, visit):
    page = visit(alone, {"width": 1280, "height": 720})
    before = page.page.locator(".network").bounding_box()
    for value in ("20", "3", "2"):
        page.set(3, value)
        page.until(lambda v=value: page.value(3) == float(v), value)
        assert page.page.locator(".network").bounding_box() == before
    send(alone, "solve")
    page.until(lambda: page.frame["challenge"]["met"] == 5, "the exact answer")
    assert page.page.locator(".network").bounding_box() == before


def growths(settings, table="five rows", steps=60):
    """What is said of the growth of the error after each step of a session."""
    session = first_session()
    session.handle(ask.OpenSample(table))
    session.handle(ask.ChangeSettings(settings))
    found = []
    for _ in range(steps):
        session.handle(ask.Step(1))
        found.append(growth_of(session.state))
    return session, found


def test_above_the_stable_range_growth_is_told_after_three_steps_and_until_another_rate():
    session, found = growths({"learning_rate": 0.0074})
    assert found[:2] == [None, None]
    assert all(growth is not None for growth in found[2:])
    assert found[-1]["stable"] < found[-1]["rate"] == 0.0074
    session.handle(ask.GoTo(1))
    assert growth_of(session.state) is None
    session.handle(ask.GoTo(None))
    session.handle(ask.ChangeSettings({"learning_rate": 0.005}))
    assert growth_of(session.state) is None


def test_without_a_stable_range_growth_has_to_pass_all_that_was():
    relu = {"layers": [{"units": 8, "activation": "relu"}, {"units": 1}], "optimizer": "sgd"}
    _, found = growths({**relu, "learning_rate": 2.5})
    assert {"rate": 2.5, "stable": None, "best": None} in found


@pytest.mark.parametrize(
    "settings",
    [{}, {"batch_size": 8}, {"batch_size": 8, "optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9}],
    ids=str,
)
def test_errors_that_go_up_and_down_are_no_growth(settings):
    session, found = growths(settings, "wave", 150)
    errors = [saved.error for saved in session.state.run.saved_steps]
    assert any(a < b for a, b in pairwise(errors))
    assert found == [None] * 150
