"""Checkpoints: a descent that is killed goes on with the same bits; damage, full disks, second processes."""

import os
import re
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import downslope as ds
from downslope.training import open_journal
from downslope.training.checkpoints import _journal
from killed import Killed, kill_at
from thorough import first

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
Y = np.sin(X).sum(axis=1)
PLAIN = ds.Network(4, [ds.Dense(8, "tanh"), ds.Dense(1)])
DROPPED = ds.Network(4, [ds.Dense(8, "tanh"), ds.Dropout(0.2), ds.Dense(1)])
BATCHES = {"optimizer": "adam", "batch_size": 32}
EVERY = {
    "sgd": (PLAIN, {"optimizer": ds.Sgd(0.9, nesterov=True), "steps": 40}),
    "adam": (DROPPED, {"optimizer": "adam", "epochs": 12, "batch_size": 32, "clip_norm": 1.0}),
    "adamw": (
        DROPPED,
        {**BATCHES, "optimizer": "adamw", "epochs": 12, "learning_rate": ds.OneCycle(0.01)},
    ),
    "rmsprop": (PLAIN, {"optimizer": "rmsprop", "steps": 40, "batch_size": 40}),
    "adagrad": (PLAIN, {"optimizer": "adagrad", "steps": 40, "frozen": ["layer1.weight"]}),
    "lbfgs": (PLAIN, {"optimizer": "lbfgs", "steps": 40}),
    "lbfgs with validation": (PLAIN, {"optimizer": "lbfgs", "steps": 40, "validation": 0.2, "patience": 30}),
    "patience": (
        DROPPED,
        {**BATCHES, "epochs": 40, "validation": 0.3, "patience": 4},
    ),
    "mean": (
        DROPPED,
        {**BATCHES, "epochs": 12, "validation": 0.2, "ema_decay": 0.6},
    ),
    "ensemble": (ds.Ensemble([DROPPED] * 3), {"optimizer": "adam", "epochs": 8, "batch_size": 32}),
    "not finite": (PLAIN, {"learning_rate": 1e200, "steps": 40}),
}


def assert_same(run, whole):
    assert (run.stopped, run.best_epoch) == (whole.stopped, whole.best_epoch)
    np.testing.assert_array_equal(run.losses, whole.losses)
    np.testing.assert_array_equal(run.validation_losses, whole.validation_losses)
    for group in ("parameters", "state"):
        for name, value in getattr(whole, group).items():
            np.testing.assert_array_equal(getattr(run, group)[name], value, err_msg=name)


def killed_and_resumed(network, how, folder, at, every="3 steps"):
    """The run of processes that are each killed after so many epochs, and how many there were."""
    for count in range(1, 100):
        seen = []

        def progress(_, seen=seen):
            seen.append(0)
            if len(seen) == at:
                raise Killed

        try:
            checkpoint = ds.Checkpoint(folder, every=every, resume=True)
            return ds.descend(network, X, Y, **how, checkpoint=checkpoint, progress=progress), count
        except Killed:
            continue
    raise AssertionError("it does not get on")


@pytest.mark.parametrize("engine", first(1, ["native", "reference"]))
@pytest.mark.parametrize("case", EVERY)
def test_a_descent_that_is_killed_ends_with_the_same_bits(case, engine, tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    network, how = EVERY[case]
    whole = ds.descend(network, X, Y, **how)
    # the last state of L-BFGS is no part of its run
    run, count = killed_and_resumed(network, how, tmp_path, at=5)
    assert_same(run, whole)
    assert count > 1 or case == "not finite"
    again = ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    assert_same(again, whole)  # which is read, not made


@pytest.mark.parametrize("every", ["1 epoch", "2 epochs", "5 steps", "0.001s", 1e-9, "10m"])
def test_every_is_epochs_steps_or_seconds(every, tmp_path):
    network, how = EVERY["patience"]
    whole = ds.descend(network, X, Y, **how)
    run = ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, every=every))
    assert_same(run, whole)
    assert sorted(os.listdir(tmp_path)) == ["000.downslope", "lock"]


