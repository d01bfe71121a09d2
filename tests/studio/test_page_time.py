"""Time on the page: saved steps, branches, runs with names."""

from itertools import pairwise

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, NEURON, START, W, number_in, send

import downslope as ds


@pytest.fixture
def page(alone, visit):
    return visit(alone)


def at(steps):
    if not steps:
        return START
    run = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001, steps=steps)
    return run.parameters[W][0].tolist()


def scrub(page, place):
    """Move the slider of time as its reader would see it move."""
    page.page.get_by_label("Saved step", exact=True).fill(str(place))
    page.until(lambda: page.frame["timeline"]["index"] == place, f"saved step {place}")


def test_an_earlier_saved_step_shows_its_weights(page):
    page.take(300)
    steps = [int(step) for step in page.frame["timeline"]["steps"]]
    assert steps[:6] == [0, 1, 2, 3, 4, 5]
    assert steps[-1] == 300
    for place in (7, 0, len(steps) - 2):
        scrub(page, place)
        assert page.frame["step"] == steps[place]
        assert page.weights.tolist() == at(steps[place])
        assert page.value(3) == at(steps[place])[2]
        assert "a change here starts a branch" in page.page.locator(".timeline").inner_text()
    page.button("Previous saved step").click()
    page.until(lambda: page.frame["timeline"]["index"] == len(steps) - 3, "Previous saved step")
    page.button("Latest saved step").click()
    page.until(lambda: page.frame["timeline"]["index"] == len(steps) - 1, "Latest saved step")
    assert page.weights.tolist() == at(300)


def test_a_change_to_an_earlier_step_starts_a_branch(page):
    page.take(50)
    before = page.frame["timeline"]["steps"].tolist()
    scrub(page, 10)
    page.set(1, "5")
    page.until(lambda: page.frame["timeline"]["run"] == 2, "a second run")
    assert page.weights.tolist() == [5, *at(10)[1:]]
    page.take(20)
    runs = {run["number"]: run for run in page.overview["runs"]}
    assert (runs[1]["step"], runs[2]["parent"]) == (50, 1)
    changed = [5, *at(10)[1:]]
    went = ds.descend(NEURON, FIVE_X, FIVE_Y, start=changed, learning_rate=0.001, steps=20)
    assert page.weights.tolist() == went.parameters[W][0].tolist()
    assert page.frame["step"] == 30

    panel = page.panel("Runs")
    panel.get_by_label("Name of run 2").fill("five")
    panel.get_by_label("Name of run 2").press("Enter")
    page.until(lambda: page.overview["runs"][1]["name"] == "five", "the name")
    panel.get_by_role("checkbox", name="Keep five").check()
    page.until(lambda: page.overview["runs"][1]["kept"], "it to be kept")
    panel.get_by_role("button", name="Open").click()
    page.until(lambda: page.frame["timeline"]["run"] == 1, "the first run")
    assert page.weights.tolist() == at(50)
    assert page.frame["timeline"]["steps"].tolist() == before
    assert panel.get_by_role("checkbox", name="Keep five").is_checked()
    panel.get_by_role("button", name="Remove").click()
    page.until(lambda: [run["number"] for run in page.overview["runs"]] == [1], "it to be forgotten")


def test_time_goes_on_from_the_present_after_a_look_back(page):
    page.take(30)
    scrub(page, 4)
    page.button("Latest saved step").click()
    page.until(lambda: page.frame["step"] == 30, "Latest saved step")
    page.take(10)
    assert page.weights.tolist() == at(40)
    assert len(page.overview["runs"]) == 1


def test_the_thumb_follows_the_pointer_and_its_track_stays_as_long_as_it_is(page):
    """While the slider is dragged into the past, nothing goes back to the present in between."""
    page.take(3000)
    slider = page.page.get_by_label("Saved step", exact=True)
    page.page.evaluate("""() => {
      const slider = document.querySelector(".timeline input[type=range]");
      window.seen = [];
      const note = () => {
        window.seen.push([Number(slider.value), slider.clientWidth]);
        requestAnimationFrame(note);
      };
      note();
    }""")
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.page.mouse.move(box["x"] + box["width"] - 8, y)
    page.page.mouse.down()
    for place in range(60):
        page.page.mouse.move(box["x"] + (box["width"] - 8) * (1 - place / 75), y)
        page.page.wait_for_timeout(8)
    page.page.mouse.up()
    held = int(slider.input_value())
    page.until(lambda: page.frame["timeline"]["index"] == held, "the step under the thumb")
    page.page.wait_for_timeout(100)
    values, widths = np.array(page.page.evaluate("window.seen")).T
    assert len(set(values.tolist())) > 10
    assert np.all(np.diff(values) <= 0)
    assert values[-1] == held
    assert len(set(widths.tolist())) == 1


