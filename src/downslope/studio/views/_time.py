"""Time as a page shows it: the curve of the error, and the moments of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from downslope.studio.session._state import SessionState

__all__ = ["curve_of", "timeline_of"]

_POINTS = 1200
_BY_HAND = 200  # points by hand that are shown, the latest


def curve_of(state: SessionState) -> dict[str, Any]:
    """The errors of the present run: of steps, of the validation rows, and where a hand set weights."""
    run = state.run
    steps, errors = run.curve.thinned(_POINTS)
    validation = [(m.step, m.validation_error) for m in run.moments if m.validation_error is not None]
    by_hand = [(m.step, m.error) for m in run.moments if m.origin in ("hand", "solve", "start")]
    return {
        "steps": steps.astype(np.float64),
        "errors": errors,
        "latest": [float(state.position.step), run.last.error],
        "validation": np.array(validation, float).reshape(-1, 2),
        "by_hand": np.array(by_hand[-_BY_HAND:], float).reshape(-1, 2),
    }


def timeline_of(state: SessionState) -> dict[str, Any]:
    """The moments of the present run, and which of them is shown."""
    run = state.run
    return {
        "run": run.number,
        "name": run.name,
        "index": len(run.moments) - 1 if state.viewing is None else state.viewing,
        "steps": np.array([m.step for m in run.moments], float),
        "errors": np.array([m.error for m in run.moments], float),
        "origins": [m.origin for m in run.moments],
        "best": run.best.error,
    }
