"""Signals and closed pipes: the best so far is saved, it is said where, and nothing is left beside it."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_commands import COMMAND, run

import downslope as ds
from downslope import _signals
from thorough import first

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    x = np.random.default_rng(0).normal(size=(2000, 4))
    frame = pl.DataFrame({f"x{i}": x[:, i] for i in range(4)} | {"y": np.sin(x).sum(axis=1)})
    frame.write_csv(tmp_path / "t.csv")
    return tmp_path / "t.csv"


def started(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*COMMAND, "fit", "t.csv", "-t", "y", *words], cwd=folder, **how)


def complaints(told: bytes) -> list[bytes]:
    """Lines on standard error that tell of no progress, as every five seconds of a fit do."""
    return [line for line in told.splitlines() if b": step " not in line and b": forecast at " not in line]


def at_work(process: "subprocess.Popen[bytes]") -> None:
    """Wait until the table is shown, which is before training."""
    assert process.stdout is not None
    while b"x3" not in process.stdout.readline():
        assert process.poll() is None


@pytest.mark.parametrize("number", first(1, [*CODES]), ids=lambda number: number.name)
def test_the_first_signal_saves_the_best_so_far(number: signal.Signals, table: Path) -> None:
    process = started(table.parent, "--epochs", "5000", "--checkpoint", "runs", "--every", "1 epoch")
    at_work(process)
    while not list(table.parent.glob("runs/001-*")):  # after the linear model, an epoch of the first group
        time.sleep(0.05)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == CODES[number], told
    assert b"Traceback" not in told
    assert told.endswith(b"downslope: interrupted; the best epoch so far was saved to t.downslope\n")
    assert ds.load(table.parent / "t.downslope").record.interrupted
    assert sorted(os.listdir(table.parent)) == ["runs", "t.csv", "t.downslope"]
    assert all(name == "lock" or name.endswith(".downslope") for name in os.listdir(table.parent / "runs"))


@pytest.mark.thorough
def test_a_second_signal_ends_at_once_and_leaves_nothing(table: Path) -> None:
    """The network is so wide that its step takes long: the first signal has to wait for its end."""
    process = started(table.parent, "--epochs", "5000", "--hidden", "2000,2000", "--batch-size", "2000")
    at_work(process)
    time.sleep(2)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (130, 143), told
    assert b"Traceback" not in told
    assert {"t.csv"} <= set(os.listdir(table.parent)) <= {"t.csv", "t.downslope"}


@pytest.mark.thorough
def test_a_closed_pipe_does_not_cost_the_model(table: Path) -> None:
    process = started(table.parent, "--epochs", "1", "--members", "2", "--hidden", "4")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert b"the output was closed; the model was saved to t.downslope" in told
    assert b"Traceback" not in told
    assert isinstance(ds.load(table.parent / "t.downslope"), ds.Model)


@pytest.mark.thorough
def test_resume_makes_the_model_as_if_nothing_had_happened(table: Path) -> None:
    words = ("--epochs", "8", "--members", "2", "--checkpoint", "runs", "--every", "5 steps")
    _, told = started(table.parent, *words[:4], "-o", "whole").communicate()
    assert not complaints(told)
    rng = random.Random(0)
    for _ in range(3):
        process = started(table.parent, *words, "--resume", "-o", "again")
        at_work(process)
        time.sleep(rng.uniform(0.0, 0.4))
        process.kill()
        process.communicate()
    _, told = started(table.parent, *words, "--resume", "-o", "again").communicate()
    assert not complaints(told)
    assert (table.parent / "again").read_bytes() == (table.parent / "whole").read_bytes()
    _, told = started(table.parent, *words, "-o", "again").communicate()
    assert b"runs holds checkpoints; go on from them with resume=True (--resume)" in told
    _, told = started(table.parent, "--every", "5s").communicate()
    assert b"--every needs the folder of --checkpoint" in told


@pytest.mark.thorough
def test_a_model_is_written_into_devices_and_never_over_its_table(table: Path) -> None:
    before = os.stat("/dev/null")
    process = started(table.parent, "--epochs", "1", "--members", "2", "--hidden", "4", "-o", "/dev/null")
    said, told = process.communicate()
    assert (process.returncode, complaints(told)) == (0, [])
    assert b"Saved to /dev/null." in said
    assert os.stat("/dev/null").st_rdev == before.st_rdev
    os.link(table, table.parent / "hard")
    (table.parent / "soft").symlink_to("t.csv")
    content = table.read_bytes()
    for name in ("hard", "soft", "./t.csv"):
        refused = run("fit", "t.csv", "-t", "y", "-o", name, folder=table.parent)
        assert refused.returncode == 2
        assert "would replace t.csv, which is read" in refused.stderr
    assert table.read_bytes() == content


def test_a_signal_that_a_finalizer_keeps_is_heard_at_the_next_step() -> None:
    """Python drops KeyboardInterrupt in finalizers; here one comes in the finalizer of each epoch."""

    class Keeps:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def progress(_: ds.Run) -> None:
        Keeps()

    net = ds.Network(1, [ds.Dense(1)])
    run = ds.descend(net, [[1.0], [2.0]], [1.0, 2.0], steps=10_000, progress=progress)
    assert run.stopped == "interrupted"
    assert len(run.losses) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_deferred_signals_raise_at_the_end_or_where_they_may() -> None:
    steps = []

    def deferred() -> None:
        with _signals.Deferred():
            signal.raise_signal(signal.SIGINT)
            steps.append("after it")

    def at_once() -> None:
        with _signals.Deferred(), _signals.at_once():
            signal.raise_signal(signal.SIGINT)
            steps.append("never")

    for function in (deferred, at_once):
        with pytest.raises(KeyboardInterrupt):
            function()
    assert steps == ["after it"]
    with _signals.Deferred(reports=True):
        signal.raise_signal(signal.SIGINT)
        assert _signals.pending()
        with pytest.raises(KeyboardInterrupt), _signals.at_once():
            raise AssertionError
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)  # the second one
    assert not _signals.pending()


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_no_signal_is_lost_whenever_it_comes(number: signal.Signals, table: Path) -> None:
    """Each ends the command with its code, leaves no temporary file, and a file that is there is whole."""
    rng = random.Random(int(number))
    for _ in range(8):
        process = started(table.parent, "--epochs", "3", "--members", "2", "--checkpoint", "runs", "--resume")
        time.sleep(rng.uniform(0.3, 4.0))
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
        assert process.returncode in (CODES[number], 0, -number), told
        assert b"Traceback" not in told
        left = [path.name for path in table.parent.rglob("*") if path.name.startswith(".")]
        assert not left
        if (table.parent / "t.downslope").exists():
            ds.load(table.parent / "t.downslope")


def test_what_torchrun_passes_on_is_no_second_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "some")
    with _signals.Deferred(reports=True):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert _signals.pending()
