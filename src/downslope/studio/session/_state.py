"""The state of a session: immutable, and swapped whole for the one that a command or some steps lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.studio.lessons import Lesson, LessonStep
from downslope.studio.session._descent import Descent, Masks, checked_descent, fitting_masks, start_values
from downslope.studio.session._engine import DescentState, Engine
from downslope.studio.session._faults import Fault
from downslope.studio.session._history import History, SavedStep, usual_name
from downslope.studio.session._pace import USUAL_PACE
from downslope.studio.session._settings import Settings
from downslope.studio.table._choices import Choices
from downslope.studio.table._rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from polars import DataFrame

__all__ = [
    "PHASES",
    "Encode",
    "Progress",
    "SessionState",
    "begun",
    "first_state",
    "is_settled",
    "kept",
    "moved",
    "opened",
    "paused",
    "resumed",
    "run_of",
    "settled",
    "shown_values",
    "with_best",
    "with_run",
    "without_empty",
]

PHASES = ("forward", "loss", "backward", "update")
_LONG = 0.03  # seconds
_MOST_RUNS = 24
_MOST_BYTES = 1 << 30  # of the saved steps of all runs

Encode = Callable[["DataFrame", Choices, str], Rows]
"""Makes rows of a table, what is chosen of it, and its name."""


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a lesson is.

    Attributes:
        lesson: which one.
        before: what was open before it.
        table: the rows that it opened.
        at: the index of its step; ``begun`` holds those that were begun, ``done`` those that are done.
        moves: of weights by hand, since the step began.
        steps: of descent, since the step, the run or its settings began.
        selected: the parameter and the index of the number that is selected in the page, or None.
        panel: the one that is open in the page.
    """

    lesson: Lesson
    before: SessionState = field(repr=False)
    table: Rows = field(repr=False)
    at: int = 0
    begun: frozenset[int] = frozenset()
    done: frozenset[int] = frozenset()
    moves: int = 0
    steps: int = 0
    selected: tuple[str, tuple[int, ...]] | None = None
    panel: str = ""

    @property
    def step(self) -> LessonStep:
        """The step that it is at."""
        return self.lesson.steps[self.at]


@dataclass(frozen=True, eq=False)
class SessionState:
    """One table, one network in training, and everything that is kept of it.

    Attributes:
        descent: the rows, the settings and the frozen numbers of the present run.
        position: how far it has come.
        encode: makes rows of a table.
        runs: all runs; ``current`` is the number of the present one, ``made`` how many there were.
        best: by ``"hand"`` and ``"descent"``, the saved step with the smallest error.
        viewing: the index of the saved step of the present run that is shown instead of the present, or None.
        phase: the part of the next step that is shown, or "".
        playing: whether steps are taken; up to step ``until`` if that is given.
        replaying: whether the saved steps are shown one after the other, from ``viewing`` to the latest.
        pace: how many steps a second, or None: as fast as it goes; the next one is ``due`` at a time.
        stopped: why a run ended, or None.
        dragged: the parameter and the index of the number that is being dragged, or None.
        last_error: of the last batch.
        speed: steps a second, of late.
        lessons: of the reader, besides those that come with the page.
        lesson: how far the one that is open is, or None.
    """

    descent: Descent
    position: DescentState
    encode: Encode
    runs: tuple[History, ...] = ()
    current: int = 0
    made: int = 0
    best: Mapping[str, SavedStep] = field(default_factory=dict)
    viewing: int | None = None
    phase: str = ""
    playing: bool = False
    until: int | None = None
    replaying: bool = False
    pace: float | None = USUAL_PACE
    due: float = 0.0
    stopped: Fault | None = None
    dragged: tuple[str, tuple[int, ...]] | None = None
    last_error: float = float("nan")
    speed: float = 0.0
    lessons: tuple[Lesson, ...] = ()
    lesson: Progress | None = None

    @property
    def rows(self) -> Rows:
        """The table."""
        return self.descent.rows

    @property
    def frozen(self) -> Masks:
        """Which numbers of the parameters stay as they are."""
        return self.descent.frozen

    @property
    def moving(self) -> bool:
        """Whether what is shown changes by itself."""
        return self.playing or self.replaying

    @property
    def steady_pace(self) -> float | None:
        """The pace that playing keeps to; None where it does not: a number of steps is taken at once."""
        return self.pace if self.until is None else None

    @property
    def run(self) -> History:
        """The present run."""
        return run_of(self, self.current)

    @property
    def shown(self) -> SavedStep:
        """The saved step that is shown: the latest, or one of the past."""
        return self.run.last if self.viewing is None else self.run.saved_steps[self.viewing]

    @property
    def seen(self) -> tuple[SavedStep, ...]:
        """The saved steps of the present run up to the one that is shown."""
        return self.run.saved_steps[: None if self.viewing is None else self.viewing + 1]

    @property
    def settings(self) -> Settings:
        """The settings of what is shown."""
        return self.descent.settings if self.viewing is None else self.shown.settings

    @property
    def shown_descent(self) -> Descent:
        """How what is shown descended."""
        if self.viewing is None:
            return self.descent
        return Descent(self.settings, self.rows, self.frozen)


