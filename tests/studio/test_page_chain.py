"""The chain rule beside the drawing: factors and what they speak of light each other; passes go by steps."""

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, START, number_in, send

ROW = 2  # the one of the five that weighs most at the start
DELTA = -2 * (FIVE_Y[ROW] - FIVE_X[ROW] @ START)


@pytest.fixture
def chain(page):
    """The page with the chain rule of the first weight, over all rows."""
    page.page.get_by_role("button", name="Chain rule for w₁").click()
    page.answer("explanation")
    page.page.locator(".chain .product").first.wait_for()
    return page


@pytest.fixture
def of_row(chain):
    """The page with the chain rule of the first weight on the row that weighs most."""
    chain.page.locator(".averaged").get_by_role("button", name=f"row {ROW + 1}").click()
    chain.page.locator(".averaged").wait_for(state="detached")
    return chain


def factor(page, key):
    return page.page.locator(f".chain .product .factor[data-to^='{key}']").first


def lit(page):
    """What is lit in the drawing and the table: units by their column and number, weights, rows and cells."""
    return page.page.evaluate(
        """() => ({
          units: [...document.querySelectorAll(".unit.lit")].map((unit) => unit.getAttribute("aria-label")),
          weights: [...document.querySelectorAll(".drawing .weight.lit .name")].map((one) => one.textContent),
          lines: [...document.querySelectorAll(".lines line.lit")].map((line) => line.dataset.weight),
          rows: [...document.querySelectorAll(".rows tr.lit")].map((row) => row.rowIndex),
          cells: [...document.querySelectorAll(".rows td.lit input")].map((cell) => cell.value),
        })"""
    )


def numbers(locator):
    return [number_in(text) for text in locator.all_inner_texts()]


def test_over_all_rows_the_mean_is_shown_and_what_each_row_adds_to_it(chain):
    """The numbers on the screen add up: δ·x of each row by the number of rows, and these to the mean."""
    deltas = -2 * (FIVE_Y - FIVE_X @ START)
    products = deltas * FIVE_X[:, 0]
    mean = chain.page.locator(".chain .product").first
    assert mean.inner_text().split("=")[-1].startswith(" mean over 5 rows of")
    assert numbers(mean.locator(".value")) == pytest.approx([products.mean()], rel=1e-4)
    rows = chain.page.locator(".averaged .row")
    assert numbers(rows.locator(".value")) == pytest.approx(
        np.stack([deltas, FIVE_X[:, 0]], axis=1).ravel().tolist(), rel=1e-4
    )
    adds = numbers(rows.locator("b:not(.size b)"))
    assert adds == pytest.approx((products / 5).tolist(), rel=1e-5)
    assert sum(adds) == pytest.approx(numbers(mean.locator(".value"))[0], rel=1e-5)
    assert "δ is the largest factor" in chain.page.locator(".chain .reason").inner_text()
    assert chain.page.get_by_role("heading", name="There and back on row 3").count() == 1


def test_a_row_that_is_chosen_shows_its_own_factors(of_row):
    assert of_row.page.get_by_label("Derivation for").input_value() == str(ROW)
    values = numbers(of_row.page.locator(".chain .product .value"))
    assert values[:3] == pytest.approx([DELTA * FIVE_X[ROW, 0], DELTA, FIVE_X[ROW, 0]], rel=1e-4)
    assert "is the largest factor" in of_row.page.locator(".chain .reason").inner_text()
    assert of_row.page.get_by_role("heading", name="There and back").count() == 0


def test_a_factor_of_the_mean_leads_to_its_row(chain):
    """The passes below are of another row: a step of them would show another δ."""
    chain.page.locator(".averaged .row").nth(3).locator(".factor").first.click()
    chain.page.locator(".averaged").wait_for(state="detached")
    assert chain.page.get_by_label("Derivation for").input_value() == "3"


def test_rows_that_are_not_shown_add_the_rest(five_rows, visit):
    send(five_rows, "open_sample", name="spirals")
    page = visit(five_rows)
    page.page.locator("line[data-weight='0,2,1']").dispatch_event("click")
    page.answer("explanation")
    rows = page.page.locator(".averaged .row")
    page.until(lambda: rows.count() == 5, "four rows and the others")
    assert rows.last.inner_text().split()[1:3] == ["others", "add"]
    mean = page.frame["gradients"]["layer1.weight"][2, 1]
    adds = numbers(rows.locator("b:not(.size b)"))
    assert sum(adds) == pytest.approx(mean, rel=1e-4)
    assert numbers(page.page.locator(".chain .product .value"))[0] == pytest.approx(mean, rel=1e-4)


