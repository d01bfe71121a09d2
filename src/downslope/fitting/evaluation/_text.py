"""The tables of an evaluation, as texts of cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from downslope._visible import escape
from downslope.drawing import table
from downslope.fitting._written import aligned
from downslope.fitting.evaluation._classes import Calibration, ClassScores
from downslope.fitting.evaluation._numbers import Coverage, ErrorSpread
from downslope.fitting.evaluation._statistics import METRICS, Estimate
from downslope.fitting.evaluation._worst import WorstRow

__all__ = [
    "Block",
    "aligned",
    "as_html",
    "as_text",
    "class_blocks",
    "counted_rows",
    "number_blocks",
    "score_block",
    "worst_block",
]

_MATRIX = 8  # classes of a confusion matrix that fits on a line
_SHOWN = 20

Block = tuple[str, Sequence[Sequence[str]]]
"""A title, and a table whose first row holds the headings."""


def counted_rows(count: int) -> str:
    """A number of rows in words.

    >>> counted_rows(1), counted_rows(1200)
    ('1 row', '1,200 rows')
    """
    return "1 row" if count == 1 else f"{count:,} rows"


def as_text(opening: Iterable[str], tables: Iterable[Block], closing: Sequence[str]) -> str:
    """Lines, tables under their titles, and lines."""
    lines = [*opening]
    for title, rows in tables:
        lines += ["", title, *aligned(rows)]
    return "\n".join([*lines, *(["", *closing] if closing else [])])


def as_html(tables: Iterable[Block], closing: Iterable[str]) -> list[str]:
    """The same as parts of a panel."""
    parts = []
    for title, (headings, *rows) in tables:
        parts += [_paragraph(title), table(headings, rows, numbers=headings[1:])]
    return [*parts, *map(_paragraph, closing)]


def _paragraph(text: str) -> str:
    return f'<div style="margin-top:8px">{escape(text)}</div>'


def score_block(title: str, compared: Mapping[str, Mapping[str, Estimate]], asked: str = "") -> Block:
    """A row for each that is compared, and a column for each score that is shown, or asked for."""
    names = [name for name in next(iter(compared.values())) if METRICS[name].shown or name == asked]
    head = ["", *(METRICS[name].words for name in names)]
    return title, [head, *([of, *(str(found[n]) for n in names)] for of, found in compared.items())]


def number_blocks(errors: ErrorSpread, coverage: Sequence[Coverage]) -> Iterator[Block]:
    """The spread of the errors, and the intervals where there are any."""
    yield (
        "Errors, predicted − true: what so many of the rows do not exceed, and the mean",
        [
            ["", *(f"{100 * share:g} %" for share in errors.quantiles), "mean"],
            ["error", *(_figure(value) for value in errors.quantiles.values()), str(errors.mean)],
        ],
    )
    if coverage:
        yield (
            "Intervals: how often they should hold the true number, and how often they do",
            [
                ["should", "do", "mean width"],
                *([f"{c.level:g}", str(c.share), _figure(c.mean_width)] for c in coverage),
            ],
        )


def class_blocks(
    classes: Sequence[ClassScores], confusion: NDArray[np.float64], calibration: Calibration
) -> Iterator[Block]:
    """Each class, the confusions, and the calibration."""
    many = len(classes) > _MATRIX
    yield _class_block(sorted(classes, key=lambda c: -c.rows) if many else classes)
    names = [found.name for found in classes]
    yield _frequent_confusions(names, confusion) if many else _confusion_matrix(names, confusion)
    yield (
        f"Calibration of the {calibration.of}; expected calibration error {calibration.error:.2g}",
        [
            ["from – to", "rows", "mean probability", "was the case"],
            *(
                [f"{b.low:g} – {b.high:g}", f"{b.rows:,}", f"{b.predicted:.3f}", f"{b.observed:.3f}"]
                for b in calibration.bins
            ),
        ],
    )


def _class_block(classes: Sequence[ClassScores]) -> Block:
    rows = [["class", "rows", "precision", "recall", "F1", "ROC AUC"]]
    for found in classes[:_SHOWN]:
        shares = (_figure(share) for share in (found.precision, found.recall, found.f1))
        rows.append([found.name, f"{found.rows:,}", *shares, str(found.roc_auc)])
    cut = f": the {_SHOWN} largest of {len(classes)}" if len(classes) > _SHOWN else ""
    return f"Classes{cut}", rows


def _confusion_matrix(names: Sequence[str], confusion: NDArray[np.float64]) -> Block:
    cells = [[name, *(f"{value:,.6g}" for value in row)] for name, row in zip(names, confusion, strict=True)]
    return "Confusions: true classes down, predicted classes across", [["", *names], *cells]


def _frequent_confusions(names: Sequence[str], confusion: NDArray[np.float64]) -> Block:
    """The most frequent ones, where there are too many classes for a matrix."""
    wrong = confusion - np.diag(np.diag(confusion))
    rows = [["true", "predicted", "rows"]]
    for place in np.argsort(-wrong, axis=None, kind="stable")[:_SHOWN]:
        true, predicted = divmod(int(place), len(names))
        if wrong[true, predicted] > 0:
            rows.append([names[true], names[predicted], f"{wrong[true, predicted]:,.6g}"])
    return "The most frequent confusions", rows


def worst_block(worst: Sequence[WorstRow], task: str) -> Block:
    """The worst rows."""
    far = "error" if task == "regression" else "1 − probability of the true class"
    rows = [["row", "true", "predicted", far]]
    for found in worst:
        cells = (_figure(v) if isinstance(v, float) else v for v in (found.true, found.predicted))
        rows.append([f"{found.index + 1}", *cells, _figure(found.error)])
    return "The worst rows, counted from 1", rows


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
