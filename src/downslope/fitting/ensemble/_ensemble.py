"""From encoded rows to trained networks: a linear model, groups of networks, and their blend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.fitting._record import LINEAR
from downslope.fitting.ensemble._blend import best_shares, best_temperature, blended, temperature_scaled
from downslope.fitting.ensemble._divergence import refuse_diverged
from downslope.fitting.ensemble._group import EncodedRows, EnsembleGroup, class_probabilities, train_group
from downslope.fitting.ensemble._recipe import FitSettings, linear_network, networks_for
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import TableEncoder, Target
from downslope.training import Folds, Progress, Run, Schedule, descend, forward

__all__ = ["FitPhase", "FittedEnsemble", "fit_ensemble", "fit_single"]

_LINEAR_DESCENT: Mapping[str, Any] = {"optimizer": "lbfgs", "steps": 200}
_LINEAR_PATIENCE = 20
_LINEAR_PENALTY = 1e-3
_SLIGHT_PENALTY = 1e-4  # so that the solution for few rows is unique
_LINEAR_SHARE = 0.2  # of a time limit
_MOST_GROUPS = 10
_TRIAL_STEPS = 12  # that measure how long a step takes
_LINEAR_NUMBERS = 1_000_000  # in the rows that the linear model is trained on, in float64
_SEEDS = 1 << 64


@dataclass(frozen=True)
class FitPhase:
    """What a fit is at: ``"linear"`` or the name of a group, its progress, and the target it is of."""

    name: str
    progress: Progress
    target: str = ""


@dataclass(frozen=True)
class FittedEnsemble:
    """What was trained on the rows.

    Attributes:
        network, parameters: what predicts.
        groups: all that were trained, the linear model first.
        shares: how much each group counts, of sum 1.
        linear, blend: predictions of the held-out rows: probabilities (rows, classes), or numbers (rows, 1)
            as the loss takes them.
        interrupted: whether Ctrl-C ended training early.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    groups: Sequence[EnsembleGroup]
    shares: Sequence[float]
    linear: NDArray[np.float64]
    blend: NDArray[np.float64]
    interrupted: bool


def fit_ensemble(
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    progress: Callable[[FitPhase], None] | None = None,
) -> FittedEnsemble:
    """Train the groups that suit the rows, and blend them with the smallest loss on held-out rows.

    Raises:
        DownslopeError: if training diverges; it says at which learning rate.
        KeyboardInterrupt: if nothing was trained before it.
    """
    started = monotonic()
    groups, interrupted = [_linear(rows, encoder, target, settings, progress)], False
    if settings.layers_for(len(rows.x)):
        try:
            networks = networks_for(encoder, target, settings, rows.x)
            planned = _timed(networks, settings, started) if rows.members > 1 else _first(networks)
            for place, (name, network, seconds) in enumerate(planned):
                seed = (settings.seed + place) % _SEEDS
                groups.append(_trained(name, network, rows, settings, seed, seconds, progress))
                if groups[-1].run.stopped == "interrupted":
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            interrupted = True
    if target.task == "regression":  # a mean of targets is never beyond them
        low, high = rows.y.min(), rows.y.max()
        groups = [replace(g, predictions=np.clip(g.predictions, low, high)) for g in groups]
    return _blended(rows, target, settings, groups, interrupted, progress)


def fit_single(
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    progress: Callable[[FitPhase], None] | None = None,
) -> FittedEnsemble:
    """One network for rows too few to hold any out: a linear model, or the network that was asked for."""
    linear = linear_network(encoder, target, _SLIGHT_PENALTY)
    groups = [_on_these(LINEAR, linear, _linear_rows(rows), settings, _LINEAR_DESCENT, progress)]
    if settings.layers_for(len(rows.x)):
        name, network = next(iter(networks_for(encoder, target, settings, rows.x).items()))
        asked = settings.descent(len(rows.x), settings.epochs_for(len(rows.x)))
        watched = {**asked, "validation": (rows.x, rows.y)}
        groups.append(_on_these(name, network, rows, settings, watched, progress))
    last = groups[-1]
    return FittedEnsemble(
        last.ensemble.networks[0],
        last.run.parameters,
        groups,
        [0.0] * (len(groups) - 1) + [1.0],
        groups[0].predictions,
        last.predictions,
        last.run.stopped == "interrupted",
    )


