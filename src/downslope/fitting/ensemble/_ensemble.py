"""From encoded rows to trained networks: a linear model, groups of networks, and their blend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from downslope.fitting.ensemble._blend import Score
from downslope.fitting.ensemble._blended import FittedEnsemble, blended_groups
from downslope.fitting.ensemble._class_weights import taken_back
from downslope.fitting.ensemble._divergence import refuse_diverged
from downslope.fitting.ensemble._group import EnsembleGroup, class_probabilities, train_group
from downslope.fitting.ensemble._hooks import FitHooks, Until
from downslope.fitting.ensemble._noise import (
    HARDLY_ANY,
    LITTLE_NOISE,
    networks_without_dropout,
    noise_limit,
)
from downslope.fitting.ensemble._recipe import (
    FitSettings,
    bins_learn,
    linear_network,
    linear_penalties,
    networks_for,
    networks_with_learned_bins,
)
from downslope.fitting.ensemble._residuals import leaves_little, on_residuals, residuals_of
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._within import within
from downslope.fitting.record import LINEAR, is_added
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import TableEncoder, Target
from downslope.training import Progress, Run, descend, forward

__all__ = [
    "LINEAR_DESCENT",
    "LINEAR_PATIENCE",
    "SEEDS",
    "descended",
    "fit_ensemble",
    "fit_single",
    "linear_group",
    "linear_rows",
]

LINEAR_DESCENT: Mapping[str, Any] = {"optimizer": "lbfgs", "steps": 200}
LINEAR_PATIENCE = 20
_SLIGHT_PENALTY = 1e-4  # so that the solution for few rows is unique
_LINEAR_SHARE = 0.2  # of a time limit
_MOST_GROUPS = 10
_LONGER, _MORE_EPOCHS = 1.25, 2  # than the epochs after which the first group was best
_OF_TRIAL = 5  # one epoch in so many is enough to tell which numerical embeddings suit
_MEMBERS_IN_TRIAL = 2
_BOTH_KINDS_FROM = 26_000  # rows; there the first group ends sooner, and both without dropout follow
_LINEAR_NUMBERS = 1_000_000  # in the rows that the linear model is trained on, in float64
_FEWEST_NUMBERS = 50_000
_NUMBERS_A_SECOND = 200_000  # of a time limit: fewer rows are better than a model that is not done
SEEDS = 1 << 64


def fit_ensemble(
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    hooks: FitHooks,
    score: Score | None = None,
    groups_at_first: int | None = None,
) -> FittedEnsemble:
    """Train the groups that suit the rows, and blend them with the smallest loss on held-out rows.

    Of one member, or one group, there is no blend: the group with the smallest loss counts alone, and
    ``on_all_rows`` is yet to train it. Where a score is given, the highest score takes the place of the
    smallest loss.

    Args:
        rows, encoder, target: what to train on.
        settings: how.
        hooks: what goes along.
        score: of predictions of the held-out rows; None for the loss.
        groups_at_first: that share a time limit; None for one of each architecture.

    Raises:
        DownslopeError: if training diverges; it says at which learning rate.
        KeyboardInterrupt: if nothing was trained before it.
    """
    started = hooks.now()
    groups, interrupted = [hooks.agree(linear_group(rows, encoder, target, settings, hooks))], False
    if score is not None:
        score(groups[0].predictions)  # which raises before the long part where the function does not serve
    if settings.layers_for(rows.count):
        try:
            asked = (rows, encoder, target, settings, started, groups_at_first, hooks)
            for group in _network_groups(groups[0], *asked):
                groups.append(group)
                if group.run.stopped == "interrupted":
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            interrupted = True
    return blended_groups(rows, target, groups, interrupted, score)


def fit_single(
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    hooks: FitHooks,
) -> FittedEnsemble:
    """One network for rows too few to hold any out: a linear model, or the network that was asked for."""
    linear = replace(linear_network(encoder, target, settings, rows), l2=_SLIGHT_PENALTY)
    groups = [_on_these(LINEAR, linear, linear_rows(rows), settings, LINEAR_DESCENT, hooks)]
    if settings.layers_for(rows.count):
        name, network = next(iter(networks_for(encoder, target, settings, rows).items()))
        asked = settings.descent(len(rows.x), settings.epochs_for(len(rows.x)))
        watched = {**asked, "validation": (rows.x, rows.y)}
        groups.append(_on_these(name, network, rows, settings, watched, hooks))
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
    hooks: FitHooks,
) -> EnsembleGroup:
    """One network trained on all rows, and what it predicts of them."""
    run = descended(network, rows, settings.seed, {**asked, **hooks.of(name, asked.get("learning_rate"))})
    if run.stopped == "interrupted" and name == LINEAR:
        raise KeyboardInterrupt
    predicted = class_probabilities(network, forward(network, run.parameters, rows.x))
    initial = network.initial_parameters(settings.seed, rows.x.dtype)
    before = class_probabilities(network, forward(network, initial, rows.x))
    refuse_diverged(run, before, predicted, rows.y, rows.weights, settings.learning_rate)
    return EnsembleGroup(name, Ensemble([network]), run, predicted)


def descended(
    network: AnyNetwork,
    rows: EncodedRows,
    seed: int,
    asked: Mapping[str, Any],
) -> Run:
    """A descent on all rows."""
    if rows.stream is not None:
        return descend(network, rows.stream.rows_for(network), None, seed=seed, **asked)
    run = descend(network, rows.x, rows.y, row_weights=rows.training_weights, seed=seed, **asked)
    return replace(run, parameters=taken_back(network, run.parameters, rows.class_weights))


def linear_group(
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    hooks: FitHooks,
) -> EnsembleGroup:
    """The linear model, of which each member holds some rows out: that with the best penalty for them.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    limit, penalties = settings.time_limit, linear_penalties(rows)
    network, training, groups = linear_network(encoder, target, settings, rows), linear_rows(rows, limit), []
    for l2, l1 in penalties:
        group = train_group(
            LINEAR,
            replace(network, l2=l2, l1=l1),
            rows,
            training=training,
            **LINEAR_DESCENT,
            patience=LINEAR_PATIENCE,
            time_limit=None if limit is None else limit * _LINEAR_SHARE / len(penalties),
            seed=settings.seed,
            **hooks.of(f"{LINEAR}, l1 {l1:g}" if l1 else LINEAR),
        )
        if group.run.stopped == "interrupted":
            raise KeyboardInterrupt
        groups.append(group)
    best = min(groups, key=lambda group: min(group.run.validation_losses, default=math.inf))
    return replace(best, seed=settings.seed)


