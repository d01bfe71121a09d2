"""Matrices of any size as pictures.

A matrix of millions of weights becomes a byte a weight, of 1024 rows and columns at most; the page colours
the bytes.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOT_A_NUMBER", "matrix"]

NOT_A_NUMBER = -128
"""The level of what is no number; infinities have the levels of the largest numbers."""

_TOP = 127  # the largest level
_SAMPLE = 1 << 14  # numbers that the scale is read from
_SHARE = 0.99  # of what is shown that the scale holds


def matrix(values: NDArray[Any], *, by_norm: bool, most: int = 1024) -> dict[str, Any]:
    """A matrix as levels from −127 to 127, for a picture with a pixel a number.

    A number is about ``level / 127 * scale``. The scale is the 0.99 quantile of the sizes that are shown,
    read from at most 16,384 numbers evenly spaced; it is the largest size where there are at most 100, or
    where that quantile is 0. The largest itself would let one outlying weight turn a million others grey;
    what lies beyond the scale has the last level. Where a side exceeds ``most``, each pixel stands for a
    block of numbers and has the level of the largest in size, so that a single large number is still seen.

    Args:
        values: (rows, columns), float32 or float64.
        by_norm: whether rows and columns are sorted by their Euclidean norms, the largest first.
        most: rows and columns that are shown at most.

    Returns:
        ``shape`` and ``block``, [rows, columns] of the matrix and of a block; ``levels``, int8 (r, c), −128
        for what is no number; ``scale``; ``rows``, int32 (r,), and ``columns``, int32 (c,): which row and
        column, counted from 0, is at each pixel, the first of each block; ``norm``, ``mean`` and ``largest``
        (in size) of all numbers, NaN or infinite where some are; ``finite``: whether none is.

    >>> picture = matrix(np.array([[0.5, -1.0], [0.0, 2.0]]), by_norm=True)
    >>> picture["levels"].tolist(), picture["scale"], picture["rows"].tolist(), picture["columns"].tolist()
    ([[127, 0], [-64, 32]], 2.0, [1, 0], [1, 0])
    """
    values = np.ascontiguousarray(values)
    largest = max(float(values.max()), -float(values.min()))
    finite = np.isfinite(largest)
    block = [-(-length // most) for length in values.shape]
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.sqrt(np.vdot(values, values))
        mean = values.mean(dtype=np.float64)
        scale = _scale(values, largest, block[0] * block[1])
        levels = _levels(values, scale, finite)
        rows, columns = _orders(values, by_norm)
    if by_norm:
        levels = levels.take(rows, 0).take(columns, 1)
    return {
        "shape": list(values.shape),
        "block": block,
        "levels": _blocks(levels, *block),
        "scale": scale,
        "rows": rows[:: block[0]].astype(np.int32),
        "columns": columns[:: block[1]].astype(np.int32),
        "norm": float(norm),
        "mean": float(mean),
        "largest": largest,
        "finite": bool(finite),
    }


def _scale(values: NDArray[Any], largest: float, block: int) -> float:
    step = max(values.size // _SAMPLE, 1)
    while gcd(step, values.shape[1]) > 1:  # or the sample is of a few columns only
        step += 1
    sizes = np.abs(values.reshape(-1)[::step])
    sizes = sizes[np.isfinite(sizes)]
    if not len(sizes):
        return 0.0
    share = _SHARE ** (1 / block)  # the largest of so many is within q as often as all of them are
    rank = int(np.ceil(share * (len(sizes) - 1)))
    quantile = float(np.partition(sizes, rank)[rank])
    return quantile or (largest if np.isfinite(largest) else 0.0)


def _levels(values: NDArray[Any], scale: float, finite: Any) -> NDArray[np.int8]:
    if scale < _TOP * np.finfo(np.float32).tiny:  # nothing that a picture tells from 0
        levels = np.where(np.isinf(values), np.sign(values) * _TOP, 0).astype(np.float32)
    else:
        levels = np.empty(values.shape, np.float32)
        np.multiply(values, _TOP / scale, out=levels, casting="same_kind")
        np.rint(levels, out=levels)
        np.clip(levels, -_TOP, _TOP, out=levels)
    if not finite:
        levels[np.isnan(values)] = NOT_A_NUMBER
    return levels.astype(np.int8)


def _orders(values: NDArray[Any], by_norm: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    if not by_norm:
        return np.arange(values.shape[0]), np.arange(values.shape[1])
    return (
        np.argsort(-np.einsum("ij,ij->i", values, values), kind="stable"),
        np.argsort(-np.einsum("ij,ij->j", values, values), kind="stable"),
    )


def _blocks(levels: NDArray[np.int8], height: int, width: int) -> NDArray[np.int8]:
    """The level that is largest in size of each block."""
    if height == width == 1:
        return levels
    rows, columns = levels.shape
    filled: NDArray[np.int8] = np.pad(levels, ((0, -rows % height), (0, -columns % width)))
    across = filled.reshape(-1, height, filled.shape[1])
    high, low = across.max(axis=1), across.min(axis=1)
    high = np.maximum.reduce([high[:, first::width] for first in range(width)])
    low = np.minimum.reduce([low[:, first::width] for first in range(width)])
    strongest: NDArray[np.int8] = np.where(high.astype(np.int16) >= -low.astype(np.int16), high, low)
    return strongest
