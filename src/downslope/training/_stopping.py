"""Early stopping: the error on rows that are not trained on, and the best parameters so far.

Prechelt, "Early stopping - but when?" (1998).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import Interval, indices, number
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope._keywords import suggests_keywords
from downslope.engines import Evaluator, shuffled
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Ensemble
from downslope.training._batches import SPLIT
from downslope.training._run import Average, Run
from downslope.training.arguments import Arrays, checked_data
from downslope.training.rows import Readers, StreamedRows, held_out_of

__all__ = ["Folds", "Validation", "ValidationRows", "Watch", "split", "split_stream"]


@suggests_keywords
@dataclass(frozen=True, eq=False)
class Folds:
    """Which member of an ensemble holds each row out: it does not learn from the row, and is measured on it.

    So every row is trained on, and every row measures (Stone 1974).

    Args:
        of: the number of the member, counted from 0, (rows,); -1 for a row that all members learn from.
    """

    of: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", indices("of", self.of, Interval(-1)))

    @property
    def held_out(self) -> NDArray[np.int64]:
        """The rows that some member holds out."""
        return np.flatnonzero(self.of >= 0)


Validation = float | tuple[ArrayLike, ArrayLike] | Folds


_ROWS = 1 << 16
"""Rows that are gathered at a time: folds of a large table are not copied as a whole."""


@dataclass(frozen=True)
class ValidationRows:
    """Rows that only measure, and what they measure: a network, or a member of an ensemble.

    Attributes:
        network: what is measured; ``prefix`` is before the names of its parameters.
        data: what has the rows.
        weights: how much each of them counts.
        rows: those that measure; None for all.
    """

    network: AnyNetwork
    data: Arrays
    weights: NDArray[Any]
    prefix: str = ""
    rows: NDArray[np.int64] | None = None

    @cached_property
    def part_weights(self) -> Sequence[float]:
        """The sum of the weights of each of the ``parts``."""
        size = len(self.weights) if self.rows is None else _ROWS
        parts = [self.weights[first : first + size] for first in range(0, len(self.weights), size)]
        return [float(np.sum(part, dtype=np.float64)) for part in parts]

    def parts(self) -> Iterator[Arrays]:
        """The rows, some of them at a time where they have to be gathered."""
        if self.rows is None:
            yield self.data
            return
        for first in range(0, len(self.rows), _ROWS):
            rows = self.rows[first : first + _ROWS]
            chosen = {name: self.data[name][rows] for name in ("x", "y")}
            yield {**chosen, "row_weights": self.weights[first : first + _ROWS]}


def split(
    network: AnyNetwork, data: Arrays, validation: Validation | None, seed: int
) -> tuple[Arrays, Sequence[ValidationRows]]:
    """The rows to train on and the rows to validate on."""
    if validation is None:
        return data, ()
    if isinstance(validation, Folds):
        return _folded(network, data, validation)
    if isinstance(validation, tuple | list):
        return data, (_given(network, data, validation),)
    rows = len(data["x"])
    share = number("validation", validation, Interval(0, 1, open_low=True, open_high=True))
    held_out = max(1, round(rows * share))
    if held_out >= rows:
        raise DownslopeError(f"a validation share of {share} of {rows} rows leaves none to train on")
    order = shuffled(rows, seed, SPLIT, 0)
    trained, measured = (
        {k: v[part] for k, v in data.items()} for part in (order[held_out:], order[:held_out])
    )
    for part, words in ((trained, "to train on"), (measured, "for validation")):
        if not np.any(part["row_weights"]):
            raise DownslopeError(f"the rows {words} all have the weight 0; take another share or seed")
    return trained, (ValidationRows(network, measured, measured["row_weights"]),)


def split_stream(
    network: AnyNetwork, rows: StreamedRows, validation: Any, seed: int, readers: Readers | None = None
) -> tuple[StreamedRows, Sequence[ValidationRows]]:
    """The rows to train on and the rows to validate on, of rows that are read a part at a time.

    Folds are of rows in memory that validate, given as (x, y, weights, folds): the streamed rows know by
    their weights what each member holds out. Readers each read a part of those that validate, and have all of
    them then.
    """
    if validation is None:
        return rows, ()
    if isinstance(validation, Folds):
        raise DownslopeError(
            "validation of a dataset is a share or a pair (x, y); folds are of rows in memory"
        )
    known = {"x": np.empty((0, network.inputs), rows.dtype)}
    if isinstance(validation, tuple | list) and len(validation) == 4:
        x, y, weights, folds = validation
        return rows, _folded(network, checked_data(network, x, y, weights, rows.dtype), folds)[1]
    if isinstance(validation, tuple | list):
        return rows, (_given(network, known, validation),)
    share = number("validation", validation, Interval(0, 1, open_low=True, open_high=True))
    trained, measured = held_out_of(rows, share, seed, readers)
    return trained, (ValidationRows(network, measured, measured["row_weights"]),)


def _given(network: AnyNetwork, data: Arrays, validation: Sequence[ArrayLike]) -> ValidationRows:
    if len(validation) != 2:
        raise DownslopeError(
            f"validation needs a share between 0 and 1 or a pair (x, y), not {len(validation)} parts"
        )
    try:
        x, y = validation
        measured = checked_data(network, x, y, None, data["x"].dtype)
    except DownslopeError as error:
        raise DownslopeError(f"validation: {error}") from None
    return ValidationRows(network, measured, measured["row_weights"])


def _folded(network: AnyNetwork, data: Arrays, folds: Folds) -> tuple[Arrays, Sequence[ValidationRows]]:
    """Every row held out from one member."""
    rows = len(data["x"])
    if not isinstance(network, Ensemble):
        raise DownslopeError("validation needs no folds for one network; they are for members of an ensemble")
    members = range(len(network.networks))
    if folds.of.shape != (rows,) or not np.all(np.isin(members, folds.of)) or folds.of.max() >= len(members):
        raise DownslopeError(
            f"of needs a member from 0 to {len(members) - 1} for each of {rows} rows, and every member"
        )
    weights = data["row_weights"].copy()
    weights[folds.held_out, folds.of[folds.held_out]] = 0
    lacking = np.flatnonzero(~np.any(weights > 0, axis=0))
    if len(lacking):
        raise DownslopeError(f"the folds leave member {lacking[0]} no row of weight above 0 to train on")
    validation = []
    for member in members:
        own = np.flatnonzero(folds.of == member)
        counts = data["row_weights"][own, member]
        prefix = network.prefix(member)
        validation.append(ValidationRows(network.networks[member], data, counts, prefix, own))
    if not any(np.any(rows.weights) for rows in validation):
        raise DownslopeError("the rows that the members hold out all have the weight 0")
    return {**data, "row_weights": weights}, validation


class Watch:
    """Looks at the validation error after each epoch and keeps the best parameters.

    Without validation rows the latest parameters are the best. With ``ema_decay`` it looks at their running
    mean.
    """

    def __init__(
        self,
        validation: Sequence[ValidationRows],
        patience: int | None,
        ema_decay: float = 0.0,
        threads: int | None = None,
    ) -> None:
        for name, given in (("patience", patience), ("ema_decay", ema_decay)):
            if given and not validation:
                raise DownslopeError(f"{name} needs validation rows; give validation=0.2 or a pair (x, y)")
        self._validation = validation
        networks = [rows.network for rows in validation]
        self._evaluators = {n: Evaluator([n.graph().data_error], keeps_memory=True) for n in networks}
        self._patience, self._decay, self._threads = patience, ema_decay, threads
        self.average: Average | None = None
        self.errors: list[float] = []
        self.best_epoch = 0
        self.best: Mapping[str, NDArray[Any]] | None = None

    @property
    def watches(self) -> bool:
        """Whether there are validation rows."""
        return bool(self._validation)

    @property
    def is_over(self) -> bool:
        """Whether the error has not become smaller for as many epochs as there is patience."""
        return self.patience_left <= 0

    @property
    def patience_left(self) -> float:
        """Epochs after which it is over if none of them has a smaller error; infinity without patience."""
        if self._patience is None:
            return math.inf
        return self._patience - (len(self.errors) - self.best_epoch)

    def in_step(self, step: int, steps_in_epoch: int) -> bool:
        """Whether the epochs up to a step were seen, maybe but for the one that ends there."""
        epochs = {step // steps_in_epoch, (step - 1) // steps_in_epoch}
        averaged = len(self.errors) if self.average is None else self.average.epochs
        return not self.watches or (len(self.errors) in epochs and averaged == len(self.errors))

    def resume(self, run: Run, epochs: int) -> None:
        """Go on from what a run saw in so many whole epochs.

        A run whose time was up in its first epoch has looked at a part of one, which does not count.
        """
        if not self.watches or len(run.validation_losses) > epochs:
            return
        self.errors = run.validation_losses.tolist()
        self.average = run.average
        if run.best_epoch is not None:
            self.best_epoch, self.best = run.best_epoch, dict(run.parameters)

    def see(self, values: Mapping[str, NDArray[Any]]) -> bool:
        """Note the parameters after an epoch; whether it is time to stop."""
        if self._decay:
            self.average = (self.average or Average(0, {})).with_epoch(values, self._decay)
            values = self.average.values
        error = self._error(values)
        self.errors.append(error)
        least = math.nan if self.best is None else self.errors[self.best_epoch - 1]
        if error < least or math.isnan(least):
            self.best_epoch, self.best = len(self.errors), dict(values)
        return self.is_over

    def _error(self, values: Mapping[str, NDArray[Any]]) -> float:
        errors, counts = [], []
        for rows in self._validation:
            own = {name: values[rows.prefix + name] for name in rows.network.graph().parameters}
            for part, weight in zip(rows.parts(), rows.part_weights, strict=True):
                if weight:  # rows without weight have no mean
                    with np.errstate(all="ignore"):
                        (mean,) = self._evaluators[rows.network].mean({**own, **part}, threads=self._threads)
                    errors.append(float(mean))
                    counts.append(weight)
        if len(errors) == 1:  # np.average takes as long as a step of a small network
            return errors[0] * counts[0] / counts[0]
        return float(np.average(errors, weights=counts))
