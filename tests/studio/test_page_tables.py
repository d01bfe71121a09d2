"""One's own table on the page: dropped, pasted, chosen; its target, its columns, what is wrong with it."""

import numpy as np
import polars as pl
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, START, W, send

import downslope as ds

DROP = """([text, name, kind = "drop"]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
}"""
PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


def opened(page, name):
    page.until(lambda: page.overview["table"]["name"] == name, name)
    return page.overview["table"]


def some_rows(count=30):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, count))
    return pl.DataFrame({"a": a, "b": b, "c": 3 * a * b + 1})


def test_a_file_is_dropped(page):
    page.page.evaluate(DROP, ["x;y\n1,5;2\n2,5;4\n3,5;6\n", "three.csv"])
    table = opened(page, "three.csv")
    assert (table["rows"], table["targets"], table["features"]) == (3, ["y"], ["x"])
    page.until(lambda: page.frame["rows"]["total"] == 3, "three rows")
    cells = page.page.locator("section.rows input.cell")
    assert [cell.input_value() for cell in cells.all()] == ["1.5", "2", "2.5", "4", "3.5", "6"]
    network = ds.Network(1, [ds.Dense(1)])
    start = network.initial_parameters(0)
    run = ds.descend(network, [[1.5], [2.5], [3.5]], [2, 4, 6], start=start, learning_rate=0.001, steps=40)
    page.take(40)
    for name, value in run.parameters.items():
        assert page.frame["parameters"][name].tobytes() == value.tobytes()


def test_a_file_over_the_page_is_told_where_it_can_go(page):
    told = page.page.get_by_text("Drop the file anywhere to open it as a table")
    for end in ("dragleave", "drop"):
        page.page.evaluate(DROP, ["x,y\n1,2\n2,4\n3,5\n", "three.csv", "dragover"])
        told.wait_for()
        page.page.evaluate(DROP, ["x,y\n1,2\n2,4\n3,5\n", "three.csv", end])
        told.wait_for(state="detached")
    opened(page, "three.csv")


def test_a_file_is_opened_from_the_header(page, tmp_path):
    some_rows().write_csv(tmp_path / "some.csv")
    with page.page.expect_file_chooser() as chooser:
        page.page.locator("header").get_by_role("button", name="Open …").click()
    chooser.value.set_files(tmp_path / "some.csv")
    assert opened(page, "some.csv")["rows"] == 30
    assert page.page.locator("header option", has_text="quadrants (exclusive-or)").count() == 1


def many_columns(count=7, rows=60):
    lines = [",".join(str(100 * i + k) for k in range(count)) for i in range(rows)]
    return "\n".join([",".join(f"c{k}" for k in range(count)), *lines])


def test_another_table_and_another_panel_start_at_their_beginning(page):
    page.page.evaluate(DROP, [many_columns(), "many.csv"])
    opened(page, "many.csv")
    page.until(lambda: page.frame["rows"]["total"] == 60, "the rows")
    box, panel = page.page.locator("section.rows .scroll"), page.page.locator(".side .panel")
    places = "element => [element.scrollLeft, element.scrollTop]"
    page.until(lambda: box.get_attribute("data-more") is not None, "inputs out of sight")
    ends = "element => { element.scrollTo(9999, 300); return element.hasAttribute('data-more'); }"
    page.until(lambda: not box.evaluate(ends), "the last column in view")
    panel.evaluate("element => element.scrollTo(0, 200)")
    assert min(box.evaluate(places)) > 0
    row = page.page.locator("section.rows tbody th").first.bounding_box()
    assert row["x"] >= box.bounding_box()["x"]  # the number of a row stays in view
    assert panel.evaluate(places)[1] > 0
    page.panel("Settings")
    assert panel.evaluate(places) == [0, 0]
    page.page.evaluate(DROP, [many_columns(), "other.csv"])
    opened(page, "other.csv")
    page.until(lambda: box.evaluate(places) == [0, 0], "the first row of the other table")


