"""The options and the help of ``downslope play``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import how_in, reading_options

__all__ = ["play"]


@click.command(short_help="Open a page that shows a network while it learns.")
@click.argument("source", required=False, metavar="[TABLE | MODEL | NETWORK | LESSON]")
@click.option(
    "-t", "--target", metavar="COLUMN", help="The column to predict (default: the last column of TABLE)."
)
@click.option(
    "--table",
    metavar="FILE",
    help="The rows for MODEL or NETWORK (default: the table that MODEL was fitted to).",
)
@click.option(
    "--lesson",
    type=click.IntRange(1, 6),
    metavar="NUMBER",
    help="Begin with this lesson of the page, 1 to 6 (default: no lesson).",
)
@reading_options
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="The port to listen on (default: a free port).",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="The address to listen on (default: 127.0.0.1, this computer only).",
)
@click.option(
    "--open/--no-open",
    "opens",
    default=True,
    help="Open the page in the browser, or only print its address (default: --open).",
)
@click.option(
    "--export",
    metavar="FILE",
    help="Write the page to FILE instead, as one HTML file that descends without a server.",
)
def play(**options: Any) -> None:
    """Open a page that shows a network while it learns, and lets you change its weights by hand.

    NETWORK is a file of a network or a run that was saved in Python. LESSON is a Markdown file that ends with
    .md. Without a file the page shows five rows and one neuron. The page can be used only with the printed
    address. Press Ctrl-C to end it.

    With --export nothing is served: FILE is a page for a web server or a double click, up to 2,000 rows and
    50,000 parameters.

    \b
    Examples:
      downslope play
      downslope play --lesson 1
      downslope play lesson.md
      downslope play houses.csv --target price
      downslope play houses.downslope
      downslope play run.downslope --table rows.csv
      downslope play houses.csv --target price --no-open --port 8000
      downslope play --export lesson.html
      downslope play lesson.md --export lesson.html
    """
    from downslope.cli.actions._play import play_page

    play_page(how=how_in(options), **options)
