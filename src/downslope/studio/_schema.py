"""The messages between the page and the session: one schema, checked on both sides.

A command is a JSON object with the field ``command`` and the fields of one class here; the page is given
their names with the page's first script and refuses to send others. What the session answers is one of the
messages below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError

__all__ = ["COMMANDS", "UPLOAD_LIMIT", "Command", "Frame", "Overview", "command_of", "name_of", "script"]

UPLOAD_LIMIT = 64 << 20
"""Bytes of a dropped file."""


class Command:
    """What the page may ask for."""


@dataclass(frozen=True)
class Look(Command):
    """Send a frame as soon as something changed: of these rows, and with these pictures."""

    rows: list[int]
    row: int | None = None
    order: str = "table"
    pictures: dict[str, Any] | None = None
    matrices: dict[str, Any] | None = None
    again: bool = False


@dataclass(frozen=True)
class SetParameter(Command):
    """Set one number of a parameter by hand; ``dragging`` while the pointer holds it."""

    name: str
    index: list[int]
    value: float
    dragging: bool = False


@dataclass(frozen=True)
class AddToParameter(Command):
    """Add to one number of a parameter, as a key does."""

    name: str
    index: list[int]
    by: float


@dataclass(frozen=True)
class Freeze(Command):
    """Freeze one number of a parameter, or all of them, or release them: descent leaves frozen ones alone."""

    name: str
    index: list[int] | None
    frozen: bool


@dataclass(frozen=True)
class Phase(Command):
    """Show the next step up to one of its parts: forward, loss, backward, update."""

    part: str


@dataclass(frozen=True)
class Step(Command):
    """Take so many steps, or epochs."""

    count: int = 1
    unit: str = "step"


@dataclass(frozen=True)
class Play(Command):
    """Take steps until something ends it, at the pace that is set."""


@dataclass(frozen=True)
class SetPace(Command):
    """Play and replay so many steps a second; None is as fast as it goes."""

    pace: float | None


@dataclass(frozen=True)
class Replay(Command):
    """Show the saved steps one after the other, from the one that is shown; at the latest, from the first."""


@dataclass(frozen=True)
class Pause(Command):
    """Stop taking or replaying steps."""


@dataclass(frozen=True)
class Reset(Command):
    """Back to the values at the start, or to values drawn from a seed."""

    seed: int | None = None


@dataclass(frozen=True)
class DrawAgain(Command):
    """Draw with the next seed the ``"weights"`` to begin with, or the ``"points"`` of the sample."""

    what: str


@dataclass(frozen=True)
class Solve(Command):
    """Go to the exact answer."""


@dataclass(frozen=True)
class GoToBest(Command):
    """Go to the best values so far by ``"hand"`` or by ``"descent"``."""

    by: str


@dataclass(frozen=True)
class ChangeSettings(Command):
    """Change settings."""

    settings: dict[str, Any]


@dataclass(frozen=True)
class AddLayer(Command):
    """Add a hidden layer before the output, like the one before it."""


@dataclass(frozen=True)
class RemoveLayer(Command):
    """Remove a hidden layer, counted from 0; without its number the last."""

    layer: int | None = None


@dataclass(frozen=True)
class AddUnits(Command):
    """Add so many units to a hidden layer, counted from 0; remove them where negative."""

    layer: int
    count: int


@dataclass(frozen=True)
class ChangeLayer(Command):
    """Change units, activation or bias of a dense layer, counted from 0; without its number of all hidden."""

    layer: int | None
    changes: dict[str, Any]


@dataclass(frozen=True)
class Examine(Command):
    """Ask the doctor what is wrong with the present run."""


@dataclass(frozen=True)
class Cancel(Command):
    """Stop making the answer to a ``command`` that takes long."""

    of: str


@dataclass(frozen=True)
class ApplyRemedy(Command):
    """Descend from the start of a run with a remedy of the doctor: a branch where its rows and shapes stay.

    Settings change, columns are dropped or get another scaling, rows are left out (``without``, counted from
    0), and a ``fresh`` start is drawn.
    """

    run: int
    settings: dict[str, Any]
    scaling: str | None = None
    drop: list[str] | None = None
    without: list[int] | None = None
    fresh: bool = False


@dataclass(frozen=True)
class Restore(Command):
    """Take settings and weights from an address, of a table by its ``name``, ``inputs`` and ``targets``."""

    settings: dict[str, Any]
    weights: dict[str, Any] | None = None
    table: dict[str, Any] | None = None


@dataclass(frozen=True)
class GoTo(Command):
    """Show a saved step of a run, counted from 0; None shows the latest."""

    saved_step: int | None
    run: int | None = None


@dataclass(frozen=True)
class MoveInTime(Command):
    """Show the saved step so many later, or earlier where negative."""

    count: int


@dataclass(frozen=True)
class NameRun(Command):
    """Give a run a name and a note, and keep it or not."""

    run: int
    name: str | None = None
    note: str | None = None
    kept: bool | None = None


@dataclass(frozen=True)
class RemoveRun(Command):
    """Remove a run."""

    run: int


@dataclass(frozen=True)
class Explain(Command):
    """Derive a weight, a unit or a row: of one row, or without it averaged over all."""

    what: str
    name: str = ""
    index: list[int] | None = None
    row: int | None = None


@dataclass(frozen=True)
class ReadValue(Command):
    """One element of a ``"weight"`` matrix, its ``"gradient"`` or its last ``"update"``, exactly."""

    layer: str
    kind: str
    index: list[int]


@dataclass(frozen=True)
class EditCell(Command):
    """Change one cell of the table."""

    row: int
    column: str
    text: str


@dataclass(frozen=True)
class EditRows(Command):
    """Add a row like the last one, or remove one."""

    remove: int | None = None


@dataclass(frozen=True)
class Paste(Command):
    """Open a table from text that was pasted."""

    text: str
    name: str = "pasted table"


@dataclass(frozen=True)
class Upload(Command):
    """Open the table of a file that was dropped; the bytes that follow the command are its content.

    A file of a model, a network or a run takes the rows that are open.
    """

    name: str
    content: bytes = b""


@dataclass(frozen=True)
class ReadAgain(Command):
    """Read the file of the table again with one ``option`` as told; None lets the file decide."""

    option: str
    value: str | None = None


@dataclass(frozen=True)
class ChooseColumns(Command):
    """Choose targets, kinds and scaling of columns, and columns of formulas."""

    targets: list[str] | None = None
    task: str | None = None
    scaling: str | None = None
    drop: list[str] | None = None
    category: list[str] | None = None
    number: list[str] | None = None
    formulas: list[str] | None = None


@dataclass(frozen=True)
class SwitchInput(Command):
    """Take a column as an input or leave it out; the text of a formula adds its column, or removes it."""

    name: str
    on: bool


@dataclass(frozen=True)
class ChooseKind(Command):
    """Take a column as ``"number"`` or ``"category"``, ``"exclude"`` it, or let it be ``"automatic"``."""

    column: str
    kind: str


@dataclass(frozen=True)
class OpenSample(Command):
    """Open a table that comes with the page, or make a sample with other noise, number of rows or seed."""

    name: str
    noise: float | None = None
    rows: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class OpenLesson(Command):
    """Begin a lesson; what is open now comes back when it is left."""

    name: str


@dataclass(frozen=True)
class LessonStep(Command):
    """Go ``"next"`` or ``"previous"`` in the lesson, or begin its step ``"again"``."""

    to: str


@dataclass(frozen=True)
class LessonView(Command):
    """What conditions of a lesson ask of the page itself: what is selected, and which panel is open."""

    selected: dict[str, Any] | None = None
    panel: str = ""


@dataclass(frozen=True)
class LeaveLesson(Command):
    """End the lesson."""


@dataclass(frozen=True)
class Export(Command):
    """A file: ``"model"``, ``"python"``, ``"onnx"``, ``"c"``, or ``"html"`` with pictures of the page."""

    format: str
    pictures: dict[str, Any] | None = None


@dataclass(frozen=True)
class Report(Command):
    """The report on the ``"model"`` that the session was opened on, or on the ``"network"`` as it is now."""

    of: str = "network"


class Overview(TypedDict, total=False):
    """What changes rarely: everything but what training moves. Each part is sent when it has changed."""

    message: str
    table: dict[str, Any]
    reading: dict[str, Any]
    settings: dict[str, Any]
    stable_range: tuple[float, float] | None
    network: dict[str, Any]
    choices: dict[str, Any]
    picture: dict[str, Any]
    runs: list[dict[str, Any]]
    lessons: list[dict[str, Any]]
    lesson: dict[str, Any] | None
    limits: dict[str, Any]


class Frame(TypedDict, total=False):
    """What training moves, as it is shown: at most one for each time the page has drawn."""

    message: str
    step: int
    epoch: float
    playing: bool
    replay: float | None
    pace: float | None
    phase: str
    error: dict[str, Any]
    speed: float
    rows: dict[str, Any]
    parameters: dict[str, Any]
    gradients: dict[str, Any]
    stages: dict[str, Any]
    batch: Any
    curve: dict[str, Any]
    timeline: dict[str, Any]
    moved: dict[str, Any] | None
    growth: dict[str, Any] | None
    stuck: dict[str, Any] | None
    challenge: dict[str, Any] | None
    best: dict[str, Any]
    stopped: dict[str, Any] | None
    pictures: dict[str, Any]
    matrices: dict[str, Any]


def _named(cls: type[Command]) -> str:
    """set_parameter for SetParameter."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")


