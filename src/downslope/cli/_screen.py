"""What the commands share of the terminal: a console, a progress bar, numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.segment import Segment

from downslope._visible import one_line, visible
from downslope.cli._forecasts import Forecasts
from downslope.cli._pipes import discard_output
from downslope.cli._streams import said
from downslope.fitting import FitPhase, rounded

__all__ = ["LastingScreen", "ProgressBar", "Screen", "console", "note", "rounded"]

_TITLES = {"linear": "linear model", "all rows": "network, all rows"}  # others go by their names
_OTHERS = ("linear", "intervals")  # what they say nothing of may be there for others to find
_PLAIN_SECONDS = 5.0


class Screen(Console):
    """A console on which characters that act, in names of columns and files, are seen and do nothing."""

    def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
        """The segments of what is printed."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)


def console() -> Console:
    """Standard output; without colours where it is no terminal or NO_COLOR is set."""
    return Screen(highlight=False, soft_wrap=True)


class LastingScreen(Screen):
    """Standard output of a command that goes on when nobody reads it, be the pipe or the terminal closed."""

    def __init__(self) -> None:
        super().__init__(highlight=False, soft_wrap=True)
        self.closed = False

    def print(self, *objects: Any, **how: Any) -> None:
        """Print, or do nothing once the output is closed."""
        try:
            super().print(*objects, **how)
            self.file.flush()
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Print nothing from here on."""
        self.closed = self.quiet = True
        discard_output()


def note(message: str) -> None:
    """A line for the reader beside the output proper; nothing where standard error is closed."""
    said(one_line(message))


class ProgressBar:
    """Progress on standard error: a moving bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, *, named: bool = False, grades: str | None = None) -> None:
        """Nothing is shown yet.

        Args:
            named: whether the target is named, as there are several.
            grades: the file to which those of forecasts are added; None for none.
        """
        screen = Screen(stderr=True, highlight=False)
        self._plain = not screen.is_terminal
        self._bar = Progress(
            TextColumn("{task.description:<23}", markup=False),
            BarColumn(bar_width=14),
            TextColumn("{task.percentage:>3.0f}%  {task.fields[errors]}"),
            console=screen,
            disable=self._plain,
        )
        self._named = named
        self._tasks: dict[str, TaskID] = {}
        self._forecasts, self._title, self._errors = Forecasts(grades), "", ""
        self._last = time.monotonic()

    def __enter__(self) -> ProgressBar:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._graded()
        finally:
            self._bar.__exit__(kind, error, trace)

    def _say(self, words: str) -> None:
        """A line above the bar."""
        self._bar.console.print(words, markup=False, soft_wrap=True)

    def show(self, phase: FitPhase) -> None:
        """Show an epoch."""
        epoch = phase.progress
        title = _TITLES.get(phase.name, phase.name)
        title = f"{phase.target}: {title}" if self._named else title
        errors = f"train {epoch.error:.4g}"
        if epoch.validation_error is not None:
            errors += f"  validation {epoch.validation_error:.4g}  best epoch {epoch.best_epoch}"
        if epoch.trouble is not None and phase.name not in _OTHERS:
            self._say(
                f"downslope: {title}: {epoch.trouble.message}. Why: downslope doctor, with the same options"
            )
        if not self._forecasts.follows(phase):
            self._graded()
            self._forecasts.begin(phase)
        self._title, self._errors = title, errors
        ahead = self._forecasts.words(phase)
        if self._plain:
            if time.monotonic() - self._last > _PLAIN_SECONDS:
                self._last = time.monotonic()
                note(f"{title}: step {epoch.step} of {epoch.steps}  {errors}" + f"  {ahead}" * bool(ahead))
            return
        if title not in self._tasks:
            self._tasks[title] = self._bar.add_task(title, total=epoch.steps, errors="")
        self._bar.update(self._tasks[title], completed=epoch.step, errors=_lines(errors, ahead))

    def _graded(self) -> None:
        """Of the descent that is over: what came, beside what was foretold."""
        audit = self._forecasts.graded()
        if self._title in self._tasks:
            self._bar.update(self._tasks[self._title], errors=self._errors)
        if audit is not None:
            self._say(f"{self._title}: {audit}")


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