@pytest.mark.parametrize("width", [1280, 1920, 390])
def test_columns_of_a_table_are_within_their_panel(five_rows, visit, width):
    send(five_rows, **FRESH)
    page = visit(five_rows, {"width": width, "height": 720})
    panel = page.panel("Columns")
    panel.locator(".column").first.wait_for()
    assert panel.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_an_exact_answer_leaves_the_columns_in_view(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows, {"width": 1280, "height": 720})
    send(five_rows, "solve")
    page.until(lambda: page.frame["error"]["value"] < 1e-20, "the exact answer")
    page.page.locator("section.rows .met").first.wait_for()
    bars = page.page.locator("section.rows .barhead").bounding_box()
    for cell in page.page.locator("section.rows td.computed").all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= bars["x"] + 1


def test_cells_are_pasted(page):
    page.page.evaluate(PASTE, "height\tweight\n1.5\t50\n1.7\t60\n1.9\t80\n")
    table = opened(page, "pasted table")
    assert ([c["name"] for c in table["columns"]], table["rows"]) == (["height", "weight"], 3)
    page.page.evaluate(PASTE, "just words")
    assert "The pasted text is not a table" in page.page.get_by_role("alert").inner_text()
    assert page.overview["table"]["name"] == "pasted table"


def test_a_parquet_file_is_chosen_and_another_target(page, tmp_path):
    some_rows().write_parquet(tmp_path / "some.parquet")
    panel = page.panel("Columns")
    panel.locator("input[type=file]").set_input_files(tmp_path / "some.parquet")
    table = opened(page, "some.parquet")
    assert (table["rows"], table["targets"]) == (30, ["c"])
    column = panel.get_by_role("listitem").filter(has_text="number").filter(has_text="Kind of a").first
    column.get_by_role("button", name="Set as target").click()  # waits until it is drawn
    page.until(lambda: page.overview["table"]["targets"] == ["a"], "another target")
    assert page.overview["table"]["features"] == ["b", "c"]


def test_text_is_taken_as_a_table(page):
    panel = page.panel("Columns")
    panel.get_by_text("Type or paste it here").click()
    panel.get_by_label("table as text").fill("a,b\n1,2\n2,3\n5,7\n")
    panel.get_by_role("button", name="Open this table").click()
    assert opened(page, "pasted table")["rows"] == 3


def test_a_column_of_a_formula(page):
    panel = page.panel("Columns")
    panel.get_by_placeholder("x1*x2, pow(x1, 2), sin(x1)").fill("x1*x2")
    panel.get_by_role("button", name="Add").click()
    page.until(lambda: page.overview["table"]["features"] == ["x1", "x2", "x3", "x1*x2"], "the column")
    page.until(lambda: page.frame["parameters"]["layer1.weight"].shape == (1, 4), "four weights")
    x = np.column_stack([FIVE_X, FIVE_X[:, 0] * FIVE_X[:, 1]])
    weights = page.frame["parameters"]["layer1.weight"]
    bias = page.frame["parameters"].get("layer1.bias", np.zeros(1))
    np.testing.assert_allclose(page.frame["rows"]["z"], x @ weights.T + bias, rtol=1e-13)
    panel.get_by_placeholder("x1*x2, pow(x1, 2), sin(x1)").fill("x1*nothing")
    panel.get_by_role("button", name="Add").click()
    alert = page.page.get_by_role("alert")
    page.until(lambda: alert.count() and "x1*nothing" in alert.inner_text(), "a message")
    field = panel.get_by_label("New column from a formula")
    assert field.input_value() == "x1*nothing"  # to be mended
    field.fill("x1*x3")
    field.press("Enter")
    page.until(lambda: page.overview["table"]["features"][-1] == "x1*x3", "the mended formula")
    page.page.wait_for_function("document.querySelector('.new-formula input').value === ''")
    panel.get_by_role("button", name="Remove").last.click()
    page.until(lambda: page.overview["table"]["features"][-1] == "x1*x2", "the column to go")
    assert page.overview["table"]["features"][-1] == "x1*x2"
    panel.get_by_role("button", name="Remove").click()
    page.until(lambda: page.overview["table"]["features"] == ["x1", "x2", "x3"], "the column to go")


