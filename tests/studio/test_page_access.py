"""The page by keys alone, on a telephone, and by the rules of axe-core."""

from importlib.resources import files

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, NEURON, START, W, send

import downslope as ds

PHONE = {"width": 390, "height": 844}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
FOCUSED = """() => {
  const found = document.activeElement;
  return found.getAttribute("aria-label") || found.textContent.trim();
}"""


def tab_to(page, holds, back=False):
    """Press Tab until the focus is on something; a reader who cannot reach it is stuck."""
    for _ in range(120):
        page.page.keyboard.press("Shift+Tab" if back else "Tab")
        if holds(page.page.evaluate(FOCUSED)):
            return
    raise AssertionError("Tab does not lead there")


def test_all_of_it_by_keys(page):
    press = page.page.keyboard.press
    press("s")
    page.at_step(1)
    for key, part in zip("123", ("forward", "loss", "backward"), strict=True):
        press(key)
        page.until(lambda p=part: page.frame["phase"] == p, part)
    press("4")
    page.at_step(2)
    press(" ")
    page.until(lambda: page.frame["step"] > 10, "descent")
    press(" ")
    page.until(lambda: not page.frame["playing"], "the pause")
    press("r")
    page.at_step(0)
    tab_to(page, lambda name: name.startswith("w₂, weight"))
    press("ArrowUp")
    page.until(lambda: page.value(2) == -13, "a nudge")
    page.page.keyboard.type("2.5")
    press("Enter")
    page.until(lambda: page.value(2) == 2.5, "the typed weight")
    tab_to(page, lambda name: name == "Chain rule for w₂")
    press("Enter")
    page.answer("explanation")
    tab_to(page, lambda name: name == "Number of steps", back=True)
    page.page.keyboard.type("5")
    press("Enter")
    page.at_step(5)
    tab_to(page, lambda name: name == "Saved step")
    press("ArrowLeft")
    page.until(lambda: page.frame["step"] == 4, "an earlier saved step")
    press("End")
    page.until(lambda: page.frame["step"] == 5, "the present")
    tab_to(page, lambda name: name == "Chain rule", back=True)
    for name in ("Settings", "Columns", "Runs", "Doctor", "Picture", "Chain rule"):
        press("ArrowRight")
        page.page.get_by_role("tabpanel", name=name).wait_for()
        assert page.page.evaluate(FOCUSED) == name
    tab_to(page, lambda name: name == "Report ▾", back=True)  # the buttons of the header are one stop
    for _ in range(6):
        if page.page.evaluate(FOCUSED) != "Shortcuts":
            press("ArrowRight")
    press("Enter")
    page.page.get_by_role("dialog").wait_for()
    press("Escape")
    page.page.get_by_role("dialog").wait_for(state="detached")


def test_the_focus_is_seen(page):
    tab_to(page, lambda name: name == "▶ Descend")
    page.page.keyboard.press("ArrowRight")
    assert page.page.evaluate(FOCUSED) == "1 step"
    style = page.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert style != "none"


def test_the_toolbar_and_the_rows_are_one_stop_each_and_arrows_go_through_them(page):
    press, focused = page.page.keyboard.press, lambda: page.page.evaluate(FOCUSED)
    tab_to(page, lambda name: name == "▶ Descend")
    for name in ("1 step", "Take steps"):
        press("ArrowRight")
        assert focused() == name
    press("ArrowLeft")
    press("Enter")
    page.at_step(1)
    press("Tab")
    assert focused() == "Number of steps"
    press("Tab")
    assert focused() == "Speed"
    press("Tab")
    assert focused() == "Learning rate η" or page.page.evaluate("document.activeElement.id") == "rate"
    tab_to(page, lambda name: name == "1")  # the first row
    press("ArrowRight")
    assert focused() == "x1, row 1"
    press("ArrowDown")
    press("ArrowDown")
    assert focused() == "x1, row 3"
    press("ArrowRight")
    assert focused() == "x2, row 3"
    page.page.keyboard.type("11")
    press("ArrowLeft")  # within what is typed
    assert focused() == "x2, row 3"
    press("Enter")
    moved = FIVE_X[2] + [0, 1, 0]
    page.until(lambda: page.frame["rows"]["z"][2, 0] == pytest.approx(moved @ page.weights), "the cell")
    assert focused() == "x2, row 3"
    assert page.frame["step"] == 0  # another table, another run; no arrow went back in time


