"""Torch as the array namespace of the elementwise ops: NumPy's names for tensors."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["astype", "ndtr"]


def __getattr__(name: str) -> Any:
    return getattr(torch, name)


def ndtr(z: Any) -> Any:
    """Φ(z), accurate in the lower tail; in float64, since the tail feels each digit of z."""
    return (0.5 * torch.special.erfc(-z.double() * 0.5**0.5)).to(z.dtype)


def astype(a: Any, dtype: Any) -> Any:
    """A tensor in another dtype."""
    return a.to(dtype)
