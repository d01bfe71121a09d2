"""The doctor of the page: asked after a failure, proven, applied by one click, and cancelled."""

import numpy as np
import pytest
from test_page_access import PLACES
from visits import FASTEST, FRESH, send

SIZES = [(1280, 720), (1920, 1080), (390, 844)]


def diverging(address, rate=0.1, steps=200):
    send(address, **FASTEST)
    send(address, **FRESH)
    send(address, "change_settings", settings={"learning_rate": rate})
    send(address, "step", count=steps)


@pytest.mark.parametrize("size", SIZES)
def test_a_failed_descent_is_examined_and_mended_by_one_click_each(five_rows, visit, size):
    diverging(five_rows)
    page = visit(five_rows, {"width": size[0], "height": size[1]})
    failed = page.frame["timeline"]["run"]
    page.button("Ask the doctor why").click()
    page.answer("examined")
    panel = page.page.get_by_role("tabpanel", name="Doctor")
    finding = panel.get_by_role("article", name="1. Learning rate too high proven")
    assert panel.get_by_role("status").inner_text().startswith("Not healthy: 1 fault.")
    assert "learning rate 0.1 is too high" in finding.inner_text()
    assert "With the remedy" in finding.get_by_role("img").evaluate("e => e.parentElement.innerText")
    places = page.page.evaluate(PLACES)
    beside = page.page.get_by_role("alert").get_by_role("button", name="Apply its remedy")
    assert beside.get_attribute("title") in finding.inner_text()
    (beside if size[0] == 1280 else finding.get_by_role("button", name="Apply")).click()
    page.until(lambda: page.frame["timeline"]["run"] == failed + 1, "the branch")
    page.until(lambda: page.frame["stopped"], "its end")
    np.testing.assert_allclose(page.weights, [0.5, 0.9, 1.2], atol=1e-6)
    assert page.page.evaluate(PLACES) == places
    branch = page.overview["runs"][-1]
    assert (branch["parent"], branch["number"]) == (failed, failed + 1)
    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_a_table_of_unscaled_columns_is_standardised_by_one_click(alone, visit):
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2)) * [1, 400] + [0, 1500]
    y = x @ [2, 0.01] + random.normal(0, 0.1, 60)
    rows = "\n".join(",".join(f"{value:.5f}" for value in (*a, b)) for a, b in zip(x, y, strict=True))
    send(alone, **FASTEST)
    send(alone, "paste", text=f"age,income,price\n{rows}")
    send(alone, "choose_columns", scaling="raw")
    linear = {"layers": [{"units": 1}], "optimizer": "sgd", "learning_rate": 0.01, "batch_size": None}
    send(alone, "change_settings", settings=linear)
    send(alone, "step", count=100)
    page = visit(alone)
    page.panel("Doctor")
    page.button("Examine").click()
    found = page.answer("examined")
    finding = page.page.get_by_role("article").first
    assert found["findings"][0]["code"] == "unscaled-inputs"
    assert "Columns income" in finding.inner_text()
    finding.get_by_role("button", name="Apply").click()
    page.until(lambda: page.overview["table"]["scaling"] == "standard", "scaled columns")
    page.until(lambda: page.frame["step"] > 1000 and page.frame["error"]["value"] < 0.1, "a small error")


def test_a_healthy_run_says_so_and_the_guide_is_silent(alone, visit):
    send(alone, **FASTEST)
    send(alone, "open_sample", name="moons")
    send(alone, "step", count=500)
    page = visit(alone)
    assert page.page.get_by_role("button", name="Why?").count() == 0
    page.panel("Doctor")
    page.button("Examine").click()
    page.answer("examined")
    panel = page.page.get_by_role("tabpanel", name="Doctor")
    assert panel.get_by_role("status").inner_text().startswith("Healthy: no fault was found.")
    assert panel.get_by_role("button", name="Apply").count() == 0


def test_an_examination_is_cancelled(alone, visit):
    send(alone, **FASTEST)
    send(alone, "open_sample", name="spirals", rows=2000)
    send(alone, "change_settings", settings={"learning_rate": 1e-7})
    send(alone, "step", count=100)
    page = visit(alone)
    page.panel("Doctor")
    page.button("Examine").click()
    page.button("Cancel").click()
    page.answer("cancelled")
    assert page.button("Examine").is_enabled()
    assert not [told for told in page.others if told["message"] == "examined"]


def test_an_error_that_grows_has_a_way_to_the_doctor(page, five_rows):
    diverging(five_rows, 0.0074, 60)
    page.page.locator(".guide").get_by_role("button", name="Why?").click()
    found = page.answer("examined")
    assert found["findings"][0]["code"] == "learning-rate-too-high"
    assert page.page.get_by_role("tab", name="Doctor").get_attribute("aria-selected") == "true"
