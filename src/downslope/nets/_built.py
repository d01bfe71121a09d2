"""What builds a graph from a description, and the nodes it builds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from downslope._checks import seed as checked_seed
from downslope._collector import uncollected
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.graph import Node
from downslope.nets.layers import NetworkBuilder, Stage, Start, Symbols, generator, initialize

__all__ = ["Built", "GraphAndStarts", "NetworkGraph"]


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
        l1: the factor of the absolute values in ``error``, by the parameters that are penalised so.
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
    l1: Mapping[str, float]

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each parameter, by name."""
        return {name: tuple(map(int, node.shape)) for name, node in self.parameters.items()}

    @cached_property
    def size(self) -> int:
        """How many numbers all parameters have together."""
        return sum(map(math.prod, self.shapes.values()))

    @cached_property
    def places(self) -> Mapping[str, slice]:
        """Where the numbers of each parameter stand in a flat list of all of them, by name."""
        ends = list(accumulate(map(math.prod, self.shapes.values()), initial=0))
        return dict(zip(self.shapes, map(slice, ends, ends[1:]), strict=True))

    def owner(self, name: str) -> tuple[Stage, str]:
        """The stage that a parameter belongs to, and its role there.

        Raises:
            DownslopeError: if there is no such parameter.

        >>> from downslope.nets import Dense, Network
        >>> stage, role = Network(2, [Dense(3), Dense(1)]).graph().owner("layer2.bias")
        >>> stage.layer, stage.kind, role
        ('layer2', 'Dense', 'bias')
        """
        for stage in self.stages:
            for role, node in stage.parameters.items():
                if node.name == name:
                    return stage, role
        raise DownslopeError(f"there is no parameter {name!r}; there are {', '.join(self.parameters)}")


GraphAndStarts: TypeAlias = tuple[NetworkGraph, Mapping[str, Start]]
"""The nodes, and the initialiser of each parameter by name."""


class Built:
    """What a description that builds a graph has in common: the graph is made once, and again in a copy."""

    _graphs: dict[bool, GraphAndStarts]

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: the graph is built again, to the same nodes."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _graphs={})

    def graph(self, *, training: bool = False) -> NetworkGraph:
        """The nodes, with dropout at work where ``training``."""
        return (self._graphs.get(training) or self._made(training))[0]

    @uncollected
    def _made(self, training: bool) -> GraphAndStarts:
        builder = NetworkBuilder(training)
        self._graphs[training] = self._build(builder), builder.initializers
        return self._graphs[training]

    def _build(self, builder: NetworkBuilder) -> NetworkGraph:
        raise NotImplementedError

    @cached_property
    def _initializers(self) -> Mapping[str, Start]:
        """The initialiser of each parameter, by name."""
        return (self._graphs.get(False) or self._made(False))[1]

    def initial_parameters(self, seed: int = 0, dtype: Any = np.float64) -> dict[str, NDArray[Any]]:
        """Starting values for every parameter, a function of the seed alone.

        Args:
            seed: a whole number from 0 to 2⁶⁴ − 1.
            dtype: of the arrays.

        Raises:
            DownslopeError: if the seed is none, or there is no memory for so many numbers.

        >>> from downslope.nets import Dense, Network
        >>> net = Network(inputs=2, layers=[Dense(1, initializer="ones")])
        >>> net.initial_parameters()
        {'layer1.weight': array([[1., 1.]]), 'layer1.bias': array([0.])}
        """
        seed = checked_seed("seed", seed)
        shapes = self.graph().shapes
        np.empty(self.graph().size)  # what there is no memory for fails before any drawing
        return {
            name: initialize(start, shape, generator(seed, i)).astype(dtype)
            for i, (start, (name, shape)) in enumerate(
                zip(self._initializers.values(), shapes.items(), strict=True)
            )
        }
