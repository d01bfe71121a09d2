"""The program of a training step: error, gradients and updates as one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from downslope.graph import Node, gradient, input_
from downslope.nets import Network, NetworkGraph
from downslope.training._optimizers import Optimizer, Rules

__all__ = ["Program", "training_program"]


@dataclass(frozen=True)
class Program:
    """What one step computes.

    Attributes:
        graph: the network with dropout at work.
        gradients: ∂error/∂parameter, by parameter.
        states: what the optimizer remembers, by name; all start at 0.
        updates: the new value of every parameter and state, by name.
    """

    graph: NetworkGraph
    gradients: Mapping[str, Node]
    states: Mapping[str, Node]
    updates: Mapping[str, Node]


def training_program(network: Network, optimizer: Optimizer) -> Program:
    """The program that descends the error of a network by the rules of an optimizer.

    >>> from downslope.nets import Dense
    >>> from downslope.training import Sgd
    >>> program = training_program(Network(inputs=3, layers=[Dense(1, bias=False)]), Sgd())
    >>> program.updates
    {'layer1.weight': <subtract (1, 3)>}
    """
    graph = network.graph(training=True)
    rate, step = input_("learning_rate", ()), input_("step", ())
    rules = Rules()
    slopes = gradient(graph.error, list(graph.parameters.values()))
    for w, g in zip(graph.parameters.values(), slopes, strict=True):
        optimizer.rule(rules, w, g, rate, step)
    gradients = dict(zip(graph.parameters, slopes, strict=True))
    return Program(graph, gradients, rules.states, rules.updates)