def test_the_first_weight_is_not_far_for_tab(page):
    """55 presses once; the skip link takes two."""
    presses = 0
    while not page.page.evaluate(FOCUSED).startswith("w₁, weight"):
        page.page.keyboard.press("Tab")
        presses += 1
        assert presses <= 22
    page.page.reload()
    page.page.locator(".weight").first.wait_for()
    page.page.keyboard.press("Tab")
    assert page.page.evaluate(FOCUSED) == "Skip to the network"
    page.page.keyboard.press("Enter")
    assert page.page.evaluate(FOCUSED).startswith("w₁, weight")


def test_the_focus_goes_back_to_where_it_was(page):
    press = page.page.keyboard.press
    page.button("Share ▾").focus()
    press("Enter")
    page.page.get_by_role("button", name="Copy the address").wait_for()
    press("Tab")
    press("Escape")
    assert page.page.evaluate(FOCUSED) == "Share ▾"
    page.button("Shortcuts").focus()
    press("Enter")
    page.page.get_by_role("dialog").get_by_role("button", name="Close").press("Enter")
    assert page.page.evaluate(FOCUSED) == "Shortcuts"
    page.page.get_by_role("button", name="Chain rule for w₂").focus()
    press("Enter")
    page.answer("explanation")
    page.page.get_by_role("group", name="Selection").get_by_role("button", name="Close").press("Enter")
    assert page.page.evaluate(FOCUSED) == "Chain rule for w₂"


