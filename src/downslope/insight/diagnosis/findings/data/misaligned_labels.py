"""``misaligned-labels``: a part of the rows whose targets stand a few rows off, or belong to others."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.diagnosis._finding import NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import LARGE_SHARE
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.findings.data._rows import equal_rows, judged_without, leaving_out
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["misaligned_labels"]

_SOURCE = "Feller, 'The asymptotic distribution of the range of sums of independent random variables' (1951)"
_LEVEL, _RARELY = 0.05, 0.001  # of what is tried, where the trials decide; of what is evident
_FARTHEST = 10  # rows that targets are tried off, up and down
_MOST = 4096  # rows that are looked at
_FEWEST = 40
_FEATURES = 100  # random ones (Rahimi and Recht 2007), which need no descent
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # of ridge regression, as a share of the rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Stretch:
    """Rows that follow on each other, in which something is larger than elsewhere.

    Attributes:
        begin, end: of them; the end is not among them.
        range: of the sums, in standard deviations of what they sum.
    """

    begin: int
    end: int
    range: float


@dataclass(frozen=True, eq=False)
class _Features:
    """Columns by their singular vectors, and what ridge regression with each of the penalties makes of them.

    Attributes:
        u: left singular vectors, (rows, columns).
        shares: of each direction that is kept, (penalties, columns).
        leverages: of each row, (rows, penalties).
    """

    u: Array
    shares: Array
    leverages: Array


@finding("misaligned-labels", _SOURCE, costly=True)
def misaligned_labels(seen: Examination) -> Iterable[Suspicion]:
    """Targets a few rows on against a row's own, under predictions of all rows that leave it out."""
    table = _table(seen.call)
    if table is None:
        return
    x, y = table
    features = _features(x)
    own, error = _left_out(features, y)
    offs = (*range(-_FARTHEST, 0), *range(1, _FARTHEST + 1))
    gains, off = max(
        ((_gains(features, y, off), off) for off in offs), key=lambda each: _stretch(each[0]).range
    )
    stretch = _stretch(gains)
    if _chance(stretch.range) * len(offs) < _LEVEL:
        yield _shifted(seen, stretch, off, _undecided(gains, stretch, y, off))
        return
    trained = np.sort(seen.call.row_numbers[seen.call.row_numbers < len(y)])
    errors = np.sum((y[trained] - own[trained]) ** 2, axis=1)
    sizes = np.sqrt(errors)  # of which no single row makes a stretch
    stretch = _stretch(sizes - sizes.mean())
    inside = trained[stretch.begin : stretch.end]
    constant = np.sum((y[inside] - y.mean(axis=0)) ** 2)
    if not len(inside) or _are_copies(x, inside):
        return
    if _chance(stretch.range) < _LEVEL and errors[stretch.begin : stretch.end].sum() >= constant:
        yield _foreign(seen, inside, stretch)
    elif error >= 1 and seen.unseen_score >= 1 - LARGE_SHARE:
        yield _nothing_said(seen, error)


def _are_copies(x: Array, rows: NDArray[np.int64]) -> bool:
    """Whether half of some rows or more have the inputs of rows elsewhere, which would explain them."""
    (group,) = equal_rows(x)
    return bool(np.mean(np.isin(group[rows], np.delete(group, rows))) >= 0.5)


def _gains(features: _Features, y: Array, off: int) -> Array:
    """How much better targets some rows off suit each row than its own does."""
    there = np.roll(y, -off, axis=0)
    (own, own_error), (theirs, their_error) = (_left_out(features, each) for each in (y, there))
    foretold = own if own_error <= their_error else theirs
    stretch = _stretch(np.sum((y - foretold) ** 2 - (there - foretold) ** 2, axis=1))
    straight = y.copy()
    straight[stretch.begin : stretch.end] = there[stretch.begin : stretch.end]
    foretold, _ = _left_out(features, straight)  # sharper, where they suit indeed
    return np.asarray(np.sum((y - foretold) ** 2 - (there - foretold) ** 2, axis=1))


