"""Whether the condition of a lesson's step holds: what conditions ask of the state of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.insight import position_of
from downslope.studio.session._engine import Engine
from downslope.studio.session._faults import stable_range_of
from downslope.studio.session._measures import forward_of, probabilities_of
from downslope.studio.session._state import Progress, SessionState, shown_values

__all__ = ["StateFacts", "observed"]


def observed(before: SessionState, after: SessionState, engine: Engine) -> SessionState:
    """The state after a command or some steps, with what it means for the lesson."""
    progress = after.lesson
    if progress is None or after is before:
        return after
    if before.lesson is progress:
        progress = _counted(progress, before, after)
    if progress.at not in progress.done and (not after.playing or engine.may_measure()):
        until = progress.step.until
        state = replace(after, lesson=progress)
        if until is None or until.holds(StateFacts(state, engine)):
            progress = replace(progress, done=progress.done | {progress.at})
    return after if progress is after.lesson else replace(after, lesson=progress)


def _counted(progress: Progress, before: SessionState, after: SessionState) -> Progress:
    """The moves by hand and the steps that led from one state to the next."""
    last = after.run.last
    moves = progress.moves + (last is not before.run.last and last.origin == "hand")
    same = before.current == after.current and before.settings == after.settings
    steps = (progress.steps if same else 0) + max(0, after.position.step - before.position.step) * same
    if (moves, steps) == (progress.moves, progress.steps):
        return progress
    return replace(progress, moves=moves, steps=steps)


class StateFacts:
    """What a state is, as conditions ask for it."""

    def __init__(self, state: SessionState, engine: Engine) -> None:
        assert state.lesson is not None
        self.state, self.engine, self.progress = state, engine, state.lesson

    def number(self, name: str) -> float | NDArray[np.float64]:
        """The number of a name or a weight, NaN where there is none."""
        if name in _NUMBERS:
            found = _NUMBERS[name](self)
            return float("nan") if found is None else found
        with suppress(DownslopeError):
            of = position_of(self.state.settings.network, name)
            return float(self.values[of.name][of.index])
        return float("nan")

    def texts(self, name: str) -> tuple[str, ...]:
        """The words of a name."""
        return _TEXTS[name](self)

    def flag(self, name: str) -> bool:
        """Whether a flag holds."""
        return _FLAGS[name](self)

    def of(self, name: str, what: str) -> bool:
        """Whether ``what`` is selected, or open."""
        if name == "open":
            return self.progress.panel == what if what else bool(self.progress.panel)
        chosen = self.progress.selected
        if not what or chosen is None:
            return chosen is not None
        with suppress(DownslopeError):
            of = position_of(self.state.settings.network, what)
            return chosen == (of.name, of.index)
        kind = {"W": "weight", "b": "bias"}.get(what[0])
        return chosen[0] == f"layer{what[1:]}.{kind}"

    @cached_property
    def values(self) -> Mapping[str, NDArray[Any]]:
        """Of all parameters, as they are shown."""
        return shown_values(self.state, self.engine)

    @cached_property
    def prediction(self) -> NDArray[Any]:
        """Of every row: numbers, or probabilities."""
        data = self.state.shown_descent.split.data
        return forward_of(self.state.settings.network, self.values, data)[1]

    @cached_property
    def row_errors(self) -> NDArray[np.float64]:
        """The size of each row's error in the units of the target; of classes, what is missing to 1."""
        rows, data = self.state.rows, self.state.shown_descent.split.data
        if not rows.target.classes:
            return np.abs(np.asarray(data["y"] - self.prediction, np.float64)) * rows.target.scale
        classes = np.asarray(data["y"]).reshape(-1).astype(int)
        of_the_true = probabilities_of(self.prediction)[np.arange(len(classes)), classes]
        return 1.0 - np.asarray(of_the_true, np.float64)

    @property
    def accuracy(self) -> float | None:
        """The share of the rows whose class is the likeliest one."""
        rows, data = self.state.rows, self.state.shown_descent.split.data
        if not rows.target.classes:
            return None
        likeliest = probabilities_of(self.prediction).argmax(axis=1)
        return float(np.mean(likeliest == np.asarray(data["y"]).reshape(-1)))

    @property
    def stable_rate(self) -> float | None:
        """The end of the stable range of the learning rate."""
        found = stable_range_of(self.state.shown_descent)
        return None if found is None else found.below

    @property
    def hidden(self) -> tuple[Any, ...]:
        """The hidden layers that the page can change."""
        return self.state.settings.layers[:-1]


def _setting(name: str) -> Callable[[StateFacts], float | None]:
    return lambda facts: getattr(facts.state.settings, name)


def _batch_size(facts: StateFacts) -> int:
    return facts.state.settings.batch_size or len(facts.state.shown_descent.split.training["x"])


_NUMBERS: Mapping[str, Callable[[StateFacts], float | NDArray[np.float64] | None]] = {
    "error": lambda f: f.engine.measure(f.state.shown_descent, f.values).error,
    "validation_error": lambda f: f.engine.measure(f.state.shown_descent, f.values).validation,
    "every error": lambda f: f.row_errors,
    "accuracy": lambda f: f.accuracy,
    "steps": lambda f: f.progress.steps,
    "moves": lambda f: f.progress.moves,
    "stable_rate": lambda f: f.stable_rate,
    "batch_size": _batch_size,
    **{n: _setting(n) for n in ("learning_rate", "momentum", "dropout", "l1", "l2", "validation", "seed")},
    "layers": lambda f: len(f.state.settings.layers),
    "hidden_layers": lambda f: len(f.hidden),
    "hidden_units": lambda f: sum(layer.units for layer in f.hidden),
    "parameters": lambda f: f.state.settings.weights,
    "rows": lambda f: len(f.state.rows.x),
    "runs": lambda f: sum(run.rows is f.state.rows for run in f.state.runs),
    "inputs": lambda f: len(f.state.rows.features),
}
_TEXTS: Mapping[str, Callable[[StateFacts], tuple[str, ...]]] = {
    "activation": lambda f: tuple(str(layer.activation) for layer in f.hidden or f.state.settings.layers),
    "optimizer": lambda f: (f.state.settings.optimizer,),
    "loss": lambda f: (str(f.state.settings.loss),),
    "table": lambda f: (f.state.rows.name,),
    "target": lambda f: f.state.rows.choices.targets,
}
_FLAGS: Mapping[str, Callable[[StateFacts], bool]] = {
    "bias": lambda f: any(layer.bias is not False for layer in f.state.settings.layers[-1:]),
    "playing": lambda f: f.state.playing,
    "diverged": lambda f: f.state.stopped is not None and f.state.stopped.kind == "not finite",
    "moved_by_hand": lambda f: f.progress.moves > 0,
    "frozen": lambda f: any(bool(np.any(mask)) for mask in f.state.frozen.values()),
    "looking_back": lambda f: f.state.viewing is not None,
    "own_table": lambda f: f.state.rows.name != f.progress.table.name,
}
