"""What the training loop asks of an engine."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope.engines._share import OwnRows
from downslope.errors import DownslopeError

__all__ = ["Arrays", "DescentEngine", "OutOfTime", "Scalars", "check_scalars", "check_values", "scalar_table"]

Arrays = Mapping[str, NDArray[Any]]

Scalars = Mapping[str, NDArray[np.float64]]
"""What each step is given beside its rows, by the name of the input: one number for each step."""


class OutOfTime(Exception):
    """What was asked for is not known by the time that it was wanted."""


class DescentEngine(Protocol):
    """Runs the steps of a program, and holds its parameters and states from step to step."""

    def put_data(self, data: Arrays) -> None:
        """Go on with these rows, in the dtype that the descent began with."""

    def put(self, values: Arrays) -> None:
        """Set parameters and states.

        Raises:
            DownslopeError: if one is missing or of another shape.
        """

    def values(self) -> dict[str, NDArray[Any]]:
        """Copies of the parameters and states."""

    def finite(self) -> bool:
        """Whether all parameters and states are finite numbers."""

    def save(self) -> None:
        """Keep a copy of the parameters and states inside the engine."""

    def restore(self) -> None:
        """Go back to the copy that was kept last."""

    def close(self) -> None:
        """Leave the memory to the next descent of the same program; the engine is of no use afterwards."""

    def steps_in(self, seconds: float) -> int:
        """An estimate of how many steps fit into a time, at least one, before any has been measured."""

    @property
    def ran(self) -> tuple[int, NDArray[np.float64]]:
        """The number of the first step of the last run, and its errors, whether or not it was interrupted.

        The parameters and states are those after these steps.
        """

    def run(
        self,
        order: NDArray[np.int64] | None,
        count: int,
        scalars: Scalars,
        first: int,
        seed: int,
        seconds: float = inf,
        own: OwnRows | None = None,
    ) -> NDArray[np.float64]:
        """The error of each step before its update.

        The run stops at a step whose error is not finite, before that step's update: its error is the last.
        It stops too when the time is over, or by KeyboardInterrupt; the native engine does so in the middle
        of a step, of which nothing is left.

        Args:
            order: the rows of the steps, one batch after the other; None takes all rows as they are.
            count: number of steps; where ``order`` is None they can go over the rows several times.
            scalars: the scalar inputs of the program by name, (count,) each.
            first: number of the first step, counted from 1; with the seed it decides what dropout drops.
            seed: of dropout.
            seconds: after which the run stops.
            own: of a rank, which rows of the batches ``order`` has.

        Raises:
            DownslopeError: if the program has a scalar input that ``scalars`` does not name.
        """


def check_scalars(wanted: tuple[str, ...], scalars: Scalars) -> None:
    """Refuse a program with a scalar input that a step has no value for."""
    unknown = [name for name in wanted if name not in scalars]
    if unknown:
        raise DownslopeError(
            f"the program has the scalar input {unknown[0]!r}, which no step has a value for; a step has "
            f"{', '.join(scalars)}"
        )


def scalar_table(wanted: tuple[str, ...], scalars: Scalars, count: int) -> NDArray[np.float64]:
    """The scalar inputs of a program at each of so many steps, (count, inputs).

    Raises:
        DownslopeError: as of ``check_scalars``.
    """
    check_scalars(wanted, scalars)
    table = np.empty((count, len(wanted)))
    for column, name in enumerate(wanted):
        table[:, column] = scalars[name]
    return table


def check_values(shapes: Mapping[str, tuple[int, ...]], values: Arrays) -> None:
    """Refuse parameters and states that are not those of the program."""
    for name, shape in shapes.items():
        if name not in values:
            raise DownslopeError(f"there is no value for {name}, which a step of this program changes")
        if values[name].shape != shape:
            raise DownslopeError(f"{name} needs the shape {shape}, not {values[name].shape}")
