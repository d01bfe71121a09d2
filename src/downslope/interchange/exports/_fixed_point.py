"""Weights that are whole numbers of 8 bits: how they are rounded, and how far that takes a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import _arrays
from downslope.graph import OPS, Node, source_column, topological
from downslope.interchange.exports._prediction import Cells, Prediction
from downslope.interchange.exports._walk import Spelling, walk

__all__ = ["evaluated", "quantised", "rounding_error", "steps"]

_STEPS = 127
_ROWS = 2000


def steps(inputs: int) -> int:
    """Into how many steps the largest number of a row is rounded: 16 bits, or what keeps sums within 32.

    >>> steps(100), steps(2000)
    (32767, 8454)
    """
    return min(2**15 - 1, (2**31 - 1) // (_STEPS * inputs))


def quantised(weight: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """Whole numbers (inputs, units), and of each unit what one of them is worth.

    >>> whole, scales = quantised(np.array([[0.5, 2.0], [-1.0, 1.0]]))
    >>> whole.tolist(), (whole * scales).round(3).tolist()
    ([[64, 127], [-127, 64]], [[0.504, 2.0], [-1.0, 1.008]])
    """
    scales = np.max(np.abs(weight), axis=0) / _STEPS
    scales[scales == 0] = 1
    return np.rint(weight / scales).astype(np.int8), scales.astype(weight.dtype)


def evaluated(
    prediction: Prediction, cells: Mapping[str, NDArray[Any]], *, int8: bool = False
) -> NDArray[Any]:
    """The result for some rows, node by node; with ``int8`` as a file of C computes it in whole numbers.

    Args:
        prediction: what is computed.
        cells: an array (rows, 1) for each column by its name, the rows of the table of levels for text; or of
            the inputs of a network, (rows, inputs).
        int8: whether products with weights are of 8-bit whole numbers.
    """
    given = {cell.leaf.name: cells[cell.name] for cell in prediction.cells}
    values = {**prediction.values, **given}

    def leaf(node: Node) -> Any:
        return values[node.name] if node.name else node.attributes["value"]

    def value(node: Node, operands: Sequence[Any]) -> Any:
        return node.op.evaluate(_arrays, *operands, **node.attributes)

    table: dict[str, Spelling[Any]] = dict.fromkeys([*OPS, "missing", "floor", "single", "double"], value)
    if int8:
        table["matmul"] = _product
    (found,) = walk([prediction.result], leaf, table, "NumPy", prediction.stages)
    return np.asarray(found)


def _product(_: Node, operands: Sequence[Any]) -> Any:
    rows, weight = operands
    whole, scales = quantised(weight)
    step = np.max(np.abs(rows), axis=1, keepdims=True) / steps(len(weight))
    inverse = np.divide(1, step, out=np.zeros_like(step), where=step > 0)
    return (np.rint(rows * inverse) @ whole.astype(np.float64) * step * scales).astype(rows.dtype)


def rounding_error(prediction: Prediction) -> tuple[float, float]:
    """How far whole numbers take the result at most over random rows, and the deviation that counts it.

    Numbers are drawn from the range that they had in training, levels from all there are.
    """
    rng = np.random.default_rng(0)
    cells = {cell.name: _drawn(prediction, cell, rng) for cell in prediction.cells}
    exact = evaluated(prediction, cells)
    error = np.max(np.abs(evaluated(prediction, cells, int8=True) - exact))
    return float(error), prediction.scale or float(exact.std()) or 1.0


def _drawn(prediction: Prediction, cell: Cells, rng: np.random.Generator) -> NDArray[Any]:
    columns = int(cell.leaf.shape[1])
    if cell.rows is not None:
        return rng.integers(0, max(cell.rows.values()) + 1, (_ROWS, 1)).astype(np.float64)
    drawn = rng.uniform(cell.low, cell.high, (_ROWS, columns))
    if prediction.of_table:
        return drawn
    for node in topological([prediction.result]):  # level numbers, which an embedding reads
        if node.op.name == "take":
            source = source_column(node.inputs[1].inputs[0], node.inputs[1].attributes["indices"][0])
            if source is not None:
                drawn[:, source[1]] = rng.integers(0, int(node.inputs[0].shape[0]), _ROWS)
    return drawn.astype(prediction.dtype)
