"""A network at one point: the values of its nodes on some rows, and what to call them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import index
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.engines import evaluate
from downslope.graph import BATCH, Node, gradient, make, topological
from downslope.graph.notation import Expression, Symbol, partial
from downslope.nets import ACTIVATION, Network, NetworkGraph, Point, Stage, checked_one, parameter_values
from downslope.training import checked_data

__all__ = ["DenseStage", "NetworkView", "dense_layers", "interior", "view_at"]

_COLUMNS = ("x", "y", "row_weights")
_ERROR = Symbol("E")


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
    return _dense_of(network.graph())


def _dense_of(graph: NetworkGraph) -> tuple[DenseStage, ...]:
    after = {stage.layer: stage for stage in graph.stages if stage.kind == ACTIVATION}
    return tuple(_dense(stage, after.get(stage.layer)) for stage in graph.stages if stage.kind == "Dense")


def _dense(stage: Stage, after: Stage | None) -> DenseStage:
    weight, bias = stage.parameters["weight"], stage.parameters.get("bias")
    a, activation = (after.node, after.function) if after else (stage.node, "identity")
    return DenseStage(stage.layer, stage.symbol, stage.inputs[0], weight, bias, stage.node, a, activation)


class NetworkView:
    """The nodes of training, evaluated on some rows.

    Args:
        network: whose nodes.
        graph: those of training, or those with dropout at rest.
        given: the values of its parameters and inputs.
        one_row: whether it is of one row, the last one of ``given``, to which those before it give its place
            in the batch, and so what dropout makes of it. Its error is called ``error``. The errors of many
            are Eᵣ, and E is their weighted mean.
        error: what the error of one row is called.
    """

    def __init__(
        self,
        network: Network,
        graph: NetworkGraph,
        given: Mapping[str, Any],
        *,
        one_row: bool,
        error: Symbol = _ERROR,
    ) -> None:
        self.network = network
        self.graph = graph
        self.given = {name: given[name][-1:] for name in _COLUMNS} if one_row else given
        self.one_row = one_row
        self.error = error if one_row else Symbol("E", index="r")
        self._evaluated = {**given, "row_weights": _of_the_last(given["row_weights"])} if one_row else given
        self._values: dict[Node, NDArray[Any]] = {}

    @cached_property
    def dense(self) -> tuple[DenseStage, ...]:
        """The dense layers, first to last."""
        return _dense_of(self.graph)

    @cached_property
    def row_errors(self) -> Node:
        """The sum of the rows' errors, whose gradient holds each row's own."""
        return make("sum", self.graph.errors, axes=None, keepdims=False)

    @cached_property
    def _stage_gradients(self) -> Mapping[Node, Node]:
        nodes = list(dict.fromkeys(stage.node for stage in self.graph.stages))
        return dict(zip(nodes, gradient(self.row_errors, nodes), strict=True))

    @cached_property
    def gradients(self) -> Mapping[str, tuple[Node, Node]]:
        """∂(data error) and ∂(error with penalties), by parameter."""
        names, nodes = zip(*self.graph.parameters.items(), strict=True)
        plain = gradient(self.graph.data_error, list(nodes))
        whole = gradient(self.graph.error, list(nodes))
        return dict(zip(names, zip(plain, whole, strict=True), strict=True))

    def value(self, node: Node) -> NDArray[Any]:
        """The value of a node on the rows of this view."""
        if node not in self._values:
            # on one row everything a derivation may show comes from one pass over the graph
            more = [*self._stage_gradients, *self._stage_gradients.values()] if self.one_row else []
            wanted = [n for n in dict.fromkeys([node, *more]) if n not in self._values]
            self._values.update(zip(wanted, map(self._own, wanted, self.evaluate(wanted)), strict=True))
        return self._values[node]

    def evaluate(self, nodes: Sequence[Node]) -> list[NDArray[Any]]:
        """The values of nodes, with those of the rows that only give the one row its place."""
        return evaluate(nodes, self._evaluated)

    def _own(self, node: Node, value: NDArray[Any]) -> NDArray[Any]:
        return value[-1:] if self.one_row and BATCH in node.shape[:1] else value

    def row_gradients(self, name: str) -> NDArray[Any]:
        """∂(each row's error)/∂parameter, the rows first: of each row by itself."""
        node = gradient(self.graph.data_error, [self.graph.parameters[name]])[0]
        count = len(self._evaluated["x"])
        alone = np.eye(count)[-1:] if self.one_row else np.eye(count)
        found = [evaluate([node], {**self._evaluated, "row_weights": weights})[0] for weights in alone]
        return np.array(found, np.float64)

    def upstream(self, node: Node) -> NDArray[Any]:
        """∂(a row's error)/∂node: one row of factors for each row."""
        found = self._stage_gradients.get(node)
        return self.value(gradient(self.row_errors, [node])[0] if found is None else found)

    def stage(self, node: Node) -> Stage | None:
        """The stage of a node."""
        return next((stage for stage in self.graph.stages if stage.node is node), None)

    def symbol(self, node: Node, unit: int | str | None = None) -> Symbol:
        """What a node is called, or one unit of it: counted from 0, or an index such as ``"k"``."""
        alone = unit is None or (node.shape[-1] == 1 and node is not self.graph.x)
        index = "" if alone else unit if isinstance(unit, str) else str(int(unit or 0) + 1)
        if node is self.graph.x:
            return Symbol("x", index=index)
        stage = self.stage(node)
        if stage is not None:
            return replace(stage.symbol, index=index)
        taken_by = next(stage for stage in self.graph.stages if node in stage.inputs)
        return Symbol("u", index=index, layer=taken_by.symbol.layer)

    def parameter_symbol(self, name: str, index: tuple[int, ...] = ()) -> Symbol:
        """What a parameter is called, or one number of it (counted from 0)."""
        return self.graph.symbols.of(name, index)

    def gradient_symbol(self, node: Node, unit: int | str | None = None) -> Expression:
        """∂(a row's error)/∂node: δ where the node is the z of a dense layer."""
        symbol = self.symbol(node, unit)
        stage = self.stage(node)
        if stage is not None and stage.kind == "Dense":
            return replace(symbol, letter="δ")
        return partial(self.error, symbol)

    def uses(self, node: Node) -> Sequence[Stage | None] | None:
        """The stages that take a node, each as often as it does, None for the loss; None if others do too."""
        stages = [stage for stage in self.graph.stages for source in stage.inputs if source is node]
        explained = {n for stage in stages for n in interior(stage.node, stage.inputs)}
        loss = node is self.graph.output
        if loss:
            explained |= interior(self.graph.errors, (node,))
        return [*stages, *([None] if loss else [])] if self._takers[node] <= explained else None

    @cached_property
    def _takers(self) -> Mapping[Node, set[Node]]:
        found = defaultdict(set)
        for node in topological([self.graph.errors]):
            for source in node.inputs:
                found[source].add(node)
        return found

    def after(self, first: Stage) -> Sequence[Stage]:
        """A stage and all that depend on it, first to last."""
        reached = {first.node}
        for node in topological([self.graph.errors]):
            if any(source in reached for source in node.inputs):
                reached.add(node)
        return [stage for stage in self.graph.stages if stage.node in reached]


def view_at(
    network: Network, x: ArrayLike, y: ArrayLike, parameters: Point | None, row: int | None
) -> NetworkView:
    """A network at the parameters that are given, on one row or on all, in float64.

    Raises:
        DownslopeError: if there is no such row, or the data or the parameters do not fit.
    """
    data = checked_data(checked_one(network), x, y, None)
    data = {name: values.astype(np.float64) for name, values in data.items()}
    start = network.initial_parameters(0)
    point = start if parameters is None else parameter_values(network, parameters, np.dtype(np.float64))
    if row is not None:
        row = index("row", row, len(data["x"]))
        data = {name: values[row : row + 1] for name, values in data.items()}
    return NetworkView(network, network.graph(), {**point, **data}, one_row=row is not None)


def _of_the_last(weights: NDArray[Any]) -> NDArray[Any]:
    """Weights by which the mean over the rows is the last one alone."""
    found = np.zeros_like(weights)
    found[-1] = 1
    return found


def interior(node: Node, sources: Container[Node]) -> set[Node]:
    """The nodes that a node is computed by from its sources: itself, and those between."""
    found: set[Node] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one not in found and one not in sources:
            found.add(one)
            waiting += one.inputs
    return found
