"""A session as one file without a server: its steps are the session's, its lesson is gone through."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from downslope.interchange import _page
from downslope.studio import _schema as ask
from downslope.studio.lessons import condition_of, lesson_named, lesson_of
from downslope.studio.session._opening import in_lesson
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session
from downslope.studio.views._exports import lesson_page
from thorough import examples, first

STEPS = "count => window.downslope.step(count)"


def on_sample(name, **settings):
    rows, chosen, values = opening_of(name)
    return Session(rows, chosen.changed(settings), values)


def check_steps(page, session):
    """After 1, 10 and 100 steps the page has the parameters of the session, and both of its errors."""
    before = 0
    for steps in (1, 10, 100):
        session.handle(ask.Step(count=steps - before))
        while session.state.playing:
            session.work()
        assert page.evaluate(STEPS, steps - before)
        before = steps
        found = page.evaluate("() => window.downslope.parameters()")
        for name, wanted in session.parameters.items():
            near = 1e-12 * np.max(np.abs(wanted))
            np.testing.assert_allclose(found[name], np.ravel(wanted), 1e-12, near, err_msg=f"{name}, {steps}")
        judged = page.evaluate("() => window.downslope.judge()")
        assert judged["error"] == pytest.approx(session.measured.error, rel=1e-9)
        if session.measured.validation is None:
            assert judged["validation"] is None
        else:
            assert judged["validation"] == pytest.approx(session.measured.validation, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("five rows", {}),
        ("five rows", {"momentum": 0.5, "learning_rate": 0.0001}),
        ("spirals", {}),
        ("spirals", {"optimizer": "rmsprop", "dropout": 0.2, "l2": 0.01, "batch_size": 7, "seed": 2**40 + 1}),
        ("wave", {"optimizer": "sgd", "clip_norm": 0.1, "loss": "huber", "validation": 0.0}),
    ],
)
def test_steps_are_those_of_the_session(opened, name, how):
    session = on_sample(name, **how)
    check_steps(opened(lesson_page(session)), session)


def test_a_table_of_gaps_and_words(opened, tmp_path):
    rows = "".join(f"{i % 7},{'ab'[i % 2]},{'' if i % 5 == 0 else i * 0.3},{i % 3}\n" for i in range(60))
    (tmp_path / "t.csv").write_text('"</script><b>n</b>",kind,gaps,"a, ""b"""\n' + rows)
    from downslope.studio.session._opening import opened as session_of

    session = session_of(str(tmp_path / "t.csv"), None)
    page = opened(lesson_page(session))
    assert page.locator("b").count() == 0
    assert "</script><b>n</b>" in page.locator("#own-fields").inner_text()
    before = page.evaluate("() => window.downslope.judge().error")
    page.click("#steps")
    assert page.evaluate("() => window.downslope.judge().error") < before


@pytest.mark.parametrize("name", ["five rows", "spirals"])
def test_the_factors_of_the_chain_rule_average_to_the_gradient(opened, name):
    page = opened(lesson_page(on_sample(name)))
    page.evaluate(STEPS, 3)
    differences = page.evaluate(
        """() => {
          const data = JSON.parse(document.getElementById("data").textContent);
          const [trace, next] = [window.downslope.trace(), window.downslope.next()];
          return data.chains.flatMap(({ weight, inputs, deltas }, layer) => {
            const gradient = next[`gradient of ${data.parameters[weight].name}`];
            return Array.from(gradient, (slope, k) => {
              const [unit, input] = [Math.floor(k / inputs.length), k % inputs.length];
              const products = trace.rows.map((_, i) =>
                trace[`delta ${layer}`][i * deltas.length + unit] *
                trace[`input ${layer}`][i * inputs.length + input]);
              const mean = products.reduce((a, b) => a + b, 0) / products.length;
              return Math.abs(mean - slope) / Math.max(1e-6, Math.abs(slope));
            });
          });
        }"""
    )
    assert len(differences) == {"five rows": 3, "spirals": 16 + 64 + 8}[name]
    assert max(differences) < 1e-9


