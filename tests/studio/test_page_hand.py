"""Weights moved by hand: what the page shows is what the engine says of the weights that are shown."""

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, NEURON, START, W, number_in, send

from downslope.engines import evaluate


def rows_at(weights):
    """z and squared errors of the five rows by the reference engine."""
    graph = NEURON.graph()
    given = {W: np.array([weights]), "x": FIVE_X, "y": FIVE_Y[:, None], "row_weights": np.ones(5)}
    return evaluate([graph.output, graph.errors, graph.error], given)


def check_rows(page, weights):
    """Table, total and frame are those of these weights."""
    z, errors, total = rows_at(weights)
    np.testing.assert_allclose(page.frame["rows"]["z"], z, rtol=1e-14)
    np.testing.assert_allclose(page.frame["rows"]["loss"], errors, rtol=1e-14)
    table = page.page.locator("section.rows table tbody tr")
    for row, cells in enumerate(
        table.evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.innerText))")
    ):
        _, _, _, _, shown_z, _, error, squared, _ = cells
        assert number_in(shown_z) == pytest.approx(z[row, 0], rel=1e-5)
        assert number_in(error) == pytest.approx(FIVE_Y[row] - z[row, 0], rel=1e-4, abs=1e-9)
        assert number_in(squared) == pytest.approx(errors[row], rel=1e-4)
    told = float(page.page.locator(".total .big").get_attribute("data-error"))
    assert told == pytest.approx(float(total), rel=1e-14)


def test_the_first_screen_holds_all_of_it_without_scrolling(page):
    room = page.page.viewport_size
    shown = [
        "section.rows table",
        ".total .big",
        ".challenge",
        ".controls",
        "#rate",
        ".drawing .canvas",
        ".timeline",
    ]
    for part in [*shown, *(f".weight:has([aria-label='Freeze w{n}'])" for n in "₁₂₃")]:
        box = page.page.locator(part).first.bounding_box()
        assert box["height"] > 0
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= room["height"], part
        assert box["x"] + box["width"] <= room["width"], part
    assert page.weights.tolist() == START
    check_rows(page, START)


