"""Philox4x32-10, a counter-based generator of random numbers (Salmon et al. 2011).

Word number i of a stream is a pure function of (seed, stream, step, i): nothing is carried from one
draw to the next, so any engine can compute any part of it in any order and get the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["philox", "random_order", "random_words"]

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(counter: NDArray[np.uint64], key: tuple[int, int]) -> NDArray[np.uint64]:
    """Ten rounds of Philox on counters of shape (4, blocks), each word below 2³².

    >>> [f"{int(word):08x}" for word in philox(np.zeros((4, 1), np.uint64), (0, 0))[:, 0]]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c2 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0), (p0 >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3])


def random_words(count: int, seed: int, stream: int, step: int) -> NDArray[np.uint64]:
    """``count`` words below 2³² of the stream at a step; the seed has up to 64 bits."""
    blocks = -(-count // 4)
    counter = np.empty((4, blocks), np.uint64)
    counter[0] = np.arange(blocks, dtype=np.uint64)
    counter[1], counter[2], counter[3] = stream, step & 0xFFFFFFFF, step >> 32
    return philox(counter, (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF)).T.reshape(-1)[:count]


def random_order(count: int, seed: int, stream: int, step: int) -> NDArray[np.int64]:
    """The numbers below ``count`` in random order (Fisher and Yates 1938; Durstenfeld 1964).

    Draw t is made of the words 2t and 2t + 1 of the stream; of its product with the size of the range the
    upper 64 bits are the place (Lemire 2019).

    >>> random_order(6, seed=1, stream=0, step=3)
    array([3, 4, 1, 2, 0, 5])
    """
    words = random_words(2 * max(count - 1, 0), seed, stream, step).reshape(-1, 2)
    order = list(range(count))
    for i, (low, high) in zip(range(count - 1, 0, -1), words.tolist(), strict=True):
        place = (high << 32 | low) * (i + 1) >> 64
        order[i], order[place] = order[place], order[i]
    return np.array(order, np.int64)