def test_a_factor_lights_its_unit_its_row_and_its_cell(of_row):
    factor(of_row, "unit:0,0").hover()
    assert lit(of_row) == {
        "units": [of_row.page.locator(".unit").first.get_attribute("aria-label")],
        "weights": [],
        "lines": [],
        "rows": [ROW + 1],
        "cells": ["8"],
    }
    factor(of_row, "weight:0,0,0").hover()
    found = lit(of_row)
    assert (found["weights"], found["lines"], found["rows"]) == (["w₁"], ["0,0,0"], [ROW + 1])
    factor(of_row, "unit:1,0").focus()
    assert lit(of_row)["units"] == [of_row.page.locator(".unit").last.get_attribute("aria-label")]
    of_row.page.get_by_label("Number of steps").focus()
    of_row.page.mouse.move(2, 2)
    assert lit(of_row) == {"units": [], "weights": [], "lines": [], "rows": [], "cells": []}


def test_the_drawing_and_the_table_light_the_factors_that_speak_of_them(of_row):
    marked = of_row.page.locator(".chain .product .factor.lit")
    of_row.page.locator(".unit").last.hover()
    assert marked.evaluate_all("all => all.map((one) => one.dataset.to.split(' ')[0])") == ["unit:1,0"]
    of_row.page.locator(".rows tbody tr").nth(ROW).hover()
    assert marked.count() == 3
    of_row.page.locator(".rows tbody tr").nth(0).hover()
    assert marked.count() == 0
    of_row.page.locator(".drawing .weight").first.hover()
    assert marked.evaluate_all("all => all.map((one) => one.dataset.to.split(' ')[0])") == ["weight:0,0,0"]


def test_symbols_of_the_written_derivation_point_too(chain):
    chain.page.locator(".derivation mrow[data-to='unit:0,0']").first.hover()
    assert lit(chain)["units"] == [chain.page.locator(".unit").first.get_attribute("aria-label")]
    chain.page.locator(".derivation tr[data-to='row:3'] td").first.hover()
    assert lit(chain)["rows"] == [4]
    chain.page.locator(".rows tbody tr").nth(0).hover()
    assert "lit" in chain.page.locator(".derivation tr[data-to='row:0']").get_attribute("class")
    assert chain.page.locator(".averaged .row").nth(0).locator(".factor.lit").count() == 2


def at(page):
    """The values that stand on the drawing, by place and kind."""
    page.page.locator(".flow").wait_for(state="attached")
    page.until(lambda: True)
    found = page.page.locator(".flow .at").evaluate_all(
        "all => all.map((one) => [one.dataset.at, one.textContent, one.className])"
    )
    return {(place, name.split("q-")[1].split()[0]): number_in(text) for place, text, name in found}


def test_the_passes_go_factor_by_factor_with_buttons_and_arrow_keys(chain):
    """Each value appears at its place, there and back; the last is where the next step of descent arrives."""
    expected = [
        {("unit:0,0", "activation"): 8, ("unit:0,1", "activation"): 10, ("unit:0,2", "activation"): 12},
        {("weight:0,0,0", "activation"): 1600},
        {("weight:0,0,1", "activation"): -140},
        {("weight:0,0,2", "activation"): 41472},
        {("unit:1,0", "activation"): FIVE_X[ROW] @ START},
        {("error", "error"): (FIVE_Y[ROW] - FIVE_X[ROW] @ START) ** 2},
        {("unit:1,0", "delta"): DELTA},
        {("weight:0,0,0", "gradient"): DELTA * 8},
        {("weight:0,0,0", "gradient"): np.mean(-2 * (FIVE_Y - FIVE_X @ START) * FIVE_X[:, 0])},
    ]
    following = chain.page.get_by_role("button", name="Next factor")
    following.click()
    for step, values in enumerate(expected):
        found = at(chain)
        for place, value in values.items():
            assert found[place] == pytest.approx(value, rel=0.05 if place[0] == "error" else 1e-3)
        assert f"{step + 1} of 10" in chain.page.locator(".stepper .where").inner_text()
        chain.page.keyboard.press("ArrowRight")
    arrived = at(chain)["weight:0,0,0", "weight"]
    assert chain.frame["step"] == 0
    chain.page.keyboard.press("Home")
    assert set(at(chain)) == set(expected[0])
    chain.page.keyboard.press("ArrowLeft")
    chain.page.locator(".flow").wait_for(state="detached")
    chain.button("1 step").click()
    chain.at_step(1)
    assert arrived == pytest.approx(chain.weights[0], rel=1e-3)


