"""Weights moved by hand: what the page shows is what the engine says of the weights that are shown."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from visits import FIVE_X, FIVE_Y, NEURON, START, W, number_in


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
    for row, cells in enumerate(table.evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.innerText))")):
        _, _, _, _, shown_z, _, error, squared, _ = cells
        assert number_in(shown_z) == pytest.approx(z[row, 0], rel=1e-5)
        assert number_in(error) == pytest.approx(FIVE_Y[row] - z[row, 0], rel=1e-4, abs=1e-9)
        assert number_in(squared) == pytest.approx(errors[row], rel=1e-4)
    told = float(page.page.locator("output.big").get_attribute("data-error"))
    assert told == pytest.approx(float(total), rel=1e-14)


def test_the_first_screen_holds_all_of_it_without_scrolling(page):
    room = page.page.viewport_size
    shown = ["section.rows table", "output.big", ".challenge", ".controls", "#rate", ".drawing .canvas", ".timeline"]
    for part in [*shown, *(f".weight:has([aria-label='freeze w{n}'])" for n in "₁₂₃")]:
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
    before = page.told(1)
    for pixels in (-40, -120, -250, -400, -300):
        page.page.mouse.move(x + pixels, y, steps=3)
        page.until(lambda b=before: page.told(1) not in (b, 200), "another weight")
        page.page.wait_for_timeout(60)
        before = page.told(1)
        assert page.weights.tolist() == [before, *START[1:]]
        check_rows(page, page.weights)
        assert number_in(page.weight(1).input_value()) == pytest.approx(before, rel=1e-3)
    page.page.mouse.up()
    page.page.wait_for_timeout(100)
    assert page.told(1) == before
    check_rows(page, [before, *START[1:]])
