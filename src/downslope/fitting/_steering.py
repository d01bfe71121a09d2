"""A function as a metric: the score of a blend of networks on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import real, show
from downslope.errors import DownslopeError
from downslope.fitting.ensemble import FitSettings
from downslope.fitting.evaluation import metric_title
from downslope.fitting.rows import TargetRows

__all__ = ["BlendScore", "blend_score"]


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
        outputs = np.array(self.rows.in_units(predicted))  # which the function may change
        shapes = f"y_true {self._true.shape} and predicted {outputs.shape}"
        name = f"the metric {metric_title(self.metric)}"
        try:
            found = self.metric(self._true, outputs)
        except Exception as error:
            raise DownslopeError(
                f"{name} raised {type(error).__name__}: {error}. It was given {shapes} of held-out rows"
            ) from error
        value = real(found)
        if value is None or not math.isfinite(value):
            raise DownslopeError(
                f"{name} gave {show(found)}; it needs to give a finite number, the higher the better, for "
                f"{shapes} of held-out rows"
            )
        return value

    @property
    def _true(self) -> NDArray[Any]:
        """The names of the classes, or the numbers in the target's units, (rows held out,)."""
        true, classes = self.rows.true[self.held], self.rows.target.classes
        return np.array(classes)[true.astype(np.int64)] if classes else true


def blend_score(settings: FitSettings, rows: TargetRows, held: NDArray[np.int64]) -> BlendScore | None:
    """What the shares of a blend are chosen by; None where that is the loss.

    Args:
        settings: of the fit.
        rows: as the networks take them that hold some out.
        held: the rows that are held out.
    """
    return BlendScore(settings.metric, rows, held) if callable(settings.metric) else None
