"""Why: the chain rule on the page is that of ``explain``, for weights, units and rows."""

import html
import re

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, NEURON, PENGUINS, START, number_in, send

import downslope as ds
from downslope.tables import read_table

NAMES = ["x1", "x2", "x3"]
DEEP = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])


def told_by(explanation):
    """The words and formulas of a derivation, without marks and spaces."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", explanation.fragment())).split())


def shown_on(page):
    return "".join(page.page.locator(".derivation").text_content().split())


def check_shown(page, count, explanation):
    page.answer("explanation", count)
    assert shown_on(page) == told_by(explanation)


def test_a_weight_of_the_neuron_for_all_rows_and_for_one(page):
    page.take(3)
    given = {"parameters": page.weights, "learning_rate": 0.001, "features": NAMES}
    page.page.get_by_role("button", name="Chain rule for w₂").click()
    check_shown(page, 1, ds.explain(NEURON, FIVE_X, FIVE_Y, of="w2", **given))
    page.page.locator(".derivation-panel select").select_option(label="Row 4")
    check_shown(page, 2, ds.explain(NEURON, FIVE_X, FIVE_Y, of="w2", row=3, **given))
    told = page.answer("explanation", 2)
    assert told["gradient"] == pytest.approx(-2 * (FIVE_Y[3] - FIVE_X[3] @ page.weights) * FIVE_X[3, 1])
    page.button("1 step").click()
    page.at_step(4)
    page.page.get_by_role("button", name="These are the numbers of step 3").click()
    check_shown(
        page, 3, ds.explain(NEURON, FIVE_X, FIVE_Y, of="w2", row=3, **{**given, "parameters": page.weights})
    )


def test_a_row_alone(page):
    page.page.locator("section.rows tbody tr").nth(2).get_by_role("button").click()
    told = ds.explain_row(NEURON, FIVE_X, FIVE_Y, parameters=START, row=2)
    check_shown(page, 1, told)
    hint = (
        page.page.locator("section.rows tbody tr").nth(2).locator("td.computed").last.get_attribute("title")
    )
    formula, _, error = hint.split(" = ")
    assert f"E = {formula} = " in str(told)
    assert number_in(error) == pytest.approx((FIVE_Y[2] - FIVE_X[2] @ START) ** 2)
    pulls = page.answer("explanation")["row_gradients"]["layer1.weight"]
    np.testing.assert_allclose(pulls[0], -2 * (FIVE_Y[2] - FIVE_X[2] @ START) * FIVE_X[2], rtol=1e-14)
    stages = page.frame["stages"]
    np.testing.assert_allclose(stages["x"], FIVE_X[2])
    np.testing.assert_allclose(stages["layer1.z"], FIVE_X[2] @ START)


def test_units_and_lines_of_layers(five_rows, visit):
    layers = [{"units": 4, "activation": "tanh"}, {"units": 1, "activation": "identity"}]
    send(five_rows, **FRESH)
    send(five_rows, "change_settings", settings={"layers": layers})
    page = visit(five_rows)
    given = {"parameters": page.frame["parameters"]}
    page.page.get_by_label("layer1, unit 2").click()
    check_shown(page, 1, ds.explain_unit(DEEP, FIVE_X, FIVE_Y, layer="layer1", unit=2, **given))
    page.page.locator("section.rows tbody tr").nth(4).get_by_role("button").click()
    check_shown(page, 2, ds.explain_unit(DEEP, FIVE_X, FIVE_Y, layer="layer1", unit=2, row=4, **given))
    line = page.page.locator("line[data-weight='0,3,2']")
    line.evaluate("line => line.dispatchEvent(new MouseEvent('click', { bubbles: true }))")
    place = ("layer1.weight", 4, 3)
    told = ds.explain(DEEP, FIVE_X, FIVE_Y, of=place, row=4, learning_rate=0.001, features=NAMES, **given)
    check_shown(page, 3, told)
    assert "selected" in line.get_attribute("class")
    chosen = page.page.get_by_role("group", name="Selection")
    assert "W⁽¹⁾₄,₃" in chosen.inner_text()
    field = chosen.get_by_role("spinbutton")
    field.fill("0.25")
    field.press("Enter")
    page.until(lambda: page.frame["parameters"]["layer1.weight"][3, 2] == 0.25, "the weight")


def test_a_table_of_words_and_numbers(penguins, visit):
    page = visit(penguins)
    assert read_table(PENGUINS).height == page.overview["table"]["rows"]
    page.page.get_by_label("layer1, unit 1 ", exact=False).click()
    page.answer("explanation")
    assert "layer1" in shown_on(page)
    page.page.locator("section.rows tbody tr").nth(3).get_by_role("button").click()
    page.answer("explanation", 2)
    assert "row4" in shown_on(page).lower()


def test_answers_go_to_whoever_asked_and_none_where_it_is_refused(page):
    """Several numbers of a matrix are asked for before the first is there, as under a moving pointer."""
    told = page.page.evaluate("""async () => {
      const { ask } = await import("/core/session.js");
      const indices = [[0, 0], [0, 1], [0, 7], [0, 2]];
      const read = indices.map((index) => ask("read_value", { layer: "layer1", kind: "weight", index }));
      return (await Promise.all(read)).map((answer) => answer && answer.value);
    }""")
    assert told == [START[0], START[1], None, START[2]]
