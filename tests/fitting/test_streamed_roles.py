"""Fits to streams with weights, groups and times of rows: what they mean in memory."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.fitting.ensemble import EncodedStream
from downslope.nets import Dense, Ensemble, Network
from downslope.tables import TableEncoder, Target, counted_rows_of, describe, summarised, times_of
from downslope.tables.dataset import _summary
from downslope.training import Folds

ROWS = 600
HOW = {"members": 3, "epochs": 2, "hidden": (16,)}


def frame_of(seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    a, noise = draw.normal(size=(2, ROWS))
    when = pl.Series(draw.integers(0, 300, ROWS)).cast(pl.Date)
    patient = pl.Series([f"p{int(n)}" for n in draw.integers(0, 40, ROWS)])
    weight = draw.choice([0.0, 0.5, 1.0, 3.0], ROWS)
    rows = pl.DataFrame({"a": a, "patient": patient, "when": when, "w": weight, "y": a + 0.1 * noise})
    gaps = pl.Series(draw.random(ROWS) < 0.05)
    blank = [pl.when(gaps).then(None).otherwise(pl.col(n)).alias(n) for n in ("patient", "when")]
    return rows.with_columns(blank)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 3000)
    write(frame_of(), tmp_path)
    return tmp_path


def write(frame: pl.DataFrame, folder: Path) -> None:
    for part in range(3):
        frame[part * 200 : (part + 1) * 200].write_parquet(folder / f"{part}.parquet", row_group_size=60)


def streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every dataset one that does not fit, though its rows are one window."""
    monkeypatch.setattr("downslope.tables.dataset._dataset._TIMES", 1 << 40)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "roles",
    [
        pytest.param({"row_weights": "w"}, marks=pytest.mark.thorough),
        pytest.param({"group": "patient"}, marks=pytest.mark.thorough),
        pytest.param({"time": "when"}, marks=pytest.mark.thorough),
        {"row_weights": "w", "group": "patient", "time": "when"},
        {"row_weights": "w", "group": "patient", "members": 1},
    ],
    ids=lambda roles: "-".join(roles),
)
def test_a_stream_of_one_window_is_fitted_as_a_table_in_memory(folder, monkeypatch, roles):
    wanted = ds.fit(frame_of(), "y", **(HOW | roles))
    streams(monkeypatch)
    found = ds.fit(str(folder), "y", **(HOW | roles))
    assert found.encoder == wanted.encoder
    assert math.isclose(found.target.mean, wanted.target.mean, abs_tol=1e-12)
    for name in ("rows", "validation_rows", "held_out", "group", "later", "gap_rows"):
        assert getattr(found.record, name) == getattr(wanted.record, name), name
    for of in ("baseline", "linear", "network"):
        one, two = getattr(found.record, of), getattr(wanted.record, of)
        assert math.isclose(one.r2, two.r2, rel_tol=1e-4, abs_tol=1e-6), of
    kinds = [(c.name, c.kind) for c in wanted.record.columns]
    assert [(c.name, c.kind) for c in found.record.columns] == kinds
    assert [n for n in found.record.notes if "left out" in n] == [
        n for n in wanted.record.notes if "left out" in n
    ]


@pytest.mark.thorough
def test_csv_is_fitted_as_parquet(folder, monkeypatch, tmp_path_factory):
    texts = tmp_path_factory.mktemp("texts")
    frame_of().write_csv(texts / "a.csv")
    streams(monkeypatch)
    roles = {"row_weights": "w", "group": "patient", "time": "when"}
    one, two = (ds.fit(ds.Dataset(of), "y", **HOW, **roles).record for of in (texts, folder))
    assert (one.rows, one.validation_rows) == (two.rows, two.validation_rows)
    assert math.isclose(one.network.r2, two.network.r2, rel_tol=1e-3)


def encoded(folder: Path, monkeypatch: pytest.MonkeyPatch, *, later=None, **roles: str) -> EncodedStream:
    """A stream of which half the rows are the sample."""
    monkeypatch.setattr(_summary, "_FEWEST", 200)
    group = roles.pop("group", "")
    counted = counted_rows_of(ds.Dataset(str(folder), memory=2000), "y", **roles)
    summary = summarised(counted, [], seed=0)
    description = describe(summary.sample, target="y")
    encoder = TableEncoder.fit(summary.sample, description, summary.columns)
    target = Target.fit(summary.sample["y"], "regression", summary.columns["y"])
    return EncodedStream(counted, summary, encoder, target, group, later)


