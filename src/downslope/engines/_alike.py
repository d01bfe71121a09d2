"""In what the members of an ensemble that are alike differ all the same."""

from __future__ import annotations

from typing import Any

from downslope.graph import Node

__all__ = ["settings_alike"]


def settings_alike(node: Node, of_all: bool) -> tuple[tuple[str, Any], ...]:
    """The attributes of a node but for those in which members differ.

    These are names, streams of random numbers, and the column of the row weights that is a member's own.

    Args:
        node: of a member.
        of_all: whether what it is computed from is the same for all members.
    """
    apart = {"name", "stream"}
    if of_all and node.op.name == "columns" and node.attributes["squeeze"]:
        apart.add("indices")
    return tuple(sorted((name, value) for name, value in node.attributes.items() if name not in apart))
