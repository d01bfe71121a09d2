"""Where predictions fail: of numbers and of classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from downslope.drawing import Agreement, Mark, Picture, agreement_picture, histogram_picture, scatter_picture
from downslope.fitting._scores import NETWORK
from downslope.fitting._written import cell_text
from downslope.fitting.evaluation import Evaluation, PredictedRows
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import figure, grid, note, paragraph, table

__all__ = ["errors_section"]

_DOTS = 1000
_BARS = 30
_MATRIX = 8
_BESIDE = 4


def errors_section(found: Findings) -> str:
    """Pictures and tables of the errors; the worst rows."""
    if found.evaluation is None or found.predicted is None:
        return note("There are no predictions of rows that the networks had not seen.")
    of = paragraph(f"Of {found.of}.")
    parts = _of_classes(found.evaluation) if found.evaluation.classes else _of_numbers(found, found.predicted)
    return of + "".join(parts) + _worst(found, found.evaluation)


def _of_numbers(found: Findings, predicted: PredictedRows) -> Iterator[str]:
    evaluation, name = found.evaluation, found.model.target.name
    if evaluation is None:
        return
    true, guess = predicted.rows.true, predicted.outputs[NETWORK]
    some = slice(None, None, -(-len(true) // _DOTS))
    points = list(zip(guess[some].tolist(), true[some].tolist(), strict=True))
    dots = scatter_picture(points, ("predicted", f"true {name}"), f"true {name} over predicted {name}")
    blocks = {title.split(":")[0].split(",")[0]: rows for title, rows in evaluation.blocks}
    thinned = f"; {len(points):,} of the rows" if len(points) < len(true) else ""
    yield grid(
        figure(dots, f"True over predicted; on the dashed line a prediction is right{thinned}"),
        figure(
            _spread(evaluation, guess - true, name),
            "Errors, predicted − true: to the right of 0 the prediction is too high",
        ),
    )
    yield table(blocks["Errors"], "Errors: what so many of the rows do not exceed, and the mean")
    if evaluation.coverage:
        yield _coverage(found, evaluation, blocks["Intervals"])


def _spread(evaluation: Evaluation, errors: NDArray[np.float64], name: str) -> Picture | None:
    low, high = np.quantile(errors, [0.005, 0.995])
    low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        return None
    counts, edges = np.histogram(np.clip(errors, low, high), bins=_BARS, range=(low, high))
    quantiles = {} if evaluation.errors is None else evaluation.errors.quantiles
    marks = [
        Mark(value, f"{100 * share:g} %") for share, value in quantiles.items() if share in (0.05, 0.5, 0.95)
    ]
    return histogram_picture(
        edges.tolist(), counts.tolist(), f"error of {name}", f"distribution of the errors of {name}", marks
    )


def _coverage(found: Findings, evaluation: Evaluation, rows: Sequence[Sequence[str]]) -> str:
    known = 0 if found.predicted is None else _with_interval(found.predicted)
    points = [
        Agreement(c.level, c.share.value, 0.2, _certain(c.share.value, known))
        for c in evaluation.coverage
        if c.share.value is not None
    ]
    picture = agreement_picture(
        points, ("intervals say", "and hold"), "how often intervals say to hold and do"
    )
    how = paragraph(_how_intervals(found))
    return grid(
        figure(
            picture, "Prediction intervals: how often they hold; lines are 95\N{NO-BREAK SPACE}% intervals"
        ),
        f"<div>{table(rows, 'How often intervals should hold, and how often they do')}{how}</div>",
    )


def _how_intervals(found: Findings) -> str:
    if found.predicted is not found.model.held_out:
        return "These rows had no part in the intervals."
    made = (
        "Each interval was made without its row: by networks that had not seen it, and widened as other rows "
        "need"
    )
    if found.model.record.later is None:
        return f"{made}."
    return f"{made}, also later ones: of rows later than all of these, intervals may hold less often."


def _with_interval(predicted: PredictedRows) -> int:
    """How many rows have one: of those held out by time, the first have none."""
    ends = next(iter(predicted.intervals.values()))
    return int(np.isfinite(ends).all(axis=1).sum())


def _certain(share: float, rows: int) -> tuple[float, float]:
    """Where a share that was found in so many rows lies with 95 % (Wilson 1927).

    >>> _certain(1.0, 1)
    (0.20..., 1.0)
    """
    spread = 1.96**2 / rows
    middle = (share + spread / 2) / (1 + spread)
    half = (spread * share * (1 - share) + spread**2 / 4) ** 0.5 / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _of_classes(evaluation: Evaluation) -> Iterator[str]:
    blocks = [block for block in evaluation.blocks if not block[0].startswith(("Scores", "The worst"))]
    (classes_title, classes), (matrix_title, matrix), (calibration_title, bins) = blocks
    confusion = evaluation.confusion
    if confusion is not None and len(confusion) <= _MATRIX:
        of_class = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1e-300)
        heat = table(matrix, matrix_title, shares=of_class.tolist())
    else:
        heat = table(matrix, matrix_title, left=(0, 1))
    yield table(classes, classes_title)
    calibration = evaluation.calibration
    if calibration is None:
        yield heat
        return
    points = [
        Agreement(b.predicted, b.observed, b.rows, _certain(b.observed, b.rows))
        for b in calibration.bins
        if b.rows
    ]
    picture = agreement_picture(
        points, (calibration.of, "was the case"), f"{calibration.of} beside how often it was the case"
    )
    yield grid(
        f"<div>{heat}{table(bins, calibration_title)}</div>",
        figure(picture, "Calibration: larger dots are more rows; lines are 95\N{NO-BREAK SPACE}% intervals"),
    )


def _worst(found: Findings, evaluation: Evaluation) -> str:
    """The worst rows, with the cells of the most important columns where the table has them."""
    titled = [(title, rows) for title, rows in evaluation.blocks if title.startswith("The worst")]
    if not titled:
        return ""
    ((title, rows),) = titled
    headings, *lines = [list(row) for row in rows]
    left = [1, 2] if evaluation.classes else []
    places = [worst.index for worst in evaluation.worst]
    frame = None if found.rows is None or found.notices else found.rows.frame
    if frame is not None and found.importance is not None and max(places) < frame.height:
        beside = list(found.importance.columns[:_BESIDE])
        left += [len(headings) + i for i, name in enumerate(beside) if not frame[name].dtype.is_numeric()]
        headings += beside
        for line, place in zip(lines, places, strict=True):
            line += [cell_text(frame[name][place]) for name in beside]
    return table([headings, *lines], title, left=left)
