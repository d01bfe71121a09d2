"""The parts of a file of ONNX: operators with their settings, arrays, inputs and outputs.

Messages and their fields are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._writing import place_of, reason_of
from downslope.errors import DownslopeError
from downslope.interchange.exports import fields_of

__all__ = ["OnnxGraph", "Operator", "read_onnx"]

_DTYPES = {1: "<f4", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8", 3: "i1", 2: "u1"}
_FLOATS = (1, 10, 11)
_WORDS: Mapping[int, tuple[int, str]] = {4: (1, "<f4"), 10: (11, "<f8")}  # fields of packed numbers


@dataclass(frozen=True)
class Operator:
    """An operator: its kind, the names of what it takes and gives, and its settings."""

    kind: str
    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    settings: Mapping[str, Any]


@dataclass(eq=False)
class OnnxGraph:
    """What a file computes.

    Attributes:
        operators: each after those that it takes from.
        arrays: by name.
        inputs, outputs: their names; of outputs those that are floating-point numbers.
        says: what else stands in the file, by name.
    """

    operators: list[Operator] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)


def read_onnx(path: str | os.PathLike[str]) -> OnnxGraph:
    """The graph of a file.

    Raises:
        DownslopeError: if there is no such file, or it is none of ONNX.
    """
    place = place_of(path)
    if place.is_dir() or not place.exists():
        raise DownslopeError(f"there is no file {place}; name a file of ONNX")
    try:
        content = place.read_bytes()
    except (OSError, ValueError) as error:
        raise DownslopeError(f"{place} cannot be read: {reason_of(error)}") from None
    try:
        graphs = [value for number, value in fields_of(content) if number == 7 and isinstance(value, bytes)]
        graph = _graph(graphs[0])
        for number, value in fields_of(content):
            if number == 14 and isinstance(value, bytes):
                pair = {n: v.decode() for n, v in fields_of(value) if isinstance(v, bytes)}
                graph.says[pair.get(1, "")] = pair.get(2, "")
        return graph
    except DownslopeError as error:
        raise DownslopeError(f"{place}: {error}") from None
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error) as error:
        raise DownslopeError(f"{place} is no file of ONNX, or damaged: {error}; export it again") from None


def _graph(content: bytes) -> OnnxGraph:
    graph = OnnxGraph()
    for number, value in fields_of(content):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            graph.operators.append(_operator(value))
        elif number == 5:
            name, array = _tensor(value)
            graph.arrays[name] = array
        elif number == 11:
            graph.inputs.append(_value(value)[0])
        elif number == 12:
            name, kind = _value(value)
            if kind in _FLOATS:
                graph.outputs.append(name)
    graph.inputs = [name for name in graph.inputs if name not in graph.arrays]
    return graph


def _operator(content: bytes) -> Operator:
    inputs, outputs, settings, kind, name = [], [], dict[str, Any](), "", ""
    for number, value in fields_of(content):
        if not isinstance(value, bytes):
            continue
        if number == 5:
            key, setting = _setting(value)
            settings[key] = setting
            continue
        text = value.decode()
        if number == 1:
            inputs.append(text)
        elif number == 2:
            outputs.append(text)
        elif number == 3:
            name = text
        elif number == 4:
            kind = text
    return Operator(kind, name or (outputs[0] if outputs else ""), inputs, outputs, settings)


def _setting(content: bytes) -> tuple[str, Any]:
    name, value = "", None
    many: list[Any] = []
    for number, found in fields_of(content):
        if number == 1 and isinstance(found, bytes):
            name = found.decode()
        elif number == 2 and isinstance(found, bytes):
            value = struct.unpack("<f", found)[0]
        elif number == 3 and isinstance(found, int):
            value = _signed(found)
        elif number == 4 and isinstance(found, bytes):
            value = found.decode(errors="replace")
        elif number == 5 and isinstance(found, bytes):
            value = _tensor(found)[1]
        elif number == 7 and isinstance(found, bytes):
            many += np.frombuffer(found, "<f4").tolist()
        elif number == 8:
            many += [_signed(found)] if isinstance(found, int) else _packed(found)
        elif number == 9 and isinstance(found, bytes):
            many.append(found.decode(errors="replace"))
    return name, many or value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _packed(content: bytes) -> list[int]:
    """Whole numbers one after the other: a message whose fields lack their numbers."""
    found, at = [], 0
    while at < len(content):
        end = next((i + 1 for i in range(at, len(content)) if content[i] < 0x80), 0)
        if not end:
            raise ValueError("a number ends with the file")
        found.append(_signed(sum((b & 0x7F) << 7 * i for i, b in enumerate(content[at:end]))))
        at = end
    return found


def _tensor(content: bytes) -> tuple[str, NDArray[Any]]:
    name, sizes, kind, raw = "", list[int](), 0, b""
    numbers: list[Any] = []
    for number, value in fields_of(content):
        if number == 1:
            sizes += [value] if isinstance(value, int) else _packed(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number in _WORDS and isinstance(value, bytes):
            numbers += np.frombuffer(value, _WORDS[number][1]).tolist()
        elif number in (5, 7):
            numbers += [_signed(value)] if isinstance(value, int) else _packed(value)
        elif number == 8 and isinstance(value, bytes):
            name = value.decode()
        elif number == 9 and isinstance(value, bytes):
            raw = value
        elif number == 14 and value == 1:
            raise DownslopeError("its arrays are in another file; export it with all of them inside")
    if kind not in _DTYPES:  # text, of labels
        return name, np.zeros(0)
    dtype = np.dtype(_DTYPES[kind])
    found = np.frombuffer(raw, dtype) if raw else np.array(numbers, dtype)
    if found.size != math.prod(sizes):
        raise ValueError(f"the array {name} has {found.size} numbers, not {sizes}")
    return name, found.reshape(sizes)


def _value(content: bytes) -> tuple[str, int]:
    """The name of an input or an output, and the number of its type."""
    name, kind = "", 0
    for number, value in fields_of(content):
        if number == 1 and isinstance(value, bytes):
            name = value.decode()
        elif number == 2 and isinstance(value, bytes):
            for which, tensor in fields_of(value):
                if which == 1 and isinstance(tensor, bytes):
                    kind = next((k for n, k in fields_of(tensor) if n == 1 and isinstance(k, int)), 0)
    return name, kind
