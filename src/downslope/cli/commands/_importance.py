"""The options and the help of ``downslope importance``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import TARGET, answer_options, how_in, reading_options

__all__ = ["importance"]


@click.command(short_help="Show which columns the predictions need.")
@click.argument("model")
@click.argument("table")
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=5,
    metavar="N",
    help="How often each column is shuffled (default: 5).",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Seed of the shuffles (default: 0).")
@TARGET
@answer_options("text", "html", "json", "svg", "png")
@reading_options
def importance(**options: Any) -> None:
    """Show how much the error of MODEL grows when a column of TABLE is shuffled over the rows.

    The error is the mean absolute error, in units of the target, or the log loss of classes. Each growth has
    its standard error. Rows that the model was not fitted to tell more: on those that it was fitted to,
    columns which it has merely memorised look important too.

    \b
    Examples:
      downslope importance houses.downslope new.csv
      downslope importance houses.downslope new.csv --repeats 20 -o importance.svg
      downslope importance houses.downslope new.csv --format json
    """
    from downslope.cli.actions._importance import show_importance

    show_importance(how=how_in(options), **options)
