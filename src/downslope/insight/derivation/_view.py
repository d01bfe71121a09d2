"""A network at one point: the values of its nodes on some rows, and what to call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import evaluate
from downslope.graph import Node, gradient, make, topological
from downslope.graph.notation import Symbol
from downslope.nets import ACTIVATION, Network, NetworkGraph, Stage

__all__ = ["DenseStage", "View", "dense_layers", "largest"]


@dataclass(frozen=True)
class DenseStage:
    """A dense layer in the graph: z = W·h + b, a = φ(z)."""

    name: str
    symbol: Symbol
    h: Node
    weight: Node
    bias: Node | None
    z: Node
    a: Node
    activation: str


@lru_cache(maxsize=64)
def dense_layers(network: Network) -> tuple[DenseStage, ...]:
    """The dense layers of a network as they stand in its graph, first to last."""
    stages = network.graph().stages
    after = {stage.layer: stage for stage in stages if stage.kind == ACTIVATION}
    return tuple(_dense(stage, after.get(stage.layer)) for stage in stages if stage.kind == "Dense")


def _dense(stage: Stage, after: Stage | None) -> DenseStage:
    weight, bias = stage.parameters["weight"], stage.parameters.get("bias")
    a, activation = (after.node, after.function) if after else (stage.node, "identity")
    return DenseStage(stage.layer, stage.symbol, stage.inputs[0], weight, bias, stage.node, a, activation)


class View:
    """The nodes of training, evaluated on some rows."""

    def __init__(self, network: Network, given: Mapping[str, NDArray[Any]]) -> None:
        self.network = network
        self.graph: NetworkGraph = network.graph()
        self.given = given
        self._values: dict[Node, NDArray[Any]] = {}

    @cached_property
    def dense(self) -> tuple[DenseStage, ...]:
        """The dense layers, first to last."""
        return dense_layers(self.network)

    @cached_property
    def row_errors(self) -> Node:
        """The sum of the rows' errors, whose gradient holds each row's own."""
        return make("sum", self.graph.errors, axes=None, keepdims=False)

    @cached_property
    def deltas(self) -> Mapping[Node, Node]:
        """∂(a row's error)/∂(stage), by the node of the stage: one row of factors for each row."""
        nodes = list(dict.fromkeys(stage.node for stage in self.graph.stages))
        return dict(zip(nodes, gradient(self.row_errors, nodes), strict=True))

    @cached_property
    def slopes(self) -> Mapping[str, tuple[Node, Node]]:
        """∂(data error) and ∂(error with penalties), by parameter."""
        names, nodes = zip(*self.graph.parameters.items(), strict=True)
        plain = gradient(self.graph.data_error, list(nodes))
        whole = gradient(self.graph.error, list(nodes))
        return dict(zip(names, zip(plain, whole, strict=True), strict=True))

    def values(self, *nodes: Node) -> list[NDArray[Any]]:
        """The values of nodes on the rows of this view."""
        wanted = [node for node in nodes if node not in self._values]
        if wanted:
            # everything a derivation may show comes from one pass over the graph
            self._values.update(zip(wanted, evaluate(wanted, self.given), strict=True))
        return [self._values[node] for node in nodes]

    def value(self, node: Node) -> NDArray[Any]:
        """The value of one node."""
        return self.values(node)[0]

    def symbol(self, node: Node, unit: int | None = None) -> Symbol:
        """What a node is called, or one unit of it (counted from 0)."""
        index = "" if unit is None or node.shape[-1] == 1 else str(unit + 1)
        if node is self.graph.x:
            return Symbol("x", index="" if unit is None else str(unit + 1))
        stage = self.stage(node)
        if stage is None:
            return Symbol("h", index=index)
        return replace(stage.symbol, index=index)

    def stage(self, node: Node) -> Stage | None:
        """The stage of a node."""
        return next((stage for stage in self.graph.stages if stage.node is node), None)

    def parameter_symbol(self, name: str, index: tuple[int, ...] | None = None) -> Symbol:
        """What a parameter is called, or one number of it (counted from 0)."""
        return self.graph.symbols.of(name, index or ())

    def delta_symbol(self, dense: DenseStage, unit: int | None = None) -> Symbol:
        """δ of a dense layer: the derivative of the error by its z."""
        index = "" if unit is None or dense.z.shape[1] == 1 else str(unit + 1)
        return Symbol("δ", index=index, layer=dense.symbol.layer)

    def next_dense(self, node: Node) -> DenseStage | None:
        """The dense layer that alone takes this node, if it is so."""
        takers = [n for n in topological([self.row_errors]) if node in n.inputs]
        if len(takers) != 1:
            return None
        return next((d for d in self.dense if d.h is node and takers[0] in (d.z, *d.z.inputs)), None)


def largest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The places of the largest values in size, all of them in their order where there are few."""
    if len(values) <= count + 1:
        return np.arange(len(values))
    return np.argsort(-np.abs(values), kind="stable")[:count]
