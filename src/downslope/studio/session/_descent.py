"""The descent behind the page: its steps can be taken one by one, and changed by hand in between."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import Node
from downslope.nets import Network
from downslope.studio.session._settings import Settings
from downslope.studio.table._rows import Rows
from downslope.training import (
    Arrays,
    Frozen,
    Loop,
    Program,
    ShuffledBatches,
    State,
    checked_data,
    split,
    training_program,
)

__all__ = ["Descent", "errors_of", "forward_of", "shares_of"]


Known = TypeVar("Known")


class Descent:
    """Parameters and optimizer states on their way, step for step as ``descend`` has them.

    Attributes:
        settings: how it descends.
        data: all rows in the order of the table; ``trained`` those that are trained on, ``measured`` the
            others.
        step: updates done.
        frozen: by parameter, which of its numbers stay as they are.
    """

    def __init__(
        self,
        settings: Settings,
        rows: Rows,
        values: Mapping[str, NDArray[Any]] | None = None,
        step: int = 0,
        frozen: Mapping[str, NDArray[np.bool_]] | None = None,
    ) -> None:
        network = settings.network
        self.settings, self.network, self.step = settings, network, step
        y = rows.y.reshape(-1) if network.loss == "cross_entropy" else rows.y
        self.data = checked_data(network, rows.x, y, None)
        numbered = {**self.data, "row": np.arange(len(rows.x))}
        self.trained, held = split(network, numbered, settings.validation or None, settings.seed)
        self.trained_rows = self.trained.pop("row")
        self.measured: Arrays | None = None
        self.measured_rows = np.zeros(0, np.int64)
        if held:
            self.measured = dict(held[0].data)
            self.measured_rows = self.measured.pop("row")
        self.batches = ShuffledBatches(self.trained, settings.batch_size, settings.seed)
        self.frozen = {name: mask for name, mask in (frozen or {}).items() if np.any(mask)}
        rule = Frozen(settings.rule) if self.frozen else settings.rule
        self.program: Program = training_program(network, rule, clip_norm=settings.clip_norm)
        self._loop: Loop | None = None
        self._values = self._started(values)
        self._ahead = False  # whether the steps have gone on from _values
        self._known: dict[Hashable, Any] = {}

    def _started(self, given: Mapping[str, NDArray[Any]] | None) -> Arrays:
        """What is given where it fits, drawn parameters and states of 0 elsewhere."""
        dtype = self.data["x"].dtype
        shapes = self.settings.shapes
        states = {name: tuple(map(int, node.shape)) for name, node in self.program.states.items()}
        wanted = {**shapes, **states}
        fitting = {name: value for name, value in (given or {}).items() if wanted.get(name) == value.shape}
        values: Arrays = {
            name: np.zeros(shape, dtype) for name, shape in states.items() if name not in fitting
        }
        if not shapes.keys() <= fitting.keys():  # drawing millions of weights takes longer than a step
            values |= self.network.initial_parameters(self.settings.seed, dtype)
        values |= {name: value.astype(dtype) for name, value in fitting.items()}
        for name, mask in self.frozen.items():
            values[f"{name}.frozen"] = mask.astype(dtype)
        return values

    @property
    def values(self) -> Arrays:
        """Parameters and states by name."""
        if self._ahead and self._loop is not None:
            self._values, self._ahead = self._loop.values(), False
        return self._values

    @property
    def parameters(self) -> Arrays:
        """The parameters by name."""
        return {name: self.values[name] for name in self.program.graph.parameters}

    def known_of(self, what: Hashable, find: Callable[[], Known]) -> Known:
        """Something that depends on the network and the rows alone, found once."""
        if what not in self._known:
            self._known[what] = find()
        found: Known = self._known[what]
        return found

    def set_rate(self, settings: Settings) -> None:
        """Go on with settings that differ in the learning rate or the stop rules only."""
        if settings.learning_rate != self.settings.learning_rate:
            self._values, self._loop = self.values, None
        self.settings = settings

    def put(self, values: Mapping[str, NDArray[Any]], step: int) -> None:
        """Go on from other values."""
        self._values, self.step, self._loop, self._ahead = self._started(values), step, None, False

    def put_number(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Go on with one number of a parameter changed."""
        changed = self.values[name].copy()
        changed[index] = value
        self._values, self._loop, self._ahead = {**self.values, name: changed}, None, False

    def advance(self, count: int, seconds: float) -> tuple[NDArray[np.float64], str | None]:
        """The errors of the next ``count`` steps, or of those there is time for, and what is not finite."""
        if self._loop is None:
            rate = self.settings.learning_rate
            self._loop = Loop(
                self.program,
                self.batches,
                lambda first, count: np.full(count, rate),
                State(self.step, dict(self.values)),
                seed=self.settings.seed,
            )
        until = self.step + count
        advance = self._loop.advance(until, seconds)
        failure = advance.failure or (self._loop.check() if self._loop.step >= until else None)
        before, self.step, self._ahead = self.step, self._loop.step, True
        if failure is None:
            return advance.errors, None
        return advance.errors[: max(failure.step - before, 0)], failure.message

    def next_batch(self) -> Mapping[str, NDArray[Any]]:
        """The rows of the next step."""
        return self.batches.block(self.step + 1, self.step + 1).rows()

    def next_rows(self) -> NDArray[np.int64]:
        """Which rows of the table those are."""
        order = self.batches.block(self.step + 1, self.step + 1).order
        chosen: NDArray[np.int64] = self.trained_rows if order is None else self.trained_rows[order]
        return chosen

    def gradients(self) -> Arrays:
        """∂error/∂parameter on the rows of the next step, dropout at work as in that step."""
        given = {**self.values, **self.next_batch(), "seed": self.settings.seed, "draw": self.step + 1}
        found = _slopes(tuple(self.program.gradients.values())).mean(given)
        return dict(zip(self.program.gradients, found, strict=True))


def errors_of(network: Network, parameters: Arrays, data: Arrays) -> tuple[float, float]:
    """The error of some rows without and with penalties, dropout at rest."""
    with np.errstate(all="ignore"):
        plain, whole = _errors(network).mean({**parameters, **data})
    return float(plain), float(whole)


def forward_of(
    network: Network, parameters: Arrays, data: Arrays
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """z of the output, the prediction and the error of each row."""
    with np.errstate(all="ignore"):
        z, prediction, errors = _forward(network).rows({**parameters, **data})
    return z, prediction, errors


def shares_of(prediction: NDArray[Any]) -> NDArray[Any]:
    """The probability of each class: of two, one output tells that of the second."""
    return prediction if prediction.shape[1] > 1 else np.concatenate([1 - prediction, prediction], axis=1)


@lru_cache(maxsize=2)
def _errors(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.data_error, graph.error])


@lru_cache(maxsize=2)
def _forward(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.output, graph.prediction, graph.errors])


@lru_cache(maxsize=2)
def _slopes(gradients: tuple[Node, ...]) -> Evaluator:
    return Evaluator(gradients)
