"""How good the predictions of a model are on some rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.drawing import panel
from downslope.fitting._scores import LINEAR_MODEL, NETWORK
from downslope.fitting.evaluation._classes import (
    Calibration,
    ClassScores,
    calibration,
    class_scores_of,
    confusions,
)
from downslope.fitting.evaluation._numbers import Coverage, ErrorSpread, coverages, error_spread
from downslope.fitting.evaluation._rows import LabelledRows
from downslope.fitting.evaluation._statistics import (
    METRICS,
    Estimate,
    Statistic,
    class_statistics,
    metric_named,
    number_statistics,
)
from downslope.fitting.evaluation._text import (
    Block,
    as_html,
    as_text,
    class_blocks,
    counted_rows,
    number_blocks,
    score_block,
    worst_block,
)
from downslope.fitting.evaluation._worst import WorstRow, worst_rows
from downslope.tables import Target

__all__ = ["Evaluation", "evaluation_of", "statistics_of"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores of predictions on some rows, beside those of simpler predictions. ``print`` it.

    Attributes:
        target: the name of the column that is predicted.
        task: ``"regression"`` or ``"classification"``.
        rows: that the scores are of.
        left_out: rows of the table without a target, or of weight 0.
        compared: the scores of the baselines, of the linear model where the model has one, and of the model
            itself under ``"network"``; each a mapping of ``"r2"``, ``"root_mean_squared_error"``,
            ``"mean_absolute_error"`` and ``"median_absolute_error"``, or of ``"accuracy"``, ``"log_loss"``,
            ``"brier_score"``, ``"roc_auc"``, ``"balanced_accuracy"``, ``"f1"`` and ``"f1_macro"``, to an
            estimate with ``value`` and ``standard_error``.
        errors: the spread of the errors; regression only.
        coverage: how often the intervals of each level hold; empty where the model has none.
        classes: the scores of each class; classification only.
        confusion: the rows of each true class (first axis) by predicted class, or their weights, of mean 1.
        calibration: probabilities in bins beside what was the case; classification only.
        worst: the rows whose predictions are farthest off, the worst first.
        notes: what a reader of the scores should know, in sentences.
    """

    target: str
    task: str
    rows: int
    left_out: int
    compared: Mapping[str, Mapping[str, Estimate]]
    errors: ErrorSpread | None
    coverage: tuple[Coverage, ...]
    classes: tuple[ClassScores, ...]
    confusion: NDArray[np.float64] | None
    calibration: Calibration | None
    worst: tuple[WorstRow, ...]
    notes: tuple[str, ...]

    def score(self, metric: str) -> Estimate:
        """A score of the model, by its name in ``compared``, or a short one: "mae", "rmse", "auc", "brier".

        Raises:
            DownslopeError: if there is none of that name; it lists them.
        """
        own = self.compared[NETWORK]
        return own[metric_named(metric, self.task)]

    @property
    def line(self) -> str:
        """In one line."""
        name = "accuracy" if self.task == "classification" else "r2"
        return f"{self.task}, {counted_rows(self.rows)}, {METRICS[name].words} {self.score(name)}"

    def __repr__(self) -> str:
        return f"<Evaluation of {self.target!r}: {self.line}>"

    def __str__(self) -> str:
        return as_text([self._opening, self._units], self.blocks, self.notes)

    def _repr_html_(self) -> str:
        """What a notebook shows: the tables of the text, each under its title, and the notes."""
        parts = as_html(self.blocks, self.notes)
        return panel("Evaluation", f"{self._opening}. {self._units}", *parts)

    @property
    def _opening(self) -> str:
        left = f" (rows without a target or a weight, left out: {self.left_out:,})" if self.left_out else ""
        return f"{self.target}: {self.task}, evaluated on {counted_rows(self.rows)}{left}"

    @property
    def _units(self) -> str:
        units = "" if self.classes else f"; errors are in the units of {self.target}"
        return f"± is one standard error{units}"

    @property
    def blocks(self) -> Iterator[Block]:
        """The tables, with their titles."""
        yield score_block("Scores", self.compared)
        if self.errors is not None:
            yield from number_blocks(self.errors, self.coverage)
        if self.confusion is not None and self.calibration is not None:
            yield from class_blocks(self.classes, self.confusion, self.calibration)
        if self.worst:
            yield worst_block(self.worst, self.task)

    def to_json(self) -> dict[str, Any]:
        """Plain data, to write as JSON."""
        found = asdict(self)
        found["confusion"] = None if self.confusion is None else self.confusion.tolist()
        if self.errors is not None:
            found["errors"]["quantiles"] = [[s, v] for s, v in self.errors.quantiles.items()]
        return found


def statistics_of(rows: LabelledRows, target: Target, outputs: NDArray[np.float64]) -> dict[str, Statistic]:
    """The scores of outputs, by name: probabilities (rows, classes), or numbers (rows,)."""
    if target.classes:
        y = rows.true.astype(np.int64)
        return class_statistics(y, outputs, rows.weights, target.decided(outputs))
    return number_statistics(rows.true, outputs, rows.weights)


def evaluation_of(
    rows: LabelledRows,
    target: Target,
    outputs: Mapping[str, NDArray[np.float64]],
    intervals: Mapping[float, NDArray[np.float64]],
    worst: int,
    notes: tuple[str, ...],
) -> Evaluation:
    """The evaluation of predictions.

    Args:
        rows: with their targets.
        target: what is predicted.
        outputs: of the model, under ``NETWORK``, and of what it is compared with, in the order in which to
            show them: probabilities (rows, classes), or numbers (rows,).
        intervals: for each level the ends around every prediction, (rows, 2); empty where there are none.
        worst: how many of the worst rows to name.
        notes: what a reader should know.
    """
    own, weights, compared = outputs[NETWORK], rows.weights, {}
    for of, found in outputs.items():
        # a baseline says the same of every row, and a rule that makes classes equal leaves it to rounding
        by = target if of in (LINEAR_MODEL, NETWORK) else target.plain
        compared[of] = {name: s.estimate(weights) for name, s in statistics_of(rows, by, found).items()}
    of_classes: dict[str, Any] = {"errors": None, "classes": (), "confusion": None, "calibration": None}
    if target.classes:
        y, chosen = rows.true.astype(np.int64), target.decided(own)
        of_classes["classes"] = class_scores_of(target.classes, y, own, weights, chosen)
        of_classes["confusion"] = confusions(y, chosen, len(target.classes), weights)
        of_classes["calibration"] = calibration(target.classes, y, own, weights, chosen)
    else:
        of_classes["errors"] = error_spread(rows.true, own, weights)
    return Evaluation(
        target.name,
        target.task,
        len(rows),
        rows.left_out,
        compared,
        **of_classes,
        coverage=coverages(rows.true, intervals, weights),
        worst=worst_rows(rows, target, own, worst),
        notes=notes,
    )
