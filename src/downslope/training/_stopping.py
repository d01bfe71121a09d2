"""Early stopping: the error on rows that are not trained on, and the best parameters so far.

Prechelt, "Early stopping - but when?" (1998).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.engines import Evaluator, shuffled
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Ensemble
from downslope.training._batches import SPLIT
from downslope.training._data import Arrays, checked_data

__all__ = ["Folds", "Held", "Validation", "Watch", "split"]


@dataclass(frozen=True, eq=False)
class Folds:
    """Which member of an ensemble holds each row out: it does not learn from the row, and is measured on it.

    So every row is trained on, and every row measures (Stone 1974).

    Args:
        of: the number of the member, counted from 0, (rows,); -1 for a row that all members learn from.
    """

    of: NDArray[np.int64]

    @property
    def held(self) -> NDArray[np.int64]:
        """The rows that some member holds out."""
        return np.flatnonzero(self.of >= 0)


Validation = float | tuple[ArrayLike, ArrayLike] | Folds


_ROWS = 1 << 16
"""Rows that are gathered at a time: folds of a large table are not copied as a whole."""


@dataclass(frozen=True)
class Held:
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
) -> tuple[Arrays, Sequence[Held]]:
    """The rows to train on and the rows to validate on."""
    if validation is None:
        return data, ()
    if isinstance(validation, Folds):
        return _folded(network, data, validation)
    if isinstance(validation, tuple):
        x, y = validation
        measured = checked_data(network, np.asarray(x, data["x"].dtype), y, None)
        return data, (Held(network, measured, measured["row_weights"]),)
    rows = len(data["x"])
    if not 0 < validation < 1:
        raise DownslopeError(f"validation is a share between 0 and 1 or a pair (x, y), not {validation!r}")
    held = max(1, round(rows * validation))
    if held >= rows:
        raise DownslopeError(f"a validation share of {validation} of {rows} rows leaves none to train on")
    order = shuffled(rows, seed, SPLIT, 0)
    trained, measured = ({k: v[part] for k, v in data.items()} for part in (order[held:], order[:held]))
    return trained, (Held(network, measured, measured["row_weights"]),)


def _folded(network: AnyNetwork, data: Arrays, folds: Folds) -> tuple[Arrays, Sequence[Held]]:
    """Every row held out from one member."""
    rows = len(data["x"])
    if not isinstance(network, Ensemble):
        raise DownslopeError("folds are for the members of an ensemble")
    members = range(len(network.networks))
    if folds.of.shape != (rows,) or not np.all(np.isin(members, folds.of)) or folds.of.max() >= len(members):
        raise DownslopeError(
            f"folds name a member from 0 to {len(members) - 1} for each of {rows} rows, and every member"
        )
    weights = data["row_weights"].copy()
    weights[folds.held, folds.of[folds.held]] = 0
    held = []
    for member in members:
        own = np.flatnonzero(folds.of == member)
        counts = data["row_weights"][own, member]
        held.append(Held(network.networks[member], data, counts, network.prefix(member), own))
    return {**data, "row_weights": weights}, held


class Watch:
    """Looks at the validation error after each epoch and keeps the best parameters.

    Without validation rows the latest parameters are the best. With ``memory`` it looks at a running mean of
    the parameters, in which each epoch counts that share of the one after it (Polyak and Juditsky 1992).
    """

    def __init__(self, held: Sequence[Held], patience: int | None, memory: float = 0.0) -> None:
        if not 0 <= memory < 1 or (memory and not held):
            raise DownslopeError(
                f"memory is at least 0 and below 1 and needs validation rows, not {memory!r}"
            )
        if patience is not None and (patience < 1 or not held):
            raise DownslopeError("patience is a number of epochs of at least 1 and needs validation rows")
        self._held = held
        self._errors = {h.network: Evaluator([h.network.graph().data_error], keeps_memory=True) for h in held}
        self._patience = patience
        self._memory = memory
        self._mean: Arrays = {}
        self.errors: list[float] = []
        self.best_epoch = 0
        self.best: Arrays | None = None

    @property
    def watches(self) -> bool:
        """Whether there are validation rows."""
        return bool(self._held)

    def see(self, values: Mapping[str, NDArray[Any]]) -> bool:
        """Note the parameters after an epoch; whether it is time to stop."""
        if not self._held:
            return False
        values = self._averaged(values)
        error = self._error(values)
        self.errors.append(error)
        if self.best is None or error < self.errors[self.best_epoch - 1]:
            self.best_epoch, self.best = len(self.errors), dict(values)
        return self._patience is not None and len(self.errors) - self.best_epoch >= self._patience

    def _averaged(self, values: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        if not self._memory:
            return values
        past = 1 - (1 - self._memory) / (1 - self._memory ** (len(self.errors) + 1))
        self._mean = {
            name: (past * self._mean[name] + (1 - past) * value).astype(value.dtype) if past else value
            for name, value in values.items()
        }
        return self._mean

    def _error(self, values: Mapping[str, NDArray[Any]]) -> float:
        errors, counts = [], []
        for held in self._held:
            own = {name: values[held.prefix + name] for name in held.network.graph().parameters}
            for part in held.parts():
                if not np.any(part["row_weights"]):
                    continue
                with np.errstate(all="ignore"):
                    errors.append(float(self._errors[held.network].mean({**own, **part})[0]))
                counts.append(float(np.sum(part["row_weights"], dtype=np.float64)))
        return float(np.average(errors, weights=counts))
