"""The commands, their options and their help."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from downslope import __version__
from downslope.errors import DownslopeError

__all__ = ["run"]


class _Group(click.Group):
    """Commands in the order in which one meets them."""

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
      downslope explain houses.downslope --row 1
      downslope play houses.csv --target price
    """


@downslope.command()
@click.option("--html", type=click.Path(), help="Also write the derivation as a page with formulas.")
def demo(html: str | None) -> None:
    """One neuron learns five rows, with every number in view.

    \b
    Examples:
      downslope demo
      downslope demo --html derivation.html
    """
    from downslope.cli._demo import show_demo

    show_demo(html)


def _units(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    try:
        return tuple(int(part) for part in value.split(",") if part.strip())
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers such as 128,128") from None


@downslope.command()
@click.argument("table")
@click.option("-t", "--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option(
    "-o", "--output", metavar="FILE", help="The model file; TABLE.downslope in this folder if not given."
)
@click.option(
    "--task",
    type=click.Choice(["auto", "regression", "classification"]),
    default="auto",
    help="What the target is; told from its values if not given.",
)
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out. May be repeated.")
@click.option("--category", multiple=True, metavar="COLUMN", help="Take a column as categories.")
@click.option("--number", multiple=True, metavar="COLUMN", help="Take a column as numbers.")
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel file; the first if not given.")
@click.option("--members", type=int, help="Networks of each kind; 8 if not given, 1 for a single network.")
@click.option("--time-limit", type=float, metavar="SECONDS", help="What fitting may take.")
@click.option("--hidden", callback=_units, metavar="N,N", help='Units of the hidden layers; "" for none.')
@click.option("--activation", default="silu", show_default=True, help="Of the hidden layers.")
@click.option("--dropout", type=float, default=0.2, show_default=True, help="Of the hidden layers.")
@click.option("--learning-rate", type=float, default=0.004, show_default=True, help="The highest.")
@click.option("--weight-decay", type=float, default=0.1, show_default=True, help="Of AdamW.")
@click.option("--batch-size", type=int, help="Rows in a step; suits the rows if not given.")
@click.option("--epochs", type=int, help="The most; suits the rows if not given.")
@click.option("--seed", type=click.IntRange(0, 2**62), default=0, show_default=True, help="Fixes everything.")
def fit(table: str, output: str | None, sheet: str | None, **options: Any) -> None:
    """Fit networks to TABLE and save the model.

    TABLE is CSV, TSV, JSON lines, Parquet, Arrow, Feather or Excel, packed with gzip or zstd or not;
    "-" reads standard input.

    \b
    Examples:
      downslope fit houses.csv --target price
      downslope fit penguins.csv.gz --target species --drop year
      downslope fit houses.csv --target price --time-limit 60
      downslope fit survey.xlsx --sheet 2024 --target happy --category postcode
      cat houses.csv | downslope fit - --target price -o houses.downslope
    """
    from downslope.cli._fit import fit_table

    sys.exit(fit_table(table, output, sheet, options))


@downslope.command()
@click.argument("model")
@click.argument("table")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to; the ending tells the format. CSV to standard output if not given.",
)
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel file; the first if not given.")
def predict(model: str, table: str, output: str | None, sheet: str | None) -> None:
    """Write the predictions of MODEL beside the rows of TABLE.

    A class comes with the probability of each class.

    \b
    Examples:
      downslope predict houses.downslope new.csv
      downslope predict houses.downslope new.parquet -o predicted.parquet
    """
    from downslope.cli._predict import predict_table

    predict_table(model, table, output, sheet)


@downslope.command()
@click.argument("model")
@click.argument("table", required=False)
@click.option("--row", type=click.IntRange(min=1), help="The row, counted from 1; all rows if not given.")
@click.option(
    "--of",
    "of",
    metavar="PARAMETER",
    help='Such as "W1[2,3]" or "b2[1]"; the steepest weight of layer 1 if not given.',
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    help="Of the derivation.",
)
@click.option("-o", "--output", metavar="FILE", help="Where to; standard output if not given.")
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel file; the first if not given.")
def explain(**options: Any) -> None:
    """Write out the chain rule for one weight of MODEL, in symbols and then in numbers.

    Of a model of several networks it is the last one's.

    TABLE is the table that MODEL was fitted to, if not given.

    \b
    Examples:
      downslope explain houses.downslope --row 1
      downslope explain houses.downslope --row 1 --of "W1[2,3]" --format html -o why.html
      downslope explain houses.downslope new.csv --of "b1[4]"
    """
    from downslope.cli._explain import explain_weight

    explain_weight(**options)


@downslope.command()
@click.argument("source", required=False, metavar="[TABLE | MODEL]")
@click.option("-t", "--target", metavar="COLUMN", help="The column to predict; the last one if not given.")
@click.option("--table", metavar="FILE", help="The rows for MODEL; the table it was fitted to if not given.")
@click.option("--sheet", metavar="NAME", help="The sheet of an Excel file; the first if not given.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; a free port if not given."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--open/--no-open", "opens", default=True, help="Whether to open the browser.")
def play(**options: Any) -> None:
    """Open a page where one sees a network learn, and moves its weights by hand.

    Without a table it opens on five rows and one neuron. The page is served on this machine only, to whoever
    has the address that is printed; Ctrl-C ends it.

    \b
    Examples:
      downslope play
      downslope play houses.csv --target price
      downslope play houses.downslope
      downslope play houses.csv --target price --no-open --port 8000
    """
    from downslope.cli._play import play_page

    play_page(**options)


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line: 0, 2 for bad input, 130 for Ctrl-C, 141 for a closed pipe."""
    with warnings.catch_warnings():
        warnings.showwarning = _say
        return _run(arguments)


def _say(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as a plain line: where in the code it was given is nothing to the reader."""
    print(f"downslope: {message}", file=sys.stderr)


def _run(arguments: Sequence[str]) -> int:
    try:
        downslope.main(list(arguments), prog_name="downslope", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except DownslopeError as error:
        print(f"downslope: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"downslope: there is not enough memory ({error}); take fewer rows or units", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        print("downslope: interrupted; nothing was saved", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
