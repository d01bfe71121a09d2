"""The losses of a run as curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from downslope.drawing import Curve, Mark

__all__ = ["RunCurves", "run_curves"]


class RunCurves(TypedDict):
    """What is drawn, and over what."""

    curves: Sequence[Curve]
    x_label: str
    mark: Mark | None


def run_curves(
    losses: NDArray[np.float64], validation: NDArray[np.float64], best_epoch: int | None, steps_in_epoch: int
) -> RunCurves:
    """The losses over the number of updates, or over epochs where an epoch has several steps.

    The loss of a step stands where it was computed: after the updates before it. The mean over the steps of
    an epoch stands in its middle, and the validation loss at its end.

    >>> drawn = run_curves(np.array([4.0, 2.0, 1.0, 1.0]), np.array([3.0, 2.5]), 2, steps_in_epoch=2)
    >>> [(curve.name, curve.points) for curve in drawn["curves"][1:]]
    [('training', [(0.5, 3.0), (1.5, 1.0)]), ('validation', [(1, 3.0), (2, 2.5)])]
    """
    epochs = len(losses) // steps_in_epoch
    in_epochs = steps_in_epoch > 1 and epochs > 1
    unit = 1 if in_epochs else steps_in_epoch
    after = Curve("validation", [(unit * k, loss) for k, loss in enumerate(validation.tolist(), 1)])
    mark = None if best_epoch is None else Mark(unit * best_epoch, f"best epoch {best_epoch}")
    if not in_epochs:
        return RunCurves(
            curves=[Curve("training", list(enumerate(losses.tolist()))), after], x_label="updates", mark=mark
        )
    each = [(step / steps_in_epoch, loss) for step, loss in enumerate(losses.tolist())]
    means = losses[: epochs * steps_in_epoch].reshape(epochs, steps_in_epoch).mean(axis=1)
    mean = Curve("training", [(k + 0.5, loss) for k, loss in enumerate(means.tolist())])
    return RunCurves(curves=[Curve("training", each, faint=True), mean, after], x_label="epochs", mark=mark)
