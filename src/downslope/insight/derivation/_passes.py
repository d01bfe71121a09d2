"""A row's way through a network and back: what each step shows, where, and along which edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import Number, product
from downslope.insight.derivation._backward import layer_gradient, own_gradient
from downslope.insight.derivation._document import Formula, Item, items_html, listing
from downslope.insight.derivation._links import (
    ACTIVATION,
    DELTA,
    ERROR,
    TARGET,
    Links,
    bias_key,
    unit_key,
    weight_key,
    weights_of,
)
from downslope.insight.derivation._loss import error_of_row
from downslope.insight.derivation._steps import full_unit
from downslope.insight.derivation._view import DenseStage, NetworkView
from downslope.insight.derivation.rules import activation, elementwise, rule_of, scalar
from downslope.nets import Stage

__all__ = ["PassStep", "backward_steps", "forward_steps"]

_ONE_BY_ONE = 6  # units of a layer, beyond which it is one step
_TERMS = 12  # weights of a network whose products are a step each
_MOST = 1000  # values of a step


@dataclass(frozen=True)
class PassStep:
    """One step of a pass.

    Attributes:
        phase: ``forward``, ``error``, ``backward``, ``gradient`` or ``update``.
        kind: of the quantity that appears: activation, weight, delta, gradient or error.
        items: what is written of it.
        values: what appears, by the key of its place.
        lights: the keys of what else is lit.
        flows: the weights along which it comes.
    """

    phase: str
    kind: str
    items: tuple[Item, ...]
    values: tuple[tuple[str, float], ...]
    lights: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()

    def to_json(self, links: Links) -> dict[str, Any]:
        """Plain data, its formulas as linked MathML; without places where the network is not drawn."""
        values = [list(pair) for pair in self.values if pair[0] and links.drawn]
        lights = [key for key in (*[key for key, _ in self.values], *self.lights) if key and links.drawn]
        return {
            "phase": self.phase,
            "kind": self.kind,
            "html": items_html(self.items, links),
            "values": values,
            "lights": lights,
            "flows": list(self.flows) if links.drawn else [],
        }


def forward_steps(view: NetworkView, links: Links) -> Iterator[PassStep]:
    """From the inputs to the error."""
    x = view.graph.x
    start = Formula((view.symbol(x), listing(view.value(x)[0])))
    yield PassStep("forward", ACTIVATION, (start,), _values(view, links, x))
    layers = {dense.z: (layer, dense) for layer, dense in enumerate(view.dense)}
    activations = {dense.a: dense for dense in view.dense if dense.a is not dense.z}
    for stage in {stage.node: stage for stage in view.graph.stages}.values():
        if stage.node in layers:
            yield from _of_dense(view, links, *layers[stage.node])
        elif not (stage.node in activations and elementwise(stage)):
            items = tuple(rule_of(stage).forward(view, stage))
            yield PassStep("forward", ACTIVATION, items, _values(view, links, stage.node))
    outputs = _values(view, links, view.graph.output)
    error = float(view.value(view.graph.errors)[0])
    lights = (TARGET, *[key for key, _ in outputs])
    yield PassStep("error", "error", error_of_row(view).items, ((ERROR, error),), lights)


def _of_dense(view: NetworkView, links: Links, layer: int, dense: DenseStage) -> Iterator[PassStep]:
    """z = W·h + b and a = φ(z): unit by unit where they are few."""
    units, sources = (int(size) for size in dense.weight.shape)
    after = view.stage(dense.a)
    alone = dense.a is not dense.z and after is not None and elementwise(after)
    shown = dense.a if alone else dense.z
    if units > _ONE_BY_ONE:
        stage = view.stage(dense.z)
        assert stage is not None
        items = rule_of(stage).forward(view, stage)
        items += rule_of(after).forward(view, after) if alone and after is not None else []
        flows = _edges(layer, range(units), range(sources))
        yield PassStep("forward", ACTIVATION, tuple(items), _values(view, links, shown), flows=flows)
        return
    terms = units == 1 and weights_of(view) <= _TERMS
    for unit in range(units):
        if terms:
            yield from _terms(view, links, layer, dense)
        items = full_unit(view, dense, unit)
        items = [item for item in items if units == 1 or item is not items[-1]]  # all units come by and by
        if alone and after is not None:
            items.append(_activated(view, after, unit))
        value = ((unit_key(layer + 1, unit), float(view.value(shown)[0, unit])),)
        lights = () if dense.bias is None else (bias_key(layer, unit),)
        flows = _edges(layer, [unit], range(sources))
        yield PassStep("forward", ACTIVATION, tuple(items), value, lights, flows)


def _activated(view: NetworkView, stage: Stage, unit: int) -> Formula:
    z, a = stage.inputs[0], stage.node
    formula = activation(stage, view.symbol(z, unit))
    return Formula((view.symbol(a, unit), formula, scalar(view.value(a), unit)))


def _terms(view: NetworkView, links: Links, layer: int, dense: DenseStage) -> Iterator[PassStep]:
    """The products of a sum, one after the other."""
    weights, h = view.value(dense.weight)[0], view.value(dense.h)[0]
    for j, (weight, value) in enumerate(zip(weights.tolist(), h.tolist(), strict=True)):
        symbols = view.parameter_symbol(dense.weight.name, (0, j)), view.symbol(dense.h, j)
        formula = Formula(
            (product(symbols), product((Number(weight), Number(value))), Number(weight * value))
        )
        key = weight_key(layer, 0, j)
        lights = (unit_key(links.columns[dense.h], j),)
        yield PassStep("forward", ACTIVATION, (formula,), ((key, weight * value),), lights, (key,))


def backward_steps(
    view: NetworkView, links: Links, lowest: Stage, unit: int | None = None
) -> Iterator[PassStep]:
    """From the error down to a stage; with a unit, in its layer to that one alone."""
    for node in dict.fromkeys(stage.node for stage in reversed(view.after(lowest))):
        units = int(node.shape[1])
        column = links.columns[node]
        own = unit is not None and column == links.columns[lowest.node] and unit < units
        if own and unit is not None:
            yield _back(view, links, node, [unit], own_gradient(view, node, unit))
        elif units <= _ONE_BY_ONE:
            for one in range(units):
                yield _back(view, links, node, [one], own_gradient(view, node, one))
        else:
            yield _back(view, links, node, range(units), [layer_gradient(view, node)])


def _back(
    view: NetworkView, links: Links, node: Node, units: Sequence[int], items: Sequence[Item]
) -> PassStep:
    gradients, column = view.upstream(node)[0], links.columns[node]
    values = tuple((unit_key(column, unit), float(gradients[unit])) for unit in units[:_MOST])
    takers = [layer for layer, dense in enumerate(view.dense) if dense.h is node]
    flows = [
        key for layer in takers for key in _edges(layer, range(int(view.dense[layer].weight.shape[0])), units)
    ]
    lights = (ERROR, TARGET) if node is view.graph.output else ()
    return PassStep("backward", DELTA, tuple(items), values, lights, tuple(flows))


def _values(view: NetworkView, links: Links, node: Node) -> tuple[tuple[str, float], ...]:
    """What the units of a node hold."""
    column = links.columns[node]
    return tuple((unit_key(column, i), float(v)) for i, v in enumerate(view.value(node)[0][:_MOST]))


def _edges(layer: int, units: Sequence[int], sources: Sequence[int]) -> tuple[str, ...]:
    edges = (weight_key(layer, i, j) for i in units for j in sources)
    return tuple(key for key, _ in zip(edges, range(3 * _MOST), strict=False))