def _on_these(
    name: str,
    network: Network,
    rows: EncodedRows,
    settings: FitSettings,
    asked: Mapping[str, Any],
    progress: Callable[[FitPhase], None] | None,
) -> EnsembleGroup:
    """One network trained on all rows, and what it predicts of them."""
    run = _descended(network, rows, settings, asked, _named(name, progress))
    if run.stopped == "interrupted" and name == LINEAR:
        raise KeyboardInterrupt
    predicted = class_probabilities(network, forward(network, run.parameters, rows.x))
    initial = network.initial_parameters(settings.seed, rows.x.dtype)
    before = class_probabilities(network, forward(network, initial, rows.x))
    refuse_diverged(run, before, predicted, rows.y, rows.weights, settings.learning_rate)
    return EnsembleGroup(name, Ensemble([network]), run, predicted)


def _descended(
    network: Network,
    rows: EncodedRows,
    settings: FitSettings,
    asked: Mapping[str, Any],
    progress: Callable[[Progress], None] | None,
) -> Run:
    """A descent of one network on all rows."""
    return descend(
        network, rows.x, rows.y, row_weights=rows.weights, seed=settings.seed, progress=progress, **asked
    )


def _linear(
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    progress: Callable[[FitPhase], None] | None,
) -> EnsembleGroup:
    limit = settings.time_limit
    group = train_group(
        LINEAR,
        linear_network(encoder, target, _LINEAR_PENALTY),
        rows,
        training=_linear_rows(rows),
        **_LINEAR_DESCENT,
        patience=_LINEAR_PATIENCE,
        time_limit=None if limit is None else limit * _LINEAR_SHARE,
        seed=settings.seed,
        progress=_named(LINEAR, progress),
    )
    if group.run.stopped == "interrupted":
        raise KeyboardInterrupt
    return group


