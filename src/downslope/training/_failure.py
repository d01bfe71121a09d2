"""Where a descent stopped being finite: found as data, and said in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.engines import Plan
from downslope.graph.notation import text
from downslope.nets import Stage
from downslope.training._program import Program

__all__ = ["Failure", "error_failure", "update_failure"]

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Failure:
    """The step after which something would not be finite.

    Attributes:
        step: its number, counted from 1.
        error: the error of its batch.
        stage: where the error is not finite, the first stage whose values are not; where all values are
            finite and only their loss is not, the last stage; else None.
        size: the largest absolute value of the last stage, where its loss alone is not finite; else None.
        parameter: the parameter or state whose update is not finite; None where the error is not.
        sizes: the largest absolute value of each parameter before the step, by name.
        largest: the name of the largest parameter of the layer of ``stage``, or of all parameters.
    """

    step: int
    error: float
    stage: Stage | None = None
    size: float | None = None
    parameter: str | None = None
    sizes: Mapping[str, float] = field(default_factory=dict)
    largest: str = ""

    @property
    def message(self) -> str:
        """What failed, where, and what to try."""
        return (
            f"step {self.step}: {self._what()}; the parameters before this step are kept. "
            "Try a smaller learning rate, or scale the inputs."
        )

    def _what(self) -> str:
        if self.parameter is not None:
            return f"the update of {self.parameter} is not finite"
        if self.stage is None:
            return "the error is no longer finite in the precision of this run"
        grown = f", where {self.largest} has grown to {self.sizes[self.largest]:.3g}"
        lost = f"the error is no longer finite ({self.error})"
        if self.size is None:
            return f"{lost}, first in the values {text(self.stage.symbol)} of {self.stage.layer}{grown}"
        return f"{lost}: the loss of the values up to {self.size:.3g} of {self.stage.layer}{grown}"


def error_failure(program: Program, step: int, error: float, values: Mapping[str, Any]) -> Failure:
    """The failure of a step whose error is not finite; ``values`` are those of every leaf before the step.

    The reference engine computes the step once more. Where its error is finite, the precision of the run was
    too low, and no layer is named.
    """
    stages = program.graph.stages
    with np.errstate(all="ignore"):
        *reached, again = Plan([*(stage.node for stage in stages), program.graph.error]).run(values)
    sizes = _sizes(program, values)
    for stage, value in zip(stages, reached, strict=True):
        if not np.all(np.isfinite(value)):
            return Failure(step, error, stage, sizes=sizes, largest=_largest(program, stage, sizes))
    if np.isfinite(again):
        return Failure(step, error, sizes=sizes)
    last, size = stages[-1], float(np.max(np.abs(reached[-1])))
    return Failure(step, error, last, size, sizes=sizes, largest=_largest(program, last, sizes))


def update_failure(program: Program, step: int, error: float, before: Arrays, after: Arrays) -> Failure:
    """The failure of a step whose update made something not finite, from the values before and after it."""
    lost = [name for name, value in after.items() if not np.all(np.isfinite(value))]
    return Failure(step, error, parameter=lost[0], sizes=_sizes(program, before))


def _sizes(program: Program, values: Mapping[str, Any]) -> Mapping[str, float]:
    names = [name for name in program.graph.parameters if name in values]
    return {name: float(np.max(np.abs(values[name]), initial=0)) for name in names}


def _largest(program: Program, stage: Stage, sizes: Mapping[str, float]) -> str:
    """The largest parameter of the layer of a stage, or of all where the layer has none."""
    layer = [s for s in program.graph.stages if s.layer == stage.layer]
    own = [node.name for s in layer for node in s.parameters.values()]
    return max(own or sizes, key=lambda name: sizes[name])
