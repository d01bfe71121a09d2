"""Layers: each describes itself by a few settings and builds its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from downslope.errors import DownslopeError
from downslope.graph import ACTIVATIONS, Node, input_, make, parameter
from downslope.nets._initializers import Start

__all__ = ["Builder", "Dense", "Dropout", "Embedding", "Layer", "LayerNorm", "Residual", "Stage"]


@dataclass(frozen=True)
class Stage:
    """A value on the way through the network that has a name in the mathematics.

    ``symbol`` is ``z`` for a pre-activation, ``a`` for an activation, ``h`` for anything else.
    """

    layer: str
    symbol: str
    node: Node


def _frozen(values: Any) -> Any:
    """Nested sequences as nested tuples of floats, so that a layer can be compared and hashed."""
    if isinstance(values, str | bool | None):
        return values
    try:
        if np.ndim(values) == 0:
            return float(values)
        return tuple(_frozen(v) for v in values)
    except (TypeError, ValueError):
        raise DownslopeError(f"starting values are numbers, not {values!r}") from None


@dataclass
class Builder:
    """What the layers of one network declare while it is built."""

    training: bool
    prefix: str = ""
    parameters: dict[str, Node] = field(default_factory=dict)
    initializers: dict[str, Start] = field(default_factory=dict)
    penalised: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    layers: int = 0
    readings: int = 0
    masks: int = 0

    def next_layer(self) -> str:
        """The name of the next layer that has parameters."""
        self.layers += 1
        return f"{self.prefix}layer{self.layers}"

    def next_reading(self) -> str:
        """The name of the next layer that reads its inputs in another way, apart from the others."""
        self.readings += 1
        return f"{self.prefix}reading{self.readings}"

    def next_member(self, prefix: str) -> None:
        """Start another network beside those that are built: its layers are counted from 1 again."""
        self.prefix, self.layers, self.readings = prefix, 0, 0

    def declare(
        self, name: str, shape: tuple[int, ...], initializer: Start, *, penalised: bool = False
    ) -> Node:
        """A new parameter; penalties act on those that are ``penalised``."""
        self.parameters[name] = parameter(name, shape)
        self.initializers[name] = initializer
        if penalised:
            self.penalised.append(name)
        return self.parameters[name]


class Layer(Protocol):
    """A dataclass of settings that builds nodes from the nodes before it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def build(self, builder: Builder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""


@dataclass(frozen=True)
class Dense:
    """a = φ(z), z = W h + b: every output sees every input.

    Args:
        units: number of outputs.
        activation: φ, by name; ``"identity"`` leaves z as it is.
        bias: whether there is a b, which starts at 0; or the values it starts from, (units,).
        initializer: of W, by name, or its values, (units, inputs); None suits the activation.
        slope: of ``leaky_relu`` below 0.
        alpha: of ``elu`` below 0.
    """

    units: int
    activation: str = "identity"
    bias: bool | Sequence[float] = True
    initializer: str | Sequence[Sequence[float]] | None = None
    slope: float = 0.01
    alpha: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "bias", _frozen(self.bias))
        object.__setattr__(self, "initializer", _frozen(self.initializer))
        if isinstance(self.units, bool) or not isinstance(self.units, int) or self.units < 1:
            raise DownslopeError(
                f"a dense layer needs a whole number of units of at least 1, not {self.units!r}"
            )
        if self.activation != "identity" and self.activation not in ACTIVATIONS:
            known = ", ".join(["identity", *ACTIVATIONS])
            raise DownslopeError(f"there is no activation {self.activation!r}; choose one of {known}")

    def build(self, builder: Builder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, inputs)."""
        name = builder.next_layer()
        suited = (
            "glorot_uniform" if self.activation == "identity" else ACTIVATIONS[self.activation].initializer
        )
        shape = (self.units, int(h.shape[1]))
        weight = builder.declare(f"{name}.weight", shape, self.initializer or suited, penalised=True)
        z = h @ weight.T
        if self.bias is not False:
            start = "zeros" if self.bias is True else self.bias
            z = z + builder.declare(f"{name}.bias", (self.units,), start)
        builder.stages.append(Stage(name, "z", z))
        if self.activation == "identity":
            return z
        settings = {"leaky_relu": {"slope": self.slope}, "elu": {"alpha": self.alpha}}
        a = make(self.activation, z, **settings.get(self.activation, {}))
        builder.stages.append(Stage(name, "a", a))
        return a


@dataclass(frozen=True)
class Dropout:
    """In training, each value is 0 with probability ``rate``, the rest grow by 1/(1 − rate).

    Srivastava et al., "Dropout", JMLR 2014. Prediction leaves values as they are.
    """

    rate: float

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise DownslopeError(f"a dropout rate is at least 0 and below 1, not {self.rate!r}")

    def build(self, builder: Builder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        if not builder.training or self.rate == 0:
            return h
        builder.masks += 1
        keep = make(
            "keep_mask", h, input_("seed", ()), input_("draw", ()), rate=self.rate, stream=builder.masks
        )
        dropped = h * (keep * (1 / (1 - self.rate)))
        builder.stages.append(Stage(f"{builder.prefix}dropout{builder.masks}", "h", dropped))
        return dropped


@dataclass(frozen=True)
class LayerNorm:
    """γ (h − mean) / √(variance + ε) + β over each row (Ba, Kiros and Hinton 2016)."""

    epsilon: float = 1e-5

    def build(self, builder: Builder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        name = builder.next_layer()
        width = int(h.shape[1])
        centred = h - make("sum", h, axes=(1,), keepdims=True) / width
        variance = make("sum", make("square", centred), axes=(1,), keepdims=True) / width
        scale = builder.declare(f"{name}.scale", (width,), "ones")
        shift = builder.declare(f"{name}.shift", (width,), "zeros")
        normal = centred / make("sqrt", variance + self.epsilon) * scale + shift
        builder.stages.append(Stage(name, "h", normal))
        return normal


@dataclass(frozen=True)
class Residual:
    """h + block(h) (He et al. 2016); the block keeps the width."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))

    def build(self, builder: Builder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        out = h
        for layer in self.layers:
            out = layer.build(builder, out)
        if out.shape != h.shape:
            raise DownslopeError(
                f"a residual block keeps the width: it got {h.shape[1]} values and gives {out.shape[1]}; "
                f"end it with Dense({h.shape[1]})"
            )
        total = h + out
        builder.stages.append(Stage(f"{builder.prefix}residual after layer{builder.layers}", "h", total))
        return total


@dataclass(frozen=True)
class Embedding:
    """A learned vector for each level of a category; the other columns pass unchanged, in front.

    Args:
        columns: which columns of the input hold level numbers (0, 1, …).
        levels: the number of levels of each of them.
        sizes: the length of the vector of each of them.
    """

    columns: tuple[int, ...]
    levels: tuple[int, ...]
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("columns", "levels", "sizes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not len(self.columns) == len(self.levels) == len(self.sizes) > 0:
            raise DownslopeError("an embedding needs as many levels and sizes as columns, and at least one")

    def build(self, builder: Builder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, columns)."""
        name = builder.next_layer()
        rest = tuple(i for i in range(int(h.shape[1])) if i not in self.columns)
        parts = [make("columns", h, indices=rest, squeeze=False)] if rest else []
        for column, levels, size in zip(self.columns, self.levels, self.sizes, strict=True):
            table = builder.declare(f"{name}.column{column}", (levels, size), "glorot_normal", penalised=True)
            parts.append(make("take", table, make("columns", h, indices=(column,), squeeze=True)))
        joined = make("concatenate", *parts)
        builder.stages.append(Stage(name, "h", joined))
        return joined
