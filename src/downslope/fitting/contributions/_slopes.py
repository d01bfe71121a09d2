"""Derivatives of a prediction by the columns of a table, through the graph of the whole blend."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.engines import Evaluator
from downslope.fitting.contributions._quantity import Quantity
from downslope.graph import gradient, make
from downslope.nets import AnyNetwork, Ensemble
from downslope.tables import Numeric

__all__ = ["slopes"]


def slopes(
    quantity: Quantity, frame: pl.DataFrame, x: NDArray[np.float32], columns: Sequence[str]
) -> NDArray[np.float64]:
    """By how much the quantity grows with each number of a row, (rows, columns).

    In units of the quantity by unit of the column, at the row itself; NaN for gaps and for columns that are
    no numbers.

    Args:
        quantity: to differentiate.
        frame, x: the rows, and the same encoded.
        columns: of the table.
    """
    encoder = quantity.predictor.encoder
    parts, places = {part.name: part for part in encoder.encodings}, encoder.places
    by_input = _by_input(quantity, x)
    found = np.full((len(x), len(columns)), np.nan)
    for i, name in enumerate(columns):
        part = parts[name]
        if isinstance(part, Numeric):
            found[:, i] = by_input[:, places[name].start] * part.slopes(frame[name])
    return found


def _by_input(quantity: Quantity, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The derivative of the quantity by each input of the network, (rows, inputs)."""
    predictor, place = quantity.predictor, quantity.place
    network, target = predictor.network, predictor.target
    binary = network.loss == "binary_cross_entropy"
    output = 0 if place is None or binary else place
    leaves = {**predictor.parameters, "x": x}
    prediction, slope = _program(network, output).rows(leaves)
    found: NDArray[np.float64] = slope.astype(np.float64)
    if place is None:
        raw = prediction.astype(np.float64)
        if isinstance(network, Ensemble):  # a prediction at the end of its range does not move
            found = np.where((target.clipped(raw) == raw)[:, None], found, 0.0)
        return found * target.scale
    if binary and place == 0:
        found = -found
    if quantity.log_odds:
        p = Quantity(predictor, place, False)(x)
        found = found / np.maximum(p * (1 - p), np.finfo(np.float64).tiny)[:, None]
    return found


@lru_cache(maxsize=16)
def _program(network: AnyNetwork, output: int) -> Evaluator:
    """One output of each row, and its derivative by the inputs."""
    graph = network.graph()
    chosen = make("columns", graph.prediction, indices=(output,), squeeze=True)
    (slope,) = gradient(make("sum", chosen, axes=None, keepdims=False), [graph.x])
    return Evaluator([chosen, slope])
