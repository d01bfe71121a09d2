"""Fits that are killed go on with the same bits: ensembles, folds, intervals, targets."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.fitting.ensemble import _within
from killed import Killed, kill_at
from thorough import first

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
X = np.random.default_rng(0).normal(size=(120, 3))
TABLE = {f"x{i}": X[:, i] for i in range(3)} | {
    "y": np.sin(X).sum(axis=1),
    "kind": np.where(X[:, 0] > X[:, 1], "a", "b"),
    "patient": np.arange(120) // 3,
    "year": 1900 + np.arange(120),
}
CASES = {
    "targets": {"target": ["y", "kind"]},
    "number": {"target": "y"},
    "classes": {"target": "kind"},
    "one network": {"target": "y", "members": 1},
    "linear": {"target": "y", "hidden": ()},
    "groups": {"target": "y", "group": "patient"},
    "times": {"target": "kind", "time": "year"},
    "few rows": {"target": "y", "hidden": 4, "data": {name: v[:30] for name, v in TABLE.items()}},
}


@pytest.mark.thorough
@pytest.mark.parametrize("case", first(1, [*CASES]))
def test_a_fit_that_is_killed_ends_as_the_same_file(case, tmp_path):
    how = {"data": TABLE, **CASES[case]}
    if how.get("hidden") != ():
        how = {"members": 2, "epochs": 3, "hidden": 8, **how}
    ds.fit(**how).save(tmp_path / "whole")
    kills = 0
    while kills < 100:
        checkpoint = ds.Checkpoint(tmp_path / "runs", every="1 step", resume=True)
        try:
            model = ds.fit(**how, checkpoint=checkpoint, progress=kill_at(7))
            break
        except Killed:
            kills += 1
    assert 0 < kills < 100
    model.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()
    names = [name for name in os.listdir(tmp_path / "runs") if name != "lock"]
    assert all(len(name) == len("000.downslope") for name in names)  # each part is done


def test_another_table_or_setting_is_refused(tmp_path):
    how = {"members": 2, "epochs": 1, "hidden": 8}
    ds.fit(TABLE, "y", **how, checkpoint=ds.Checkpoint(tmp_path))
    resumed = ds.Checkpoint(tmp_path, resume=True)
    for data, target, others, told in (
        (TABLE | {"x0": X[:, 0] + (np.arange(120) == 60)}, "y", {}, "table was 120 rows with the digest"),
        (TABLE, "kind", {}, r"target was y \(regression\) and is kind \(classification\)"),
        (TABLE, "y", {"epochs": 2}, "epochs was 1 and is 2"),
        (TABLE, "y", {"drop": ["x1"]}, "columns was"),
        (TABLE, "y", {"row_weights": np.arange(1.0, 121.0)}, "table was"),
        (TABLE, "y", {"group": "patient"}, "group was '' and is 'patient'"),
    ):
        with pytest.raises(ds.DownslopeError, match=f"another training: .*{told}"):
            ds.fit(data, target, **{**how, **others}, checkpoint=resumed)
    with pytest.raises(ds.DownslopeError, match=r"checkpoint needs a ds\.Checkpoint, such as"):
        ds.fit(TABLE, "y", checkpoint="runs")
    again = ds.TableRegressor(members=2, epochs=1, random_state=0, checkpoint=resumed)
    with pytest.raises(ds.DownslopeError, match="another training"):
        again.fit(X, TABLE["y"])


@pytest.mark.thorough
def test_a_fit_with_a_time_limit_keeps_the_steps_that_were_planned(tmp_path, monkeypatch):
    """Also where the steps of the process that goes on take longer."""
    planned = set()

    def progress(phase):
        if phase.name != "linear":
            planned.add((phase.name, phase.progress.steps))
            if len(planned) == 1 and phase.progress.step > phase.progress.steps // 2:
                planned.add("killed")
                raise Killed

    how = {"members": 2, "hidden": (8,), "time_limit": 60.0, "progress": progress}
    monkeypatch.setattr(_within, "seconds_of_a_step", lambda *_: 1.0)
    with pytest.raises(Killed):
        ds.fit(TABLE, "y", **how, checkpoint=ds.Checkpoint(tmp_path, "1 step"))
    monkeypatch.setattr(_within, "seconds_of_a_step", lambda *_: 3.0)
    model = ds.fit(TABLE, "y", **how, checkpoint=ds.Checkpoint(tmp_path, "1 step", resume=True))
    first = model.record.groups[1].name
    (steps,) = (steps for name, steps in planned - {"killed"} if name == first)
    assert 10 <= steps <= 20  # of 60 seconds 24 are for it, and 0.85 of them are planned for
    assert not model.record.interrupted


@pytest.mark.thorough
def test_200_kills_at_random_moments():
    done = subprocess.run([sys.executable, BENCHMARKS / "kills.py", "200"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
