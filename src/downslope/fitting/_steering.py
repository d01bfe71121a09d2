"""A function as a metric: the score of a blend of networks on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import real, show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.fitting.ensemble import FitSettings
from downslope.fitting.evaluation import metric_title
from downslope.fitting.rows import TargetRows
from downslope.tables import Target

__all__ = ["BlendScore", "blend_score", "function_score"]


@dataclass(frozen=True, eq=False)
class BlendScore:
    """What a function of the true targets and of the predictions says of some rows; the higher, the better.

    Attributes:
        metric: the function.
        rows: as networks take them.
        held: which of them, (rows held out,).
    """

    metric: Callable[..., Any]
    rows: TargetRows
    held: NDArray[np.int64]

    def __call__(self, predicted: NDArray[np.float64]) -> float:
        """The score of probabilities (rows, classes), or of numbers (rows, 1) as the loss takes them.

        Raises:
            DownslopeError: if the function raises an error, or gives what is no finite number.
        """
        rows = self.rows
        return function_score(self.metric, rows.target, rows.true[self.held], rows.in_units(predicted))


def function_score(
    metric: Callable[..., Any], target: Target, true: NDArray[np.float64], outputs: NDArray[np.float64]
) -> float:
    """What a function says of outputs, in the target's units, of held-out rows.

    Args:
        metric: the function.
        target: what is predicted.
        true: the numbers of the true classes, or the true numbers, (rows,).
        outputs: probabilities (rows, classes), or numbers, (rows,).

    Raises:
        DownslopeError: if the function raises an error, or gives what is no finite number.
    """
    y_true = np.array(target.classes)[true.astype(np.int64)] if target.classes else true.copy()
    predicted = np.array(outputs)  # which the function may change
    shapes, name = f"y_true {y_true.shape} and predicted {predicted.shape}", metric_title(metric)
    try:
        found = metric(y_true, predicted)
    except Exception as error:
        raise DownslopeError(
            f"the metric {name} raised {type(error).__name__}: {error}. It was given {shapes} of held-out "
            "rows"
        ) from error
    value = real(found)
    if value is None or not math.isfinite(value):
        raise DownslopeError(
            f"the metric {name} gave {show(found)}; it needs to give a finite number, the higher the better, "
            f"for {shapes} of held-out rows"
        )
    return value


def blend_score(settings: FitSettings, rows: TargetRows, held: NDArray[np.int64]) -> BlendScore | None:
    """What the shares of a blend are chosen by; None where that is the loss.

    Args:
        settings: of the fit.
        rows: as the networks take them that hold some out.
        held: the rows that are held out.
    """
    return BlendScore(settings.metric, rows, held) if callable(settings.metric) else None
