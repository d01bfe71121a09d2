"""What a descent of the page is made of: the rows that train and validate, the program, the batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.nets import Network
from downslope.studio.session._settings import Settings
from downslope.studio.table._rows import Rows
from downslope.training import (
    Arrays,
    Frozen,
    Program,
    ShuffledBatches,
    checked_data,
    split,
    training_program,
)

__all__ = ["Descent", "Masks", "Split", "as_value", "checked_descent", "fitting_masks", "start_values"]

Masks = Mapping[str, NDArray[np.bool_]]
"""By parameter, which of its numbers stay as they are."""


@dataclass(frozen=True, eq=False)
class Split:
    """The rows as a network takes them.

    Attributes:
        data: all rows in the order of the table.
        training: those that are trained on; ``training_rows`` are their indices, (n,).
        validation: those that only measure, or None; ``validation_rows`` are their indices, (m,).
    """

    data: Arrays
    training: Arrays
    training_rows: NDArray[np.int64]
    validation: Arrays | None
    validation_rows: NDArray[np.int64]


@lru_cache(maxsize=4)
def _split(rows: Rows, network: Network, share: float, seed: int) -> Split:
    y = rows.y.reshape(-1) if network.loss == "cross_entropy" else rows.y
    data = checked_data(network, rows.x, y, None)
    training, others = split(network, {**data, "row": np.arange(len(rows.x))}, share or None, seed)
    training_rows = training.pop("row")
    if not others:
        return Split(data, training, training_rows, None, np.zeros(0, np.int64))
    validation = dict(others[0].data)
    return Split(data, training, training_rows, validation, validation.pop("row"))


@dataclass(frozen=True, eq=False)
class Descent:
    """How parameters descend, step for step as ``descend`` has it.

    Attributes:
        settings: the network and how it is trained.
        rows: the table.
        frozen: which numbers of the parameters stay as they are.
    """

    settings: Settings
    rows: Rows
    frozen: Masks = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """The network."""
        return self.settings.network

    @cached_property
    def split(self) -> Split:
        """The rows that are trained on, and those that validate."""
        settings = self.settings
        return _split(self.rows, settings.network, settings.validation, settings.seed)

    @cached_property
    def program(self) -> Program:
        """What a step computes."""
        rule = self.settings.rule
        rule = Frozen(rule) if any(map(np.any, self.frozen.values())) else rule
        return training_program(self.network, rule, clip_norm=self.settings.clip_norm)

    @cached_property
    def batches(self) -> ShuffledBatches:
        """Which rows each step takes."""
        return ShuffledBatches(self.split.training, self.settings.batch_size, self.settings.seed)

    def batch_rows(self, step: int) -> NDArray[np.int64]:
        """Which rows of the table the step after ``step`` updates takes."""
        order = self.batches.block(step + 1, step + 1).order
        rows = self.split.training_rows
        chosen: NDArray[np.int64] = rows if order is None else rows[order]
        return chosen


def checked_descent(settings: Settings, rows: Rows, frozen: Masks) -> Descent:
    """A descent whose parts fit together.

    Raises:
        DownslopeError: where the network cannot learn these rows.
    """
    descent = Descent(settings, rows, frozen)
    descent.split, descent.program, descent.batches  # noqa: B018 (what cannot be built is refused here)
    return descent


def start_values(descent: Descent, given: Mapping[str, NDArray[Any]] | None) -> Mapping[str, NDArray[Any]]:
    """Parameters and optimizer states: what is given where its shape fits, else drawn from the seed, or 0."""
    dtype = descent.split.data["x"].dtype
    shapes = descent.settings.shapes
    states = {name: tuple(map(int, node.shape)) for name, node in descent.program.states.items()}
    wanted = {**shapes, **states}
    masks = {f"{name}.frozen": mask for name, mask in descent.frozen.items()}
    known = {**{name: v for name, v in (given or {}).items() if not name.endswith(".frozen")}, **masks}
    fitting = {name: value for name, value in known.items() if wanted.get(name) == value.shape}
    values = {name: np.zeros(shape, dtype) for name, shape in states.items() if name not in fitting}
    if not shapes.keys() <= fitting.keys():  # drawing millions of weights takes longer than a step
        values |= descent.network.initial_parameters(descent.settings.seed, dtype)
    values |= {name: _in_dtype(value, dtype) for name, value in fitting.items()}
    return as_value(values)


def _in_dtype(value: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """A copy in a dtype; the same array where nobody can write to it."""
    shared = value.dtype == dtype and value.flags.owndata and not value.flags.writeable
    return value if shared else value.astype(dtype)


def as_value(values: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """The same arrays, which nobody can write to any more."""
    for value in values.values():
        value.flags.writeable = False
    return values


def fitting_masks(frozen: Masks, settings: Settings) -> Masks:
    """The masks of parameters that a network has, in their shapes."""
    return {name: mask for name, mask in frozen.items() if settings.shapes.get(name) == mask.shape}
