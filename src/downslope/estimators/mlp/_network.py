"""scikit-learn's multi-layer perceptrons as networks: their errors, penalties and update rules in nodes."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from downslope._dataclass import dataclass
from downslope.graph import BATCH, Node, input_, make
from downslope.nets import ACTIVATIONS, Dense, Dropout, Network
from downslope.training import Means, Optimizer, Program, Rules, program_of

__all__ = ["ACTIVATION_NAMES", "OUTPUTS", "AdamMoments", "Velocity", "network_of", "objective", "program"]

ACTIVATION_NAMES = ("identity", "logistic", *(name for name in ACTIVATIONS if name != "sigmoid"))
"""The activations by the names that scikit-learn has for them, and the further ones."""

OUTPUTS = {"poisson": "exp", "binary_cross_entropy": "logistic", "cross_entropy": "softmax"}
"""What scikit-learn calls the output of a network under a loss; else it is the identity."""


@lru_cache(maxsize=64)
def network_of(
    inputs: int,
    hidden: tuple[int, ...],
    activations: tuple[str, ...],
    dropout: tuple[float, ...],
    outputs: int,
    **loss: Any,
) -> Network:
    """Hidden layers, each with its activation and then dropout, and a layer of outputs; made once.

    >>> from downslope.nets import Huber
    >>> network_of(3, (5,), ("logistic",), (0.2,), 1, loss=Huber(2.0)).layers[:2]
    (Dense(units=5, activation='sigmoid', ...), Dropout(rate=0.2))
    """
    layers: list[Dense | Dropout] = []
    for units, activation, rate in zip(hidden, activations, dropout, strict=True):
        layers.append(Dense(int(units), "sigmoid" if activation == "logistic" else activation))
        if rate:
            layers.append(Dropout(float(rate)))
    return Network(inputs, [*layers, Dense(outputs)], **loss)


@lru_cache(maxsize=64)
def objective(network: Network, alpha: float) -> tuple[Node, Node]:
    """The error that descends and the loss that is reported, each a single number.

    Both are weighted means over the rows of the batch plus ½ alpha Σ‖W‖²/Σ(row weights). Of several outputs
    the errors of regression are added up where they descend and averaged where they are reported, as
    scikit-learn has it. What the Poisson deviance holds beyond the network is in the input ``offset``, (n,).
    """
    graph = network.graph(training=True)
    outputs = 1 if network.loss == "cross_entropy" else int(graph.output.shape[1])
    (weight,) = set(graph.weight_sums.values())
    mean = 0.5 * graph.data_error if network.loss == "squared_error" else graph.data_error
    descended = mean * float(outputs)
    # of numbers the reported loss is a mean over outputs, while what descends is the sum
    reported = descended if network.loss_function.link else mean
    if network.loss == "poisson":
        reported = reported + _total(input_("offset", (BATCH,)) * graph.row_weights) / weight
    if alpha:
        matrices = [stage.parameters["weight"] for stage in graph.stages if stage.kind == "Dense"]
        squares = _total(make("square", matrices[0]))
        for w in matrices[1:]:
            squares = squares + _total(make("square", w))
        penalty = alpha / 2 * squares / weight
        descended, reported = descended + penalty, reported + penalty
    return descended, reported


def _total(node: Node) -> Node:
    return make("sum", node, axes=None, keepdims=False)


@dataclass(frozen=True)
class Velocity:
    """v ← μv − ηg,  w ← w + v; with Nesterov's look-ahead w ← w + μv − ηg.

    Unlike ``Sgd`` the velocity keeps the learning rates that made it, which shows when they change.
    """

    momentum: float
    nesterov: bool

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        if self.momentum == 0:
            rules.updates[w.name] = w - rate * g
            return
        v = rules.remember("velocity", w)
        velocity = self.momentum * v - rate * g
        rules.updates[v.name] = velocity
        rules.updates[w.name] = w + (self.momentum * velocity - rate * g if self.nesterov else velocity)


@dataclass(frozen=True)
class AdamMoments:
    """m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  w ← w − η m/(√v + ε).

    Adam in the form whose learning rate η is corrected for the start, η√(1 − β₂ᵗ)/(1 − β₁ᵗ) (Kingma and Ba
    2015, end of section 2): each step is given that rate. ``Adam`` differs in where ε stands.
    """

    beta1: float
    beta2: float
    epsilon: float

    def rule(self, rules: Rules, w: Node, g: Node, rate: Node, step: Node) -> None:
        """Add the update of the parameter w with the gradient g."""
        m, v = rules.remember("mean", w), rules.remember("square", w)
        mean = self.beta1 * m + (1 - self.beta1) * g
        square = self.beta2 * v + (1 - self.beta2) * make("square", g)
        rules.updates[m.name], rules.updates[v.name] = mean, square
        rules.updates[w.name] = w - rate * (mean / (make("sqrt", square) + self.epsilon))


@lru_cache(maxsize=64)
def program(
    network: Network,
    rule: Optimizer,
    alpha: float,
    clip_norm: float | None,
    clip_value: float | None,
    *,
    relative: bool = False,
    skip_empty: bool = False,
) -> Program:
    """The program of a training step, whose graph has the reported loss as its error.

    Args:
        network, rule, alpha, clip_norm, clip_value: what descends, and how.
        relative: whether the row weights are relative, so that batches of any size descend the error of all
            rows (``Means``); else each batch is divided by its own Σ w, as in scikit-learn.
        skip_empty: whether a batch in which no row has a weight changes nothing.
    """
    graph = network.graph(training=True)
    means = Means(graph, relative, skip_empty)
    descended, reported = means.of(objective(network, alpha))
    graph = replace(graph, error=reported)
    return program_of(graph, descended, rule, clip_norm=clip_norm, clip_value=clip_value, means=means)
