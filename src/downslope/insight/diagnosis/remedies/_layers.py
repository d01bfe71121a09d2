"""The layers of a call, and the same call with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from downslope.insight.diagnosis.measured import Call, Look, StageLook
from downslope.nets import ACTIVATION, Dense, Layer, Residual

__all__ = ["all_layers", "first_layers", "hidden", "mapped", "with_each", "with_last", "with_layers"]


def all_layers(layers: Sequence[Layer]) -> list[Layer]:
    """From the first to the last, with those inside residual blocks in place of the blocks."""
    found: list[Layer] = []
    for layer in layers:
        found += all_layers(layer.layers) if isinstance(layer, Residual) else [layer]
    return found


def with_layers(call: Call, layers: Sequence[Layer]) -> Call:
    """The same call with these layers instead."""
    return call.with_network(replace(call.network, layers=tuple(layers)))


def with_each(call: Call, change: Callable[[Dense], Dense], *, last: bool = True) -> Call:
    """The same call with each dense layer changed, those inside residual blocks too.

    Args:
        call: what is changed.
        change: of one layer.
        last: whether the last layer of the network is changed too.
    """
    *before, end = call.network.layers
    of = _of_dense(change)
    return with_layers(call, [*mapped(before, of), *(mapped([end], of) if last else [end])])


def mapped(layers: Sequence[Layer], change: Callable[[Layer], Layer]) -> list[Layer]:
    """Layers, each changed, those inside residual blocks too."""
    return [
        replace(layer, layers=tuple(mapped(layer.layers, change)))
        if isinstance(layer, Residual)
        else change(layer)
        for layer in layers
    ]


def _of_dense(change: Callable[[Dense], Dense]) -> Callable[[Layer], Layer]:
    return lambda layer: change(layer) if isinstance(layer, Dense) else layer


def first_layers(call: Call, count: int) -> Call:
    """The same call with the first so many of its layers and the last one."""
    *before, end = call.network.layers
    return with_layers(call, [*before[:count], end])


def with_last(call: Call, change: Callable[[Dense], Dense]) -> Call:
    """The same call with the last layer changed, which has to be dense."""
    *before, end = call.network.layers
    return with_layers(call, [*before, *mapped([end], _of_dense(change))])


def hidden(look: Look) -> list[StageLook]:
    """The stages of activations before the last layer."""
    *before, end = look.stages
    return [each for each in before if each.stage.kind == ACTIVATION and each.stage.layer != end.stage.layer]
