"""The options and the help of ``downslope dependence``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import TARGET, answer_options, how_in, reading_options

__all__ = ["dependence"]


@click.command(short_help="Show how predictions depend on one column, or on two.")
@click.argument("model")
@click.argument("table")
@click.argument("columns", nargs=-1, required=True, metavar="COLUMN [COLUMN]")
@click.option(
    "--points",
    type=click.IntRange(min=2),
    metavar="N",
    help="How many values of each column, at most (default: 20 for one column, 10 for two).",
)
@click.option(
    "--of-class",
    metavar="CLASS",
    help="The class whose probability is shown (default: the most probable one on average).",
)
@click.option("--log-odds", is_flag=True, help="Show the log-odds of the class instead of its probability.")
@TARGET
@answer_options("text", "html", "json", "svg", "png")
@reading_options
def dependence(**options: Any) -> None:
    """Show the mean prediction of MODEL when COLUMN has the same value in every row of TABLE.

    For one value after another, with the share of the rows that are near it. With two columns, for every pair
    of their values: where there are no rows, no row can confirm the prediction.

    \b
    Examples:
      downslope dependence houses.downslope houses.csv size
      downslope dependence houses.downslope houses.csv size year -o map.png
      downslope dependence penguins.downslope penguins.csv bill_length_mm --of-class Gentoo
    """
    from downslope.cli.actions._dependence import show_dependence

    show_dependence(how=how_in(options), **options)
