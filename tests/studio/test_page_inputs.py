"""Inputs as buttons, samples that are made otherwise, held-out points in pictures: on the page."""

import pytest
from visits import send, serving


@pytest.fixture(scope="module")
def alone():
    with serving() as address:
        yield address


@pytest.fixture
def page(alone, visit):
    send(alone, "open_sample", name="quadrants")
    return visit(alone)


def features(page):
    return page.overview["table"]["features"]


def test_a_press_switches_a_column_and_a_formula_off_and_on(page):
    group = page.page.get_by_role("group", name="Inputs")
    names = group.get_by_role("button").all_inner_texts()
    assert names == ["x1", "x2", "x1²", "x2²", "x1·x2", "sin x1", "sin x2"]
    product, second = (group.get_by_role("button", name=name, exact=True) for name in ("x1·x2", "x2"))
    assert product.get_attribute("aria-pressed") == "false"
    product.click()
    page.until(lambda: features(page) == ["x1", "x2", "x1*x2"], "the product")
    page.until(lambda: product.get_attribute("aria-pressed") == "true", "the button")
    second.click()
    page.until(lambda: features(page) == ["x1", "x1*x2"], "one column less")
    product.click()
    page.until(lambda: features(page) == ["x1"], "the column alone")
    only = group.get_by_role("button", name="x1", exact=True)
    page.until(only.is_disabled, "the last one to stay")
    assert only.get_attribute("title") == "A network needs an input"
    second.click()
    page.until(lambda: features(page) == ["x1", "x2"], "both columns")
    assert [layer["units"] for layer in page.overview["network"]["layers"]] == [8, 8, 1]


def test_noise_rows_validation_and_points_are_set_beside_the_rows(page):
    noise = page.page.get_by_label("Noise")
    noise.fill("0.3")
    page.until(lambda: page.overview["table"]["recipe"]["noise"] == 0.3, "the noise")
    rows = page.page.get_by_role("textbox", name="Rows", exact=True)
    rows.fill("100")
    rows.press("Enter")
    page.until(lambda: page.overview["table"]["rows"] == 100, "the rows")
    before = page.page.locator("tbody tr").nth(1).inner_text()
    page.button("New points").click()
    page.until(lambda: page.overview["table"]["recipe"]["seed"] == 1, "the points")
    assert page.page.locator("tbody tr").nth(1).inner_text() != before
    page.page.get_by_label("Validation", exact=True).fill("0.5")
    page.until(lambda: page.overview["settings"]["validation"] == 0.5, "the share")
    assert page.overview["table"]["recipe"] == {"noise": 0.3, "rows": 100, "seed": 1}


def test_held_out_points_are_explained_in_a_legend(page):
    panel = page.panel("Picture")
    page.until(
        lambda: page.frame.get("pictures", {}).get("fitted") or panel.locator("canvas").count(), "a map"
    )
    legend = panel.locator(".picture-legend")
    assert legend.inner_text().split() == ["0", "1", "Validation", "row"]
    page.page.get_by_label("Validation", exact=True).fill("0")
    page.until(lambda: page.overview["settings"]["validation"] == 0, "no validation rows")
    panel.get_by_text("Validation row").wait_for(state="detached")


def test_many_inputs_stand_behind_a_button(alone, visit):
    send(alone, "open_sample", name="five rows")
    page = visit(alone)
    page.button("Inputs 3 ▾").click()
    page.button("x2").click()
    page.until(lambda: features(page) == ["x1", "x3"], "a column less")
    page.page.keyboard.press("Escape")
    assert page.page.get_by_role("group", name="Inputs").count() == 0
    assert page.button("Inputs 2 ▾").evaluate("button => button === document.activeElement")


def test_a_table_has_its_columns_as_buttons(penguins, visit):
    page = visit(penguins)
    assert page.page.get_by_label("Noise").count() == 0
    buttons = page.page.get_by_role("group", name="Inputs").get_by_role("button")
    assert buttons.count() == 7
    buttons.filter(has_text="year").click()
    page.until(lambda: "year" not in features(page), "a column less")
    buttons.filter(has_text="year").click()
    page.until(lambda: "year" in features(page), "it to be back")


def test_formulas_stand_behind_the_errors(page, alone):
    send(alone, "choose_columns", formulas=["x1*x2"])
    page.until(lambda: features(page) == ["x1", "x2", "x1*x2"], "the product")
    page.until(lambda: page.page.locator("thead").first.inner_text().split()[-1] == "x1*x2", "it at the end")
    heads = page.page.locator("thead").first.inner_text().split()
    assert heads[:3] == ["Row", "x1", "x2"]