def test_what_is_saved_is_a_run_that_can_be_read(tmp_path):
    network, how = EVERY["adam"]
    checkpoint = ds.Checkpoint(tmp_path, every="2 steps", keep=3)
    with pytest.raises(Killed):
        ds.descend(network, X, Y, **how, checkpoint=checkpoint, progress=kill_at(4))
    names = sorted(name for name in os.listdir(tmp_path) if name != "lock")
    assert len(names) == 3
    run = ds.load(tmp_path / names[-1], ds.Run)
    assert run.stopped == "interrupted"
    assert 0 < len(run.losses) < 60


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_newest_file_costs_only_the_time_since_the_one_before(damage, tmp_path):
    network, how = EVERY["adam"]
    whole = ds.descend(network, X, Y, **how)
    with pytest.raises(Killed):
        ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, "2 steps"), progress=kill_at(4))
    newest = max(tmp_path.glob("*.downslope"))
    content = bytearray(newest.read_bytes())
    content[-9] ^= 64
    newest.write_bytes({"cut": content[:-100], "flip": content, "empty": b"", "text": b"abc" * 99}[damage])
    with pytest.warns(UserWarning, match=rf"{newest.name} .*goes on from the checkpoint before"):
        run = ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    assert_same(run, whole)


def test_with_all_files_damaged_training_begins_anew(tmp_path):
    network, how = EVERY["adam"]
    with pytest.raises(Killed):
        ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, "2 steps"), progress=kill_at(4))
    for path in tmp_path.glob("*.downslope"):
        path.write_bytes(b"")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run = ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    assert len(told) == 2
    assert_same(run, ds.descend(network, X, Y, **how))


def test_another_training_is_refused_and_told_apart(tmp_path):
    network, how = EVERY["adam"]
    ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path))
    before = (tmp_path / "000.downslope").read_bytes()
    for x, others, told in (
        (X, {"clip_norm": 2.0}, r"clip_norm was 1\.0 and is 2\.0"),
        (X, {"seed": 3}, "seed was 0 and is 3"),
        (X * 2, {}, r"x was float64 \(150, 4\) with the digest \w+ and is float64 \(150, 4\)"),
        (X, {"start": np.zeros(49)}, "start was .* and is"),
        (X, {"optimizer": ds.Adam(0.8)}, r"optimizer was 'adam' and is Adam\(beta1=0\.8"),
        (X, {"row_weights": np.arange(1.0, 151.0)}, "row_weights was"),
    ):
        with pytest.raises(ds.DownslopeError, match=rf"another training: .*{told}"):
            ds.descend(network, x, Y, **{**how, **others}, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    with pytest.raises(ds.DownslopeError, match="another training: network was"):
        ds.descend(PLAIN, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    with pytest.raises(ds.DownslopeError, match=r"holds checkpoints; go on from them with resume=True"):
        ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path))
    ds.descend(network, X, Y, **how, threads=1, checkpoint=ds.Checkpoint(tmp_path, every=1, resume=True))
    assert (tmp_path / "000.downslope").read_bytes() == before


@pytest.mark.thorough
def test_seconds_of_all_processes_count(tmp_path):
    how = {"optimizer": "adam", "epochs": 10**9, "time_limit": 0.6, "seed": 1}
    stop = threading.Event()
    threading.Timer(0.4, stop.set).start()

    def progress(_):
        if stop.is_set():
            raise Killed

    with pytest.raises(Killed):
        ds.descend(PLAIN, X, Y, **how, progress=progress, checkpoint=ds.Checkpoint(tmp_path, 0.05))
    run = ds.descend(PLAIN, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, 0.05, resume=True))
    assert run.stopped == "time"
    more = ds.descend(PLAIN, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, 0.05, resume=True))
    np.testing.assert_array_equal(more.losses, run.losses)  # no time is left
    how["time_limit"] = 0.8
    more = ds.descend(PLAIN, X, Y, **how, checkpoint=ds.Checkpoint(tmp_path, 0.05, resume=True))
    assert len(more.losses) > len(run.losses)
    np.testing.assert_array_equal(more.losses[: len(run.losses)], run.losses)


