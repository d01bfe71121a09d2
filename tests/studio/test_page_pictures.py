"""The gallery: all pictures are there, of the table and the choices that are shown."""

from visits import send

FIVE = {
    "Error surface": "The error over w₁ and w₃",
    "Fitted function": "y over x1 and x2",
    "Residuals": "Predictions against targets",
    "Histograms": "Weights, activations and gradients",
}
SPIRALS = {
    "Error surface": "The error over W⁽³⁾₁,₂ and b⁽³⁾₁",
    "Fitted function": "Probability of 1 over x1 and x2",
    "Classes": "Confusion matrix",
    "Histograms": "Weights, activations and gradients",
}


def check_picture(page, title):
    """Wait for a picture of this title, and for nothing that waits or is refused."""
    titled = page.page.locator(".gallery h3").first
    waiting = page.page.locator(".gallery p.muted")
    page.until(lambda: titled.inner_text() == title and not waiting.count(), f"{title}")


def check_pictures(page, titles):
    """Choose each picture in turn."""
    for name, title in titles.items():
        page.page.locator(".gallery select").first.select_option(label=name)
        check_picture(page, title)


def test_pictures_are_there_again_when_the_panel_is_opened_again(page):
    page.panel("Picture")
    check_pictures(page, FIVE)
    page.panel("Runs")
    page.panel("Picture")
    check_pictures(page, FIVE)


def test_pictures_follow_the_table(page, five_rows):
    page.panel("Picture")
    check_pictures(page, FIVE)
    send(five_rows, "open_sample", name="spirals")
    check_pictures(page, SPIRALS)
    send(five_rows, "open_sample", name="five rows")
    check_pictures(page, FIVE)


def test_axes_columns_and_rows_are_chosen(page, five_rows):
    send(five_rows, "open_sample", name="spirals")
    panel = page.panel("Picture")
    choose = panel.locator(".gallery select").first.select_option
    check_pictures(page, SPIRALS)
    choose(label="Error surface")
    panel.get_by_label("Vertical axis").select_option(label="b⁽¹⁾₁")
    check_picture(page, SPIRALS["Error surface"].replace("b⁽³⁾₁", "b⁽¹⁾₁"))
    choose(label="Fitted function")
    panel.get_by_label("Second column").select_option(label="None")
    check_picture(page, "Probability of 1 over x1")
    choose(label="Classes")
    facts = panel.locator(".picture-facts").first
    facts.wait_for()
    training = int(facts.inner_text().split()[-1])
    panel.get_by_role("combobox", name="Rows").select_option("Validation")
    page.until(lambda: facts.inner_text().split()[-1] == str(240 - training), "the validation rows")


def test_the_surface_goes_near_the_end_of_the_path_and_back_on_demand(page):
    panel = page.panel("Picture")
    near = panel.get_by_role("button", name="Near here")
    assert near.get_attribute("aria-pressed") == "false"
    assert panel.get_by_label("Horizontal axis").locator("option:checked").inner_text() == "w₁"
    panel.get_by_text("Along these two the error was steepest at the start.").wait_for()
    page.page.evaluate(
        """() => {
            window.turns = 0;
            const button = document.querySelector(".gallery .toggle");
            new MutationObserver((seen) => { window.turns += seen.length; })
                .observe(button, { attributeFilter: ["aria-pressed"] });
        }"""
    )
    page.take(300)
    panel.locator(".toggle[aria-pressed=true]").wait_for()
    panel.locator("canvas[aria-label*='Lowest in this picture']").wait_for()
    page.take(2000)
    page.take(2000)
    assert page.page.evaluate("window.turns") == 1  # to and fro it does not go
    near.click()
    page.take(10)
    page.page.wait_for_timeout(300)
    assert near.get_attribute("aria-pressed") == "false"  # what the reader chose stays
    panel.get_by_label("Vertical axis").select_option("w₂")
    panel.get_by_text("Along these two").wait_for(state="detached")
