"""A prediction as a file of JavaScript: rows in, predictions out, in a browser or in Node.js."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.interchange.exports._javascript import javascript_source, quoted
from downslope.interchange.exports._prediction import Cells, Prediction, with_transposed_weights

__all__ = ["javascript_module"]

_WRITTEN_OUT = 2000
"""With more parameters than these they are written as packed bytes."""

_READERS = {
    "unpacked": """\
function unpacked(text, type) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return Float64Array.from(new type(bytes.buffer));
}
""",
    "number": """\
// null, undefined and "" are gaps
function number(cell) {
  return cell === null || cell === undefined || cell === "" ? NaN : Number(cell);
}
""",
    "moment": """\
// seconds since 1970, of seconds, of a Date or of text such as 2024-12-31T08:30, whatever the time zone
function moment(cell) {
  if (cell === null || cell === undefined || cell === "") return NaN;
  if (cell instanceof Date) return cell.getTime() / 1000 - 60 * cell.getTimezoneOffset();
  return typeof cell === "number" ? cell : Date.parse(/T/.test(cell) ? `${cell}Z` : cell) / 1000;
}
""",
    "level": """\
// the row of a text in its table; 0 where it is not known
function level(cell, rows) {
  return rows.get(cell === null || cell === undefined ? "" : String(cell).trim()) ?? 0;
}
""",
}


def javascript_module(prediction: Prediction) -> str:
    """A file with ``predict(rows)``: of objects with cells, or of arrays with the inputs of a network.

    For numbers it gives an array of numbers; for classes an array of objects with ``prediction`` and
    ``probabilities``; for a network an array of arrays.

    Raises:
        DownslopeError: where JavaScript has no spelling for something.
    """
    prediction = with_transposed_weights(prediction)
    compute = javascript_source({"result": prediction.result}, stages=prediction.stages)
    packed = sum(value.size for value in prediction.values.values()) > _WRITTEN_OUT
    arrays = [f"  {quoted(name)}: {_array(value, packed)}," for name, value in prediction.values.items()]
    body = "\n".join([*arrays, *(_reads(cell, prediction) for cell in prediction.cells)])
    readers = [text for name, text in _READERS.items() if f"{name}(" in body]
    levels = [_rows(i, cell) for i, cell in enumerate(prediction.cells) if cell.rows is not None]
    called = ["predict", *(["predictInterval"] if prediction.interval else [])]
    parts = [
        f"// {' '.join(prediction.title.split()).replace('<', '(')}, written by Downslope.",
        '"use strict";',
        *readers,
        "\n".join(["const parameters = {", *arrays, "};"]),
        *levels,
        *([f"const classes = {_json(list(prediction.classes))};"] if prediction.classes else []),
        *([f"const decision = {_json(list(prediction.decision))};"] if prediction.decision else []),
        compute,
        _predict(prediction),
        f'if (typeof module !== "undefined") module.exports = {{ {", ".join(called)} }};',
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _predict(prediction: Prediction) -> str:
    """The functions that are called."""
    width = int(prediction.result.shape[1])
    computed = ["const values = { ...parameters, rows: rows.length };"]
    computed += [_reads(cell, prediction, i) for i, cell in enumerate(prediction.cells)]
    computed.append("const { result } = compute(values);")
    if prediction.interval:
        share = f"{100 * prediction.interval:.10g} %"
        ends = "return rows.map((_, i) => [result[3 * i + 1], result[3 * i + 2]]);"
        return "\n\n".join(
            [
                _function("predict", [*computed, "return rows.map((_, i) => result[3 * i]);"]),
                f"// where {share} of the values lie: the lower and the upper end of each row",
                _function("predictInterval", [*computed, ends]),
            ]
        )
    if prediction.classes:
        weighted = "probabilities.map((p, k) => p * decision[k])" if prediction.decision else "probabilities"
        given = [
            "return rows.map((_, i) => {",
            f"  const probabilities = [...result.subarray({width} * i, {width} * (i + 1))];",
            f"  const weighted = {weighted};",
            "  const best = weighted.indexOf(Math.max(...weighted));",
            "  return { prediction: classes[best], probabilities };",
            "});",
        ]
    elif prediction.of_table:
        given = ["return [...result];"]
    else:
        given = [f"return rows.map((_, i) => [...result.subarray({width} * i, {width} * (i + 1))]);"]
    return _function("predict", [*computed, *given])


def _function(name: str, lines: Sequence[str]) -> str:
    return "\n".join([f"function {name}(rows) {{", *(f"  {line}" for line in lines), "}"])


def _reads(cell: Cells, prediction: Prediction, place: int = 0) -> str:
    """The line that reads a column of the rows."""
    leaf = f"values[{quoted(cell.leaf.name)}]"
    if not prediction.of_table:
        return f"{leaf} = Float64Array.from(rows.flatMap((row) => [...row]));"
    read = f"row[{quoted(cell.name)}]"
    if cell.rows is not None:
        call = f"level({read}, levels{place})"
    else:
        call = f"{'moment' if cell.is_date else 'number'}({read})"
    return f"{leaf} = Float64Array.from(rows, (row) => {call});"


def _rows(place: int, cell: Cells) -> str:
    return f"const levels{place} = new Map({_json(list((cell.rows or {}).items()))});"


def _array(value: NDArray[Any], packed: bool) -> str:
    if not packed:
        return f"Float64Array.of({', '.join(map(_number, value.ravel().tolist()))})"
    short = value.astype("<f4")
    exact = np.array_equal(short, value)
    numbers = short if exact else value.astype("<f8")
    text = base64.b64encode(numbers.tobytes()).decode()
    return f'unpacked("{text}", {"Float32Array" if exact else "Float64Array"})'


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _json(data: Any) -> str:
    """That may also stand between the tags of a page."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
