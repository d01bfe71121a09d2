"""The commands, their options and their help."""

from __future__ import annotations

import errno
import io
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from downslope import __version__, _signals
from downslope._visible import one_line
from downslope.cli._options import (
    METRICS,
    TARGET,
    a_file,
    answer_options,
    file_or_output,
    how_in,
    one_or_several,
    reading_options,
    units,
)
from downslope.cli._pipes import CLOSED_PIPE, discard_output
from downslope.cli._streams import ended, said, streams, unwritten
from downslope.errors import DownslopeError

__all__ = ["run"]


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


@downslope.command()
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
    from downslope.cli._demo import show_demo

    show_demo(html)


@downslope.command(short_help="Fit networks to TABLE and save the model.")
@click.argument("table")
@click.option(
    "-t",
    "--target",
    required=True,
    multiple=True,
    callback=one_or_several,
    metavar="COLUMN",
    help="The column to predict. Repeat the option for more columns: each gets a model of its own.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=a_file,
    help="The model file to write (default: the name of TABLE with the ending .downslope, in this folder).",
)
@click.option(
    "--task",
    type=click.Choice(["auto", "regression", "classification"]),
    default="auto",
    help="Whether to predict numbers or classes (default: decided from the values of the target).",
)
@click.option(
    "--drop",
    multiple=True,
    metavar="COLUMN",
    help="A column to leave out. Repeat the option for more columns.",
)
@click.option(
    "--category",
    multiple=True,
    metavar="COLUMN",
    help="A column to use as categories. Repeat the option for more columns.",
)
@click.option(
    "--number",
    multiple=True,
    metavar="COLUMN",
    help="A column to use as numbers. Repeat the option for more columns.",
)
@click.option(
    "--group",
    metavar="COLUMN",
    help="A column whose rows of one value belong together, such as a patient: they are held out together.",
)
@click.option(
    "--time",
    metavar="COLUMN",
    help="A column that orders the rows, of dates, times or numbers such as years: networks that know "
    "earlier rows alone are measured on the last fifth, then all rows train the model.",
)
@reading_options
@click.option(
    "--row-weights", metavar="COLUMN", help="The column with the weight of each row, which is no input then."
)
@click.option(
    "--members",
    type=int,
    metavar="N",
    help="Number of networks in each group; 1 trains a single network (default: 8).",
)
@click.option(
    "--time-limit",
    type=float,
    metavar="SECONDS",
    help="Maximum time for fitting, in seconds (default: no limit).",
)
@click.option(
    "--hidden",
    callback=units,
    metavar="N,N",
    help='Units of each hidden layer, separated by commas; "" fits a linear model (default: 128,128, or no '
    "hidden layers for fewer than 50 rows).",
)
@click.option(
    "--activation", default="silu", metavar="NAME", help="Activation of the hidden layers (default: silu)."
)
@click.option(
    "--dropout",
    type=float,
    default=0.2,
    metavar="RATE",
    help="Probability that a training step drops a hidden unit (default: 0.2).",
)
@click.option(
    "--learning-rate",
    type=float,
    default=0.004,
    metavar="RATE",
    help="Peak learning rate; it falls in the second half of the epochs (default: 0.004).",
)
@click.option(
    "--weight-decay",
    type=float,
    default=0.1,
    metavar="DECAY",
    help="Weight decay of the optimizer, AdamW (default: 0.1).",
)
@click.option(
    "--batch-size",
    type=int,
    metavar="N",
    help="Number of rows in each training step (default: chosen from the number of rows).",
)
@click.option(
    "--epochs",
    type=int,
    metavar="N",
    help="Maximum number of epochs (default: chosen from the number of rows).",
)
@click.option(
    "--engine",
    type=click.Choice(["native", "torch", "reference"]),
    help="What trains the networks: the native engine, PyTorch (pip install 'downslope[torch]'), or NumPy, "
    "which is slow (default: native).",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    help="Where PyTorch computes (default: on a GPU if there is one).",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    metavar="N",
    help="Seed of all random numbers: the same seed gives the same model (default: 0).",
)
@click.option(
    "--checkpoint",
    metavar="DIR",
    help="A folder in which training is saved as it goes: killed at any moment, it can go on.",
)
@click.option(
    "--every",
    metavar="TIME",
    help='How often it is saved there: "30s", "5m", "100 steps", "1 epoch" (default: 60s).',
)
@click.option(
    "--resume", is_flag=True, help="Go on from what DIR holds, to the same model as if it had not stopped."
)
@click.option(
    "--grades",
    metavar="FILE",
    help="A file that keeps how far off forecasts were: they are added to it, and make the next intervals "
    "wider or narrower.",
)
def fit(table: str, output: str | None, grades: str | None, **options: Any) -> None:
    """Fit networks to TABLE, compare them with a baseline and a linear model, and save the model.

    With several targets, each has a model for which the others are no inputs; one file holds them all.

    TABLE is a CSV, TSV, JSON lines, Parquet, Arrow, Feather or Excel file, which may be compressed with gzip,
    zstd, bzip2 or xz; "-" reads standard input.

    \b
    Examples:
      downslope fit houses.csv --target price
      downslope fit penguins.csv.gz --target species --drop year
      downslope fit houses.csv --target price --time-limit 60
      downslope fit penguins.csv.gz --target body_mass_g --target species
      downslope fit sales.csv --target sales --time date
      downslope fit survey.xlsx --sheet 2024 --target happy --category postcode
      downslope fit verkauf.csv --target preis --decimal , --date-format day-first
      downslope fit houses.csv --target price --checkpoint runs/a --every 5m
      downslope fit houses.csv --target price --checkpoint runs/a --resume
      cat houses.csv | downslope fit - --target price -o houses.downslope
    """
    from downslope.cli._fit import fit_table

    sys.exit(fit_table(table, output, options, grades=grades))


