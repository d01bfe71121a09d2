"""Stacks: the same node in every member of an ensemble is computed by one operation for all of them.

A GPU takes about as long to begin an operation as to compute a small one, so that 32 small networks side by
side, an operation each, take 32 times as long as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from downslope.engines._alike import settings_alike
from downslope.graph import BATCH, Node, topological

__all__ = ["Stack", "stacked"]

Stack = tuple[Node, ...]
"""A node, or the same node of every member of an ensemble."""

_Owners = dict[Node, Node | None]


def stacked(outputs: Sequence[Node], updates: Mapping[Node, Node]) -> Sequence[Stack]:
    """All nodes that the outputs need, in stacks, each after those it is computed from.

    Networks that meet in nothing but their inputs and their error are found by the leaves that values depend
    on; those of one structure become the members of stacks.

    Args:
        outputs: what is computed.
        updates: the new value of each parameter and state, by its leaf.
    """
    order = topological([*outputs, *updates])
    owners = _owners(order, updates)
    keys = _keys(order, owners, updates)
    members = _members(owners, keys)
    groups: dict[Any, list[tuple[int, Node]]] = {}
    for node in order:
        kind, place = members.get(owners[node], (node, 0))
        groups.setdefault((kind, keys[node]), []).append((place, node))
    stacks = [tuple(node for _, node in sorted(g, key=lambda pair: pair[0])) for g in groups.values()]
    home = {node: number for number, stack in enumerate(stacks) for node in stack}
    before = {number: {home[i] for node in stack for i in node.inputs} for number, stack in enumerate(stacks)}
    return [stacks[number] for number in TopologicalSorter(before).static_order()]


def _owners(order: Sequence[Node], updates: Mapping[Node, Node]) -> _Owners:
    """The network that each node belongs to, named by one of its leaves; None for what none or several have.

    Leaves that meet in a value of the rows are of one network, and so is a state with what meets it. Numbers
    and matrices that several networks make together, such as the norm of all gradients, belong to none, and
    neither do numbers made of those.
    """
    roots: dict[Node, Node] = {leaf: leaf for leaf in updates}
    trained = {leaf for leaf in updates if leaf.op.name == "parameter"}

    def root(leaf: Node) -> Node:
        while roots[leaf] is not leaf:
            roots[leaf] = leaf = roots[roots[leaf]]
        return leaf

    owners: _Owners = {}
    shared: set[Node] = set()  # what several networks make together
    for _ in range(2):  # what is known at the end of the first round decides in the second
        for node in order:
            met = [owners[i] for i in node.inputs] if node.inputs else [roots.get(node)]
            found = list(dict.fromkeys(root(leaf) for leaf in met if leaf is not None))
            if len(found) > 1 and (BATCH in node.shape or sum(leaf in trained for leaf in found) < 2):
                found.sort(key=lambda leaf: leaf not in trained)
                roots |= dict.fromkeys(found, found[0])
            found = list(dict.fromkeys(map(root, found)))
            if len(found) > 1 or (node.shape == () and not shared.isdisjoint(node.inputs)):
                shared.add(node)
            elif node in shared:
                shared.discard(node)
            owners[node] = found[0] if len(found) == 1 and node not in shared else None
    owners = {node: None if owner is None else root(owner) for node, owner in owners.items()}
    return _by_users(order, owners)


def _by_users(order: Sequence[Node], owners: _Owners) -> _Owners:
    """The same, where what is computed from the inputs for one network alone belongs to it.

    The first terms of a sum over all networks are of one of them; they belong to the sum.
    """
    users: dict[Node, set[Node | None]] = {}
    free: dict[Node, bool] = {}
    for node in order:
        free[node] = owners[node] is None and all(free[i] for i in node.inputs)
    for node in reversed(order):
        wanted = users.get(node, set())
        if free[node] and node.inputs and len(wanted) == 1:
            owners[node] = next(iter(wanted))
        elif node.op.name == "add" and node.shape == () and wanted == {None}:
            owners[node] = None
        for source in node.inputs:
            users.setdefault(source, set()).add(owners[node])
    return owners


def _keys(order: Sequence[Node], owners: _Owners, updates: Mapping[Node, Node]) -> dict[Node, int]:
    """A number for each node, the same for the same node of networks of one structure."""
    numbers: dict[Any, int] = {}
    keys: dict[Node, int] = {}
    leaves: dict[Node | None, int] = {}
    ordinals: dict[Node, int] = {}
    for leaf in updates:
        ordinals[leaf] = leaves[owners[leaf]] = leaves.get(owners[leaf], -1) + 1
    for node in order:
        key: Any = node
        if owners[node] is not None:
            inputs = tuple(keys[i] for i in node.inputs)
            of_all = bool(node.inputs) and owners[node.inputs[0]] is None
            key = node.op.name, ordinals.get(node), node.shape, settings_alike(node, of_all), inputs
        keys[node] = numbers.setdefault(key, len(numbers))
    return keys


def _members(owners: _Owners, keys: Mapping[Node, int]) -> dict[Node | None, tuple[Any, int]]:
    """Of each network like another one: what kind it is, and its place among those of its kind."""
    nodes: dict[Node, list[int]] = {}
    for node, owner in owners.items():
        if owner is not None:
            nodes.setdefault(owner, []).append(keys[node])
    kinds: dict[frozenset[int], list[Node]] = {}
    for owner, numbers in nodes.items():
        if len(set(numbers)) == len(numbers):  # else two nodes of one network could be taken for each other
            kinds.setdefault(frozenset(numbers), []).append(owner)
    found: dict[Node | None, tuple[Any, int]] = {}
    for kind, alike in enumerate(kinds.values()):
        if len(alike) > 1:
            found |= {owner: (kind, place) for place, owner in enumerate(alike)}
    return found