def shown_values(state: SessionState, engine: Engine) -> Mapping[str, NDArray[Any]]:
    """Parameters and optimizer states of what is shown, by name."""
    if state.viewing is None:
        return engine.values(state.descent, state.position)
    return state.shown.values


def run_of(state: SessionState, number: int) -> History:
    """A run by its number.

    Raises:
        DownslopeError: if there is none.
    """
    found = next((run for run in state.runs if run.number == number), None)
    if found is None:
        raise DownslopeError(f"there is no run {number}; it was removed or never made")
    return found


def first_state(
    rows: Rows,
    settings: Settings,
    values: Mapping[str, NDArray[Any]] | None,
    encode: Encode,
    engine: Engine,
) -> SessionState:
    """The state of a session that opens on a table."""
    descent = checked_descent(settings, rows, {})
    position = DescentState.at(start_values(descent, values), 0)
    return begun(SessionState(descent, position, encode), descent, values, engine)


def begun(
    state: SessionState, descent: Descent, values: Mapping[str, NDArray[Any]] | None, engine: Engine
) -> SessionState:
    """A new run of a descent; parameters that are not given are drawn."""
    state = without_empty(state)
    number = state.made + 1
    after = replace(
        state,
        descent=descent,
        position=DescentState.at(start_values(descent, values), 0),
        runs=(*state.runs, History(number, usual_name(number), descent.rows)),
        current=number,
        made=number,
        best=_comparable(state.best, descent.settings),
        viewing=None,
        phase="",
        playing=False,
        replaying=False,
        until=None,
        stopped=None,
    )
    return _within_limits(kept(after, "start", engine))


def kept(
    state: SessionState, origin: str, engine: Engine, *, exact: bool = True, in_place: bool = False
) -> SessionState:
    """The state with where it is as a saved step of its run."""
    position = engine.known(state.descent, state.position)
    error, validation = state.last_error, None
    exact = exact or engine.may_measure()
    if exact:
        measured = engine.measure(state.descent, position.values)
        error, validation = measured.error, measured.validation
    saved = SavedStep(
        position.step, position.values, error, exact, validation, origin, state.descent.settings
    )
    run = state.run.with_saved_step(saved, in_place=in_place)
    return with_best(replace(with_run(state, run), position=position), [saved])


def with_run(state: SessionState, run: History) -> SessionState:
    """The state with another version of one of its runs."""
    return replace(state, runs=tuple(run if one.number == run.number else one for one in state.runs))


def with_best(state: SessionState, saved_steps: list[SavedStep]) -> SessionState:
    """The state with those saved steps noted that are better than the best so far."""
    best = dict(state.best)
    for saved in saved_steps:
        by = saved.origin
        if by in ("hand", "descent") and saved.exact and (by not in best or saved.error < best[by].error):
            best[by] = saved
    return replace(state, best=best)


