"""The gallery: all pictures are there, of the table and the choices that are shown."""

from visits import send

FIVE = [
    "The error over w₁ and w₃",
    "y over x1 and x2",
    "Predictions against targets",
    "Residuals",
    "Weights, activations and gradients",
]
SPIRALS = [
    "The error over W⁽¹⁾₁,₁ and W⁽¹⁾₁,₂",
    "Probability of 1 over x1 and x2",
    "Confusion matrix",
    "Weights, activations and gradients",
]


def check_pictures(page, titles):
    """Wait for the pictures of these titles, and for nothing that waits or is refused."""
    titled = page.page.locator(".gallery h3")
    waiting = page.page.locator(".gallery p.muted")
    page.until(lambda: titled.all_inner_texts() == titles and not waiting.count(), f"{titles}")


def test_pictures_are_there_again_when_the_panel_is_opened_again(page):
    page.panel("Pictures")
    check_pictures(page, FIVE)
    page.panel("Runs")
    page.panel("Pictures")
    check_pictures(page, FIVE)


def test_pictures_follow_the_table(page, five_rows):
    page.panel("Pictures")
    check_pictures(page, FIVE)
    send(five_rows, "open_sample", name="spirals")
    check_pictures(page, SPIRALS)
    send(five_rows, "open_sample", name="five rows")
    check_pictures(page, FIVE)


def test_axes_columns_and_rows_are_chosen(page, five_rows):
    send(five_rows, "open_sample", name="spirals")
    panel = page.panel("Pictures")
    check_pictures(page, SPIRALS)
    facts = panel.locator(".picture-facts").first
    training = int(facts.inner_text().split()[-1])
    panel.get_by_label("Vertical axis").select_option(label="b⁽¹⁾₁")
    panel.get_by_label("Second column").select_option(label="None")
    check_pictures(page, [SPIRALS[0].replace("W⁽¹⁾₁,₂", "b⁽¹⁾₁"), "Probability of 1 over x1", *SPIRALS[2:]])
    panel.get_by_role("combobox", name="Rows").select_option("Validation")
    page.until(lambda: facts.inner_text().split()[-1] == str(240 - training), "the validation rows")