def test_the_chain_rule_says_what_the_next_step_does(opened):
    page = opened(lesson_page(on_sample("five rows")))
    page.locator("#numbers input").nth(1).focus()
    assert page.locator("#chain h2").inner_text() == "Chain rule of w₂"
    x = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], float)
    deltas = -2 * (np.array([13.5, 15.6, 27.4, 15.6, 12.5]) - x @ [200, -14, 3456])
    cells = [row.split("\t") for row in page.locator("#chain tbody tr").all_inner_texts()]
    number = lambda text: float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))  # noqa: E731
    for row, (_, delta, input_, product) in enumerate(cells[:5]):
        np.testing.assert_allclose(number(delta), deltas[row], rtol=1e-3)
        assert number(input_) == x[row, 1]
        np.testing.assert_allclose(number(product), deltas[row] * x[row, 1], rtol=1e-3)
    gradient = float(np.mean(deltas * x[:, 1]))
    np.testing.assert_allclose(number(cells[5][-1]), gradient, rtol=1e-4)
    last = page.locator("#chain .formula strong").last.inner_text()
    page.click("#step")
    found = page.evaluate("() => window.downslope.parameters()['layer1.weight'][1]")
    assert found == pytest.approx(-14 - 0.001 * gradient, rel=1e-12)
    assert number(last) == pytest.approx(found, abs=1e-3)


def test_rows_that_come_into_sight_are_as_they_are_now(opened):
    page = opened(lesson_page(on_sample("spirals")))
    line = page.locator("#rows tbody tr").nth(170)
    page.evaluate(STEPS, 50)
    line.scroll_into_view_if_needed()
    error = page.evaluate("() => window.downslope.judge().errors[170]")
    page.wait_for_function(
        "wanted => document.querySelectorAll('#rows .loss span')[170].textContent === wanted",
        arg=f"{error:.5g}",
    )


def test_one_goes_back_and_on_from_there(opened):
    page = opened(lesson_page(on_sample("five rows")))
    for _ in range(3):
        page.click("#steps")
    late = page.evaluate("() => window.downslope.parameters()['layer1.weight']")
    box = page.locator("#curve").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 30)
    page.mouse.up()
    assert "of 30 steps" in page.locator("#curve-note").inner_text()
    page.locator("#moment").press("Home")
    assert page.evaluate("() => window.downslope.parameters()['layer1.weight']") == [200, -14, 3456]
    page.locator("#moment").press("ArrowRight")
    assert page.locator("#curve-note").inner_text() == "1 step of 30 steps"
    assert "past" in page.locator("#said").inner_text()
    page.click("#latest")
    assert page.evaluate("() => window.downslope.parameters()['layer1.weight']") == late
    page.locator("#moment").press("Home")
    page.click("#step")
    assert page.locator("#curve-note").inner_text() == "1 step"
    assert page.locator("#curve .left").count() == 1
    for _ in range(29):
        page.click("#step")
    again = page.evaluate("() => window.downslope.parameters()['layer1.weight']")
    assert again == late


def test_the_picture_shows_what_is_predicted(opened):
    lesson = lesson_of(SERVED.replace("open chain_rule", "open picture"), "x.md")
    with pytest.warns(UserWarning, match="steps 1 and 2 ask"):
        page = opened(lesson_page(in_lesson(lesson)))
    for _ in range(2):
        page.click("#lesson-next")
    page.get_by_label("b:").first.focus()
    assert page.locator("#lesson-state").inner_text() == ""
    page.click("#panel-switch")
    assert page.locator("#panel-title").inner_text() == "What it predicts"
    assert page.locator("#lesson-state").inner_text() == "✓ Done. That was the last step."
    before = page.locator("#picture .line").get_attribute("d")
    page.click("#steps")
    assert page.locator("#picture .line").get_attribute("d") != before
    # a line: its ends and its middle are those of w·x + b, in the frame of the points (1, 2) and (2, 4)
    assert page.locator("#picture .point").count() == 2
    assert page.locator("#picture-map").is_hidden()
    page.click("#panel-switch")
    assert page.locator("#panel-title").inner_text() == "Chain rule of b"


