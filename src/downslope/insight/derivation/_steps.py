"""The steps of a derivation for one row: forward, the error, back through the layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import Elementwise, Node
from downslope.graph.notation import (
    Apply,
    Expression,
    Infix,
    Number,
    Power,
    SumOver,
    Symbol,
    Words,
    partial,
    product,
)
from downslope.insight.derivation._document import Block, Formula, Grid, listing
from downslope.insight.derivation._view import DenseStage, View, largest
from downslope.nets import Stage

__all__ = [
    "activation_notation",
    "backward",
    "error_of_row",
    "forward",
    "full_unit",
    "unit_sum",
    "weighted_sum",
]

_SHOWN = 8
_TERMS = 4


def _line(values: NDArray[Any]) -> Expression:
    """A row of values, the largest in size where there are many."""
    places = largest(values, _SHOWN)
    if len(values) == 1:
        return Number(float(values[0]))
    return listing([(int(i) + 1, float(values[i])) for i in places], len(values) - len(places))


def weighted_sum(factors: NDArray[Any], values: NDArray[Any], offset: float | None) -> tuple[Expression, str]:
    """Σ factor·value with its largest terms first, and in words how much of it they make."""
    terms = factors * values
    places = largest(terms, _TERMS)
    shown: list[Expression] = [product((Number(float(factors[i])), Number(float(values[i])))) for i in places]
    words = ""
    if len(places) < len(terms):
        rest = float(terms.sum() - terms[places].sum())
        shown.append(Infix("", (Words(f"[{len(terms) - len(places):,}\u00a0others]\u00a0"), Number(rest))))
        size = float(np.abs(terms).sum())
        part = 100 * float(np.abs(terms[places]).sum()) / size if size else 100.0
        words = (
            f"The {len(places)} largest of {len(terms):,} terms are written out; "
            f"they make {part:.3g} % of the sum of sizes."
        )
    if offset is not None:
        shown.append(Number(offset))
    return (Infix("+", tuple(shown)) if len(shown) > 1 else shown[0]), words


def activation_notation(node: Node, z: Expression) -> Expression:
    """φ(z) as the op writes it."""
    return node.op.notation(z, **node.attributes)


def slope_notation(node: Node, z: Expression) -> Expression:
    """φ′(z) as the op writes it."""
    assert isinstance(node.op, Elementwise)
    return node.op.local_notation(z, **node.attributes)


def forward(view: View, chosen: DenseStage | None, unit: int) -> Block:
    """Every value on the way of the row, one unit of the chosen layer in full."""
    items: list[str | Formula | Grid] = []
    of_dense = {d.z: d for d in view.dense}
    done: set[Node] = set()
    for stage in view.graph.stages:
        if stage.node in done:
            continue
        done.add(stage.node)
        dense = of_dense.get(stage.node)
        if dense is None:
            z = next((d for d in view.dense if d.a is stage.node), None)
            name = view.symbol(stage.node)
            value = _line(view.value(stage.node)[0])
            if z is not None:
                items.append(Formula((name, activation_notation(stage.node, view.symbol(z.z)), value)))
            else:
                items += [_passing(stage), Formula((name, value))]
        elif dense is chosen:
            items += full_unit(view, dense, unit)
        else:
            items.append(Formula((view.symbol(dense.z), _affine(view, dense), _line(view.value(dense.z)[0]))))
    return Block("Forward", tuple(items))


_WORDS = {
    "Embedding": "a vector for each level, behind the other inputs",
    "LayerNorm": "each row normalised",
    "Periodic": "the inputs, and cosines of some of them",
    "PiecewiseLinear": "the inputs, and how far some of them are through each bin",
    "Residual": "input and block added",
}


def _passing(stage: Stage) -> str:
    """What a stage is that is neither z nor a."""
    return f"{stage.layer}, {_WORDS.get(stage.kind, f'the layer {stage.kind}')}:"


def _affine(view: View, dense: DenseStage) -> Expression:
    """W h + b in symbols."""
    linear = product((view.parameter_symbol(dense.weight.name), view.symbol(dense.h)))
    if dense.bias is None:
        return linear
    return Infix("+", (linear, view.parameter_symbol(dense.bias.name)))


def unit_sum(view: View, dense: DenseStage, unit: int) -> Expression:
    """Σⱼ Wᵢⱼ hⱼ + bᵢ in symbols."""
    weight = view.parameter_symbol(dense.weight.name, (unit, 0))
    index = weight.index.rpartition(",")[0]
    row = Symbol(weight.letter, index=f"{index},j" if index else "j", layer=weight.layer)
    inner = view.symbol(dense.h, 0)
    body: Expression = SumOver("j", product((row, Symbol(inner.letter, index="j", layer=inner.layer))))
    if dense.bias is None:
        return body
    return Infix("+", (body, view.parameter_symbol(dense.bias.name, (unit,))))


def full_unit(view: View, dense: DenseStage, unit: int) -> list[str | Formula | Grid]:
    """One unit of a layer: its sum with the numbers."""
    weights, h, z = view.value(dense.weight)[unit], view.value(dense.h)[0], view.value(dense.z)[0, unit]
    offset = None if dense.bias is None else float(view.value(dense.bias)[unit])
    numbers, words = weighted_sum(weights, h, offset)
    items: list[str | Formula | Grid] = []
    if view.stage(dense.h) is None:  # the inputs; a stage was written out already
        items.append(Formula((view.symbol(dense.h), _line(h))))
    items.append(
        Formula((view.symbol(dense.z, unit), unit_sum(view, dense, unit), numbers, Number(float(z))))
    )
    items += [words] if words else []
    if dense.z.shape[1] != 1:
        items.append(Formula((view.symbol(dense.z), _line(view.value(dense.z)[0]))))
    return items


def error_of_row(view: View) -> Block:
    """The error of the row from its output and its target."""
    graph, z = view.graph, view.graph.output
    outputs = int(z.shape[1])
    values, targets = view.value(z)[0], np.ravel(view.given["y"])
    loss = next(
        n for n in (graph.errors, *_below(graph.errors)) if n.op.name == view.network.loss_function.name
    )
    error = Number(float(view.value(graph.errors)[0]))
    if view.network.loss == "cross_entropy":
        symbols = loss.op.notation(view.symbol(z), Symbol("y"))
        words = f"The target is class {int(targets[0]) + 1} of {outputs}."
        return Block("The error of this row", (words, Formula((Symbol("E"), symbols, error))))
    if outputs == 1:
        symbols = loss.op.notation(view.symbol(z), Symbol("y"), **loss.attributes)
        numbers = loss.op.notation(Number(float(values[0])), Number(float(targets[0])), **loss.attributes)
        return Block("The error of this row", (Formula((Symbol("E"), symbols, numbers, error)),))
    one = loss.op.notation(Symbol("z", index="k"), Symbol("y", index="k"), **_settings(view, loss))
    mean = Infix("", (Words(f"1/{outputs} "), SumOver("k", one)))
    return Block("The error of this row", (Formula((Symbol("E"), mean, error)),))


def _loss(view: View) -> Node:
    name, errors = view.network.loss_function.name, view.graph.errors
    return next(n for n in (errors, *_below(errors)) if n.op.name == name)


def _settings(view: View, loss: Node) -> dict[str, Any]:
    """The settings of the loss that all outputs have in common."""
    return {} if isinstance(getattr(view.network.loss, "level", None), tuple) else loss.attributes


def _below(node: Node) -> list[Node]:
    found: list[Node] = []
    for inner in node.inputs:
        found += [inner, *_below(inner)] if inner.op.name not in ("matmul", "parameter") else []
    return found


def backward(view: View, lowest: str, unit: int | None) -> Block:
    """δ of the last layer, then the recursion down to a layer: to one unit of it, or to all it gave."""
    last = next((d for d in view.dense if d.z is view.graph.output), None)
    items: list[str | Formula | Grid] = []
    layers = list(dict.fromkeys(stage.layer for stage in view.graph.stages))
    for dense in reversed([d for d in view.dense if layers.index(d.name) >= layers.index(lowest)]):
        chosen = unit if dense.name == lowest else None
        items += _last_delta(view, dense, chosen) if dense is last else _delta(view, dense, chosen)
    if unit is None:
        stage = next(s for s in view.graph.stages if s.layer == lowest)
        slopes = view.value(view.deltas[stage.node])[0]
        items.append(Formula((partial(Symbol("E"), view.symbol(stage.node)), _line(slopes))))
    return Block("Backward: δ = ∂E/∂z, from the last layer down", tuple(items))


def _last_delta(view: View, dense: DenseStage, unit: int | None) -> list[str | Formula | Grid]:
    z = dense.z
    outputs = int(z.shape[1])
    delta = view.value(view.deltas[z])[0]
    loss = next(
        n
        for n in (view.graph.errors, *_below(view.graph.errors))
        if n.op.name == view.network.loss_function.name
    )
    name = view.delta_symbol(dense)
    by = partial(Symbol("E"), view.symbol(z))
    local = getattr(loss.op, "local_notation")  # noqa: B009 (only losses have one, and not all are elementwise)
    symbols = local(view.symbol(z), Symbol("y"), **_settings(view, loss))
    if outputs == 1:
        target = float(np.ravel(view.given["y"])[0])
        numbers = local(Number(float(view.value(z)[0, 0])), Number(target), **loss.attributes)
        return [Formula((name, by, symbols, numbers, Number(float(delta[0]))))]
    if view.network.loss != "cross_entropy":
        symbols = Infix("", (Words(f"1/{outputs} · "), symbols))
    items: list[str | Formula | Grid] = [Formula((name, by, symbols, _line(delta)))]
    if unit is not None:
        items.append(Formula((view.delta_symbol(dense, unit), Number(float(delta[unit])))))
    return items


def _delta(view: View, dense: DenseStage, unit: int | None) -> list[str | Formula | Grid]:
    """One step of δ = (Wᵀδ_next) ⊙ φ′(z)."""
    delta = view.value(view.deltas[dense.z])[0]
    follower = view.next_dense(dense.a)
    name, z = view.delta_symbol(dense), view.symbol(dense.z)
    if follower is not None:
        turned = Power(view.parameter_symbol(follower.weight.name), Words("ᵀ"))
        pulled: Expression = product((turned, view.delta_symbol(follower)))
    else:
        pulled = partial(Symbol("E"), view.symbol(dense.a))
    bent = dense.a is not dense.z
    whole = Infix("⊙", (pulled, slope_notation(dense.a, z))) if bent else pulled
    items: list[str | Formula | Grid] = [Formula((name, whole, _line(delta)))]
    places = largest(delta, _SHOWN)
    size = float(np.abs(delta).sum())
    if len(places) < len(delta) and size:
        share = 100 * float(np.abs(delta[places]).sum()) / size
        written = f"The {len(places)} largest of {len(delta):,} are written out"
        items.append(f"{written}; they make {share:.3g} % of the sum of sizes.")
    if unit is not None:
        items += _delta_of_unit(view, dense, follower, unit)
    return items


def _delta_of_unit(
    view: View, dense: DenseStage, follower: DenseStage | None, unit: int
) -> list[str | Formula | Grid]:
    """δ of one unit with its numbers."""
    upstream = float(view.value(view.deltas[dense.a])[0, unit])
    pulled_symbol = partial(Symbol("E"), view.symbol(dense.a, unit))
    items: list[str | Formula | Grid] = []
    if follower is not None:
        weights = view.value(follower.weight)[:, unit]
        numbers, words = weighted_sum(weights, view.value(view.deltas[follower.z])[0], None)
        weight = view.parameter_symbol(follower.weight.name, (0, unit))
        column = Symbol(weight.letter, index=f"m,{unit + 1}", layer=weight.layer)
        after = view.delta_symbol(follower)
        body = SumOver("m", product((column, Symbol("δ", index="m", layer=after.layer))))
        items.append(Formula((pulled_symbol, body, numbers, Number(upstream))))
        items += [words] if words else []
    else:
        items.append(
            "What comes back to it arrives over more than one way, or through another kind of layer; in sum:"
        )
        items.append(Formula((pulled_symbol, Number(upstream))))
    if dense.a is dense.z:
        return items
    z = float(view.value(dense.z)[0, unit])
    assert isinstance(dense.a.op, Elementwise)
    (slope_node, *_) = dense.a.op.local(dense.a)
    assert slope_node is not None
    slope = float(np.broadcast_to(view.value(slope_node), view.value(dense.z).shape)[0, unit])
    symbol = view.symbol(dense.z, unit)
    written = slope_notation(dense.a, symbol)
    items.append(
        Formula((_prime(dense.a, symbol), written, slope_notation(dense.a, Number(z)), Number(slope)))
    )
    delta = float(view.value(view.deltas[dense.z])[0, unit])
    numbers = product((Number(upstream), Number(slope)))
    by_z = _prime(dense.a, symbol)
    items.append(
        Formula((view.delta_symbol(dense, unit), product((pulled_symbol, by_z)), numbers, Number(delta)))
    )
    return items


def _prime(node: Node, z: Expression) -> Expression:
    return Apply(Symbol("φ", prime=True), (z,))
