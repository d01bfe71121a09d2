"""The one walk over a graph that every export is: what a target writes for each op stands in its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from downslope.errors import DownslopeError
from downslope.graph import SELU_ALPHA, SELU_SCALE, Node, topological
from downslope.nets import Stage

__all__ = ["SETTINGS", "Spelling", "filled", "walk"]

T = TypeVar("T")

Spelling = Callable[[Node, Sequence[T]], T]
"""What stands for a node, from the node and from what stands for its inputs."""

SETTINGS: Mapping[str, float] = {
    "alpha": 1.0,
    "delta": 1.0,
    "level": 0.5,
    "slope": 0.01,
    "selu_alpha": SELU_ALPHA,
    "selu_scale": SELU_SCALE,
}
"""The settings of ops where a node names none, as spellings call them."""


def walk(
    outputs: Sequence[Node],
    leaf: Callable[[Node], T],
    table: Mapping[str, Spelling[T]],
    target: str,
    stages: Sequence[Stage] = (),
) -> list[T]:
    """What stands for the outputs, each node written once and after its inputs.

    Args:
        outputs: the nodes that are wanted.
        leaf: what stands for a node without inputs.
        table: how each op is written, by its name.
        target: what is written, for messages.
        stages: the named values on the way, for messages.

    Raises:
        DownslopeError: for an op without a spelling; it names the layer.
    """
    found: dict[Node, T] = {}
    for node in topological(outputs):
        if not node.inputs:
            found[node] = leaf(node)
            continue
        spelling = table.get(node.op.name)
        if spelling is None:
            raise DownslopeError(
                f"{target} cannot hold the op {node.op.name!r}{_place(node, stages)}; choose another format, "
                "or another layer in its place"
            )
        found[node] = spelling(node, [found[i] for i in node.inputs])
    return [found[node] for node in outputs]


def _place(node: Node, stages: Sequence[Stage]) -> str:
    """Of the first stage that needs the node, the layer."""
    for stage in stages:
        if node in topological([stage.node]):
            return f" of {stage.layer} ({stage.kind})"
    return ""


def filled(
    template: str,
    node: Node,
    operands: Sequence[str],
    number: Callable[[float], str] = repr,
    **more: str,
) -> str:
    """A template with the operands of a node, {0} and {1}, and its settings by name."""
    settings = {**SETTINGS, **node.attributes}
    written = {k: number(float(v)) for k, v in settings.items() if type(v) in (int, float)}
    return template.format(*operands, **{**settings, **written, **more})