@downslope.command(short_help="Write TABLE with a column of predictions.")
@click.argument("model")
@click.argument("table")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=file_or_output,
    help="The file to write; its ending chooses the format: .csv, .tsv, .xlsx, .parquet, .arrow, .feather or "
    ".jsonl (default: CSV to standard output).",
)
@click.option(
    "--interval",
    "intervals",
    type=float,
    multiple=True,
    metavar="LEVEL",
    help="Also write the ends of the interval that holds the true number with this probability, such as 0.9. "
    "Repeat the option for more levels.",
)
@reading_options
def predict(
    model: str,
    table: str,
    output: str | None,
    intervals: tuple[float, ...],
    **how: Any,
) -> None:
    """Write the rows of TABLE with a column of predictions of MODEL.

    For a classification model, a column with the probability of each class follows. With several targets, the
    names of such columns begin with that of the target.

    \b
    Examples:
      downslope predict houses.downslope new.csv
      downslope predict houses.downslope new.parquet -o predicted.parquet
      downslope predict houses.downslope new.csv --interval 0.9
    """
    from downslope.cli._predict import predict_table

    predict_table(model, table, output, intervals, how_in(how))


@downslope.command(short_help="Score a model on the rows of TABLE.")
@click.argument("model")
@click.argument("table")
@click.option("--metric", metavar="NAME", help=f"Print only this score: {METRICS}.")
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=5,
    metavar="N",
    help="How many of the rows with the largest errors to list (default: 5).",
)
@TARGET
@click.option("--row-weights", metavar="COLUMN", help="A column of TABLE with the weight of each row.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reading_options
def evaluate(**options: Any) -> None:
    """Score MODEL on the rows of TABLE, beside the baselines and the linear model.

    TABLE holds rows with known targets, best such as MODEL was not fitted to. For numbers: R², typical
    errors, the spread of the errors, and how often the prediction intervals hold. For classes: accuracy, log
    loss, Brier score, ROC AUC, precision and recall of each class, confusions, and the calibration. Then the
    rows with the largest errors, counted from 1. ± is one standard error.

    \b
    Examples:
      downslope evaluate houses.downslope sold_in_2025.csv
      downslope evaluate houses.downslope new.csv --metric r2
      downslope evaluate penguins.downslope new.csv --json > scores.json
    """
    from downslope.cli._evaluate import evaluate_table

    evaluate_table(how=how_in(options), **options)


@downslope.command(short_help="Show what a model is and how it came about.")
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
    from downslope.cli._show import show_file

    show_file(**options)


@downslope.command(short_help="Score several models on the same rows.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL MODEL...")
@click.option("--table", required=True, metavar="FILE", help="The rows, with known targets.")
@click.option(
    "--metric",
    metavar="NAME",
    help=f"The score that counts: {METRICS} (default: root_mean_squared_error or log_loss).",
)
@TARGET
@click.option("--row-weights", metavar="COLUMN", help="A column of the table with the weight of each row.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@reading_options
def compare(**options: Any) -> None:
    """Score models of the same target side by side, and say whether they can be told apart.

    Each model is compared with the first, row by row: the standard error of a difference is that of the
    differences, in which errors that both models make cancel.

    \b
    Examples:
      downslope compare old.downslope new.downslope --table sold_in_2025.csv
      downslope compare *.downslope --table new.csv --metric mean_absolute_error
      downslope compare old.downslope new.downslope --table new.csv --json > comparison.json
    """
    from downslope.cli._compare import compare_models

    compare_models(how=how_in(options), **options)


@downslope.command(short_help="Say why training fails or crawls, and prove what mends it.")
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
    from downslope.cli._doctor import diagnose

    source = click.get_current_context().get_parameter_source
    given = [name for name in options if source(name) == click.core.ParameterSource.COMMANDLINE]
    sys.exit(diagnose(given=given, **options))


# whatever "fit" takes to train a network, under the same names
_NO_PART = ("table", "target", "output", "members", "time_limit")
doctor.params += [option for option in fit.params if option.name not in _NO_PART]


@downslope.command(short_help="Show what each column adds to a prediction.")
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
    from downslope.cli._explain import explain_prediction

    explain_prediction(how=how_in(options), **options)


@downslope.command(short_help="Show which columns the predictions need.")
@click.argument("model")
@click.argument("table")
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=5,
    metavar="N",
    help="How often each column is shuffled (default: 5).",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Seed of the shuffles (default: 0).")
@TARGET
@answer_options("text", "html", "json", "svg", "png")
@reading_options
def importance(**options: Any) -> None:
    """Show how much the error of MODEL grows when a column of TABLE is shuffled over the rows.

    The error is the mean absolute error, in units of the target, or the log loss of classes. Each growth has
    its standard error. Rows that the model was not fitted to tell more: on those that it was fitted to,
    columns which it has merely memorised look important too.

    \b
    Examples:
      downslope importance houses.downslope new.csv
      downslope importance houses.downslope new.csv --repeats 20 -o importance.svg
      downslope importance houses.downslope new.csv --format json
    """
    from downslope.cli._importance import show_importance

    show_importance(how=how_in(options), **options)


@downslope.command(short_help="Show how predictions depend on one column, or on two.")
@click.argument("model")
@click.argument("table")
@click.argument("columns", nargs=-1, required=True, metavar="COLUMN [COLUMN]")
@click.option(
    "--points",
    type=click.IntRange(min=2),
    metavar="N",
    help="How many values of each column, at most (default: 20 for one column, 10 for two).",
)
@click.option(
    "--of-class",
    metavar="CLASS",
    help="The class whose probability is shown (default: the most probable one on average).",
)
@click.option("--log-odds", is_flag=True, help="Show the log-odds of the class instead of its probability.")
@TARGET
@answer_options("text", "html", "json", "svg", "png")
@reading_options
def dependence(**options: Any) -> None:
    """Show the mean prediction of MODEL when COLUMN has the same value in every row of TABLE.

    For one value after another, with the share of the rows that are near it. With two columns, for every pair
    of their values: where there are no rows, no row can confirm the prediction.

    \b
    Examples:
      downslope dependence houses.downslope houses.csv size
      downslope dependence houses.downslope houses.csv size year -o map.png
      downslope dependence penguins.downslope penguins.csv bill_length_mm --of-class Gentoo
    """
    from downslope.cli._dependence import show_dependence

    show_dependence(how=how_in(options), **options)


@downslope.command(short_help="Write one page about a model, for others to judge it.")
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
    from downslope.cli._report import report_model

    report_model(how=how_in(options), **options)


@downslope.command(short_help="Write a model as a file that something else runs: ONNX, C, Python, …")
@click.argument("model")
@click.argument("file")
@TARGET
@click.option(
    "--int8", is_flag=True, help="Of C: weights are whole numbers of 8 bits; says how far predictions move."
)
def export(**options: Any) -> None:
    """Write MODEL as FILE, which something else runs; the ending of FILE says what.

    \b
    .onnx   for runtimes of ONNX: the cells of a row in, the prediction and probabilities out
    .c      one file of C99 that allocates nothing, for a microcontroller or another language
    .py     a script that needs NumPy alone
    .js     a file for browsers and Node.js
    .tex    the network as equations
    .html   the report on a model
    .safetensors  the weights, by their names in a torch.nn.Sequential of the same layers

    MODEL may be a network, a run or a checkpoint that was saved in Python with its parameters.

    \b
    Examples:
      downslope export houses.downslope houses.onnx
      downslope export houses.downslope houses.c --int8
    """
    from downslope.cli._export import export_model

    export_model(**options)


@downslope.command(short_help="Open a page that shows a network while it learns.")
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
    from downslope.cli._play import play_page

    play_page(how=how_in(options), **options)


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line: 0; 2 bad input, 130 Ctrl-C, 141 a closed pipe, 143 SIGTERM."""
    with streams(), warnings.catch_warnings():
        warnings.showwarning = _print_warning
        return ended(_run(arguments))


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as a plain line, without the place in the code."""
    said(f"downslope: {one_line(str(message))}")


def _run(arguments: Sequence[str]) -> int:
    try:
        downslope.main(list(arguments), prog_name="downslope", standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        said(shown.getvalue().rstrip())
        return 2
    except DownslopeError as error:
        said(f"downslope: {one_line(str(error))}")
        return 2
    except MemoryError as error:
        said(f"downslope: there is not enough memory ({error}); use fewer rows or units")
        return 2
    except (KeyboardInterrupt, click.Abort):
        said("downslope: interrupted; nothing was saved")
        return _signals.exit_code()
    except BrokenPipeError:
        discard_output()
        return CLOSED_PIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EBADF, errno.EIO):
            raise
        return unwritten(error)
    except SystemExit as left:
        return int(left.code or 0)
    return 0
