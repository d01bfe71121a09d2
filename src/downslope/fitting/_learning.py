"""From encoded rows to a trained network: a linear model, several kinds of networks, and their blend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting._blend import blended, blended_shares, cooled, temperature_of
from downslope.fitting._group import Group, Rows, both_classes, train
from downslope.fitting._model import LINEAR
from downslope.fitting._recipe import Settings, linear_network, suited_networks
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import TableEncoder, Target
from downslope.training import Folds, Progress, Run, Schedule, descend, forward

__all__ = ["Learned", "Phase", "learn", "learn_straight"]

_LINEAR_DESCENT: Mapping[str, Any] = {"optimizer": "lbfgs", "steps": 200}
_LINEAR_PATIENCE = 20
_LINEAR_PENALTY = 1e-3
_SLIGHT_PENALTY = 1e-4  # so that few rows have one answer
_SHARE_OF_LINEAR = 0.2  # of a time limit
_MOST_GROUPS = 10
_TRIED_STEPS = 12  # that tell how long a step takes
_LINEAR_NUMBERS = 1_000_000  # in the rows that teach the linear model, in float64
_DIVERGED = 10.0


@dataclass(frozen=True)
class Phase:
    """What a fit is at: ``"linear"`` or the name of a kind of network, and how far that has come."""

    name: str
    progress: Progress


@dataclass(frozen=True)
class Learned:
    """What came of the rows.

    Attributes:
        network, parameters: what predicts.
        groups: all that were trained, the linear model first; and how much each counts, of sum 1.
        linear, blend: guesses of the rows that were held out: probabilities (rows, classes), or numbers
            (rows, 1) as the loss takes them.
        interrupted: whether Ctrl-C cut it short.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    groups: Sequence[Group]
    shares: Sequence[float]
    linear: NDArray[np.float64]
    blend: NDArray[np.float64]
    interrupted: bool


def learn(
    rows: Rows,
    encoder: TableEncoder,
    target: Target,
    settings: Settings,
    progress: Callable[[Phase], None] | None = None,
) -> Learned:
    """Train what suits the rows, and blend it as the rows that were held out like best.

    Raises:
        DownslopeError: if training diverges; it says at which learning rate.
        KeyboardInterrupt: if nothing was learned before it.
    """
    started = monotonic()
    groups = [_linear(rows, encoder, target, settings, progress)]
    if settings.layers_for(len(rows.x)):
        kinds = suited_networks(encoder, target, settings, rows.x)
        wanted = _timed(kinds, settings, started) if rows.members > 1 else _first(kinds)
        for seed, (name, network, seconds) in enumerate(wanted, settings.seed):
            group = _trained(name, network, rows, settings, seed, seconds, progress)
            groups.append(group)
            if group.run.stopped == "interrupted":
                break
    if target.task == "regression":  # a mean of targets is never beyond them
        low, high = rows.y.min(), rows.y.max()
        groups = [replace(g, guesses=np.clip(g.guesses, low, high)) for g in groups]
    return _blended(rows, target, settings, groups, progress)


def learn_straight(
    rows: Rows,
    encoder: TableEncoder,
    target: Target,
    settings: Settings,
    progress: Callable[[Phase], None] | None = None,
) -> Learned:
    """What rows teach that are too few to hold any out: a linear model, or the network that was asked for."""
    linear = linear_network(encoder, target, _SLIGHT_PENALTY)
    groups = [_on_these(LINEAR, linear, _some(rows), settings, _LINEAR_DESCENT, progress)]
    if settings.layers_for(len(rows.x)):
        name, network = next(iter(suited_networks(encoder, target, settings, rows.x).items()))
        asked = settings.descent(len(rows.x), settings.epochs_for(len(rows.x)))
        watched = {**asked, "validation": (rows.x, rows.y)}
        groups.append(_on_these(name, network, rows, settings, watched, progress))
    last = groups[-1]
    return Learned(
        last.ensemble.networks[0],
        last.run.parameters,
        groups,
        [0.0] * (len(groups) - 1) + [1.0],
        groups[0].guesses,
        last.guesses,
        last.run.stopped == "interrupted",
    )


