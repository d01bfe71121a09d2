"""How much the error grows when a column is shuffled: permutation importance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["error_increases", "sampled_rows", "shares"]

_REPEATS = 5
_ROWS = 2000
_SHUFFLES = 0x1A9


def sampled_rows(rows: int, seed: int) -> NDArray[np.int64]:
    """The indices of at most 2000 rows, drawn without repeats, in order."""
    if rows <= _ROWS:
        return np.arange(rows)
    return np.sort(_generator(seed, rows).choice(rows, _ROWS, replace=False))


def error_increases(
    error: Callable[[pl.DataFrame], float], frame: pl.DataFrame, columns: Sequence[str], seed: int
) -> NDArray[np.float64]:
    """By how much the mean error grows when a column is shuffled, (columns,).

    The mean over five shuffles of each column (Breiman 2001, section 10, with the differences of Fisher,
    Rudin and Dominici 2019). All five go into one prediction.

    Args:
        error: the mean error of the predictions for a table whose rows are those of ``frame`` in their
            order, once or several times over.
        frame: the rows.
        columns: those to shuffle.
        seed: fixes the shuffles; a column's do not depend on the others.

    >>> frame = pl.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 1.0, 1.0, 1.0]})
    >>> truth = np.tile([1.0, 2.0, 3.0, 4.0], 5)
    >>> def error(table):
    ...     return float(np.mean((table["a"].to_numpy() - truth[: table.height]) ** 2))
    >>> increases = error_increases(error, frame, ["a", "b"], seed=0)
    >>> bool(increases[0] > 0), float(increases[1])
    (True, 0.0)
    """
    before = error(frame)
    repeated = pl.concat([frame] * _REPEATS)
    increases = []
    for index, name in enumerate(columns):
        generator = _generator(seed, _SHUFFLES + index)
        orders = np.concatenate([generator.permutation(frame.height) for _ in range(_REPEATS)])
        increases.append(error(repeated.with_columns(frame[name].gather(orders))) - before)
    return np.array(increases)


def shares(increases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Increases as shares of their sum; 0 for those below 0, and for all where none is above.

    >>> shares(np.array([3.0, 1.0, -0.5]))
    array([0.75, 0.25, 0.  ])
    """
    positive = np.maximum(increases, 0.0)
    total = positive.sum()
    return positive / total if total > 0 else positive


def _generator(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, purpose]))
