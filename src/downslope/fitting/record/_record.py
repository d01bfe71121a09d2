"""How a model was fitted: what was trained, and how good it is on validation rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, field, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from downslope._checks import one_of, show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.fitting._scores import Scores
from downslope.fitting.evaluation import Estimate
from downslope.fitting.record._searched import Searched
from downslope.tables import Column

__all__ = ["LINEAR", "Decided", "GroupRecord", "LaterRows", "LaterScores", "Record", "Steered"]

LINEAR = "linear"
"""The name of the group that is a linear model."""

ON_RESIDUALS = ", residuals"
"""In the name of a group whose networks learned what the linear model leaves."""

_LARGEST = 1 << 53  # of counts


@dataclass(frozen=True)
class GroupRecord:
    """How a group of networks of one architecture was trained.

    Attributes:
        name: ``"linear"``, or the numerical embedding: ``"periodic"``, ``"piecewise"``, or ``"plain"``; then
            ``", no dropout"`` where there is little noise, ``", residuals"`` where it learned what the linear
            model leaves and is added to it, and a number if such a group was trained before.
        members: how many networks.
        share: how much they count in the prediction, of 1, that of the linear model with all that is added to
            it; with 0 they were left out.
        best_epoch, epochs: the epoch that was kept and the last; iterations for the linear model.
        train_errors, validation_errors: mean error of each epoch, as the loss has it; the latter on the rows
            that each member held out.
    """

    name: str
    members: int
    share: float
    best_epoch: int
    epochs: int
    train_errors: tuple[float, ...]
    validation_errors: tuple[float, ...]


def is_added(name: str) -> bool:
    """Whether the group of a name is added to the linear model.

    >>> is_added("periodic, no dropout, residuals 2"), is_added("periodic, no dropout")
    (True, False)
    """
    return ON_RESIDUALS in name


@dataclass(frozen=True)
class LaterRows:
    """The last rows of a table by time.

    Attributes:
        column: that holds the times.
        start: the time of the first of them.
        rows: how many they are.
        share: of the rows that have a time.
        new_classes: that no earlier row has.
    """

    column: str
    start: str
    rows: int
    share: float
    new_classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"the last {100 * self.share:.0f} % of the rows by {self.column}, from {self.start} on"


@dataclass(frozen=True)
class LaterScores:
    """How good predictions of later rows are, by what the networks that made them knew.

    Attributes:
        later: the rows; the scores are of those that were held out.
        among_others: the scores of networks that knew other rows of all times, of any of these times too.
        of_the_future: the scores of networks that knew earlier rows alone.
        flattered: whether the former are better beyond chance.
    """

    later: LaterRows
    among_others: Scores
    of_the_future: Scores
    flattered: bool


@dataclass(frozen=True)
class Decided:
    """Which class is said, where it is not always the most probable one.

    Attributes:
        metric: the score that is expected to be highest with the weights ``target.decision``.
        score: that score on the validation rows, by these weights.
        usual: that score of the most probable class.
    """

    metric: str
    score: Estimate
    usual: Estimate


@dataclass(frozen=True)
class Steered:
    """What the shares of the groups were chosen by, where that is not the loss.

    Attributes:
        metric: the name of the function, which the model does not hold.
        score: what it gave for the held-out rows.
        usual: what it gives with the shares of the smallest loss.
    """

    metric: str
    score: float
    usual: float


@dataclass(frozen=True)
class Record:
    """How a model was fitted.

    Attributes:
        source: the table's path, or how it was given.
        columns: every column of the table but the target, with its kind and the reason.
        task_reason: why regression or classification.
        rows, gap_rows: rows that were used, and rows without a target, which were left out.
        validation_rows: rows that the scores are of.
        held_out: whether each of them was predicted by networks that were not trained on it.
        baseline, linear, network: the scores of the baseline, which predicts the mean or the shares of the
            classes, of the linear model, and of this model, on the validation rows.
        groups: what was trained, the linear model first.
        interrupted: whether training was ended early.
        constants: what the baselines predict whatever the inputs are: the mean and the median of the
            targets, or the shares of the classes; empty in files of before they were kept.
        asked: the settings of ``fit`` that were no defaults, as they are written in Python.
        group: the column whose groups were held out as a whole, or "".
        gain: by how much the score that the networks were trained by, such as the root mean squared error, is
            below that of the linear model, with the standard error of the difference row by row.
        later: the rows that validated, where they are later than those that trained the networks.
        time_checks: what scores of later rows say, for columns by which the rows may be in order.
        searched: how its settings were searched; None where they were not.
        decided: for which metric classes are said; None for the most probable one.
        steered: what the shares of the groups were chosen by; None for the loss.
        imported: what the model was made of where it was fitted elsewhere, such as ``"Pipeline of
            scikit-learn"``; nothing is known of rows and scores then. "" where it was fitted here.
        notes: what was said of the table: what was left out of it, and cells that could be read in two ways.
    """

    source: str
    columns: tuple[Column, ...]
    task_reason: str
    rows: int
    gap_rows: int
    validation_rows: int
    held_out: bool
    baseline: Scores
    linear: Scores
    network: Scores
    groups: tuple[GroupRecord, ...]
    interrupted: bool
    constants: tuple[float, ...] = ()
    asked: tuple[str, ...] = ()
    group: str = ""
    gain: Estimate = field(default_factory=lambda: Estimate(None))
    later: LaterRows | None = None
    time_checks: tuple[LaterScores, ...] = ()
    notes: tuple[str, ...] = ()
    imported: str = ""
    searched: Searched | None = None
    decided: Decided | None = None
    steered: Steered | None = None

    @property
    def main(self) -> GroupRecord:
        """The group that counts most in the prediction, a linear one only where there are no others."""
        networks = [group for group in self.groups if group.name != LINEAR and group.share > 0]
        return max(networks or self.groups, key=lambda group: group.share)

    def table(self, given: str | None, write: str) -> str:
        """The path of a table: one that is given, or that of the fit.

        Args:
            given: a path; None takes that of the fit.
            write: how another one is given, for messages.

        Raises:
            DownslopeError: if there is none.
        """
        if given is not None:
            return given
        if self.imported:
            raise DownslopeError(f"the model was fitted elsewhere, as {self.imported}; give a table: {write}")
        if not Path(self.source).exists():
            raise DownslopeError(
                f"the table that the model was fitted to ({self.source}) is no longer there; give a table: "
                f"{write}"
            )
        return self.source

    def to_json(self) -> dict[str, Any]:
        """Plain data from which ``from_json`` makes the same record."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """The record of ``to_json``.

        Raises:
            DownslopeError: if the data is not of that form.
        """
        try:
            found: Record = _made(cls, data)
            for scores in (found.baseline, found.linear, found.network):
                _check_scores(scores)
            if any(e < 0 for g in found.groups for e in (*g.train_errors, *g.validation_errors)):
                raise ValueError("a mean error is below 0")
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise DownslopeError(f"the training record is damaged: {error!r}") from None
        return found


def _check_scores(scores: Scores) -> None:
    """Refuse figures that no predictions have."""
    for name, value in asdict(scores).items():
        low, high = (-math.inf, 1) if name == "r2" else (0, 1 if name == "accuracy" else math.inf)
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name} is {value!r}")


def _made(kind: Any, data: Any) -> Any:
    """An object of an annotated type from plain data; what is of another type raises an error."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _made(hints[name], value) for name, value in data.items()})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        return tuple(_made(get_args(kind)[0], item) for item in _of(list, data))
    if get_origin(kind) is UnionType:
        return None if data is None else _made(get_args(kind)[0], data)
    if kind is float:
        return float(data if type(data) is int else _of(float, data))
    if kind is int and not 0 <= _of(int, data) <= _LARGEST:
        raise ValueError(f"{data} is no count")
    return _of(kind, data)


def _of(kind: type, data: Any) -> Any:
    if type(data) is not kind:
        raise TypeError(f"{show(data)} stands where {one_of(kind)} belongs")
    return data
