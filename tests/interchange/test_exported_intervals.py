"""The ends of prediction intervals in every format that computes, beside those of the model."""

import ctypes
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from exported import TABLES, cells_of, model_of

import downslope as ds
from thorough import first

MODELS = ("every encoder", "penguins' mass")
LEVELS = (0.86, 0.3, 0.999)
"""Between two coverages that are learned, below the smallest, and above the largest."""


def by_onnx(model, frame, path):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(path.read_bytes())
    kinds = model.needed_columns
    given = {
        name: np.array(cells, object if kinds[name] == "level" else np.float64)[:, None]
        for name, cells in cells_of(model, frame).items()
    }
    assert [output.name for output in session.get_outputs()] == ["prediction", "interval"]
    return session.run(None, given)


def by_python(model, frame, path):
    defined: dict = {}
    exec(compile(path.read_text(), path, "exec"), defined)
    cells = cells_of(model, frame)
    return defined["predict"](cells), defined["predict_interval"](cells)


def by_javascript(model, frame, path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    cells = {name: [None if c != c else c for c in column] for name, column in cells_of(model, frame).items()}
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    program = (
        'const given = JSON.parse(require("fs").readFileSync(0)); const m = require(given[0]);'
        "process.stdout.write(JSON.stringify([m.predict(given[1]), m.predictInterval(given[1])]))"
    )
    text = json.dumps([str(path), rows])
    done = subprocess.run([node, "-e", program], input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def by_c(model, frame, path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a compiler of C")
    library = path.with_suffix(".so")
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([compiler, *strict, path, "-o", library, "-lm"], check=True)
    cells = cells_of(model, frame)
    text = {name for name, kind in model.needed_columns.items() if kind == "level"}

    class Row(ctypes.Structure):
        _fields_ = [(f"f{i}", ctypes.c_char_p if n in text else ctypes.c_double) for i, n in enumerate(cells)]

    predict = getattr(ctypes.CDLL(str(library)), f"{path.stem}_predict")
    predict.restype = ctypes.c_double
    numbers, ends = [], []
    for row in zip(*cells.values(), strict=True):
        given, interval = (
            Row(*[c.encode() if isinstance(c, str) else c for c in row]),
            (ctypes.c_double * 2)(),
        )
        numbers.append(predict(ctypes.byref(given), interval))
        ends.append([*interval])
    return numbers, ends


COMPUTED = {".onnx": by_onnx, ".py": by_python, ".js": by_javascript, ".c": by_c}


CASES = [(name, ending, level) for level in LEVELS for name in MODELS for ending in COMPUTED]


@pytest.mark.parametrize("case", first(2, CASES), ids=str)
def test_the_ends_are_those_of_the_model(case, tmp_path) -> None:
    name, ending, level = case
    model, (frame, _) = model_of(name), TABLES[name]
    path = tmp_path / f"model{ending}"
    ds.export(model, path, interval=level)
    numbers, ends = (np.asarray(found) for found in COMPUTED[ending](model, frame, path))
    near = {"rtol": 1e-5, "atol": 1e-5 * model.target.scale}
    np.testing.assert_allclose(numbers.ravel(), model.predict(frame), **near)
    np.testing.assert_allclose(ends, model.predict_interval(frame, level), **near)
    assert (ends[:, 0] < ends[:, 1]).all()


def test_where_there_are_none_it_is_said(tmp_path) -> None:
    mass, species = model_of("penguins' mass"), model_of("penguins")
    net = ds.Network(1, [ds.Dense(1)])
    cases = [
        (lambda: ds.export(species, tmp_path / "m.onnx", interval=0.9), "is a class and has no intervals"),
        (
            lambda: ds.export(mass, tmp_path / "m.tex", interval=0.9),
            "are computed by files that end",
        ),
        (lambda: ds.export(mass, tmp_path / "m.py", interval=1.0), "interval"),
        (
            lambda: ds.export(net, tmp_path / "m.c", [1.0, 2.0], interval=0.9),
            "a network none",
        ),
    ]
    for call, message in cases:
        with pytest.raises(ds.DownslopeError) as error:
            call()
        assert re.search(message, str(error.value))
    assert not list(tmp_path.iterdir())
