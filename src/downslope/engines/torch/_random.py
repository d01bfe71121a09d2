"""Philox4x32-10 in torch: the words of ``engines._random``, bit for bit, on any device.

Words below 2³² are held as int64, which every device has. Products of two of them wrap around as those of
unsigned numbers do, so that only the shift to the upper half needs a mask.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["keep_mask"]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF


def _rounds(c: tuple[Any, Any, Any, Any], key: tuple[Any, Any]) -> tuple[Any, Any, Any, Any]:
    """Ten rounds on four words of a counter, which broadcast."""
    c0, c1, c2, c3 = c
    k0, k1 = key
    for _ in range(10):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c2 = ((p1 >> 32) & _LOW) ^ c1 ^ k0, ((p0 >> 32) & _LOW) ^ c3 ^ k1
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
    return c0, c1, c2, c3


def keep_mask(like: Any, seed: Any, draw: Any, streams: list[int], rate: float, places: Any = None) -> Any:
    """1 with probability 1 − rate, else 0, as ``engines._arrays.keep_mask`` has it.

    Args:
        like: gives rows, columns, dtype and device by its last two axes.
        seed, draw: whole numbers, int64 of any sign for 64 bits.
        streams: of each mask; several make a stack of masks.
        rate: of numbers that are dropped.
        places: of the rows in a batch that ranks share, int64 on the device.
    """
    rows, columns = like.shape[-2:]
    blocks = -(-columns // 4)
    # with a number from memory: compiled, what only counts along an axis would be multiplied in 32 bits
    place = torch.arange(rows * blocks, device=like.device) + draw - draw
    if places is not None:
        place = (place.reshape(rows, blocks) % blocks + places[:, None] * blocks).reshape(-1)
    stream = streams[0] if len(streams) == 1 else torch.tensor(streams, device=like.device)[:, None]
    zero = torch.zeros_like(place)
    counter = (place, zero + stream, zero + (draw & _LOW), zero + ((draw >> 32) & _LOW))
    words = torch.stack(_rounds(counter, (seed & _LOW, (seed >> 32) & _LOW)), dim=-1)
    mask = words.reshape(*words.shape[:-2], rows, blocks * 4)[..., :columns] >= int(rate * 2**32)
    return mask.to(like.dtype)
