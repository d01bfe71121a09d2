"""The errors of training, epoch by epoch, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError

__all__ = ["History", "run_history"]

_SHOWN = 3


class History(Mapping[str, NDArray[Any]]):
    """The course of training: a row for each epoch, and a mapping from the names of columns to their arrays.

    ``to_polars()`` and ``to_pandas()`` make a frame of it, where that package is installed.

    >>> import downslope as ds
    >>> net = ds.Network(inputs=1, layers=[ds.Dense(1, bias=False)])
    >>> run = ds.descend(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1, epochs=3)
    >>> run.history
    <History of 3 epochs: epoch, step, loss>
    >>> run.history["loss"]
    array([10.   ,  2.5  ,  0.625])
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]]) -> None:
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<History of {len(self['epoch'])} epochs: {', '.join(self)}>"

    def to_polars(self) -> Any:
        """A ``polars.DataFrame``.

        Raises:
            DownslopeError: if Polars is not installed.
        """
        return _frames("polars").DataFrame(self._columns)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``.

        Raises:
            DownslopeError: if pandas is not installed.
        """
        return _frames("pandas").DataFrame(self._columns)


def _frames(package: str) -> Any:
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError:
        raise DownslopeError(f"a frame of {package} needs it: pip install {package}") from None


def run_history(
    losses: NDArray[np.float64], validation: NDArray[np.float64], steps_in_epoch: int
) -> dict[str, NDArray[Any]]:
    """The columns of a run: epoch, step, loss, and validation_loss where rows validate.

    Args:
        losses: of each step, (steps,).
        validation: of each epoch that was validated, (epochs,).
        steps_in_epoch: the last epoch may have fewer.
    """
    first = np.arange(0, len(losses), steps_in_epoch)
    last = np.minimum(first + steps_in_epoch, len(losses))
    loss = np.add.reduceat(losses, first) / (last - first) if len(losses) else losses
    columns = {"epoch": np.arange(1, len(first) + 1), "step": last, "loss": loss}
    if len(validation):
        measured = np.full(len(first), np.nan)
        measured[: len(validation)] = validation[: len(first)]
        columns["validation_loss"] = measured
    return columns
