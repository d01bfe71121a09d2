"""Weights and Biases: a run that is kept in a folder, and sent nowhere by itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from downslope._checks import flag, text
from downslope._keywords import suggests_keywords
from downslope._writing import place_of
from downslope.tracking._tracker import Tracker, package

__all__ = ["WandB"]


@suggests_keywords
class WandB(Tracker):
    """Training as a run of Weights and Biases, offline: ``wandb sync`` sends it, if you want that.

    Args:
        project: its name.
        folder: in which the run is kept, as ``wandb/offline-run-…``.
        online: whether it is sent while it runs, which needs an account.

    Raises:
        DownslopeError: if an argument is no such thing; in training, if wandb is not installed:
            ``pip install 'downslope[wandb]'``.

    >>> import downslope as ds
    >>> kept = WandB("houses", folder="runs")  # for ds.descend(..., progress=kept)
    """

    def __init__(
        self, project: str = "downslope", *, folder: str | os.PathLike[str] = ".", online: bool = False
    ) -> None:
        self._project, self._folder = text("project", project), place_of(folder, "folder")
        self._mode = "online" if flag("online", online) else "offline"
        self._run: Any = None

    def tell(self, prefix: str, step: int, errors: Mapping[str, float]) -> None:
        """Tell errors after a number of updates, under names that begin with the prefix."""
        self._opened().log({f"{prefix}step": step, **{f"{prefix}{n}": value for n, value in errors.items()}})

    def tell_result(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Tell settings as the configuration, and scores as the summary."""
        run = self._opened()
        run.config.update(dict(settings))
        run.summary.update({f"result/{name}": score for name, score in scores.items()})

    def close(self) -> None:
        """Write what is not written yet, and end the run."""
        if self._run is not None:
            self._run.finish()
            self._run = None

    def _opened(self) -> Any:
        """The run that is open."""
        if self._run is None:
            wandb = package("wandb", "wandb")
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run = wandb.init(
                project=self._project,
                dir=str(self._folder),
                mode=self._mode,
                settings=wandb.Settings(silent=True),
            )
        return self._run
