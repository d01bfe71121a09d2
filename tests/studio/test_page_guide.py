"""The line that says what to do: one sentence until it was done, and what each move by hand did."""

import pytest
from visits import send, serving


@pytest.fixture
def alone():
    """A session of its own, in which nothing was done yet."""
    with serving() as address:
        yield address


@pytest.fixture
def page(alone, visit):
    return visit(alone)


def test_each_sentence_goes_when_it_was_done(page):
    hint = page.page.locator(".guide .hint")
    assert hint.inner_text() == "Drag a number on the drawing and watch the five errors."
    for value in ("20", "3", "2"):
        page.set(3, value)
        page.until(lambda v=value: page.value(3) == float(v), value)
    assert hint.inner_text().startswith("Press Descend")
    page.take(20)
    assert hint.inner_text().startswith("Press ∂ beside a number")
    page.page.get_by_role("button", name="Chain rule for w₂").click()
    page.answer("explanation")
    page.until(lambda: hint.inner_text().startswith("Drag on the curve"), "the last sentence")
    page.page.get_by_label("Saved step", exact=True).fill("2")
    page.until(lambda: hint.count() == 0, "no sentence")


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