def _on_these(
    name: str,
    network: Network,
    rows: Rows,
    settings: Settings,
    asked: Mapping[str, Any],
    progress: Callable[[Phase], None] | None,
) -> Group:
    """One network trained on all rows, and what it says of them."""
    run = _descended(network, rows, settings, asked, _named(name, progress))
    if run.stopped == "interrupted" and name == LINEAR:
        raise KeyboardInterrupt
    _check(run, network, rows.y, settings)
    guesses = both_classes(network, forward(network, run.parameters, rows.x))
    return Group(name, Ensemble([network]), run, guesses)


def _descended(
    network: Network,
    rows: Rows,
    settings: Settings,
    asked: Mapping[str, Any],
    progress: Callable[[Progress], None] | None,
) -> Run:
    """A descent of one network on all rows."""
    return descend(
        network, rows.x, rows.y, row_weights=rows.weights, seed=settings.seed, progress=progress, **asked
    )


def _linear(
    rows: Rows,
    encoder: TableEncoder,
    target: Target,
    settings: Settings,
    progress: Callable[[Phase], None] | None,
) -> Group:
    limit = settings.time_limit
    group = train(
        LINEAR,
        linear_network(encoder, target, _LINEAR_PENALTY),
        rows,
        taught=_some(rows),
        **_LINEAR_DESCENT,
        patience=_LINEAR_PATIENCE,
        time_limit=None if limit is None else limit * _SHARE_OF_LINEAR,
        seed=settings.seed,
        progress=_named(LINEAR, progress),
    )
    if group.run.stopped == "interrupted":
        raise KeyboardInterrupt
    return group


