"""The options and the help of ``downslope doctor``."""

from __future__ import annotations

import sys
from typing import Any

import click

from downslope.cli._options import TARGET, answer_options
from downslope.cli.commands._fit import fit

__all__ = ["doctor"]


@click.command(short_help="Say why training fails or crawls, and prove what mends it.")
@click.argument("what", metavar="TABLE|MODEL")
@click.argument("table", required=False)
@click.option("--no-proof", is_flag=True, help="Only name what is suspected; try nothing.")
@click.option(
    "--seconds",
    type=float,
    metavar="SECONDS",
    help="The time to take (default: that of ten epochs, or 5 s of the processor).",
)
@TARGET
@answer_options("text", "html", "json", "svg", "png")
def doctor(**options: Any) -> None:
    """Say what is wrong with how a network learns TABLE, show the evidence, and prove the remedy.

    With --target it examines the descent that "downslope fit" would make, with the same options. With a MODEL
    it examines that of its largest network, on TABLE (default: the table that MODEL was fitted to). The exit
    code is 1 where there is a fault.

    \b
    Examples:
      downslope doctor houses.csv --target price
      downslope doctor houses.csv --target price --learning-rate 3 --hidden 64,64
      downslope doctor houses.downslope
      downslope doctor houses.downslope new.csv -o why.html
    """
    from downslope.cli.actions._doctor import diagnose

    source = click.get_current_context().get_parameter_source
    given = [name for name in options if source(name) == click.core.ParameterSource.COMMANDLINE]
    sys.exit(diagnose(given=given, **options))


# whatever "fit" takes to train a network, under the same names
_NO_PART = ("table", "target", "output", "members", "time_limit")
doctor.params += [option for option in fit.params if option.name not in _NO_PART]
