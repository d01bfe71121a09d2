"""Layers that are skipped: blocks that hardly change what they get when a run starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from downslope.insight.diagnosis._finding import Remedy
from downslope.insight.diagnosis.measured import Call
from downslope.insight.diagnosis.remedies._layers import first_layers, with_layers
from downslope.insight.diagnosis.remedies._starting import drawn_anew
from downslope.nets import Dense, Layer, Residual, starting_values

__all__ = ["fewer_layers", "quiet_blocks", "skips"]

_TWO = 2  # hidden layers, which fit any function as well as one does (Cybenko 1989)
_SHARE = 1e-3  # of the usual size: De and Smith (2020) begin with blocks that add nothing


def quiet_blocks(call: Call) -> list[Remedy]:
    """The remedy that starts residual blocks with weights near 0, if there are such blocks."""
    if not any(isinstance(layer, Residual) for layer in call.network.layers):
        return []
    return [Remedy(f"weights in residual blocks that start {_SHARE:g} times as large", _quiet)]


def fewer_layers(call: Call) -> list[Remedy]:
    """The remedy that leaves out all hidden layers but two, if there are more."""
    count = len(call.network.layers) - 1
    return [Remedy(f"two of the {count} layers before the last", _two)] if count > _TWO else []


def _two(call: Call) -> Call:
    for anew in drawn_anew(call):
        call = anew.apply(call)
    return first_layers(call, _TWO)


def skips(call: Call) -> list[Remedy]:
    """The remedy that adds what goes into a hidden layer to what comes out of it, where both are as wide."""
    if _skipping(call.network.layers) == list(call.network.layers):
        return []
    return [Remedy("residual blocks of the hidden layers that keep the width, with weights near 0", _skipped)]


def _skipped(call: Call) -> Call:
    for anew in drawn_anew(call):
        call = anew.apply(call)
    return _quiet(with_layers(call, _skipping(call.network.layers)))


def _skipping(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, with a block in place of each dense one before the last that keeps the width."""
    kept = [
        Residual((layer,))
        if isinstance(before, Dense) and isinstance(layer, Dense) and before.units == layer.units
        else layer
        for before, layer in pairwise(layers[:-1])
    ]
    return [layers[0], *kept, layers[-1]] if len(layers) > 1 else list(layers)


def _quiet(call: Call) -> Call:
    """The weights in blocks times a share of 1, by the order in which layers and stages are."""
    network, settings = call.network, call.settings
    start = starting_values(network, settings.get("start"), settings.get("seed") or 0, call.rows["x"].dtype)
    stages = [stage for stage in network.graph().stages if stage.kind == "Dense"]
    for inside, stage in zip(_are_inside(network.layers), stages, strict=True):
        if inside:
            start[stage.parameters["weight"].name] *= _SHARE
    return call.with_settings(start=start)


def _are_inside(layers: Sequence[Layer], inside: bool = False) -> Iterator[bool]:
    """Of each dense layer from the first to the last, whether it is in a block."""
    for layer in layers:
        if isinstance(layer, Residual):
            yield from _are_inside(layer.layers, True)
        elif isinstance(layer, Dense):
            yield inside
