"""The tails of a column of numbers: values far from the median, which a network sees less far out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass

__all__ = ["FARTHEST", "TAILS", "TAIL_WIDTH", "Tails", "check_tails", "tails_for"]

TAIL_WIDTH = 3.0
"""In interquartile ranges: what lies within it is left almost as it is."""

FARTHEST = 1e30
"""Farther out is taken for this far, so that z can be had back in float32."""

_LOW, _HIGH, _BY = map(np.array, (-FARTHEST, FARTHEST, TAIL_WIDTH))
"""Arrays, for one row: NumPy takes as long to make them of numbers as for the arithmetic."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Tails:
    """What becomes of z = (value − median) / interquartile range.

    Attributes:
        of: the feature that z becomes.
        back: the z that became a feature.
        slope: of the feature, by z.
    """

    of: Callable[[Numbers], Numbers]
    back: Callable[[Numbers], Numbers]
    slope: Callable[[Numbers], Numbers]


def _compressed(z: Numbers) -> Numbers:
    near: Numbers = np.minimum(np.maximum(z, _LOW), _HIGH)
    near /= _BY  # each operation in its place: for one row, memory takes longer than arithmetic
    np.arcsinh(near, out=near)
    near *= _BY
    return near


def _clipped(z: Numbers) -> Numbers:
    near: Numbers = np.minimum(np.maximum(z, _LOW), _HIGH)
    return near / np.sqrt(1 + (near / TAIL_WIDTH) ** 2)


TAILS: Mapping[str, Tails] = {
    "kept": Tails(lambda z: z, lambda feature: feature, lambda z: np.where(np.isnan(z), z, 1.0)),
    "compressed": Tails(
        _compressed,
        lambda feature: TAIL_WIDTH * np.sinh(feature / TAIL_WIDTH),
        lambda z: 1 / np.hypot(1, z / TAIL_WIDTH),
    ),
    "clipped": Tails(
        _clipped,
        lambda feature: feature / np.sqrt(1 - (feature / TAIL_WIDTH) ** 2),
        lambda z: (1 + (z / TAIL_WIDTH) ** 2) ** -1.5,
    ),
}
"""By name: z itself; 3·asinh(z/3), which grows like a logarithm and can be undone; and z/√(1 + (z/3)²), at
most ±3 (Holzmüller et al. 2024), which files of earlier versions hold."""


def check_tails(name: str) -> None:
    """Refuse a name that is none of ``TAILS``."""
    if name not in TAILS:
        raise ValueError(f"there are the tails {', '.join(TAILS)}, not {name!r}")


def tails_for(low: float, high: float) -> str:
    """What suits a column whose z reach from ``low`` to ``high``.

    >>> tails_for(-1.0, 2.0), tails_for(-1.0, 40.0)
    ('kept', 'compressed')
    """
    return "compressed" if max(high, -low) > TAIL_WIDTH else "kept"
