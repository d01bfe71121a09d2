"""What other libraries compute, step by step, and the network that does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import Node
from downslope.nets import (
    Activation,
    ActivationFunction,
    Dense,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    LossFunction,
    Network,
)

__all__ = ["Affine", "Behind", "Drop", "Function", "Linear", "Norm", "Step", "Vectors", "network_of_steps"]

Numbers = NDArray[Any]
Chosen = str | ActivationFunction | Callable[[Node], Node]


@dataclass(frozen=True, eq=False)
class Linear:
    """W h + b; W is (outputs, inputs)."""

    name: str
    weight: Numbers
    bias: Numbers | None


@dataclass(frozen=True, eq=False)
class Affine:
    """scale·h + shift, of each value its own, or one for all of them, (width,) or ()."""

    name: str
    scale: Numbers
    shift: Numbers


@dataclass(frozen=True, eq=False)
class Behind:
    """A·e + b of what encoders give: features, in front of the first linear step."""

    matrix: Numbers
    shift: Numbers


@dataclass(frozen=True)
class Function:
    """φ(h). The last one may be what the loss makes of an output: ``"softmax"`` can be nothing else."""

    name: str
    function: Chosen


@dataclass(frozen=True, eq=False)
class Norm:
    """γ (h − mean) / √(variance + ε) + β over each row."""

    name: str
    scale: Numbers
    shift: Numbers
    epsilon: float


@dataclass(frozen=True)
class Drop:
    """Dropout, which rests in prediction."""

    name: str
    rate: float


@dataclass(frozen=True, eq=False)
class Vectors:
    """Each column of the inputs is the number of a level, and becomes a row of the table."""

    name: str
    table: Numbers
    columns: int


Step = Linear | Affine | Behind | Function | Norm | Drop | Vectors

_LINKS = {"sigmoid": "binary_cross_entropy", "softmax": "cross_entropy", "exp": "poisson"}
"""The loss under which an output stands for what a last function makes of it."""
_BETWEEN = {"exp": "exp", "softmax": "softmax"}  # functions that are no activation between layers


def network_of_steps(
    steps: Sequence[Step], loss: str | LossFunction | None
) -> tuple[Network, dict[str, Numbers]]:
    """The network of some steps, and its parameters.

    What scales each value (a scaler, a normalisation over batches at rest) becomes part of the linear step
    beside it, to the last digits.

    Args:
        steps: from the inputs to the outputs.
        loss: that the outputs are trained with; None takes the one whose link the last step is: cross-entropy
            for a sigmoid or a softmax, Poisson's for e to the z, else the squared error.

    Raises:
        DownslopeError: if there is no such network; it names the step and says what to do.
    """
    *before, last = steps
    link = last.function if isinstance(last, Function) else None
    if isinstance(link, str) and link in _LINKS and loss in (None, _LINKS[link]):
        loss, steps = _LINKS[link], before
    made = _Made()
    for step in steps:
        made.add(step)
    layers, values, inputs = made.finished()
    network = Network(inputs, layers, loss="squared_error" if loss is None else loss)
    names = network.graph().shapes
    dtype = np.result_type(*values)
    dtype = dtype if dtype in (np.float32, np.float64) else np.dtype(np.float64)
    parameters = {name: np.ascontiguousarray(value, dtype) for name, value in zip(names, values, strict=True)}
    for name, value in parameters.items():
        if not np.isfinite(value).all():
            raise DownslopeError(f"{name} holds numbers that are not finite; train the network again")
    return network, parameters


class _Made:
    """Layers so far, and the values of their parameters in the order in which a network has them."""

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._values: list[list[Numbers]] = []
        self._pending: Affine | None = None  # waits for the linear step behind it
        self._behind: Behind | None = None
        self._inputs: int | None = None
        self._width: int | None = None

    def add(self, step: Step) -> None:
        """The layer of one more step."""
        _ADD[type(step)](self, step)

    def finished(self) -> tuple[list[Layer], list[Numbers], int]:
        """The layers, their values, and the number of inputs."""
        self._refuse_pending()
        if self._inputs is None:
            raise DownslopeError("there is no layer with weights; give a network with one at least")
        return self._layers, [value for own in self._values for value in own], self._inputs

    def linear(self, step: Linear) -> None:
        weight, bias = step.weight, step.bias
        self._fit(step.name, weight.shape[1])
        if self._behind is not None:
            shifted, weight, self._behind = weight @ self._behind.shift, weight @ self._behind.matrix, None
            bias = shifted if bias is None else bias + shifted
        if self._pending is not None:
            shifted = weight @ np.broadcast_to(self._pending.shift, weight.shape[1])
            bias = shifted if bias is None else bias + shifted
            weight, self._pending = weight * self._pending.scale, None
        self._put(Dense(weight.shape[0], bias=bias is not None), weight, *([] if bias is None else [bias]))
        self._width = weight.shape[0]

    def affine(self, step: Affine) -> None:
        if np.ndim(step.scale):
            self._fit(step.name, len(step.scale))
        if self._width is not None:
            every = (np.broadcast_to(value, self._width) for value in (step.scale, step.shift))
            step = Affine(step.name, *every)
        last = self._layers[-1] if self._layers else None
        if self._pending is not None:
            first = self._pending
            shift = step.scale * first.shift + step.shift
            self._pending = Affine(step.name, step.scale * first.scale, shift)
        elif isinstance(last, Dense) and last.activation == "identity":
            weight, *bias = self._values.pop()
            self._layers.pop()
            moved = step.shift + (step.scale * bias[0] if bias else 0.0)
            self._put(Dense(last.units), step.scale[:, None] * weight, moved)
        else:
            self._pending = step

    def behind(self, step: Behind) -> None:
        self._width, self._inputs = map(int, step.matrix.shape)
        same = step.matrix.shape == (self._inputs, self._inputs) and not step.shift.any()
        if not same or not np.array_equal(step.matrix, np.eye(self._inputs)):
            self._behind = step

    def function(self, step: Function) -> None:
        self._refuse_pending()
        last = self._layers[-1] if self._layers else None
        if isinstance(step.function, str) and step.function in _BETWEEN:
            raise DownslopeError(
                f"{step.name} stands where it is not the end of the network; only a last one can be taken, "
                "as what the loss makes of an output: leave out what follows it"
            )
        if isinstance(step.function, str) and step.function == "identity":
            return
        if isinstance(last, Dense) and last.activation == "identity":
            self._layers[-1] = Dense(last.units, step.function, bias=last.bias)
        else:
            self._put(Activation(step.function))

    def norm(self, step: Norm) -> None:
        self._refuse_pending()
        self._fit(step.name, len(step.scale))
        self._put(LayerNorm(step.epsilon), step.scale, step.shift)

    def drop(self, step: Drop) -> None:
        if step.rate:
            self._put(Dropout(step.rate))

    def vectors(self, step: Vectors) -> None:
        if self._layers or self._pending is not None:
            raise DownslopeError(
                f"{step.name} reads level numbers behind other layers; an embedding can only come first"
            )
        levels, size = step.table.shape
        self._inputs = step.columns
        self._width = size * step.columns
        columns = range(step.columns)
        layer = Embedding(tuple(columns), (levels,) * step.columns, (size,) * step.columns)
        self._put(layer, *(step.table for _ in columns))

    def _put(self, layer: Layer, *values: Numbers) -> None:
        self._layers.append(layer)
        self._values.append(list(values))

    def _fit(self, name: str, width: int) -> None:
        """Check that a step takes as many values as the one before gives."""
        if self._width is None:
            self._inputs = self._width = int(width)
        if self._width != width:
            raise DownslopeError(
                f"{name} takes {width} values, and what is before it gives {self._width}; nothing that "
                "changes their number can be left out"
            )

    def _refuse_pending(self) -> None:
        if self._pending is not None:
            raise DownslopeError(
                f"{self._pending.name} scales each value and no linear layer follows it, of which it could "
                "become a part; put it before or behind a linear layer"
            )


_ADD: Mapping[type, Callable[[_Made, Any], None]] = {
    Linear: _Made.linear,
    Affine: _Made.affine,
    Behind: _Made.behind,
    Function: _Made.function,
    Norm: _Made.norm,
    Drop: _Made.drop,
    Vectors: _Made.vectors,
}