def _linear_rows(rows: EncodedRows) -> EncodedRows:
    """As many rows in float64 as a linear model needs: every so many of a large table."""
    every = slice(None, None, -(-rows.x.size // _LINEAR_NUMBERS))
    x = rows.x[every].astype(np.float64)
    return EncodedRows(x, rows.y[every], rows.weights[every], Folds(rows.folds.of[every]))


Planned = tuple[str, Network, float | None]
"""The name of a group, its network, and the seconds that its training may take."""


def _first(networks: Mapping[str, Network]) -> Iterator[Planned]:
    name, network = next(iter(networks.items()))
    yield name, network, None


def _timed(networks: Mapping[str, Network], settings: FitSettings, started: float) -> Iterator[Planned]:
    """Every network once; then, while a time limit allows, again from other starting values."""
    if settings.time_limit is None:
        yield from ((name, network, None) for name, network in networks.items())
        return
    end, ways, slowest = started + settings.time_limit, list(networks.items()), 0.0
    for place in range(_MOST_GROUPS):
        left, again = end - monotonic(), place // len(ways)
        if place and left <= slowest * bool(again):
            return
        name, network = ways[place % len(ways)]
        before = monotonic()
        yield f"{name} {again + 1}" if again else name, network, max(left / max(1, len(ways) - place), 0.0)
        slowest = max(slowest, monotonic() - before)


def _trained(
    name: str,
    network: Network,
    rows: EncodedRows,
    settings: FitSettings,
    seed: int,
    seconds: float | None,
    progress: Callable[[FitPhase], None] | None,
) -> EnsembleGroup:
    count = len(rows.x)
    epochs = settings.epochs_for(count)
    asked = dict(settings.descent(count, epochs))
    if seconds is not None:
        begun = monotonic()
        per_step = _seconds_of_a_step(network, rows, asked, seed)
        left = max(seconds - (monotonic() - begun), 0.0)
        steps = epochs * -(-count // asked["batch_size"])
        asked |= {"epochs": None, "steps": max(1, int(min(steps, left * 0.9 / per_step))), "time_limit": left}
    group = train_group(name, network, rows, **asked, seed=seed, progress=_named(name, progress))
    held = rows.folds.held_out
    before = group.predicted_at(group.ensemble.initial_parameters(seed, rows.x.dtype), rows)
    y, weights = rows.y[held], rows.weights[held]
    refuse_diverged(group.run, before, group.predictions, y, weights, settings.learning_rate)
    return group


def _seconds_of_a_step(network: Network, rows: EncodedRows, asked: Mapping[str, Any], seed: int) -> float:
    """Measured on some steps whose result is not used; their program is kept for those that follow."""
    settings = {k: asked[k] for k in ("optimizer", "learning_rate", "batch_size")}
    ensemble = Ensemble([network] * rows.members)
    some = slice(None, _TRIAL_STEPS * asked["batch_size"])
    x, y = rows.x[some], rows.y[some]
    for _ in range(2):
        begun = monotonic()
        if descend(ensemble, x, y, steps=_TRIAL_STEPS, seed=seed, **settings).stopped == "interrupted":
            raise KeyboardInterrupt
    return max(monotonic() - begun, 1e-6) / _TRIAL_STEPS


def _blended(
    rows: EncodedRows,
    target: Target,
    settings: FitSettings,
    groups: Sequence[EnsembleGroup],
    interrupted: bool,
    progress: Callable[[FitPhase], None] | None,
) -> FittedEnsemble:
    held = rows.folds.held_out
    y, weights = rows.y[held], rows.weights[held]
    predictions = [g.predictions for g in groups]
    if rows.members == 1 or len(groups) == 1:
        network, parameters, cut = _on_all_rows(groups[-1], rows, settings, interrupted, progress)
        shares = [0.0] * (len(groups) - 1) + [1.0]
        return FittedEnsemble(network, parameters, groups, shares, predictions[0], predictions[-1], cut)
    shares = best_shares(predictions, y, weights, len(target.classes))
    temperature = best_temperature(predictions, shares, y, weights) if target.classes else 1.0
    scaled = [temperature_scaled(p, temperature) for p in predictions] if target.classes else predictions
    joined, values = _joined(groups, shares, temperature)
    blend = blended(scaled, shares)
    return FittedEnsemble(joined, values, groups, shares, predictions[0], blend, interrupted)


def _joined(
    groups: Sequence[EnsembleGroup], shares: Sequence[float], temperature: float
) -> tuple[Ensemble, dict[str, NDArray[Any]]]:
    """The members of all groups that count, side by side."""
    members = [
        (g.ensemble.networks[i], share / len(g.ensemble.networks), g.ensemble.of_member(i, g.parameters))
        for g, share in zip(groups, shares, strict=True)
        if share > 0
        for i in range(len(g.ensemble.networks))
    ]
    counts = tuple(share for _, share, _ in members)
    joined = Ensemble([network for network, _, _ in members], counts, temperature)
    values = {
        joined.prefix(i) + name: value for i, (_, _, own) in enumerate(members) for name, value in own.items()
    }
    return joined, values


@dataclass(frozen=True)
class _BeginningOf:
    """A schedule as it goes in a run of so many steps, however few of them are taken."""

    schedule: Schedule
    steps: int

    def rate(self, step: int, steps: int) -> float:
        return self.schedule.rate(step, self.steps)


def _on_all_rows(
    group: EnsembleGroup,
    rows: EncodedRows,
    settings: FitSettings,
    interrupted: bool,
    progress: Callable[[FitPhase], None] | None,
) -> tuple[Network, dict[str, NDArray[Any]], bool]:
    """One network of the group, trained on every row up to the best epoch; whether it was interrupted."""
    network, count = group.ensemble.networks[0], len(rows.x)
    kept = group.ensemble.of_member(0, group.parameters)
    if interrupted:
        return network, kept, True
    report = _named("all rows", progress)
    if group.name == LINEAR:
        run = _descended(network, _linear_rows(rows), settings, _LINEAR_DESCENT, report)
    else:
        epochs = settings.epochs_for(count)
        asked = dict(settings.descent(count, epochs))
        whole = _BeginningOf(asked["learning_rate"], epochs * -(-count // asked["batch_size"]))
        asked |= {
            "learning_rate": whole,
            "epochs": group.run.best_epoch or 1,
            "patience": None,
            "ema_decay": 0,
        }
        run = _descended(network, rows, settings, asked, report)
    return network, dict(run.parameters) if run.stopped == "finished" else kept, run.stopped == "interrupted"


def _named(name: str, progress: Callable[[FitPhase], None] | None) -> Callable[[Progress], None] | None:
    return None if progress is None else lambda epoch: progress(FitPhase(name, epoch))
