"""What all trackers have in common: what they are called with, and what is told of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, Self

import numpy as np

from downslope.errors import DownslopeError

__all__ = ["Tracker", "package"]

_PLAIN = (bool, int, float, str)


class Tracker(ABC):
    """What ``descend`` and ``fit`` take as ``progress``: it is told the errors after each epoch.

    With ``with``, all is written at the end of the block. ``result`` adds the settings and the scores.
    Nothing is imported or opened before the first epoch.
    """

    def __call__(self, progress: Any) -> None:
        """Tell the errors of an epoch.

        Args:
            progress: a ``Progress`` of ``descend``, or what ``fit`` calls with: that of a group of networks,
                whose name then stands before the names of its errors.
        """
        words = [word for word in (getattr(progress, "target", ""), getattr(progress, "name", "")) if word]
        prefix = "".join(f"{word}/" for word in words)
        epoch = getattr(progress, "progress", progress)
        errors = {"loss": epoch.error, "validation_loss": epoch.validation_error}
        known = {name: float(error) for name, error in errors.items() if error is not None}
        self.tell(prefix, epoch.step, known)

    def result(self, result: Any) -> None:
        """Tell the settings and the scores of what came out: a run or a model."""
        self.tell_result(*_told(result))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def tell(self, prefix: str, step: int, errors: Mapping[str, float]) -> None:
        """Tell errors after a number of updates, under names that begin with the prefix."""

    @abstractmethod
    def tell_result(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Tell settings and scores."""

    @abstractmethod
    def close(self) -> None:
        """Write what is not written yet, and end."""


def _told(result: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """The settings and the scores of a run or of a model.

    Raises:
        DownslopeError: if it is neither.
    """
    record = getattr(result, "record", None)
    if record is not None and not isinstance(result, type):
        asked = dict(line.partition("=")[::2] for line in record.asked)
        scores = {name.replace(" ", "_"): value for name, value in record.network.known.items()}
        return asked, {name: float(value) for name, value in scores.items() if value is not None}
    if hasattr(result, "losses") and not isinstance(result, type):
        settings = {name: _plain(value) for name, value in result.settings.items() if value is not None}
        found = {"loss": result.losses[-1:], "validation_loss": result.validation_losses}
        best = result.best_epoch
        if best is not None:
            found["validation_loss"] = result.validation_losses[best - 1 : best]
        return settings, {name: float(values[-1]) for name, values in found.items() if len(values)}
    raise DownslopeError(f"result needs a run or a model, not {type(result).__name__}")


def _plain(value: Any) -> Any:
    """A setting as something that every tracker shows."""
    value = value.item() if isinstance(value, np.generic) else value
    text = value if isinstance(value, _PLAIN) else repr(value)
    return text if not isinstance(text, str) or len(text) <= 250 else f"{text[:249]}…"


def package(name: str, extra: str) -> Any:
    """A package that a tracker needs.

    Raises:
        DownslopeError: if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise DownslopeError(
            f"{extra} is not installed; install it: pip install 'downslope[{extra}]'"
        ) from None
