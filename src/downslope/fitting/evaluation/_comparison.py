"""Several models on the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from downslope._dataclass import dataclass
from downslope.drawing import panel
from downslope.fitting.evaluation._statistics import METRICS, Estimate
from downslope.fitting.evaluation._text import Block, as_html, as_text, score_block

__all__ = ["Comparison"]

_TELLING = 2.0  # standard errors


@dataclass(frozen=True)
class Comparison:
    """Scores of several models on the same rows, and how far they are from those of the first. ``print`` it.

    Attributes:
        target: the name of the column that is predicted.
        task: ``"regression"`` or ``"classification"``.
        rows: that the scores are of.
        left_out: rows of the table without a target, or of weight 0.
        metric: the score that counts.
        scores: of each model by its name; as ``compared`` of an evaluation.
        differences: of each model but the first, by how much its scores are above those of the first. The
            standard errors are those of differences row by row: errors that the models share cancel.
        notes: what a reader of the scores should know, in sentences.
    """

    target: str
    task: str
    rows: int
    left_out: int
    metric: str
    scores: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[str, Mapping[str, Estimate]]
    notes: tuple[str, ...]

    @property
    def first(self) -> str:
        """The name of the model that the others are compared with."""
        return next(iter(self.scores))

    def __repr__(self) -> str:
        found = ", ".join(f"{name} {scores[self.metric]}" for name, scores in self.scores.items())
        return f"<Comparison on {self.rows:,} rows by {METRICS[self.metric].words}: {found}>"

    def __str__(self) -> str:
        return as_text([self._opening, self._units], self._blocks, [*self._conclusions, *self.notes])

    def _repr_html_(self) -> str:
        """What a notebook shows: the scores and the differences."""
        parts = as_html(self._blocks, [*self._conclusions, *self.notes])
        return panel("Comparison", f"{self._opening}. {self._units}", *parts)

    @property
    def _opening(self) -> str:
        left = f" (rows without a target or a weight, left out: {self.left_out:,})" if self.left_out else ""
        return f"{self.target}: {self.task}, {len(self.scores)} models on the same {self.rows:,} rows{left}"

    @property
    def _units(self) -> str:
        units = f"; errors are in the units of {self.target}" if self.task == "regression" else ""
        return f"± is one standard error{units}"

    @property
    def _blocks(self) -> Iterator[Block]:
        yield score_block("Scores", self.scores, self.metric)
        yield score_block(
            f"By how much they are above those of {self.first}, row by row", self.differences, self.metric
        )

    @property
    def _conclusions(self) -> list[str]:
        """Whether the score that counts is better or worse than the first model's, in sentences."""
        return [
            _conclusion(name, self.first, self.metric, found[self.metric])
            for name, found in self.differences.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data, to write as JSON."""
        return asdict(self)


def _conclusion(name: str, first: str, metric: str, difference: Estimate) -> str:
    """The difference of one score in a sentence.

    >>> print(_conclusion("b", "a", "log_loss", Estimate(-0.03, 0.01)))
    b is better than a: its log loss is 0.03 lower, 3.0 standard errors.
    >>> print(_conclusion("b", "a", "r2", Estimate(0.01, 0.02)))
    b and a cannot be told apart on these rows: the R² of b is 0.01 higher, 0.5 standard errors.
    """
    words, value, error = METRICS[metric].words, difference.value, difference.standard_error
    if not value:
        return f"{name} and {first} have the same {words}."
    side = f"{abs(value):.3g} {'higher' if value > 0 else 'lower'}"
    if error is None:
        return f"The {words} of {name} is {side} than that of {first}."
    times = abs(value) / error
    if times < _TELLING:
        return (
            f"{name} and {first} cannot be told apart on these rows: the {words} of {name} is {side}, "
            f"{times:.1f} standard errors."
        )
    better = "better" if (value > 0) == METRICS[metric].more_is_better else "worse"
    return f"{name} is {better} than {first}: its {words} is {side}, {times:.1f} standard errors."
