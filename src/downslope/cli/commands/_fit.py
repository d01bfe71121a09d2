"""The options and the help of ``downslope fit``."""

from __future__ import annotations

import sys
from typing import Any

import click

from downslope.cli._options import a_file, class_weights, one_or_several, reading_options, units

__all__ = ["fit"]


@click.command(short_help="Fit networks to TABLE and save the model.")
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
    "--memory",
    metavar="BYTES",
    help='What the rows may take at a time where TABLE is a folder or a pattern such as "data/*.parquet", '
    'such as "2 GB" (default: 1 GiB). Larger tables are read a block at a time.',
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
    help="Maximum time for reading and fitting, in seconds (default: no limit).",
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
    default=None,
    metavar="RATE",
    help="Probability that a training step drops a hidden unit (default: 0.2; for numbers with little noise, "
    "groups of networks with 0.2 and with 0).",
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
    "--parallel",
    type=click.Choice(["auto", "data", "members"]),
    help="What the processes that torchrun started share: the rows of every batch, or the networks of each "
    "group (default: what takes less time).",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    metavar="N",
    help="Seed of all random numbers: the same seed gives the same model (default: 0).",
)
@click.option(
    "--metric",
    metavar="NAME",
    help="The score that is predicted for: f1, f1_macro or balanced_accuracy say another class than the most "
    "probable one where that makes the score higher; mae trains networks for numbers by the absolute error "
    "(default: the most probable class, and the squared error).",
)
@click.option(
    "--class-weight",
    multiple=True,
    callback=class_weights,
    metavar="CLASS=WEIGHT",
    help="How much the rows of a class count in training, such as yes=5; repeat the option for more classes. "
    "balanced: all classes count alike (default: every row counts alike). Probabilities stay calibrated.",
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
      downslope fit customers.csv --target left --metric f1
      downslope fit customers.csv --target left --class-weight yes=5
      downslope fit survey.xlsx --sheet 2024 --target happy --category postcode
      downslope fit verkauf.csv --target preis --decimal , --date-format day-first
      downslope fit houses.csv --target price --checkpoint runs/a --every 5m
      downslope fit houses.csv --target price --checkpoint runs/a --resume
      torchrun --nproc-per-node 2 -m downslope fit houses.csv --target price
      cat houses.csv | downslope fit - --target price -o houses.downslope
    """
    from downslope.cli.actions._fit import fit_table

    sys.exit(fit_table(table, output, options, grades=grades))
