"""A prediction as a file of ONNX: raw cells in, numbers or classes and their probabilities out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.graph import BATCH, SELU_ALPHA, SELU_SCALE, Node
from downslope.interchange._identifiers import Identifiers
from downslope.interchange.exports._onnx_file import Attribute, FileOfOnnx, type_of
from downslope.interchange.exports._prediction import Cells, Prediction, with_transposed_weights
from downslope.interchange.exports._walk import SETTINGS, Spelling, walk

__all__ = ["DESCRIBED", "onnx_file"]

DESCRIBED = "downslope."
"""What the names of sections begin with in a file of ONNX; ``arrays`` says which array each parameter is."""

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
_LONG, _TRUTH, _TEXT = np.dtype(np.int64), np.dtype(bool), np.dtype(object)


@dataclass(frozen=True)
class Tensor:
    """A value of the file: its name, or the number that it is; and its dtype, which a number takes from
    what it is combined with."""

    name: str
    dtype: np.dtype[Any] | None
    number: float = 0.0


class _Writer:
    """The operators so far."""

    def __init__(self, prediction: Prediction) -> None:
        self.file = FileOfOnnx(prediction.title)
        self._names = Identifiers(cell.name for cell in prediction.cells)
        self._constants: dict[tuple[Any, ...], str] = {}

    def __call__(
        self,
        op: str,
        *inputs: Tensor,
        dtype: np.dtype[Any] | None = None,
        called: str = "",
        settings: Mapping[str, Attribute] | None = None,
    ) -> Tensor:
        """The result of an operator; its dtype is that of its inputs, unless it is named."""
        common = next((i.dtype for i in inputs if i.dtype not in (None, _TRUTH)), _F64)
        result = Tensor(self._names.of(called or op.lower()), dtype or common)
        self.file.operator(op, [self.read(i, common) for i in inputs], result.name, settings or {})
        return result

    def read(self, tensor: Tensor, dtype: np.dtype[Any]) -> str:
        """The name of a tensor; a number becomes a constant of this dtype."""
        if tensor.dtype is not None:
            return tensor.name
        return self.array(np.array(tensor.number, dtype)).name

    def array(self, value: NDArray[Any], name: str = "constant") -> Tensor:
        """An array that stands in the file, once."""
        key = (value.dtype.str, value.shape, value.tobytes() if value.dtype != object else tuple(value))
        if key not in self._constants:
            self._constants[key] = self._names.of(name)
            self.file.array(self._constants[key], value)
        return Tensor(self._constants[key], value.dtype)

    def cast(self, a: Tensor, dtype: np.dtype[Any]) -> Tensor:
        if a.dtype == dtype:
            return a
        return self("Cast", a, dtype=dtype, settings={"to": type_of(dtype)})


def _number(value: float) -> Tensor:
    return Tensor("", None, value)


def onnx_file(prediction: Prediction, sections: Mapping[str, Any] = {}) -> bytes:
    """The bytes of the file.

    The operator set is the oldest that has all operators that are used.

    Args:
        prediction: what it computes.
        sections: of a network alone, what a file of it says, by which it can be read again as it was.

    Raises:
        DownslopeError: where ONNX has no operator for something.
    """
    prediction = with_transposed_weights(prediction)
    write = _Writer(prediction)
    numbers = _F64 if prediction.of_table else prediction.dtype
    leaves = {cell.leaf.name: _given(write, cell, numbers) for cell in prediction.cells}

    def leaf(node: Node) -> Tensor:
        if not node.name:
            return _number(node.attributes["value"])
        if node.name in leaves:
            return leaves[node.name]
        found = write.array(prediction.values[node.name], node.name)
        if node.name not in prediction.fixed:
            arrays[node.name] = found.name
        return found

    arrays: dict[str, str] = {}
    table = {op: _bound(spelling, write) for op, spelling in _SPELLINGS.items()}
    (result,) = walk([prediction.result], leaf, table, "a file of ONNX", prediction.stages)
    if prediction.classes:
        weighted = result
        if prediction.decision:
            weights = write.array(np.array(prediction.decision), "decision")
            weighted = write("Mul", result, weights)
        place = write("ArgMax", weighted, dtype=_LONG, settings={"axis": 1, "keepdims": 0})
        names = write.array(np.array(prediction.classes, object), "classes")
        chosen = write("Gather", names, place, dtype=_TEXT, called="prediction", settings={"axis": 0})
        write.file.output(chosen.name, _TEXT, (BATCH,))
    parts = [(prediction.labels, result, prediction.result.shape)]
    if prediction.interval:
        number, ends = (_gathered(write, result, places) for places in ([0], [1, 2]))
        parts = [(prediction.labels, number, (BATCH, 1)), ("interval", ends, (BATCH, 2))]
    for name, part, shape in parts:
        last = write("Identity", part, called=name)
        write.file.output(last.name, last.dtype or _F64, shape)
    for name, data in {**sections, **({"arrays": arrays} if sections else {})}.items():
        write.file.says(f"{DESCRIBED}{name}", json.dumps(data))
    return write.file.bytes()


def _given(write: _Writer, cell: Cells, numbers: np.dtype[Any]) -> Tensor:
    """What is read of a column: numbers as they are, of text the row in its table of levels."""
    dtype = numbers if cell.rows is None else _TEXT
    write.file.input(cell.name, dtype, cell.leaf.shape)
    given = Tensor(cell.name, dtype)
    if cell.rows is None:
        return given
    keys, rows = list(cell.rows), list(cell.rows.values())
    settings: dict[str, Attribute] = {"keys_strings": keys, "values_int64s": rows, "default_int64": 0}
    place = write("LabelEncoder", given, dtype=_LONG, settings=settings)
    return write.cast(place, _F64)


_Function = Callable[[_Writer, Node, Sequence[Tensor]], Tensor]


def _bound(spelling: str | _Function, write: _Writer) -> Spelling[Tensor]:
    if isinstance(spelling, str):
        return lambda node, given: write(spelling, *given)
    return lambda node, given: spelling(write, node, given)


def _setting(node: Node, name: str) -> float:
    return float(node.attributes.get(name, SETTINGS[name]))


def _softplus(write: _Writer, z: Tensor) -> Tensor:
    """max(z, 0) + ln(1 + e to the −|z|), which overflows nowhere."""
    small = write("Exp", write("Neg", write("Abs", z)))
    return write("Add", write("Max", z, _number(0.0)), write("Log", write("Add", small, _number(1.0))))


def _normal_cdf(write: _Writer, z: Tensor) -> Tensor:
    """½ (1 + erf(z / √2)); runtimes know erf of float32 alone."""
    scaled = write.cast(write("Mul", z, _number(math.sqrt(0.5))), _F32)
    erf = write.cast(write("Erf", scaled), z.dtype or _F64)
    return write("Mul", write("Add", erf, _number(1.0)), _number(0.5))


def _exponential_linear(write: _Writer, z: Tensor, alpha: float) -> Tensor:
    """z above 0, else alpha (e to the z − 1)."""
    below = write("Sub", write("Exp", write("Min", z, _number(0.0))), _number(1.0))
    return write("Add", write("Max", z, _number(0.0)), write("Mul", below, _number(alpha)))


def _leaky_relu(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    below = write("Mul", write("Min", given[0], _number(0.0)), _number(_setting(node, "slope")))
    return write("Add", write("Max", given[0], _number(0.0)), below)


def _columns(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    indices = node.attributes["indices"]
    return _gathered(write, given[0], indices[0] if node.attributes["squeeze"] else indices)


def _gathered(write: _Writer, a: Tensor, places: int | Sequence[int]) -> Tensor:
    """Some columns; of one place, a vector."""
    indices = write.array(np.array(places, np.int64), "places")
    return write("Gather", a, indices, dtype=a.dtype, settings={"axis": 1})


def _take(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    """The named rows of a table; NaN where there is none, behind which the number is any that is one."""
    table, index = given
    none = write.array(np.array(np.nan, table.dtype))
    index = write("Where", write("IsNaN", index, dtype=_TRUTH), _number(-1.0), index)
    inside = write("Min", write("Max", index, _number(0.0)), _number(float(node.inputs[0].shape[0]) - 1))
    whole = write("Floor", inside)
    rows = write("Gather", table, write.cast(whole, _LONG), dtype=table.dtype, settings={"axis": 0})
    wrong = write("Greater", write("Abs", write("Sub", index, whole)), _number(0.0), dtype=_TRUTH)
    return write("Where", write("Unsqueeze", wrong, dtype=_TRUTH, settings={"axes": [1]}), none, rows)


def _where(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    return write("Where", write.cast(given[0], _TRUTH), *given[1:])


def _sum(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    axes, keeps = node.attributes["axes"], int(node.attributes["keepdims"])
    settings: dict[str, Attribute] = {"keepdims": keeps}
    if axes is not None:
        settings["axes"] = list(axes)
    return write("ReduceSum", given[0], settings=settings)


def _broadcast(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    """As many as the second input has; the new axes are those of length 1 that it lacks."""
    a, like = given
    axes: list[int] = list(node.attributes["axes"])
    if axes:
        a = write("Unsqueeze", a, settings={"axes": axes})
    zeros = write("Mul", like, _number(0.0))
    return write("Add", zeros, a)


def _step(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    above = write("Greater", given[0], _number(0.0), dtype=_TRUTH)
    return write.cast(above, given[0].dtype or _F64)


def _missing(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    return write.cast(write("IsNaN", given[0], dtype=_TRUTH), given[0].dtype or _F64)


def _one_hot(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    dtype = given[0].dtype or _F64
    classes = write.array(np.arange(node.attributes["classes"]).astype(dtype), "classes")
    distance = write("Abs", write("Sub", write("Unsqueeze", given[0], settings={"axes": [1]}), classes))
    return write("Sub", _number(1.0), write("Min", distance, _number(1.0)))


def _rows(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
    count = write(
        "Gather",
        write("Shape", given[0], dtype=_LONG),
        write.array(np.array(0)),
        dtype=_LONG,
        settings={"axis": 0},
    )
    return write.cast(count, given[0].dtype or _F64)


def _power_of_difference(name: str) -> _Function:
    def spelled(write: _Writer, node: Node, given: Sequence[Tensor]) -> Tensor:
        difference = write("Sub", given[1], given[0])
        return write("Mul", difference, difference) if name == "square" else write("Abs", difference)

    return spelled


_SPELLINGS: Mapping[str, str | _Function] = {
    "absolute": "Abs",
    "absolute_error": _power_of_difference("absolute"),
    "add": "Add",
    "broadcast": _broadcast,
    "columns": _columns,
    "concatenate": lambda write, node, given: write("Concat", *given, settings={"axis": 1}),
    "cos": "Cos",
    "divide": "Div",
    "double": lambda write, node, given: write.cast(given[0], _F64),
    "elu": lambda write, node, given: _exponential_linear(write, given[0], _setting(node, "alpha")),
    "exp": "Exp",
    "expm1": lambda write, node, given: write("Sub", write("Exp", given[0]), _number(1.0)),
    "floor": "Floor",
    "gelu": lambda write, node, given: write("Mul", given[0], _normal_cdf(write, given[0])),
    "leaky_relu": _leaky_relu,
    "log": "Log",
    "matmul": "MatMul",
    "maximum": "Max",
    "minimum": "Min",
    "mish": lambda write, node, given: write("Mul", given[0], write("Tanh", _softplus(write, given[0]))),
    "missing": _missing,
    "multiply": "Mul",
    "negate": "Neg",
    "normal_cdf": lambda write, node, given: _normal_cdf(write, given[0]),
    "one_hot": _one_hot,
    "relu": lambda write, node, given: write("Max", given[0], _number(0.0)),
    "rows": _rows,
    "selu": lambda write, node, given: write(
        "Mul", _exponential_linear(write, given[0], SELU_ALPHA), _number(SELU_SCALE)
    ),
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "silu": lambda write, node, given: write("Mul", given[0], write("Sigmoid", given[0])),
    "sin": "Sin",
    "single": lambda write, node, given: write.cast(given[0], _F32),
    "softmax": lambda write, node, given: write("Softmax", given[0], settings={"axis": 1}),
    "softplus": lambda write, node, given: _softplus(write, given[0]),
    "sqrt": "Sqrt",
    "square": lambda write, node, given: write("Mul", given[0], given[0]),
    "squared_error": _power_of_difference("square"),
    "step": _step,
    "subtract": "Sub",
    "sum": _sum,
    "take": _take,
    "tanh": "Tanh",
    "transpose": lambda write, node, given: write("Transpose", given[0], settings={"perm": [1, 0]}),
    "where": _where,
}
"""Each op as an operator of ONNX, or as several."""
