"""``outlook``: what a run will come to, with intervals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import field
from math import exp, inf
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from downslope._checks import ANY, NOT_NEGATIVE, number, show, whole
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope._keywords import suggests_keywords
from downslope._visible import escape
from downslope.drawing import panel, table
from downslope.errors import DownslopeError
from downslope.insight.curves import HORIZON, Curve, History, fitted, history_of
from downslope.insight.diagnosis import Call
from downslope.insight.extrapolation._estimate import Estimate, error_at, shown
from downslope.insight.extrapolation._grades import (
    Grade,
    Question,
    bounds,
    foretold,
    grades_of,
    near_grades,
    own_grades,
    question_of,
    read_grades,
    within_noise,
    write_grades,
)
from downslope.insight.extrapolation._krylov import krylov_spectrum
from downslope.insight.extrapolation._spectrum import Spectrum, exact_spectrum
from downslope.nets import checked_one
from downslope.training import Run

__all__ = ["Outlook", "outlook"]

_FURTHEST = 0.25  # of the error: by how much it may fall before a spectrum is another one
_LONG_ENOUGH = 0.05  # seconds in which steps are timed


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a run will come to if it goes on.

    Errors are those of ``Run.losses``, penalties included; where a step takes a part of the rows, their mean
    over an epoch.

    Attributes:
        how: what it is made from.
        steps: that the run has done.
        grades: how far off earlier forecasts were: those of the file, then those of this run.
    """

    how: str
    steps: int
    grades: Sequence[Grade] = field(repr=False)
    _history: History = field(repr=False)
    _curve: Curve = field(repr=False)
    _spectrum: Spectrum | None = field(repr=False)
    _run: Run = field(repr=False)
    _call: Call = field(repr=False)
    _path: str | os.PathLike[str] | None = field(repr=False)

    @property
    def error(self) -> float:
        """The error now."""
        return self.error_after(0).value

    @cached_property
    def level(self) -> Estimate:
        """Where the error tends to: of a quadratic the minimum, else what it is after 8 times the steps."""
        if self._spectrum is not None:
            end = self._spectrum.error_after(1 << 60)
            return Estimate(end, end, end)
        return self._error_at(min(HORIZON * self._curve.now, self._history.end))

    def error_after(self, steps: int) -> Estimate:
        """The error after some more steps.

        Beyond 8 times the steps so far, no bound below is known but 0.

        Raises:
            DownslopeError: if ``steps`` is no whole number of at least 0.
        """
        steps = whole("steps", steps, NOT_NEGATIVE)
        if self._spectrum is not None:
            known = self._spectrum.error_after(steps)
            return Estimate(known, known, known)
        if (near := self._near_error(steps)) is not None:
            return near
        return self._error_at(float(self._history.time_of(np.array(float(self.steps + steps)))))

    @cached_property
    def _near(self) -> Spectrum | None:
        return krylov_spectrum(self._run, self._call)

    def _near_error(self, steps: int) -> Estimate | None:
        """The error by the spectrum; None where it serves no longer."""
        if self._near is None or steps > HORIZON * self.steps:
            return None
        value = self._near.error_after(steps)
        near = self._near_question(value)
        if near is None:
            return None
        _, *offs = bounds(near, self.grades)  # the steps may take longer, or be as good as more
        ends = sorted(self._near.error_after(round(steps * exp(-off))) for off in offs)
        return Estimate(value, min(value, ends[0]), max(value, ends[1]))

    def _near_steps(self, error: float) -> Estimate | None:
        """The steps to an error by the spectrum; None where it serves no longer."""
        near = None if self._near is None else self._near_question(error)
        if self._near is None or near is None:
            return None
        value = self._near.steps_to(error)
        if value > HORIZON * self.steps:
            return None
        _, low, high = bounds(near, self.grades)
        return Estimate(value, min(value, value * exp(low)), max(value, value * exp(high)))

    def _near_question(self, error: float) -> Question | None:
        """How much lower an error is than that of now; None where it is not, or too much for a spectrum."""
        now = 0.0 if self._near is None else self._near.error_after(0)
        share = 1 - error / now if now > 0 else -1.0
        return Question("near", share) if 0 <= share <= _FURTHEST else None

    def _error_at(self, time: float) -> Estimate:
        return error_at(self._curve, time, self.grades, falls=self._history.falls)

    def steps_to(self, error: float) -> Estimate:
        """How many more steps until the error is down to a number, given that it gets there.

        Whether it does, ``level`` says. Of a quadratic the number is exact, and infinity where it never does.

        Raises:
            DownslopeError: if ``error`` is no finite number.
        """
        error = number("error", error, ANY)
        if self._spectrum is not None:
            known = self._spectrum.steps_to(error)
            return Estimate(known, known, known)
        if (near := self._near_steps(error)) is not None:
            return near
        curve = self._curve
        if error >= curve.at(curve.now):
            return Estimate(0.0, 0.0, 0.0)
        question = question_of(curve, error)
        middle, *ends = bounds(question, self.grades)
        offs = [middle if question.kind == "beyond" else 0.0, *ends]
        unit = foretold(curve, question)
        value, low, high = (self._steps_until(curve.now + unit * exp(off)) for off in offs)
        low = 0.0 if within_noise(curve, error) else low
        return Estimate(min(max(value, low), high), low, high)

    def _steps_until(self, time: float) -> float:
        return max(0.0, self._history.steps_at(time) - self.steps)

    def seconds_to(self, error: float) -> Estimate:
        """The same in seconds on this machine: a few more steps are timed.

        Raises:
            DownslopeError: if ``error`` is no finite number, or the run cannot go on.
        """
        steps, each = self.steps_to(error), self._seconds_per_step
        return Estimate(steps.value * each, steps.low * each, steps.high * each)

    @cached_property
    def _seconds_per_step(self) -> float:
        alone = {"start": self._run, "epochs": None, "validation": None, "time_limit": None, "patience": None}
        rows = self._call.rows
        count, took = self._run.steps_in_epoch, 0.0
        call = Call(self._call.network, rows["x"], rows["y"], {**self._call.settings, "row_weights": None})
        while took < _LONG_ENOUGH:
            begin = perf_counter()
            call.run(**alone, steps=count, ema_decay=0.0)
            took, count = perf_counter() - begin, 2 * count
        return 2 * took / count

    def grade(self, run: Run) -> list[Grade]:
        """How far off this outlook was, by a run that went on; kept in the file of grades, if there is one.

        Raises:
            DownslopeError: if the run did not go further, or the file cannot be written.
        """
        later = history_of(_run(run))
        asked, until = len(self._history.errors), len(later.errors)
        if until <= asked or not np.array_equal(later.errors[:asked], self._history.errors):
            raise DownslopeError(
                "an outlook is graded by a run that went on from its own: descend with start=run, give that"
            )
        found = list(grades_of(later, asked, until))
        if self._near is not None:
            found += near_grades(self._near, run.losses[self.steps :])
        if self._path is not None:
            write_grades(self._path, found)
        return found

    def __repr__(self) -> str:
        return f"<Outlook: tends to {self.level}, from {self.how}>"

    def __str__(self) -> str:
        """In a few lines."""
        return "\n".join(f"{name}: {words}" for name, words in self._lines())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows = [[f"{steps:,}", *(shown(n) for n in (e.value, e.low, e.high))] for steps, e in self._ahead()]
        columns = ["more steps", "error", "low", "high"]
        words = [f"<div>{escape(f'{name}: {text}')}</div>" for name, text in self._lines()[-2:]]
        return panel("Outlook", f"tends to {self.level}", *words, table(columns, rows, numbers=columns))

    def to_json(self) -> dict[str, Any]:
        """As plain data; what is not finite is None."""
        ahead = [{"steps": steps, **_json(each)} for steps, each in self._ahead()]
        found = {"how": self.how, "steps": self.steps, "error": self.error, "level": _json(self.level)}
        return {**found, "ahead": ahead, "grades": len(self.grades)}

    def _ahead(self) -> list[tuple[int, Estimate]]:
        """The error after as many steps again, three times and seven times as many."""
        return [(times * self.steps, self.error_after(times * self.steps)) for times in (1, 3, 6)]

    def _lines(self) -> list[tuple[str, str]]:
        lines = [("Error now", shown(self.error))]
        lines += [(f"After {steps:,} more steps", str(each)) for steps, each in self._ahead()]
        return [*lines, ("Tends to", str(self.level)), ("Made from", self.how)]


