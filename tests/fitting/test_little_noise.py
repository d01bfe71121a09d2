"""Networks without dropout where the first group finds little noise."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.fitting.ensemble import EncodedRows, FitSettings
from downslope.fitting.ensemble._noise import HARDLY_ANY, LITTLE_NOISE, noise_limit
from downslope.nets import Dropout
from downslope.tables import Target
from downslope.training import Folds
from killed import Killed

X = np.random.default_rng(1).uniform(-1, 1, (200, 2))
EXACT = X[:, 0] + X[:, 1] ** 2
NOISY = EXACT + np.random.default_rng(2).standard_normal(200)
QUICK = {"members": 2, "epochs": 12, "hidden": 32, "learning_rate": 0.02}
WET = ["linear", "periodic", "piecewise"]
DRY = ["linear", "periodic", "periodic, no dropout", "piecewise, no dropout"]


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
    assert sum(shares[name] for name in DRY[2:]) > 0.5
    assert "2 × periodic, no dropout: " in str(exact.summary)
    assert "periodic embedding, no dropout" in ds.report(exact).html()


def test_the_networks_are_what_the_names_say(exact) -> None:
    dry = [
        not any(isinstance(part, Dropout) for part in network.layers) for network in exact.network.networks
    ]
    counts = [(group.name, group.members) for group in exact.record.groups if group.share > 0]
    assert dry == ["dropout" in name or name == "linear" for name, members in counts for _ in range(members)]


def test_the_first_group_ends_where_it_finds_little_noise(exact) -> None:
    errors = np.array(exact.record.groups[1].validation_errors)
    assert errors[-1] < 0.03 * EXACT.var() / exact.target.scale**2
    assert len(errors) < QUICK["epochs"]


def test_those_who_are_told_do_not_change_where_it_ends(exact) -> None:
    told = []
    again = ds.fit(table(EXACT), "y", **QUICK, progress=lambda phase: told.append(phase.name))
    assert told.count("periodic") == len(exact.record.groups[1].validation_errors)
    np.testing.assert_array_equal(again.predict(table(EXACT)), exact.predict(table(EXACT)))


def test_ctrl_c_after_the_first_group_keeps_what_was_trained() -> None:
    def interrupt(phase: ds.FitPhase) -> None:
        if phase.name == DRY[2]:
            raise KeyboardInterrupt

    model = ds.fit(table(EXACT), "y", **QUICK, progress=interrupt)
    assert names(model)[:2] == DRY[:2]
    assert model.record.interrupted


MANY = {"members": 2, "hidden": 32, "learning_rate": 0.02}
"""Without ``epochs``: as many as few updates allow."""


def test_the_first_group_ends_where_it_finds_hardly_any_noise_even_if_the_next_has_more_epochs() -> None:
    model = ds.fit(table(EXACT), "y", **MANY)
    errors = np.array(model.record.groups[1].validation_errors) * model.target.scale**2 / EXACT.var()
    assert np.all(errors[:-1] >= 0.01)
    assert errors[-1] < 0.01
    assert len(errors) < 40


@pytest.mark.thorough
def test_where_few_rows_allow_more_epochs_a_trial_chooses_who_has_them() -> None:
    """A staircase bends sharply where no wave does, so that narrow bins suit it better."""
    x = np.random.default_rng(3).uniform(0, 1, (600, 2))
    stairs = {"a": x[:, 0], "b": x[:, 1], "y": np.floor(6 * x[:, 0]) + x[:, 1]}
    told: Counter[str] = Counter()

    def seen(phase: ds.FitPhase) -> None:
        told[phase.name] += 1

    model = ds.fit(stairs, "y", **{**MANY, "hidden": 64}, progress=seen)
    assert names(model) == [*WET[:2], "piecewise, no dropout, residuals", "piecewise, no dropout"]
    trials = {name: epochs for name, epochs in told.items() if "trial" in name}
    assert set(trials) == {f"{name}, trial" for name in DRY[2:]}
    assert max(trials.values()) == 20  # of 100; the other may have run out of patience
    first = np.array(model.record.groups[1].validation_errors)
    assert np.argmax(first < 0.03) < len(first) - 1  # it went on


def test_ctrl_c_in_a_trial_keeps_what_was_trained() -> None:
    def interrupt(phase: ds.FitPhase) -> None:
        if "trial" in phase.name:
            raise KeyboardInterrupt

    model = ds.fit(table(EXACT), "y", **MANY, progress=interrupt)
    assert names(model) == DRY[:2]
    assert model.record.interrupted


@pytest.mark.thorough
def test_a_fit_that_is_killed_in_a_trial_ends_as_the_same_file(tmp_path) -> None:
    def kill(phase: ds.FitPhase) -> None:
        if "trial" in phase.name and phase.progress.step > phase.progress.steps // 3:
            raise Killed

    kept = ds.Checkpoint(tmp_path / "runs", "1 step")
    with pytest.raises(Killed):
        ds.fit(table(EXACT), "y", **MANY, progress=kill, checkpoint=kept)
    resumed = ds.Checkpoint(tmp_path / "runs", resume=True)
    ds.fit(table(EXACT), "y", **MANY, checkpoint=resumed).save(tmp_path / "again")
    ds.fit(table(EXACT), "y", **MANY).save(tmp_path / "whole")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()


def test_noise_and_classes_keep_dropout() -> None:
    assert names(ds.fit(table(NOISY), "y", **QUICK)) == WET
    assert names(ds.fit(table(np.where(EXACT > 0, "yes", "no")), "y", **QUICK)) == WET


def test_a_dropout_that_is_given_stays() -> None:
    model = ds.fit(table(EXACT), "y", dropout=0.05, **QUICK)
    assert names(model) == WET
    assert min(model.record.groups[1].validation_errors) < 0.03


@pytest.mark.parametrize("at", DRY[1:3])
def test_a_fit_that_is_killed_without_dropout_ends_as_the_same_file(exact, tmp_path, at) -> None:
    def kill(phase: ds.FitPhase) -> None:
        if phase.name == at and (at == DRY[1] or phase.progress.step > phase.progress.steps // 3):
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
    assert names(model) == DRY
    assert model.record.network.r2 > 0.97


def test_streamed_rows_are_judged_by_those_in_memory(tmp_path) -> None:
    frame = pl.DataFrame(table(EXACT))
    for part in range(3):
        frame[70 * part : 70 * (part + 1)].write_parquet(tmp_path / f"{part}.parquet")
    assert names(ds.fit(ds.Dataset(tmp_path), "y", **QUICK)) == DRY


Y, WEIGHTS = np.array([0, 4], np.float32), np.array([3, 1], np.float32)
ROWS = EncodedRows(np.zeros((2, 1)), Y, WEIGHTS, Folds(np.array([0, 1])))


@pytest.mark.parametrize("share", [LITTLE_NOISE, HARDLY_ANY])
@pytest.mark.parametrize("metric", [None, "mae"])
def test_the_limit_is_a_share_of_what_a_constant_leaves(metric, share) -> None:
    """By hand: the weighted variance of 0 (three times) and 4 is 3; their distance from 0 is 1."""
    limit = np.sqrt(share) if metric else 3 * share
    assert noise_limit(share, ROWS, Target("y"), FitSettings(metric=metric)) == pytest.approx(limit)


def test_classes_and_a_dropout_that_was_given_have_no_limit() -> None:
    assert noise_limit(LITTLE_NOISE, ROWS, Target("y", ("no", "yes")), FitSettings()) == 0
    assert noise_limit(LITTLE_NOISE, ROWS, Target("y"), FitSettings(dropout=0.2)) == 0


@pytest.mark.thorough
def test_a_time_limit_has_room_for_the_second_kind_without_dropout() -> None:
    assert names(ds.fit(table(EXACT), "y", **QUICK, time_limit=20))[:4] == DRY
