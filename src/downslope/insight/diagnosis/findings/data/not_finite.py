"""``not-finite``: cells that are no finite numbers, or whose squares are not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding_of_arguments
from downslope.insight.diagnosis.measured import Call
from downslope.training import dtype_of, precision_of

__all__ = ["not_finite"]

_SOURCE = "IEEE 754: what is computed with NaN or infinity is NaN or infinity"
_MOST = 0.5  # of the rows: where more have such cells, they are filled instead of left out


@finding_of_arguments("not-finite", _SOURCE)
def not_finite(call: Call) -> Iterable[Suspicion]:
    """A count of cells of x and y that are NaN, infinite, or so large that their squares are infinite."""
    bad_x, bad_y = (_bad(call, values) for values in (call.x, call.y))
    if bad_x is None or bad_y is None or len(bad_x) != len(bad_y):
        return  # what does not fit at all is refused
    pair = call.settings.get("validation")
    others = [_bad(call, np.asarray(part)) for part in pair] if isinstance(pair, tuple | list) else []
    bad_others = any(bad is not None and bad.any() for bad in others)
    rows = np.flatnonzero(bad_x.any(axis=1) | bad_y.any(axis=1))
    if not len(rows) and not bad_others:
        return
    columns = np.flatnonzero(bad_x.any(axis=0))
    filled = len(rows) > _MOST * len(bad_x)
    counts = [
        f"{int(bad.sum()):,} cells of {name}" for name, bad in (("x", bad_x), ("y", bad_y)) if bad.any()
    ]
    where = f" in columns {', '.join(str(int(column)) for column in columns[:6])}" if len(columns) else ""
    what = f"{' and '.join(counts) or 'Validation rows'}{where}"
    yield Suspicion(
        Where(columns=tuple(int(c) for c in columns), rows=tuple(int(r) for r in rows)),
        (Evidence("cells without a finite square", float(bad_x.sum() + bad_y.sum()), 0.0, _SOURCE),),
        f"{what} hold no finite numbers, or numbers whose squares are beyond the largest one, and "
        "every number computed with them is lost.",
        [
            Remedy("fill cells of x with the mean of their column, leave out rows without a target", _filled)
            if filled
            else Remedy(f"leave out the {len(rows):,} rows", _left_out)
        ],
        expected="the descent can run",
        certain=True,
    )


def _bad(call: Call, values: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Whether each cell is one, (rows, columns); None where they are no numbers."""
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2):
        return None
    precision = precision_of(call.settings.get("precision"))
    own = np.float32 if call.x.dtype == np.float32 else np.float64
    dtype = own if precision is None else dtype_of(precision)
    with np.errstate(all="ignore"):
        squares = np.square(values.astype(dtype))
    bad = ~np.isfinite(squares)
    return bad[:, None] if bad.ndim == 1 else bad


def _left_out(call: Call) -> Call:
    """Without the rows that have such a cell, validation rows too."""
    return _kept(call, call.x)


def _filled(call: Call) -> Call:
    """With means in such cells of x."""
    bad = _bad(call, call.x)
    if bad is None:
        return call
    values = np.asarray(call.x, np.float64).reshape(bad.shape)
    sums, counts = np.where(bad, 0, values).sum(axis=0), (~bad).sum(axis=0)
    means = sums / np.maximum(counts, 1)
    return _kept(call, np.where(bad, means, values).astype(call.x.dtype))


def _kept(call: Call, x: NDArray[Any]) -> Call:
    kept = _good(call, x, call.y)
    settings = dict(call.settings)
    if settings.get("row_weights") is not None:
        settings["row_weights"] = np.asarray(settings["row_weights"])[kept]
    pair = settings.get("validation")
    if isinstance(pair, tuple | list):
        held_x, held_y = (np.asarray(part) for part in pair)
        own = _good(call, held_x, held_y)
        settings["validation"] = (held_x[own], held_y[own])
    return Call(call.network, x[kept], call.y[kept], settings)


def _good(call: Call, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    bad = [found.any(axis=1) for found in (_bad(call, x), _bad(call, y)) if found is not None]
    return np.asarray(~np.any(bad, axis=0), bool)


@not_finite.planted
def _overflow(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Cells that are 1e25, as codes of gaps are, in 32-bit numbers, which end at 3e38."""
    call = healthy.with_rows_apart()
    x = np.array(call.x, np.float32)
    rows = random.permutation(len(x))[: max(1, round(0.1 * severity * len(x)))]
    x[rows, random.integers(x.shape[1], size=len(rows))] = 1e25
    return Call(call.network, x, call.y, call.settings)


@not_finite.look_alike
def _single(healthy: Call, random: np.random.Generator) -> Call:
    """The same table in 32-bit numbers."""
    return healthy.with_inputs(lambda x: x.astype(np.float32))