def test_a_drag_on_the_curve_goes_back(page):
    """Each saved step has a place of its own, and the thumb stands there."""
    page.take(300)
    last = len(page.frame["timeline"]["steps"]) - 1
    area = page.page.locator(".timetrack").bounding_box()
    curve = page.page.locator(".curve").bounding_box()
    y = curve["y"] + curve["height"] / 2
    for place in (20, 3):
        page.page.mouse.move(area["x"] + area["width"] - 2, y)
        page.page.mouse.down()
        page.page.mouse.move(area["x"] + area["width"] * (place + 1) / last, y, steps=4)
        page.page.mouse.move(area["x"] + area["width"] * place / last, y)
        page.page.mouse.up()
        page.until(lambda p=place: page.frame["timeline"]["index"] == p, f"saved step {place}")
        assert page.weights.tolist() == at(place)
        thumb = page.page.locator(".thumb").bounding_box()
        middle = thumb["x"] + thumb["width"] / 2
        assert middle == pytest.approx(area["x"] + area["width"] * place / last, abs=1)
    page.page.get_by_label("Even").check()
    page.page.mouse.click(area["x"] + area["width"] * 0.5, y)
    page.until(lambda: abs(page.frame["step"] - 150) <= 8, "the middle of the steps")


def test_the_legend_shows_the_present_while_the_pointer_is_elsewhere(page):
    values = page.page.locator(".time .legend .u-value")
    page.take(20)
    page.until(lambda: values.all_inner_texts()[:1] == ["20"], "the legend at step 20")
    training, validation, by_hand = values.all_inner_texts()[1:4]
    assert number_in(training) == pytest.approx(page.frame["error"]["value"], rel=1e-3)
    assert (validation, by_hand) == ("–", "–")
    page.set(3, "2")
    page.until(lambda: values.all_inner_texts()[3] != "–", "an error by hand")
    scrub(page, 0)
    page.until(lambda: values.all_inner_texts()[0] == "0", "the legend at the start")


def test_the_run_that_was_branched_from_stays_as_a_thin_line(page):
    page.take(40)
    scrub(page, 10)
    page.set(1, "5")
    page.until(lambda: page.frame["timeline"]["run"] == 2, "a second run")
    area = page.page.locator(".timetrack").bounding_box()
    thumb = page.page.locator(".thumb").bounding_box()
    # the range still holds all 40 steps of the first run: place 11 of the moves stands where it stood
    expected = 11 / (11 + (20 - 10) + np.log(40 / 20) / np.log(1.05))
    share = (thumb["x"] + thumb["width"] / 2 - area["x"]) / area["width"]
    assert share == pytest.approx(expected, abs=0.01)


SHIFTS = """() => {
  window.shifted = 0;
  const add = (list) => list.getEntries().forEach(({ value }) => { window.shifted += value; });
  new PerformanceObserver(add).observe({ type: "layout-shift" });
}"""


@pytest.mark.parametrize("table", ["five rows", "spirals"])
def test_starting_a_run_moves_nothing(five_rows, visit, table):
    """The cumulative layout shift, of which 0.1 is called good, with the press of the button counted in."""
    send(five_rows, "open_sample", name=table)
    page = visit(five_rows, {"width": 1280, "height": 720})
    page.page.wait_for_timeout(300)
    page.page.evaluate(SHIFTS)
    page.button("▶ Descend").click()
    page.until(lambda: page.frame["stopped"] or page.frame["step"] > 2000, "some steps")
    page.page.wait_for_timeout(300)
    assert page.page.evaluate("window.shifted") < 0.05
    send(five_rows, "pause")


@pytest.mark.parametrize("table", ["five rows", "spirals"])
def test_panels_and_what_is_selected_move_nothing(five_rows, visit, table):
    """Parts and the drawing stay where they are, with and without a selection, in every panel."""
    send(five_rows, "open_sample", name=table)
    page = visit(five_rows, {"width": 1280, "height": 720})
    parts = [".guide", ".rows", ".network", ".canvas", ".side", ".time"]

    def places():
        return [page.page.locator(part).first.bounding_box() for part in parts]

    before = places()
    page.page.evaluate(SHIFTS)
    for name in ("Chain rule", "Settings", "Columns", "Runs", "Picture"):
        page.panel(name)
        assert places() == before, name
    send(five_rows, "step", count=20)
    page.at_step(20)
    assert places() == before
    if table == "five rows":
        page.page.get_by_role("button", name="Chain rule for w₂").click()
    else:
        page.page.locator(".network .unit").nth(5).click()
    page.page.locator(".inspector:not(.nothing)").wait_for()
    page.answer("explanation")
    assert places() == before
    page.page.wait_for_timeout(300)
    assert page.page.evaluate("window.shifted") < 0.02


