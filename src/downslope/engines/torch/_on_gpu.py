"""Steps on a GPU, some at a time: what all ways to take them have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from downslope.engines.torch._program import TorchProgram

__all__ = ["MOST_STEPS", "StepsOnGpu"]

MOST_STEPS = 4096
"""Steps between two looks at their errors."""

_STEPS_WITH_CLOCK = 64
"""The same where the time is limited."""


class StepsOnGpu(ABC):
    """Rows, parameters and states that stay on a GPU; for each run the order of the rows is sent there.

    Steps are begun some at a time, and their errors are looked at when all of them are done: where one is not
    finite, the parameters from before are taken back and the steps up to it are taken again. So it is where
    Ctrl-C comes in between.

    Attributes:
        kept: parameters and states as they are now.
        columns: the rows, by name.
        count: of the rows.
        first: number of the first step of the last run.
        whole: the seed, the number of the first of the steps at hand, and the order of their rows.
        table: the scalars of each step.
    """

    def __init__(self, program: TorchProgram, batch: int) -> None:
        self.program, self.batch = program, batch
        self.kept: list[Any] = []
        self.columns: dict[str, Any] = {}
        self.count = self.first = 0
        self.whole: Any = None
        self._before: list[Any] = []
        self._found, self._known = np.zeros(0), 0

    @abstractmethod
    def forget(self) -> None:
        """Tensors are in other places from now on."""

    @abstractmethod
    def take(self, steps: int, rows: int | None) -> None:
        """Begin steps, which use so many rows of the order, or None for all rows at each step."""

    @abstractmethod
    def taken(self, steps: int) -> NDArray[np.float64]:
        """The errors of the steps, once they are done."""

    def put_data(self, columns: Mapping[str, Any], rows: int) -> None:
        """Go on with these rows."""
        if {n: c.shape for n, c in columns.items()} == {n: c.shape for n, c in self.columns.items()}:
            torch._foreach_copy_([self.columns[name] for name in columns], list(columns.values()))
            return
        self.columns, self.count = dict(columns), rows
        self.forget()

    def put(self, kept: list[Any]) -> None:
        """Set parameters and states."""
        if not self.kept:
            self.kept, self._before = kept, [value.clone() for value in kept]
            return
        torch._foreach_copy_(self.kept, kept)

    def errors(self) -> NDArray[np.float64]:
        """Those of the last run that are known."""
        return self._found[: self._known]

    def run(
        self,
        order: NDArray[np.int64] | None,
        count: int,
        table: NDArray[np.float64],
        first: int,
        seed: int,
        end: float,
    ) -> None:
        """Steps up to a time, or to an error that is not finite."""
        self.first, self._found, self._known = first, np.empty(count), 0
        if order is None and self.count > self.batch:
            order = np.tile(np.arange(self.count), count * self.batch // self.count + 1)
        self._make_room(table.shape[1], 0 if order is None else len(order))
        most = MOST_STEPS if end == inf else _STEPS_WITH_CLOCK
        for begin in range(0, count, most):
            steps = min(most, count - begin)
            part = () if order is None else order[begin * self.batch : (begin + steps) * self.batch]
            whole = np.concatenate([np.array([seed, first + begin]), part]).astype(np.int64)
            self.whole[: len(whole)].copy_(torch.from_numpy(whole))
            self.table[:steps].copy_(torch.from_numpy(table[begin : begin + steps]))
            finite = self._taken(begin, steps, None if order is None else len(part))
            if not finite or perf_counter() >= end:
                break

    def _taken(self, begin: int, steps: int, rows: int | None) -> bool:
        """Take steps all together; whether their errors are finite. Those up to one that is not are taken."""
        torch._foreach_copy_(self._before, self.kept)
        try:
            self.take(steps, rows)
            errors = self.taken(steps)
            wrong = np.flatnonzero(~np.isfinite(errors))
            if len(wrong):
                errors = errors[: wrong[0] + 1]
                self._go_back()
                if wrong[0]:
                    self.take(int(wrong[0]), None if rows is None else int(wrong[0]) * self.batch)
            self._found[begin : begin + len(errors)] = errors
        except BaseException:
            self._go_back()
            raise
        self._known = begin + len(errors)
        return not len(wrong)

    def _go_back(self) -> None:
        torch._foreach_copy_(self.kept, self._before)

    def _make_room(self, scalars: int, rows: int) -> None:
        """Memory that steps read, for an order of so many rows."""
        if self.whole is not None and rows + 2 <= len(self.whole):
            return
        like = self.kept[0]
        self.whole = torch.zeros(rows + 2, dtype=torch.int64, device=like.device)
        self.table = like.new_zeros((MOST_STEPS, scalars))
        self.forget()
