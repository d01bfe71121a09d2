"""The options and the help of ``downslope show``."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["show"]


@click.command(short_help="Show what a model is and how it came about.")
@click.argument("model")
@click.option(
    "--columns", "all_columns", is_flag=True, help="List every column, not only the first of each kind."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(**options: Any) -> None:
    """Show what MODEL is: the table and the settings it was fitted with, columns, networks, scores, size.

    MODEL may also be the file of a network, a trained network or a run.

    \b
    Examples:
      downslope show houses.downslope
      downslope show houses.downslope --columns
      downslope show houses.downslope --json > houses.json
    """
    from downslope.cli.actions._show import show_file

    show_file(**options)
