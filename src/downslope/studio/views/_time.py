"""Time as a page shows it: the curve of the error, and the saved steps of a run."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from downslope.studio.session._doctor import beginning_of, constant_error
from downslope.studio.session._faults import stable_range_of
from downslope.studio.session._history import SavedStep
from downslope.studio.session._state import SessionState

__all__ = ["curve_of", "growth_of", "move_of", "stuck_of", "timeline_of"]

_POINTS = 1200
_BY_HAND = 200  # points by hand that are shown, the latest
_RISES = 3  # saved steps in a row, each with a larger error, that are no accident
_LOOKED_BACK = 20  # saved steps, whose largest error is passed where no stable range is known
_LONG, _VERY_LONG, _EPOCHS = 50, 1000, 20  # steps, and epochs, that are no beginning any more
_NO_BETTER = 0.98  # of the error of the best constant answer
_NOISE = 2.0  # times that error


def curve_of(state: SessionState) -> dict[str, Any]:
    """The errors of the present run: of steps, of the validation rows, and where a hand set weights."""
    run = state.run
    steps, errors = run.curve.thinned(_POINTS)
    validation = [(s.step, s.validation_error) for s in run.saved_steps if s.validation_error is not None]
    by_hand = [(s.step, s.error) for s in run.saved_steps if s.origin in ("hand", "solve", "start")]
    return {
        "steps": steps.astype(np.float64),
        "errors": errors,
        "latest": [float(state.position.step), run.last.error],
        "validation": np.array(validation, float).reshape(-1, 2),
        "by_hand": np.array(by_hand[-_BY_HAND:], float).reshape(-1, 2),
    }


def timeline_of(state: SessionState) -> dict[str, Any]:
    """The saved steps of the present run, and which of them is shown."""
    run = state.run
    return {
        "run": run.number,
        "name": run.name,
        "index": len(run.saved_steps) - 1 if state.viewing is None else state.viewing,
        "steps": np.array([s.step for s in run.saved_steps], float),
        "errors": np.array([s.error for s in run.saved_steps], float),
        "origins": [s.origin for s in run.saved_steps],
        "best": run.best.error,
        "diverged": run.diverged,
    }


def move_of(state: SessionState) -> dict[str, Any] | None:
    """What the last move by hand did to the error, while it is the last thing that was done.

    Returns:
        ``better``, and how many ``times`` the larger error is the smaller one; None where no move is shown.
    """
    if state.viewing is not None or len(state.run.saved_steps) < 2:
        return None
    before, after = state.run.saved_steps[-2:]
    if after.origin != "hand" or state.position.step != after.step:
        return None
    smaller, larger = sorted((before.error, after.error))
    times = larger / smaller if smaller > 0 else np.inf
    return {"better": after.error < before.error, "times": float(times) if np.isfinite(times) else None}


def growth_of(state: SessionState) -> dict[str, float | None] | None:
    """Whether descent with the present learning rate makes the error larger and larger.

    Where the stable range is known, a rate above it and errors that rise are enough. Elsewhere batches and
    momentum make errors rise for a while: there they have to pass all errors of the last saved steps too.

    Returns:
        The learning ``rate``, the end of the ``stable`` range and the ``best`` rate, None where unknown; None
        where the error does not grow.
    """
    latest = state.run.saved_steps[-_LOOKED_BACK:]
    if state.viewing is not None or not _rise(state, latest[-_RISES - 1 :]):
        return None
    rate, stable = state.settings.learning_rate, stable_range_of(state.descent)
    if stable is None:
        before = max(saved.error for saved in latest[:-_RISES])
        grown = latest[-1].exact and latest[-1].error > _NOISE * before
        return {"rate": rate, "stable": None, "best": None} if grown else None
    return {"rate": rate, "stable": stable.below, "best": stable.best} if rate >= stable.below else None


def stuck_of(state: SessionState) -> dict[str, Any] | None:
    """Whether descent led nowhere for long: above the error of its start, or no better than one answer.

    Returns:
        After how many ``steps``, and whether the error is ``above`` that of the start, rather than not below
        that of the best constant answer; None where it is neither, or was not tried for long.
    """
    index, last = beginning_of(state), state.run.last
    if state.viewing is not None or last.step - state.run.saved_steps[index].step < _LONG or not last.exact:
        return None
    begin, later = state.run.saved_steps[index], state.run.saved_steps[index + 1 :]
    after = [saved for saved in later if saved.settings is state.settings]  # since they were changed
    steps = last.step - after[0].step + 1 if after else 0
    if steps < _LONG:
        return None
    latest = [saved.error for saved in after[-_LOOKED_BACK:]]
    if min(latest) > begin.error and latest[-1] >= latest[0]:
        return {"steps": steps, "above": True}
    each = state.descent.batches.steps_in_epoch
    if state.settings.fixed is not None or steps < max(_VERY_LONG, _EPOCHS * each):
        return None
    best = min((saved.error for saved in after if saved.exact), default=0.0)
    constant = constant_error(state.descent.split, state.descent.network)
    return {"steps": steps, "above": False} if best >= _NO_BETTER * constant else None


def _rise(state: SessionState, latest: tuple[SavedStep, ...]) -> bool:
    """Whether the errors of all these saved steps rise, by descent with the present learning rate."""
    errors, after = [saved.error for saved in latest], latest[1:]
    return (
        len(after) == _RISES
        and all(saved.origin == "descent" for saved in after)
        and all(saved.settings.learning_rate == state.settings.learning_rate for saved in after)
        and all(a <= b < np.inf for a, b in pairwise(errors))
        and errors[0] < errors[-1]
    )
