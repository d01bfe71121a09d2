"""A matrix as Q Σ Vᵀ, where the columns may differ in size by many powers of ten."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.linear._factors import pivoted_qr, singular_values, times_q

__all__ = ["Decomposition", "decompose"]

_ROUNDING = 16 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Decomposition:
    """A = left · diag(sizes) · directions, without the singular values that are 0 within rounding.

    Attributes:
        left: orthonormal columns, (rows, rank).
        sizes: the singular values above 0, descending, (rank,).
        directions: orthonormal rows, (rank, columns).
        inverse: the pseudo-inverse of A is inverse · leftᵀ, (columns, rank).
        zero: indices of the columns that hold nothing but 0.
        dependent: indices of the columns of which one is a linear combination of the others.
    """

    left: NDArray[np.float64]
    sizes: NDArray[np.float64]
    directions: NDArray[np.float64]
    inverse: NDArray[np.float64]
    zero: tuple[int, ...]
    dependent: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of independent columns."""
        return len(self.sizes)

    def shortest(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """The x that minimises ‖Ax − b‖, and of several the one with the smallest ‖x‖, (columns, …)."""
        found: NDArray[np.float64] = self.inverse @ (self.left.T @ b)
        return found


def decompose(a: NDArray[np.float64]) -> Decomposition:
    """Decompose a matrix in memory that grows with its size.

    QR with column pivoting of columns scaled to similar norms and rows ordered by size keeps the digits of
    small columns and rows (Cox and Higham 1998). Where a column has no more left than the rounding errors of
    the rows that are left, it depends on those before it. The singular values are those of the small factor R
    by Jacobi's method, which keeps the digits of small ones too (Drmač and Veselić 2008).

    Args:
        a: finite numbers, (rows, columns).
    """
    exponents = _exponents(a)
    scaled = np.ldexp(a, -exponents)  # powers of 2 round nothing
    sizes = np.abs(scaled).max(axis=1)
    order = np.argsort(-sizes, kind="stable")
    reflections, r, pivots = pivoted_qr(scaled[order])
    rest = np.sqrt(np.cumsum(sizes[order][::-1] ** 2))[::-1][: len(r)]
    rank = int(np.argmin([*(np.abs(np.diag(r)) > _ROUNDING * max(a.shape) ** 0.5 * rest), False]))
    basis, others = pivots[:rank], pivots[rank:]
    shares = np.linalg.solve(r[:rank, :rank], r[:rank, rank:])
    shares[np.abs(shares) < _ROUNDING * max(a.shape)] = 0
    factor = np.empty((rank, a.shape[1]))
    factor[:, basis] = r[:rank, :rank]
    factor[:, others] = r[:rank, :rank] @ shares
    right, singular, left = singular_values(np.ldexp(factor, exponents).T)
    directions = np.ascontiguousarray(right.T)
    inverse = directions.T / singular
    if rank == a.shape[1]:  # directions lose small components, which large columns make large
        inverse[basis] = np.ldexp(np.linalg.solve(r, left), -exponents[basis, None])
    rows = np.empty((len(a), rank))
    rows[order] = times_q(reflections, left, len(a))
    zero = ~np.any(a, axis=0)
    dependent = np.concatenate([basis[shares.any(axis=1)], others[~zero[others]]])
    return Decomposition(
        rows, singular, directions, inverse, _indices(zero.nonzero()[0]), _indices(dependent)
    )


def _indices(places: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(sorted(places.tolist()))


def _exponents(a: NDArray[np.float64]) -> NDArray[np.int64]:
    """The powers of 2 nearest to the norms of the columns; 0 for columns of 0."""
    largest = np.frexp(np.abs(a).max(axis=0))[1]
    norms = np.linalg.norm(np.ldexp(a, -largest), axis=0)
    exponents: NDArray[np.int64] = largest + np.round(np.log2(np.where(norms > 0, norms, 1))).astype(np.int64)
    return exponents
