"""Optimizers: update rules written in the nodes of the graph, so that any engine can run and print them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from downslope._checks import choice, show
from downslope.errors import DownslopeError
from downslope.graph import Node, make, state

__all__ = [
    "OPTIMIZERS",
    "Adagrad",
    "Adam",
    "AdamW",
    "Frozen",
    "Optimizer",
    "RMSprop",
    "Rules",
    "Sgd",
    "optimizer_of",
]


@dataclass
class Rules:
    """The new value of each parameter and of each state, by name."""

    updates: dict[str, Node] = field(default_factory=dict)
    states: dict[str, Node] = field(default_factory=dict)

    def remember(self, slot: str, weight: Node) -> Node:
        """A state of the shape of a parameter; it starts at 0."""
        node = state(f"{weight.name}.{slot}", weight.shape)
        self.states[node.name] = node
        return node


class Optimizer(Protocol):
    """An update rule. Equal settings are equal objects, so that a program is made once for each."""

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""

    def __hash__(self) -> int:
        """Of the settings."""


@dataclass(frozen=True)
class Sgd:
    """v ← μv + g,  w ← w − ηv; with Nesterov's look-ahead w ← w − η(g + μv) (Sutskever et al. 2013)"""

    momentum: float = 0.0
    nesterov: bool = False

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        if self.momentum == 0:
            rules.updates[w.name] = w - rate * g
            return
        v = rules.remember("velocity", w)
        velocity = self.momentum * v + g
        rules.updates[v.name] = velocity
        direction = g + self.momentum * velocity if self.nesterov else velocity
        rules.updates[w.name] = w - rate * direction


@dataclass(frozen=True)
class Adam:
    """m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  w ← w − η m̂/(√v̂ + ε) (Kingma and Ba 2015)"""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        m, v = rules.remember("mean", w), rules.remember("square", w)
        mean = self.beta1 * m + (1 - self.beta1) * g
        square = self.beta2 * v + (1 - self.beta2) * make("square", g)
        rules.updates[m.name], rules.updates[v.name] = mean, square
        corrected = mean / _one_minus_power(self.beta1, step)
        spread = make("sqrt", square / _one_minus_power(self.beta2, step)) + self.epsilon
        rules.updates[w.name] = w - rate * (corrected / spread)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with w shrunk by 1 − ηλ at each step (Loshchilov and Hutter 2019); biases are not shrunk"""

    weight_decay: float = 0.01

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        super().rule(rules, w, g, rate, step)
        if len(w.shape) == 2:
            rules.updates[w.name] = rules.updates[w.name] - rate * self.weight_decay * w


@dataclass(frozen=True)
class RMSprop:
    """v ← αv + (1 − α)g²,  w ← w − η g/(√v + ε) (Tieleman and Hinton 2012)"""

    alpha: float = 0.99
    epsilon: float = 1e-8

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        v = rules.remember("square", w)
        square = self.alpha * v + (1 - self.alpha) * make("square", g)
        rules.updates[v.name] = square
        rules.updates[w.name] = w - rate * (g / (make("sqrt", square) + self.epsilon))


@dataclass(frozen=True)
class Adagrad:
    """v ← v + g²,  w ← w − η g/(√v + ε) (Duchi, Hazan and Singer 2011)"""

    epsilon: float = 1e-10

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        v = rules.remember("square", w)
        square = v + make("square", g)
        rules.updates[v.name] = square
        rules.updates[w.name] = w - rate * (g / (make("sqrt", square) + self.epsilon))


@dataclass(frozen=True)
class Frozen:
    """w ← w where its state ``frozen`` is 1, else as another optimizer has it; that state stays as it is.

    It starts at 0, with every number free.
    """

    optimizer: Optimizer

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        self.optimizer.rule(rules, w, g, rate, step)
        frozen = rules.remember("frozen", w)
        rules.updates[frozen.name] = frozen
        rules.updates[w.name] = make("where", frozen, w, rules.updates[w.name])


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Sgd(),
    "adam": Adam(),
    "adamw": AdamW(),
    "rmsprop": RMSprop(),
    "adagrad": Adagrad(),
}
"""Every optimizer by name, at its usual settings."""


def optimizer_of(given: str | Optimizer) -> Optimizer:
    """An optimizer given by name, or as it is.

    Raises:
        DownslopeError: where no update rule has the name, or what is given has no rule.
    """
    if isinstance(given, str):
        return OPTIMIZERS[choice("optimizer", given, OPTIMIZERS)]
    if isinstance(given, type) or not callable(getattr(given, "rule", None)):
        hint = f"write {given.__name__}()" if isinstance(given, type) else "see ds.Adam"
        raise DownslopeError(
            f"optimizer needs a name or an object with a method rule, not {show(given)}; {hint}"
        )
    try:
        hash(given)
    except TypeError:
        raise DownslopeError(
            f"optimizer {type(given).__name__} cannot be hashed, so that its program cannot be kept; make it "
            "a dataclass with frozen=True"
        ) from None
    return given


def _one_minus_power(beta: float, step: Node) -> Node:
    """1 − βᵗ without loss of digits for β near 1."""
    return -make("expm1", math.log(beta) * step)