def linear_rows(rows: EncodedRows, seconds: float | None = None) -> EncodedRows:
    """As many rows in float64 as a linear model needs, and has time for: every so many of a large table."""
    most = _LINEAR_NUMBERS
    if seconds is not None:
        most = int(min(most, max(_FEWEST_NUMBERS, _NUMBERS_A_SECOND * seconds)))
    some = rows.every(-(-rows.x.size // most))
    return replace(some, x=some.x.astype(np.float64))


def _network_groups(
    linear: EnsembleGroup,
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    started: float,
    at_first: int | None,
    hooks: FitHooks,
) -> Iterator[EnsembleGroup]:
    """One group after the other.

    Where the first finds little noise, those without dropout follow, and where it finds hardly any it ends at
    once. It is one of them that follows, of the architecture that suits best. Of many rows, and where epochs
    are given, the first ends at little noise already, and all of them follow.
    Before them a group learns what the linear model leaves, where that is little too. How long they are
    trained otherwise depends on when the first was best; where that went on to its end, the bins of the
    others learn.
    """

    def trained(
        planned: Iterator[Planned], begin: int, until: Until | None = None
    ) -> Iterator[EnsembleGroup]:
        for place, (name, network, seconds) in enumerate(planned, begin):
            seed = (settings.seed + place) % SEEDS
            if left is None or not is_added(name):
                yield _trained(name, network, rows, settings, seed, seconds, hooks, until)
            else:
                group = _trained(name, network, left.rows, settings, seed, seconds, hooks)
                yield left.in_targets_unit(group)

    networks, left = networks_for(encoder, target, settings, rows), None
    if rows.alone:
        yield from trained(_first(networks, settings), 0)
        return
    shared = min(at_first or len(networks), len(networks))
    planned = _timed(networks, settings, started, shared, hooks)
    limit, clear = (noise_limit(share, rows, target, settings) for share in (LITTLE_NOISE, HARDLY_ANY))
    one_kind = settings.epochs is None and rows.count < _BOTH_KINDS_FROM
    until = partial(_is_below, clear if one_kind else limit)
    yield (first := next(trained(planned, 0, until)))
    little = hooks.agree(bool(min(first.run.validation_losses, default=math.inf) < limit))
    if little:
        networks = networks_without_dropout(networks)
        others = networks
        if one_kind and settings.time_limit is None:
            others = _best_in_trial(networks, rows, settings, hooks)
        if hooks.agree(leaves_little(linear, rows, settings)):
            left, others = residuals_of(linear, rows), {**on_residuals(networks), **others}
        planned = _timed(others, settings, started, 1, hooks)
    elif hooks.agree(bins_learn(settings, rows.count) and _went_on(first, settings, rows.count)):
        others = dict(list(networks_with_learned_bins(networks).items())[1:])
        planned = _timed(others, settings, started, 1, hooks)
    settings = replace(settings, epochs=hooks.agree(_epochs_after(first, settings, rows.count, little)))
    yield from trained(planned, 1)


def _is_below(limit: float, epoch: Progress) -> bool:
    return epoch.validation_error is not None and bool(epoch.validation_error < limit)


def _best_in_trial(
    networks: Mapping[str, Network], rows: EncodedRows, settings: FitSettings, hooks: FitHooks
) -> Mapping[str, Network]:
    """The one of which two members err least on held-out rows after a fifth of their epochs.

    Raises:
        KeyboardInterrupt: if a trial was interrupted.
    """
    if len(networks) == 1:
        return networks
    short = replace(settings, epochs=-(-settings.epochs_without_dropout_for(rows.count) // _OF_TRIAL))
    some = rows if rows.stream is not None else rows.of_first(_MEMBERS_IN_TRIAL)
    errors = {}
    for name, network in networks.items():
        group = _trained(f"{name}, trial", network, some, short, settings.seed, None, hooks)
        if group.run.stopped == "interrupted":
            raise KeyboardInterrupt
        errors[name] = min(group.run.validation_losses)
    best = hooks.agree(min(errors, key=errors.__getitem__))
    return {best: networks[best]}


def _epochs_after(first: EnsembleGroup, settings: FitSettings, rows: int, little: bool) -> int:
    """Epochs for the groups that follow: fewer after one that was best early, so that their rates come down.

    Where the first went on through all its epochs there may be more.
    """
    if little:
        return settings.epochs_without_dropout_for(rows)
    most, best = settings.epochs_for(rows), first.run.best_epoch or 0
    if _went_on(first, settings, rows):
        return settings.more_epochs_for(rows)
    if settings.epochs is None and best and first.run.stopped == "patience":
        return min(math.ceil(_LONGER * best) + _MORE_EPOCHS, most)
    return most


def _went_on(first: EnsembleGroup, settings: FitSettings, rows: int) -> bool:
    """Whether a group was trained through all its epochs."""
    return first.run.stopped == "finished" and len(first.run.validation_losses) >= settings.epochs_for(rows)


Planned = tuple[str, Network, float | None]
"""The name of a group, its network, and the seconds that its training may take."""


def _first(networks: Mapping[str, Network], settings: FitSettings) -> Iterator[Planned]:
    name, network = next(iter(networks.items()))
    yield name, network, settings.time_limit


def _timed(
    networks: Mapping[str, Network], settings: FitSettings, started: float, shared: int, hooks: FitHooks
) -> Iterator[Planned]:
    """Every network once; a time limit is shared by the first ``shared`` of them, then others have the rest.

    Those are the networks that are left, and all again from other starting values.
    """
    if settings.time_limit is None:
        yield from ((name, network, None) for name, network in networks.items())
        return
    end, ways, slowest = started + settings.time_limit, list(networks.items()), 0.0
    for place in range(_MOST_GROUPS):
        left, again = end - hooks.now(), place // len(ways)
        name, network = ways[place % len(ways)]
        name = f"{name} {again + 1}" if again else name
        if place and left <= slowest * (place >= shared) and hooks.begun(name) is None:
            return
        before = hooks.now()
        yield name, network, max(left / max(1, shared - place), 0.0)
        slowest = max(slowest, hooks.now() - before)


def _trained(
    name: str,
    network: Network,
    rows: EncodedRows,
    settings: FitSettings,
    seed: int,
    seconds: float | None,
    hooks: FitHooks,
    until: Until | None = None,
) -> EnsembleGroup:
    count = rows.count
    epochs = settings.epochs_for(count)
    asked = dict(settings.descent(count, epochs))
    steps = epochs * -(-count // asked["batch_size"])
    if seconds is not None:
        asked = within(seconds, name, network, rows, asked, seed, hooks)
        steps = asked["steps"]
    asked |= hooks.of(name, asked["learning_rate"], until)
    spread = hooks.ranks if settings.parallel == "members" else None
    group = train_group(name, network, rows, ranks=spread, **asked, seed=seed)
    group = replace(group, seed=seed, planned=steps)
    held = rows.folds.held_out
    before = group.predicted_at(group.ensemble.initial_parameters(seed, rows.x.dtype), rows)
    y, weights = rows.y[held], rows.weights[held]
    refuse_diverged(group.run, before, group.predictions, y, weights, settings.learning_rate)
    return group
