"""What a page computes: functions of JavaScript, written from the graph of a network in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import Node, gradient, make
from downslope.graph.notation import text
from downslope.interchange.exports import javascript_helpers, javascript_source
from downslope.nets import AnyNetwork, Network, NetworkGraph, Stage
from downslope.training import LEARNING_RATE, Optimizer, Program, Sgd, training_program

__all__ = ["PageDescent", "chains_of", "page_program", "program_for"]


@dataclass(frozen=True)
class PageDescent:
    """How the page descends: step for step as ``descend`` does, in float64.

    Args:
        optimizer: the update rule; what it remembers begins at 0.
        learning_rate: at which the reader's steps begin.
        clip_norm: the largest norm of all gradients together, or None.
        batch_size: rows of a step; None for all.
        seed: of the order of the rows and of dropout.
        training_rows: the rows that are trained on, in the order in which batches number them; the others
            only measure. None for all.
        stable: the learning rate below which descent is stable, and the best one, where they are known.
    """

    optimizer: Optimizer = field(default_factory=Sgd)
    learning_rate: float = LEARNING_RATE
    clip_norm: float | None = None
    batch_size: int | None = None
    seed: int = 0
    training_rows: Sequence[int] | None = None
    stable: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise DownslopeError(f"a learning rate is above 0, not {self.learning_rate!r}")


def program_for(network: AnyNetwork, descent: PageDescent) -> Program:
    """The program of a step of the page."""
    return training_program(network, descent.optimizer, clip_norm=descent.clip_norm)


def page_program(network: AnyNetwork, descent: PageDescent) -> str:
    """The functions ``predict``, ``judge``, ``descend``, ``trace`` and ``shuffled``.

    Of a step there is the error of its rows, every gradient under ``gradient of NAME``, and the new value of
    every parameter and state. ``trace`` gives, for the dense layers, the factors of the chain rule.
    """
    graph, program = network.graph(), program_for(network, descent)
    gradients = {f"gradient of {name}": node for name, node in program.gradients.items()}
    judged = {"error": graph.error, "data_error": graph.data_error}
    return "\n".join(
        [
            javascript_source({"prediction": graph.prediction}, "predict"),
            javascript_source({"prediction": graph.prediction, "errors": graph.errors, **judged}, "judge"),
            javascript_source({"error": program.graph.error, **gradients, **program.updates}, "descend"),
            javascript_source(_factors(network), "trace"),
            javascript_helpers("shuffled"),
        ]
    )


def _factors(network: AnyNetwork) -> dict[str, Node]:
    """δ = ∂(a row's error)/∂z and the input of each dense layer, with dropout at work as in training."""
    graph = network.graph(training=True)
    stages = _dense(graph) if isinstance(network, Network) else []
    errors = make("sum", graph.errors, axes=None, keepdims=False)
    deltas = gradient(errors, [stage.node for stage in stages])
    inputs = {f"input {i}": stage.inputs[0] for i, stage in enumerate(stages)}
    return {f"delta {i}": delta for i, delta in enumerate(deltas)} | inputs


def chains_of(network: AnyNetwork, features: Sequence[str]) -> list[dict[str, Any]]:
    """Of each dense layer, as ``trace`` has them: the places of its parameters, the names of its factors."""
    if not isinstance(network, Network):
        return []
    graph = network.graph(training=True)
    place = {name: i for i, name in enumerate(graph.parameters)}
    return [
        {
            "weight": place[stage.parameters["weight"].name],
            "bias": place[bias.name] if (bias := stage.parameters.get("bias")) is not None else None,
            "inputs": _input_names(graph, stage, features),
            "deltas": _unit_names(replace(stage, symbol=replace(stage.symbol, letter="δ"))),
        }
        for stage in _dense(graph)
    ]


def _dense(graph: NetworkGraph) -> list[Stage]:
    return [stage for stage in graph.stages if stage.kind == "Dense"]


def _input_names(graph: NetworkGraph, stage: Stage, features: Sequence[str]) -> list[str]:
    source = stage.inputs[0]
    if source is graph.x:
        return list(features)
    made_by = next((other for other in graph.stages if other.node is source), None)
    if made_by is None:
        return [f"input {i + 1}" for i in range(int(source.shape[1]))]
    return _unit_names(made_by)


def _unit_names(stage: Stage) -> list[str]:
    """z⁽¹⁾₁, z⁽¹⁾₂, …; of a single unit its symbol alone."""
    count = int(stage.node.shape[1])
    if count == 1:
        return [text(stage.symbol)]
    return [text(replace(stage.symbol, index=str(i + 1))) for i in range(count)]