def _undecided(gains: Array, stretch: _Stretch, y: Array, off: int) -> NDArray[np.int64]:
    """Rows about an end of the stretch that may as well be on its other side, with different targets there.

    As far as the gains from the end on sum up to less than a variance of theirs: what a row or two give.
    """
    bound, different = float(np.std(gains)), np.any(y != np.roll(y, -off, axis=0), axis=1)
    found = []
    for end, inside in ((stretch.begin, 1), (stretch.end, -1)):
        for step in (inside, -inside):
            own = np.arange(end, len(y)) if step > 0 else np.arange(end - 1, -1, -1)
            decided = np.abs(np.cumsum(gains[own])) >= bound
            near = own[: int(np.argmax(decided))] if decided.any() else own
            found.append(near[different[near]])
    return np.unique(np.concatenate(found))


def _shifted(seen: Examination, stretch: _Stretch, off: int, undecided: NDArray[np.int64]) -> Suspicion:
    rows = np.arange(stretch.begin, stretch.end)
    y = _whole(seen.call, "y")
    partners = np.arange(len(y))
    partners[rows] = rows + off
    known = (partners >= 0) & (partners < len(y))
    # a row whose target was handed on, or whose own is lost, has none that is known to be its own
    taken, times = np.unique(partners[known], return_counts=True)
    doubled = np.isin(partners, taken[times > 1]) & np.isin(np.arange(len(y)), rows, invert=True)
    kept = known & ~doubled
    kept[undecided] = False
    straight = y[np.where(known, partners, 0)]
    random = np.random.default_rng(0).permutation(len(rows))
    mixed = y.copy()
    mixed[rows] = y[rows[random]]
    weights = kept.astype(float)
    measured = seen.call.measured_numbers

    def mended(call: Call) -> Call:
        return call.with_targets_of_table(straight).with_weights_times(weights)

    def placebo(call: Call) -> Call:
        return call.with_targets_of_table(mixed).with_weights_times(weights)

    def fair(call: Call) -> Call:
        judge = call.measured["row_weights"]
        return call.judged(judge * weights[measured], straight[measured].reshape(call.measured["y"].shape))

    words = f"{abs(off)} row{'s' if abs(off) > 1 else ''} {'down' if off > 0 else 'up'}"
    return Suspicion(
        Where(rows=tuple(range(stretch.begin, stretch.end))),
        (_evidence(stretch, 2 * _FARTHEST),),
        f"The targets of rows {stretch.begin:,} to {stretch.end - 1:,} belong to other rows: each finds its "
        f"own {words}, as after a cell that was lost or added in one column.",
        [Remedy(f"give rows {stretch.begin:,} to {stretch.end - 1:,} the targets {words}", mended, placebo)],
        fair=fair if len(measured) else _as_it_is,
        evident=_chance(stretch.range) * 2 * _FARTHEST < _RARELY,
    )


def _foreign(seen: Examination, rows: NDArray[np.int64], stretch: _Stretch) -> Suspicion:
    measured, wrong = seen.call.measured_numbers, np.zeros(len(seen.call.measured["y"]), bool)
    if len(measured):
        wrong = (measured >= rows[0]) & (measured <= rows[-1])
    words = f"rows {rows[0]:,} to {rows[-1]:,}"
    return Suspicion(
        Where(rows=tuple(int(row) for row in rows)),
        (_evidence(stretch, 1),),
        f"The targets of {words} say nothing of these rows: they likely belong to others.",
        [leaving_out(seen, rows, f"leave out {words}, or look up their targets")],
        fair=judged_without(seen, wrong),
        evident=_chance(stretch.range) < _RARELY,
    )


def _nothing_said(seen: Examination, error: float) -> Suspicion:
    """A question: a table in which there is nothing to learn looks the same."""
    return Suspicion(
        Where(),
        (
            Evidence(
                "error of ridge regression on rows left out, beside that of the best constant", error, 1.0
            ),
            Evidence("the same of the network, on rows that it did not learn from", seen.unseen_score, 1.0),
        ),
        "The inputs say nothing of the targets, neither to this network nor to a regression: either there is "
        "nothing to be learned, or the targets are in another order than the rows.",
        [Remedy("look up whether each row has its own target", _as_it_is)],
        certain=True,
        severity=NOTE,
    )


def _evidence(stretch: _Stretch, tests: int) -> Evidence:
    bound = next(r for r in np.arange(1, 9, 0.01) if _chance(r) * tests < _LEVEL)
    return Evidence("range of the sums over rows, in standard deviations", stretch.range, bound, _SOURCE)


def _as_it_is(call: Call) -> Call:
    return call