def test_a_cell_is_changed_and_a_row_added(page):
    page.page.get_by_label("x2, row 3").fill("11,5")
    page.page.get_by_label("x2, row 3").press("Enter")
    changed = FIVE_X.copy()
    changed[2, 1] = 11.5
    page.until(lambda: page.frame["rows"]["z"][2, 0] == pytest.approx(changed[2] @ page.weights), "the cell")
    assert page.weights.tolist() == [200, -14, 3456]
    page.page.get_by_role("button", name="Add row").click()
    page.until(lambda: page.frame["rows"]["total"] == 6, "a sixth row")
    assert page.frame["rows"]["loss"][5] == pytest.approx((FIVE_Y[4] - FIVE_X[4] @ page.weights) ** 2)
    page.page.locator("section.rows tbody tr").nth(1).get_by_role("button").click()
    page.page.get_by_role("button", name="Remove row 2").click()
    page.until(lambda: page.frame["rows"]["total"] == 5, "five rows")
    assert page.frame["rows"]["z"][1, 0] == pytest.approx(changed[2] @ page.weights)
    page.page.get_by_label("y, row 1").fill("much")
    page.page.get_by_label("y, row 1").press("Enter")
    page.answer("refused")
    assert "much" in page.page.get_by_role("alert").inner_text()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.parquet", "no parquet at all", "parquet"),
        ("empty.csv", "", "empty"),
        ("one.csv", "x\n1\n2\n", ""),
        ("rubbish.xlsx", "PK\u0003\u0004rubbish", ""),
    ],
)
def test_a_file_that_cannot_be_used_leaves_the_session(page, name, content, words):
    page.page.evaluate(DROP, [content, name])
    told = page.answer("refused")["text"]
    assert words in told.lower()
    assert told[1:] in page.page.get_by_role("alert").inner_text()
    page.take(2)
    assert page.overview["table"]["name"] == "five rows"


def test_a_dropped_table_says_what_it_is_to_predict(page):
    page.page.evaluate(DROP, ["x;y;name\n1,5;2;a\n2,5;4;b\n3,5;6;c\n", "three.csv"])
    page.page.get_by_text("three.csv is open. It is to predict 'y'; another target is set under").wait_for()
    chosen = page.page.get_by_role("tab", selected=True)
    assert chosen.inner_text() == "Columns"


@pytest.mark.parametrize(
    ("label", "typed", "words"),
    [
        ("Learning rate as a number", "fast", "“fast” is no number, and “Learning rate” needs one"),
        ("Learning rate as a number", "-1", "Learning rate needs a number from 1e-12 to 1e+06, not -1"),
        ("Number of steps", "many", "“many” is no number, and “Number of steps” needs one"),
        ("Number of steps", "0", "Descent takes 1 step or more, not 0"),
        ("w₂, weight", "heavy", "“heavy” is no number, and “w₂” needs one"),
    ],
)
def test_nonsense_in_a_field_is_answered(page, label, typed, words):
    field = page.page.get_by_label(label)
    field.click()
    field.fill(typed)
    field.press("Enter")
    alert = page.page.get_by_role("alert")
    alert.wait_for()
    assert words in alert.inner_text()
    assert page.weights.tolist() == START


def bar_widths(page):
    meters = page.page.locator("section.rows .meter").all()
    return [meter.bounding_box()["width"] for meter in meters]


