"""The benchmarks print their tables, and the peers compute what Downslope computes; no time is asserted."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds

pytest.importorskip("torch", reason="benchmarks are beside their peers, PyTorch among them")
pytestmark = pytest.mark.torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = (
    "steps",
    "predict",
    "gradients",
    "startup",
    "growth",
    "tables",
    "threads",
    "mlp",
    "custom",
    "exports",
    "streaming",
    "gpu",
)


@pytest.fixture
def room(monkeypatch):
    """Imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def rows(script: str, *options: str) -> list[list[str]]:
    """The cells of all rows of all tables that a script prints, in one short round."""
    command = [sys.executable, str(BENCHMARKS / f"{script}.py"), "--repeats", "1", "--seconds", "0", *options]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    lines = [line.strip("| ").split(" | ") for line in done.stdout.decode().split("\n") if line[:1] == "|"]
    assert len(lines) > 2, done.stdout.decode()
    assert any(set(cell) <= {"-", ":"} for cell in lines[1])
    return [[cell.strip() for cell in line] for line in lines]


@pytest.mark.thorough
def test_steps() -> None:
    found = rows("steps", "--workload", "neuron", "small", "--library", "Downslope", "NumPy by")
    assert ["Downslope", "1.00 ×"] in [[row[0], row[-1]] for row in found]
    assert all(row[1] != "–" for row in found if row[0].startswith("NumPy"))


@pytest.mark.thorough
def test_streaming() -> None:
    found = rows("streaming", "--rows", "20000", "--fitting", "10000")
    assert [row[:2] for row in found if row[0] in ("in memory", "streamed")] == [
        ["in memory", "10,000"],
        ["streamed", "10,000"],
        ["streamed", "20,000"],
    ]


@pytest.mark.thorough
def test_predict() -> None:
    options = ("--rows", "3000", "--memory-rows", "2000", "--library", "Downslope", "scikit-learn")
    assert {"Downslope", "scikit-learn", "2,000"} <= {row[0] for row in rows("predict", *options)}


@pytest.mark.thorough
def test_gradients() -> None:
    found = rows("gradients", "--library", "Downslope")
    assert [row[1] for row in found if row[0] == "Downslope"] != ["–"]


@pytest.mark.thorough
def test_startup() -> None:
    found = rows("startup", "--only", "pass", "import downslope", "fit")
    names = ["`python -c pass`", "`import downslope`", "`downslope fit five_rows.csv`"]
    assert [row[0] for row in found[2:]] == names