def test_a_weight_is_dragged(page):
    box = page.weight(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    before = page.value(1)
    for pixels in (-40, -120, -250, -400, -300):
        page.page.mouse.move(x + pixels, y, steps=3)
        page.until(lambda b=before: page.value(1) not in (b, 200), "another weight")
        page.shows_what_was_set(1)
        before = page.value(1)
        assert page.weights.tolist() == [before, *START[1:]]
        check_rows(page, page.weights)
        assert number_in(page.weight(1).input_value()) == pytest.approx(before, rel=1e-3)
    page.page.mouse.up()
    page.shows_what_was_set(1)
    assert page.value(1) == before
    check_rows(page, [before, *START[1:]])


def test_a_weight_is_nudged_by_keys(page):
    page.weight(1).focus()
    for key, after in [("ArrowUp", 210), ("Shift+ArrowUp", 211), ("ArrowDown", 201), ("PageUp", 301)]:
        page.page.keyboard.press(key)
        page.until(lambda v=after: page.value(1) == v, f"{after} after {key}")
        check_rows(page, [after, *START[1:]])


@pytest.mark.parametrize(
    ("locale", "typed", "meant"),
    [
        ("en-US", "0.5", 0.5),
        ("en-US", "0,5", 0.5),
        ("en-US", "1,234.5", 1234.5),
        ("en-US", "-3e-2", -0.03),
        ("de-DE", "0,5", 0.5),
        ("de-DE", "0.5", 0.5),
        ("de-DE", "1.234,5", 1234.5),
    ],
)
def test_a_weight_is_typed_with_a_comma_or_a_point(five_rows, visit, locale, typed, meant):
    send(five_rows, **FRESH)
    page = visit(five_rows, locale=locale)
    page.set(2, typed)
    page.until(lambda: page.weights[1] == meant, f"{meant} typed as {typed}")
    mark = {"en-US": ".", "de-DE": ","}[locale]
    assert page.weight(2).input_value().replace("−", "-") == str(meant).replace(".", mark)


def test_what_is_no_number_leaves_the_weight(page):
    page.set(2, "much")
    page.set(1, "7")
    page.until(lambda: page.weights[0] == 7, "the next weight")
    assert page.weights[1] == -14
    assert number_in(page.weight(2).input_value()) == -14


def test_the_best_by_hand_is_kept_and_the_challenge_met(page):
    for number, text in ((3, "1.2"), (2, "0.9"), (1, "0.52")):
        page.set(number, text)
        page.until(lambda n=number, t=text: page.value(n) == float(t), text)
    best = float(rows_at([0.52, 0.9, 1.2])[2])
    assert page.frame["challenge"]["met"] == int(np.sum(FIVE_X[:, 0] * 0.02 < 0.1))
    page.set(1, "0.505")
    page.until(lambda: page.frame["challenge"]["met"] == 5, "the challenge")
    assert page.page.get_by_text("All 5 errors are below 0.1, by hand.").is_visible()
    better = float(rows_at([0.505, 0.9, 1.2])[2])
    assert better < best
    page.set(1, "80")
    page.until(lambda: page.value(1) == 80, "80")
    assert page.frame["best"]["hand"]["error"] == pytest.approx(better)
    page.page.locator(".bests").get_by_role("button").first.click()
    page.until(lambda: page.weights.tolist() == [0.505, 0.9, 1.2], "the best by hand")


def test_what_is_typed_takes_the_place_of_all_digits(page):
    page.set(1, "0.123456789012345678")
    page.until(lambda: page.value(1) == 0.12345678901234568, "all digits")
    page.set(1, "4")
    page.until(lambda: page.value(1) == 4, "the typed number")
    page.weight(1).focus()
    page.page.keyboard.press("ArrowUp")
    page.until(lambda: page.value(1) == 4.1, "a nudge")
    page.page.keyboard.type("6")
    page.page.keyboard.press("Enter")
    page.until(lambda: page.value(1) == 6, "the number typed after a nudge")
    page.page.keyboard.type("8")
    page.page.keyboard.press("Tab")
    page.until(lambda: page.value(1) == 8, "the number typed after another")


def test_a_field_that_is_left_while_weights_move_changes_nothing(five_rows, page):
    send(five_rows, "change_settings", settings={"learning_rate": 1e-9})  # for a long way down
    page.weight(1).focus()
    page.button("▶ Descend").evaluate("button => button.click()")
    page.until(lambda: page.frame["step"] > 100, "descent")
    page.weight(1).evaluate("field => field.blur()")
    before = page.frame["step"]
    page.until(lambda: page.frame["step"] > before and page.frame["playing"], "descent to go on")
    page.button("❚❚ Pause").click()
    page.until(lambda: not page.frame["playing"], "the pause")
    assert set(page.frame["timeline"]["origins"][1:]) == {"descent"}


FIVE_KEYS = """(field) => {
  for (let n = 0; n < 5; n++) field.dispatchEvent(
    new KeyboardEvent("keydown", {key: "ArrowUp", bubbles: true}),
  );
}"""


def test_five_keys_within_a_frame_are_five_steps(page):
    page.weight(2).evaluate(FIVE_KEYS)
    page.until(lambda: page.weights[1] == START[1] + 5, "five units more")


def test_at_the_exact_solution_no_rounding_is_shown_as_an_error(page):
    page.menu("Reset ▾", "Solve")
    page.until(lambda: page.frame["error"]["rounding"], "the solution")
    total = page.page.locator(".total .big")
    assert total.inner_text() == "≈ 0"
    assert "10⁻" in total.get_attribute("title")
    assert total.get_attribute("title").endswith("(rounding)")
    cells = page.page.locator("section.rows td.computed").all_inner_texts()
    assert [text.removesuffix("✓").strip() for text in cells[1:3]] == ["≈ 0", "≈ 0"]
    assert page.page.locator("section.rows .meter").count() == 0
