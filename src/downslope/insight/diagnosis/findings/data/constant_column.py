"""``constant-column``: a column with the same value in every row, which tells nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["constant_column"]

_SOURCE = "LeCun, Bottou, Orr and Müller, 'Efficient BackProp' (1998), section 4.3"
_LARGE = 1.0  # from this size on it weighs more than a standardised column


@finding("constant-column", _SOURCE)
def constant_column(seen: Examination) -> Iterable[Suspicion]:
    """A count of the values of each column; a large one is tried without, for it acts as a second bias."""
    yield from _constant_target(seen)
    x = seen.call.rows["x"]
    columns = np.flatnonzero(np.all(x == x[:1], axis=0)) if len(x) > 1 else np.arange(0)
    if not len(columns):
        return
    sizes = np.abs(np.asarray(x[0, columns], np.float64))
    cause = (
        f"{'Column' if len(columns) == 1 else 'Columns'} {', '.join(str(int(c)) for c in columns[:6])} "
        f"{'has' if len(columns) == 1 else 'have'} the same value in every row: nothing can be learned from "
        f"{'it' if len(columns) == 1 else 'them'}."
    )
    remedy = Remedy(
        "leave the column out, or set it to 0",
        lambda call: call.with_inputs(lambda values: _zeroed(values, columns)),
    )
    evidence = [Evidence("columns with one value", float(len(columns)), 0.0)]
    where = Where(columns=tuple(int(column) for column in columns))
    yield Suspicion(where, evidence, cause, [remedy], severity=NOTE, certain=True)
    if sizes.max() > _LARGE:
        size = Evidence("size of the constant column", float(sizes.max()), _LARGE, _SOURCE)
        cause += " Its size makes the steps of all other weights small or the run unstable."
        yield Suspicion(where, [size, *evidence], cause, [remedy])


def _constant_target(seen: Examination) -> Iterable[Suspicion]:
    """The target, where it is such a column."""
    y = seen.call.rows["y"].reshape(len(seen.call.rows["y"]), -1)
    if len(y) > 1 and np.all(y == y[:1]):
        yield Suspicion(
            Where(),
            (Evidence("different targets", 1.0, 1.0),),
            "The target has the same value in every row: whatever the inputs are, there is nothing to learn.",
            [Remedy("rows with different targets, or another target", lambda call: call)],
            severity=NOTE,
            certain=True,
        )


def _zeroed(x: NDArray[Any], columns: NDArray[np.int64]) -> NDArray[Any]:
    changed = np.array(x)
    changed[:, columns] = 0
    return changed


@constant_column.planted
def _filled(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """One more column, filled with a year, or with an amount in cents."""
    return _with_column(healthy, 10 ** (2 + 2 * severity))


@constant_column.look_alike
def _zeros(healthy: Call, random: np.random.Generator) -> Call:
    """One more column, of zeros."""
    return _with_column(healthy, 0.0)


def _with_column(call: Call, value: float) -> Call:
    network = replace(call.network, inputs=call.network.inputs + 1)
    wider = call.with_inputs(lambda x: np.hstack([x, np.full((len(x), 1), value)]))
    return replace(wider, network=network)