def test_the_map_has_the_colours_of_the_predictions(opened):
    page = opened(lesson_page(on_sample("spirals")))
    page.evaluate(STEPS, 300)
    found = page.evaluate(
        """() => {
          const { data } = document.getElementById("picture-map").getContext("2d").getImageData(0, 0, 32, 32);
          const points = JSON.parse(document.getElementById("data").textContent);
          const bytes = Uint8Array.from(atob(points.x.bytes), (c) => c.charCodeAt(0)).buffer;
          const x = Array.from(points.x.type === "f4" ? new Float32Array(bytes) : new Float64Array(bytes));
          const ends = [0, 1].map((j) => {
            const column = x.filter((_, i) => i % 2 === j);
            const [low, high] = [Math.min(...column), Math.max(...column)];
            return [low - 0.06 * (high - low), high + 0.06 * (high - low)];
          });
          return [[0, 0], [5, 20], [31, 8], [16, 16]].map(([row, column]) => {
            const a = ends[0][0] + ((ends[0][1] - ends[0][0]) * column) / 31;
            const b = ends[1][1] - ((ends[1][1] - ends[1][0]) * row) / 31;
            const at = 4 * (32 * row + column);
            return [window.downslope.predict([[a, b]])[0][0], data[at] - data[at + 2]];
          });
        }"""
    )
    assert len({share > 0.5 for share, _ in found}) == 2
    for share, red_over_blue in found:  # orange below a half, blue above
        assert (red_over_blue > 0) == (share < 0.5)


def test_keys_beside_the_fields(opened):
    page = opened(lesson_page(on_sample("five rows")))
    note, weights = page.locator("#curve-note"), "() => window.downslope.parameters()['layer1.weight']"
    for _ in range(3):
        page.keyboard.press("s")
    assert note.inner_text() == "3 steps"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert note.inner_text() == "2 steps of 3 steps"
    page.keyboard.press("r")
    assert page.evaluate(weights) == [200, -14, 3456]
    page.keyboard.press(" ")
    page.wait_for_function("() => window.downslope.parameters()['layer1.weight'][0] < 199")
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "▶ Descend"
    page.locator("#numbers input").first.focus()
    before = note.inner_text()
    page.keyboard.press("s")  # in a field it is a letter
    assert note.inner_text() == before


def test_the_first_number_is_few_tabs_away(opened):
    page = opened(lesson_page(on_sample("five rows")))
    names = []
    for _ in range(14):
        page.keyboard.press("Tab")
        names.append(page.evaluate("() => document.activeElement.getAttribute('aria-label')") or "")
    assert any(name.startswith("w₁:") for name in names)


def test_the_stable_range_is_that_of_the_session(opened):
    page = opened(lesson_page(on_sample("five rows")))
    assert page.locator("#stable").inner_text().startswith("stable below 0.00731")
    page.click("#stable-best")
    rate = float(page.locator("#rate").input_value())
    page.locator("#rate-slider").press("End")
    assert page.locator(".track.unstable").count() == 1
    assert float(page.locator("#rate").input_value()) > 10 * rate
    assert opened(lesson_page(on_sample("spirals"))).locator("#stable").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", first(1, ["lesson", "five rows", "spirals"]))
