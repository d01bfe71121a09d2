"""The drawing: small pictures in its units, more and fewer layers and units, names of the outputs."""

import numpy as np
import pytest
from visits import FRESH, send, serving

SPIRALS = {"command": "open_sample", "name": "spirals"}


@pytest.fixture
def spirals(five_rows, visit):
    send(five_rows, **SPIRALS)
    return visit(five_rows)


def activations(page, x):
    """What every unit of the spirals' layers holds, by hand, in float64."""
    parameters = {name: np.asarray(value, float) for name, value in page.frame["parameters"].items()}
    a, found = np.asarray(x, float), []
    for layer in page.overview["network"]["layers"]:
        z = parameters[layer["weight"]] @ a + parameters[layer["bias"]]
        a = np.tanh(z) if layer["activation"] == "tanh" else z
        found.append(a)
    return found


PIXELS = """(canvases) => canvases.map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, 24, 24);
  return [[0, 0], [3, 20], [23, 5], [12, 12]].map(([row, column]) => {
    const at = 4 * (24 * row + column);
    return data[at + 2] - data[at]; // blue without red: blue is positive, orange negative
  });
})"""


def test_each_unit_holds_a_picture_of_what_it_computes(spirals):
    """The colour at some points is of the sign of the unit's value there, in all units."""
    canvases = spirals.page.locator(".smalls canvas")
    spirals.until(lambda: (canvases.count() == 17 and "pictures" in spirals.frame) or canvases.count() == 17)
    x = spirals.page.evaluate(
        """async () => {
          const { pictures } = (await import("/first.js")).$use("core/store.js");
          const { x, y } = pictures.value.units;
          return [Array.from(x), Array.from(y)];
        }"""
    )
    shown = np.array(canvases.evaluate_all(PIXELS))
    for k, (row, column) in enumerate([(0, 0), (3, 20), (23, 5), (12, 12)]):
        values = np.concatenate(activations(spirals, [x[0][column], x[1][row]]))
        large = np.abs(values) > 0.1 * np.abs(values).max()
        assert np.array_equal(np.sign(shown[large, k]), np.sign(values[large]))
        assert large.sum() >= 3


def test_pictures_follow_the_steps_and_give_way_to_values(spirals):
    canvases = spirals.page.locator(".smalls canvas")
    spirals.until(lambda: canvases.count() == 17)
    before = canvases.evaluate_all(PIXELS)
    spirals.take(60)
    spirals.until(lambda: canvases.evaluate_all(PIXELS) != before, "other pictures")
    spirals.page.locator("section.rows tbody tr").nth(1).get_by_role("button").click()
    canvases.first.wait_for(state="detached")  # the values of the row
    spirals.page.locator("section.rows tbody tr").nth(1).get_by_role("button").click()
    canvases.first.wait_for()
    spirals.page.get_by_label("Pictures in units").uncheck()
    canvases.first.wait_for(state="detached")
    spirals.page.get_by_label("Pictures in units").check()
    canvases.first.wait_for()


def units_of(page):
    return [layer["units"] for layer in page.overview["network"]["layers"]]


def shows(page, units, what):
    """Waits until the drawing has so many units: what is pressed next starts from these."""
    page.until(lambda: units_of(page) == units, what)
    page.page.get_by_text("-".join(map(str, [2, *units]))).first.wait_for(state="attached")


def test_layers_and_units_are_added_and_taken_on_the_drawing(spirals):
    assert units_of(spirals) == [8, 8, 1]
    spirals.page.get_by_role("button", name="One unit more in layer 2").click()
    shows(spirals, [8, 9, 1], "a unit more")
    spirals.page.get_by_role("button", name="One unit less in layer 1").focus()
    spirals.page.keyboard.press("Enter")
    shows(spirals, [7, 9, 1], "a unit less")
    spirals.page.get_by_role("button", name="One hidden layer more").click()
    shows(spirals, [7, 9, 9, 1], "a layer more")
    for expected in ([7, 9, 1], [7, 1], [1]):
        spirals.page.get_by_role("button", name="One hidden layer less").press("Enter")
        shows(spirals, expected, "a layer less")
    less = spirals.page.get_by_role("button", name="One hidden layer less")
    spirals.until(lambda: less.get_attribute("aria-disabled") == "true", "no layer to take")
    less.press("Enter")
    spirals.take(1)
    assert units_of(spirals) == [1]


THREE_SEEDS = """() => {
  const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "n", bubbles: true}));
  [press, press, press].forEach((one) => one());
}"""


def pressed_in_one_frame(locator, count):
    """Press a button so many times before the page can draw, or hear of the session."""
    locator.evaluate(f"button => {{ for (let n = 0; n < {count}; n++) button.click(); }}")


def test_ten_presses_within_a_frame_are_ten_units(spirals):
    spirals.until(lambda: units_of(spirals) == [8, 8, 1], "the layers at first")
    pressed_in_one_frame(spirals.button("One unit more in layer 1"), 10)
    spirals.until(lambda: units_of(spirals) == [18, 8, 1], "ten units more")
    pressed_in_one_frame(spirals.button("One hidden layer less"), 2)
    spirals.until(lambda: units_of(spirals) == [1], "no hidden layer")
    names = spirals.page.get_by_role("group", name="Inputs").get_by_role("button")
    names.evaluate_all("all => all.slice(1).forEach((button) => button.click())")
    features = ["x1", "pow(x1, 2)", "pow(x2, 2)", "x1*x2", "sin(x1)", "sin(x2)"]
    spirals.until(lambda: spirals.overview["table"]["features"] == features, "all other inputs")
    spirals.page.keyboard.press("Escape")
    spirals.page.evaluate(THREE_SEEDS)
    spirals.until(lambda: spirals.overview["settings"]["seed"] == 3, "three seeds further")


