"""What is measured after each epoch, and reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import called
from downslope._dataclass import dataclass
from downslope.training._epochs import Ending
from downslope.training._run import Progress
from downslope.training._stopping import Watch
from downslope.training._trouble import Trouble, troubles

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """The validation of each epoch, and the function that is called after it; it stops by returning True."""

    watch: Watch
    progress: Callable[[Progress], object] | None
    _see: Callable[[NDArray[np.float64], float], Trouble | None] = field(default_factory=troubles)

    def __post_init__(self) -> None:
        if self.progress is not None:
            called("progress", self.progress, "after each epoch")

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do after an epoch."""
        return self.watch.watches or self.progress is not None

    def after_epoch(
        self, parameters: Mapping[str, NDArray[Any]], errors: NDArray[np.float64], step: int, steps: int
    ) -> Ending | None:
        """Validate the parameters after an epoch and report; the ending, if it is time to stop.

        Args:
            parameters: by name.
            errors: of the steps of the epoch.
            step: number of updates done.
            steps: number of updates in all.
        """
        watch = self.watch
        stop = watch.watches and watch.see(parameters)
        if self.progress is not None:
            latest = watch.errors[-1] if watch.errors else None
            error = float(np.mean(errors)) if len(errors) else math.nan
            trouble = self._see(errors, error)
            soonest = int(min(steps, step + watch.patience_left * len(errors)))
            best = watch.best_epoch or None
            answer = self.progress(Progress(step, steps, error, latest, best, trouble, errors, soonest))
            if isinstance(answer, bool | np.bool_) and answer:
                return Ending("callback", f"progress returned True after {step} of {steps} updates")
        return self.out_of_patience() if stop else None

    def out_of_patience(self) -> Ending:
        """The ending where the validation error has not become smaller for too long."""
        return Ending("patience", f"no better validation error since epoch {self.watch.best_epoch}")
