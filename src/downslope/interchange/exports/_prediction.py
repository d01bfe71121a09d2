"""What is exported: a prediction as nodes, from the cells of a table or from the inputs of a network."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import field, replace
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.graph import OPS, Node, make, parameter, topological
from downslope.interchange.exports._walk import Spelling, walk
from downslope.nets import AnyNetwork, Ensemble, Point, Stage, parameter_values

__all__ = [
    "CLOCK",
    "DATE",
    "INPUTS",
    "TRANSPOSED",
    "Cells",
    "Prediction",
    "of_network",
    "title_of",
    "with_fixed_arrays",
    "with_transposed_weights",
]

TRANSPOSED = ".transposed"
"""What the name of an array ends with that is a parameter transposed."""

INPUTS = "x"
"""The name of the inputs of a network that is exported without columns."""

CLOCK, DATE = "seconds", "seconds since 1970-01-01"
"""What the cells of durations and of dates hold."""


@dataclass(frozen=True)
class Cells:
    """A column of the table, as the program takes it.

    Attributes:
        name: of the column.
        leaf: (n, 1): a number, or the row of a level in a table of levels; (n, inputs) for a network alone.
        holds: what a cell is, in words.
        rows: for text, which row of its table each text has; others have row 0. None for numbers.
        low, high: the range of its numbers in training; for a network alone, a usual one.
    """

    name: str
    leaf: Node
    holds: str
    rows: Mapping[str, int] | None = None
    low: float = -3.0
    high: float = 3.0

    @property
    def is_date(self) -> bool:
        """Whether its numbers are moments."""
        return self.holds == DATE

    @property
    def is_clock(self) -> bool:
        """Whether its numbers are durations or times of the day."""
        return self.holds == CLOCK


@dataclass(frozen=True, eq=False)
class Prediction:
    """A prediction as nodes.

    Attributes:
        cells: what it is given.
        result: (n, outputs): numbers, or the probabilities of the classes.
        values: an array for each other leaf, by its name.
        classes: their names; none where numbers are predicted.
        stages: the named values of the network, for messages.
        title: what it is, in a sentence without its point.
        target: what is predicted.
        scale: the standard deviation of the target, 1 of probabilities; 0 where it is not known.
        interval: the share of targets between the second and the third column of the result, which are the
            ends of an interval around the number in the first; 0 where there is none.
        decision: a weight for each class, of which that with the largest probability × weight is said; empty
            where it is the most probable one.
        fixed: the names of the arrays that are no parameters: fixed slopes and offsets.
    """

    cells: Sequence[Cells]
    result: Node
    values: Mapping[str, NDArray[Any]]
    title: str
    classes: tuple[str, ...] = ()
    stages: Sequence[Stage] = field(default=(), repr=False)
    target: str = "prediction"
    scale: float = 0.0
    interval: float = 0.0
    decision: tuple[float, ...] = ()
    fixed: frozenset[str] = frozenset()

    @property
    def of_table(self) -> bool:
        """Whether it takes the columns of a table, and not the inputs of a network."""
        return self.cells[0].leaf.name != INPUTS

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the parameters, in which the network computes."""
        return next((value.dtype for value in self.values.values()), np.dtype(np.float64))

    @property
    def labels(self) -> str:
        """What the result is called."""
        return "probabilities" if self.classes else "prediction"


def of_network(network: AnyNetwork, parameters: Point) -> Prediction:
    """The prediction of a network from its inputs, (n, inputs)."""
    graph = network.graph()
    values = parameter_values(network, parameters, None)
    leaf = Cells(INPUTS, graph.x, f"{network.inputs} numbers")
    scale = 1.0 if network.loss in ("binary_cross_entropy", "cross_entropy") else 0.0
    title = title_of(network, values)
    return with_fixed_arrays(
        Prediction([leaf], graph.prediction, values, title, stages=graph.stages, scale=scale)
    )


_Change = Callable[[Node, Sequence[Node]], Node | None]
"""What stands in the place of a node, from the node and what stands for its inputs; None where it stays."""


