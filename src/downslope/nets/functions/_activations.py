"""Activation functions: what may follow a dense layer, by name, with settings, or as a Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, ops
from downslope.nets.functions._functions import Traced, WithSettings

__all__ = ["ACTIVATIONS", "ActivationFunction", "CustomActivation", "Elu", "LeakyRelu"]

_GLOROT, _HE = "glorot_uniform", "he_uniform"


class ActivationFunction(Protocol):
    """φ: a function of the node z, and the initializer of the weights before it that suits it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def initializer(self) -> str:
        """The initializer that keeps the variance of a layer's output near that of its input."""

    def __call__(self, z: Node) -> Node:
        """The node φ(z)."""


@dataclass(frozen=True)
class _Activation:
    """An activation function without settings."""

    name: str
    function: Callable[[Node], Node]
    initializer: str = _GLOROT

    def __call__(self, z: Node) -> Node:
        return self.function(z)


@suggests_keywords
@dataclass(frozen=True)
class LeakyRelu(WithSettings):
    """z where z > 0, else slope·z.

    Args:
        slope: below 0.

    Raises:
        DownslopeError: where the slope is no finite number.

    >>> from downslope.nets import Dense
    >>> Dense(4, LeakyRelu(slope=0.2)).activation
    LeakyRelu(slope=0.2)
    """

    name: ClassVar[str] = "leaky_relu"
    initializer: ClassVar[str] = _HE
    slope: float = 0.01

    def __call__(self, z: Node) -> Node:
        return ops.leaky_relu(z, self.slope)


@suggests_keywords
@dataclass(frozen=True)
class Elu(WithSettings):
    """z where z > 0, else alpha·(eᶻ − 1) (Clevert et al. 2015).

    Args:
        alpha: minus the value far below 0.

    Raises:
        DownslopeError: where alpha is no finite number.
    """

    name: ClassVar[str] = "elu"
    initializer: ClassVar[str] = _HE
    alpha: float = 1.0

    def __call__(self, z: Node) -> Node:
        return ops.elu(z, self.alpha)


class CustomActivation(Traced):
    """A Python function as an activation."""

    arguments = ("z",)
    what = "activation"
    initializer: ClassVar[str] = _GLOROT

    @classmethod
    def check_shape(cls, name: str, output: Node) -> None:
        """Raise DownslopeError where the output has no row for each row."""
        if len(output.shape) != 2 or output.shape[0] != BATCH or output.shape[1] == BATCH:
            raise DownslopeError(
                f"the activation {name} gives the shape {output.shape}; it gives values for each row, (n, "
                "width)"
            )


ACTIVATIONS: Mapping[str, ActivationFunction] = {
    function.name: function
    for function in (
        _Activation("sigmoid", ops.sigmoid),
        _Activation("tanh", ops.tanh),
        _Activation("relu", ops.relu, _HE),
        LeakyRelu(),
        Elu(),
        _Activation("selu", ops.selu),
        _Activation("gelu", ops.gelu, _HE),
        _Activation("silu", ops.silu, _HE),
        _Activation("softplus", ops.softplus, _HE),
        _Activation("mish", ops.mish, _HE),
    )
}
"""Every activation but the identity, by name."""
