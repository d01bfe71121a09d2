"""The options and the help of ``downslope explain``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import TARGET, answer_options, how_in, reading_options

__all__ = ["explain"]


@click.command(short_help="Show what each column adds to a prediction.")
@click.argument("model")
@click.argument("table", required=False)
@click.option(
    "--row",
    type=click.IntRange(min=1),
    metavar="N",
    help="The row of TABLE to explain, counted from 1 below the header.",
)
@click.option(
    "--background",
    metavar="TABLE",
    help="The rows whose average prediction the row is compared with (default: those of TABLE).",
)
@click.option(
    "--of-class",
    metavar="CLASS",
    help="The class whose probability is explained (default: the most probable one).",
)
@click.option(
    "--log-odds", is_flag=True, help="Explain the log-odds of the class instead of its probability."
)
@click.option(
    "--samples",
    type=int,
    metavar="N",
    help="Pairs of random orders of the columns for each row of the background (default: exact values for up "
    "to 10 columns, 2 pairs for more).",
)
@click.option(
    "--of",
    "of",
    metavar="PARAMETER",
    help='Also write out the chain rule for a parameter, counted from 1: "W1[2,3]" is the weight from input '
    '3 to unit 2 of layer 1, "b2[1]" is the bias of unit 1 of layer 2, "largest" is the weight of layer 1 '
    "with the largest gradient. Without --row it is that of the mean over all rows.",
)
@TARGET
@answer_options("text", "markdown", "html", "json", "svg", "png")
@reading_options
def explain(**options: Any) -> None:
    """Show what each column adds to a prediction of MODEL, in units of the target.

    The contributions have the sum prediction − average; they are Shapley values of the whole model. The
    derivatives follow: by how much one unit more of a column changes the prediction at this row. TABLE holds
    the rows (default: the table that MODEL was fitted to).

    \b
    Examples:
      downslope explain houses.downslope --row 1
      downslope explain houses.downslope new.csv --row 1 --background houses.csv -o why.png
      downslope explain penguins.downslope --row 1 --of-class Gentoo --log-odds
      downslope explain houses.downslope --row 1 --of "W1[2,3]" -o why.html
    """
    from downslope.cli.actions._explain import explain_prediction

    explain_prediction(how=how_in(options), **options)
