"""A network at one point: the values of its nodes on some rows, and what to call them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import evaluate
from downslope.graph import Node, gradient, make, topological
from downslope.graph.notation import Symbol
from downslope.nets import Network, NetworkGraph, Stage

__all__ = ["DenseStage", "View", "dense_layers", "is_layered", "largest", "stage_symbol"]


@dataclass(frozen=True)
class DenseStage:
    """A dense layer in the graph: z = W·h + b, a = φ(z)."""

    name: str
    h: Node
    weight: Node
    bias: Node | None
    z: Node
    a: Node

    @property
    def number(self) -> str:
        """The number of the layer."""
        return self.name.removeprefix("layer")

    @property
    def activation(self) -> str:
        """φ, by name."""
        return "identity" if self.a is self.z else self.a.op.name


@lru_cache(maxsize=64)
def dense_layers(network: Network) -> tuple[DenseStage, ...]:
    """The dense layers of a network as they stand in its graph, first to last."""
    found = []
    stages = network.graph().stages
    for i, stage in enumerate(stages):
        if stage.symbol == "z":
            biased = stage.node.op.name == "add"
            product = stage.node.inputs[0] if biased else stage.node
            h, turned = product.inputs
            after = stages[i + 1] if i + 1 < len(stages) else stage
            a = after.node if (after.layer, after.symbol) == (stage.layer, "a") else stage.node
            bias = stage.node.inputs[1] if biased else None
            found.append(DenseStage(stage.layer, h, turned.inputs[0], bias, stage.node, a))
    return tuple(found)


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

    @cached_property
    def layered(self) -> bool:
        """Whether symbols need the number of their layer."""
        return is_layered(self.graph.stages)

    def symbol(self, node: Node, unit: int | None = None) -> Symbol:
        """What a node is called, or one unit of it (counted from 0)."""
        index = "" if unit is None or node.shape[-1] == 1 else str(unit + 1)
        if node is self.graph.x:
            return Symbol("x", index="" if unit is None else str(unit + 1))
        stage = self.stage(node)
        if stage is None:
            return Symbol("h", index=index)
        return stage_symbol(stage, layered=self.layered, index=index)

    def stage(self, node: Node) -> Stage | None:
        """The stage of a node."""
        return next((stage for stage in self.graph.stages if stage.node is node), None)

    def parameter_symbol(self, name: str, index: tuple[int, ...] | None = None) -> Symbol:
        """What a parameter is called, or one number of it (counted from 0)."""
        layer, kind = name.split(".")
        alone = not self.layered and all(d.weight.shape[0] == 1 for d in self.dense)
        letter = {"weight": "w" if alone else "W", "bias": "b", "scale": "γ", "shift": "β"}.get(kind, "T")
        places = () if index is None else index[1:] if alone and kind == "weight" else index
        if alone and kind == "bias":
            places = ()
        shown = ",".join(str(i + 1) for i in places)
        return Symbol(letter, index=shown, layer="" if alone else layer.removeprefix("layer"))

    def delta_symbol(self, dense: DenseStage, unit: int | None = None) -> Symbol:
        """δ of a dense layer: the derivative of the error by its z."""
        index = "" if unit is None or dense.z.shape[1] == 1 else str(unit + 1)
        return Symbol("δ", index=index, layer=dense.number if self.layered else "")

    def next_dense(self, node: Node) -> DenseStage | None:
        """The dense layer that alone takes this node, if it is so."""
        takers = [n for n in topological([self.row_errors]) if node in n.inputs]
        if len(takers) != 1:
            return None
        return next((d for d in self.dense if d.h is node and takers[0] in (d.z, *d.z.inputs)), None)


def is_layered(stages: Sequence[Stage]) -> bool:
    """Whether the symbols of a network need the numbers of layers."""
    return sum(stage.symbol == "z" for stage in stages) > 1 or len(stages) > 2


def stage_symbol(stage: Stage, *, layered: bool, index: str = "") -> Symbol:
    """What a stage is called, with the number of its layer where symbols need one."""
    number = re.search(r"\d+", stage.layer)
    letter = "r" if stage.layer.startswith("residual") else stage.symbol
    return Symbol(letter, index=index, layer=number.group() if number and layered else "")


def largest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The places of the largest values in size, all of them in their order where there are few."""
    if len(values) <= count + 1:
        return np.arange(len(values))
    return np.argsort(-np.abs(values), kind="stable")[:count]
