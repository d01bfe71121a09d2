"""The program of a training step: error, gradients and updates as one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add

from downslope._checks import show
from downslope.errors import DownslopeError
from downslope.graph import Node, gradient, input_, make
from downslope.nets import AnyNetwork, NetworkGraph
from downslope.training._optimizers import Optimizer, Rules

__all__ = ["Program", "program_of", "training_program"]


@dataclass(frozen=True)
class Program:
    """What one step computes.

    Attributes:
        graph: the network with dropout at work.
        gradients: ∂error/∂parameter before clipping, by parameter.
        states: what the optimizer remembers, by name; all start at 0.
        updates: the new value of every parameter and state, by name.
    """

    graph: NetworkGraph
    gradients: Mapping[str, Node]
    states: Mapping[str, Node]
    updates: Mapping[str, Node]

    @property
    def assignments(self) -> Mapping[Node, Node]:
        """The new value of every parameter and state, by its leaf: what an engine is given to run."""
        leaves = {**self.graph.parameters, **self.states}
        return {leaves[name]: new for name, new in self.updates.items()}


@lru_cache(maxsize=64)
def training_program(
    network: AnyNetwork,
    optimizer: Optimizer,
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
) -> Program:
    """The program that descends the error of a network by the rules of an optimizer.

    It is made once for each network and each choice of the rest. ``clip_norm`` shrinks all gradients together
    to at most that norm (Pascanu, Mikolov and Bengio 2013); ``clip_value`` clips each element to ± that
    value, before the norm is taken.

    >>> from downslope.nets import Dense, Network
    >>> from downslope.training import Sgd
    >>> program = training_program(Network(inputs=3, layers=[Dense(1, bias=False)]), Sgd())
    >>> program.updates
    {'layer1.weight': <subtract (1, 3)>}
    """
    graph = network.graph(training=True)
    return program_of(graph, graph.error, optimizer, clip_norm=clip_norm, clip_value=clip_value)


def program_of(
    graph: NetworkGraph,
    descended: Node,
    optimizer: Optimizer,
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
) -> Program:
    """The program that descends any number of a graph, whatever error it reports."""
    rate, step = input_("learning_rate", ()), input_("step", ())
    rules = Rules()
    slopes = gradient(descended, list(graph.parameters.values()))
    clipped = _clipped(slopes, clip_norm, clip_value)
    for w, g in zip(graph.parameters.values(), clipped, strict=True):
        optimizer.rule(rules, w, g, rate, step)
    _check_updates(optimizer, {**graph.parameters, **rules.states}, rules.updates)
    gradients = dict(zip(graph.parameters, slopes, strict=True))
    return Program(graph, gradients, rules.states, rules.updates)


def _check_updates(optimizer: Optimizer, leaves: Mapping[str, Node], updates: Mapping[str, object]) -> None:
    """That a rule gives a new value for each parameter and state, of its shape, and for nothing else."""
    rule = f"the rule of {type(optimizer).__name__}"
    for name, leaf in leaves.items():
        new = updates.get(name)
        if not isinstance(new, Node):
            given = "no new value" if new is None else f"{show(new)}, which is no node,"
            raise DownslopeError(f"{rule} gives {given} for {name}; set rules.updates[{name!r}]")
        if new.shape != leaf.shape:
            raise DownslopeError(f"{rule} gives {name} the shape {new.shape}; it has the shape {leaf.shape}")
    unknown = next((name for name in updates if name not in leaves), None)
    if unknown is not None:
        raise DownslopeError(
            f"{rule} gives a new value for {unknown!r}, which is no parameter and no state; make a state "
            "with rules.remember"
        )


def _clipped(slopes: Sequence[Node], norm: float | None, value: float | None) -> Sequence[Node]:
    for limit in (norm, value):
        if limit is not None and not limit > 0:
            raise DownslopeError(f"gradients are clipped to a number above 0, not {limit!r}")
    if value is not None:
        slopes = [make("maximum", make("minimum", g, value), -value) for g in slopes]
    if norm is not None:
        squares = [make("sum", make("square", g), axes=None, keepdims=False) for g in slopes]
        total = make("sqrt", reduce(add, squares))
        # a norm of 0 must not divide; below the limit the scale is exactly 1
        scale = norm / make("maximum", total, norm)
        slopes = [g * scale for g in slopes]
    return slopes
