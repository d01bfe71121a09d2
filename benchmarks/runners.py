"""Runs exported files on rows: in onnxruntime, in compiled C, in Node.js and in NumPy."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import downslope as ds
from downslope.interchange.exports import Prediction, of_network
from downslope.interchange.exports.columns import of_table
from measure import Unavailable

__all__ = ["RUNNERS", "Ran", "cells_of", "compiled_harness", "prediction_of", "sections"]

FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-D_POSIX_C_SOURCE=199309L")


@dataclass(frozen=True)
class Ran:
    """The outputs of the rows, the seconds of one row alone, and of each of all at once."""

    outputs: np.ndarray
    one: float
    each: float | None = None


def prediction_of(source: Any, parameters: Any = None) -> Prediction:
    """The prediction as nodes, whose leaves say what a file is given."""
    if isinstance(source, ds.Model):
        return of_table(source.network, source.parameters, source.encoder, source.target)
    return of_network(source, parameters)


def timed(call: Callable[[], Any], seconds: float) -> float:
    """The seconds of a call, over as many as begin within a time, at least one."""
    call()
    count, start = 0, time.perf_counter()
    while not count or time.perf_counter() - start < seconds:
        call()
        count += 1
    return (time.perf_counter() - start) / count


def onnx(path: Path, prediction: Prediction, cells: Mapping[str, Any], seconds: float) -> Ran:
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable(str(error)) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    rows = {c.name: _column(c, cells[c.name], prediction) for c in prediction.cells}
    first = {name: column[:1] for name, column in rows.items()}
    found = session.run(None, rows)[-1]
    each = timed(lambda: session.run(None, rows), seconds) / len(found)
    return Ran(found, timed(lambda: session.run(None, first), seconds), each)


def _column(cell: Any, given: Any, prediction: Prediction) -> np.ndarray:
    if not prediction.of_table:
        return np.asarray(given, prediction.dtype)
    return np.array(given, np.float64 if cell.rows is None else object)[:, None]


def python(path: Path, prediction: Prediction, cells: Mapping[str, Any], seconds: float) -> Ran:
    script: dict[str, Any] = {}
    exec(compile(path.read_text(), path, "exec"), script)
    call = script.get("predict_proba", script["predict"])
    whole = cells if prediction.of_table else cells["x"]
    first = {name: column[:1] for name, column in cells.items()}
    first = first if prediction.of_table else first["x"]
    found = np.asarray(call(whole))
    found = found[:, None] if found.ndim == 1 else found
    return Ran(found, timed(lambda: call(first), seconds), timed(lambda: call(whole), seconds) / len(found))


_NODE = """
const [file, rows, limit] = JSON.parse(require("fs").readFileSync(0));
const { predict } = require(file);
const seconds = (given) => {
  let count = 0, passed = 0, start = performance.now();
  for (let i = 0; i < 200 * limit; i++) predict(given);
  while (!count || passed < limit) {
    if (!count) start = performance.now();
    predict(given);
    count++;
    passed = (performance.now() - start) / 1e3;
  }
  return passed / count;
};
const found = predict(rows);
process.stdout.write(JSON.stringify([found, seconds(rows.slice(0, 1)), seconds(rows) / rows.length]));
"""


def javascript(path: Path, prediction: Prediction, cells: Mapping[str, Any], seconds: float) -> Ran:
    node = shutil.which("node")
    if node is None:
        raise Unavailable("there is no Node.js")
    if prediction.of_table:
        rows: list[Any] = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
        rows = [{name: None if c != c else c for name, c in row.items()} for row in rows]
    else:
        rows = np.asarray(cells["x"], float).tolist()
    text = json.dumps([str(path), rows, seconds])
    done = subprocess.run([node, "-e", _NODE], input=text, capture_output=True, text=True, check=True)
    found, one, each = json.loads(done.stdout)
    if prediction.classes:
        found = [row["probabilities"] for row in found]
    return Ran(np.array(found, float).reshape(len(rows), -1), one, each)


_HARNESS = """
#include <stdio.h>
#include <time.h>
{include}
{rows}
int main(void) {{
    double out[{width}];
    volatile double kept = 0;
    for (int r = 0; r < {count}; r++) {{
        {call}
        for (int j = 0; j < {width}; j++) printf("%.17g ", out[j]);
    }}
    struct timespec start, end;
    long calls = 0;
    double seconds = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {{
        for (int r = 0; r < {count}; r++) {{
            {call}
            kept += out[0];
        }}
        calls += {count};
        clock_gettime(CLOCK_MONOTONIC, &end);
        seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    }} while (seconds < {seconds});
    printf("%.17g", seconds / (double)calls);
    return 0;
}}
"""


def compiled_harness(
    include: str, rows: str, call: str, count: int, width: int, *flags: str, seconds: float
) -> Ran:
    """What a program gives that calls a function for each row, and the seconds of a call.

    ``call`` fills ``out`` from the row number ``r``.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unavailable("there is no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "run.c", Path(folder) / "run"
        parts = {"include": include, "rows": rows, "call": call, "count": count, "width": width}
        source.write_text(_HARNESS.format(**parts, seconds=seconds))
        command = [compiler, *FLAGS, *flags, str(source), "-o", str(program), "-lm"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        found = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    *outputs, one = map(float, found)
    return Ran(np.array(outputs).reshape(count, width), one)


def c(path: Path, prediction: Prediction, cells: Mapping[str, Any], seconds: float) -> Ran:
    name, width = path.stem, int(prediction.result.shape[1])
    include = f'#include "{path}"'
    count = len(next(iter(cells.values())))
    if not prediction.of_table:
        real = "float" if prediction.dtype == np.float32 else "double"
        x = np.asarray(cells["x"], float)
        values = ", ".join(f"{v:.17g}" for v in x.ravel())
        rows = f"static const {real} given[] = {{{values}}};"
        call = (
            f"{real} found[{width}]; {name}_predict(given + r * {x.shape[1]}, found); "
            f"for (int j = 0; j < {width}; j++) out[j] = found[j];"
        )
        return compiled_harness(include, rows, call, count, width, seconds=seconds)
    lines = [", ".join(map(_cell, row)) for row in zip(*cells.values(), strict=True)]
    rows = f"static const struct {name}_row given[] = {{{{" + "}, {".join(lines) + "}};"
    call = (
        f"{name}_predict(&given[r], out);" if prediction.classes else f"out[0] = {name}_predict(&given[r]);"
    )
    return compiled_harness(include, rows, call, count, width, seconds=seconds)


def _cell(cell: Any) -> str:
    if isinstance(cell, str):
        return json.dumps(cell)
    return "NAN" if cell != cell else f"{cell:.17g}"


RUNNERS: Mapping[str, Callable[[Path, Prediction, Mapping[str, Any], float], Ran]] = {
    ".onnx": onnx,
    ".c": c,
    ".js": javascript,
    ".py": python,
}
"""What runs each format, by the ending of its files."""


def sections(source: Path, *flags: str) -> int:
    """The bytes of code and constants of a compiled file of C, optimised for size."""
    compiler, size = shutil.which("cc"), shutil.which("size")
    if compiler is None or size is None:
        raise Unavailable("there is no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.o"
        command = [compiler, "-std=c99", "-Os", *flags, "-c", str(source), "-o", str(made)]
        subprocess.run(command, check=True, capture_output=True)
        told = subprocess.run([size, made], check=True, capture_output=True, text=True).stdout
    text, data, *_ = map(int, told.splitlines()[1].split()[:3])
    return text + data


def cells_of(model: ds.Model, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """The cells that a model needs: text empty and numbers NaN for gaps."""
    kinds = model.needed_columns
    return {
        name: [("" if kind == "level" else float("nan")) if cell is None else cell for cell in columns[name]]
        for name, kind in kinds.items()
    }
