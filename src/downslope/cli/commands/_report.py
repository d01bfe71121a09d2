"""The options and the help of ``downslope report``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import TARGET, how_in, reading_options

__all__ = ["report"]


@click.command(short_help="Write one page about a model, for others to judge it.")
@click.argument("model")
@TARGET
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The file to write: a page, or the figures where it ends in .json (default: the name of MODEL with "
    "the ending .html, in this folder).",
)
@click.option(
    "--table",
    metavar="FILE",
    help="Rows with known targets that the page is about (default: the table that MODEL was fitted to, with "
    "the errors of held-out rows).",
)
@click.option(
    "--row",
    type=click.IntRange(min=1),
    metavar="N",
    help="The row whose prediction is explained, counted from 1 below the header (default: the first).",
)
@click.option(
    "--of-class",
    metavar="CLASS",
    help="The class whose probability curves and contributions are of (default: the most probable one).",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Seed of the shuffles (default: 0).")
@click.option("--json", "as_json", is_flag=True, help="Write the figures as JSON instead of a page.")
@reading_options
def report(**options: Any) -> None:
    """Write one page about MODEL that a colleague can open: it needs no network and no other file.

    The data, what was decided, the training, scores beside the baselines, errors, the importance of the
    columns, curves, one explained prediction, and limits. Errors are of rows that the networks which predict
    them were not trained on. The page prints well. Models of several targets follow one another.

    \b
    Examples:
      downslope report houses.downslope
      downslope report houses.downslope -o report.html --row 12
      downslope report houses.downslope --table sold_in_2025.csv -o later.html
      downslope report houses.downslope --json > report.json
    """
    from downslope.cli.actions._report import report_model

    report_model(how=how_in(options), **options)
