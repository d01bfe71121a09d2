"""A call of ``descend`` as data: what it was given, and how it is made again with a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.nets import Network, starting_values
from downslope.training import Arrays, Run, checked_data, descend, dtype_of, precision_of, split

__all__ = ["Call", "Judge", "Measure", "Restore"]

Restore = Callable[[NDArray[Any]], NDArray[Any]]
"""Makes the outputs of a changed call comparable to the targets of the call before the change."""

_FEWEST = 50  # rows of which some can be held out
_NUMBER = "number"


def _same(z: NDArray[Any]) -> NDArray[Any]:
    return z


@dataclass(frozen=True, eq=False)
class Measure:
    """A measure of outputs that networks of different losses share.

    Attributes:
        errors: of each row, (rows,), of outputs of any of these networks and of targets.
        constants: outputs among which is the best constant one, (outputs,) each.
    """

    errors: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
    constants: Sequence[NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Judge:
    """What the rows that measure a call are held against, where their own targets or loss are not right.

    Attributes:
        y: a target for each of them.
        weights: how much each counts; 0 for a row that must not judge.
        measure: what counts in place of the loss.
    """

    y: NDArray[Any]
    weights: NDArray[Any]
    measure: Measure | None = None


@dataclass(frozen=True, eq=False)
class Call:
    """A call of ``descend``.

    Rows have the numbers that they have in the table that was given, also after those that measure were set
    apart.

    Attributes:
        network: what is trained.
        x: inputs, (rows, inputs).
        y: targets, as ``descend`` takes them.
        settings: its other arguments by name, as ``Run.settings`` has them.
        restore: of a changed call, what makes its outputs comparable to those before the change.
        held: rows (x, y) that it is measured by and does not learn from, where it had no validation rows.
        judge: of a changed call, what its measured rows are held against; None is their targets.
        numbers: of the rows that are trained on and of those that measure, where they were set apart.
    """

    network: Network
    x: NDArray[Any]
    y: NDArray[Any]
    settings: Mapping[str, Any]
    restore: Restore = _same
    held: tuple[NDArray[Any], NDArray[Any]] | None = None
    judge: Judge | None = None
    numbers: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def afresh(self) -> Call:
        """The same call as the one that changes are compared with."""
        return replace(self, restore=_same, judge=None)

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

    def with_network(self, network: Network) -> Call:
        """The same call of another network; of a start and what is frozen, what fits it is kept."""
        given, kept = self.settings.get("start"), None
        shapes = network.graph().shapes
        if given is not None:
            values = starting_values(self.network, given, self.settings.get("seed", 0), self.rows["x"].dtype)
            kept = {name: value for name, value in values.items() if shapes.get(name) == value.shape}
        settings = {**self.settings, "start": kept}
        frozen = self.settings.get("frozen")
        if isinstance(frozen, Mapping):
            settings["frozen"] = {n: mask for n, mask in frozen.items() if np.shape(mask) == shapes.get(n)}
        elif frozen is not None:
            settings["frozen"] = [name for name in frozen if name in shapes]
        return replace(self, network=network, settings=settings)

    def of_rows(self, rows: NDArray[np.int64]) -> Call:
        """The same call, trained on some of its rows, which are measured as before."""
        weights = self.settings.get("row_weights")
        some = None if weights is None else np.asarray(weights)[rows]
        numbers = None if self.numbers is None else (self.numbers[0][rows], self.numbers[1])
        own = self.with_settings(row_weights=some)
        return replace(own, x=self.x[rows], y=self.y[rows], numbers=numbers)

    def with_inputs(self, change: Restore) -> Call:
        """The same call with the inputs changed, those of the rows that measure too."""
        return self._changed(change, _same)

    def with_targets(self, change: Restore, restore: Restore) -> Call:
        """The same call with the targets changed, and what makes its outputs comparable to those before."""
        before = self.restore
        return replace(self._changed(_same, change), restore=lambda z: before(restore(z)))

    def _changed(self, of_x: Restore, of_y: Restore) -> Call:
        def changed(pair: Any) -> Any:
            apart = isinstance(pair, tuple | list)
            return (of_x(np.asarray(pair[0])), of_y(np.asarray(pair[1]))) if apart else pair

        settings = {**self.settings, "validation": changed(self.settings.get("validation"))}
        x, y = changed((self.x, self.y))
        return replace(self, x=x, y=y, settings=settings, held=changed(self.held))

    def with_weights_times(self, factors: NDArray[Any]) -> Call:
        """The same call with the weight of each row times a factor, by the row's number: 0 leaves it out.

        Weights keep every row where it is, so that numbers of rows and what measures stay what they are.
        """
        own = factors if self.numbers is None else factors[self.numbers[0]]
        given = self.settings.get("row_weights")
        weights = own if given is None else np.asarray(given) * own
        return self.with_settings(row_weights=np.asarray(weights, np.float64))

    def measured_by(self, measure: Measure) -> Call:
        """The same call, measured by something else than its loss."""
        judge = self.judge or Judge(self.measured["y"], self.measured["row_weights"])
        return replace(self, judge=replace(judge, measure=measure))

    def judged(self, weights: NDArray[Any], y: NDArray[Any] | None = None) -> Call:
        """The same call, held against other weights, and other targets, of the rows that measure it.

        Weights of 0 everywhere leave it as it is.
        """
        if not np.any(weights):
            return self
        before = self.judge or Judge(self.measured["y"], self.measured["row_weights"])
        now = before.y if y is None else np.asarray(y, before.y.dtype)
        weights = np.where(before.weights > 0, weights, 0).astype(before.weights.dtype)
        return replace(self, judge=replace(before, y=now, weights=weights))

    def with_targets_of_table(self, y: NDArray[Any]) -> Call:
        """The same call with a target for each row of the table, by its number."""
        if self.numbers is None:
            return replace(self, y=y.astype(self.y.dtype).reshape(self.y.shape))
        trained, measured = (y[numbers].astype(self.y.dtype) for numbers in self.numbers)
        settings, held = dict(self.settings), self.held
        if len(measured) and self.has_validation:
            settings["validation"] = (settings["validation"][0], measured)
        elif len(measured) and held is not None:
            held = (held[0], measured)
        return replace(self, y=trained.reshape(self.y.shape), settings=settings, held=held)

    @cached_property
    def row_numbers(self) -> NDArray[np.int64]:
        """The numbers of the rows that are trained on."""
        return self._split[2] if self.numbers is None else self.numbers[0]

    @cached_property
    def measured_numbers(self) -> NDArray[np.int64]:
        """The numbers of the rows that measure; none where validation rows were given apart."""
        return self._split[3] if self.numbers is None else self.numbers[1]

    @cached_property
    def table_rows(self) -> int:
        """Rows of the table that was given."""
        return len(np.union1d(self.row_numbers, self.measured_numbers))

    @property
    def steps_asked(self) -> int:
        """The steps that it asks for."""
        settings = self.settings
        if settings.get("epochs") is None:
            return 1000 if settings.get("steps") is None else int(settings["steps"])
        rows = len(self.rows["x"])
        return int(settings["epochs"]) * -(-rows // min(settings.get("batch_size") or rows, rows))

    @cached_property
    def rows(self) -> Arrays:
        """The rows that are trained on: x, y and row_weights."""
        return self._split[0]

    @cached_property
    def measured(self) -> Arrays:
        """The rows that measure: of the validation, or held out, or all where there are none of them."""
        return self._split[1]

    @cached_property
    def has_validation(self) -> bool:
        """Whether rows were held out."""
        return self.settings.get("validation") is not None

    @property
    def has_other_targets(self) -> bool:
        """Whether its targets are not those that it is measured by."""
        return self.restore is not _same

    @cached_property
    def _split(self) -> tuple[Arrays, Arrays, NDArray[np.int64], NDArray[np.int64]]:
        """The rows that are trained on, those that measure, and the numbers of both."""
        given = self.settings
        precision = precision_of(given.get("precision"))
        dtype = None if precision is None else dtype_of(precision)
        data = checked_data(self.network, self.x, self.y, given.get("row_weights"), dtype)
        data[_NUMBER] = np.arange(len(data["x"]))
        rows, validation = split(self.network, data, given.get("validation"), given.get("seed", 0))
        measured = rows
        if self.held is not None:
            measured = checked_data(self.network, *self.held, None, dtype)
        elif validation:
            measured = validation[0].data
        numbers = [part.get(_NUMBER, np.arange(0)) for part in (rows, measured)]
        for part in (rows, measured):
            part.pop(_NUMBER, None)
        return rows, measured, numbers[0], numbers[1]

    def with_rows_apart(self) -> Call:
        """The same call with the rows that measure apart, so that another seed leaves them as they are.

        Without validation rows, a quarter is held out, of 50 rows and more.
        """
        rows, held = self.rows, self.measured
        weights = None if self.settings.get("row_weights") is None else rows["row_weights"]
        if self.has_validation:
            settings = {**self.settings, "validation": (held["x"], held["y"]), "row_weights": weights}
            numbers = self.row_numbers, self.measured_numbers
            return replace(self, x=rows["x"], y=rows["y"], settings=settings, numbers=numbers)
        count = len(self.x)
        if self.held is not None or count < _FEWEST:
            return self
        order = np.random.default_rng(0).permutation(count)
        kept, out = np.sort(order[count // 4 :]), np.sort(order[: count // 4])
        settings = {**self.settings, "row_weights": None if weights is None else weights[kept]}
        held_rows = self.x[out], self.y[out]
        numbers = self.row_numbers[kept], self.row_numbers[out]
        return replace(
            self, x=self.x[kept], y=self.y[kept], settings=settings, held=held_rows, numbers=numbers
        )
