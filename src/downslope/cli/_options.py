"""Options that several commands share, and how their values are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

__all__ = [
    "METRICS",
    "TARGET",
    "a_file",
    "answer_options",
    "class_weights",
    "file_or_output",
    "how_in",
    "one_or_several",
    "reading_options",
    "units",
]

METRICS = (
    "r2, root_mean_squared_error (rmse), mean_absolute_error (mae) or median_absolute_error of a number; "
    "accuracy, balanced_accuracy, f1, f1_macro, log_loss, brier_score (brier) or roc_auc (auc) of classes"
)
_SHEET = "The sheet of an Excel file, by name, also with an area: 'Sales!B3:F20' (default: the first sheet)."


def _only_one(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> str | None:
    """The one value, where click alone would take the last of several."""
    if len(given) > 1:
        raise click.BadParameter(f"it is given {len(given)} times; name one of them")
    return given[0] if given else None


def class_weights(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> str | dict[str, float] | None:
    """How much classes count: "balanced", or CLASS=WEIGHT for some of them."""
    if len(given) == 1 and given[0].lower() == "balanced":
        return "balanced"
    found = {}
    for each in given:
        name, _, weight = each.rpartition("=")
        try:
            found[name] = float(weight)
        except ValueError:
            name = ""
        if not name:
            raise click.BadParameter(
                f"{each!r} is neither balanced nor a class with its weight, such as yes=5"
            )
    return found or None


TARGET = click.option(
    "-t",
    "--target",
    metavar="COLUMN",
    multiple=True,
    callback=_only_one,
    help="Which target is meant, where MODEL has several.",
)
_READING = (
    click.option("--sheet", metavar="NAME", help=_SHEET),
    click.option(
        "--delimiter", metavar="MARK", help='Between the cells of a row of text, such as ";" or tab.'
    ),
    click.option("--decimal", metavar="MARK", help='The decimal mark of text, "." or ",".'),
    click.option("--thousands", metavar="MARK", help="The mark between groups of digits of text."),
    click.option(
        "--date-format",
        metavar="FORMAT",
        help="The order of dates such as 01/12/24, day-first or month-first, or a format such as %d.%m.%Y.",
    ),
    click.option("--encoding", metavar="NAME", help="The encoding of text, such as cp1252."),
    click.option(
        "--skip-rows", type=click.IntRange(min=0), metavar="N", help="Lines of text above the header."
    ),
    click.option(
        "--header/--no-header",
        default=None,
        help="Whether the first row of text holds the names of the columns (else column1, column2, ...).",
    ),
    click.option(
        "--comment", metavar="MARK", help="What a line of text begins with that is no row, such as #."
    ),
    click.option(
        "--keep-rows",
        is_flag=True,
        help="Keep rows of a file that repeat the header, hold units or notes, or sum up others.",
    ),
)
"""How a table is read; what is not given is decided from the whole table, or known to the model."""


def reading_options(command: Any) -> Any:
    return _with_options(command, _READING)


def _with_options(command: Any, options: Sequence[Callable[[Any], Any]]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


def answer_options(*formats: str) -> Callable[[Any], Any]:
    """What an answer is written as, and where."""
    options = (
        click.option(
            "--format",
            "form",
            type=click.Choice(formats),
            help="The format of the answer (default: by the ending of FILE, or text).",
        ),
        click.option("--json", "form", flag_value="json", help="The same as --format json."),
        click.option(
            "-o",
            "--output",
            metavar="FILE",
            callback=file_or_output,
            help="The file to write (default: standard output).",
        ),
    )
    return lambda command: _with_options(command, options)


def file_or_output(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """A file, or None for standard output, which ``-`` stands for too."""
    return None if value == "-" else value


def a_file(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value == "-":
        raise click.BadParameter("a model needs a file; name one, such as -o model.downslope")
    return value


def how_in(options: dict[str, Any]) -> dict[str, Any]:
    """The options of reading as ``Model.read`` takes them, taken out of all options."""
    names = ("delimiter", "decimal", "thousands", "encoding", "skip_rows", "header", "comment")
    given = {"dates": options.pop("date_format"), **{name: options.pop(name) for name in names}}
    reading = None
    if any(value is not None for value in given.values()):  # a page of no table needs nothing that reads
        from downslope.tables import Reading

        reading = Reading(**given)
    return {"reading": reading, "sheet": options.pop("sheet"), "keep_rows": options.pop("keep_rows")}


def units(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    try:
        return tuple(int(part) for part in value.split(",") if part.strip())
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a list of whole numbers; give the units of each layer, such as 128,128"
        ) from None


def one_or_several(ctx: click.Context, option: click.Parameter, value: tuple[str, ...]) -> str | list[str]:
    return value[0] if len(value) == 1 else list(value)
