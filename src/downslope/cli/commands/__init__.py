"""The commands: what can be typed, their options and their help; ``downslope.cli.actions`` does it."""

from __future__ import annotations

import click

from downslope import __version__
from downslope.cli.commands._compare import compare
from downslope.cli.commands._demo import demo
from downslope.cli.commands._dependence import dependence
from downslope.cli.commands._doctor import doctor
from downslope.cli.commands._evaluate import evaluate
from downslope.cli.commands._explain import explain
from downslope.cli.commands._export import export
from downslope.cli.commands._fit import fit
from downslope.cli.commands._importance import importance
from downslope.cli.commands._play import play
from downslope.cli.commands._predict import predict
from downslope.cli.commands._report import report
from downslope.cli.commands._show import show
from downslope.cli.commands._tune import tune

__all__ = ["downslope"]


class _Group(click.Group):
    """Commands in the order of their use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=_Group, context_settings=_CONTEXT)
@click.version_option(__version__, message="downslope %(version)s")
def downslope() -> None:
    """Fit the columns of a table by gradient descent, and see every derivative on the way down.

    \b
    Examples:
      downslope demo
      downslope fit houses.csv --target price
      downslope predict houses.downslope new.csv -o predicted.csv
      downslope evaluate houses.downslope sold.csv
      downslope explain houses.downslope --row 1
      downslope play houses.csv --target price
    """


for _command in (
    demo,
    fit,
    predict,
    evaluate,
    show,
    compare,
    tune,
    doctor,
    explain,
    importance,
    dependence,
    report,
    export,
    play,
):
    downslope.add_command(_command)
