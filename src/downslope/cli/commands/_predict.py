"""The options and the help of ``downslope predict``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import file_or_output, how_in, reading_options

__all__ = ["predict"]


@click.command(short_help="Write TABLE with a column of predictions.")
@click.argument("model")
@click.argument("table")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=file_or_output,
    help="The file to write; its ending chooses the format: .csv, .tsv, .xlsx, .parquet, .arrow, .feather or "
    ".jsonl (default: CSV to standard output). Where TABLE is a folder or a pattern: a new folder.",
)
@click.option(
    "--interval",
    "intervals",
    type=float,
    multiple=True,
    metavar="LEVEL",
    help="Also write the ends of the interval that holds the true number with this probability, such as 0.9. "
    "Repeat the option for more levels.",
)
@reading_options
def predict(model: str, table: str, output: str | None, intervals: tuple[float, ...], **how: Any) -> None:
    """Write the rows of TABLE with a column of predictions of MODEL.

    For a classification model, a column with the probability of each class follows. With several targets, the
    names of such columns begin with that of the target.

    \b
    Examples:
      downslope predict houses.downslope new.csv
      downslope predict houses.downslope new.parquet -o predicted.parquet
      downslope predict houses.downslope new.csv --interval 0.9
      downslope predict houses.downslope 'new/*.parquet' -o predicted/
    """
    from downslope.cli.actions._predict_parts import predict_tables

    predict_tables(model, table, output, intervals, how_in(how))
