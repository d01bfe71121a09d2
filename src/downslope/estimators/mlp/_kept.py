"""What a checkpoint holds of a fit of the stochastic solvers: the fit, the generator, the epoch at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.estimators.mlp._fit import Fit, OptimizerState
from downslope.training import Part, Saving

__all__ = ["KeptFit", "Standing"]

_NUMBERS = ("epochs", "rows_seen", "loss", "best_loss", "best_score", "without_progress")
_GROUPS = ("value.", "optimizer.", "best.")  # before the names of arrays in a file


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a fit stands, be it in the middle of an epoch.

    Attributes:
        fit: as of ``Fit``, with the parameters of now.
        random: the state of the generator that draws the order of each epoch.
        drawn: the number of the epoch at work, whose order is ``order``, (rows,).
        errors: of the steps of that epoch, (steps,).
    """

    fit: Fit
    random: tuple[Any, ...]
    drawn: int
    order: NDArray[np.int64]
    errors: NDArray[np.float64]


class KeptFit(Saving[Standing]):
    """What is saved of a fit, as it goes and at its end.

    Attributes:
        before: what was saved last; None where nothing was.
    """

    def __init__(self, part: Part, start: Fit) -> None:
        super().__init__(part)
        self.before = None if part.found is None else _standing(part.found, start)

    def write(self, now: Standing, *, done: bool) -> None:
        """Save where it stands."""
        if now.fit.optimizer is not None:
            sections, arrays = _content(now)
            self.part.save(now.fit.optimizer.steps, self.until, sections, arrays, done=done, kind="fit")


def _content(now: Standing) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    fit, optimizer = now.fit, now.fit.optimizer
    assert optimizer is not None
    _, keys, *rest = now.random
    about = {name: getattr(fit, name) for name in _NUMBERS}
    about |= {"learning_rate": optimizer.learning_rate, "steps": optimizer.steps, "drawn": now.drawn}
    about |= {"random": rest, "scored": fit.scores is not None}
    lists = {"loss_curve": fit.loss_curve, "scores": fit.scores or (), "random": keys, "order": now.order}
    arrays = {name: np.asarray(value, np.float64) for name, value in lists.items()}
    arrays["errors"] = now.errors
    for prefix, group in zip(_GROUPS, (fit.values, optimizer.arrays, fit.best), strict=True):
        arrays |= {prefix + name: value for name, value in group.items()}
    return {"fit": about}, arrays


def _standing(file: Any, start: Fit) -> Standing:
    with file.reading():
        about: Mapping[str, Any] = file.section("fit")
        arrays = file.arrays
        values, states, best = (file.within(prefix) for prefix in _GROUPS)
        assert start.optimizer is not None
        fit = replace(
            start,
            **{name: about[name] for name in _NUMBERS},
            values=values,
            optimizer=OptimizerState(start.optimizer.policy, about["learning_rate"], about["steps"], states),
            loss_curve=tuple(arrays["loss_curve"].tolist()),
            scores=tuple(arrays["scores"].tolist()) if about["scored"] else None,
            best=best,
        )
        random = ("MT19937", arrays["random"].astype(np.uint32), *about["random"])
        return Standing(fit, random, about["drawn"], arrays["order"].astype(np.int64), arrays["errors"])