def test_a_folder_is_of_one_process_at_a_time(tmp_path):
    """Of this one too; and a lock that its process left is open."""
    refused = []

    def second(_):
        if not refused:
            with pytest.raises(ds.DownslopeError, match=rf"process {os.getpid()} saves its training in"):
                ds.descend(PLAIN, X, Y, steps=3, checkpoint=ds.Checkpoint(tmp_path, resume=True))
            refused.append(1)

    ds.descend(PLAIN, X, Y, steps=3, progress=second, checkpoint=ds.Checkpoint(tmp_path))
    assert refused
    (tmp_path / "lock").write_text("1\n")
    ds.descend(PLAIN, X, Y, steps=3, checkpoint=ds.Checkpoint(tmp_path, resume=True))


HOLDER = """
import sys, numpy as np, downslope as ds
net = ds.Network(4, [ds.Dense(8, "tanh"), ds.Dense(1)])
first = lambda p: (p.step == 100 and print("at work", flush=True), None)[1]
ds.descend(net, np.ones((9, 4)), np.ones(9), steps=10**9, progress=first,
           checkpoint=ds.Checkpoint(sys.argv[1], "5 steps", resume=True))
"""


def test_a_killed_process_leaves_its_folder_open(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"at work\n"
    with pytest.raises(ds.DownslopeError, match=rf"process {holder.pid} saves its training in"):
        ds.descend(PLAIN, X, Y, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    holder.kill()
    holder.communicate()
    with pytest.raises(ds.DownslopeError, match="another training: steps was"):
        ds.descend(PLAIN, X, Y, checkpoint=ds.Checkpoint(tmp_path, resume=True))
    assert not [name for name in os.listdir(tmp_path) if not re.fullmatch(r"lock|[\d-]+\.downslope", name)]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="a file system needs root")
def test_a_full_disk_is_said_once_and_what_was_saved_stays(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        network, how = EVERY["adam"]
        whole = ds.descend(network, X, Y, **how)
        with pytest.raises(Killed):
            ds.descend(network, X, Y, **how, progress=kill_at(4), checkpoint=ds.Checkpoint(folder, "2 steps"))
        saved = sorted(os.listdir(folder))
        fill = folder / "fill"
        with pytest.raises(OSError, match="No space"):
            fill.write_bytes(bytes(200_000))
        with pytest.warns(UserWarning, match="No space left on device.*the checkpoint before stays") as told:
            run = ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(folder, "2 steps", resume=True))
        assert len(told) == 1
        assert_same(run, whole)
        assert sorted(os.listdir(folder)) == [*saved[:-1], "fill", "lock"]
        fill.unlink()
        run = ds.descend(network, X, Y, **how, checkpoint=ds.Checkpoint(folder, "2 steps", resume=True))
        assert_same(run, whole)
    finally:
        subprocess.run(["umount", folder], check=True)


def test_folders_that_cannot_be_written_to_are_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "inner", "/proc/none"):
        with pytest.raises(ds.DownslopeError, match=r"cannot be written to: .*name another"):
            ds.descend(PLAIN, X, Y, progress=pytest.fail, checkpoint=ds.Checkpoint(folder))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"every": "soon"}, "every needs seconds or a text such as '60s'"),
        ({"every": "1.5 epochs"}, "every needs seconds"),
        ({"every": "0s"}, "every needs seconds"),
        ({"folder": ""}, "folder needs the name of a folder"),
    ],
)
def test_checkpoints_say_what_they_need(given, told):
    with pytest.raises(ds.DownslopeError, match=told):
        ds.Checkpoint(**{"folder": "a", **given})


def test_saving_by_the_clock_takes_at_most_a_tenth_of_the_time(tmp_path, monkeypatch):
    """By a clock of its own, on which a save takes 3 s: the next one is due after 27 s."""
    clock = [100.0]
    monkeypatch.setattr(_journal, "monotonic", lambda: clock[0])
    monkeypatch.setattr(_journal, "write_file", lambda *_: clock.__setitem__(0, clock[0] + 3))
    with open_journal(ds.Checkpoint(tmp_path, every=1), dict) as journal:
        part = journal.part("descent")
        assert part.seconds == 1
        part.save(1, 9, {}, {})
        assert (part.seconds, part.is_due(2)) == (pytest.approx(27), False)
        clock[0] += 28
        assert part.is_due(2)
