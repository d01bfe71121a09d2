"""Lessons as files: what is read of them, and the line and words of what is wrong in one."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import downslope.studio.lessons
from downslope.errors import DownslopeError
from downslope.studio.lessons import BUILT_IN, Span, built_in, lesson_of, read_lesson
from downslope.studio.session._lesson_opening import checked_lesson

WHOLE = """---
target: price
learning_rate: 0.02
layers: 4 tanh, 1 without bias
---

# A lesson

For a course. <!-- for teachers
# not a heading -->

| area | price |
| --- | ---: |
| 1 | 2 |
| 3, about | "4" |

## First
Drag [w₁](#w1) to `0.5`,
**slowly**. It is *not* 2 * 3 * 4 and snake_case_name.

- One \\*point\\*
- Another with [a link](https://example.com/a?b=c)

> until: steps >= 3
> and error < 1

> hint: Press [Descend](#descend).

## Second
<b>Bold & "quoted"</b>

> start: learning_rate = 0.1
> start: weights = 1, 2, 3
"""


def test_a_lesson_is_read_with_all_its_parts():
    lesson = lesson_of(WHOLE, "my lesson.md", Path("there"))
    assert (lesson.name, lesson.title) == ("my lesson", "A lesson")
    assert lesson.table.text == '"area","price"\n"1","2"\n"3, about","""4"""\n'
    assert (lesson.table.source, lesson.table.target) == ("", "price")
    assert [(s.name, s.value, s.line) for s in lesson.settings] == [
        ("learning_rate", "0.02", 3),
        ("layers", "4 tanh, 1 without bias", 4),
    ]
    first, second = lesson.steps
    assert [(block.kind, "".join(s.text for s in block.spans)) for block in first.text] == [
        ("paragraph", "Drag w₁ to 0.5, slowly. It is not 2 * 3 * 4 and snake_case_name."),
        ("point", "One *point*"),
        ("point", "Another with a link"),
    ]
    assert first.text[0].spans[1:4] == (Span("part", "w₁", "w1"), Span("text", " to "), Span("code", "0.5"))
    assert first.text[2].spans[1] == Span("link", "a link", "https://example.com/a?b=c")
    assert first.hint[1] == Span("part", "Descend", "descend")
    assert first.until is not None
    assert second.text[0].spans == (Span("text", '<b>Bold & "quoted"</b>'),)
    assert [(s.name, s.value, s.line) for s in second.start] == [
        ("learning_rate", "0.1", 32),
        ("weights", "1, 2, 3", 33),
    ]
    assert second.until is None


def test_a_mark_of_byte_order_and_other_line_ends_change_nothing():
    first = lesson_of(WHOLE, "a.md")
    again = lesson_of("\ufeff" + WHOLE.replace("\n", "\r\n"), "a.md")
    assert (again.steps, again.settings, again.table) == (first.steps, first.settings, first.table)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_lessons_of_the_page_are_in_order(name):
    lesson = checked_lesson(built_in(name))
    assert 4 <= len(lesson.steps) <= 7
    assert all(step.until is not None for step in lesson.steps)
    assert lesson.steps[-1].title.startswith("Question")


def test_each_lesson_of_the_page_is_a_file_of_the_package():
    folder = Path(downslope.studio.lessons.__file__).parent / "built_in"
    assert {path.stem for path in folder.iterdir()} == set(BUILT_IN)


BODY = "# T\n\n## S\nText.\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.md is empty; a lesson has a title (# …) and steps (## …)"),
        ("Hello\n", "x.md, line 1: found 'Hello' before the title; begin with # …"),
        ("\n## S\n", "x.md, line 2: a lesson begins with its title: # …"),
        ("# T\n", "x.md has no steps; each begins with a heading ## …"),
        ("# T\n## S\n\n", "x.md, line 2: the step 'S' has no text; say what to do"),
        (BODY + "### More\n", "x.md, line 5: found a heading ###; steps have headings ##, and no others"),
        (BODY + "# Again\n", "x.md, line 5: found a heading #; steps have headings ##"),
        (
            "---\nseed: 1\n" + BODY,
            "x.md, line 1: the block that begins with --- does not end; add a line ---",
        ),
        ("---\nsede: 1\n---\n" + BODY, "x.md, line 2: there is no setting 'sede'; did you mean 'seed'?"),
        ("---\nseed\n---\n" + BODY, "x.md, line 2: found 'seed'; write a name and a value"),
        ("---\nseed: 1\nseed: 2\n---\n" + BODY, "x.md, line 3: seed is set twice; leave one"),
        (
            BODY + "> util: steps > 1\n",
            "x.md, line 5: found '> util: steps > 1'; a quoted line begins with > until:",
        ),
        (BODY + "> until:\n", "x.md, line 5: > until: needs something after it"),
        (
            BODY + "> until: stps > 1\n",
            "x.md, line 5: 'stps > 1': there is no name 'stps'; did you mean 'steps'?",
        ),
        (BODY + "> until: bias\n\n> until: frozen\n", "x.md, line 7: until is set twice"),
        (BODY + "> start: table = wave\n", "x.md, line 5: there is no setting 'table'"),
        (BODY + "> hint: [here](#nowhere)\n", "x.md, line 5: the page has no part 'nowhere'"),
        (BODY + "See [this](javascript:alert)\n", "x.md, line 5: a link leads to https://… or to a part"),
        (BODY + "![picture](https://a.b/c.png)\n", "x.md, line 5: a lesson shows the page and no images"),
        (BODY + "<!-- note\n", "x.md, line 5: a comment begins here and does not end; add -->"),
        ("# T\n|a|b|\n|1|2|\n## S\nText.\n", "x.md, line 2: a table has a line of names, a line |---|---|"),
        (
            "# T\n|a|b|\n|---|---|\n|1|\n## S\nText.\n",
            "x.md, line 4: found 1 cells; this table has 2 columns",
        ),
        (
            "---\ntable: wave\n---\n# T\n|a|b|\n|---|---|\n|1|2|\n## S\nText.\n",
            "x.md, line 5: the front block names a table already; remove one of the two",
        ),
    ],
)
def test_what_is_wrong_in_a_lesson_is_named_with_its_line(text, message):
    with pytest.raises(DownslopeError, match=re.escape(message)):
        lesson_of(text, "x.md")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ntable: nothing.csv\n---\n" + BODY, "x.md, line 2: there is no table 'nothing.csv'"),
        ("---\ntarget: z\n---\n" + BODY, "x.md, line 2: "),
        ("---\nlearning_rate: -1\n---\n" + BODY, "x.md, line 2: learning rate needs a number"),
        ("---\nseed: 0\noptimizer: fly\n---\n" + BODY, "x.md, line 3: "),
        ("---\nlayers: 8 tan, 1\n---\n" + BODY, "x.md, line 2: "),
        (
            "---\nlayers: tanh 8, 1\n---\n" + BODY,
            "x.md, line 2: found the layer 'tanh 8'; write units and activation",
        ),
        (
            "---\nweights: 1, 2\n---\n" + BODY,
            "x.md, line 2: found 2 numbers; this network has 3 weights and biases",
        ),
        ("---\nspeed: quick\n---\n" + BODY, "x.md, line 2: speed needs steps a second, or fastest"),
        (
            BODY + "> start: speed = -3\n",
            "x.md, line 5: a pace is from 0.1 to 100,000 steps a second, not -3",
        ),
        ("---\nweights: 1; 2; 3\n---\n" + BODY, "x.md, line 2: found the weights '1; 2; 3'; write numbers"),
        (BODY + "> start: layers = 2 tanh, 1\n> start: weights = 1, 2, 3\n", "x.md, line 6: found 3 numbers"),
        ("---\nlayers: 8 tanh, 3\n---\n" + BODY, "x.md, line 1: "),
    ],
)
def test_what_no_page_can_open_is_named_with_its_line(text, message, tmp_path):
    (tmp_path / "x.md").write_text(text, "utf-8")
    with pytest.raises(DownslopeError, match=re.escape(message)):
        checked_lesson(read_lesson(tmp_path / "x.md"))


def test_a_table_lies_beside_its_lesson(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n2,4\n3,6\n", "utf-8")
    (tmp_path / "x.md").write_text("---\ntable: rows.csv\ntarget: a\n---\n" + BODY, "utf-8")
    assert checked_lesson(read_lesson(tmp_path / "x.md")).table.source == "rows.csv"


@pytest.mark.parametrize("content", [b"\xff\xfe# T", b"# T\n\xc3\x28"])
def test_a_file_that_is_no_text_is_refused(content, tmp_path):
    path = tmp_path / "x.md"
    path.write_bytes(content)
    with pytest.raises(DownslopeError, match=r"x\.md is not text in UTF-8; save it as UTF-8"):
        read_lesson(path)


LINES = [
    *WHOLE.splitlines(),
    "",
    "> ",
    ">",
    "---",
    "|",
    "##",
    "# ",
    "<!--",
    "-->",
    "](",
    "**",
    "`",
    "[a](#w1)",
]


@settings(deadline=None)
@given(lines=some.lists(some.one_of(some.sampled_from(LINES), some.text(max_size=20)), max_size=30))
def test_any_lines_are_a_lesson_or_refused_in_words(lines):
    steps, refused = (), "x.md"
    try:
        steps = lesson_of("\n".join(lines), "x.md").steps
    except DownslopeError as error:
        refused = str(error)
    assert refused.startswith("x.md")
    assert all(step.text for step in steps)


@settings(deadline=None)
@given(
    text=some.text(
        some.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"), min_size=1
    )
)
def test_no_character_of_a_text_is_lost(text):
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
    if not escaped or re.match(r"\d", escaped):
        return
    lesson = lesson_of(f"# T\n## S\n{escaped}\n", "x.md")
    assert [span.text for span in lesson.steps[0].text[0].spans] == [" ".join(text.split())]
