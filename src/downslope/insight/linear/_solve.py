"""``solve``: the exact answer of a linear network, by least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.insight.linear._quadratic import Quadratic, quadratic
from downslope.nets import Network

__all__ = ["Solution", "solve"]


@dataclass(frozen=True)
class Solution:
    """The minimum of a linear network's error.

    Attributes:
        parameters: by name; where many are equally good, the shortest.
        error: at the minimum, penalty included.
        rank: the number of independent unknowns.
        unknowns: the number of unknowns of one output.
        condition: the ratio of the largest to the smallest singular value other than 0.
        message: in words, what kind of answer it is.
    """

    parameters: Mapping[str, NDArray[np.float64]]
    error: float
    rank: int
    unknowns: int
    condition: float
    message: str

    def __str__(self) -> str:
        """The message."""
        return self.message


def solve(network: Network, x: ArrayLike, y: ArrayLike, *, row_weights: ArrayLike | None = None) -> Solution:
    """The parameters with the smallest error, without descending.

    Least squares by the singular value decomposition (Golub and Van Loan, Matrix Computations, 5.5); the
    penalty l2 enters as further rows.

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
    >>> answer = solve(net, x, [13.5, 15.6, 27.4, 15.6, 12.5])
    >>> answer.parameters["layer1.weight"].round(12), answer.rank
    (array([[0.5, 0.9, 1.2]]), 3)
    """
    form = quadratic(network, x, y, row_weights)
    start = np.zeros((form.design.shape[1], form.targets.shape[1]))
    u = form.nearest_minimum(start)
    _, sizes, directions = np.linalg.svd(form.design)
    rank = int(np.sum(sizes > form.cutoff * sizes[0])) if sizes[0] else 0
    condition = float(sizes[0] / sizes[rank - 1]) if rank else float("nan")
    message = _message(form, rank, directions[rank:], form.error(u))
    return Solution(form.parameters(u), form.error(u), rank, form.design.shape[1], condition, message)


def _message(form: Quadratic, rank: int, idle: NDArray[np.float64], error: float) -> str:
    unknowns = form.design.shape[1]
    scale = float(np.sum(form.targets**2)) / form.targets.shape[1]
    exact = error <= (100 * np.finfo(np.float64).eps) ** 2 * scale * form.design.size
    fit = "It fits every row exactly." if exact else f"The error that remains is {error:.6g}."
    if rank == unknowns:
        return f"One exact answer. {fit}"
    names = [f"x{i + 1}" for i in range(unknowns - form.bias)] + (["the bias"] if form.bias else [])
    involved = np.flatnonzero(np.abs(idle).max(axis=0) > 1e-8)
    told = ", ".join(names[i] for i in involved[:12]) + (" and others" if len(involved) > 12 else "")
    return (
        f"The data leaves answers open: its {unknowns} unknowns move the output in only {rank} independent "
        f"ways, because {told} depend on one another in these rows. Of all equally good answers this is the "
        f"shortest. {fit}"
    )