COMMANDS: Mapping[str, type[Command]] = {_named(cls): cls for cls in Command.__subclasses__()}
"""Every command by its name."""


def name_of(command: Command) -> str:
    """The name that the page gives a command."""
    return _named(type(command))


def command_of(received: Any, content: bytes = b"") -> Command:
    """The command that a JSON object stands for, with the bytes behind it.

    Raises:
        DownslopeError: if there is no such command, or a field is missing, unknown or of another type.

    >>> command_of({"command": "step", "count": 3})
    Step(count=3, unit='step')
    """
    if not isinstance(received, Mapping) or str(received.get("command")) not in COMMANDS:
        raise DownslopeError(f"the page sent an unknown command: {str(received)[:80]}")
    name = received["command"]
    cls, required = COMMANDS[name], _fields(COMMANDS[name])
    hints = get_type_hints(cls)
    given = {field: value for field, value in received.items() if field != "command"}
    for field, value in given.items():
        if field not in required:
            raise DownslopeError(f"the command {name} has no field {field!r}")
        if not _fits(value, hints[field]):
            raise DownslopeError(f"{field} of the command {name} cannot be {str(value)[:60]!r}")
    missing = [field for field, needed in required.items() if needed and field not in given]
    if missing:
        raise DownslopeError(f"the command {name} lacks {missing[0]}")
    return cls(**given, content=content) if cls is Upload else cls(**given)


def _fields(cls: type[Command]) -> dict[str, bool]:
    """The fields of a command that are written as JSON; True for those that have to be given."""
    return {f.name: f.default is MISSING for f in fields(cls) if f.name != "content"}  # type: ignore[arg-type]


def _fits(value: Any, hint: Any) -> bool:
    if isinstance(hint, UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if hint is NoneType or hint is None:
        return value is None
    if get_origin(hint) is list:
        return isinstance(value, list) and all(_fits(part, get_args(hint)[0]) for part in value)
    if get_origin(hint) is dict:
        return isinstance(value, dict)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def script() -> str:
    """The commands and their fields as a module of JavaScript."""
    described = {name: _fields(cls) for name, cls in COMMANDS.items()}
    comment = "/** Commands and their fields; true where a field has to be given. */"
    return f"{comment}\nexport const COMMANDS = {json.dumps(described)};\n"