ANNOUNCED = """() => {
  window.announced = [];
  const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], output";
  new MutationObserver((changes) => {
    const element = (node) => (node.closest ? node : node.parentElement);
    const regions = new Set(changes.map(({ target }) => element(target)?.closest(live)));
    regions.delete(null);
    regions.delete(undefined);
    for (const region of regions) window.announced.push([performance.now(), region.textContent]);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_play_is_announced_at_most_once_in_two_seconds(five_rows, visit):
    """24.8 announcements a second once."""
    send(five_rows, "open_sample", name="spirals")
    page = visit(five_rows)
    page.page.wait_for_timeout(2500)
    page.page.evaluate(ANNOUNCED)
    page.button("▶ Descend").click()
    page.page.wait_for_timeout(5000)
    page.button("❚❚ Pause").click()
    page.until(lambda: not page.frame["playing"], "the pause")
    page.page.wait_for_timeout(2500)
    times = [time for time, _ in page.page.evaluate("window.announced")]
    assert 1 <= len(times) <= 3
    assert all(np.diff(times) >= 1990)
    assert f"Step {page.frame['step']:,}, error" in page.page.evaluate("window.announced.at(-1)[1]")


@pytest.fixture
def phone(five_rows, visit):
    send(five_rows, **FRESH)
    return visit(five_rows, PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)


def test_nothing_scrolls_sideways_on_a_telephone(phone):
    for name in ("Picture", "Chain rule", "Settings", "Columns", "Runs", "Doctor"):
        phone.panel(name)
        phone.page.wait_for_timeout(150)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    phone.page.locator("section.rows tbody tr").nth(2).get_by_role("button").tap()
    phone.answer("explanation")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_weight_is_dragged_by_a_finger_and_typed(phone):
    phone.weight(2).scroll_into_view_if_needed()
    box = phone.weight(2).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = phone.page.context.new_cdp_session(phone.page)

    def touch(kind, *points):
        fingers.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]}
        )

    touch("touchStart", (x, y))
    for pixels in (10, 25, 45, 60):
        touch("touchMove", (x + pixels, y))
        phone.page.wait_for_timeout(40)
    touch("touchEnd")
    phone.shows_what_was_set(2)
    after = phone.value(2)
    assert -14 < after < -1
    assert phone.weights.tolist() == [200, after, 3456]
    phone.weight(1).tap()
    phone.page.keyboard.type("12")
    phone.page.keyboard.press("Enter")
    phone.until(lambda: phone.value(1) == 12, "the typed weight")
    phone.button("1 step").tap()
    phone.at_step(1)
    run = ds.descend(NEURON, FIVE_X, FIVE_Y, start=[12, after, START[2]], learning_rate=0.001, steps=1)
    assert phone.weights.tobytes() == run.parameters[W].tobytes()


def test_errors_stand_in_the_window_while_a_weight_is_dragged_on_a_telephone(phone):
    """The toolbar took 300 pixels once, and errors were further down and further right."""
    assert phone.page.locator(".controls").bounding_box()["height"] <= 90
    weight = phone.weight(1).bounding_box()
    assert weight["y"] > 0
    for row in range(4):
        cells = phone.page.locator("section.rows tbody tr").nth(row).locator("td.computed")
        for cell in cells.all():
            box = cell.bounding_box()
            assert box["x"] + box["width"] <= PHONE["width"]
            assert box["y"] + box["height"] <= PHONE["height"]
        bar = phone.page.locator("section.rows .scale").nth(row).bounding_box()
        assert bar["x"] + bar["width"] <= PHONE["width"]


def test_the_derivation_is_reached_on_a_telephone(phone):
    phone.page.get_by_role("button", name="Chain rule for w₂").tap()
    phone.answer("explanation")
    panel = phone.page.get_by_role("tabpanel", name="Chain rule")
    panel.locator(".derivation > *").first.wait_for()
    phone.page.wait_for_timeout(300)
    box = panel.bounding_box()
    assert 0 <= box["y"] < PHONE["height"] / 2


@pytest.mark.parametrize("layers", [[], [{"units": 8, "activation": "tanh"}] * 2])
def test_the_drawing_stays_in_view_while_passes_are_stepped_on_a_telephone(five_rows, phone, layers):
    send(five_rows, "change_settings", settings={"layers": [*layers, {"units": 1, "bias": False}]})
    phone.until(lambda: len(phone.overview["network"]["layers"]) == len(layers) + 1, "the layers")
    if layers:
        phone.page.locator("line[data-weight='0,2,1']").first.dispatch_event("click")
    else:
        phone.page.get_by_role("button", name="Chain rule for w₂").tap()
    phone.answer("explanation")
    stepper = phone.page.locator(".stepper")
    stepper.wait_for()
    stepper.evaluate("(box) => box.scrollIntoView()")
    for _ in range(3):
        phone.page.get_by_role("button", name="Next factor").tap()
    phone.page.locator(".flow .at").first.wait_for()
    phone.page.wait_for_timeout(100)
    canvas, steps = (phone.page.locator(one).bounding_box() for one in (".canvas", ".stepper"))
    network = phone.page.locator(".network").bounding_box()
    assert canvas["y"] >= 0
    assert network["y"] + network["height"] <= steps["y"] + 1
    assert steps["y"] + steps["height"] <= PHONE["height"]


PLACES = """() => ["header", ".controls", ".guide", ".network", ".rows", ".side", ".time"].map((name) => {
  const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
  return [x, y, width, height];
})"""


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
@pytest.mark.parametrize("lesson", [None, "learning-rate"])
def test_what_ended_a_descent_covers_nothing_and_moves_nothing(five_rows, visit, size, lesson):
    send(five_rows, **FRESH)
    if lesson:
        send(five_rows, "open_lesson", name=lesson)
    send(five_rows, "change_settings", settings={"learning_rate": 0.02})
    page = visit(five_rows, {"width": size[0], "height": size[1]}, has_touch=True)
    page.panel("Picture")
    page.page.wait_for_timeout(300)
    before = page.page.evaluate(PLACES)
    send(five_rows, "step", count=1000)
    page.until(lambda: page.frame["stopped"], "the failure")
    alert = page.page.get_by_role("alert")
    box, guide = alert.bounding_box(), page.page.locator(".guide").bounding_box()
    assert page.page.evaluate(PLACES) == before
    for side, length in (("x", "width"), ("y", "height")):
        assert guide[side] <= box[side]
        assert box[side] + box[length] <= guide[side] + guide[length]
    assert page.frame["stopped"]["text"] in alert.inner_text()


def test_a_presentation_is_entered_and_left_by_keys(five_rows, visit):
    send(five_rows, **FRESH)
    page = visit(five_rows, {"width": 1280, "height": 720})
    press, chrome = page.page.keyboard.press, ["header", ".controls", ".tabs"]
    error = page.page.locator(".total .big")
    size = error.bounding_box()["height"]
    press("f")
    assert not any(page.page.locator(part).is_visible() for part in chrome)
    assert error.bounding_box()["height"] > 1.5 * size
    press("s")
    page.at_step(1)
    press("s")
    page.at_step(2)
    press("ArrowLeft")
    page.until(lambda: page.frame["timeline"]["index"] == 1, "a saved step before")
    press("Escape")
    assert all(page.page.locator(part).is_visible() for part in chrome)
    page.button("Presentation").click()
    page.button("Leave the presentation").click()
    assert all(page.page.locator(part).is_visible() for part in chrome)


@pytest.fixture(scope="module")
def axe():
    package = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    return files(package).joinpath("axe.min.js").read_text("utf-8")


def violations(page, axe, scheme, part="body"):
    """What axe-core finds in a part, with the elements and why; in the dark only colours are others."""
    rules = {"type": "rule", "values": ["color-contrast"]} if scheme == "dark" else TAGS
    page.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 50)))")
    if not page.page.evaluate("() => Boolean(window.axe)"):
        page.page.evaluate(f"() => {{ {axe} }}")
    ask = "([part, rules]) => axe.run(part, { runOnly: rules, resultTypes: ['violations'] })"
    found = page.page.evaluate(ask, [part, rules])
    assert found["passes"]
    return [
        (v["id"], node["target"], node["failureSummary"])
        for v in found["violations"]
        for node in v["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_lesson(five_rows, visit, axe, scheme):
    send(five_rows, **FRESH)
    send(five_rows, "open_lesson", name="one-neuron")
    page = visit(five_rows, bypass_csp=True, color_scheme=scheme)
    page.page.locator(".lesson").wait_for()
    page.button("Hint").click()
    page.button("Lesson 1 of 6 ▾").click()
    page.page.locator("header .menu li").first.wait_for()
    assert violations(page, axe, scheme) == []
    send(five_rows, "leave_lesson")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_five_rows(five_rows, visit, axe, scheme):
    send(five_rows, **FRESH)
    page = visit(five_rows, bypass_csp=True, color_scheme=scheme)
    assert violations(page, axe, scheme) == []
    page.take(5)
    page.page.get_by_role("button", name="Chain rule for w₂").click()
    page.answer("explanation")
    page.page.get_by_role("button", name="Freeze w₁").click()
    page.page.get_by_label("Saved step", exact=True).fill("2")
    page.until(lambda: page.frame["step"] == 2, "an earlier saved step")
    assert violations(page, axe, scheme) == []
    for name in ("Picture", "Settings", "Columns", "Runs", "Doctor"):
        page.panel(name)
        page.page.wait_for_timeout(250)
        assert violations(page, axe, scheme, ".side") == [], name
    page.button("Share ▾").click()
    assert violations(page, axe, scheme, "header") == []
    page.page.keyboard.press("Escape")
    page.page.get_by_role("button", name="Shortcuts").click()
    assert violations(page, axe, scheme) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_lines_and_matrices(penguins, visit, axe, scheme):
    layers = [{"units": 8, "activation": "tanh"}, {"units": 8, "activation": "tanh"}, {"units": 3}]
    send(penguins, "change_settings", settings={"layers": layers})
    page = visit(penguins, bypass_csp=True, color_scheme=scheme)
    page.take(10)
    assert page.page.locator(".drawing[data-style=lines]").is_visible()
    assert violations(page, axe, scheme) == []
    page.page.get_by_label("layer1, unit 1 ").click()
    page.answer("explanation")
    assert violations(page, axe, scheme, ".side") == []
    page.panel("Picture")
    page.page.wait_for_timeout(300)
    assert violations(page, axe, scheme, ".side") == []
    layer = {"units": 1100, "activation": "tanh"}
    send(penguins, "change_settings", settings={"layers": [layer, layer, {"units": 3}]})
    page.until(lambda: page.overview["network"]["weights"] > 1e6, "the wide network")
    page.page.locator(".matrices canvas").first.wait_for()
    assert violations(page, axe, scheme, ".network") == []
