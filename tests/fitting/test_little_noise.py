"""Networks without dropout where the first group finds little noise."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.fitting.ensemble import EncodedRows, EnsembleGroup, FitSettings
from downslope.fitting.ensemble._noise import little_noise
from downslope.nets import Dropout
from downslope.tables import Target
from downslope.training import Folds
from killed import Killed

X = np.random.default_rng(1).uniform(-1, 1, (200, 2))
EXACT = X[:, 0] + 0.3 * X[:, 1] ** 2
NOISY = EXACT + np.random.default_rng(2).standard_normal(200)
LEFT = FitSettings()  # dropout is left to the fit
QUICK = {"members": 2, "epochs": 12, "hidden": 32, "learning_rate": 0.02}
WET = ["linear", "periodic", "piecewise"]
DRY_KINDS = ("periodic, no dropout", "piecewise, no dropout")
DRY = ["linear", "periodic", DRY_KINDS[0]]


def table(y) -> dict[str, np.ndarray]:
    return {"a": X[:, 0], "b": X[:, 1], "y": y}


def names(model) -> list[str]:
    return [group.name for group in model.record.groups]


@pytest.fixture(scope="module")
def exact() -> ds.Model:
    return ds.fit(table(EXACT), "y", **QUICK)


def test_a_function_without_noise_goes_on_without_dropout(exact) -> None:
    assert names(exact) == DRY
    shares = {group.name: group.share for group in exact.record.groups}
    assert shares["periodic, no dropout"] > 0.5
    assert "2 × periodic, no dropout: " in str(exact.summary)
    assert "periodic embedding, no dropout" in ds.report(exact).html()


def test_the_networks_are_what_the_names_say(exact) -> None:
    dry = [
        not any(isinstance(part, Dropout) for part in network.layers) for network in exact.network.networks
    ]
    counts = [(group.name, group.members) for group in exact.record.groups if group.share > 0]
    assert dry == ["dropout" in name or name == "linear" for name, members in counts for _ in range(members)]


def test_a_trial_chooses_what_follows() -> None:
    """A staircase bends sharply where no wave does, so that narrow bins suit it better."""
    x = np.random.default_rng(3).uniform(0, 1, (600, 2))
    stairs = {"a": x[:, 0], "b": x[:, 1], "y": np.floor(6 * x[:, 0]) + x[:, 1]}
    epochs: Counter[str] = Counter()

    def seen(phase: ds.FitPhase) -> None:
        epochs[phase.name] += 1

    model = ds.fit(stairs, "y", **{**QUICK, "epochs": 30, "hidden": 64}, progress=seen)
    assert names(model) == [*WET[:2], "piecewise, no dropout"]
    trials = {name: last for name, last in epochs.items() if "trial" in name}
    assert trials == {"periodic, no dropout, trial": 6, "piecewise, no dropout, trial": 6}


def test_ctrl_c_in_a_trial_keeps_what_was_trained() -> None:
    def interrupt(phase: ds.FitPhase) -> None:
        if "trial" in phase.name:
            raise KeyboardInterrupt

    model = ds.fit(table(EXACT), "y", **QUICK, progress=interrupt)
    assert names(model) == DRY[:2]
    assert model.record.interrupted


def test_noise_and_classes_keep_dropout() -> None:
    assert names(ds.fit(table(NOISY), "y", **QUICK)) == WET
    assert names(ds.fit(table(np.where(EXACT > 0, "yes", "no")), "y", **QUICK)) == WET


def test_a_dropout_that_is_given_stays() -> None:
    model = ds.fit(table(EXACT), "y", dropout=0.05, **QUICK)
    assert names(model) == WET
    assert min(model.record.groups[1].validation_errors) < 0.03


@pytest.mark.parametrize("at", [DRY[-1], f"{DRY[-1]}, trial"])
def test_a_fit_that_is_killed_without_dropout_ends_as_the_same_file(exact, tmp_path, at) -> None:
    def kill(phase: ds.FitPhase) -> None:
        if phase.name == at and phase.progress.step > phase.progress.steps // 3:
            raise Killed

    with pytest.raises(Killed):
        ds.fit(
            table(EXACT), "y", **QUICK, progress=kill, checkpoint=ds.Checkpoint(tmp_path / "runs", "1 step")
        )
    resumed = ds.Checkpoint(tmp_path / "runs", resume=True)
    ds.fit(table(EXACT), "y", **QUICK, checkpoint=resumed).save(tmp_path / "again")
    exact.save(tmp_path / "whole")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.thorough
def test_a_column_of_times_trains_the_same_kinds_on_all_rows() -> None:
    model = ds.fit({**table(EXACT), "t": np.arange(200)}, "y", time="t", drop=["t"], **QUICK)
    assert names(model)[:2] == DRY[:2]
    assert names(model)[2] in DRY_KINDS
    assert model.record.network.r2 > 0.97


def test_streamed_rows_are_judged_by_those_in_memory(tmp_path) -> None:
    frame = pl.DataFrame(table(EXACT))
    for part in range(3):
        frame[70 * part : 70 * (part + 1)].write_parquet(tmp_path / f"{part}.parquet")
    assert names(ds.fit(ds.Dataset(tmp_path), "y", **QUICK)) == DRY


def test_the_bound_is_a_share_of_the_variance() -> None:
    """By hand: the weighted variance of 0 (three times) and 4 is 3, of which 3 % are 0.09."""
    y, weights = np.array([0, 4], np.float32), np.array([3, 1], np.float32)
    rows = EncodedRows(np.zeros((2, 1)), y, weights, Folds(np.array([0, 1])))
    target = Target("y")

    def judged(error: float, settings: FitSettings = LEFT, of: Target = target) -> bool:
        group = EnsembleGroup("periodic", None, None, (y + error)[:, None])
        return little_noise(group, rows, of, settings)

    assert judged(0.29)
    assert not judged(0.31)
    assert not judged(0.29, FitSettings(dropout=0.2))
    assert not judged(0.29, of=Target("y", ("no", "yes")))


def test_a_time_limit_has_room_for_the_second_kind_without_dropout() -> None:
    assert names(ds.fit(table(EXACT), "y", **QUICK, time_limit=20))[:4] == [*DRY, "piecewise, no dropout"]
