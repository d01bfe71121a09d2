"""The chain rule beside the drawing: factors and what they speak of light each other; passes go by steps."""

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, START, number_in, send

ROW = 2  # the one of the five that weighs most at the start
DELTA = -2 * (FIVE_Y[ROW] - FIVE_X[ROW] @ START)


@pytest.fixture
def chain(page):
    """The page with the chain rule of the first weight."""
    page.page.get_by_role("button", name="Chain rule for w₁").click()
    page.answer("explanation")
    page.page.locator(".chain .product").first.wait_for()
    return page


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


def test_the_short_form_has_the_numbers_of_the_row_that_weighs_most(chain):
    values = [number_in(text) for text in chain.page.locator(".chain .product .value").all_inner_texts()]
    assert values[:3] == pytest.approx([DELTA * FIVE_X[ROW, 0], DELTA, FIVE_X[ROW, 0]], rel=1e-4)
    assert "is the largest factor" in chain.page.locator(".chain .reason").inner_text()
    assert chain.page.locator(".chain").inner_text().startswith("On row 3")


def test_a_factor_lights_its_unit_its_row_and_its_cell(chain):
    factor(chain, "unit:0,0").hover()
    assert lit(chain) == {
        "units": [chain.page.locator(".unit").first.get_attribute("aria-label")],
        "weights": [],
        "lines": [],
        "rows": [ROW + 1],
        "cells": ["8"],
    }
    factor(chain, "weight:0,0,0").hover()
    found = lit(chain)
    assert (found["weights"], found["lines"], found["rows"]) == (["w₁"], ["0,0,0"], [ROW + 1])
    factor(chain, "unit:1,0").focus()
    assert lit(chain)["units"] == [chain.page.locator(".unit").last.get_attribute("aria-label")]
    chain.page.get_by_label("Number of steps").focus()
    chain.page.mouse.move(2, 2)
    assert lit(chain) == {"units": [], "weights": [], "lines": [], "rows": [], "cells": []}


def test_the_drawing_and_the_table_light_the_factors_that_speak_of_them(chain):
    marked = chain.page.locator(".chain .product .factor.lit")
    chain.page.locator(".unit").last.hover()
    assert marked.evaluate_all("all => all.map((one) => one.dataset.to.split(' ')[0])") == ["unit:1,0"]
    chain.page.locator(".rows tbody tr").nth(ROW).hover()
    assert marked.count() == 3
    chain.page.locator(".rows tbody tr").nth(0).hover()
    assert marked.count() == 0
    first = chain.page.locator(".derivation tr[data-to='row:0']")
    assert "lit" in first.get_attribute("class")
    chain.page.locator(".drawing .weight").first.hover()
    assert marked.evaluate_all("all => all.map((one) => one.dataset.to.split(' ')[0])") == ["weight:0,0,0"]


def test_symbols_of_the_written_derivation_point_too(chain):
    chain.page.locator(".derivation mrow[data-to='unit:0,0']").first.hover()
    assert lit(chain)["units"] == [chain.page.locator(".unit").first.get_attribute("aria-label")]
    chain.page.locator(".derivation tr[data-to='row:3'] td").first.hover()
    assert lit(chain)["rows"] == [4]


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


def test_pressing_a_factor_shows_the_step_in_which_it_appears(chain):
    factor(chain, "unit:1,0").click()
    assert at(chain)["unit:1,0", "delta"] == pytest.approx(DELTA, rel=1e-3)
    assert "Backward, 7 of 10" in chain.page.locator(".stepper .where").inner_text()


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
    row = int(page.page.locator(".chain").inner_text().split()[2].strip(",")) - 1
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
    assert shown.get_attribute("class").split()[0] == "lit"


def test_the_chain_rule_follows_the_hand(chain):
    """A weight that is moved changes δ in the sheet, at the step that is shown."""
    factor(chain, "unit:1,0").click()
    chain.set(3, "2")
    weights = [*START[:2], 2]
    deltas = -2 * (FIVE_Y - FIVE_X @ weights)
    row = np.argmax(np.abs(deltas * FIVE_X[:, 0]))
    shown = factor(chain, "unit:1,0").locator(".value")
    chain.until(lambda: number_in(shown.inner_text()) == pytest.approx(deltas[row], rel=1e-4), "another δ")
    assert at(chain)["unit:1,0", "delta"] == pytest.approx(deltas[row], rel=1e-3)
