"""``target-leak``: a column that alone gives the target nearly exactly, and may not be known in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["target_leak"]

_SOURCE = (
    "Kaufman, Rosset and Perlich, 'Leakage in data mining: formulation, detection, and avoidance' (2012)"
)
_EXACT = 0.01  # of the error of a constant, that one column leaves: r = 0.995
_TIMES = 10.0  # how much more the second best column leaves: where several give the target, it is no secret
_NEIGHBOURS = 2  # on each side
_FEWEST = 30


@finding("target-leak", _SOURCE, severity=NOTE)
def target_leak(seen: Examination) -> Iterable[Suspicion]:
    """How near the targets of a row's neighbours in one column are to its own: no model is asked."""
    x, y = np.asarray(seen.rows["x"], np.float64), _targets(seen)
    if x.shape[1] < 2 or len(x) < _FEWEST or not y.std(axis=0).any():
        return
    left = np.array([_left(column, y) for column in x.T])
    column = int(np.argmin(left))
    others = float(np.min(np.delete(left, column)))
    if left[column] > _EXACT or others < _TIMES * left[column]:
        return
    yield Suspicion(
        Where(columns=(column,)),
        (
            Evidence("error by this column alone, of a constant's", float(left[column]), _EXACT),
            Evidence("the same by the best other column", others, _TIMES * float(left[column])),
        ),
        f"Column {column} alone gives the target nearly exactly. Is it known when predictions are made, or "
        "is it filled in with the target, or after it?",
        [
            Remedy(
                "if the column is not known in time, leave it out",
                lambda call: call.with_inputs(lambda values: _without(values, column)),
            )
        ],
        expected="the error becomes that of the columns that are known in time",
        certain=True,
        severity=NOTE,
    )


def _targets(seen: Examination) -> NDArray[np.float64]:
    """Of variance 1 in all; classes as 0 and 1."""
    y = np.asarray(seen.rows["y"], np.float64)
    if str(seen.call.network.loss) == "cross_entropy":
        y = np.eye(int(y.max()) + 1)[y.astype(int)]
    return y.reshape(len(y), -1)


def _left(column: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The mean squared error of a mean over the nearest rows, as a share of the variance.

    Rows with the same value count as one, by the mean of the others of them.
    """
    values, which, counts = np.unique(column, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(which.ravel(), target) for target in y.T], axis=1)
    weights = counts[:, None].astype(float)
    near, near_weights = sums.copy(), weights.copy()
    for step in range(1, min(_NEIGHBOURS, len(values) - 1) + 1):
        few = np.minimum(1.0, 1.0 / weights)  # of a value with many rows, one row's worth
        lower, upper = slice(None, -step), slice(step, None)
        for low, high in ((lower, upper), (upper, lower)):
            near[low] += sums[high] * few[high]
            near_weights[low] += weights[high] * few[high]
    own = which.ravel()
    rest = near_weights[own] - 1
    foretold = (near[own] - y) / np.where(rest > 0, rest, 1)
    return float(np.mean((y - foretold) ** 2) / np.mean((y - y.mean(axis=0)) ** 2))


def _without(x: NDArray[Any], column: int) -> NDArray[Any]:
    changed = np.array(x)
    changed[:, column] = 0
    return changed


@target_leak.planted
def _in_other_units(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """A column that is the target in other units, but for an error of less and less."""
    noise = 0.05 * (1 - severity)

    def leaking(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        changed = np.array(x)
        flat = np.asarray(y, np.float64).reshape(len(y), -1)[:, 0]
        changed[:, 0] = flat + noise * flat.std() * random.standard_normal(len(y))
        return changed

    call = healthy.with_rows_apart()
    pair = call.settings["validation"]
    settings = {**call.settings, "validation": (leaking(*pair), pair[1])}
    return Call(call.network, leaking(call.x, call.y), call.y, settings)


@target_leak.look_alike
def _strong(healthy: Call, random: np.random.Generator) -> Call | None:
    """An honest column that gives nine tenths of the target."""
    if str(healthy.network.loss) != "squared_error":
        return None
    y = 3 * healthy.x[:, 0] + np.asarray(healthy.y).reshape(-1)
    return Call(healthy.network, healthy.x, (y - y.mean()) / y.std(), healthy.settings)