@pytest.mark.parametrize("table", ["five rows", "spirals"])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_everything_stands_in_the_window(five_rows, visit, table, size):
    """Header, toolbar, guide, three columns, the curve and its slider: no scrolling, nothing on another."""
    send(five_rows, "open_sample", name=table)
    page = visit(five_rows, dict(zip(("width", "height"), size, strict=True)))
    parts = ["header", ".controls", ".guide", ".rows", ".network", ".side", ".time"]
    boxes = [page.page.locator(part).first.bounding_box() for part in parts]
    for part, box in zip(parts, boxes, strict=True):
        assert box["x"] >= 0, part
        assert box["y"] >= 0, part
        assert box["x"] + box["width"] <= size[0], part
        assert box["y"] + box["height"] <= size[1], part
        assert box["width"] * box["height"] > 1e4, part
    for above, below in pairwise([boxes[0], boxes[1], boxes[2], boxes[4], boxes[6]]):
        assert above["y"] + above["height"] <= below["y"]
    for left, right in pairwise(boxes[3:6]):
        assert left["x"] + left["width"] <= right["x"]
        assert (left["y"], left["height"]) == (right["y"], right["height"])
    for part in (".time .u-legend", ".curve canvas", ".timetrack", ".canvas"):
        box = page.page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= size[1], part
    scrolls = "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.page.evaluate(scrolls) == list(size)


def errors_shown(panel):
    """Best error of each run, by its name."""
    names = [one.input_value() for one in panel.get_by_role("textbox", name="Name of run").all()]
    rows = panel.locator("tbody tr:not(.about) td:nth-child(2)").all_inner_texts()
    return dict(zip(names, rows, strict=True))


def test_runs_are_compared_noted_sorted_and_removed(page, alone):
    page.take(100)
    send(alone, "reset")
    page.until(lambda: page.frame["step"] == 0, "the start")
    send(alone, "change_settings", settings={"learning_rate": 0.05})
    page.take(60)
    panel = page.panel("Runs")
    panel.locator("b.diverged").wait_for()
    caption = panel.locator("figcaption").inner_text()
    assert caption.startswith("▲ run 2: diverged, up to ")
    assert number_in(caption.split("up to ")[1]) > page.overview["runs"][0]["error"]
    rates = panel.locator(".chip").all_inner_texts()
    assert rates == ["Learning rate 0.001", "Learning rate 0.05"]
    shown = errors_shown(panel)
    assert number_in(shown["run 1"].replace("lowest", "")) < number_in(shown["run 2"])
    assert "lowest" in shown["run 1"]

    note = panel.get_by_role("textbox", name="Note on run 1")
    note.fill("the rate of the first screen")
    note.press("Enter")
    page.until(lambda: page.overview["runs"][0]["note"] == "the rate of the first screen", "the note")

    panel.get_by_role("button", name="Best error").click()
    assert list(errors_shown(panel)) == ["run 1", "run 2"]
    assert panel.get_by_role("columnheader", name="Best error").get_attribute("aria-sort") == "ascending"
    panel.get_by_role("button", name="Best error").click()
    assert list(errors_shown(panel)) == ["run 2", "run 1"]
    panel.get_by_role("button", name="Best error").click()

    panel.get_by_role("button", name="Open run 1").click()
    page.until(lambda: page.frame["timeline"]["run"] == 1, "the first run")
    panel.get_by_role("button", name="Remove run 2").click()
    page.until(lambda: [run["number"] for run in page.overview["runs"]] == [1], "it to be gone")
    assert panel.locator("figcaption").count() == 0


def test_a_start_without_a_step_is_no_run(page, alone):
    for sample in ("moons", "spirals", "five rows"):
        send(alone, "open_sample", name=sample)
    page.until(lambda: page.overview["table"]["name"] == "five rows", "the five rows")
    page.until(
        lambda: [run["number"] for run in page.overview["runs"]] == [page.frame["timeline"]["run"]],
        "the run of the frame alone",
    )
