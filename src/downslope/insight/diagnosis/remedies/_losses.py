"""Calls with another loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from downslope.insight.diagnosis.measured import Call
from downslope.nets import Huber

__all__ = ["EFFICIENT", "huber_of", "with_loss"]

EFFICIENT = 1.345
"""Spreads at which Huber's loss turns: 95% efficient where errors are normal (Huber 1981)."""


def huber_of(spread: float) -> Huber:
    """Huber's loss for errors of this spread, its delta in three digits."""
    return Huber(delta=float(f"{EFFICIENT * spread:.3g}"))


def with_loss(call: Call, loss: Any) -> Call:
    """The same call with another loss of the same targets."""
    return call.with_network(replace(call.network, loss=loss))
