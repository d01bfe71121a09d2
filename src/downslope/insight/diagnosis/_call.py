"""A call of ``descend`` as data: what it was given, and how it is made again with a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._forks import cached_property
from downslope.nets import Network
from downslope.training import Arrays, Run, checked_data, descend, dtype_of, precision_of, split

__all__ = ["Call", "Restore"]

Restore = Callable[[NDArray[Any]], NDArray[Any]]
"""Makes the outputs of a changed call comparable to the targets of the call before the change."""


def _same(z: NDArray[Any]) -> NDArray[Any]:
    return z


@dataclass(frozen=True, eq=False)
class Call:
    """A call of ``descend``.

    Attributes:
        network: what is trained.
        x: inputs, (rows, inputs).
        y: targets, as ``descend`` takes them.
        settings: its other arguments by name, as ``Run.settings`` has them.
        restore: of a changed call, what makes its outputs comparable to those before the change.
    """

    network: Network
    x: NDArray[Any]
    y: NDArray[Any]
    settings: Mapping[str, Any]
    restore: Restore = _same

    def afresh(self) -> Call:
        """The same call as the one that changes are compared with."""
        return replace(self, restore=_same)

    def arguments(self) -> dict[str, Any]:
        """All of them, so that ``descend(**arguments)`` is this call."""
        return {"network": self.network, "x": self.x, "y": self.y, **self.settings}

    def run(self, **settings: Any) -> Run:
        """What comes of it, with some settings changed."""
        with np.errstate(all="ignore"):
            return descend(**(self.arguments() | settings))

    def with_settings(self, **settings: Any) -> Call:
        """The same call with some settings changed."""
        return replace(self, settings={**self.settings, **settings})

    def with_inputs(self, change: Restore) -> Call:
        """The same call with the inputs changed, those of the validation rows too."""
        pair = self.settings.get("validation")
        if isinstance(pair, tuple | list):
            pair = (change(np.asarray(pair[0])), pair[1])
        return replace(self, x=change(self.x), settings={**self.settings, "validation": pair})

    def with_targets(self, change: Restore, restore: Restore) -> Call:
        """The same call with the targets changed, and what makes its outputs comparable to those before."""
        pair, before = self.settings.get("validation"), self.restore
        if isinstance(pair, tuple | list):
            pair = (pair[0], change(np.asarray(pair[1])))
        return replace(
            self,
            y=change(self.y),
            settings={**self.settings, "validation": pair},
            restore=lambda z: before(restore(z)),
        )

    @cached_property
    def rows(self) -> Arrays:
        """The rows that are trained on: x, y and row_weights."""
        return self._split[0]

    @cached_property
    def measured(self) -> Arrays:
        """The rows that measure: those of the validation, or all that are trained on where there are none."""
        return self._split[1]

    @cached_property
    def has_validation(self) -> bool:
        """Whether rows were held out."""
        return self.settings.get("validation") is not None

    @cached_property
    def _split(self) -> tuple[Arrays, Arrays]:
        given = self.settings
        precision = precision_of(given.get("precision"))
        dtype = None if precision is None else dtype_of(precision)
        data = checked_data(self.network, self.x, self.y, given.get("row_weights"), dtype)
        rows, validation = split(self.network, data, given.get("validation"), given.get("seed", 0))
        return rows, validation[0].data if validation else rows

    def with_rows_apart(self) -> Call:
        """The same call with its validation rows as a pair: another seed then leaves them as they are."""
        if not self.has_validation:
            return self
        rows, measured = self._split
        weights = None if self.settings.get("row_weights") is None else rows["row_weights"]
        settings = {
            **self.settings,
            "validation": (measured["x"], measured["y"]),
            "row_weights": weights,
        }
        return replace(self, x=rows["x"], y=rows["y"], settings=settings)