def _some(rows: Rows) -> Rows:
    """As many rows in float64 as a linear model needs: every so many of a large table."""
    every = slice(None, None, -(-rows.x.size // _LINEAR_NUMBERS))
    x = rows.x[every].astype(np.float64)
    return Rows(x, rows.y[every], rows.weights[every], Folds(rows.folds.of[every]))


Wanted = tuple[str, Network, float | None]
"""The name of a kind, its network, and the seconds that its members may take."""


def _first(kinds: Mapping[str, Network]) -> Iterator[Wanted]:
    name, network = next(iter(kinds.items()))
    yield name, network, None


def _timed(kinds: Mapping[str, Network], settings: Settings, started: float) -> Iterator[Wanted]:
    """Every kind once; then, while a time limit leaves time for it, again from other starting values."""
    if settings.time_limit is None:
        yield from ((name, network, None) for name, network in kinds.items())
        return
    end, ways, slowest = started + settings.time_limit, list(kinds.items()), 0.0
    for turn in range(_MOST_GROUPS):
        left, again = end - monotonic(), turn // len(ways)
        if turn and left <= slowest * bool(again):
            return
        name, network = ways[turn % len(ways)]
        before = monotonic()
        yield f"{name} {again + 1}" if again else name, network, max(left / max(1, len(ways) - turn), 0.0)
        slowest = max(slowest, monotonic() - before)


def _trained(
    name: str,
    network: Network,
    rows: Rows,
    settings: Settings,
    seed: int,
    seconds: float | None,
    progress: Callable[[Phase], None] | None,
) -> Group:
    many = len(rows.x)
    epochs = settings.epochs_for(many)
    asked = dict(settings.descent(many, epochs))
    if seconds is not None:
        begun = monotonic()
        per_step = _seconds_of_a_step(network, rows, asked, seed)
        left = max(seconds - (monotonic() - begun), 0.0)
        steps = epochs * -(-many // asked["batch_size"])
        asked |= {"epochs": None, "steps": max(1, min(steps, int(left * 0.9 / per_step))), "time_limit": left}
    group = train(name, network, rows, **asked, seed=seed, progress=_named(name, progress))
    _check(group.run, network, rows.y, settings)
    return group


def _check(run: Run, network: Network, y: NDArray[Any], settings: Settings) -> None:
    """That training went somewhere."""
    best = run.validation_losses.min() if len(run.validation_losses) else 0.0
    if run.stopped == "not finite" or best > _DIVERGED * _spread(y, network):
        what = run.message if run.stopped == "not finite" else f"the validation error rose to {best:.3g}."
        raise DownslopeError(
            f"training diverged at a learning rate of {settings.learning_rate:g}: {what} "
            f"The default learning rate is {Settings.learning_rate:g}"
        )


def _seconds_of_a_step(network: Network, rows: Rows, asked: Mapping[str, Any], seed: int) -> float:
    """Measured on some steps that are thrown away; the program they made is kept and used again."""
    settings = {k: asked[k] for k in ("optimizer", "learning_rate", "batch_size")}
    ensemble = Ensemble([network] * rows.members)
    some = slice(None, _TRIED_STEPS * asked["batch_size"])
    x, y = rows.x[some], rows.y[some]
    for _ in range(2):
        begun = monotonic()
        if descend(ensemble, x, y, steps=_TRIED_STEPS, seed=seed, **settings).stopped == "interrupted":
            raise KeyboardInterrupt
    return max(monotonic() - begun, 1e-6) / _TRIED_STEPS


def _spread(y: NDArray[Any], network: Network) -> float:
    """The error of a network whose output is 0 everywhere: the mean, or equal chances."""
    if network.loss == "squared_error":
        return max(float(np.mean(y**2)), 1e-12)
    return float(np.log(max(2, network.graph().output.shape[1])))


def _blended(
    rows: Rows,
    target: Target,
    settings: Settings,
    groups: Sequence[Group],
    progress: Callable[[Phase], None] | None,
) -> Learned:
    held = rows.folds.held
    y, weights = rows.y[held], rows.weights[held]
    guesses, interrupted = [g.guesses for g in groups], groups[-1].run.stopped == "interrupted"
    if rows.members == 1 or len(groups) == 1:
        network, parameters, cut = _on_all_rows(groups[-1], rows, settings, interrupted, progress)
        shares = [0.0] * (len(groups) - 1) + [1.0]
        return Learned(network, parameters, groups, shares, guesses[0], guesses[-1], cut)
    shares = blended_shares(guesses, y, weights, len(target.classes))
    heat = temperature_of(guesses, shares, y, weights) if target.classes else 1.0
    blend = blended([cooled(g, heat) for g in guesses] if target.classes else guesses, shares)
    joined, values = _joined(groups, shares, heat)
    return Learned(joined, values, groups, shares, groups[0].guesses, blend, interrupted)


def _joined(
    groups: Sequence[Group], shares: Sequence[float], heat: float
) -> tuple[Ensemble, dict[str, NDArray[Any]]]:
    """The members of all groups that count, side by side."""
    members = [
        (g.ensemble.networks[i], share / len(g.ensemble.networks), g.ensemble.of_member(i, g.parameters))
        for g, share in zip(groups, shares, strict=True)
        if share > 0
        for i in range(len(g.ensemble.networks))
    ]
    joined = Ensemble([network for network, _, _ in members], tuple(share for _, share, _ in members), heat)
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
    group: Group,
    rows: Rows,
    settings: Settings,
    interrupted: bool,
    progress: Callable[[Phase], None] | None,
) -> tuple[Network, dict[str, NDArray[Any]], bool]:
    """One network of the kind, trained on every row up to the best epoch; whether it was interrupted."""
    network, many = group.ensemble.networks[0], len(rows.x)
    kept = group.ensemble.of_member(0, group.parameters)
    if interrupted:
        return network, kept, True
    told = _named("all rows", progress)
    if group.name == LINEAR:
        run = _descended(network, _some(rows), settings, _LINEAR_DESCENT, told)
    else:
        epochs = settings.epochs_for(many)
        asked = dict(settings.descent(many, epochs))
        whole = _BeginningOf(asked["learning_rate"], epochs * -(-many // asked["batch_size"]))
        asked |= {
            "learning_rate": whole,
            "epochs": group.run.best_epoch or 1,
            "patience": None,
            "ema_decay": 0,
        }
        run = _descended(network, rows, settings, asked, told)
    return network, dict(run.parameters) if run.stopped == "finished" else kept, run.stopped == "interrupted"


def _named(name: str, progress: Callable[[Phase], None] | None) -> Callable[[Progress], None] | None:
    return None if progress is None else lambda told: progress(Phase(name, told))
