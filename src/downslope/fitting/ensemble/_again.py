"""The same networks trained again on other rows, each up to the best epoch of its group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._blend import blended, temperature_scaled
from downslope.fitting.ensemble._blended import FittedEnsemble, joined
from downslope.fitting.ensemble._ensemble import (
    LINEAR_DESCENT,
    LINEAR_PATIENCE,
    SEEDS,
    descended,
    linear_rows,
)
from downslope.fitting.ensemble._group import EnsembleGroup, train_group
from downslope.fitting.ensemble._hooks import FitHooks
from downslope.fitting.ensemble._noise import networks_without_dropout
from downslope.fitting.ensemble._recipe import FitSettings, linear_network, networks_for
from downslope.fitting.ensemble._residuals import on_residuals, residuals_of
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._units import in_units
from downslope.fitting.record import LINEAR, is_added
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import TableEncoder, Target
from downslope.training import Run, Schedule

__all__ = ["on_all_rows", "replayed"]


@dataclass(frozen=True)
class _BeginningOf:
    """A schedule as it goes in a run of so many steps, however few of them are taken."""

    schedule: Schedule
    steps: int

    def rate(self, step: int, steps: int) -> float:
        return self.schedule.rate(step, self.steps)


def on_all_rows(
    fitted: FittedEnsemble,
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    hooks: FitHooks,
    *,
    seconds: float | None = None,
) -> FittedEnsemble | None:
    """The same blend of the same networks, trained on every row, each up to the best epoch of its group.

    What was predicted of the held-out rows stays. None if a network diverges, which it did not before.

    Args:
        fitted: of rows some of which were held out, maybe encoded in another way.
        rows, encoder, target: what to train on.
        settings: as ``fitted`` was trained.
        hooks: what goes along.
        seconds: that this may take; None for as long as it takes.

    Raises:
        KeyboardInterrupt: if it was interrupted, so that ``fitted`` is what there is.
    """
    end = None if seconds is None else hooks.now() + seconds
    networks = _networks(fitted, encoder, target, settings, rows)
    groups = []
    for group, count, network in zip(fitted.groups, fitted.counts, networks, strict=True):
        if count == 0:
            groups.append(group)
            continue
        ensemble = Ensemble([network] * len(group.ensemble.networks))
        residuals = residuals_of(groups[0], rows, held_out=False) if is_added(group.name) else None
        own = rows if residuals is None else residuals.rows
        left = None if end is None else max(end - hooks.now(), 0.0)
        run = _up_to_best(group, network if fitted.alone else ensemble, own, settings, left, hooks)
        if run.stopped == "not finite":
            return None
        if fitted.alone:
            return replace(fitted, network=network, parameters=dict(run.parameters))
        values = run.parameters
        if residuals is not None:
            values = in_units(ensemble, values, residuals.unit)
        groups.append(replace(group, ensemble=ensemble, run=replace(group.run, parameters=values)))
    ensemble, values = joined(groups, fitted.shares, fitted.temperature)
    return replace(fitted, network=ensemble, parameters=values)


def _networks(
    fitted: FittedEnsemble, encoder: TableEncoder, target: Target, settings: FitSettings, rows: EncodedRows
) -> list[Network]:
    """The network of each group for other inputs."""
    known = fitted.groups[0].ensemble.networks[0]
    linear = replace(linear_network(encoder, target, settings, rows), l2=known.l2, l1=known.l1)
    if len(fitted.groups) == 1:
        return [linear]
    networks = networks_for(encoder, target, settings, rows)
    dry = networks_without_dropout(networks)
    found = {LINEAR: linear, **networks, **dry, **on_residuals(dry)}
    return [found[group.architecture] for group in fitted.groups]


def _up_to_best(
    group: EnsembleGroup,
    network: AnyNetwork,
    rows: EncodedRows,
    settings: FitSettings,
    seconds: float | None,
    hooks: FitHooks,
) -> Run:
    """A descent on every row that takes as many epochs as was best for the group."""
    if group.name == LINEAR:
        rows, asked = linear_rows(rows), dict(LINEAR_DESCENT)
        if isinstance(network, Ensemble):
            asked["steps"] = group.run.best_epoch or 1
    else:
        asked = {**_descent_to_best(group, settings, rows.count), "ema_decay": 0}
    name = f"{group.name}, all rows" if isinstance(network, Ensemble) else "all rows"
    asked |= {"time_limit": seconds, **hooks.of(name, asked.get("learning_rate"))}
    run = descended(network, rows, group.seed, asked)
    if run.stopped == "interrupted":
        raise KeyboardInterrupt
    return run


def _descent_to_best(group: EnsembleGroup, settings: FitSettings, rows: int) -> dict[str, Any]:
    """The settings of a descent on so many rows that ends where the group was best."""
    asked = dict(settings.descent(rows, 1))
    steps = (group.run.best_epoch or 1) * -(-rows // asked["batch_size"])
    return asked | {
        "learning_rate": _BeginningOf(asked["learning_rate"], group.planned),
        "epochs": None,
        "steps": min(steps, group.planned),
        "patience": None,
    }


def replayed(
    fitted: FittedEnsemble,
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    hooks: FitHooks,
    *,
    place: int = 0,
    seconds: float | None = None,
) -> NDArray[np.float64] | None:
    """What the same blend of one network of each group predicts of the rows that are held out here.

    Args:
        fitted: of other folds of the same rows.
        rows, encoder, target: what to train on, with one member that holds rows out.
        settings: as ``fitted`` was trained.
        hooks: what goes along.
        place: another one gives other starting values.
        seconds: that this may take.

    Returns:
        Probabilities (rows held out, classes), or numbers (rows held out, 1) as the loss takes them; None
        where there was no time.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    end = None if seconds is None else hooks.now() + seconds
    groups: list[EnsembleGroup] = []
    shares = []
    networks = _networks(fitted, encoder, target, settings, rows)
    counting = zip(fitted.groups, fitted.counts, fitted.shares, networks, strict=True)
    for group, count, share, network in counting:
        if count == 0:
            continue
        residuals = residuals_of(groups[0], rows) if is_added(group.name) else None
        own = rows if residuals is None else residuals.rows
        training, asked = own, _descent_to_best(group, settings, rows.count)
        if group.name == LINEAR:
            training, asked = linear_rows(rows), {**LINEAR_DESCENT, "patience": LINEAR_PATIENCE}
        asked["time_limit"] = None if end is None else max(end - hooks.now(), 0.0)
        seed = (group.seed + place * len(networks)) % SEEDS
        asked |= hooks.of(f"{group.name}, earlier rows", asked.get("learning_rate"))
        found = train_group(group.name, network, own, training=training, **asked, seed=seed)
        if found.run.stopped == "interrupted":
            raise KeyboardInterrupt
        if found.run.stopped in ("time", "not finite"):
            return None
        groups.append(found if residuals is None else residuals.in_targets_unit(found))
        shares.append(share)
    predictions = [group.predictions for group in groups]
    if target.classes:
        return blended([temperature_scaled(p, fitted.temperature) for p in predictions], shares)
    known = rows.y[rows.learned]
    return blended([np.clip(p, known.min(), known.max()) for p in predictions], shares)
