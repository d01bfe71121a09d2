"""Losses: the error of each row from the output z of a network and its target y."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import ClassVar, Protocol

import numpy as np

from downslope._checks import POSITIVE, Interval, number, numbers
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, ops
from downslope.nets.functions._functions import Traced, WithSettings

__all__ = ["LOSSES", "CustomLoss", "Huber", "LossFunction", "Quantile"]

_ENTROPY = "cross-entropy"
_INSIDE = Interval(0, 1, open_low=True, open_high=True)
_NUMBERS, _TWO_CLASSES, _CLASSES = "numbers", "two classes", "classes"


class LossFunction(Protocol):
    """A function of an output z and a target y, and what the output of a network stands for under it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def title(self) -> str:
        """Its name in words."""

    @property
    def suits(self) -> Sequence[str]:
        """What targets it is for: ``"numbers"``, ``"two classes"``, ``"classes"``."""

    @property
    def link(self) -> Callable[[Node], Node] | None:
        """What makes a prediction of an output; None where the output is the prediction."""

    def __call__(self, z: Node, y: Node) -> Node:
        """The error of each output, (n, outputs), or of each row, (n,)."""


@dataclass(frozen=True)
class _Loss:
    """A loss without settings."""

    name: str
    title: str
    function: Callable[[Node, Node], Node]
    suits: Sequence[str]
    link: Callable[[Node], Node] | None = None

    def __call__(self, z: Node, y: Node) -> Node:
        return self.function(z, y)


@suggests_keywords
@dataclass(frozen=True)
class Huber(WithSettings):
    """½r² where |r| ≤ delta, else delta·(|r| − ½delta), with r = y − z (Huber 1964).

    Args:
        delta: where the error turns from square to straight, above 0.

    Raises:
        DownslopeError: where delta is not above 0.

    >>> from downslope.nets import Dense, Network
    >>> Network(2, [Dense(1)], loss=Huber(delta=0.5)).loss
    Huber(delta=0.5)
    """

    name: ClassVar[str] = "huber"
    title: ClassVar[str] = "Huber loss"
    suits: ClassVar[Sequence[str]] = (_NUMBERS,)
    link: ClassVar[None] = None
    within: ClassVar[Interval] = POSITIVE
    delta: float = 1.0

    def __call__(self, z: Node, y: Node) -> Node:
        return ops.huber(z, y, self.delta)


@suggests_keywords
@dataclass(frozen=True)
class Quantile(WithSettings):
    """level·r where r > 0, else (level − 1)·r, with r = y − z (Koenker and Bassett 1978).

    The z that it is smallest for on average is the quantile of y at that level.

    Args:
        level: the share of targets that lie below what is predicted, between 0 and 1; or such a share for
            each output.

    Raises:
        DownslopeError: where a level is not between 0 and 1.
    """

    name: ClassVar[str] = "quantile"
    title: ClassVar[str] = "quantile loss"
    suits: ClassVar[Sequence[str]] = (_NUMBERS,)
    link: ClassVar[None] = None
    level: float | Sequence[float] = 0.5

    def __post_init__(self) -> None:
        name = "level of Quantile"
        if isinstance(self.level, list | tuple) or np.ndim(self.level):
            levels = numbers(name, self.level, _INSIDE)
            if not levels:
                raise DownslopeError(
                    f"{name} needs a number between 0 and 1, or one for each output, not none"
                )
            object.__setattr__(self, "level", levels)
        else:
            object.__setattr__(self, "level", number(name, self.level, _INSIDE))

    def __call__(self, z: Node, y: Node) -> Node:
        if not isinstance(self.level, tuple):
            return ops.quantile(z, y, float(self.level))  # type: ignore[arg-type]
        outputs = int(z.shape[1])
        if len(self.level) != outputs:
            raise DownslopeError(f"level needs one share for each of {outputs} outputs, not {self.level}")
        parts = [
            ops.quantile(ops.columns(z, k), ops.columns(y, k), level) for k, level in enumerate(self.level)
        ]
        return reduce(add, parts) / outputs


class CustomLoss(Traced):
    """A Python function as a loss; the output of the network is its prediction."""

    arguments = ("output", "target")
    what = "loss"
    suits: ClassVar[Sequence[str]] = ()
    link: ClassVar[None] = None

    @property
    def title(self) -> str:
        """Its name."""
        return self.name

    @classmethod
    def check_shape(cls, name: str, output: Node) -> None:
        """Raise DownslopeError where the output is not an error for each row."""
        shape = output.shape
        if shape[:1] != (BATCH,) or len(shape) > 2 or BATCH in shape[1:]:
            raise DownslopeError(
                f"the loss {name} gives the shape {shape}; it gives an error for each row and output, "
                "(n, outputs), or for each row, (n,), and does not average over rows"
            )


LOSSES: Mapping[str, LossFunction] = {
    loss.name: loss
    for loss in (
        _Loss("squared_error", "squared error", ops.squared_error, (_NUMBERS, _TWO_CLASSES)),
        _Loss("absolute_error", "absolute error", ops.absolute_error, (_NUMBERS, _TWO_CLASSES)),
        Huber(),
        Quantile(),
        _Loss("binary_cross_entropy", _ENTROPY, ops.binary_cross_entropy, (_TWO_CLASSES,), ops.sigmoid),
        _Loss("poisson", "Poisson loss", ops.poisson, (_NUMBERS,), ops.exp),
        _Loss("cross_entropy", _ENTROPY, ops.cross_entropy, (_CLASSES,), ops.softmax),
    )
}
"""Every loss by name."""
