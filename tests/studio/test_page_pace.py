"""The speed slider and the replay on the page."""

import numpy as np
import pytest
from test_page_access import ANNOUNCED
from visits import FRESH, W, send

SLOW = 1e-9  # a learning rate for a long way down


@pytest.fixture
def slider(page):
    return page.page.get_by_role("slider", name="Speed")


def at_pace(page, pace):
    page.until(lambda: page.frame["pace"] == pace, f"a pace of {pace}")


def test_the_slider_says_the_pace_in_words_and_goes_by_keys(five_rows, page, slider):
    send(five_rows, "set_pace", pace=30)
    at_pace(page, 30)
    words = page.page.locator(".speed .pace")
    assert slider.get_attribute("aria-valuetext") == words.inner_text() == "30 steps/s"
    for key, pace, text in (
        ("End", None, "as fast as it goes"),
        ("ArrowLeft", 10_000, "10,000 steps/s"),
        ("Home", 0.5, "1 step in 2 s"),
        ("ArrowRight", 1, "1 step/s"),
    ):
        slider.press(key)
        at_pace(page, pace)
        assert slider.get_attribute("aria-valuetext") == words.inner_text() == text
    slider.evaluate("slider => slider.blur()")
    for key, pace in (("+", 2), ("+", 3), ("=", 5), ("-", 3), ("-", 2)):
        page.page.keyboard.press(key)
        at_pace(page, pace)
    send(five_rows, "set_pace", pace=33)  # none of the slider's
    at_pace(page, 33)
    assert words.inner_text() == "33 steps/s"
    page.page.keyboard.press("+")
    at_pace(page, 50)


def test_another_speed_holds_at_once_while_playing(five_rows, page, slider):
    send(five_rows, "change_settings", settings={"learning_rate": SLOW})
    slider.press("Home")
    at_pace(page, 0.5)
    slider.evaluate("slider => slider.blur()")
    page.page.keyboard.press(" ")
    page.until(lambda: page.frame["playing"] and page.frame["phase"] == "loss", "a part of a step")
    slider.press("End")
    page.until(lambda: page.frame["step"] > 5000 and page.frame["phase"] == "", "many steps")
    for _ in range(11):
        slider.press("ArrowLeft")
    at_pace(page, 30)
    before = page.frame["step"]
    page.until(lambda: page.frame["step"] > before + 20, "steps at that pace")
    page.page.keyboard.press(" ")
    page.until(lambda: not page.frame["playing"], "the pause")


def test_a_replay_goes_from_the_start_to_the_latest(page):
    page.take(30)
    page.set(1, "5")
    page.until(lambda: page.value(1) == 5, "the weight by hand")
    latest = page.weights.tobytes()
    last = page.frame["timeline"]["index"]
    seen = []
    page.button("Replay").click()
    page.until(lambda: seen.append(page.frame["timeline"]["index"]) or page.frame["replay"], "the replay")
    assert page.button("Replay").get_attribute("aria-pressed") == "true"
    assert page.frame["timeline"]["index"] < last
    page.until(lambda: page.frame["replay"] is None, "its end")
    assert page.frame["timeline"]["index"] == last
    assert page.weights.tobytes() == latest
    assert page.button("Replay").get_attribute("aria-pressed") == "false"


def test_a_replay_pauses_by_space_and_goes_on_from_there(five_rows, page):
    page.take(100)
    page.button("Take steps").evaluate("button => button.blur()")
    send(five_rows, "set_pace", pace=10)
    page.page.keyboard.press("p")
    page.until(lambda: page.frame["replay"] and page.frame["timeline"]["index"] >= 2, "two saved steps")
    assert page.page.locator(".speed .pace").inner_text() == "10 saved steps/s"
    assert page.button("❚❚ Pause").count() == 1
    page.page.keyboard.press(" ")
    page.until(lambda: page.frame["replay"] is None, "the pause")
    there = page.frame["timeline"]["index"]
    assert 2 <= there < 20
    page.page.wait_for_timeout(300)
    assert (page.frame["timeline"]["index"], page.frame["playing"]) == (there, False)
    page.page.keyboard.press("p")
    page.until(lambda: page.frame["timeline"]["index"] > there, "the next saved step")
    page.page.keyboard.press("p")
    page.until(lambda: page.frame["replay"] is None, "the pause")


def test_a_weight_moved_in_a_replay_ends_it_and_starts_a_branch(five_rows, page):
    page.take(100)
    run = page.frame["timeline"]["run"]
    send(five_rows, "set_pace", pace=20)
    page.button("Replay").click()
    page.until(lambda: page.frame["replay"] and page.frame["timeline"]["index"] >= 3, "three saved steps")
    page.set(2, "7")
    page.until(lambda: page.value(2) == 7, "the weight by hand")
    assert page.frame["replay"] is None
    assert page.frame["timeline"]["run"] == run + 1
    assert page.frame["timeline"]["origins"][-1] == "hand"
    assert page.frame["step"] < 100
    assert page.frame["parameters"][W][0][1] == 7


@pytest.mark.thorough
def test_a_replay_is_announced_at_most_once_in_two_seconds(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows)
    page.take(2000)
    page.page.wait_for_timeout(2500)
    page.page.evaluate(ANNOUNCED)
    send(five_rows, "set_pace", pace=50)
    page.button("Replay").click()
    page.until(lambda: page.frame["replay"], "the replay")
    page.until(lambda: not page.frame["replay"], "its end")
    page.page.wait_for_timeout(2500)
    times = [time for time, _ in page.page.evaluate("window.announced")]
    assert len(times) <= 3
    assert all(np.diff(times) >= 1990)
