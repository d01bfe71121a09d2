"""A group that learns what the linear model leaves, where that is little."""

from __future__ import annotations

from dataclasses import replace
from inspect import signature

import numpy as np
import polars as pl
import pytest
from thread_ranks import on_ranks

import downslope as ds
from downslope.fitting._fit import opened_fit
from downslope.fitting._training import with_folds
from downslope.fitting.ensemble import FitHooks, linear_group
from downslope.fitting.ensemble._residuals import leaves_little, residuals_of
from downslope.training import Folds
from killed import Killed
from thorough import first

X = np.random.default_rng(1).uniform(-1, 1, (300, 2))
WAVE = 0.05 * np.sin(4 * X[:, 1])
Y = 3 * X[:, 0] - X[:, 1] + WAVE
"""A line and a small wave on it, which the linear model leaves."""
QUICK = {"members": 2, "epochs": 30, "hidden": 32, "learning_rate": 0.02}
ADDED = "piecewise, no dropout, residuals"


def table(y) -> dict[str, np.ndarray]:
    return {"a": X[:, 0], "b": X[:, 1], "y": y}


def names(model: ds.Model) -> list[str]:
    return [group.name for group in model.record.groups]


@pytest.fixture(scope="module")
def model() -> ds.Model:
    return ds.fit(table(Y), "y", **QUICK)


def test_what_the_linear_model_leaves_is_learned(model) -> None:
    (share,) = [group.share for group in model.record.groups if group.name == ADDED]
    assert share > 0.5
    left = np.std(table(Y)["y"] - model.linear_part.predict(table(Y)))
    assert left == pytest.approx(np.std(WAVE), rel=0.2)
    assert model.record.network.root_mean_squared_error < 0.3 * left


def test_the_prediction_is_the_linear_model_with_the_share_of_what_is_added(model) -> None:
    """By hand from the members of each group, in the shares that the record tells."""
    x, place, expected = model.encoder.encode(model.frame(table(Y))).x, 0, np.zeros(len(Y))
    for group in model.record.groups:
        if group.share == 0:
            continue
        for _ in range(group.members):
            network, parameters = model.member(place)
            z = ds.predict(network, x.astype(np.float64), parameters=parameters)[:, 0]
            expected += group.share / group.members * z
            place += 1
    assert sum(g.share for g in model.record.groups if "residuals" not in g.name) == pytest.approx(1)
    assert place == len(model.network.networks)
    np.testing.assert_allclose(
        model.predict(table(Y)), expected * model.target.scale + model.target.mean, rtol=1e-4
    )


def test_it_is_said(model) -> None:
    assert f"2 × {ADDED}: " in str(model.summary)
    assert "of the prediction, added to the linear model; best epoch" in str(model.summary)
    assert "piecewise embedding, no dropout, residuals" in ds.report(model).html()


def test_a_file_holds_it(model, tmp_path) -> None:
    model.save(tmp_path / "model")
    again = ds.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(table(Y)), model.predict(table(Y)))
    assert again.record == model.record


def test_its_source_in_python_predicts_the_same(model, tmp_path) -> None:
    ds.export(model, tmp_path / "model.py")
    defined: dict = {}
    exec(compile((tmp_path / "model.py").read_text(), "model.py", "exec"), defined)
    found = defined["predict"]({"a": X[:10, 0], "b": X[:10, 1]})
    np.testing.assert_allclose(found, model.predict(table(Y))[:10], rtol=1e-4)


def test_contributions_add_up_to_the_prediction(model) -> None:
    few = {name: column[:5] for name, column in table(Y).items() if name != "y"}
    found = model.contributions(few)
    predicted = model.predict(few)
    np.testing.assert_allclose(found.averages + found.values.sum(axis=1), predicted, rtol=1e-4, atol=1e-4)
    moved = model.predict({**few, "a": few["a"] + 1e-3}) - model.predict({**few, "a": few["a"] - 1e-3})
    np.testing.assert_allclose(found.slopes[:, 0], moved / 2e-3, rtol=0.02)


def test_errors_are_in_the_unit_of_the_targets(model) -> None:
    (group,) = [group for group in model.record.groups if group.name == ADDED]
    left = (np.std(WAVE) / model.target.scale) ** 2
    assert min(group.validation_errors) < 0.3 * left < left < 3 * max(group.validation_errors)


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(Y + 3 * np.random.default_rng(2).standard_normal(300), id="noise"),
        pytest.param(np.where(Y > 0, "yes", "no"), id="classes"),
    ],
)
def test_noise_and_classes_have_none(y) -> None:
    assert not any("residuals" in name for name in names(ds.fit(table(y), "y", **QUICK)))