@pytest.mark.thorough
def test_growth(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    found = rows("growth", "--points", "1", "--sweep", "rows", "--picture", str(tmp_path / "g.png"))
    assert found[-1][0] == "1,000"
    assert (tmp_path / "g.png").stat().st_size > 1000


@pytest.mark.thorough
def test_tables() -> None:
    found = rows("tables", "--rows", "3000", "--library", "Downslope", "scikit-learn", "PyTorch, 1")
    assert [row[0] for row in found[2:]] == [
        "Downslope",
        "Downslope, one network",
        "scikit-learn",
        "PyTorch, 1 thread",
    ]
    assert all(float(row[4].replace(",", "")) > 0 for row in found[2:])


@pytest.mark.thorough
def test_threads() -> None:
    pytest.importorskip("joblib")
    found = rows("threads", "--workload", "small", "--threads", "1", "2", "--epochs", "1", "--fits", "2")
    assert [row[-1] for row in found if row[0] == "small"] == ["yes"]
    assert found[-1][0] == "side by side in joblib"
    assert found[-1][1] != "–"


@pytest.mark.thorough
def test_mlp() -> None:
    options = ("--widths", "4", "--epochs", "1", "--seeds", "2", "--sets", "iris", "linnerud")
    found = rows("mlp", *options)
    assert [row[0] for row in found if row[0][:2] == "3×"] == ["3×4, float32", "3×4, float64"]
    reached = {row[0]: row for row in found}
    assert [float(reached[name][3]) < 1e-9 for name in ("iris", "linnerud")] == [True, True]
    assert [reached[name][4] for name in ("iris", "linnerud")] == ["yes", "yes"]


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
@pytest.mark.parametrize(("activation", "optimizer"), [("relu", "adam"), ("sigmoid", "sgd")])
def test_peers_arrive_where_downslope_arrives(room, library: str, activation: str, optimizer: str) -> None:
    """A batch of all rows does not depend on their order."""
    pytest.importorskip(library)
    peers, descents, workloads = map(room, ("peers", "descents", "workloads"))
    work = workloads.Workload((3, 5, 4, 1), activation, 8, optimizer, 8)
    training = peers.TRAININGS[library](work)
    for _ in range(5):
        training.epoch()
    for name, value in descents.descent(work, 5)[0].items():
        np.testing.assert_allclose(workloads.named(training.layers())[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("library", ["neuron_textbook", "neuron_numpy", "neuron_jax"])
def test_neurons_arrive_where_downslope_arrives(room, library: str) -> None:
    peers, workloads = room("peers"), room("workloads")
    if library == "neuron_jax":
        jax = pytest.importorskip("jax")
        reached = peers.neuron_jax()()
        jax.config.update("jax_enable_x64", False)
    else:
        reached = getattr(peers, library)()
    start, steps = workloads.NEURON_START, workloads.NEURON_STEPS
    run = ds.descend(
        workloads.neuron(),
        workloads.NEURON_X,
        workloads.NEURON_Y,
        start=start,
        learning_rate=workloads.RATE,
        steps=steps,
    )
    np.testing.assert_allclose(reached, run.parameters["layer1.weight"][0], rtol=1e-9)


def test_operations_are_counted(room) -> None:
    """2-3-1, four rows: forward 6 + 3, weights 6 + 3, inputs of the second layer 3; two operations each."""
    work = room("workloads").Workload((2, 3, 1), "relu", 4, "sgd", 8)
    assert (work.steps, work.forward_adds, work.step_adds, work.step_flops) == (2, 9, 21, 168)


def test_who_cannot_run_says_why(room) -> None:
    measure = room("measure")
    setting = measure.Setting("nobody", importlib.import_module, {"name": "no_such_library"})
    assert measure.interleaved([setting], 1)["nobody"].note == "no_such_library is not installed"


def test_tables_take_their_place(room, tmp_path) -> None:
    report = room("report")
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- steps -->\nold\n<!-- /steps -->\nafter\n")
    report.publish("steps", ["new", "", "| a |"], True, readme)
    assert readme.read_text() == "before\n<!-- steps -->\nnew\n\n| a |\n<!-- /steps -->\nafter\n"
    assert list(tmp_path.iterdir()) == [readme]
    written = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in written and f"<!-- /{name} -->" in written for name in SCRIPTS)


def test_what_is_measured_on_a_gpu_runs_on_the_processor(room, monkeypatch) -> None:
    gpu, work = room("gpu"), room("workloads")
    monkeypatch.setattr(gpu, "DEVICE", "cpu")
    monkeypatch.setattr(gpu, "MEMBERS", 3)
    tiny = work.Workload((20, 8, 1), "relu", 64, "adam", 128)
    monkeypatch.setattr(gpu, "GPU_WORKLOADS", {"small": tiny, "ensemble": tiny})
    monkeypatch.setattr("torch.accelerator.synchronize", lambda: None)
    for name in gpu.GPU_WORKLOADS:
        for library in ("Downslope", "PyTorch"):
            assert isinstance(gpu.get_ready(library, name, "float32"), float)
            assert len(gpu.one_round(0.0)) == 1
    figures = {"Downslope": {"ready": 1.0, "steps": [1e-6, 2e-6]}, "JAX": {"ready": "no", "steps": []}}
    told = gpu.markdown({"small, tf32": figures})
    assert told.count("\n| ") == 4
    assert told.endswith("JAX: no")


@pytest.mark.thorough
def test_custom() -> None:
    found = rows("custom")
    assert {row[0].split()[0] for row in found[2:]} == {"activation", "loss", "layer", "optimizer"}


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
@pytest.mark.thorough
def test_exports() -> None:
    found = [row for row in rows("exports", "--part", "peers") if row[1].startswith("Downslope")]
    assert [row[1] for row in found] == ["Downslope", "Downslope, int8"] * 2
    assert [float(row[-1]) < limit for row, limit in zip(found, (1e-5, 0.05) * 2, strict=True)] == [True] * 4
