"""Layers: each describes itself by a few settings and builds its nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from downslope._checks import NOT_NEGATIVE, POSITIVE, SHARE, SIZE, array, choice, number, show, whole, wholes
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import Node, input_, make, source_column
from downslope.graph.notation import Symbol
from downslope.nets.functions import ACTIVATIONS, ActivationFunction, CustomActivation, chosen
from downslope.nets.layers._builder import (
    Layer,
    LayerBuilder,
    check_columns,
    check_listed,
    checked_layers,
    described,
    layer_kind,
)
from downslope.nets.layers._initializers import INITIALIZERS

__all__ = ["Activation", "Dense", "Dropout", "Embedding", "LayerNorm", "Residual"]


def _starting_values(name: str, values: Any) -> Any:
    """Starting values as nested tuples of floats, so that a layer can be compared and hashed."""

    def nested(found: Any) -> Any:
        return tuple(map(nested, found)) if isinstance(found, list) else found

    return nested(array(name, values, np.float64).tolist())


@suggests_keywords
@layer_kind()
@dataclass(frozen=True)
class Dense:
    """a = φ(z), z = W h + b: every output sees every input.

    Args:
        units: number of outputs.
        activation: φ: a name, where ``"identity"`` leaves z as it is; one with settings, such as
            ``LeakyRelu(slope=0.2)``; or a Python function from the node z, (n, units), to a node.
        bias: whether there is a b, which starts at 0; or the values it starts from, (units,).
        initializer: of W, by name, or its values, (units, inputs); None suits the activation.

    Raises:
        DownslopeError: if the units, the activation or the starting values cannot be used.

    >>> from downslope.graph import ops
    >>> Dense(8, activation=lambda z: z * ops.sigmoid(z)).activation
    <activation custom>
    """

    units: int
    activation: str | ActivationFunction | Callable[[Node], Node] = "identity"
    bias: bool | Sequence[float] = True
    initializer: str | Sequence[Sequence[float]] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", whole("units of Dense", self.units, SIZE))
        if self.initializer is not None:
            if isinstance(self.initializer, str):
                start: Any = choice("initializer of Dense", self.initializer, INITIALIZERS, "the values of W")
            else:
                start = _starting_values("initializer of Dense", self.initializer)
            object.__setattr__(self, "initializer", start)
        if isinstance(self.bias, bool | np.bool_):
            object.__setattr__(self, "bias", bool(self.bias))
        else:
            object.__setattr__(self, "bias", self._starting_bias())
        known = {"identity": None, **ACTIVATIONS}
        kept = chosen(self.activation, known, CustomActivation, self.units)
        object.__setattr__(self, "activation", kept)

    def _starting_bias(self) -> Any:
        if not isinstance(self.bias, list | tuple | np.ndarray):
            raise DownslopeError(
                f"bias of Dense needs True, False or {self.units} starting values, not {show(self.bias)}"
            )
        values = _starting_values("bias of Dense", self.bias)
        if np.shape(values) != (self.units,):
            raise DownslopeError(
                f"bias of Dense needs {self.units} starting values, not the shape {np.shape(values)}"
            )
        return values

    @property
    def function(self) -> ActivationFunction | None:
        """φ; None for the identity."""
        if isinstance(self.activation, str):
            return ACTIVATIONS.get(self.activation)
        return self.activation  # type: ignore[return-value]

    def __str__(self) -> str:
        return f"{self.units} {'linear' if self.activation == 'identity' else self.activation}"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, inputs)."""
        function = self.function
        suited = function.initializer if function else "glorot_uniform"
        shape = (self.units, int(h.shape[1]))
        given = None if isinstance(self.initializer, str | None) else np.shape(self.initializer)
        if given is not None and given != shape:
            raise DownslopeError(f"initializer of Dense needs the shape {shape}, not {given}")
        weight = builder.parameter("weight", shape, self.initializer or suited, penalised=True)
        z = h @ weight.T
        if self.bias is not False:
            start = "zeros" if self.bias is True else self.bias
            z = z + builder.parameter("bias", (self.units,), start)
        builder.stage("z", z)
        a = function(z) if function else z
        return z if a is z else builder.stage("a", a, function=str(self.activation))