@pytest.mark.parametrize("width", [1280, 1920, 390])
def test_bars_are_as_long_as_errors_are_large(five_rows, visit, width):
    """On a logarithmic scale with the goal on it: 0.92 and 0.69 do not look the same, 1e-30 is no bar."""
    send(five_rows, **FRESH)
    page = visit(five_rows, {"width": width, "height": 720})
    send(five_rows, "set_parameter", name=W, index=[0, 0], value=0.5)
    send(five_rows, "set_parameter", name=W, index=[0, 1], value=0.9)
    send(five_rows, "set_parameter", name=W, index=[0, 2], value=1.1)
    page.until(lambda: page.weights.tolist() == [0.5, 0.9, 1.1], "the weights")
    errors = np.abs(FIVE_Y - FIVE_X @ [0.5, 0.9, 1.1])
    scale = page.page.locator("section.rows .barcell .scale").first.bounding_box()
    widths = np.array(bar_widths(page)) / scale["width"]
    np.testing.assert_allclose(widths, (np.log10(errors) + 3) / 8, atol=0.01)
    goal = page.page.locator("section.rows .goal").first.bounding_box()
    assert (goal["x"] - scale["x"]) / scale["width"] == pytest.approx(2 / 8, abs=0.02)
    if width > 1000:
        card = page.page.locator("section.rows").bounding_box()
        assert scale["x"] + scale["width"] <= card["x"] + card["width"]
        assert scale["width"] > 50
    send(five_rows, "solve")
    page.until(lambda: page.frame["error"]["value"] < 1e-20, "the exact answer")
    assert max(bar_widths(page), default=0) <= 2  # what is rounding has none


def test_bars_are_seen_in_forced_colours(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows, forced_colors="active")
    seen = page.page.locator("section.rows .meter").first.evaluate(
        "meter => [getComputedStyle(meter).backgroundImage, getComputedStyle(document.body).color]"
    )
    assert seen[1].removeprefix("rgb(").removesuffix(")") in seen[0]


LONG = "a_number_whose_name_is_as_long_as_that_of_a_column_of_a_database_can_be_{}"


def test_long_names_leave_room_for_what_they_name(page):
    names = [LONG.format(i) for i in range(3)]
    lines = [",".join([*names, "y"]), *(f"{i},{i % 7},{i % 5},{2 * i + 1}" for i in range(40))]
    page.page.evaluate(DROP, ["\n".join(lines), "long.csv"])
    opened(page, "long.csv")
    page.until(lambda: page.frame["rows"]["total"] == 40, "the rows")
    card = page.page.locator("section.rows").bounding_box()
    for head in page.page.locator("section.rows thead th").all()[:5]:
        box = head.bounding_box()
        assert box["width"] < 160
        assert box["x"] + box["width"] <= card["x"] + card["width"]
    assert (
        page.page.locator("section.rows thead th", has_text="Squared")
        .get_attribute("title")
        .startswith("What this row adds to the mean: squared error of targets and predictions divided by")
    )


def test_many_classes_make_no_endless_matrix(page):
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},{b:.3f},kind {i % 50}" for i, (a, b) in enumerate(rng.normal(size=(600, 2)))]
    page.page.evaluate(DROP, ["\n".join(["a,b,kind", *lines]), "many.csv"])
    opened(page, "many.csv")
    page.panel("Picture").locator(".gallery select").first.select_option(label="Classes")
    matrix = page.page.locator(".confusion")
    matrix.wait_for()
    assert matrix.locator("tbody tr").count() == 50
    assert matrix.bounding_box()["height"] <= 0.7 * 760 + 1


def test_units_of_many_layers_stand_apart(five_rows, visit):
    send(five_rows, **FRESH)
    layers = [{"units": 3, "activation": "tanh"} for _ in range(20)] + [{"units": 1}]
    send(five_rows, "change_settings", settings={"layers": layers})
    page = visit(five_rows, {"width": 1280, "height": 720})
    boxes = [unit.bounding_box() for unit in page.page.locator(".canvas .unit").all()]
    columns = sorted({round(box["x"], 1) for box in boxes})
    assert len(columns) == 22
    assert min(np.diff(columns)) > max(box["width"] for box in boxes)