def test_where_the_linear_model_leaves_much_there_is_none() -> None:
    found = names(ds.fit(table(X[:, 0] + X[:, 1] ** 2), "y", **QUICK))
    assert found == ["linear", "periodic", "periodic, no dropout", "piecewise, no dropout"]


@pytest.mark.thorough
def test_the_absolute_error_is_learned_alike() -> None:
    found = ds.fit(table(Y), "y", **QUICK, metric="mae")
    (share,) = [group.share for group in found.record.groups if group.name == ADDED]
    assert share > 0.5


@pytest.mark.parametrize("at", first(1, [ADDED, "linear"]))
def test_a_fit_that_is_killed_ends_as_the_same_file(model, tmp_path, at) -> None:
    def kill(phase: ds.FitPhase) -> None:
        if phase.name == at and phase.progress.step > phase.progress.steps // 30:
            raise Killed

    with pytest.raises(Killed):
        ds.fit(table(Y), "y", **QUICK, progress=kill, checkpoint=ds.Checkpoint(tmp_path / "runs", "1 step"))
    resumed = ds.Checkpoint(tmp_path / "runs", resume=True)
    ds.fit(table(Y), "y", **QUICK, checkpoint=resumed).save(tmp_path / "again")
    model.save(tmp_path / "whole")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()


def test_ctrl_c_in_it_keeps_what_was_trained() -> None:
    def interrupt(phase: ds.FitPhase) -> None:
        if phase.name == ADDED and phase.progress.step > 20:
            raise KeyboardInterrupt

    found = ds.fit(table(Y), "y", **QUICK, progress=interrupt)
    assert found.record.interrupted
    assert np.isfinite(found.predict(table(Y))).all()


@pytest.mark.thorough
def test_a_time_limit_has_room_for_it() -> None:
    assert ADDED in names(ds.fit(table(Y), "y", **QUICK, time_limit=20))


@pytest.mark.thorough
def test_networks_of_all_rows_are_added_to_the_linear_model_of_all_rows() -> None:
    """With rows held out by time, everything is trained again; the time check trains it on earlier rows."""
    found = ds.fit({**table(Y), "t": np.arange(300)}, "y", time="t", drop=["t"], **{**QUICK, "members": 4})
    assert ADDED in names(found)
    left = Y - found.predict(table(Y))
    assert np.std(left) < 0.5 * np.std(Y - found.linear_part.predict(table(Y)))


def test_residuals_are_those_of_the_member_that_holds_the_row_out() -> None:
    """And of all members in the mean where none does; in a unit of their size."""
    usual = {name: each.default for name, each in signature(ds.fit).parameters.items()}
    opened = opened_fit({**usual, "data": table(Y), "target": "y", **QUICK})
    rows, settings = opened.rows(), opened.settings
    encoded = with_folds(rows, rows, settings)
    folds = Folds(np.where(np.arange(300) < 100, -1, encoded.folds.of))
    encoded = replace(encoded, folds=folds)
    linear = linear_group(encoded, rows.encoder, rows.target, settings, FitHooks())
    assert leaves_little(linear, encoded, settings)
    members = [
        ds.predict(network, encoded.x, parameters=linear.ensemble.of_member(place, linear.parameters))[:, 0]
        for place, network in enumerate(linear.ensemble.networks)
    ]
    own = np.array(members)[folds.of, np.arange(300)]
    predicted = np.where(folds.of < 0, np.mean(members, axis=0), own)
    residuals = residuals_of(linear, encoded)
    np.testing.assert_allclose(residuals.unit * residuals.rows.y, encoded.y - predicted, atol=1e-6)
    assert 0.7 <= np.mean(np.abs(residuals.rows.y)) <= 1.5
    assert np.log2(residuals.unit) % 1 == 0


@pytest.mark.thorough
@pytest.mark.parametrize("parallel", first(1, ["data", "members"]))
def test_ranks_add_the_same(monkeypatch, parallel) -> None:
    asked = {**QUICK, "hidden": 128, "parallel": parallel, "seed": 1}  # of which little noise is found early
    found = on_ranks(monkeypatch, 2, lambda rank: ds.fit(table(Y), "y", **asked))
    assert ADDED in names(found[0])
    np.testing.assert_array_equal(found[0].predict(table(Y)), found[1].predict(table(Y)))
    np.testing.assert_allclose(found[0].predict(table(Y)), Y, atol=0.05)


@pytest.mark.thorough
def test_streamed_rows_have_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 1000)
    for part in range(3):
        frame = pl.DataFrame(table(Y))[part * 100 : (part + 1) * 100]
        frame.write_parquet(tmp_path / f"{part}.parquet")
    found = names(ds.fit(ds.Dataset(tmp_path, memory=20_000), "y", **{**QUICK, "hidden": 128}))
    assert any("no dropout" in name for name in found)
    assert not any("residuals" in name for name in found)
