"""The options and the help of ``downslope compare``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import METRICS, TARGET, how_in, reading_options

__all__ = ["compare"]


@click.command(short_help="Score several models on the same rows.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL MODEL...")
@click.option("--table", required=True, metavar="FILE", help="The rows, with known targets.")
@click.option(
    "--metric",
    metavar="NAME",
    help=f"The score that counts: {METRICS} (default: what the first model was trained by).",
)
@TARGET
@click.option("--row-weights", metavar="COLUMN", help="A column of the table with the weight of each row.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reading_options
def compare(**options: Any) -> None:
    """Score models of the same target side by side, and say whether they can be told apart.

    Each model is compared with the first, row by row: the standard error of a difference is that of the
    differences, in which errors that both models make cancel.

    \b
    Examples:
      downslope compare old.downslope new.downslope --table sold_in_2025.csv
      downslope compare *.downslope --table new.csv --metric mean_absolute_error
      downslope compare old.downslope new.downslope --table new.csv --json > comparison.json
    """
    from downslope.cli.actions._compare import compare_models

    compare_models(how=how_in(options), **options)
