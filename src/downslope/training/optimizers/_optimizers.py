"""Optimizers: update rules written in the nodes of the graph, so that any engine can run and print them."""

from __future__ import annotations

import math
from dataclasses import field
from typing import Protocol

from downslope._checks import NOT_NEGATIVE, POSITIVE, SHARE, check_numbers, choice, flag, show
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import Node, constant, make, state

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
    """What the rule of an optimizer declares.

    Attributes:
        updates: the new value of each parameter and of each state, by name; a rule sets them.
        states: what the optimizer keeps from step to step, by name.
        slots: of each state, the parameter it belongs to and what it is to the rule.
        letters: what states and parts of the rule are called in formulas.
    """

    updates: dict[str, Node] = field(default_factory=dict)
    states: dict[str, Node] = field(default_factory=dict)
    slots: dict[str, tuple[str, str]] = field(default_factory=dict)
    letters: dict[Node, str] = field(default_factory=dict)

    def remember(self, slot: str, weight: Node, letter: str = "") -> Node:
        """A state of the shape of a parameter; it starts at 0. In formulas it is its letter, or its slot."""
        node = state(f"{weight.name}.{slot}", weight.shape)
        self.states[node.name] = node
        self.slots[node.name] = weight.name, slot
        return self.called(letter or slot, node)

    def called(self, letter: str, node: Node) -> Node:
        """A part of the rule that formulas call by a letter."""
        self.letters[node] = letter
        return node


class Optimizer(Protocol):
    """An update rule. Equal settings are equal objects, so that a program is made once for each."""

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""

    def __hash__(self) -> int:
        """Of the settings."""


@suggests_keywords
@dataclass(frozen=True)
class Sgd:
    """v ← μv + g,  w ← w − ηv; with Nesterov's look-ahead w ← w − η(g + μv) (Sutskever et al. 2013)"""

    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        check_numbers(self, momentum=SHARE)
        object.__setattr__(self, "nesterov", flag("nesterov of Sgd", self.nesterov))
        if self.nesterov and not self.momentum:
            raise DownslopeError("nesterov of Sgd needs a momentum above 0, such as Sgd(0.9, nesterov=True)")

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        if self.momentum == 0:
            rules.updates[w.name] = w - rate * g
            return
        v = rules.remember("velocity", w, "v")
        velocity = self.momentum * v + g
        rules.updates[v.name] = velocity
        direction = g + self.momentum * velocity if self.nesterov else velocity
        rules.updates[w.name] = w - rate * direction


@suggests_keywords
@dataclass(frozen=True)
class Adam:
    """m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  w ← w − η m̂/(√v̂ + ε) (Kingma and Ba 2015)"""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_numbers(self, beta1=SHARE, beta2=SHARE, epsilon=POSITIVE)

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        m, v = rules.remember("mean", w, "m"), rules.remember("square", w, "v")
        mean = self.beta1 * m + (1 - self.beta1) * g
        square = self.beta2 * v + (1 - self.beta2) * make("square", g)
        rules.updates[m.name], rules.updates[v.name] = mean, square
        mean = rules.called("m̂", mean / _one_minus_power(self.beta1, step))
        square = rules.called("v̂", square / _one_minus_power(self.beta2, step))
        rules.updates[w.name] = w - rate * (mean / (make("sqrt", square) + self.epsilon))


@suggests_keywords
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with w shrunk by 1 − ηλ at each step (Loshchilov and Hutter 2019); biases are not shrunk"""

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, weight_decay=NOT_NEGATIVE)

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        super().rule(rules, w, g, rate, step)
        if len(w.shape) == 2:
            rules.updates[w.name] = rules.updates[w.name] - rate * self.weight_decay * w


@suggests_keywords
@dataclass(frozen=True)
class RMSprop:
    """v ← αv + (1 − α)g²,  w ← w − η g/(√v + ε) (Tieleman and Hinton 2012)"""

    alpha: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_numbers(self, alpha=SHARE, epsilon=POSITIVE)

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        v = rules.remember("square", w, "v")
        square = self.alpha * v + (1 - self.alpha) * make("square", g)
        rules.updates[v.name] = square
        rules.updates[w.name] = w - rate * (g / (make("sqrt", square) + self.epsilon))


@suggests_keywords
@dataclass(frozen=True)
class Adagrad:
    """v ← v + g²,  w ← w − η g/(√v + ε) (Duchi, Hazan and Singer 2011)"""

    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        check_numbers(self, epsilon=POSITIVE)

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        v = rules.remember("square", w, "v")
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


def optimizer_of(given: str | Optimizer | type[Optimizer]) -> Optimizer:
    """An optimizer given by name, as a class with its usual settings, or as it is.

    Raises:
        DownslopeError: where it is none of these.

    >>> optimizer_of("SGD"), optimizer_of(Adam)
    (Sgd(momentum=0.0, nesterov=False), Adam(beta1=0.9, beta2=0.999, epsilon=1e-08))
    """
    if isinstance(given, str):
        name = choice("optimizer", given, [*OPTIMIZERS, "lbfgs"])
        if name == "lbfgs":
            raise DownslopeError("L-BFGS is no update rule, as its line search decides after each error")
        return OPTIMIZERS[name]
    if isinstance(given, type):
        try:
            given = given()
        except TypeError:
            raise DownslopeError(
                f"optimizer is {show(given)}, which needs settings; give it with them, in brackets"
            ) from None
    if not callable(getattr(given, "rule", None)):
        raise DownslopeError(
            f"optimizer needs a name or an object with the method rule, such as Adam(), not {show(given)}"
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
    return -make("expm1", math.log(beta) * step) if beta else constant(1.0)