@suggests_keywords
def outlook(run: Run, x: ArrayLike, y: ArrayLike, *, grades: str | os.PathLike[str] | None = None) -> Outlook:
    """What a run will come to if it goes on: the error after more steps, the steps to an error, its level.

    Descent of a linear network with squared error on all rows at a constant rate is foretold exactly. Of
    other networks it is followed along the Hessian's spectrum until the error is a quarter lower. Else the
    errors so far are followed further, as a sum of decays over the sum of the learning rates, for every
    optimizer, batch size and schedule. The intervals are conformal: as wide as the forecasts of other runs
    were off, of this run at 1/8, 1/4 and 1/2 of its way, and of those in the file of grades.

    Args:
        run: what ``descend`` gave, of at least 8 epochs (or steps, where a step takes all rows).
        x: the inputs that it descended on, (rows, network.inputs).
        y: the targets.
        grades: a file of JSON lines to which ``Outlook.grade`` adds, and whose grades widen or narrow the
            intervals; None keeps none.

    Raises:
        DownslopeError: if the run is too short or failed, or what is given does not fit.

    >>> from downslope import Dense, Network, descend
    >>> net, x, y = Network(inputs=1, layers=[Dense(1, bias=False)]), [[1.0], [2.0]], [2.0, 5.0]
    >>> ahead = outlook(descend(net, x, y, start=[0.0], learning_rate=0.02, steps=10), x, y)
    >>> str(ahead.level), str(ahead.steps_to(0.11)), str(ahead.error_after(20))
    ('0.1', '25', '0.1259')
    """
    history = history_of(_run(run))
    call = Call(checked_one(run.network), np.asarray(x), np.asarray(y), run.settings)
    assert call.rows  # they are checked
    spectrum = exact_spectrum(run, call)
    curve = fitted(history.errors, history.times)
    own = [] if spectrum is not None else own_grades(history)
    kept = [] if grades is None else read_grades(grades)
    how = "the spectrum of a linear network, which is exact"
    if spectrum is None:
        how = f"its own {len(history.errors):,} epochs, {len(own)} forecasts of it graded"
    return Outlook(*(how, len(run.losses), [*kept, *own]), *(history, curve, spectrum), *(run, call, grades))


def _run(given: object) -> Run:
    if not isinstance(given, Run):
        raise DownslopeError(f"an outlook needs a run, as ds.descend gives it, not {show(given)}")
    return given


def _json(estimate: Estimate) -> dict[str, float | None]:
    names = ("value", "low", "high")
    return {name: value if (value := getattr(estimate, name)) < inf else None for name in names}