def test_a_neuron_becomes_a_network_on_the_drawing(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows)
    assert units_of(page) == [1]
    page.page.get_by_role("button", name="One hidden layer more").click()
    page.until(lambda: len(units_of(page)) == 2, "a hidden layer")
    page.take(2)


OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll(".canvas .weight")].map((box) => box.getBoundingClientRect());
  const room = document.querySelector(".drawing .room").getBoundingClientRect();
  const lie = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const cut = boxes.filter((box) => box.bottom > room.bottom || box.right > room.right);
  return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => lie(a, b))).length + cut.length;
}"""


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (390, 844)])
def test_numbers_stand_on_the_drawing_where_none_lies_on_another(five_rows, visit, size):
    """Those of a neuron always; those of hidden units are moved by their lines where there is no room."""
    send(five_rows, "open_lesson", name="hidden-layer")
    page = visit(five_rows, viewport={"width": size[0], "height": size[1]})
    boxes, drawing = page.page.locator(".canvas .weight"), page.page.locator(".drawing")
    page.until(lambda: boxes.count() == 3, "the numbers of the neuron")
    assert boxes.get_by_role("button", name="Chain rule for").count() == 3
    assert page.page.evaluate(OVERLAPS) == 0
    page.page.get_by_role("button", name="Chain rule for b").click()
    page.page.get_by_role("group", name="Selection").get_by_label("b", exact=True).wait_for()
    assert drawing.get_attribute("data-style") == "numbers"
    page.page.get_by_role("button", name="One hidden layer more").click()
    page.until(lambda: units_of(page) == [8, 1], "a hidden layer")
    assert drawing.get_attribute("data-style") == "lines"
    assert boxes.count() == 0
    page.page.locator("[data-weight='0,0,1']").dispatch_event("click")
    field = page.page.get_by_role("group", name="Selection").get_by_role("spinbutton")
    field.fill("0.75")
    field.press("Enter")
    page.until(lambda: page.frame["parameters"]["layer1.weight"][0][1] == 0.75, "a weight moved by its line")


def test_outputs_have_the_names_of_their_classes(penguins, visit, five_rows):
    page = visit(penguins)
    assert page.page.locator(".outputname").all_inner_texts() == ["Adelie", "Chinstrap", "Gentoo"]
    send(five_rows, **SPIRALS)
    assert visit(five_rows).page.locator(".outputname").all_inner_texts() == ["1 where z > 0"]
    send(five_rows, **FRESH)
    assert visit(five_rows).page.locator(".outputname").all_inner_texts() == ["y"]


def test_a_thin_line_is_met_beside_it(spirals):
    """Between its units, some pixels across: the thinnest line of the first layer."""
    lines = spirals.page.locator(".lines line[data-weight^='0,']")
    values = np.abs(spirals.frame["parameters"]["layer1.weight"]).ravel()
    thin = lines.nth(int(np.argmin(values)))
    place = thin.get_attribute("data-weight")
    x1, y1, x2, y2 = (float(thin.get_attribute(name)) for name in ("x1", "y1", "x2", "y2"))
    length = np.hypot(x2 - x1, y2 - y1)
    box = spirals.page.locator("svg.lines").bounding_box()
    candidates = [(0.08 * k, side) for k in range(2, 11) for side in (-4, 4)]
    met = []
    for along, across in candidates:
        x = x1 + along * (x2 - x1) - across * (y2 - y1) / length
        y = y1 + along * (y2 - y1) + across * (x2 - x1) / length
        spirals.page.mouse.move(box["x"] + x, box["y"] + y)
        met += spirals.page.locator(".lines line.lit").evaluate_all(
            "all => all.map((one) => one.dataset.weight)"
        )
    assert place in met
    spirals.page.mouse.move(box["x"] + 2, box["y"] + 2)
    assert spirals.page.locator(".lines line.lit").count() == 0


def test_numbers_on_the_drawing_are_as_high_as_a_finger(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows, {"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for number in (1, 2, 3):
        assert page.weight(number).bounding_box()["height"] >= 44
    assert page.page.evaluate(OVERLAPS) == 0


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """The address of a page on a table whose inputs have long names that begin alike."""
    names = ["Reading", "Bath", "Newcastle upon Tyne"]
    rows = [f"{names[i % 3]},{i % 5 + 1},{100 + 7 * i % 90}" for i in range(60)]
    path = tmp_path_factory.mktemp("towns") / "towns.csv"
    path.write_text("\n".join(["town,rooms,price", *rows]))
    with serving(path, "--target", "price") as address:
        yield address


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_inputs_with_long_names_are_told_apart(towns, visit, size):
    page = visit(towns, {"width": size[0], "height": size[1]})
    names = page.page.locator(".canvas .inputname")
    shown, full = names.all_inner_texts(), names.evaluate_all("all => all.map((one) => one.title)")
    assert full == page.overview["network"]["inputs"]
    assert len(set(shown)) == len(full) == 4
    assert "…Bath" in shown
    assert names.evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth).length") == 0
    for name in full:
        assert page.page.locator(f".unit[aria-label^='{name}: ']").count() == 1
    line = page.page.locator(".total .line")
    assert line.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert line.get_attribute("title").startswith("E, mean squared error of scaled price, ")
