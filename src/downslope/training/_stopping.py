"""Early stopping: the error on rows that are not trained on, and the best parameters so far.

Prechelt, "Early stopping - but when?" (1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.engines import Evaluator, shuffled
from downslope.errors import DownslopeError
from downslope.nets import Network
from downslope.training._data import SPLIT, Arrays, checked_data

__all__ = ["Validation", "Watch", "split"]

Validation = float | tuple[ArrayLike, ArrayLike]


def split(
    network: Network, data: Arrays, validation: Validation | None, seed: int
) -> tuple[Arrays, Arrays | None]:
    """The rows to train on and the rows to validate on."""
    if validation is None:
        return data, None
    if isinstance(validation, tuple):
        x, y = validation
        return data, checked_data(network, np.asarray(x, data["x"].dtype), y, None)
    rows = len(data["x"])
    if not 0 < validation < 1:
        raise DownslopeError(f"validation is a share between 0 and 1 or a pair (x, y), not {validation!r}")
    held = max(1, round(rows * validation))
    if held >= rows:
        raise DownslopeError(f"a validation share of {validation} of {rows} rows leaves none to train on")
    order = shuffled(rows, seed, SPLIT, 0)
    return tuple({k: v[part] for k, v in data.items()} for part in (order[held:], order[:held]))  # type: ignore[return-value]


class Watch:
    """Looks at the validation error after each epoch and keeps the best parameters.

    Without validation rows the latest parameters are the best.
    """

    def __init__(self, network: Network, data: Arrays | None, patience: int | None) -> None:
        if patience is not None and (patience < 1 or data is None):
            raise DownslopeError("patience is a number of epochs of at least 1 and needs validation rows")
        self._data = data
        self._error = None if data is None else Evaluator([network.graph().data_error])
        self._patience = patience
        self.errors: list[float] = []
        self.best_epoch = 0
        self.best: Arrays | None = None

    @property
    def watches(self) -> bool:
        """Whether there are validation rows."""
        return self._data is not None

    def see(self, values: Mapping[str, NDArray[Any]]) -> bool:
        """Note the parameters after an epoch; whether it is time to stop."""
        if self._data is None or self._error is None:
            return False
        with np.errstate(all="ignore"):
            error = float(self._error.mean({**values, **self._data})[0])
        self.errors.append(error)
        if self.best is None or error < self.errors[self.best_epoch - 1]:
            self.best_epoch, self.best = len(self.errors), dict(values)
        return self._patience is not None and len(self.errors) - self.best_epoch >= self._patience
