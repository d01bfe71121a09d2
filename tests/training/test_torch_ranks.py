"""Processes that torchrun starts on this machine: the run of one process, and a rank that is lost."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import downslope as ds

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SCRIPT = """
import os, sys
import numpy as np
import downslope as ds

folder, mode = sys.argv[1:]
rank = int(os.environ["RANK"])
again = int(os.environ["TORCHELASTIC_RESTART_COUNT"]) > 0
given = np.load(f"{folder}/rows.npz")
rows = given["x"], given["y"]
if os.path.isdir(f"{folder}/parts"):
    rows = ds.Dataset(f"{folder}/parts", memory=30_000), "y"
network = ds.Network(7, [ds.Dense(300, "tanh"), ds.Dropout(0.2), ds.Dense(300, "silu"), ds.Dense(1)], l2=0.01)


def progress(epoch):
    if mode == "killed" and rank == 1 and not again and epoch.step >= 60:
        os.kill(os.getpid(), 9)
    if mode == "hangs" and rank == 1 and epoch.step >= 60:
        import time
        time.sleep(60)


run = ds.descend(
    network, *rows, parallel="data", batch_size=100, epochs=8, optimizer="adam", seed=4,
    engine=None if mode != "torch" else "torch", progress=progress,
    checkpoint=ds.Checkpoint(f"{folder}/kept", every="7 steps", resume=again),
)
np.savez(f"{folder}/rank{rank}.npz", losses=run.losses, **run.parameters)
"""


def network() -> ds.Network:
    return ds.Network(
        7, [ds.Dense(300, "tanh"), ds.Dropout(0.2), ds.Dense(300, "silu"), ds.Dense(1)], l2=0.01
    )


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1003, 7)).astype(np.float32)
    return {"x": x, "y": np.sin(x @ rng.normal(size=7)).astype(np.float32)}


@pytest.fixture(scope="module")
def one(rows: dict[str, np.ndarray]) -> ds.Run:
    return ds.descend(network(), **rows, batch_size=100, epochs=8, optimizer="adam", seed=4)


def started(folder: Path, rows: dict[str, np.ndarray], mode: str, *options: str, **environment: str):
    np.savez(folder / "rows.npz", **rows)
    (folder / "script.py").write_text(SCRIPT)
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    words += ["--rdzv-endpoint", "127.0.0.1:0", *options, str(folder / "script.py"), str(folder), mode]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=240)


def same(folder: Path, one: ds.Run) -> None:
    found = [np.load(folder / f"rank{rank}.npz") for rank in (0, 1)]
    for each in found:
        np.testing.assert_allclose(each["losses"], one.losses, rtol=1e-5)
        for name, value in one.parameters.items():
            assert np.abs(each[name] - value).max() < 1e-5 * np.abs(value).max()
            np.testing.assert_array_equal(each[name], found[0][name])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, rows: dict[str, np.ndarray]) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    done = started(folder, rows, "native")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.thorough
def test_two_processes_take_the_steps_of_one(whole, one):
    same(whole, one)


@pytest.mark.thorough
def test_two_processes_take_them_in_torch(tmp_path, rows, one):
    done = started(tmp_path, rows, "torch")
    assert done.returncode == 0, done.stderr
    same(tmp_path, one)


@pytest.mark.thorough
def test_a_rank_that_is_killed_comes_back_and_the_run_ends_as_if_nothing_had_been(tmp_path, rows, one, whole):
    done = started(tmp_path, rows, "killed", "--max-restarts", "1")
    assert done.returncode == 0, done.stderr
    assert "exitcode: -9" in done.stderr
    same(tmp_path, one)
    for rank in (0, 1):
        before, cut = (np.load(folder / f"rank{rank}.npz") for folder in (whole, tmp_path))
        for name in before:
            np.testing.assert_array_equal(cut[name], before[name])


@pytest.mark.thorough
def test_a_killed_rank_of_a_dataset_comes_back_to_the_same_bits(tmp_path, rows):
    pl = pytest.importorskip("polars")
    (tmp_path / "parts").mkdir()
    columns = {f"x{n}": column for n, column in enumerate(rows["x"].T)}
    table = pl.DataFrame({**columns, "y": rows["y"]})
    for first, last in ((0, 703), (703, 743), (743, 1003)):
        table[first:last].write_parquet(tmp_path / "parts" / f"{first:04}.parquet")
    dataset = ds.Dataset(tmp_path / "parts", memory=30_000)
    one = ds.descend(network(), dataset, "y", batch_size=100, epochs=8, optimizer="adam", seed=4)
    found = []
    for mode in ("native", "killed"):
        done = started(tmp_path, rows, mode, "--max-restarts", "1")
        assert done.returncode == 0, done.stderr
        assert ("exitcode: -9" in done.stderr) == (mode == "killed")
        same(tmp_path, one)
        found.append(dict(np.load(tmp_path / "rank0.npz")))
        shutil.rmtree(tmp_path / "kept")
    for name, value in found[0].items():
        np.testing.assert_array_equal(found[1][name], value)


@pytest.mark.thorough
def test_a_rank_that_hangs_is_named_in_time(tmp_path, rows):
    done = started(tmp_path, rows, "hangs", DOWNSLOPE_RANK_TIMEOUT="3")
    assert done.returncode != 0
    assert "rank 0 of 2 cannot go on: another did not answer for 3 s" in done.stderr


def of_rank(launcher: int, rank: int) -> int | None:
    """The process that a launcher has started as a rank."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            given = (folder / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if parent == launcher and b"RANK=%d" % rank in given:
            return int(folder.name)
    return None


@pytest.mark.thorough
def test_a_fit_of_the_command_line_outlives_a_rank_that_is_killed(tmp_path, rows):
    lines = [
        "a,b,c,d,y",
        *(",".join(f"{v:.4f}" for v in (*x[:4], y)) for x, y in zip(*rows.values(), strict=True)),
    ]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    fit = ["fit", "table.csv", "--target", "y", "--members", "2", "--hidden", "64", "--epochs", "60"]
    torchrun = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--rdzv-backend",
        "c10d",
    ]
    torchrun += ["--rdzv-endpoint", "127.0.0.1:0", "--max-restarts", "1", "-m", "downslope", *fit]
    torchrun += ["--parallel", "data", "--checkpoint", "kept", "--every", "25 steps", "-o", "model.downslope"]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    one = subprocess.run(
        [sys.executable, "-m", "downslope", *fit, "-o", "one.downslope"], cwd=tmp_path, env=quiet
    )
    assert one.returncode == 0
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(torchrun, cwd=tmp_path, env=quiet, text=True, **pipes) as launched:
        until = time.monotonic() + 120
        while not list((tmp_path / "kept").glob("001-*")) and time.monotonic() < until:
            time.sleep(0.02)
        lost = of_rank(launched.pid, 1)
        assert lost is not None
        os.kill(lost, signal.SIGKILL)
        said, errors = launched.communicate(timeout=200)
    assert launched.returncode == 0, errors
    assert "exitcode: -9" in errors
    assert said.count("Saved to model.downslope") == 1  # by one rank alone
    found, alone = (ds.load(tmp_path / f"{name}.downslope").parameters for name in ("model", "one"))
    for name, value in alone.items():
        assert np.abs(found[name] - value).max() < 1e-4 * np.abs(value).max()