@pytest.mark.parametrize("timed", [False, True], ids=["group", "group and time"])
def test_no_member_learns_from_a_row_of_a_group_that_it_holds_out(folder, monkeypatch, timed):
    cut = date(1970, 9, 1) if timed else None
    stream = encoded(folder, monkeypatch, weights="w", time="when" * timed, group="patient", later=cut)
    sample = stream.summary.sample
    assert sample.height == 200 < stream.summary.rows
    of = (sample["patient"].rank("dense").fill_null(0).to_numpy() % 3).astype(np.int64)
    members = Ensemble([Network(len(stream.encoder.features), [Dense(1)])] * 3)
    rows = stream.rows_for(members, Folds(of))
    known = pl.concat([stream.counted.block(b).frame for b in stream.counted.dataset.blocks])
    weights = np.concatenate([rows.read(part)["row_weights"] for part in range(len(rows.counts))])
    holder = dict(zip(sample["patient"].to_list(), of.tolist(), strict=True))
    learned = np.array([[holder.get(p, -1) != m or p is None for m in range(3)] for p in known["patient"]])
    alone = known["patient"].is_null().to_numpy()
    learned[stream.summary.places[sample["patient"].is_null().to_numpy()], 0] = False
    if timed:
        learned &= (times_of(known["when"]) < cut).to_numpy()[:, None]
    assert np.array_equal(weights > 0, learned)
    assert timed or learned[alone].any()
    for member in range(3):
        own = known["w"].to_numpy() * learned[:, member]
        assert np.allclose(weights[:, member], own / own[own > 0].mean(), rtol=1e-5)


def test_rows_of_weight_0_say_nothing_of_columns(folder, monkeypatch, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    frame_of().filter(pl.col("w") > 0).write_parquet(other / "a.parquet")
    one, two = (encoded(of, monkeypatch, weights="w").summary for of in (folder, other))
    assert one.sample.equals(two.sample)
    assert math.isclose(one.columns["a"].mean, two.columns["a"].mean, abs_tol=1e-12)
    assert one.left_out.weightless == frame_of().filter(pl.col("w") == 0).height
    assert two.left_out.weightless == 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("when", "start"),
    [
        (pl.col("when").cast(pl.Int64) // 30, "8"),
        (pl.col("when").cast(pl.Datetime("us")), "1970-0"),
    ],
    ids=["numbers", "moments"],
)
def test_rows_are_held_out_by_time_of_any_kind(folder, when, start):
    write(frame_of().with_columns(when.alias("when")), folder)
    model = ds.fit(ds.Dataset(str(folder), memory="40 kB"), "y", **HOW, time="when", batch_size=32)
    assert model.record.later.start.startswith(start)
    assert 0.1 < model.record.later.share < 0.3
    assert model.record.rows == frame_of()["when"].count()
    assert any('rows without a value of "when", left out: ' in note for note in model.record.notes)


@pytest.mark.thorough
def test_groups_of_whole_numbers_and_of_categories_are_those_of_text(folder, monkeypatch):
    streams(monkeypatch)
    numbers = pl.col("patient").str.slice(1).cast(pl.Int64)
    found = []
    for groups in (pl.col("patient"), numbers, pl.col("patient").cast(pl.Categorical)):
        write(frame_of().with_columns(groups.alias("patient")), folder)
        found.append(ds.fit(str(folder), "y", **HOW, group="patient").record)
    assert {one.validation_rows for one in found} == {ROWS}
    assert math.isclose(found[0].network.r2, found[2].network.r2, rel_tol=1e-6)


def test_what_serves_for_no_role_is_refused_with_its_place(folder):
    def refused(match: str, frame: pl.DataFrame | None = None, **roles: object) -> None:
        if frame is not None:
            write(frame, folder)
        with pytest.raises(DownslopeError, match=match):
            ds.fit(ds.Dataset(str(folder), memory="40 kB"), "y", **HOW, **roles)

    frame = frame_of()
    refused("row_weights needs the name of a column of it", row_weights=np.ones(ROWS))
    refused('row_weights names no column of the table: "v"', row_weights="v")
    refused('no column "v" for group', group="v")
    refused('no column "v" for time', time="v")
    refused('group and row_weights are both "w"', row_weights="w", group="w")
    refused('time "patient"|"patient" of .* holds text', time="patient")
    place = pl.Series(np.arange(ROWS) == 270)
    for cell, match in ((-1.0, "holds -1.0"), (None, "holds None"), (math.inf, "holds inf")):
        wrong = pl.when(place).then(pl.lit(cell)).otherwise(pl.col("w")).alias("w")
        refused(rf"1\.parquet: row_weights: row 71 .*{match}", frame.with_columns(wrong), row_weights="w")
    refused("row_weights is 0 for every row", frame.with_columns(w=0.0), row_weights="w")
    refused("is in one group", frame.with_columns(patient=pl.lit("p")), group="patient")
    refused("has the same time", frame.with_columns(when=date(2000, 1, 1)), time="when")
    frame[:200].drop("w").write_parquet(folder / "0.parquet")
    with pytest.raises(DownslopeError, match=r"1\.parquet has the column w, which .*0\.parquet lacks"):
        ds.fit(ds.Dataset(str(folder), memory="40 kB"), "y", **HOW, row_weights="w")


@pytest.mark.thorough
def test_estimators_of_tables_take_a_column_of_weights(folder):
    rows = ds.Dataset(str(folder), memory="40 kB")
    how = {"members": 2, "epochs": 2, "hidden_layer_sizes": (8,), "random_state": 0, "batch_size": 32}
    model = ds.TableRegressor(**how).fit(rows, "y", sample_weight="w")
    assert model.feature_names_in_.tolist() == ["a", "patient", "when"]
    assert model.model_.record.rows == frame_of().filter(pl.col("w") > 0).height
    assert model.feature_importances_.argmax() == 0
