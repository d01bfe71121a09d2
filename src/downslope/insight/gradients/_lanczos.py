"""Lanczos' method: a symmetric matrix on the space that its powers make of one vector."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["lanczos"]

_FLAT = 1e-10  # of a product: what is left of it when it has no new direction

Vector = NDArray[np.float64]


def lanczos(product: Callable[[Vector], Vector], first: Vector, most: int) -> tuple[Vector, Vector]:
    """An orthonormal basis Q of the space of v, Av, A²v, …, (at most ``most``, n), and Q A Qᵀ.

    With full reorthogonalisation (Golub and Meurant 2010): the eigenvalues of Q A Qᵀ are close to the
    outermost ones of A.

    Args:
        product: A times a vector, (n,) of (n,).
        first: v, (n,).
        most: rows of Q; there are fewer where the space ends.

    >>> matrix = np.diag([-2.0, 1.0, 1.0, 5.0])
    >>> q, small = lanczos(lambda v: matrix @ v, np.ones(4), 10)
    >>> np.linalg.eigvalsh(small).round(9)
    array([-2.,  1.,  5.])
    """
    basis, products = [first / (np.linalg.norm(first) or 1.0)], list[Vector]()
    for _ in range(min(most, len(first))):
        products.append(product(basis[-1]))
        rest = products[-1]
        for _ in range(2):  # twice is enough (Parlett 1980)
            rest = rest - np.transpose(basis) @ (np.array(basis) @ rest)
        size = float(np.linalg.norm(rest))
        if not size > _FLAT * np.linalg.norm(products[-1]):
            break
        basis.append(rest / size)
    q = np.array(basis[: len(products)])
    small = q @ np.transpose(products)
    return q, (small + small.T) / 2
