"""The options and the help of ``downslope evaluate``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import METRICS, TARGET, how_in, reading_options

__all__ = ["evaluate"]


@click.command(short_help="Score a model on the rows of TABLE.")
@click.argument("model")
@click.argument("table")
@click.option("--metric", metavar="NAME", help=f"Print only this score: {METRICS}.")
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=5,
    metavar="N",
    help="How many of the rows with the largest errors to list (default: 5).",
)
@TARGET
@click.option("--row-weights", metavar="COLUMN", help="A column of TABLE with the weight of each row.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reading_options
def evaluate(**options: Any) -> None:
    """Score MODEL on the rows of TABLE, beside the baselines and the linear model.

    TABLE holds rows with known targets, best such as MODEL was not fitted to. For numbers: R², typical
    errors, the spread of the errors, and how often the prediction intervals hold. For classes: accuracy, log
    loss, Brier score, ROC AUC, precision and recall of each class, confusions, and the calibration. Then the
    rows with the largest errors, counted from 1. ± is one standard error.

    \b
    Examples:
      downslope evaluate houses.downslope sold_in_2025.csv
      downslope evaluate houses.downslope new.csv --metric r2
      downslope evaluate penguins.downslope new.csv --json > scores.json
    """
    from downslope.cli.actions._evaluate import evaluate_table

    evaluate_table(how=how_in(options), **options)
