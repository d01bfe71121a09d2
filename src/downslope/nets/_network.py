"""A network: layers and a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

from downslope._checks import NOT_NEGATIVE, SIZE, number, whole
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, input_, make
from downslope.nets._built import GraphAndStarts, NetworkGraph
from downslope.nets._outline import LayerOutline, network_html, network_line, network_picture, outline_of
from downslope.nets._savable import Savable
from downslope.nets.functions import LOSSES, CustomLoss, LossFunction, WithSettings, chosen, to_json
from downslope.nets.layers import (
    ACTIVATION,
    Dense,
    Dropout,
    Layer,
    NetworkBuilder,
    checked_layers,
    layers_to_json,
    symbols_of,
)

__all__ = ["SETTINGS", "Network", "total"]

SETTINGS = ("inputs", "l1", "l2")
"""The settings of a network that are plain numbers."""


@suggests_keywords
@dataclass(frozen=True)
class Network(Savable):
    """A feed-forward network of any size.

    Args:
        inputs: number of columns of x.
        layers: from the first to the last.
        loss: a name: squared_error, absolute_error, huber, quantile, binary_cross_entropy, cross_entropy,
            poisson; one with settings, such as ``Huber(delta=0.5)``; or a Python function from the nodes of
            the output and the target, (n, outputs), to the error of each output or of each row, (n,).
        l1: λ₁ of the penalty λ₁ Σ|w|, over weights, not biases. ``optimizer="lbfgs"`` of ``descend`` makes
            weights exactly 0 by it.
        l2: λ₂ of the penalty ½ λ₂ Σw².

    Raises:
        DownslopeError: where the parts do not fit together.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=3, layers=[Dense(4, "tanh"), Dense(1)], loss="squared_error")
    >>> {name: node.shape for name, node in net.graph().parameters.items()}
    {'layer1.weight': (4, 3), 'layer1.bias': (4,), 'layer2.weight': (1, 4), 'layer2.bias': (1,)}
    """

    inputs: int
    layers: Sequence[Layer]
    loss: str | LossFunction | Callable[[Node, Node], Node] = "squared_error"
    l1: float = 0.0
    l2: float = 0.0
    _graphs: dict[bool, GraphAndStarts] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", whole("inputs", self.inputs, SIZE))
        object.__setattr__(self, "layers", checked_layers("layers", self.layers))
        for name in ("l1", "l2"):
            object.__setattr__(self, name, number(name, getattr(self, name), NOT_NEGATIVE))
        object.__setattr__(self, "loss", chosen(self.loss, LOSSES, CustomLoss, self._width()))
        self.graph()

    def __repr__(self) -> str:
        return network_line(self.outline(), str(self.loss))

    def _repr_html_(self) -> str:
        """What a notebook shows: the layers in a line and as a picture."""
        return network_html(self.outline(), str(self.loss))

    def to_json(self) -> dict[str, Any]:
        """The description as plain data: settings, layers and starting values, without parameters.

        >>> from downslope.nets import Dense
        >>> Network(inputs=2, layers=[Dense(1)]).to_json()["layers"]
        [{'layer': 'Dense', 'units': 1}]
        """
        return {
            **{name: getattr(self, name) for name in SETTINGS},
            "loss": to_json(self.loss),
            "layers": layers_to_json(self.layers, self.inputs),
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the layers with matplotlib: units, how they are joined, widths and numbers of parameters.

        Of large layers and of many layers the first and the last are drawn.

        Args:
            ax: axes of matplotlib to draw on; None makes a figure.

        Returns:
            The axes.

        Raises:
            DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
        """
        return network_picture(self.outline(), str(self.loss)).draw(ax)

    def outline(self) -> tuple[LayerOutline, ...]:
        """The inputs and the layers, from the first to the last: kind, width, number of parameters."""
        graph = self.graph(training=True)
        return outline_of(graph.x, graph.stages)

    @property
    def is_dense(self) -> bool:
        """Whether all layers but dropout are dense, and no activation changes the number of values."""
        dense = all(isinstance(layer, Dense | Dropout) for layer in self.layers)
        activated = [stage for stage in self.graph().stages if stage.kind == ACTIVATION]
        return dense and all(stage.node.shape == stage.inputs[0].shape for stage in activated)

    def _width(self) -> int:
        """The number of outputs, which a loss that is a Python function is traced with."""
        if isinstance(self.loss, str | WithSettings) or not callable(self.loss):
            return 0
        return int(self.output(NetworkBuilder(False), input_("x", (BATCH, self.inputs))).shape[1])

    @property
    def loss_function(self) -> LossFunction:
        """The loss as a function of nodes."""
        return LOSSES[self.loss] if isinstance(self.loss, str) else self.loss  # type: ignore[return-value]

    def _build(self, builder: NetworkBuilder) -> NetworkGraph:
        x = input_("x", (BATCH, self.inputs))
        z = self.output(builder, x)
        y = self.targets(z)
        row_weights = input_("row_weights", (BATCH,))
        errors = self.errors(z, y)
        weight_sum = total(row_weights)
        data_error = total(errors * row_weights) / weight_sum
        stages, symbols = symbols_of(builder.stages, builder.symbols)
        return NetworkGraph(
            x,
            y,
            row_weights,
            builder.parameters,
            z,
            self.predicted(z),
            errors,
            data_error,
            self.penalised(data_error, builder.penalised),
            dict.fromkeys(builder.parameters, weight_sum),
            stages,
            symbols,
            self.l1_of(builder.penalised),
        )

    def output(self, builder: NetworkBuilder, x: Node) -> Node:
        """z of the last layer on the inputs x."""
        z = x
        for layer in self.layers:
            z = builder.layer(layer, z)
        if self.loss == "cross_entropy" and int(z.shape[1]) < 2:
            raise DownslopeError(
                "cross_entropy needs an output for each class; end with Dense(number of classes)"
            )
        return z

    def targets(self, z: Node) -> Node:
        """The input y that goes with an output."""
        return input_("y", (BATCH,) if self.loss == "cross_entropy" else z.shape)

    def errors(self, z: Node, y: Node) -> Node:
        """The loss of each row, (n,); a mean over outputs."""
        errors = self.loss_function(z, y)
        if errors.shape == (BATCH,):
            return errors
        return make("sum", errors, axes=(1,), keepdims=False) / int(errors.shape[1])

    def predicted(self, z: Node) -> Node:
        """What an output stands for under the loss."""
        link = self.loss_function.link
        return link(z) if link else z

    def penalised(self, error: Node, weights: Sequence[Node], share: float = 1.0) -> Node:
        """An error plus a share of the penalties on some weights."""
        for weight in weights:
            if self.l1:
                error = error + share * self.l1 * total(make("absolute", weight))
            if self.l2:
                error = error + share * self.l2 / 2 * total(make("square", weight))
        return error

    def l1_of(self, weights: Sequence[Node], share: float = 1.0) -> dict[str, float]:
        """The factor of the absolute values of some weights in a share of the penalties, by their names."""
        return {weight.name: share * self.l1 for weight in weights if self.l1}


def total(node: Node) -> Node:
    """The sum of all elements."""
    return make("sum", node, axes=None, keepdims=False)
