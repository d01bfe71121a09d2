"""Lessons as they are written: a front block, a title, steps under headings of the second level.

What a step needs besides its text stands in quoted lines: ``> until:``, ``> start:``, ``> hint:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.studio.lessons._conditions import Condition, condition_of
from downslope.studio.lessons._names import alike
from downslope.studio.lessons._text import Block, Span, blocks_of, spans_of

__all__ = ["SETTINGS", "Lesson", "LessonStep", "Setting", "Table", "lesson_of"]


@dataclass(frozen=True)
class Setting:
    """A setting with the value as it is written, and the line where that is."""

    name: str
    value: str
    line: int


@dataclass(frozen=True)
class Table:
    """What a lesson is about.

    Attributes:
        source: the name of a sample or of a file, or "" for the five rows.
        text: the rows that are written in the lesson, as comma-separated values, or "".
        target: the column to predict, or "" for the last one.
        line: where that is said.
    """

    source: str = ""
    text: str = ""
    target: str = ""
    line: int = 1


@dataclass(frozen=True)
class LessonStep:
    """A step of a lesson.

    Attributes:
        title, text: what is read.
        until: when it is done; at once without a condition.
        start: settings that it begins with.
        hint: what helps, or ().
    """

    title: str
    text: tuple[Block, ...]
    until: Condition | None = None
    start: tuple[Setting, ...] = ()
    hint: tuple[Span, ...] = ()


@dataclass(frozen=True, eq=False)
class Lesson:
    """A lesson.

    Attributes:
        name: the name of its file, without the ending.
        file: the name of its file, for messages.
        folder: where files that it names are, or None.
        title: what it is called.
        table: what it is about.
        settings: in force at its start.
        steps: one or more.
    """

    name: str
    file: str
    folder: Path | None
    title: str
    table: Table
    settings: tuple[Setting, ...]
    steps: tuple[LessonStep, ...]

    def refused(self, line: int, error: object) -> DownslopeError:
        """The error of a line of its file."""
        return DownslopeError(f"{self.file}, line {line}: {error}")


Line = tuple[int, str]
"""The number of a line, counted from 1, and the line."""

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ENTRY = re.compile(r"([A-Za-z]\w*)\s*[:=]\s*(.*)$")
_QUOTED = re.compile(r">\s?(.*)$")
_TABLE_NAMES = ("table", "target")
SETTINGS = (
    *("layers", "weights", "learning_rate", "optimizer", "momentum", "loss", "batch_size", "seed"),
    *("validation", "dropout", "l1", "l2", "delta", "clip_norm", "scaling", "speed"),
)
"""What a lesson can set."""

_WORDS = ("until", "start", "hint")
_LARGEST = 1 << 20  # characters of a file


def lesson_of(text: str, file: str, folder: Path | None = None) -> Lesson:
    """The lesson that is written in a text.

    Args:
        text: what is in the file.
        file: its name.
        folder: where files that it names are.

    Raises:
        DownslopeError: with the number of the line: what was found there, and what to do.

    >>> lesson = lesson_of("# One step\\n\\n## Go\\nTake a step.\\n\\n> until: steps >= 1", "one.md")
    >>> lesson.title, lesson.steps[0].title, lesson.name
    ('One step', 'Go', 'one')
    """
    if len(text) > _LARGEST:
        raise DownslopeError(f"{file} has {len(text):,} characters, and a lesson at most {_LARGEST:,}")
    lines = list(_without_comments(file, list(enumerate(text.lstrip("\ufeff").splitlines(), 1))))
    front, body = _front(file, lines)
    title, before, sections = _sections(file, body)
    entries = [_entry(file, line, (*_TABLE_NAMES, *SETTINGS)) for line in front if line[1].strip()]
    _check_once(file, entries)
    table = _table(file, entries, before)
    settings = tuple(one for one in entries if one.name not in _TABLE_NAMES)
    steps = tuple(_step(file, heading, lines) for heading, lines in sections)
    return Lesson(Path(file).stem, file, folder, title, table, settings, steps)


def _refused(file: str, line: int, text: object) -> DownslopeError:
    return DownslopeError(f"{file}, line {line}: {text}")


def _without_comments(file: str, lines: Sequence[Line]) -> Iterator[Line]:
    """The lines without what stands between <!-- and -->, which is for teachers."""
    opened = 0
    for number, line in lines:
        kept, rest = "", line
        while rest:
            if opened:
                _, ends, rest = rest.partition("-->")
                opened = 0 if ends else opened
                rest = rest if ends else ""
            else:
                text, begins, rest = rest.partition("<!--")
                kept, opened = kept + text, number if begins else 0
        if kept.strip() or kept == line:
            yield number, kept
    if opened:
        raise _refused(file, opened, "a comment begins here and does not end; add -->")


def _front(file: str, lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines between two lines of ---, and those behind them."""
    first = next((i for i, (_, line) in enumerate(lines) if line.strip()), None)
    if first is None:
        raise DownslopeError(f"{file} is empty; a lesson has a title (# …) and steps (## …)")
    if lines[first][1].strip() != "---":
        return [], lines
    for i in range(first + 1, len(lines)):
        if lines[i][1].strip() == "---":
            return lines[first + 1 : i], lines[i + 1 :]
    raise _refused(file, lines[first][0], "the block that begins with --- does not end; add a line ---")


Section = tuple[Line, list[Line]]


