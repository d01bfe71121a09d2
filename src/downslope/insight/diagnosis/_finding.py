"""What the doctor says: suspicions, remedies, findings and the diagnosis they are part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.diagnosis.measured import Call

__all__ = ["Branches", "Evidence", "Finding", "Proof", "Remedy", "Suspicion", "Where"]

FAULT, NOTE = "fault", "note"  # severities
_SHOWN = 6  # numbers of columns, rows, units
PROVEN, CERTAIN, SUSPECTED = "proven", "certain", "suspected"  # how a finding is stated


def _unchanged(call: Call) -> Call:
    return call


@dataclass(frozen=True)
class Where:
    """Where something is; what does not apply is empty.

    Attributes:
        layer: name of a layer.
        units, columns, rows: their numbers, counted from 0.
        step: counted from 1.
    """

    layer: str = ""
    units: Sequence[int] = ()
    columns: Sequence[int] = ()
    rows: Sequence[int] = ()
    step: int | None = None

    def words(self, names: Sequence[str] = ()) -> str:
        """In words; columns by their names, where they have any."""
        said = [self.layer] if self.layer else []
        for word in ("units", "columns", "rows"):
            numbers = [int(n) for n in getattr(self, word)]
            if not numbers:
                continue
            called = [names[n] if word == "columns" and n < len(names) else str(n) for n in numbers[:_SHOWN]]
            more = f" and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
            said.append(f"{word[:-1] if len(numbers) == 1 else word} {', '.join(called)}{more}")
        if self.step is not None:
            said.append(f"step {self.step:,}")
        return ", ".join(said)


@dataclass(frozen=True)
class Evidence:
    """A measured quantity beside the bound that it breaks.

    Attributes:
        quantity: what was measured, in words.
        value: its size.
        bound: what it would be within, were all well.
        source: where the bound is from.
    """

    quantity: str
    value: float
    bound: float
    source: str = ""

    def __str__(self) -> str:
        return f"{self.quantity}: {self.value:.4g}, where {self.bound:.4g} is the bound"


@dataclass(frozen=True, eq=False)
class Remedy:
    """A change that is expected to mend a fault.

    Attributes:
        words: what to do.
        apply: a call with the change made.
        placebo: a call with a change of the same cost that has nothing to do with the fault; None is another
            start and another order of the rows.
    """

    words: str
    apply: Callable[[Call], Call]
    placebo: Callable[[Call], Call] | None = None


@dataclass(frozen=True, eq=False)
class Suspicion:
    """What a signal points to, before it is tried.

    Attributes:
        where: layer, units, columns, rows, step.
        evidence: what was measured, the most telling first.
        cause: in one sentence.
        remedies: what may mend it, the smallest change first.
        expected: what the remedy is expected to do, in numbers.
        certain: whether the evidence alone shows the fault, as a count of equal rows does.
        severity: of what is certain: ``"fault"``, or ``"note"`` where it does the fit no harm.
        fair: the call that the remedy is tried on: the same, measured by rows that can judge it.
        evident: whether chance gives such evidence once in 1,000 times at most: what is proven to do harm is
            then a fault where its effect is medium, too.
        yields: whether another remedy that does as much is of the cause: the descent brought this about, or
            its remedy makes up for whatever is slow.
    """

    where: Where
    evidence: Sequence[Evidence]
    cause: str
    remedies: Sequence[Remedy]
    expected: str = ""
    certain: bool = False
    severity: str = FAULT
    fair: Callable[[Call], Call] = _unchanged
    evident: bool = False
    yields: bool = False


@dataclass(frozen=True, eq=False)
class Branches:
    """What some runs came to, one for each seed.

    Attributes:
        scores: the error as a share of that of the best constant, (seeds,).
        curves: the mean error of parts of each run, as a share of that of the best constant, (seeds, parts);
            NaN from where on it is not finite.
        errors: the part that each row which measures has in each score, (seeds, rows).
    """

    scores: NDArray[np.float64]
    curves: NDArray[np.float64]
    errors: NDArray[np.float64]

    @property
    def median(self) -> float:
        """Of the scores."""
        return float(np.median(self.scores))


@dataclass(frozen=True, eq=False)
class Proof:
    """Runs that were tried: unchanged, with the remedy, and with an unrelated change of the same cost.

    Attributes:
        steps: of each of them.
        short: whether the call asks for more.
        p: the chance of such scores where the remedy does nothing (Pitman 1937), in either of two looks.
        rows_p: the chance of such errors of the rows that measure where the remedy does nothing for rows like
            these (Student 1908); 0 where they are all rows that there are.
        placebo_p: that of such scores of the unrelated change; 1 of other seeds alone.
    """

    unchanged: Branches
    remedied: Branches
    placebo: Branches
    steps: int
    short: bool
    p: float
    rows_p: float
    placebo_p: float


@dataclass(frozen=True, eq=False)
class Finding:
    """A fault: where it is, the evidence, and what mends it.

    Attributes:
        code: its stable name, such as ``"unscaled-inputs"``.
        severity: ``"fault"``, or ``"note"`` for what does the fit no harm.
        where: layer, units, columns, rows, step.
        evidence: what was measured, beside the bounds it broke.
        cause: in one sentence.
        remedy: what to do.
        changes: the arguments of ``descend`` that change, by name.
        remedied: all arguments of the same call with that change made: ``descend(**finding.remedied)``.
        proof: the runs that were tried; None where the evidence alone shows it, or nothing was tried.
        stated: ``"proven"``, ``"certain"`` or ``"suspected"``.
        expected: what the remedy does, in numbers.
        source: where its signal and bound are from.
    """

    code: str
    severity: str
    where: Where
    evidence: Sequence[Evidence]
    cause: str
    remedy: str
    changes: Mapping[str, Any] = field(repr=False)
    remedied: Mapping[str, Any] = field(repr=False)
    proof: Proof | None = field(repr=False)
    stated: str
    expected: str
    source: str