@suggests_keywords
@layer_kind()
@dataclass(frozen=True)
class Activation:
    """a = φ(h) of any layer's output h, such as that of a normalisation; ``Dense`` brings its own.

    Args:
        activation: φ, as of ``Dense``, but no identity.

    Raises:
        DownslopeError: if there is no such activation.

    >>> from downslope.nets import LayerNorm, Network
    >>> Network(2, [Dense(8), LayerNorm(), Activation("relu"), Dense(1)])
    <Network 2 inputs → 8 → LayerNorm 8 → Activation 8 relu → 1; squared_error; 49 parameters>
    """

    activation: str | ActivationFunction | Callable[[Node], Node]

    def __post_init__(self) -> None:
        kept = chosen(self.activation, ACTIVATIONS, CustomActivation, 1)
        object.__setattr__(self, "activation", kept)

    def __str__(self) -> str:
        return str(self.activation)

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        given = self.activation
        function: Any = ACTIVATIONS[given] if isinstance(given, str) else given
        return builder.stage("a", function(h), function=str(given))


@suggests_keywords
@layer_kind(counted="dropout")
@dataclass(frozen=True)
class Dropout:
    """In training, each value is 0 with probability ``rate``, the rest grow by 1/(1 − rate).

    Srivastava et al., "Dropout", JMLR 2014. Prediction leaves values as they are.
    """

    rate: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", number("rate of Dropout", self.rate, SHARE))

    def __str__(self) -> str:
        return f"dropout {self.rate:g}"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        if not builder.training or self.rate == 0:
            return h
        stream = builder.random_stream()
        keep = make("keep_mask", h, input_("seed", ()), input_("draw", ()), rate=self.rate, stream=stream)
        return builder.stage("d", h * (keep * (1 / (1 - self.rate))))


@suggests_keywords
@layer_kind()
@dataclass(frozen=True)
class LayerNorm:
    """γ (h − mean) / √(variance + ε) + β over each row (Ba, Kiros and Hinton 2016)."""

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", number("epsilon of LayerNorm", self.epsilon, POSITIVE))

    def __str__(self) -> str:
        return "layer normalisation"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        width = int(h.shape[1])
        centred = h - make("sum", h, axes=(1,), keepdims=True) / width
        variance = make("sum", make("square", centred), axes=(1,), keepdims=True) / width
        scale = builder.parameter("scale", (width,), "ones", symbol=Symbol("γ"))
        shift = builder.parameter("shift", (width,), "zeros", symbol=Symbol("β"))
        return builder.stage("h", centred / make("sqrt", variance + self.epsilon) * scale + shift)


@suggests_keywords
@layer_kind(counted="residual")
@dataclass(frozen=True)
class Residual:
    """h + block(h) (He et al. 2016); the block keeps the width."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", checked_layers("layers of Residual", self.layers))

    def __str__(self) -> str:
        return f"residual block ({', '.join(map(described, self.layers))})"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        out = h
        for layer in self.layers:
            out = builder.layer(layer, out)
        if out.shape != h.shape:
            raise DownslopeError(
                f"a residual block keeps the width: it got {h.shape[1]} values and gives {out.shape[1]}; "
                f"end it with Dense({h.shape[1]})"
            )
        return builder.stage("r", h + out, inputs=(h, out))


@suggests_keywords
@layer_kind()
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
        for name, within in (("columns", NOT_NEGATIVE), ("levels", SIZE), ("sizes", SIZE)):
            object.__setattr__(self, name, wholes(f"{name} of Embedding", getattr(self, name), within))
        count = len(self.columns)
        if not count:
            raise DownslopeError("columns of Embedding needs at least one column")
        for name in ("levels", "sizes"):
            if len(getattr(self, name)) != count:
                raise DownslopeError(
                    f"{name} of Embedding needs {count} numbers, one for each column, not "
                    f"{len(getattr(self, name))}"
                )
        if len(set(self.columns)) < count:
            raise DownslopeError(f"columns of Embedding needs each column once, not {self.columns}")

    def __str__(self) -> str:
        return f"vectors for the levels of {len(self.columns)} columns"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, columns).

        Raises:
            DownslopeError: for a column that h does not have, or that is no column of the network's input.
        """
        check_columns(self, self.columns, h)
        for column in self.columns:
            if source_column(h, column) is None:
                raise DownslopeError(
                    f"an embedding reads level numbers, but column {column} is computed by the layers before "
                    "it: put the embedding first, or behind layers that leave the column as it is"
                )
        width, chosen = int(h.shape[1]), set(self.columns)
        check_listed(self, width - len(chosen))
        rest = tuple(i for i in range(width) if i not in chosen)
        parts = [make("columns", h, indices=rest, squeeze=False)] if rest else []
        for column, levels, size in zip(self.columns, self.levels, self.sizes, strict=True):
            table = builder.parameter(
                f"column{column}",
                (levels, size),
                "glorot_normal",
                penalised=True,
                symbol=Symbol("T", index=str(column + 1)),
            )
            parts.append(make("take", table, make("columns", h, indices=(column,), squeeze=True)))
        return builder.stage("h", make("concatenate", *parts))
