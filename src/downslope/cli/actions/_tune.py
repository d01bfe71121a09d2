"""``downslope tune``: the trials as they go, what they gain, and the command that gives the same model."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from downslope._signals import Deferred, exit_code, pending
from downslope.cli._model import print_scores
from downslope.cli._pipes import CLOSED_PIPE
from downslope.cli._screen import LastingScreen, Screen, note
from downslope.cli._tables import source_of
from downslope.cli.actions._fit import model_path, print_table, with_checkpoint
from downslope.fitting import Tuned, TunePhase, rounded, tune

__all__ = ["tune_table"]

_PLAIN_SECONDS = 5.0
_WIDEST = 100


def tune_table(table: str, output: str | None, options: Mapping[str, Any], command: Sequence[str]) -> int:
    """Search, save, report; 130 or 143 where a signal ended it and the best so far was saved.

    Args:
        table, output: as of ``fit_table``.
        options: of ``ds.tune``.
        command: the words of ``downslope fit`` without the settings that are found.
    """
    path, screen = model_path(output, table), LastingScreen()
    with Deferred(reports=True):
        with _Bar() as bar:
            tuned = tune(
                table,
                **with_checkpoint(options),
                source=source_of(table),
                progress=bar.show,
                described=lambda found: print_table(screen, [found], table),
            )
        tuned.model.save(path)
        print_scores(screen, tuned.model)
        if options["resume"]:
            made = len(tuned.trials)
            screen.print(
                f"{tuned.restored} of {made} trials were restored from {escape(options['checkpoint'])}."
            )
        screen.print(f"\nSaved to {escape(str(path))}.")
        words = escape(shlex.join([*command, *_flags(tuned)]))
        screen.print(
            f"The same {'settings' if tuned.searched.ended or tuned.searched.shortened else 'model'}: {words}"
        )
        return _ended(path, screen)


def _ended(path: Path, screen: LastingScreen) -> int:
    if pending():
        note(f"downslope: interrupted; the best model so far was saved to {path}")
        return exit_code()
    if screen.closed:
        note(f"downslope: the output was closed; the model was saved to {path}")
        return CLOSED_PIPE
    return 0


def _flags(tuned: Tuned) -> list[str]:
    """The settings that were chosen, as options of ``downslope fit``."""
    return [
        word
        for name, value in tuned.settings.items()
        for word in (
            f"--{name.replace('_', '-')}",
            ",".join(map(str, value)) if isinstance(value, tuple) else f"{value}",
        )
    ]


class _Bar:
    """Progress on standard error: a moving bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        screen = Screen(stderr=True, highlight=False)
        self._plain = not screen.is_terminal
        self._bar = Progress(
            BarColumn(bar_width=14),
            TextColumn("{task.percentage:>3.0f}%  {task.description}", markup=False),
            console=screen,
            disable=self._plain,
        )
        self._task = self._bar.add_task("fit of the defaults", total=1.0)
        self._best: dict[int, tuple[float, float]] = {}  # the gain and the score
        self._last = time.monotonic()

    def __enter__(self) -> _Bar:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def show(self, phase: TunePhase) -> None:
        """Show a trial, or an epoch of a fit."""
        words = self._words(phase)[:_WIDEST]
        if not self._plain:
            self._bar.update(self._task, completed=phase.done, description=words)
        elif time.monotonic() - self._last > _PLAIN_SECONDS:
            self._last = time.monotonic()
            note(f"{100 * phase.done:.0f} %  {words}")

    def _words(self, phase: TunePhase) -> str:
        if phase.trial is None:
            return "fit" if phase.fit is None else f"fit: {phase.fit.name}"
        trial = phase.trial
        gain = trial.gain.value or 0.0
        if trial.rung not in self._best or gain > self._best[trial.rung][0]:
            self._best[trial.rung] = gain, trial.score
        return f"{trial}; best of rung {trial.rung}: {rounded(self._best[trial.rung][1])}"
