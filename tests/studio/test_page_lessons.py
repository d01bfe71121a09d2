"""Lessons in the page: each is done to its end by doing what it asks; the way through one."""

import re

import pytest
from visits import FRESH, Visit, send, serving

from downslope.studio.lessons import BUILT_IN, PARTS, built_in
from thorough import first

PASTED = "size,age,price\n" + "\n".join(f"{i},{i * i % 7},{3 * i + i * i % 7}" for i in range(60))


class Student:
    """Does what a lesson asks, as its reader would."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.page = visit, visit.page

    @property
    def lesson(self):
        return self.visit.overview["lesson"]

    def at(self, step):
        self.visit.until(lambda: self.lesson is not None and self.lesson["at"] == step, f"step {step}")
        self.page.locator(".lesson h2", has_text=self.lesson["heading"]).wait_for()

    def done(self):
        """Wait until the step is done; then Next can be pressed."""
        self.visit.until(lambda: self.lesson["done"], f"{self.lesson['heading']!r} done")
        self.page.locator(".lesson .primary[aria-disabled=false]").wait_for()

    def weight(self, label, value):
        """Type a number into the field of a weight or a bias of the drawing."""
        self.page.get_by_label(f"{label}, ").first.click()
        self.page.keyboard.type(str(value))
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Escape")

    def rate(self, value):
        field = self.page.get_by_label("Learning rate as a number")
        field.fill(str(value))
        field.press("Enter")
        self.visit.until(lambda: self.visit.overview["settings"]["learning_rate"] == value, f"rate {value}")

    def steps(self, count):
        self.page.get_by_label("Number of steps", exact=True).fill(str(count))
        self.visit.button("Take steps").click()

    def settings(self):
        return self.visit.panel("Settings")

    def reset(self, entry="Reset"):
        before = self.visit.frame["timeline"]["run"]
        self.visit.button("Reset ▾").click()
        self.page.locator(".controls .menu li button", has_text=re.compile(f"^{entry}")).click()
        self.visit.until(lambda: self.visit.frame["timeline"]["run"] != before, "another run")

    def activations(self, name):
        self.settings().get_by_label("All hidden layers").select_option(name)

    def paste(self, text):
        self.page.evaluate(
            """text => { const clipboardData = new DataTransfer(); clipboardData.setData("text/plain", text);
            document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true})); }""",
            text,
        )


def off(button):
    """Whether a button cannot be pressed; it may have the focus all the same."""
    return button.get_attribute("aria-disabled") == "true"


def by_hand(student, *values):
    for number, value in enumerate(values):
        student.weight(f"w{'₁₂₃'[number]}", value)


def hidden_layer(student):
    student.settings().get_by_role("button", name="Add a hidden layer").click()
    student.visit.until(lambda: len(student.visit.overview["settings"]["layers"]) == 2, "a hidden layer")


def few_units(student):
    hidden_layer(student)
    field = student.page.get_by_label("Hidden layer 1", exact=True).get_by_label("Units")
    field.fill("3")
    field.press("Enter")
    student.visit.until(lambda: student.visit.overview["settings"]["layers"][0]["units"] == 3, "3 units")
    student.steps(2000)


def adam(student):
    student.settings().get_by_label("Optimizer").select_option("adam")
    student.rate(0.01)
    student.steps(3000)


def without_and_with_a_hidden_layer(student):
    settings = student.settings()
    for left in (2, 1):
        settings.get_by_role("button", name="Remove", exact=True).first.click()
        student.visit.until(
            lambda n=left: len(student.visit.overview["settings"]["layers"]) == n, "fewer layers"
        )
    student.steps(250)
    hidden_layer(student)
    student.steps(250)
    student.visit.panel("Runs")


def a_line(student, layer):
    """Click a line of a layer, counted from 0, where it can be seen."""
    place = student.page.evaluate(
        """layer => {
            for (const line of document.querySelectorAll(`.network line[data-weight^="${layer},"]`)) {
                const matrix = line.getScreenCTM();
                for (let share = 0.1; share < 0.9; share += 0.02) {
                    const at = (a, b) => a.baseVal.value * (1 - share) + b.baseVal.value * share;
                    const [x, y] = [at(line.x1, line.x2), at(line.y1, line.y2)];
                    const point = new DOMPoint(x, y).matrixTransform(matrix);
                    if (document.elementFromPoint(point.x, point.y) === line) return [point.x, point.y];
                }
            }
        }""",
        layer,
    )
    student.page.mouse.click(*place)


WAYS = {
    "one-neuron": [
        lambda s: s.weight("w₁", 3),
        lambda s: by_hand(s, 1, 1, 1),
        lambda s: by_hand(s, 0.6, 1, 1.1),
        lambda s: s.steps(2000),
        lambda s: by_hand(s, 0.5, 0.9, 1.2),
    ],
    "learning-rate": [
        lambda s: s.visit.button("1 step").click(),
        lambda s: (s.rate(0.005), s.steps(20)),
        lambda s: (s.rate(0.01), s.steps(3000)),
        lambda s: (s.rate(0.0073), s.steps(100)),
        lambda s: (s.rate(0.0072), s.steps(250)),
    ],
    "bias": [
        lambda s: s.weight("w₁", 3.1),
        lambda s: s.steps(200),
        lambda s: s.settings().get_by_label("Output layer").get_by_label("Bias").check(),
        lambda s: s.steps(3000),
        lambda s: (s.weight("w₁", 2), s.weight("b", 3)),
    ],
    "hidden-layer": [
        lambda s: s.steps(300),
        lambda s: (by_hand(s, 2, 2), s.weight("b", -1)),
        hidden_layer,
        lambda s: s.steps(2000),
        few_units,
    ],
    "deep-sigmoids": [
        lambda s: s.steps(1000),
        lambda s: a_line(s, 0),
        lambda s: a_line(s, 6),
        lambda s: s.activations("tanh"),
        lambda s: s.steps(3000),
        adam,
    ],
    "own-table": [
        lambda s: s.paste(PASTED),
        lambda s: s.visit.panel("Columns"),
        lambda s: s.steps(60),
        lambda s: s.steps(60),
        without_and_with_a_hidden_layer,
    ],
}
"""What a reader does in each step."""


@pytest.fixture(scope="module")
def lessons():
    """The address of a page on the five rows."""
    with serving() as address:
        yield address


def opened(visit, address, name):
    """A student who has chosen a lesson from the list."""
    send(address, **FRESH)
    seen = visit(address)
    seen.page.locator("header .lessons").click()
    seen.page.locator("header .menu li button", has_text=built_in(name).title).click()
    student = Student(seen)
    seen.until(lambda: student.lesson is not None and student.lesson["name"] == name, name)
    student.at(0)
    return student


@pytest.mark.parametrize("name", first(2, BUILT_IN))
def test_a_lesson_can_be_done_to_its_end(visit, lessons, name):
    student = opened(visit, lessons, name)
    ways = WAYS[name]
    assert len(ways) == student.lesson["steps"]
    for step, way in enumerate(ways):
        student.at(step)
        if step not in AT_ONCE.get(name, ()):
            student.visit.until(
                lambda: not student.lesson["done"], "a step that is not done before anything is"
            )
            student.visit.until(lambda: off(student.page.locator(".lesson .primary")), "no way on yet")
        way(student)
        student.done()
        if step < len(ways) - 1:
            student.visit.button("Next").click()
    following = "Next lesson" if name != BUILT_IN[-1] else "End"
    student.visit.button(following).click()
    student.visit.until(
        lambda: student.lesson is None or student.lesson["name"] != name,
        "another lesson, or none",
    )


AT_ONCE = {"own-table": (1,)}
"""Steps that only ask for a look at what is open at first."""


OWN = """# <i>Own</i> lesson
## First
<b>Bold</b> <script>document.title = "x"</script> [link](https://a.b/?c="><img src=x onerror=alert(1)>
Move [w₁](#w1), or press [Descend](#descend), see [here](https://example.com/a).

- `code`
- **strong** and *emphasis*

> until: moved_by_hand

> hint: The *hint*.

## Second
Nothing to do.
"""


@pytest.fixture(scope="module")
def own_lesson(tmp_path_factory):
    """The address of a page on a lesson of one's own."""
    path = tmp_path_factory.mktemp("lessons") / "own.md"
    path.write_text(OWN, "utf-8")
    with serving(path) as address:
        yield address


@pytest.fixture
def own(visit, own_lesson):
    """A student in a lesson of one's own."""
    send(own_lesson, "open_lesson", name="own")
    student = Student(visit(own_lesson, reduced_motion="reduce"))
    student.at(0)
    return student


def test_the_way_through_a_lesson_and_out_of_it(own):
    page, visit = own.page, own.visit
    said = page.locator(".lesson [role=status]")
    assert said.inner_text().startswith("Step 1 of 2. First. <b>Bold</b> <script>")
    assert page.locator("header .lessons").inner_text() == "Lesson ▾"
    assert off(visit.button("Back"))
    visit.button("Skip").click()
    own.at(1)
    own.done()  # nothing is asked for
    assert said.inner_text() == "Step 2 of 2. Second. Nothing to do."
    visit.button("Back").click()
    own.at(0)
    assert off(visit.button("Next"))
    visit.button("Next").press("Enter")
    visit.page.wait_for_timeout(200)
    assert own.lesson["at"] == 0
    own.weight("w₁", 3)
    own.done()
    assert said.inner_text() == "Done."
    assert off(visit.button("Skip"))
    visit.button("Begin this step again").click()
    visit.until(lambda: not own.lesson["done"], "the step from its start")
    visit.button("Leave the lesson").click()
    visit.until(lambda: own.lesson is None, "no lesson")
    assert visit.answer("notice")["text"] == "The lesson is closed. five rows is open again."
    page.locator(".lesson").wait_for(state="detached")
    page.locator("header .lessons").click()
    assert page.locator("header .menu li").first.inner_text() == "<i>Own</i> lesson"


def test_a_lesson_points_at_what_its_step_speaks_of(own):
    pointed = own.page.locator("[data-pointed]")
    assert pointed.count() == 2
    assert own.page.locator("[data-pointed][data-position='layer1.weight[1,1]']").count() == 1
    assert own.page.locator("[data-pointed].play").count() == 1
    assert pointed.first.evaluate("place => getComputedStyle(place).animationName") == "none"
    own.page.get_by_role("button", name="w₁", exact=True).click()
    assert own.page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("w₁, weight")
    own.weight("w₁", 3)
    own.done()
    own.visit.until(lambda: pointed.count() == 0, "no ring")


def test_no_html_of_a_lesson_becomes_html(own):
    page = own.page
    assert page.title() == "Downslope"
    inside = page.locator(".lesson .task")
    assert "<b>Bold</b> <script>" in inside.inner_text()
    tags = inside.evaluate("task => [...task.querySelectorAll('*')].map((one) => one.tagName)")
    assert sorted(set(tags)) == ["A", "B", "BUTTON", "CODE", "DIV", "EM", "H2", "P", "STRONG"]
    link = inside.get_by_role("link", name="here")
    attributes = [link.get_attribute(name) for name in ("href", "target", "rel")]
    assert attributes == ["https://example.com/a", "_blank", "noopener noreferrer"]
    inside.get_by_role("button", name="Hint").click()
    assert inside.locator(".hint").inner_text() == "The hint."


def test_every_part_that_a_lesson_can_point_at_is_on_the_page(own):
    found = own.page.evaluate(
        """async (parts) => {
            const { $later } = await import("/first.js");
            const { PLACES, placeOf } = await $later("lessons/places.js");
            return [Object.keys(PLACES), parts.filter((part) => !placeOf(part))];
        }""",
        list(PARTS),
    )
    assert sorted(found[0]) == sorted(PARTS)
    assert found[1] == []


def test_on_a_phone_the_step_stays_in_view(visit, own_lesson):
    send(own_lesson, "open_lesson", name="own")
    student = Student(visit(own_lesson, {"width": 390, "height": 844}, has_touch=True))
    student.at(0)
    student.page.get_by_role("button", name="w₁", exact=True).click()
    student.page.mouse.wheel(0, 600)
    student.page.wait_for_timeout(100)
    box = student.page.locator(".lesson").bounding_box()
    assert student.page.evaluate("scrollY") > 300
    assert box["y"] >= 0
    assert box["y"] + box["height"] < 400
    assert student.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_first_visitor_is_offered_the_first_lesson(page):
    page.page.get_by_role("button", name="Lesson 1: One neuron by hand").click()
    student = Student(page)
    student.at(0)
    page.button("Leave the lesson").click()
    page.until(lambda: student.lesson is None, "no lesson")
    page.page.locator(".invitation").wait_for(state="detached")