def resumed(state: SessionState, engine: Engine) -> SessionState:
    """Go on from what is shown: from a saved step of the past a branch begins."""
    state = replace(state, stopped=None, replaying=False)
    if state.viewing is None:
        return state
    index, run = state.viewing, state.run
    saved = run.saved_steps[index]
    if index < len(run.saved_steps) - 1:
        number = state.made + 1
        branch = run.branched(number, index)
        state = _within_limits(replace(state, runs=(*state.runs, branch), current=number, made=number))
    descent = checked_descent(saved.settings, state.rows, state.frozen)
    return moved(replace(state, viewing=None), descent, saved.values, saved.step)


def moved(
    state: SessionState, descent: Descent, values: Mapping[str, NDArray[Any]], step: int
) -> SessionState:
    """The state with another descent or other values in the midst of its run."""
    position = DescentState.at(start_values(descent, values), step)
    best = _comparable(state.best, descent.settings)
    return replace(state, descent=descent, position=position, best=best)


def paused(state: SessionState, engine: Engine) -> SessionState:
    """Stop taking steps, and keep where it is; a replay stays at the saved step that it shows.

    Where all rows take long, they are measured afterwards (``settled``): a pause is to be seen at once.
    """
    if not state.playing:
        return replace(state, replaying=False) if state.replaying else state
    state = replace(state, playing=False, until=None)
    if state.run.last.step == state.position.step:
        return state
    return kept(state, "descent", engine, exact=engine.cost < _LONG)


def is_settled(state: SessionState) -> bool:
    """Whether the error of where it stands is known, or is not asked for: steps go on."""
    last = state.run.last
    return state.playing or last.exact or last.step != state.position.step


def settled(state: SessionState, engine: Engine) -> SessionState:
    """The state with the exact error of where it stands."""
    if is_settled(state):
        return state
    last = state.run.last
    found = engine.measure(Descent(last.settings, state.run.rows, state.frozen), last.values)
    saved = replace(last, error=found.error, exact=True, validation_error=found.validation)
    return with_best(with_run(state, state.run.with_saved_step(saved, in_place=True)), [saved])


def opened(state: SessionState, run: History) -> SessionState:
    """The state with another run as the present one, on its own rows and with its own network."""
    state, last = without_empty(state), run.last
    frozen = fitting_masks(state.frozen, last.settings)
    descent = checked_descent(last.settings, run.rows, frozen)
    best = {} if run.rows is not state.rows else state.best
    state = replace(state, current=run.number, viewing=None, stopped=None, best=best)
    state = moved(state, descent, last.values, last.step)
    alike = _measured_by(last.settings)
    return with_best(state, [s for s in run.saved_steps if _measured_by(s.settings) == alike])


def without_empty(state: SessionState) -> SessionState:
    """The state without its present run, if nothing happened in it: the next one takes its number."""
    runs = tuple(run for run in state.runs if run.number != state.current or not run.empty)
    gone = len(runs) < len(state.runs) and state.current == state.made
    return replace(state, runs=runs, made=state.made - gone)


def _within_limits(state: SessionState) -> SessionState:
    """Without runs beyond the most, or beyond the memory: the oldest that are not kept, then the oldest."""
    runs = list(state.runs)
    while len(runs) > 1 and (len(runs) > _MOST_RUNS or sum(run.bytes for run in runs) > _MOST_BYTES):
        others = [run for run in runs if run.number != state.current]
        runs.remove(next((run for run in others if not run.kept), others[0]))
    return replace(state, runs=tuple(runs))


def _comparable(best: Mapping[str, SavedStep], settings: Settings) -> Mapping[str, SavedStep]:
    """The best of another network, loss or choice of rows is none of this one."""
    alike = _measured_by(settings)
    return {by: saved for by, saved in best.items() if _measured_by(saved.settings) == alike}


def _measured_by(settings: Settings) -> tuple[Any, ...]:
    """What errors are of: those of equal ones can be compared."""
    return settings.network, settings.validation, settings.seed if settings.validation else None
