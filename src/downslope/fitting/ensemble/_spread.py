"""The members of a group spread over ranks: each trains some of them, and all get what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.nets import Ensemble, Network
from downslope.training import Ranks, Run, descend

__all__ = ["spread_run"]


def spread_run(
    network: Network,
    members: int,
    dtype: Any,
    given: Callable[[Ensemble, NDArray[np.int64]], Mapping[str, Any]],
    ranks: Ranks,
    **settings: Any,
) -> Run:
    """The run of so many members, of which each rank trains every so many.

    They begin at the same values as in one process. Each rank stops and keeps the best epoch by its own
    members' error; the run has the mean errors of the epochs that all ranks came to.

    Args:
        network: of each member.
        members: how many there are.
        dtype: of the rows.
        given: the rows, and those that are held out, as ``descend`` takes them for an ensemble of some of the
            members, given by their numbers.
        ranks: of which this process is one.
        settings: of ``descend``.
    """
    whole = Ensemble([network] * members)
    own = np.arange(ranks.rank, members, ranks.count)
    found: Run | None = None
    if len(own):
        some = Ensemble([network] * len(own))
        start = _beginning(whole, own, settings.get("seed", 0), dtype)
        found = descend(some, **given(some, own), start=start, **settings)
    runs = [run for run in ranks.gather(None if found is None else _light(found)) if run is not None]
    parameters: dict[str, NDArray[Any]] = {}
    for rank, run in enumerate(runs):
        for place, member in enumerate(range(rank, members, ranks.count)):
            before = whole.prefix(place)
            own_values = {n: v for n, v in run.parameters.items() if n.startswith(before)}
            parameters |= {whole.prefix(member) + n.removeprefix(before): v for n, v in own_values.items()}
    names = list(whole.graph().parameters)
    worst = max(runs, key=lambda run: (run.stopped == "interrupted", run.stopped == "not finite"))
    return replace(
        worst,
        network=whole,
        parameters={name: parameters[name] for name in names},
        losses=_mean([run.losses for run in runs]),
        validation_losses=_mean([run.validation_losses for run in runs]),
        best_epoch=int(np.median([run.best_epoch for run in runs if run.best_epoch] or [0])) or None,
    )


def _beginning(whole: Ensemble, own: NDArray[np.int64], seed: int, dtype: Any) -> dict[str, NDArray[Any]]:
    """The starting values of some members, as an ensemble of them alone names them."""
    values, some = whole.initial_parameters(seed, dtype), Ensemble([whole.networks[0]] * len(own))
    return {
        some.prefix(place) + name: value
        for place, member in enumerate(own)
        for name, value in whole.of_member(int(member), values).items()
    }


def _light(run: Run) -> Run:
    """A run as it goes to other ranks."""
    return replace(run, state={}, settings={}, average=None)


def _mean(errors: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Of the epochs, or steps, that all have."""
    count = min(map(len, errors))
    mean: NDArray[np.float64] = np.mean([each[:count] for each in errors], axis=0)
    return mean
