"""QR with column pivoting, and singular values by Jacobi's method: of columns and rows of any size.

NumPy's own factorisations lose the digits of what is small beside the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["pivoted_qr", "singular_values", "times_q"]

Array = NDArray[np.float64]
Reflections = Sequence[tuple[Array, float]]
"""Of each column in turn: v and τ of I − τ v vᵀ, on the rows from the column's place on."""

_EPS = float(np.finfo(np.float64).eps)
_MOST_SWEEPS = 60  # about ten are needed


def pivoted_qr(a: Array) -> tuple[Reflections, Array, NDArray[np.int64]]:
    """The matrix with its columns in another order as Q·R (Businger and Golub 1965).

    Where the rows are ordered by size, the digits of small rows are kept (Cox and Higham 1998).

    Args:
        a: (rows, columns), overwritten.

    Returns:
        Q as reflections; R, (the smaller of both, columns); the index of each column of Q·R in ``a``.
    """
    pivots, reflections = np.arange(a.shape[1]), []
    for i in range(min(a.shape)):
        sizes = _norms(a[i:, i:])
        j = i + int(np.argmax(sizes))
        a[:, [i, j]], pivots[[i, j]] = a[:, [j, i]], pivots[[j, i]]
        v, size = a[i:, i].copy(), sizes[j - i]
        if size == 0:
            break
        v[0] += np.copysign(size, v[0])
        v /= v[0]
        reflections.append((v, 2 / float(v @ v)))
        _reflect(a[i:, i:], *reflections[-1])
        a[i + 1 :, i] = 0
    return reflections, a[: min(a.shape)], pivots


def times_q(reflections: Reflections, small: Array, rows: int) -> Array:
    """The first columns of Q, times a square matrix: (rows, columns of the matrix)."""
    product = np.zeros((rows, small.shape[1]))
    product[: len(small)] = small
    for i in reversed(range(min(len(small), len(reflections)))):
        _reflect(product[i:], *reflections[i])
    return product


def singular_values(a: Array) -> tuple[Array, Array, Array]:
    """A = U Σ Vᵀ of full column rank, each singular value to all digits (Drmač and Veselić 2008).

    Pivoted QR leaves a factor whose transpose differs from a well-conditioned matrix by the sizes of its
    columns, which rotations that make two columns orthogonal do not mix.

    Args:
        a: (rows, columns), rows ≥ columns.

    Returns:
        U, (rows, columns); Σ descending, (columns,); V, (columns, columns).

    >>> u, sizes, v = singular_values(np.diag([1e-20, 1.0, 1e20]))
    >>> sizes
    array([1.e+20, 1.e+00, 1.e-20])
    """
    exponent = int(np.frexp(np.abs(a).max(initial=0.0))[1])
    a = np.ldexp(a, -exponent)
    order = np.argsort(-np.abs(a).max(axis=1, initial=0.0), kind="stable")
    reflections, r, pivots = pivoted_qr(a[order])
    columns, turned = _orthogonal(np.ascontiguousarray(r.T))
    sizes = _norms(columns)
    largest = np.argsort(-sizes, kind="stable")
    u, v = np.empty_like(a), np.empty_like(columns)
    u[order] = times_q(reflections, turned[:, largest], len(a))
    v[pivots] = columns[:, largest] / sizes[largest]
    return u, np.ldexp(sizes[largest], exponent), v


def _orthogonal(columns: Array) -> tuple[Array, Array]:
    """A square matrix times rotations that make its columns orthogonal; and these rotations."""
    count = len(columns)
    both = np.concatenate([columns, np.eye(count)])
    for _ in range(_MOST_SWEEPS):
        turned = [_rotate(both, count, *pairs) for pairs in _rounds(count)]
        if not any(turned):
            return both[:count], both[count:]
    raise np.linalg.LinAlgError("Jacobi's method did not converge")


def _rounds(count: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rounds of disjoint pairs, in which each pair of columns comes once."""
    places = np.arange(count + count % 2)  # the last one is none where the count is odd
    half = len(places) // 2
    for _ in range(len(places) - 1):
        left, right = places[:half], places[: half - 1 : -1]
        there = (left < count) & (right < count)
        yield left[there], right[there]
        places[1:] = np.roll(places[1:], 1)


def _rotate(both: Array, rows: int, p: NDArray[np.int64], q: NDArray[np.int64]) -> bool:
    """Rotate the pairs of columns that are not orthogonal, and say whether there were any."""
    x, y = both[:rows, p], both[:rows, q]
    sizes_x, sizes_y = _norms(x), _norms(y)
    cosines = np.einsum("rc,rc->c", x / sizes_x, y / sizes_y)
    wrong = np.abs(cosines) > _EPS * rows**0.5
    if not wrong.any():
        return False
    p, q, ratio = p[wrong], q[wrong], sizes_y[wrong] / sizes_x[wrong]
    zeta = (ratio - 1 / ratio) / (2 * cosines[wrong])
    tangent = np.where(zeta < 0, -1.0, 1.0) / (np.abs(zeta) + np.hypot(1, zeta))
    cosine = 1 / np.hypot(1, tangent)
    x, y = both[:, p], both[:, q]
    both[:, p], both[:, q] = cosine * (x - tangent * y), cosine * (y + tangent * x)
    return True


def _reflect(a: Array, v: Array, tau: float) -> None:
    a -= np.multiply.outer(v, tau * (v @ a))


def _norms(a: Array) -> Array:
    """Of the columns, without squares that overflow or vanish."""
    largest = np.abs(a).max(axis=0, initial=0.0)
    norms: Array = largest * np.linalg.norm(a / np.where(largest > 0, largest, 1.0), axis=0)
    return norms
