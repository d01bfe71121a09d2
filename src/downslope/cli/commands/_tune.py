"""The options and the help of ``downslope tune``."""

from __future__ import annotations

import re
import sys
from copy import copy
from typing import Any

import click

from downslope.cli.commands._fit import fit

__all__ = ["tune"]

_SEARCHED = ("hidden", "activation", "dropout", "learning_rate", "weight_decay", "batch_size", "epochs")
_SHARED = (
    "drop",
    "category",
    "number",
    "task",
    "group",
    "row_weights",
    "members",
    "seed",
    "metric",
    "class_weight",
    *_SEARCHED,
)
_KEPT = ("checkpoint", "every", "resume")
_OWN = ("table", "output", "duration", "trials", "log", "order", *_KEPT)


@click.command(short_help="Search the settings that suit TABLE, and save the model that has them.")
@click.argument("table")
@click.option("-t", "--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option(
    "--time",
    "duration",
    default="10m",
    metavar="TIME",
    help='How long all may take: "90s", "10m", "2h" (default: 10m).',
)
@click.option(
    "--trials", type=int, default=256, metavar="N", help="How many settings to try at most (default: 256)."
)
@click.option("--log", metavar="FILE", help="A file that gets a line of JSON for each trial, as it ends.")
@click.option(
    "--order",
    metavar="COLUMN",
    help="A column that orders the rows in time, which fit has as --time: settings are tried on earlier rows "
    "and compared on the last fifth.",
)
def tune(table: str, output: str | None, duration: str, **options: Any) -> None:
    """Search the settings of "downslope fit" that suit TABLE, and save the model that has them.

    Settings are tried by successive halving: all for an eighth of the steps, the better half for twice as
    many, and so on. What is given here, such as --hidden 64, stays. At last the settings are compared with
    the defaults on a fifth of the rows, which no training and no choice of settings knew. The defaults stay
    unless the gain is above its standard error. Ctrl-C keeps the best so far; with --checkpoint DIR a search
    that was stopped, however it was, goes on with --resume where it stood.

    \b
    Examples:
      downslope tune houses.csv --target price --time 10m
      downslope tune houses.csv --target price --time 2h --log trials.jsonl
      downslope tune houses.csv --target price --time 2h --checkpoint runs/a
      downslope tune houses.csv --target price --time 2h --checkpoint runs/a --resume
      downslope tune sales.csv --target sales --order date --dropout 0
      downslope tune houses.csv --target price --metric mae
      downslope tune customers.csv --target left --class-weight yes=5
    """
    from downslope.cli.actions._tune import tune_table

    command = _as_fit(click.get_current_context(), table)
    sys.exit(tune_table(table, output, {"time": duration, **options}, command))


def _as_fit(context: click.Context, table: str) -> list[str]:
    """What was asked for, as words of ``downslope fit``."""
    words = ["downslope", "fit", table]
    for option in context.command.params:
        name = option.name or ""
        value = context.params[name]
        given = context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        if not given or (name in _OWN and name not in ("order", "output")):
            continue
        flag = "--time" if name == "order" else option.opts[-1]
        if isinstance(value, bool):
            words.append(flag if value else (option.secondary_opts or [flag])[-1])
            continue
        if isinstance(value, dict):
            words += [word for key, one in value.items() for word in (flag, f"{key}={one!r}")]
        elif name in ("drop", "category", "number"):
            words += [word for one in value for word in (flag, str(one))]
        else:
            words += [flag, ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    return words


def _open(option: Any) -> Any:
    """An option of ``fit`` whose default is searched."""
    found = copy(option)
    found.default = None
    found.help = re.sub(r"\(default: [^)]*\)\.$|\.$", "(default: searched).", found.help, count=1)
    return found


_of_fit = {option.name: option for option in fit.params}
_reading = [o for o in fit.params if o.name in ("sheet", "delimiter", "decimal", "thousands", "date_format")]
_reading += [o for o in fit.params if o.name in ("encoding", "skip_rows", "header", "comment", "keep_rows")]
tune.params.insert(2, _of_fit["output"])
tune.params += [_of_fit[name] for name in _KEPT]
tune.params += [_open(_of_fit[n]) if n in _SEARCHED else _of_fit[n] for n in _SHARED] + _reading
