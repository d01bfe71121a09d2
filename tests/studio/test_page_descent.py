"""Descent on the page: steps, their parts, frozen weights, the exact answer, and a descent that fails."""

import numpy as np
from visits import FIVE_X, FIVE_Y, NEURON, START, W, send

import downslope as ds
from downslope.engines import evaluate
from downslope.graph import gradient


def descended(steps, start=START, **how):
    """The weights of ``descend``."""
    settings = {"learning_rate": 0.001, **how}
    return ds.descend(NEURON, FIVE_X, FIVE_Y, start=start, steps=steps, **settings).parameters[W][0]


def gradient_at(weights):
    """∂E/∂w by the reference engine."""
    graph = NEURON.graph()
    given = {W: np.array([weights]), "x": FIVE_X, "y": FIVE_Y[:, None], "row_weights": np.ones(5)}
    slopes = gradient(graph.error, [graph.parameters[W]])
    return evaluate(slopes, given)[0][0]


def test_a_thousand_steps_are_those_of_descend(page):
    page.take(1000)
    assert page.weights.tobytes() == descended(1000).tobytes()
    page.take(7)
    assert page.weights.tobytes() == descended(1007).tobytes()
    assert "step 1,007 ·" in page.page.locator(".timeline .where").inner_text()


def test_playing_goes_the_same_way_and_stops_where_asked(page):
    panel = page.panel("Settings")
    panel.get_by_label("Maximum number of steps").fill("54321")
    panel.get_by_label("Maximum number of steps").press("Enter")
    page.until(lambda: page.overview["settings"]["stop_steps"] == 54321, "the stop rule")
    page.button("▶ Descend").click()
    page.at_step(54321)
    assert page.weights.tobytes() == descended(54321).tobytes()
    assert "54,321 steps are done" in page.page.get_by_role("alert").inner_text()
    assert page.frame["timeline"]["steps"][-1] == 54321
    assert np.all(np.diff(page.steps) >= 0)


def test_playing_is_paused(five_rows, page):
    send(five_rows, "change_settings", settings={"learning_rate": 1e-9})  # for a long way down
    page.button("▶ Descend").click()
    page.until(lambda: page.frame["step"] > 0, "a step")
    page.button("❚❚ Pause").click()
    page.until(lambda: not page.frame["playing"], "the pause")
    steps, weights = page.frame["step"], page.weights
    page.page.wait_for_timeout(200)
    assert (page.frame["step"], page.weights.tolist()) == (steps, weights.tolist())
    assert weights.tobytes() == descended(steps, learning_rate=1e-9).tobytes()


def test_the_curve_is_drawn_down_to_the_smallest_errors(page):
    page.take(50_000)
    assert page.frame["error"]["value"] < 1e-26
    page.page.wait_for_timeout(300)
    assert page.page.locator(".curve canvas").is_visible()


def test_a_step_has_four_parts(page):
    slopes = page.page.locator(".gradient")
    for part in ("Forward", "Loss", "Backward"):
        page.button(part).click()
        page.until(lambda p=part: page.frame["phase"] == p.lower(), part)
        assert page.button(part).get_attribute("aria-pressed") == "true"
        assert page.weights.tolist() == START
        assert slopes.count() == (3 if part == "Backward" else 0)
    np.testing.assert_allclose(page.frame["gradients"][W][0], gradient_at(START), rtol=1e-14)
    page.button("Update").click()
    page.at_step(1)
    assert page.weights.tobytes() == descended(1).tobytes()
    page.button("1 step").click()
    page.at_step(2)
    assert (page.frame["phase"], page.weights.tobytes()) == ("", descended(2).tobytes())


def test_slow_motion_shows_each_part(page):
    speed = page.page.get_by_role("slider", name="Speed")
    speed.press("Home")
    page.until(lambda: page.frame["pace"] == 0.5, "the slowest pace")
    assert speed.get_attribute("aria-valuetext") == "1 step in 2 s"
    page.button("▶ Descend").click()
    for part in ("forward", "loss", "backward", "update"):
        page.until(lambda p=part: page.frame["phase"] == p, part)
    page.button("❚❚ Pause").click()
    page.until(lambda: not page.frame["playing"], "the pause")
    assert page.weights.tobytes() == descended(page.frame["step"]).tobytes()


def test_a_frozen_weight_stays(page):
    page.page.get_by_role("button", name="Freeze w₂").click()
    page.until(lambda: page.overview["network"]["frozen"], "the weight to freeze")
    page.take(200)
    expected = np.array(START)
    for _ in range(200):
        expected -= 0.001 * gradient_at(expected) * [1, 0, 1]
    assert page.weights[1] == -14
    np.testing.assert_allclose(page.weights, expected, rtol=1e-12)
    page.page.get_by_role("button", name="Freeze w₂").click()
    page.until(lambda: not page.overview["network"]["frozen"], "the weight to be let go")
    page.button("1 step").click()
    page.at_step(201)
    np.testing.assert_allclose(page.weights, expected - 0.001 * gradient_at(expected), rtol=1e-12)


def test_solve_reset_and_new_start(page):
    page.menu("Reset ▾", "Solve")
    exact = ds.solve(NEURON, FIVE_X, FIVE_Y)
    page.until(lambda: page.weights.tobytes() == exact.parameters[W].tobytes(), "the exact answer")
    assert page.answer("notice")["text"] == exact.message
    page.take(3)
    page.menu("Reset ▾", "Reset")
    page.until(lambda: page.weights.tolist() == START, "the start")
    page.menu("Reset ▾", "New random weights")
    page.until(
        lambda: page.overview["settings"]["seed"] == 1 and page.weights.tolist() != START, "other weights"
    )
    assert page.weights.tobytes() == NEURON.initial_parameters(1)[W].tobytes()
    page.menu("Reset ▾", "New random weights")
    drawn = NEURON.initial_parameters(2)[W].tobytes()
    page.until(lambda: page.weights.tobytes() == drawn, "the weights of another seed")
    assert page.overview["settings"]["seed"] == 2
    page.take(2)
    page.menu("Reset ▾", "Reset")
    page.at_step(0)
    assert page.weights.tobytes() == NEURON.initial_parameters(2)[W].tobytes()


def test_a_descent_that_diverges_says_so(page):
    rate = page.page.get_by_label("learning rate as a number")
    rate.fill("0.02")
    rate.press("Enter")
    page.until(lambda: page.overview["settings"]["learning_rate"] == 0.02, "the rate")
    page.button("▶ Descend").click()
    page.until(lambda: page.frame["stopped"], "the failure")
    failed = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.02, steps=10_000)
    words = page.page.get_by_role("alert").inner_text()
    assert failed.stopped == "not finite"
    assert failed.message[1:] in words
    assert page.weights.tobytes() == failed.parameters[W].tobytes()
    page.button("Close this message").click()
    assert page.page.get_by_text("Descent failed").count() == 0
