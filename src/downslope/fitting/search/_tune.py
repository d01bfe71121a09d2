"""From a table to the settings that suit it, and to the model that has them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from inspect import signature
from time import monotonic
from typing import Any

from numpy.typing import ArrayLike

from downslope._checks import Interval, called, duration, whole
from downslope._keywords import suggests_keywords
from downslope._signals import Deferred, at_once
from downslope.errors import DownslopeError
from downslope.fitting._fit import OpenedFit, fit, opened_fit
from downslope.fitting.ensemble import FitSettings
from downslope.fitting.rows import checked_column
from downslope.fitting.search._course import Course, Tuned, TunePhase
from downslope.fitting.search._kept import KeptSearch
from downslope.fitting.search._log import TrialLog
from downslope.fitting.search._outer import split_rows
from downslope.tables import Description
from downslope.training import Checkpoint, Journal, open_journal

__all__ = ["tune"]

_TRIALS = 256  # more would choose by chance
_PLANNED = 0.96  # of the time: an epoch that is begun is finished
_COUNT = Interval(1, limit=1_000_000)


@suggests_keywords
def tune(
    data: Any,
    target: Any,
    *,
    time: float | str | None = "10m",
    trials: int = _TRIALS,
    task: str = "auto",
    drop: Collection[str] = (),
    category: Collection[str] = (),
    number: Collection[str] = (),
    members: int | None = None,
    hidden: int | Sequence[int] | None = None,
    activation: Any = None,
    dropout: float | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    threads: int | None = None,
    row_weights: ArrayLike | str | None = None,
    group: str | None = None,
    order: str | None = None,
    seed: int = 0,
    metric: str | Callable[..., Any] | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    sheet: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    date_format: str | None = None,
    encoding: str | None = None,
    skip_rows: int | None = None,
    header: bool | None = None,
    comment: str | None = None,
    keep_rows: bool = False,
    source: str | None = None,
    log: str | os.PathLike[str] | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[TunePhase], object] | None = None,
    described: Callable[[Description], None] | None = None,
) -> Tuned:
    """Search the settings of ``ds.fit`` that suit a table, and fit the model that has them.

    A fifth of the rows, the outer ones, is set apart. On the others settings are drawn and tried by
    successive halving: all are trained for an eighth of their steps, and of each rung the better half goes on
    from its parameters to twice as many. The defaults take part in every rung. Then the defaults and the best
    settings are fitted to the rows of the search and compared on the outer rows. Unless the gain is above its
    standard error, the defaults are kept. In the end the model is fitted to all rows.

    Ctrl-C and the end of the time keep the best model so far, which then knows the rows of the search alone.

    Args:
        data, target: as of ``fit``; one target.
        time: that all may take together: seconds, or a text such as ``"90s"``, ``"10m"`` or ``"2h"``. None
            sets no limit.
        trials: settings that are tried, at most.
        task, drop, category, number: as of ``fit``.
        members: of the fits, as of ``fit``; trials have four.
        hidden, activation, dropout, learning_rate, weight_decay, batch_size, epochs: None to search; what is
            given stays.
        threads, row_weights, group, seed, source: as of ``fit``.
        metric: as of ``fit``, whose fits have it too; settings are compared by it, and by the loss without
            it. Of a function, and of the median of errors, no standard error is known: any gain is one.
        class_weight: as of ``fit``, of all fits and trials; settings are compared on rows as they are.
        order: the name of a column that orders the rows in time, which ``fit`` has as ``time``: the last
            fifth are the outer rows.
        sheet, delimiter, decimal, thousands, date_format, encoding, skip_rows, header, comment, keep_rows: as
            of ``fit``.
        log: a file to which a line of JSON is added for each trial, as it ends.
        checkpoint: where fits and trials are saved as they go, a ``ds.Checkpoint``: a search that was stopped
            goes on without repeating them, if the table and what is asked are the same. ``time`` counts over
            all processes up to the last trial that was saved, and it and ``trials`` may be given anew.
        progress: called after each trial, and after each epoch of the fits.
        described: called with the description of the columns, before the search.

    Raises:
        DownslopeError: if the table or a setting does not serve; the message says what to do.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> tuned = tune(x, x[:, 0] * x[:, 1], trials=3, epochs=2, members=2)
    >>> len({tuple(trial.settings.items()) for trial in tuned.trials}), tuned.searched.outer_rows
    (3, 20)
    """
    given = locals()
    started = monotonic()
    limit = None if time is None else duration("time", time)
    most = whole("trials", trials, _COUNT)
    if progress is not None:
        called("progress", progress, "after each trial")
    fixed = {name: given[name] for name in _names() if given.get(name) is not None} | {"seed": seed}
    end = math.inf if limit is None else started + _PLANNED * limit
    with Deferred(reports=True), ExitStack() as files:
        with at_once():
            opened = _opened(given, fixed)
            kept = _kept(files, checkpoint, opened, fixed)
            if kept is not None:
                spent = max(kept.seconds - (monotonic() - started), 0.0)
                started, end = started - spent, end - spent
            known = kept is not None and kept.restored > 0
            write = None if log is None else files.enter_context(TrialLog(log, known)).add
            rows = opened.rows()
            course = Course(
                opened, rows, split_rows(opened, rows), started, end, most, fixed, progress, write, end, kept
            )
        return course.tuned()


def _names() -> list[str]:
    return [each.name for each in fields(FitSettings)]


def _opened(given: dict[str, Any], fixed: dict[str, Any]) -> OpenedFit:
    """The table, as ``fit`` opens it."""
    usual = {name: each.default for name, each in signature(fit).parameters.items()}
    if given["order"] is not None:
        checked_column("order", given["order"])
    own = {name: value for name, value in given.items() if name in usual and name not in _names()}
    opened = opened_fit({**usual, **own, **fixed, "time": given["order"], "progress": None})
    if opened.several or len(opened.descriptions) > 1:
        raise DownslopeError("target needs one column: settings that suit one target need not suit another")
    if opened.dataset is not None:
        raise DownslopeError(
            "data needs rows that fit into memory for a search; give one file of some of them, and ds.fit "
            "the settings that are found, with all"
        )
    if opened.settings.hidden == ():
        raise DownslopeError(
            "hidden=() asks for a linear model, which has no settings to search; ds.fit fits it"
        )
    return opened


def _kept(
    files: ExitStack, checkpoint: Checkpoint | None, opened: OpenedFit, fixed: dict[str, Any]
) -> KeptSearch | None:
    """What the folder of a search holds, which is open until the files are closed."""
    if checkpoint is None:
        return None
    asked = {**opened.asked(), "given": ", ".join(sorted(fixed))}
    journal = files.enter_context(open_journal(checkpoint, lambda: asked))
    assert isinstance(journal, Journal)
    return KeptSearch(journal, asked)
