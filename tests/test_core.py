"""What runs where no extra is installed, and what is said of the rest."""

import json
import tomllib
from pathlib import Path

import pytest

from sealed_core import run_in_core
from thorough import first

ROOT = Path(__file__).parents[1]
NET = """
import downslope as ds
import numpy as np
x = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3.0]])
y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
neuron = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)], loss="squared_error")
deep = ds.Network(inputs=3, layers=[ds.Dense(8, "gelu"), ds.LayerNorm(), ds.Dense(1)], loss="squared_error")
"""
WORKS = {
    "descend and explain": """
        run = ds.descend(neuron, x, y, start=[200.0, -14.0, 3456.0], learning_rate=0.001, steps=1000)
        assert run.parameters["layer1.weight"].round(3).tolist() == [[1.59, -0.325, 1.239]]
        told = ds.explain(neuron, x, y, parameters=run, of="w1", row=0, learning_rate=0.001)
        assert "= 1.598418577" in str(told)
    """,
    "engines": """
        runs = [
            ds.descend(deep, x, y, steps=9, learning_rate=0.001, engine=engine)
            for engine in ("native", "reference")
        ]
        a, b = (run.parameters for run in runs)
        assert all(np.allclose(a[name], b[name], rtol=1e-9) for name in a)
        print(ds.explain_unit(deep, x, y, layer="layer1", unit=2, row=0, parameters=runs[0]))
        print(ds.gradient(deep, x, y, parameters=runs[0]), ds.hessian_vector_product)
    """,
    "linear": """
        assert ds.solve(neuron, x, y).parameters["layer1.weight"].round(9).tolist() == [[0.5, 0.9, 1.2]]
        assert "2,645 steps" in str(ds.forecast(
            neuron, x, y, start=[200.0, -14.0, 3456.0], learning_rate=0.001, tolerance=0.0005))
    """,
    "doctor": """
        run = ds.descend(deep, x, y, steps=200, learning_rate=0.001)
        print(ds.doctor(run, x, y, seconds=5), ds.outlook(run, x, y))
    """,
    "files": """
        run = ds.descend(deep, x, y, steps=9, learning_rate=0.001)
        run.save("run.downslope")
        again = ds.load("run.downslope")
        for ending in ("onnx", "c", "py", "js", "tex", "safetensors"):
            ds.export(again, f"run.{ending}")
        checkpointed = ds.descend(deep, x, y, steps=9, learning_rate=0.001, checkpoint=ds.Checkpoint("saved"))
        assert np.array_equal(checkpointed.parameters["layer1.weight"], run.parameters["layer1.weight"])
    """,
    "every other name": """
        from downslope import *
        for name in ds.__all__:
            getattr(ds, name)
        assert "MLPRegressor" not in ds.__all__ and "fit" in ds.__all__
    """,
}


@pytest.mark.parametrize("what", first(1, [*WORKS]))
def test_the_core_works_alone(what, tmp_path):
    done = run_in_core(NET + WORKS[what].replace("\n        ", "\n"), folder=tmp_path)
    assert done.returncode == 0, done.stderr


MISSING = {
    "ds.MLPRegressor": "sklearn",
    "ds.TableClassifier": "sklearn",
    "ds.fit({'a': [1, 2], 'y': [1, 2]}, target='y')": "tables",
    "ds.fit('table.csv', target='y')": "tables",
    "ds.play(neuron, x, y)": "tables",
    "ds.descend(neuron, x, y, engine='torch')": "torch",
}
EACH = f"""
import json
for call in {list(MISSING)}:
    try:
        eval(call)
    except Exception as error:
        print(json.dumps([call, type(error).__name__, str(error)]))
"""


def test_what_is_missing_is_named_with_what_installs_it(tmp_path):
    (tmp_path / "table.csv").write_text("a,y\n1,2\n3,4\n")
    done = run_in_core(NET + EACH, folder=tmp_path)
    told = {call: said for call, *said in map(json.loads, done.stdout.splitlines())}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert told.keys() == MISSING.keys(), done.stderr
    for call, extra in MISSING.items():
        kind, message = told[call]
        assert kind == "MissingPackageError", call
        assert f"not installed: pip install 'downslope[{extra}]'" in message, call
        assert extra in extras


COMMAND = "from downslope.cli import main; main()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, and a run that was saved where only the core is."""
    folder = tmp_path_factory.mktemp("core")
    (folder / "table.csv").write_text("a,y\n1,2\n3,4\n")
    run = "ds.descend(neuron, x, y, steps=1, learning_rate=1e-9)"
    run_in_core(f"{NET}\n{run}.save('run.downslope')", folder=folder)
    return folder


LINES = ["fit table.csv --target y", "evaluate run.downslope table.csv", "play", "play table.csv --no-open"]


@pytest.mark.parametrize("line", first(1, LINES))
def test_commands_that_need_tables_say_so_in_one_line(line, folder):
    done = run_in_core(COMMAND, *line.split(), folder=folder)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "pip install 'downslope[tables]'" in done.stderr


def test_the_demo_runs_alone(tmp_path):
    done = run_in_core(COMMAND, "demo", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2,645 in all" in done.stdout
