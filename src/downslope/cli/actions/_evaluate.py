"""``downslope evaluate``: the scores of a model on other rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from downslope.cli._screen import note
from downslope.cli._tables import How, source_of
from downslope.cli._targets import columns_of, loaded, print_found
from downslope.fitting import METRICS, Evaluation, metric_named

__all__ = ["evaluate_table"]


def evaluate_table(
    *,
    model: str,
    table: str,
    target: str | None,
    metric: str | None,
    worst: int,
    row_weights: str | None,
    as_json: bool,
    how: How,
) -> None:
    """Print the evaluation, or the one score that was asked for."""
    fitted = loaded(model, target, columns_of(model, table, how))
    rows = fitted.read(table, **how)
    asked: dict[str, Any] = {"row_weights": row_weights, "worst": worst, "source": source_of(table)}
    found = fitted.evaluate(rows, **asked)
    if metric is None:
        print_found(found, as_json)
    elif isinstance(found, Evaluation):
        _print_scores({"": found}, metric, as_json)
    else:
        metric = metric_named(metric)
        scored = {name: each for name, each in found.items() if METRICS[metric].task == each.task}
        _print_scores(scored or found, metric, as_json)


def _print_scores(found: Mapping[str, Evaluation], metric: str, as_json: bool) -> None:
    """The score that counts, of each target by its name, or of the only one without a name."""
    scores = {name: each.score(metric) for name, each in found.items()}
    for line in dict.fromkeys(line for each in found.values() for line in each.notes):
        note(line)
    if as_json:
        plain = {n: {metric: each.value, "standard_error": each.standard_error} for n, each in scores.items()}
        print(json.dumps(plain.get("", plain), ensure_ascii=False))
        return
    for name, score in scores.items():
        value = "–" if score.value is None else f"{score.value:.15g}"
        print(f"{name}: {value}" if name else value)
