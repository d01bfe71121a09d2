"""The options and the help of ``downslope demo``."""

from __future__ import annotations

import click

__all__ = ["demo"]


@click.command()
@click.option(
    "--html", type=click.Path(), metavar="FILE", help="Also write the derivation to FILE, as a web page."
)
def demo(html: str | None) -> None:
    """Train one neuron on five rows, and print every number.

    \b
    Examples:
      downslope demo
      downslope demo --html derivation.html
    """
    from downslope.cli.actions._demo import show_demo

    show_demo(html)
