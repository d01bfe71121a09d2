"""Lessons in a session: what each name of a condition is, going through steps, leaving."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.lessons import (
    BUILT_IN,
    NAMES,
    PARTS,
    SETTINGS,
    Kind,
    built_in,
    condition_of,
    lesson_of,
    read_lesson,
)
from downslope.studio.server._wire import pack, unpack
from downslope.studio.session._lesson_facts import StateFacts
from downslope.studio.session._lesson_opening import checked_lesson
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session, first_session
from downslope.studio.session.handlers._lessons import with_lesson
from downslope.studio.views._overview import overview_of
from downslope.studio.views._viewer import Viewer

W = "layer1.weight"
SLOW = {"layers": [{"units": 3, "activation": "tanh"}, {"units": 1, "bias": False}]}


def in_lesson(text):
    """A session with a lesson open."""
    session = first_session()
    session.commit(with_lesson(session.state, lesson_of(text, "x.md"), session.engine))
    return session


def after(*commands, table="wave", settings=""):
    """A session in a lesson of one step, after some commands."""
    session = in_lesson(f"---\ntable: {table}\n{settings}---\n# T\n## S\nText.\n> until: seed < 0\n")
    for command in commands:
        session.handle(command)
    return session


def told(session):
    """The lesson as the page is sent it."""
    return unpack(pack(overview_of(session, Viewer())))["lesson"]


def holds(session, text):
    return condition_of(text).holds(StateFacts(session.state, session.engine))


CASES = {
    "error": (after(ask.Step(3)), "error > 0", "error < 0"),
    "validation_error": (after(), "validation_error > 0", "validation_error < 0"),
    "every error": (
        after(table="five rows", settings="weights: 0, 0, 0\n"),
        "every error >= 12.5",
        "every error > 13",
    ),
    "accuracy": (after(table="moons"), "accuracy > 0 and accuracy < 1", "accuracy > 1"),
    "steps": (after(ask.Step(3), ask.Step(2)), "steps = 5", "steps = 2"),
    "moves": (
        after(ask.SetParameter(W, [0, 0], 1.0), ask.SetParameter(W, [0, 0], 2.0)),
        "moves = 2",
        "moves = 1",
    ),
    "learning_rate": (
        after(settings="learning_rate: 0.25\n"),
        "learning_rate = 0.25",
        "learning_rate > 0.25",
    ),
    "stable_rate": (
        after(table="five rows"),
        "stable_rate > 0.0073 and stable_rate < 0.0074",
        "stable_rate > 1",
    ),
    "batch_size": (after(settings="batch_size: 7\n"), "batch_size = 7", "batch_size = 8"),
    "momentum": (after(settings="momentum: 0.9\n"), "momentum = 0.9", "momentum = 0"),
    "dropout": (after(settings="dropout: 0.5\n"), "dropout = 0.5", "dropout = 0"),
    "l1": (after(settings="l1: 0.5\n"), "l1 = 0.5", "l1 = 0"),
    "l2": (after(settings="l2: 0.5\n"), "l2 = 0.5", "l2 = 0"),
    "validation": (after(settings="validation: 0.5\n"), "validation = 0.5", "validation = 0"),
    "seed": (after(settings="seed: 5\n"), "seed = 5", "seed = 0"),
    "layers": (after(settings="layers: 2 tanh, 3 relu, 1\n"), "layers = 3", "layers = 2"),
    "hidden_layers": (
        after(settings="layers: 2 tanh, 3 relu, 1\n"),
        "hidden_layers = 2",
        "hidden_layers = 3",
    ),
    "hidden_units": (after(settings="layers: 2 tanh, 3 relu, 1\n"), "hidden_units = 5", "hidden_units = 6"),
    "parameters": (after(settings="layers: 2 tanh, 1\n"), "parameters = 7", "parameters = 8"),
    "rows": (after(), "rows = 240", "rows = 5"),
    "runs": (after(ask.Step(1), ask.Reset()), "runs = 2", "runs = 1"),
    "inputs": (after(), "inputs = 1", "inputs = 2"),
    "activation": (after(settings="layers: 2 relu, 3 relu, 1\n"), "activation = relu", "activation = tanh"),
    "optimizer": (after(settings="optimizer: rmsprop\n"), "optimizer = rmsprop", "optimizer = adam"),
    "loss": (after(), "loss = squared_error", "loss = huber"),
    "table": (after(), "table = wave", "table = moons"),
    "target": (after(), "target = y", "target = x1"),
    "bias": (after(settings="layers: 1\n"), "bias", "not bias"),
    "playing": (after(ask.Play()), "playing", "not playing"),
    "diverged": (
        after(ask.Step(5000), table="five rows", settings="learning_rate: 0.02\n"),
        "diverged",
        "not diverged",
    ),
    "moved_by_hand": (after(ask.SetParameter(W, [0, 0], 1.0)), "moved_by_hand", "not moved_by_hand"),
    "frozen": (after(ask.Freeze(W, [0, 0], True)), "frozen", "not frozen"),
    "looking_back": (after(ask.Step(9), ask.GoTo(2)), "looking_back", "not looking_back"),
    "own_table": (after(ask.Paste("a,b\n1,2\n3,5")), "own_table", "not own_table"),
    "selected": (
        after(ask.LessonView({"what": "weight", "name": W, "index": [2, 0]})),
        "selected and selected W1[3,1] and selected W1",
        "selected w1 or selected W1[2,1] or selected b1[1] or selected W2 or selected b1",
    ),
    "open": (after(ask.LessonView(None, "runs")), "open and open runs", "open columns"),
}


def test_every_name_is_among_the_cases():
    assert set(CASES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_what_the_session_is(name):
    session, true, false = CASES[name]
    assert holds(session, true)
    assert not holds(session, false)


@pytest.mark.parametrize("name", [name for name, about in NAMES.items() if about.kind is Kind.NUMBER])
def test_each_number_is_a_number_without_a_class_or_a_stable_range(name):
    found = StateFacts(after().state, after().engine).number(name)
    assert np.all(np.isfinite(found)) or name in ("accuracy", "stable_rate")


def test_weights_have_names():
    session = after(table="five rows", settings="weights: 1, -2, 3\n")
    facts = StateFacts(session.state, session.engine)
    assert [facts.number(name) for name in ("w1", "w2", "W1[1,3]", "layer1.weight")][:3] == [1, -2, 3]
    assert math.isnan(facts.number("w4"))
    assert math.isnan(facts.number("b"))
    assert holds(session, "w1 > w2 and w3 = 3")


def test_errors_of_classes_are_what_is_missing_to_certainty():
    session = after(table="moons")
    x, y = session.state.rows.x, session.state.rows.y[:, 0]
    from downslope.engines import evaluate

    graph = session.state.settings.network.graph()
    (p,) = evaluate([graph.prediction], {**session.parameters, "x": x})
    facts = StateFacts(session.state, session.engine)
    np.testing.assert_allclose(facts.row_errors, np.abs(y - p[:, 0]), rtol=1e-12)
    assert facts.accuracy == np.mean((p[:, 0] > 0.5) == y)


TWO = """# T
## One
Move.
> until: moved_by_hand
## Two
Take steps.
> start: learning_rate = 0.002
> until: steps >= 3
## Three
Again.
> start: weights = 1, 1, 1
> until: every error < 0.001 or steps = 7
"""


def test_a_lesson_is_gone_through():
    session = in_lesson(TWO)
    assert (told(session)["at"], told(session)["done"], told(session)["steps"]) == (0, False, 3)
    session.handle(ask.SetParameter(W, [0, 0], 150.0))
    assert told(session)["done"]
    session.handle(ask.LessonStep("next"))
    assert session.state.settings.learning_rate == 0.002
    assert session.parameters[W][0, 0] == 150.0
    session.handle(ask.Step(2))
    assert not told(session)["done"]
    session.handle(ask.Step(1))
    assert told(session)["done"]
    session.handle(ask.ChangeSettings({"learning_rate": 0.003}))
    assert told(session)["done"], "what was done stays done"
    session.handle(ask.LessonStep("next"))
    assert session.parameters[W].tolist() == [[1, 1, 1]]
    assert session.state.settings.learning_rate == 0.003
    session.handle(ask.Play())
    while not told(session)["done"]:
        session.work()
    session.handle(ask.LessonStep("previous"))
    assert (told(session)["at"], told(session)["done"]) == (1, True)
    assert session.state.settings.learning_rate == 0.003, "a step begins once"
    session.handle(ask.LessonStep("next"))
    session.handle(ask.LessonStep("again"))
    assert (session.parameters[W].tolist(), told(session)["done"]) == ([[1, 1, 1]], False)


def test_a_lesson_sets_the_speed():
    session = in_lesson("---\nspeed: 100\n---\n# T\n## S\nText.\n## R\nText.\n> start: speed = fastest\n")
    assert session.state.pace == 100
    session.handle(ask.LessonStep("next"))
    assert session.state.pace is None
    session.handle(ask.OpenLesson("one-neuron"))
    assert session.state.pace == 30
    session.handle(ask.LeaveLesson())
    assert session.state.pace == first_session().state.pace


def test_steps_are_counted_anew_for_other_settings_and_in_another_run():
    session = in_lesson(TWO)
    for command in (ask.Step(5), ask.ChangeSettings({"learning_rate": 1e-4}), ask.Step(2)):
        session.handle(command)
    assert session.state.lesson.steps == 2
    session.handle(ask.Reset())
    session.handle(ask.Step(4))
    assert session.state.lesson.steps == 4
    session.handle(ask.LessonStep("next"))
    assert session.state.lesson.steps == 0


@pytest.mark.parametrize("to", ["previous", "back", ""])
def test_a_step_that_there_is_not_is_refused(to):
    session = in_lesson(TWO)
    with pytest.raises(DownslopeError):
        session.handle(ask.LessonStep(to))
    for _ in range(2):
        session.handle(ask.LessonStep("next"))
    with pytest.raises(DownslopeError, match="this lesson has 3 steps, and none next"):
        session.handle(ask.LessonStep("next"))


def test_without_a_lesson_there_is_none_to_go_through():
    session = first_session()
    assert told(session) is None
    for command in (ask.LessonStep("next"), ask.LeaveLesson()):
        with pytest.raises(DownslopeError, match="no lesson is open"):
            session.handle(command)
    session.handle(ask.LessonView(None, "runs"))
    assert session.version == 0
    with pytest.raises(DownslopeError, match="there is no lesson 'seven'"):
        session.handle(ask.OpenLesson("seven"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_leaving_a_lesson_brings_back_what_was_open(name):
    session = first_session()
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(30))
    before, values = session.state, session.parameters["layer2.weight"].copy()
    session.handle(ask.OpenLesson(name))
    session.handle(ask.Step(2))
    session.handle(ask.OpenLesson(BUILT_IN[0]))
    answer = session.handle(ask.LeaveLesson())
    assert answer["text"] == "The lesson is closed. moons is open again."
    state = session.state
    assert (state.rows, state.runs, state.lesson, state.position) == (
        before.rows,
        before.runs,
        None,
        before.position,
    )
    assert np.array_equal(session.parameters["layer2.weight"], values)
    session.handle(ask.Step(3))
    session.handle(ask.Reset())
    assert len({run.number for run in session.state.runs}) == len(session.state.runs)


def test_a_table_that_was_opened_in_a_lesson_stays():
    session = first_session()
    session.handle(ask.Step(4))
    session.handle(ask.OpenLesson("own-table"))
    session.handle(ask.Paste("a,b\n1,2\n2,4\n3,5\n4,9", "mine"))
    session.handle(ask.Step(5))
    answer = session.handle(ask.LeaveLesson())
    assert answer["text"] == "The lesson is closed. mine stays open; what was open before is under Runs."
    assert (session.state.rows.name, session.state.lesson) == ("mine", None)
    assert [run.rows.name for run in session.state.runs] == ["five rows", "mine"]
    session.handle(ask.GoTo(None, run=session.state.runs[0].number))
    assert (session.state.rows.name, session.step) == ("five rows", 4)


def test_what_the_page_is_sent_is_text_and_places():
    text = "# <i>T</i>\n## S\nMove [w₂](#w2), [b](#b); <script>alert(1)</script>\n> hint: [Go](#descend)"
    view = told(in_lesson(text))
    spans = view["text"][0]["spans"]
    assert [span["to"] for span in spans] == ["", f"{W}[1,2]", "", "network", ""]
    assert spans[-1]["text"] == "; <script>alert(1)</script>"
    assert view["hint"] == [{"kind": "part", "text": "Go", "to": "descend"}]
    assert view["title"] == "<i>T</i>"


def test_the_lessons_that_can_be_chosen_are_listed():
    session = first_session()
    listed = unpack(pack(overview_of(session, Viewer())))["lessons"]
    assert [(one["number"], one["name"]) for one in listed] == list(enumerate(BUILT_IN, 1))


DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "lessons.md"
EXAMPLE = re.search(r"```markdown\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[1]


def test_the_example_of_the_documentation_is_a_lesson():
    session = in_lesson(EXAMPLE)
    session.handle(ask.SetParameter(W, [0, 0], 25.0))
    assert told(session)["done"]
    session.handle(ask.LessonStep("next"))
    session.handle(ask.Step(1000))
    assert told(session)["done"]
    with pytest.raises(DownslopeError) as refused:
        lesson_of(EXAMPLE.replace("error < 500", "eror < 500"), "lesson.md")
    assert f"downslope: {refused.value}\n" in DOCS.read_text("utf-8")


def test_the_documentation_has_every_name_setting_and_part():
    text = DOCS.read_text("utf-8")
    for name, about in NAMES.items():
        assert f"| `{name}` | {about.meaning} |\n" in text
    for name in PARTS:
        assert f"`#{name}`" in text
    for name in SETTINGS:
        assert f"`{name}`" in text
    for name in BUILT_IN:
        assert f"| {BUILT_IN.index(name) + 1} | {built_in(name).title} |" in text


def test_the_lesson_among_the_examples_can_be_done():
    session = Session(*opening_of("wave"))
    lesson = checked_lesson(read_lesson(DOCS.parents[2] / "examples" / "one-wrong-row.md"))
    session.commit(with_lesson(session.state, lesson, session.engine))
    ways = [
        [ask.Step(600)],
        [ask.LessonView(None, "picture")],
        [ask.ChangeSettings({"loss": "huber"}), ask.Step(2500)],
        [ask.EditCell(3, "y", "8"), ask.Step(20000)],
    ]
    for number, commands in enumerate(ways):
        assert not told(session)["done"]
        for command in commands:
            session.handle(command)
        assert told(session)["done"], number
        if number < 3:
            session.handle(ask.LessonStep("next"))