def _sections(file: str, lines: list[Line]) -> tuple[str, list[Line], list[Section]]:
    """The title, what stands before the first step, and the steps: their headings and lines."""
    title, before, sections = "", list[Line](), list[Section]()
    for number, line in lines:
        heading = _HEADING.match(line.strip())
        if heading is None:
            if line.strip() and not title:
                raise _refused(file, number, f"found {line.strip()[:40]!r} before the title; begin with # …")
            (sections[-1][1] if sections else before).append((number, line))
            continue
        level, words = len(heading[1]), heading[2]
        if level == 1 and not title and words:
            title = words
        elif level == 2 and title and words:
            sections.append(((number, words), []))
        elif not title:
            raise _refused(file, number, "a lesson begins with its title: # …")
        elif not words:
            raise _refused(file, number, "a heading needs words")
        else:
            raise _refused(
                file, number, f"found a heading {heading[1]}; steps have headings ##, and no others"
            )
    if not title:
        raise DownslopeError(f"{file} has no title; begin with # …")
    if not sections:
        raise DownslopeError(f"{file} has no steps; each begins with a heading ## …")
    return title, before, sections


def _entry(file: str, line: Line, known: tuple[str, ...]) -> Setting:
    """``name: value`` or ``name = value``."""
    number, text = line
    match = _ENTRY.match(text.strip())
    if match is None or not match[2]:
        raise _refused(
            file, number, f"found {text.strip()[:40]!r}; write a name and a value: learning_rate: 0.01"
        )
    name, value = match[1], match[2].strip().strip('"')
    if name not in known:
        raise _refused(file, number, f"there is no setting {name!r}{alike(name, known)}")
    return Setting(name, value, number)


def _check_once(file: str, entries: Sequence[Setting]) -> None:
    seen = set[str]()
    for one in entries:
        if one.name in seen:
            raise _refused(file, one.line, f"{one.name} is set twice; leave one")
        seen.add(one.name)


def _table(file: str, entries: Sequence[Setting], before: Sequence[Line]) -> Table:
    """The table that the front block names, or the rows before the first step."""
    named = {one.name: one for one in entries if one.name in _TABLE_NAMES}
    target = named["target"].value if "target" in named else ""
    rows = [line for line in before if line[1].strip().startswith("|")]
    if rows and "table" in named:
        raise _refused(file, rows[0][0], "the front block names a table already; remove one of the two")
    if rows:
        return Table("", _written(file, rows), target, rows[0][0])
    source = named.get("table")
    line = source or named.get("target")
    return Table("" if source is None else source.value, "", target, line.line if line else 1)


def _written(file: str, rows: Sequence[Line]) -> str:
    """The rows of a table of Markdown as comma-separated values."""
    cells = [[c.strip() for c in text.strip().strip("|").split("|")] for _, text in rows]
    ruled = len(cells) > 1 and all(set(cell) <= set(":-") and "-" in cell for cell in cells[1])
    if not ruled or len(cells) < 3:
        raise _refused(file, rows[0][0], "a table has a line of names, a line |---|---| and lines of rows")
    for (number, _), row in zip(rows, cells, strict=True):
        if len(row) != len(cells[0]):
            raise _refused(file, number, f"found {len(row)} cells; this table has {len(cells[0])} columns")
    quoted = ['"{}"'.format(cell.replace('"', '""')) for row in (cells[0], *cells[2:]) for cell in row]
    width = len(cells[0])
    return "\n".join(",".join(quoted[i : i + width]) for i in range(0, len(quoted), width)) + "\n"


def _step(file: str, heading: Line, lines: Sequence[Line]) -> LessonStep:
    """A step of its heading and the lines below it."""
    text, entries = list[Line](), list[Setting]()
    begun = False  # a quoted line that says no word goes on with the one before it
    for number, line in lines:
        quoted = _QUOTED.match(line.strip())
        if quoted is None or not quoted[1].strip():
            begun = False
            text.append((number, line if quoted is None else ""))
        elif (match := _ENTRY.match(quoted[1].strip())) and match[1] in _WORDS:
            entries.append(Setting(match[1], match[2], number))
            begun = True
        elif begun:
            last = entries.pop()
            entries.append(Setting(last.name, f"{last.value} {quoted[1].strip()}", last.line))
        else:
            words = ", ".join(f"> {word}:" for word in _WORDS)
            raise _refused(file, number, f"found {line.strip()[:40]!r}; a quoted line begins with {words}")
    for one in entries:
        if not one.value.strip():
            raise _refused(file, one.line, f"> {one.name}: needs something after it")
    _check_once(file, [one for one in entries if one.name != "start"])
    starts = [_entry(file, (one.line, one.value), SETTINGS) for one in entries if one.name == "start"]
    _check_once(file, starts)
    given = {one.name: one for one in entries}
    blocks = _blocks(file, text)
    if not blocks:
        raise _refused(file, heading[0], f"the step {heading[1]!r} has no text; say what to do")
    return LessonStep(
        heading[1],
        blocks,
        _condition(file, given.get("until")),
        tuple(starts),
        _hint(file, given.get("hint")),
    )


def _condition(file: str, until: Setting | None) -> Condition | None:
    if until is None:
        return None
    try:
        return condition_of(until.value)
    except DownslopeError as error:
        raise _refused(file, until.line, f"{until.value!r}: {error}") from None


def _hint(file: str, hint: Setting | None) -> tuple[Span, ...]:
    if hint is None:
        return ()
    try:
        return spans_of(hint.value)
    except DownslopeError as error:
        raise _refused(file, hint.line, error) from None


def _blocks(file: str, lines: Sequence[Line]) -> tuple[Block, ...]:
    """The text; an error in it is one of the line where it is."""
    for number, line in lines:
        try:
            spans_of(line)
        except DownslopeError as error:
            raise _refused(file, number, error) from None
    return blocks_of([line for _, line in lines])
