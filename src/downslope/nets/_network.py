"""A network: layers and a loss, and the graph they stand for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import NOT_NEGATIVE, SIZE, number, whole
from downslope._checks import seed as checked_seed
from downslope._forks import cached_property
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, input_, make
from downslope.nets._builder import Layer, NetworkBuilder, checked_layers
from downslope.nets._functions import WithSettings, chosen
from downslope.nets._initializers import Start, generator, initialize
from downslope.nets._layers import Dense, Dropout
from downslope.nets._losses import LOSSES, CustomLoss, LossFunction
from downslope.nets._outline import LayerOutline, network_html, network_line, network_picture, outline_of
from downslope.nets._stages import ACTIVATION, Stage, Symbols, symbols_of

__all__ = ["Built", "Network", "NetworkGraph", "total"]


@dataclass(frozen=True)
class NetworkGraph:
    """The nodes of a network.

    Attributes:
        x, y, row_weights: the inputs of a batch: (n, inputs), (n, outputs) or (n,) for class numbers, (n,).
        parameters: every parameter by name, in the order of the layers.
        output: z of the last layer, (n, outputs).
        prediction: what is predicted: the output, or the probabilities or rates it stands for.
        errors: the loss of each row, (n,); a mean over outputs.
        data_error: the weighted mean of the errors over the rows, one number.
        error: ``data_error`` plus the penalties; this is what descends.
        weight_sums: Σ w over the rows, by which the errors are divided, by parameter: members of an ensemble
            have their own.
        stages: the named values on the way, from the first layer to the last.
        symbols: what the parameters are called.
    """

    x: Node
    y: Node
    row_weights: Node
    parameters: Mapping[str, Node]
    output: Node
    prediction: Node
    errors: Node
    data_error: Node
    error: Node
    weight_sums: Mapping[str, Node]
    stages: Sequence[Stage]
    symbols: Symbols

    def owner(self, name: str) -> tuple[Stage, str]:
        """The stage that a parameter belongs to, and its role there.

        Raises:
            DownslopeError: if there is no such parameter.

        >>> from downslope.nets import Dense
        >>> stage, role = Network(2, [Dense(3), Dense(1)]).graph().owner("layer2.bias")
        >>> stage.layer, stage.kind, role
        ('layer2', 'Dense', 'bias')
        """
        for stage in self.stages:
            for role, node in stage.parameters.items():
                if node.name == name:
                    return stage, role
        raise DownslopeError(f"there is no parameter {name!r}; there are {', '.join(self.parameters)}")


class Built:
    """What a description that builds a graph has in common: the graph is made once, and again in a copy."""

    _graphs: dict[bool, NetworkGraph]

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: the graph is built again, to the same nodes."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _graphs={})

    def graph(self, *, training: bool = False) -> NetworkGraph:
        """The nodes, with dropout at work where ``training``."""
        if training not in self._graphs:
            self._graphs[training] = self._build(NetworkBuilder(training))
        return self._graphs[training]

    def _build(self, builder: NetworkBuilder) -> NetworkGraph:
        raise NotImplementedError

    @cached_property
    def _initializers(self) -> dict[str, Start]:
        """The initialiser of each parameter, by name."""
        builder = NetworkBuilder(training=False)
        self._build(builder)
        return builder.initializers

    def initial_parameters(self, seed: int = 0, dtype: Any = np.float64) -> dict[str, NDArray[Any]]:
        """Starting values for every parameter, a function of the seed alone.

        Args:
            seed: a whole number from 0 to 2⁶⁴ − 1.
            dtype: of the arrays.

        Raises:
            DownslopeError: if the seed is none, or there is no memory for so many numbers.

        >>> from downslope.nets import Dense
        >>> net = Network(inputs=2, layers=[Dense(1, initializer="ones")])
        >>> net.initial_parameters()
        {'layer1.weight': array([[1., 1.]]), 'layer1.bias': array([0.])}
        """
        seed = checked_seed("seed", seed)
        shapes = {name: tuple(map(int, node.shape)) for name, node in self.graph().parameters.items()}
        np.empty(sum(map(math.prod, shapes.values())))  # what there is no memory for fails before any drawing
        return {
            name: initialize(start, shape, generator(seed, i)).astype(dtype)
            for i, (start, (name, shape)) in enumerate(
                zip(self._initializers.values(), shapes.items(), strict=True)
            )
        }


@suggests_keywords
@dataclass(frozen=True)
class Network(Built):
    """A feed-forward network of any size.

    Args:
        inputs: number of columns of x.
        layers: from the first to the last.
        loss: a name: squared_error, absolute_error, huber, quantile, binary_cross_entropy, cross_entropy,
            poisson; one with settings, such as ``Huber(delta=0.5)``; or a Python function from the nodes of
            the output and the target, (n, outputs), to the error of each output or of each row, (n,).
        l1: λ₁ of the penalty λ₁ Σ|w|, over weights, not biases.
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
    _graphs: dict[bool, NetworkGraph] = field(default_factory=dict, init=False, repr=False, compare=False)

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


def total(node: Node) -> Node:
    """The sum of all elements."""
    return make("sum", node, axes=None, keepdims=False)