def _whole(call: Call, name: str) -> Array:
    """The rows in the order of the table."""
    values = call.rows[name]
    table = np.empty((call.table_rows, *values.shape[1:]))
    table[call.row_numbers] = values
    if len(call.measured_numbers):
        table[call.measured_numbers] = call.measured[name]
    return table


def _table(call: Call) -> tuple[Array, Array] | None:
    """The first rows in order: inputs, and targets of variance 1, classes as 0 and 1."""
    if call.table_rows < _FEWEST:
        return None
    x, y = (_whole(call, name)[:_MOST] for name in ("x", "y"))
    if str(call.network.loss) == "cross_entropy":
        y = np.eye(int(y.max()) + 1)[y.astype(int)]
    y = y.reshape(len(y), -1)
    y = y - y.mean(axis=0)
    spread = np.sqrt(np.mean(np.sum(y**2, axis=1)))
    return (x, y / spread) if np.isfinite(spread) and spread > 0 else None


def _features(x: Array) -> _Features:
    """Columns for ridge regression: of ranks, for sizes do not count."""
    ranks = np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0, kind="stable") / len(x) - 0.5
    scaled = 3.46 * ranks  # of variance 1
    random = np.random.default_rng(0)
    count = min(_FEATURES, len(x) // 4)
    directions = random.standard_normal((x.shape[1], count)) / np.sqrt(x.shape[1])
    bent = np.cos(2 * scaled @ directions + random.uniform(0, 2 * np.pi, count))
    u, sizes, _ = np.linalg.svd(np.hstack([np.ones((len(x), 1)), scaled, bent]), full_matrices=False)
    shares = sizes**2 / (sizes**2 + np.outer(_PENALTIES, np.full(len(sizes), len(x))))
    return _Features(u, shares, np.minimum(u**2 @ shares.T, 1 - 1e-9))


def _left_out(features: _Features, y: Array) -> tuple[Array, float]:
    """What ridge regression foretells of each row without it, and the mean squared error."""
    best: tuple[Array, float] = (np.zeros_like(y), np.inf)
    along = features.u.T @ y
    for shares, leverages in zip(features.shares, features.leverages.T, strict=True):
        leverage = leverages[:, None]
        fitted = features.u @ (shares[:, None] * along)
        foretold = (fitted - leverage * y) / (1 - leverage)
        error = float(np.mean(np.sum((y - foretold) ** 2, axis=1)))
        if error < best[1]:
            best = foretold, error
    return best


def _stretch(values: Array) -> _Stretch:
    """The stretch of the largest sum."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    begin = int(np.argmin(sums[: end + 1]))
    scale = float(np.std(values)) * np.sqrt(len(values))
    return _Stretch(begin, end, float((sums[end] - sums[begin]) / scale) if scale > 0 else 0.0)


def _chance(range_: float) -> float:
    """That sums of independent numbers range so far, about: 8(1 − Φ(r))."""
    return 4 * math.erfc(range_ * 0.5**0.5)


@misaligned_labels.planted
def _one_lost(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """From a row on, each target stands a row or some below its own: a cell was added in one column."""
    rows, off = len(healthy.y), int(random.integers(1, 4))
    begin = round((0.7 - 0.6 * severity) * rows)
    y = np.array(healthy.y)
    y[begin:] = np.roll(healthy.y[begin:], off, axis=0)
    if np.mean(y[begin:] != healthy.y[begin:]) < 0.3:  # classes in their order
        return None
    return Call(healthy.network, healthy.x, y, healthy.settings)


@misaligned_labels.planted
def _mixed(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """A block of training rows with its targets in another order."""
    rows = len(healthy.y)
    count = round((0.15 + 0.25 * severity) * rows)
    begin = int(random.integers(0, rows - count))
    block = np.sort(
        healthy.row_numbers[(healthy.row_numbers >= begin) & (healthy.row_numbers < begin + count)]
    )
    y = np.array(healthy.y)
    y[block] = random.permutation(y[block])
    if np.mean(y[block] != healthy.y[block]) < 0.3:
        return None
    return Call(healthy.network, healthy.x, y, healthy.settings)


@misaligned_labels.look_alike
def _in_order(healthy: Call, random: np.random.Generator) -> Call:
    """Rows in the order of their targets: neighbours are alike and none is another's."""
    order = np.argsort(np.asarray(healthy.y).ravel(), kind="stable")
    return Call(healthy.network, healthy.x[order], healthy.y[order], healthy.settings)
