"""How a table was read, and the report, one click away."""

import warnings

import pytest
from visits import PENGUINS, serving

import downslope as ds

SALES = """town;people;area;price
# 2024
Bonn;336;141;1.001,5 €
Celle;70;176;2,5 €
Kiel;250;118;4,5 €
Sum;656;;
Source: made up
"""


@pytest.fixture
def own(visit):
    """A page of its own."""
    with serving() as address:
        page = visit(address)
        yield page
        page.page.context.close()


def pasted(page, text):
    page.page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }""",
        text,
    )


def test_how_a_pasted_table_was_read_is_one_click_away(own):
    assert own.button("Read as ▾").count() == 0  # nothing was read for the five rows
    pasted(own, SALES)
    own.page.get_by_text("Read as says 2 things").wait_for()
    own.page.locator("header").get_by_role("button", name="Read as ▾").click()
    sheet = own.page.get_by_role("region", name="How the table was read")
    sheet.get_by_role("heading", name="How pasted table was read").wait_for()
    assert sheet.locator("li").all_inner_texts() == [
        'row 6 ("Source: made up") is a note and is left out',
        'row 5 ("Sum") sums up the rows above it and is left out',
    ]
    cells = [row.split("\t") for row in sheet.locator("tbody tr").all_inner_texts()]
    assert sheet.get_by_label("Decimal mark").locator("option:checked").inner_text() == "found: decimal comma"
    assert ["people", "number", "3 values from 70 to 336"] in cells
    assert next(row for row in cells if row[0] == "price")[2].endswith("written with €")
    sheet.get_by_role("button", name="Columns").click()
    own.page.get_by_role("tabpanel", name="Columns").wait_for()
    assert sheet.count() == 0


def test_a_decision_is_changed_where_it_is_read(own):
    pasted(own, SALES)
    own.page.get_by_text("Read as says 2 things").wait_for()
    own.page.locator("header").get_by_role("button", name="Read as ▾").click()
    header = own.page.get_by_label("Header", exact=True)
    header.focus()
    header.select_option("no header")
    own.until(lambda: own.overview["table"]["targets"] != ["price"], "other columns")
    own.page.get_by_text("now; another target is set under Columns").wait_for()
    assert header.locator("option:checked").inner_text() == "no header"
    assert header.evaluate("field => field === document.activeElement")
    header.select_option("as found in the file")
    own.until(lambda: own.overview["table"]["targets"] == ["price"], "the columns as they were")
    own.page.get_by_label("Keep every row").check()
    own.until(lambda: own.overview["reading"]["keep_rows"], "the rows to be kept")
    assert own.overview["table"]["left_out"] == 1  # the row of sums, which has no price


def test_what_cannot_be_read_so_is_refused_at_its_field(own):
    pasted(own, SALES)
    own.page.get_by_text("Read as says 2 things").wait_for()
    own.page.get_by_label("Close this message").click()
    own.page.locator("header").get_by_role("button", name="Read as ▾").click()
    encoding = own.page.get_by_label("Encoding")
    encoding.fill("klingon")
    encoding.press("Enter")
    row = own.page.locator("tr", has=encoding)
    row.get_by_role("alert").wait_for()
    assert "There is no encoding 'klingon'; give utf-8" in row.get_by_role("alert").inner_text()
    assert (encoding.get_attribute("aria-invalid"), encoding.input_value()) == ("true", "klingon")
    assert own.page.locator(".notice").count() == 0
    assert own.overview["table"]["rows"] == 3
    encoding.fill("cp1252")
    encoding.press("Enter")
    row.get_by_role("alert").wait_for(state="detached")
    own.page.get_by_text("was read again").wait_for()


def test_the_report_opens_in_a_tab_and_is_saved(own):
    own.take(50)
    own.page.locator("header").get_by_role("button", name="Report ▾").click()
    link = own.page.get_by_role("link", name="Open the report")
    link.wait_for()
    with own.page.context.expect_page() as opened:
        link.click()
    report = opened.value
    report.wait_for_load_state()
    assert report.title() == "y: report on a model"
    assert "predicted from 3 columns of five rows by 1 network" in report.inner_text("header")
    assert (
        report.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") != "32px"
    )  # its style holds
    with own.page.expect_download() as saved:
        own.page.get_by_role("link", name="Save as a file").click()
    assert saved.value.suggested_filename == "five_rows_report.html"
    assert "report on a model" in saved.value.path().read_text("utf-8")
    own.page.keyboard.press("Escape")
    own.take(3)


def test_a_network_that_cannot_be_reported_on_says_why(own):
    own.page.evaluate("document.querySelector('header').scrollIntoView()")
    own.page.get_by_label("Learning rate as a number").fill("0.5")
    own.page.get_by_label("Learning rate as a number").press("Enter")
    own.until(lambda: own.overview["settings"]["learning_rate"] == 0.5, "the rate")
    own.page.get_by_label("Number of steps").fill("200")
    own.button("Take steps").click()
    own.until(lambda: own.frame["step"] > 40 and not own.frame["playing"], "it to diverge")
    own.page.locator("header").get_by_role("button", name="Report ▾").click()
    own.page.get_by_role("alert").filter(has_text="has diverged").wait_for()
    own.button("Make it").wait_for()


def test_a_page_of_a_model_has_two_reports(visit, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.fit(str(PENGUINS), "species", members=2, epochs=2).save(tmp_path / "m.downslope")
    with serving(tmp_path / "m.downslope", "--table", PENGUINS) as address:
        page = visit(address)
        page.page.locator("header").get_by_role("button", name="Report ▾").click()
        page.button("The model, as it was fitted").click()
        page.page.get_by_role("link", name="Open the report").wait_for()
        with page.page.context.expect_page() as opened:
            page.page.get_by_role("link", name="Open the report").click()
        opened.value.wait_for_load_state()
        assert "fitted to 344 rows" in opened.value.inner_text("header")
        page.button("The network on this page, as it is now").click()
        page.until(lambda: sum(m["message"] == "report" for m in page.others) == 2, "the other one")
        columns = page.panel("Columns")
        columns.get_by_text("The columns are those of the model.").wait_for()
        assert columns.get_by_role("button", name="Set as target").count() == 0
        page.page.context.close()


def test_on_a_phone_both_stand_in_the_columns(own):
    pasted(own, SALES)
    own.page.set_viewport_size({"width": 390, "height": 844})
    panel = own.panel("Columns")
    panel.get_by_role("button", name="Read as ▾").click()
    own.page.get_by_role("heading", name="How pasted table was read").wait_for()
    assert own.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_a_message_covers_nothing_that_is_read(own, size):
    own.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    pasted(own, SALES)
    message = own.page.locator(".notice")
    message.wait_for()
    own.page.wait_for_timeout(200)
    covered = message.bounding_box()
    for part in (".total", ".rows", ".network", ".side", ".time", ".controls"):
        box = own.page.locator(part).first.bounding_box()
        aside = covered["x"] >= box["x"] + box["width"] or covered["x"] + covered["width"] <= box["x"]
        above = covered["y"] >= box["y"] + box["height"] or covered["y"] + covered["height"] <= box["y"]
        assert aside or above, part
