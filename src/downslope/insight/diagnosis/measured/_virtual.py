"""Parameters that a network does not have: would the error fall if they were there?

A new parameter that is 0 changes nothing yet, but every row has a gradient by it: of a new term c·v in an
output, δ·v, of rows that were not learned from. Where the parameter is not missing, these gradients have the
mean 0. Nothing is trained, and no gradient of a parameter that exists is formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.diagnosis._tails import f_tail
from downslope.insight.diagnosis.measured._call import Call
from downslope.insight.diagnosis.measured._examination import Examination
from downslope.insight.diagnosis.measured._look import Look

__all__ = ["LEVEL", "Missing", "bends", "held_look", "most_missed", "terms", "units"]

LEVEL = 0.01
"""The chance that one of all the tests of a look says "missing" where nothing is."""
_MOST = 12  # columns whose products are looked at: the first ones of more
_UNITS = 32  # new ones that are looked at
_BEND = 1.35  # of errors, linear to quadratic: f² = 0.35, which Cohen (1988) calls large


@dataclass(frozen=True)
class Missing:
    """The virtual parameter that is missed most.

    Attributes:
        name: of it.
        p: that of its test times the number of tests.
    """

    name: str
    p: float


def held_look(seen: Examination) -> Look:
    """The network that the run gave, at the rows that measure it."""
    return Look(seen.call.network, seen.run.parameters, seen.measured)


def most_missed(
    names: Sequence[str], values: NDArray[Any], deltas: NDArray[Any], known: NDArray[Any]
) -> Missing:
    """The new term that the output lacks most, with its p after the correction by Holm (1979).

    A score test (Rao 1948) whose variance is that of the rows themselves (White 1980), and whose tail is that
    of Hotelling (1931), which holds for few rows too.

    Args:
        names: of the terms.
        values: v of each row, (rows, terms).
        deltas: δ of each row and output, (rows, outputs).
        known: what the output is already linear in, (rows, any): it is taken out of v.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((200, 2))
    >>> residual = x[:, :1] * x[:, 1:] + np.random.default_rng(1).standard_normal((200, 1))
    >>> new = np.stack([x[:, 0] ** 2, x[:, 0] * x[:, 1]], axis=1)
    >>> found = most_missed(["x1²", "x1·x2"], new, residual, np.ones((200, 1)))
    >>> found.name, found.p < 1e-6
    ('x1·x2', True)
    """
    values, known = np.asarray(values, np.float64), np.asarray(known, np.float64)
    if len(known) <= known.shape[1]:  # it is linear in everything then
        return Missing("", 1.0)
    own = values - known @ np.linalg.lstsq(known, values, rcond=None)[0]
    least = Missing("", 1.0)
    for name, v in zip(names, own.T, strict=True):
        gradients = np.asarray(deltas, np.float64) * v[:, None]
        total = gradients.sum(axis=0)
        rows, outputs = len(v), int(np.linalg.matrix_rank(gradients))
        if not outputs or rows <= outputs + 1:
            continue
        statistic = float(total @ np.linalg.pinv(gradients.T @ gradients, hermitian=True) @ total)
        f = statistic / max(rows - statistic, 1e-300) * (rows - outputs) / outputs
        p = min(1.0, f_tail(max(f, 0.0), outputs, rows - outputs) * len(names))
        if p < least.p:
            least = Missing(name, p)
    return least


def terms(x: NDArray[Any]) -> tuple[list[str], NDArray[np.float64]]:
    """Squares and products of the columns of x, (rows, terms), with their names."""
    x = np.asarray(x, np.float64)[:, :_MOST]
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    first, second = np.triu_indices(x.shape[1])
    names = [f"x{i + 1}²" if i == j else f"x{i + 1}·x{j + 1}" for i, j in zip(first, second, strict=True)]
    return names, x[:, first] * x[:, second]


def units(x: NDArray[Any]) -> tuple[list[str], NDArray[np.float64]]:
    """Units of tanh on columns of x in drawn directions, (rows, units), with their names."""
    x = np.asarray(x, np.float64)
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    random = np.random.default_rng(0)
    weights = random.standard_normal((x.shape[1], _UNITS)) * (2 / np.sqrt(x.shape[1]))
    return [f"unit {k + 1}" for k in range(_UNITS)], np.tanh(x @ weights + random.standard_normal(_UNITS))


def bends(call: Call) -> bool:
    """Whether squares and products of the columns tell much more of the targets than the columns do."""
    y = np.asarray(call.y, np.float64)
    if call.network.loss_function.name == "cross_entropy":
        y = np.eye(int(y.max()) + 1)[y.astype(int)]
    x = np.asarray(call.x, np.float64)
    linear = np.hstack([np.ones((len(x), 1)), x])
    errors = [_error(columns, y) for columns in (linear, np.hstack([linear, terms(x)[1]]))]
    return bool(errors[0] > _BEND * errors[1])


def _error(columns: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The mean square of what is left of y, for each degree of freedom that is left."""
    left = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    return float(np.sum(left**2) / max(len(y) - columns.shape[1], 1))
