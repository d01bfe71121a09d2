"""A network layer by layer, in a line and for a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

from downslope._dataclass import dataclass
from downslope.drawing import LayerDrawing, Picture, layers_picture, panel
from downslope.graph import Node
from downslope.nets.layers import ACTIVATION, Stage

__all__ = ["LayerOutline", "layer_line", "network_html", "network_line", "network_picture", "outline_of"]

_SHOWN = 6
"""Layers that a line names; of more, the first and the last ones."""


@dataclass(frozen=True)
class LayerOutline:
    """A layer as a reader sees it.

    Attributes:
        name: such as ``"layer1"``; ``"inputs"`` for the inputs.
        kind: the name of its class, such as ``"Dense"``; empty for the inputs.
        activation: the name of the function after it, if any.
        width: how many values it gives for a row.
        parameters: how many numbers it learns.
        full: whether every value depends on every value of the layer before by a weight of its own.
        sources: which layers it takes its values from, by their index in the outline.
    """

    name: str
    kind: str
    activation: str
    width: int
    parameters: int
    full: bool
    sources: tuple[int, ...]

    def __str__(self) -> str:
        if not self.kind:
            return f"{self.width} inputs" if self.width > 1 else "1 input"
        kind = "" if self.kind == "Dense" else f"{self.kind} "
        return f"{kind}{self.width}" + (f" {self.activation}" if self.activation else "")


def outline_of(x: Node, stages: Sequence[Stage]) -> tuple[LayerOutline, ...]:
    """The inputs and the layers of a network from the stages of its graph.

    Args:
        x: the inputs, (n, inputs).
        stages: from the first layer to the last; those of the graph for training include dropout.
    """
    found = [LayerOutline("inputs", "", "", int(x.shape[1]), 0, False, ())]
    index = {x: 0}
    for name, own in _by_layer(stages).items():
        first, last = own[0], own[-1]
        sources = tuple(index[node] for node in first.inputs if node in index)
        parameters = {role: node for stage in own for role, node in stage.parameters.items()}
        found.append(
            LayerOutline(
                name,
                next((stage.kind for stage in own if stage.kind != ACTIVATION), "Activation"),
                next((stage.function for stage in own if stage.kind == ACTIVATION), ""),
                int(last.node.shape[1]),
                sum(math.prod(map(int, node.shape)) for node in parameters.values()),
                "weight" in parameters,
                sources or (len(found) - 1,),
            )
        )
        index |= {stage.node: len(found) - 1 for stage in own}
    return tuple(found)


def layer_line(outline: Sequence[LayerOutline]) -> str:
    """The layers in one line; of many, the first and the last ones. A number alone is a dense layer.

    >>> from downslope.nets import Dense, Network
    >>> graph = Network(3, [Dense(4, "tanh"), Dense(1)]).graph()
    >>> layer_line(outline_of(graph.x, graph.stages))
    '3 inputs → 4 tanh → 1'
    """
    parts = [str(layer) for layer in outline]
    left_out = len(parts) - 1 - _SHOWN
    if left_out > 1:
        parts[1 + _SHOWN // 2 : -_SHOWN // 2] = [f"… {left_out} more layers …"]
    return " → ".join(parts)


def network_picture(outline: Sequence[LayerOutline], loss: str) -> Picture:
    """The layers with their units, widths and numbers of parameters."""
    drawn = [
        LayerDrawing(
            tuple(word for word in (layer.kind or layer.name, layer.activation) if word),
            layer.width,
            layer.parameters,
            layer.full,
            layer.sources,
        )
        for layer in outline
    ]
    return layers_picture(drawn, f"{loss}; {_parameters(outline)}")


def network_html(outline: Sequence[LayerOutline], loss: str) -> str:
    """What a notebook shows: the layers in a line and as a picture."""
    return panel("Network", layer_line(outline), network_picture(outline, loss).svg())


def network_line(outline: Sequence[LayerOutline], loss: str) -> str:
    """One line for ``repr``."""
    return f"<Network {layer_line(outline)}; {loss}; {_parameters(outline)}>"


def _parameters(outline: Sequence[LayerOutline]) -> str:
    count = sum(layer.parameters for layer in outline)
    return f"{count:,} parameter{'' if count == 1 else 's'}"


def _by_layer(stages: Sequence[Stage]) -> dict[str, list[Stage]]:
    layers: dict[str, list[Stage]] = {}
    for stage in stages:
        layers.setdefault(stage.layer, []).append(stage)
    return layers
