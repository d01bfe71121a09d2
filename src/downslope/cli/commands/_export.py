"""The options and the help of ``downslope export``."""

from __future__ import annotations

from typing import Any

import click

from downslope.cli._options import TARGET

__all__ = ["export"]


@click.command(short_help="Write a model as a file that something else runs: ONNX, C, Python, …")
@click.argument("model")
@click.argument("file")
@TARGET
@click.option(
    "--int8", is_flag=True, help="Of C: weights are whole numbers of 8 bits; says how far predictions move."
)
@click.option(
    "--interval",
    type=float,
    metavar="LEVEL",
    help="Of ONNX, C, Python, JavaScript: also the ends of the interval that holds the true number with this "
    "probability, such as 0.9.",
)
@click.option(
    "--play", is_flag=True, help="Of .html: a page to play with the network, instead of the report."
)
def export(**options: Any) -> None:
    """Write MODEL as FILE, which something else runs; the ending of FILE says what.

    \b
    .onnx   for runtimes of ONNX: the cells of a row in, the prediction and probabilities out
    .c      one file of C99 that allocates nothing, for a microcontroller or another language
    .py     a script that needs NumPy alone
    .js     a file for browsers and Node.js
    .tex    the network as equations
    .html   the report on a model; with --play a page to play with its network
    .safetensors  the weights, by their names in a torch.nn.Sequential of the same layers

    MODEL may be a network, a run or a checkpoint that was saved in Python with its parameters.

    \b
    Examples:
      downslope export houses.downslope houses.onnx
      downslope export houses.downslope houses.c --int8
      downslope export houses.downslope houses.onnx --interval 0.9
    """
    from downslope.cli.actions._export import export_model

    export_model(**options)
