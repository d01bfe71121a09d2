"""``solve``: the exact solution of a linear network, by least squares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope._visible import escape
from downslope.drawing import panel, table
from downslope.errors import DownslopeError
from downslope.insight.linear._quadratic import Quadratic, quadratic
from downslope.nets import Network

__all__ = ["Solution", "solve"]

_ROUNDING = 100 * float(np.finfo(np.float64).eps)
_NAMED = 12
_SHOWN = 20


@dataclass(frozen=True)
class Solution:
    """The minimum of a linear network's error.

    Attributes:
        parameters: by name; where many are equally good, those with the smallest norm.
        error: at the minimum, penalty included.
        rank: the number of independent unknowns.
        unknowns: the number of unknowns of one output.
        condition: the ratio of the largest to the smallest singular value above 0.
        message: in words, whether the solution is unique and how well it fits.
    """

    parameters: Mapping[str, NDArray[np.float64]]
    error: float
    rank: int
    unknowns: int
    condition: float
    message: str

    def __repr__(self) -> str:
        """In one line."""
        return f"Solution(error={self.error:.6g}, rank {self.rank} of {self.unknowns} unknowns)"

    def __str__(self) -> str:
        """The message."""
        return self.message

    def _repr_html_(self) -> str:
        """What a notebook shows: whether the solution is unique, how well it fits, and its numbers."""
        line = f"with the error {self.error:.6g}, rank {self.rank} of {self.unknowns} unknowns"
        numbers = [
            (f"{name}[{','.join(str(i + 1) for i in index)}]", f"{value:.6g}")
            for name, values in self.parameters.items()
            for index, value in np.ndenumerate(values)
        ]
        more = f"and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
        shown = table(["parameter", "value"], numbers[:_SHOWN], numbers=["value"])
        return panel("Solution", line, f"<div>{escape(self.message)}</div>", shown, more)


@suggests_keywords
def solve(network: Network, x: ArrayLike, y: ArrayLike, *, row_weights: ArrayLike | None = None) -> Solution:
    """The parameters with the smallest error, without descending.

    Least squares by the singular value decomposition (Golub and Van Loan, Matrix Computations, 5.5); the
    penalty l2 enters as further rows. Which columns are independent does not depend on their units: each is
    scaled to a similar size first.

    Args:
        network: a single Dense layer without activation, with squared error.
        x: inputs, (rows, network.inputs).
        y: targets, (rows, outputs) or (rows,).
        row_weights: how much each row counts, (rows,).

    Raises:
        DownslopeError: if the network is not linear, or the data does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=3, layers=[Dense(1, bias=False)])
    >>> x = [[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]]
    >>> solution = solve(net, x, [13.5, 15.6, 27.4, 15.6, 12.5])
    >>> solution.parameters["layer1.weight"].round(12), solution.rank
    (array([[0.5, 0.9, 1.2]]), 3)
    >>> print(solution)
    The solution is unique. It fits every row exactly.
    """
    form = quadratic(network, x, y, row_weights)
    u = form.nearest_minimum(np.zeros((form.design.shape[1], form.targets.shape[1])))
    with np.errstate(over="ignore", invalid="ignore"):
        error = form.error(u)
    if not np.isfinite(error):
        raise DownslopeError(
            "x or y is so large that the squared error is beyond the largest number; divide it by a constant"
        )
    sizes = form.decomposition.sizes
    condition = float(sizes[0] / sizes[-1]) if len(sizes) else float("nan")
    message = f"{_uniqueness(form)} {_fit(form, u, error)}"
    return Solution(form.parameters(u), error, len(sizes), form.design.shape[1], condition, message)


def _uniqueness(form: Quadratic) -> str:
    unknowns, rank = form.design.shape[1], form.decomposition.rank
    if rank == unknowns:
        return "The solution is unique."
    reasons = []
    if zero := form.decomposition.zero:
        verb = "is" if len(zero) == 1 else "are"
        reasons.append(f"{_listed(form, zero)} {verb} 0 in every row")
    if dependent := form.decomposition.dependent:
        reasons.append(f"{_listed(form, dependent)} depend on one another in these rows")
    return (
        f"The solution is not unique: of {unknowns} unknowns only {rank} are independent, because "
        f"{', and '.join(reasons)}. Of all equally good solutions this is the one with the smallest norm."
    )


def _listed(form: Quadratic, columns: tuple[int, ...]) -> str:
    more = " and others" if len(columns) > _NAMED else ""
    return ", ".join(form.names[i] for i in columns[:_NAMED]) + more


def _fit(form: Quadratic, u: NDArray[np.float64], error: float) -> str:
    terms = np.abs(form.design) @ np.abs(u) + np.abs(form.targets)
    if np.all(np.abs(form.design @ u - form.targets) <= _ROUNDING * terms):
        return "It fits every row exactly."
    return f"Its error is {error:.6g}."