def test_pressing_a_factor_shows_the_step_in_which_it_appears(of_row):
    factor(of_row, "unit:1,0").click()
    assert at(of_row)["unit:1,0", "delta"] == pytest.approx(DELTA, rel=1e-3)
    assert "Backward, 7 of 10" in of_row.page.locator(".stepper .where").inner_text()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_values_flow_along_the_edges_unless_motion_is_unwanted(five_rows, visit, motion):
    send(five_rows, **FRESH)
    page = visit(five_rows, reduced_motion=motion)
    page.page.get_by_role("button", name="Chain rule for w₁").click()
    page.answer("explanation")
    page.page.get_by_role("button", name="Next factor").click()
    page.page.keyboard.press("ArrowRight")
    page.page.locator(".flow .at.new").wait_for()
    moving = page.page.evaluate(
        "() => document.getAnimations().filter((one) => one.effect.target?.closest('.flow')).length"
    )
    assert (moving > 0) == (motion == "no-preference")
    assert lit(page)["lines"] == ["0,0,0"]


def test_layers_go_unit_by_unit_and_the_written_text_has_the_numbers_of_the_drawing(five_rows, visit):
    layers = [{"units": 3, "activation": "tanh"}, {"units": 1, "activation": "identity"}]
    send(five_rows, **FRESH)
    send(five_rows, "change_settings", settings={"layers": layers})
    page = visit(five_rows)
    page.page.locator("line[data-weight='0,1,2']").dispatch_event("click")
    page.answer("explanation")
    parameters = page.frame["parameters"]
    page.page.get_by_role("button", name="Next factor").click()
    row = page.answer("explanation")["chain"]["row"]
    hidden = np.tanh(parameters["layer1.weight"] @ FIVE_X[row] + parameters["layer1.bias"])
    output = (parameters["layer2.weight"] @ hidden + parameters["layer2.bias"])[0]
    delta = 2 * (output - FIVE_Y[row])
    back = delta * parameters["layer2.weight"][0, 1] * (1 - hidden[1] ** 2)
    found, steps = at(page), page.page.locator(".passes i").count()
    for _ in range(steps - 3):
        page.page.keyboard.press("ArrowRight")
        found |= at(page)
    assert found["unit:2,0", "activation"] == pytest.approx(output, rel=1e-3)
    assert found["unit:2,0", "delta"] == pytest.approx(delta, rel=1e-3)
    assert found["unit:1,1", "delta"] == pytest.approx(back, rel=1e-3)
    assert found["weight:0,1,2", "gradient"] == pytest.approx(back * FIVE_X[row, 2], rel=1e-3)
    assert ("unit:1,0", "delta") not in found


def test_the_row_of_the_numbers_is_brought_into_view(five_rows, visit):
    send(five_rows, "open_sample", name="spirals")
    page = visit(five_rows)
    page.page.locator("line[data-weight='0,2,1']").dispatch_event("click")
    row = page.answer("explanation")["chain"]["row"]
    page.page.locator(".rows .scroll").evaluate("(box) => { box.scrollTop = 150 * 30; }")
    assert row < 140
    page.page.get_by_role("button", name=f"row {row + 1}", exact=True).click()
    shown = page.page.locator(
        ".rows tbody tr", has=page.page.get_by_role("button", name=str(row + 1), exact=True)
    )
    shown.wait_for()
    factor(page, "unit:1,2").hover()
    assert "lit" in shown.get_attribute("class").split()


def test_the_chain_rule_follows_the_hand(of_row):
    """A weight that is moved changes δ in the sheet, at the step that is shown."""
    factor(of_row, "unit:1,0").click()
    of_row.set(3, "2")
    weights = [*START[:2], 2]
    deltas = -2 * (FIVE_Y - FIVE_X @ weights)
    shown = factor(of_row, "unit:1,0").locator(".value")
    of_row.until(lambda: number_in(shown.inner_text()) == pytest.approx(deltas[ROW], rel=1e-4), "another δ")
    assert at(of_row)["unit:1,0", "delta"] == pytest.approx(deltas[ROW], rel=1e-3)


def test_forced_colours_leave_the_marks_and_the_legend_to_be_seen(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows, forced_colors="active")
    page.page.get_by_role("button", name="Chain rule for w₁").click()
    page.answer("explanation")
    colour = "(one, name) => getComputedStyle(one)[name]"
    typical = page.page.locator(".averaged .size i").first
    background = page.page.locator("body").evaluate(colour, "backgroundColor")
    assert typical.evaluate(colour, "backgroundColor") not in (background, "rgba(0, 0, 0, 0)")
    part = page.button("Forward")
    before = part.evaluate(colour, "borderTopColor")
    part.click()
    page.until(lambda: page.frame["phase"] == "forward", "a part of the step")
    assert part.evaluate(colour, "borderTopColor") != before
    marks = page.page.locator(".u-legend .u-marker")
    colours = set(marks.evaluate_all("all => all.map((one) => one.style.borderColor || one.style.border)"))
    shown = marks.evaluate_all("all => all.map((one) => getComputedStyle(one).borderTopColor)")
    assert len(set(shown)) == len(colours) > 1
