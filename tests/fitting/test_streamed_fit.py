"""Fits to datasets: those of tables in memory where all rows are one window, and honest figures where not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.tables import counted_rows_of, describe, summarised
from downslope.tables.dataset import _summary
from thorough import first

ROWS = 1200
HOW = {"members": 3, "epochs": 2, "hidden": (16,)}


def frame_of(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "a": draw.normal(size=rows),
            "b": draw.exponential(size=rows) ** 2,
            "town": draw.choice(["Bonn", "Ulm", "Kiel"], rows),
            "street": [f"street {int(n)}" for n in draw.integers(0, 40, rows)],
            "when": pl.Series(draw.integers(0, 1000, rows)).cast(pl.Date),
        }
    )
    y = pl.col("a") * 2 - pl.col("b") + (pl.col("town") == "Ulm")
    frame = frame.with_columns(y.alias("y"))
    gaps = pl.Series(draw.random(rows) < 0.1)
    return frame.with_columns(pl.when(gaps).then(None).otherwise(pl.col("a")).alias("a"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 3000)
    frame = frame_of()
    for part in range(3):
        frame[part * 400 : (part + 1) * 400].write_parquet(tmp_path / f"{part}.parquet", row_group_size=90)
    return tmp_path


def same(one: ds.Model, two: ds.Model) -> None:
    assert one.encoder == two.encoder
    assert one.target == two.target
    assert one.parameters.keys() == two.parameters.keys()
    for name, value in one.parameters.items():
        assert np.array_equal(two.parameters[name], value), name
    assert one.record.groups == two.record.groups


@pytest.mark.thorough
def test_a_folder_that_fits_is_read_whole(folder):
    found, wanted = ds.fit(str(folder), "y", **HOW), ds.fit(frame_of(), "y", **HOW)
    same(found, wanted)
    assert found.record.columns == wanted.record.columns
    assert found.record.source == str(folder)
    same(ds.fit(str(folder / "*.parquet"), "y", **HOW), wanted)


@pytest.mark.parametrize("target", first(1, ["y", "town"]))
def test_a_stream_of_one_window_has_the_bits_of_a_table_in_memory(folder, monkeypatch, target):
    monkeypatch.setattr("downslope.tables.dataset._dataset._TIMES", 1 << 40)
    found, wanted = ds.fit(str(folder), target, **HOW), ds.fit(frame_of(), target, **HOW)
    if target == "town":
        same(found, wanted)
        return
    assert found.encoder == wanted.encoder
    assert math.isclose(found.target.mean, wanted.target.mean, rel_tol=1e-12, abs_tol=1e-12)
    assert math.isclose(found.record.network.r2, wanted.record.network.r2, rel_tol=1e-5)


@pytest.mark.thorough
def test_members_hold_rows_of_the_sample_out_and_a_single_one_is_trained_on_all(folder):
    rows = ds.Dataset(str(folder), memory="150 kB")
    model = ds.fit(rows, "y", **HOW)
    assert model.record.rows == ROWS
    assert model.record.held_out
    assert model.record.validation_rows == 1000
    assert model.intervals is not None
    assert any("uniform sample of 1,000 of 1,200 rows" in note for note in model.record.notes)
    assert any("was not checked by when: rows of a stream" in note for note in model.record.notes)
    assert "in training, 1,200 rows of " in model.record.notes[-1]
    assert "shuffled in windows of 576" in model.record.notes[-1]
    assert "1,200 rows" in str(model.summary)
    alone = ds.fit(rows, "y", **(HOW | {"members": 1}))
    assert alone.record.rows == ROWS
    same(ds.fit(rows, "y", **HOW), model)


@pytest.mark.thorough
def test_a_streamed_fit_goes_on_from_a_checkpoint(folder, tmp_path_factory):
    rows, kept = ds.Dataset(str(folder), memory="150 kB"), tmp_path_factory.mktemp("kept") / "a"
    seen = []

    def stop(phase):
        seen.append(phase.name)
        if seen.count("periodic") == 2:
            raise KeyboardInterrupt

    how = {"members": 2, "epochs": 2, "hidden": (4,)}
    cut = ds.fit(rows, "y", **how, progress=stop, checkpoint=ds.Checkpoint(kept, 1))
    assert cut.record.interrupted
    again = ds.fit(rows, "y", **how, checkpoint=ds.Checkpoint(kept, 1, resume=True))
    same(again, ds.fit(rows, "y", **how))


def test_figures_of_all_rows_are_exact_and_the_sample_uniform(folder, monkeypatch):
    monkeypatch.setattr(_summary, "_FEWEST", 300)
    frame = frame_of()
    found = summarised(counted_rows_of(ds.Dataset(str(folder), memory=1000), "y"), ["town"], seed=0)
    assert found.sample.height == 300
    assert found.sample.equals(frame[found.places])
    assert np.array_equal(found.places, np.sort(found.places))
    for name in ("a", "b", "y"):
        values = frame[name].drop_nulls().to_numpy()
        about = found.columns[name]
        assert (about.low, about.high) == (values.min(), values.max())
        assert about.gaps == frame[name].null_count()
        assert math.isclose(about.mean, values.mean(), abs_tol=1e-12)
        assert math.isclose(about.deviation, values.std(), rel_tol=1e-12)
    for name in ("town", "street"):
        wanted = dict(frame[name].value_counts().iter_rows())
        assert dict(found.columns[name].cells.iter_rows()) == wanted
    bound = math.sqrt(math.log(2 / 0.01) / 600)
    values = np.sort(frame["b"].to_numpy())
    for share in (0.25, 0.5, 0.75):
        quantile = np.quantile(found.sample["b"].to_numpy(), share)
        assert abs(np.searchsorted(values, quantile) / ROWS - share) < bound
    assert f"{100 * bound:.2g} %" in found.said()


def test_levels_beyond_the_bound_are_counted_within_what_is_said(folder, monkeypatch):
    monkeypatch.setattr(_summary, "_LEVELS", 12)
    found = summarised(counted_rows_of(ds.Dataset(str(folder), memory=1), "y"), [], seed=0)
    about = found.columns["street"]
    assert f"street by at most {about.undercount}" in found.said(["street"])
    wanted = dict(frame_of()["street"].value_counts().iter_rows())
    assert about.undercount > 0
    assert about.cells.height <= 12
    for cell, rows in about.cells.iter_rows():
        assert wanted[cell] - about.undercount <= rows <= wanted[cell]
    lacking = max(rows for cell, rows in wanted.items() if cell not in set(about.cells["cell"]))
    assert lacking <= about.undercount


@pytest.mark.thorough
def test_what_the_sample_missed_still_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(_summary, "_FEWEST", 50)
    frame = frame_of(2000).with_columns(pl.lit(1.0).alias("rare"), pl.lit("u").alias("word"))
    places = summarised_places(frame, tmp_path)
    unseen = next(place for place in range(2000) if place not in set(places.tolist()))
    changed = pl.Series(np.arange(2000) == unseen)
    frame = frame.with_columns(
        pl.when(changed).then(7.0).otherwise(pl.col("rare")).alias("rare"),
        pl.when(changed).then(pl.lit("v")).otherwise(pl.col("word")).alias("word"),
        pl.when(changed).then(pl.lit("Oslo")).otherwise(pl.col("town")).alias("town"),
    )
    frame.write_parquet(tmp_path / "a.parquet")
    found = summarised(counted_rows_of(ds.Dataset(tmp_path, memory=1000), "y"), [], seed=0)
    columns = {c.name: found.described(c) for c in describe(found.sample, target="y").columns}
    assert columns["rare"].kind == "number"
    assert (columns["word"].kind, columns["word"].reason) == ("yes-no", "u or v")
    assert columns["town"].reason == "text, 4 levels"
    model = ds.fit(ds.Dataset(tmp_path, memory=40_000), "town", **(HOW | {"batch_size": 32}))
    assert model.target.classes == ("Bonn", "Kiel", "Oslo", "Ulm")


def summarised_places(frame: pl.DataFrame, folder: Path) -> np.ndarray:
    frame.write_parquet(folder / "a.parquet")
    return summarised(counted_rows_of(ds.Dataset(folder, memory=1000), "y"), [], seed=0).places


def test_what_needs_all_rows_at_once_is_refused(folder):
    rows = ds.Dataset(str(folder), memory="100 kB")
    with pytest.raises(DownslopeError, match="one target"):
        ds.fit(rows, ["y", "a"])
    with pytest.raises(DownslopeError, match='no column "z"'):
        ds.fit(rows, "z")