def with_fixed_arrays(prediction: Prediction) -> Prediction:
    """The same, with fixed slopes and offsets as arrays, so that lines are a product and a sum.

    They are called as those that a layer learns, such as ``numeric1.slope``; the same numbers are one array.
    """
    places = _places(prediction)
    if not places:
        return prediction
    values = dict(prediction.values)
    leaves: dict[tuple[Any, ...], Node] = {}

    def array(node: Node, role: str, dtype: np.dtype[Any]) -> Node:
        numbers = node.attributes[f"{role}s"]
        key = role, numbers, dtype
        if key not in leaves:
            name = _unused(f"{places[node]}.{role}", values)
            values[name] = np.array(numbers, dtype)
            leaves[key] = parameter(name, (len(numbers),))
        return leaves[key]

    def changed(node: Node, given: Sequence[Node]) -> Node | None:
        if node.op.name != "lines":
            return None
        dtype = _dtype(given[0], prediction)
        return given[0] * array(node, "slope", dtype) + array(node, "offset", dtype)

    found = _rebuilt(prediction, changed, values)
    return replace(found, fixed=prediction.fixed | {leaf.name for leaf in leaves.values()})


def _places(prediction: Prediction) -> dict[Node, str]:
    """Of each node of lines, the layer that it is of."""
    found: dict[Node, str] = {}
    seen: set[Node] = set()
    ends = [(stage.node, stage.layer) for stage in prediction.stages]
    for end, layer in [*ends, (prediction.result, "lines")]:
        waiting = [end]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += node.inputs
                if node.op.name == "lines":
                    found[node] = layer
    return found


def _unused(name: str, taken: Container[str]) -> str:
    """The name, or with the first number behind it that no other array has."""
    return next(n for n in chain([name], (f"{name}{i}" for i in count(2))) if n not in taken)


def _dtype(node: Node, prediction: Prediction) -> np.dtype[Any]:
    """That in which a value is computed."""
    while node.inputs and node.op.name not in _DTYPES:
        node = next((i for i in node.inputs if i.op.name != "constant"), node.inputs[0])
    if node.op.name in _DTYPES:
        return _DTYPES[node.op.name]
    return prediction.values[node.name].dtype if node.name in prediction.values else prediction.dtype


_DTYPES: Mapping[str, np.dtype[Any]] = {"single": np.dtype(np.float32), "double": np.dtype(np.float64)}


def with_transposed_weights(prediction: Prediction) -> Prediction:
    """The same, with each transposed parameter as an array of its own: nothing is left to transpose."""
    values = dict(prediction.values)

    def changed(node: Node, given: Sequence[Node]) -> Node | None:
        if node.op.name != "transpose" or given[0].name not in values:
            return None
        name = f"{given[0].name}{TRANSPOSED}"
        values[name] = np.ascontiguousarray(values[given[0].name].T)
        return parameter(name, node.shape)

    return _rebuilt(prediction, changed, values)


def _rebuilt(prediction: Prediction, changed: _Change, values: Mapping[str, NDArray[Any]]) -> Prediction:
    """The same with other nodes, and those of the arrays that they need."""

    def rebuilt(node: Node, given: Sequence[Node]) -> Node:
        other = changed(node, given)
        if other is not None:
            return other
        if node.op.name in OPS:
            return make(node.op.name, *given, **node.attributes)
        return Node(node.op, tuple(given), node.attributes, node.shape)

    outputs = [prediction.result, *(stage.node for stage in prediction.stages)]
    table: dict[str, Spelling[Node]] = dict.fromkeys((node.op.name for node in topological(outputs)), rebuilt)
    result, *nodes = walk(outputs, lambda node: node, table, "a graph")
    needed = {node.name for node in topological([result])}
    return replace(
        prediction,
        result=result,
        values={name: value for name, value in values.items() if name in needed},
        stages=[replace(stage, node=node) for stage, node in zip(prediction.stages, nodes, strict=True)],
    )


def title_of(network: AnyNetwork, values: Mapping[str, NDArray[Any]]) -> str:
    """What is predicted by what, in a sentence without its point."""
    kind = "a network"
    if isinstance(network, Ensemble):
        kind = f"{len(network.networks)} networks"
    total = sum(value.size for value in values.values())
    return f"The prediction of {kind} of {network.inputs} inputs and {total:,} parameters"
