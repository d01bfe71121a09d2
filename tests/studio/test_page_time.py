"""Time on the page: saved steps, branches, runs with names."""

import pytest
from visits import FIVE_X, FIVE_Y, NEURON, START, W, serving

import downslope as ds


@pytest.fixture
def alone():
    """A session of its own, so that runs are counted from 1."""
    with serving() as address:
        yield address


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
        assert "an earlier saved step" in page.page.locator(".timeline").inner_text()
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