def test_axe_finds_nothing(opened, which, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    session = in_lesson(lesson_named(1)) if which == "lesson" else on_sample(which)
    page = opened(lesson_page(session), color_scheme=scheme, bypass_csp=True)
    page.click("#steps")
    found = axe.run(page).response["violations"]
    assert [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in found] == []


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_the_first_screen_holds_all_of_the_five_rows(opened, size):
    for session in (on_sample("five rows"), in_lesson(lesson_named(1))):
        page = opened(lesson_page(session), size)
        page.click("#step")
        bottom = page.locator("#moment").bounding_box()
        assert bottom["y"] + bottom["height"] <= size[1]


@pytest.mark.parametrize("which", ["five rows", "spirals", "lesson"])
def test_a_phone_scrolls_down_alone_and_keeps_the_error_in_view(opened, which):
    session = in_lesson(lesson_named(1)) if which == "lesson" else on_sample(which)
    page = opened(lesson_page(session), (390, 844))
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    page.locator("#chain").scroll_into_view_if_needed()
    top = page.locator("#error").bounding_box()["y"]
    assert 0 <= top < 60


BY_HAND = """---
weights: 4, 4, 4
---
# By hand
## A sum
Drag [w₁](#w1).
> until: moved_by_hand
## Each error
Make all errors small.
> until: every error < 20 and moved_by_hand
## The mean
And E.
> until: error < 20 and moved_by_hand
## Descent
Press [Descend](#descend).
> until: error < 0.01 and steps >= 10
## A question
Once more.
> start: weights = 3, -2, 3
> until: every error < 1 and moved_by_hand and steps = 0
"""


def test_a_lesson_is_gone_through(opened):
    page = opened(lesson_page(in_lesson(lesson_of(BY_HAND, "x.md"))))
    fields = page.locator("#numbers input")
    done = page.locator("#lesson-state")
    assert page.locator("#lesson-title").inner_text() == "A sum"
    assert (done.inner_text(), page.locator("#lesson-next").inner_text()) == ("", "Skip")
    assert page.locator(".weight.ring .symbol").inner_text() == "w₁"
    fields.nth(0).fill("3")
    assert (done.inner_text(), page.locator("#lesson-next").inner_text()) == ("✓ Done", "Next")
    page.click("#lesson-next")
    assert page.evaluate("() => document.activeElement.id") == "lesson-title"
    assert done.inner_text() == ""
    for k, value in enumerate(("1", "1", "1")):
        fields.nth(k).fill(value)
    assert done.inner_text() == "✓ Done"
    page.click("#lesson-next")
    assert done.inner_text() == ""  # E is small enough, but nothing was moved since
    fields.nth(2).fill("1.1")
    assert done.inner_text() == "✓ Done"
    page.click("#lesson-next")
    for _ in range(60):
        page.click("#steps")
    assert done.inner_text() == "✓ Done"
    page.click("#lesson-next")
    assert page.evaluate("() => window.downslope.parameters()['layer1.weight']") == [3, -2, 3]
    for k, value in enumerate(("0.5", "0.9", "1.2")):
        fields.nth(k).fill(value)
    assert done.inner_text() == "✓ Done. That was the last step."
    page.click("#lesson-back")
    page.click("#lesson-next")  # a step begins once
    assert page.evaluate("() => window.downslope.parameters()['layer1.weight']") == [0.5, 0.9, 1.2]


def test_a_rate_that_is_too_large_is_a_step_of_a_lesson(opened):
    text = "# A rate\n## Too large\nText.\n> until: learning_rate > stable_rate and diverged\n"
    page = opened(lesson_page(in_lesson(lesson_of(text, "x.md"))))
    page.fill("#rate", "0.01")
    for _ in range(100):
        if page.locator("#trouble").is_visible():
            break
        page.evaluate(STEPS, 20)
    assert page.locator("#lesson-state").inner_text() == "✓ Done. That was the last step."


SERVED = """---
target: y
layers: 1
---
# A <i>lesson</i>
| x | y |
| --- | --- |
| 1 | 2 |
| 2 | 4 |
## <b>One</b>
See [the table](#columns), *now*, or [this](https://example.org/a).
> until: open columns
## Two
- Text.
> start: layers = 4 tanh, 1
## Three
Text.
> until: selected b and open chain_rule and inputs = 1 and error < 100
> hint: Press on `b`.
"""


def test_what_only_a_served_page_has_is_said(opened):
    session = in_lesson(lesson_of(SERVED, "x.md"))
    with pytest.warns(UserWarning, match='steps 1 and 2 ask of "A <i>lesson</i>" for what only the page'):
        text = lesson_page(session)
    page = opened(text)
    assert page.locator("h1 i, .lesson b").count() == 0
    assert page.locator("#lesson-text a").get_attribute("href") == "https://example.org/a"
    for _ in range(2):
        assert page.locator("#lesson-state").inner_text() == "Only in the page of downslope play"
        page.click("#lesson-next")
    assert page.locator("#lesson-state").inner_text() == ""
    page.get_by_label("b:").first.focus()
    assert page.locator("#lesson-state").inner_text() == "✓ Done. That was the last step."


LIVE = ("error", "steps", "learning_rate", "accuracy", "every error", "playing", "moved_by_hand", "selected")
FIXED = ("rows", "stable_rate", "bias", "frozen", "open")
PART = some.sampled_from(
    [
        *(
            f"{name} {sign} 3"
            for name in ("error", "steps", "accuracy", "every error")
            for sign in ("<", ">=")
        ),
        *("learning_rate < stable_rate", "rows = 3", "rows != 3", "error = steps", "w1 > 2", "steps != rows"),
        *("playing", "moved_by_hand", "bias", "frozen", "selected", "selected w1", "open", "open picture"),
        *("loss = huber", "not loss = huber"),
    ]
)
TREE = some.recursive(
    PART,
    lambda inner: some.one_of(
        inner.map(lambda part: f"not ({part})"),
        some.tuples(inner, some.sampled_from(["and", "or"]), inner).map(
            lambda p: f"({p[0]}) {p[1]} ({p[2]})"
        ),
    ),
    max_leaves=6,
)
NUMBER = some.sampled_from([1.0, 3.0, 5.0, float("nan")])


class Told:
    """Facts that are given by name."""

    def __init__(self, known):
        self.known = known

    def number(self, name):
        found = self.known[name]
        return np.array(found) if isinstance(found, list) else found

    def texts(self, name):
        return (self.known[name],)

    def flag(self, name):
        return self.known[name]

    def of(self, name, what):
        return (not what and bool(self.known[name])) or (bool(what) and what in self.known[name])


@pytest.fixture(scope="module")
def script(browser):
    """A page with the functions of a lesson."""
    page = browser.new_page()
    page.add_script_tag(content=_page._joined("lesson.js"))
    yield page
    page.close()


FACTS = """([condition, known]) => holds(condition, {
  number: (name) => known[name],
  flag: (name) => known[name],
  of: (name, what) => what ? known[name].includes(what) : known[name].length > 0,
})"""


@settings(deadline=None, max_examples=examples(150))
@given(TREE, some.data())
def test_what_remains_of_a_condition_holds_as_the_condition_does(script, text, data):
    numbers = ("error", "steps", "accuracy", "learning_rate", "rows", "stable_rate", "w1")
    flags = ("playing", "moved_by_hand", "bias", "frozen")
    known = {name: data.draw(NUMBER) for name in numbers}
    known |= {name: data.draw(some.booleans()) for name in flags}
    known |= {
        "every error": data.draw(some.lists(NUMBER, min_size=2, max_size=2)),
        "selected": data.draw(some.sampled_from([[], ["w1"], ["w2"]])),
        "open": data.draw(some.sampled_from([[], ["picture"]])),
        "loss": data.draw(some.sampled_from(["huber", "squared_error"])),
    }
    condition = condition_of(text)
    remaining = condition.remaining(Told(known), LIVE)
    names = set(re.findall(r"'(\\w+)'", repr(remaining)))
    assert not names & set(FIXED)
    sent = {name: value for name, value in known.items() if name in (*LIVE, "w1")}
    assert script.evaluate(FACTS, [remaining, sent]) is condition.holds(Told(known))
