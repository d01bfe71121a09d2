"""The parts of a file of ONNX: inputs, operators, arrays, outputs, and the operator set that they need.

Messages and their fields are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import Shape
from downslope.interchange.exports._protobuf import message, real, text, whole

__all__ = ["Attribute", "FileOfOnnx", "type_of"]

Attribute = int | float | Sequence[int] | Sequence[str]

_TYPES = {"float32": 1, "int64": 7, "object": 8, "bool": 9, "float64": 11}
_IR = 4  # the first version in which an array is no input
_OLDEST = 7  # that in which operands are broadcast as NumPy does
_ML = "ai.onnx.ml"

_SINCE = {
    "ArgMax": 1, "Erf": 9, "Floor": 6, "Greater": 9, "IsNaN": 9, "Max": 8, "Min": 8, "Sign": 9,
    "Where": 9,
}  # fmt: skip
"""The operator set from which on each operator takes what it is given here, where that is not the oldest."""


def type_of(dtype: np.dtype[Any]) -> int:
    """The number of a type of elements."""
    return _TYPES[dtype.name]


class FileOfOnnx:
    """A file as it grows.

    Args:
        title: what it is, for who opens it.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._nodes: list[bytes] = []
        self._arrays: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._about: list[bytes] = []
        self.opset = _OLDEST
        self._has_labels = False

    def input(self, name: str, dtype: np.dtype[Any], shape: Shape) -> None:
        """A value that is given."""
        self._inputs.append(message(11, _value(name, dtype, shape)))

    def output(self, name: str, dtype: np.dtype[Any], shape: Shape) -> None:
        """A value that is asked for."""
        self._outputs.append(message(12, _value(name, dtype, shape)))

    def operator(
        self, op: str, inputs: Sequence[str], output: str, settings: Mapping[str, Attribute]
    ) -> None:
        """An operator with one result."""
        self.opset = max(self.opset, _SINCE.get(op, _OLDEST))
        fields = [text(1, name) for name in inputs] + [text(2, output), text(4, op)]
        fields += [message(5, _attribute(name, value)) for name, value in settings.items()]
        if op == "LabelEncoder":
            self._has_labels = True
            fields.append(text(7, _ML))
        self._nodes.append(message(1, fields))

    def array(self, name: str, value: NDArray[Any]) -> None:
        """An array that stands in the file."""
        fields = [whole(1, size) for size in value.shape] + [whole(2, type_of(value.dtype))]
        if value.dtype == object:
            fields += [text(6, item) for item in value.ravel().tolist()]
        else:
            fields.append(message(9, value.astype(value.dtype.newbyteorder("<")).tobytes()))
        self._arrays.append(message(5, [*fields, text(8, name)]))

    def says(self, name: str, words: str) -> None:
        """Something that runtimes do not heed."""
        self._about.append(message(14, [text(1, name), text(2, words)]))

    def bytes(self) -> bytes:
        """The whole file."""
        graph = [*self._nodes, text(2, "prediction"), *self._arrays, *self._inputs, *self._outputs]
        sets = [message(8, [text(1, ""), whole(2, self.opset)])]
        if self._has_labels:
            sets.append(message(8, [text(1, _ML), whole(2, 2)]))
        about = [text(2, "downslope"), text(6, self._title)]
        return b"".join([whole(1, _IR), *about, message(7, graph), *sets, *self._about])


def _value(name: str, dtype: np.dtype[Any], shape: Shape) -> list[bytes]:
    sizes = [text(2, size) if isinstance(size, str) else whole(1, size) for size in shape]
    dims = [message(1, size) for size in sizes]
    tensor = [whole(1, type_of(dtype)), message(2, dims)]
    return [text(1, name), message(2, [message(1, tensor)])]


def _attribute(name: str, value: Attribute) -> list[bytes]:
    """A setting: its name, its value in the field of its type, and the number of the type."""
    if isinstance(value, int):
        return [text(1, name), whole(3, value), whole(20, 2)]
    if isinstance(value, float):
        return [text(1, name), real(2, value), whole(20, 1)]
    if isinstance(value[0], str):
        return [text(1, name), *(text(9, str(item)) for item in value), whole(20, 8)]
    return [text(1, name), *(whole(8, int(item)) for item in value), whole(20, 7)]
