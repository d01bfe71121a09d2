"""The weights of rows that are read a part at a time: what they add up to, found in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.training.rows._source import Arrays, StreamedRows

__all__ = ["weighed"]


def weighed(
    rows: StreamedRows, *, relative: bool, of_part: Callable[[int], NDArray[Any]] | None = None
) -> StreamedRows:
    """The same rows, of whose weights it is known which share is 0 and whether they differ.

    Args:
        rows: with weights of any size.
        relative: whether they get the mean 1 over the rows that have any, as of ``relative_weights``.
        of_part: the weights of a part, where they can be had alone; None where they are read along.

    Raises:
        DownslopeError: if all weights of the rows, or of a member, are 0.
    """
    top: Any = 0.0  # the largest weight so far, of which the sum is in units: it does not overflow
    total, counted, least = 0.0, 0, np.inf
    for weights in _weights(rows, of_part or (lambda part: rows.read(part)["row_weights"])):
        before, top = top, np.maximum(top, weights.max(axis=0).astype(np.float64))
        unit = np.where(top > 0, top, 1.0)
        total = total * (before / unit) + np.sum(weights.astype(np.float64) / unit, axis=0)
        has_any = weights > 0
        counted = counted + np.sum(has_any, axis=0)
        least = np.minimum(least, np.min(weights, axis=0, where=has_any, initial=np.inf))
    if not np.all(counted):
        raise DownslopeError("all row_weights are 0; give at least one row a weight above 0")
    alike = bool(np.all(least == top))
    found = replace(rows, alike=alike, without_weight=np.atleast_1d(1 - counted / rows.rows))
    if not relative or (alike and np.all(top == 1)):
        return replace(found, alike=alike and bool(np.all(top == 1)))
    mean = np.where(least == top, 1.0, total / counted)

    def scaled(part: int, arrays: Arrays) -> Arrays:
        own = arrays["row_weights"].astype(np.float64) / top / mean
        return {**arrays, "row_weights": own.astype(rows.dtype)}

    return found.with_rows(rows.counts, scaled)


def _weights(rows: StreamedRows, of_part: Callable[[int], NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Those of the rows; all at once where they are one window, so that they add up to the same bits."""
    parts = (of_part(part) for part in range(len(rows.counts)) if rows.counts[part])
    if rows.at_once:
        yield np.concatenate(list(parts))
    else:
        yield from parts
