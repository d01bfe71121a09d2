"""Early stopping: the error on rows that are not trained on, and the best parameters so far.

Prechelt, "Early stopping - but when?" (1998).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.engines import Evaluator, shuffled
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Ensemble
from downslope.training._data import SPLIT, Arrays, checked_data

__all__ = ["Folds", "Validation", "Watch", "split"]


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


@dataclass(frozen=True)
class Held:
    """Rows that only measure, and what they measure: a network, or the member whose names have a prefix."""

    network: AnyNetwork
    data: Arrays
    prefix: str = ""


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
        return data, (Held(network, checked_data(network, np.asarray(x, data["x"].dtype), y, None)),)
    rows = len(data["x"])
    if not 0 < validation < 1:
        raise DownslopeError(f"validation is a share between 0 and 1 or a pair (x, y), not {validation!r}")
    held = max(1, round(rows * validation))
    if held >= rows:
        raise DownslopeError(f"a validation share of {validation} of {rows} rows leaves none to train on")
    order = shuffled(rows, seed, SPLIT, 0)
    trained, measured = ({k: v[part] for k, v in data.items()} for part in (order[held:], order[:held]))
    return trained, (Held(network, measured),)


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
        own = folds.of == member
        measured = {"x": data["x"][own], "y": data["y"][own], "row_weights": data["row_weights"][own, member]}
        held.append(Held(network.networks[member], measured, network.prefix(member)))
    return {**data, "row_weights": weights}, held


class Watch:
    """Looks at the validation error after each epoch and keeps the best parameters.

    Without validation rows the latest parameters are the best.
    """

    def __init__(self, held: Sequence[Held], patience: int | None) -> None:
        if patience is not None and (patience < 1 or not held):
            raise DownslopeError("patience is a number of epochs of at least 1 and needs validation rows")
        self._held = held
        self._weights = [float(np.mean(part.data["row_weights"]) * len(part.data["x"])) for part in held]
        self._errors = {h.network: Evaluator([h.network.graph().data_error]) for h in held}
        self._patience = patience
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
        error = self._error(values)
        self.errors.append(error)
        if self.best is None or error < self.errors[self.best_epoch - 1]:
            self.best_epoch, self.best = len(self.errors), dict(values)
        return self._patience is not None and len(self.errors) - self.best_epoch >= self._patience

    def _error(self, values: Mapping[str, NDArray[Any]]) -> float:
        errors = []
        for part in self._held:
            own = {name: values[part.prefix + name] for name in part.network.graph().parameters}
            with np.errstate(all="ignore"):
                errors.append(float(self._errors[part.network].mean({**own, **part.data})[0]))
        return float(np.average(errors, weights=self._weights))
