"""``downslope fit`` and ``predict`` of several files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import downslope as ds
from downslope.cli.commands import downslope

HOW = ["--target", "y", "--members", "2", "--epochs", "1", "--hidden", "8"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 3000)
    draw = np.random.default_rng(0)
    (tmp_path / "data").mkdir()
    for part in range(2):
        frame = pl.DataFrame({"a": draw.normal(size=500), "kind": draw.choice(["u", "v", "w"], 500)})
        frame = frame.with_columns((pl.col("a") * 2).alias("y"))
        frame.write_parquet(tmp_path / "data" / f"{part}.parquet", row_group_size=150)
    return tmp_path


def run(*words: str) -> str:
    done = CliRunner().invoke(downslope, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.thorough
def test_fit_and_predict_a_pattern_in_blocks(folder):
    said = run("fit", "data/*.parquet", *HOW, "--memory", "150 kB")
    assert "1,000 rows, 3 columns" in said
    assert "Saved to data.downslope" in said
    run("predict", "data.downslope", "data/*.parquet", "-o", "out/")
    parts = sorted(Path("out").iterdir())
    assert len(parts) == len(ds.Dataset("data").blocks) > 2
    written, model = pl.concat([pl.read_parquet(part) for part in parts]), ds.load("data.downslope")
    whole = pl.concat(ds.Dataset("data").frames())
    assert written.drop("predicted y").equals(whole)
    assert np.array_equal(written["predicted y"].to_numpy(), model.predict(whole))
    assert np.array_equal(model.predict("data/*.parquet"), model.predict(whole))


def test_small_memory_streams_and_says_so(folder):
    said = run("fit", "data", *HOW, "--memory", "40 kB", "--batch-size", "64", "-o", "m.downslope")
    assert "1,000 rows" in said
    model = ds.load("m.downslope")
    assert model.record.rows == 1000
    rows = ds.Dataset("data", memory=100)
    with pytest.raises(ds.DownslopeError, match="needs all rows at once"):
        model.evaluate(rows)
    assert len(model.predict(rows)) == 1000


@pytest.mark.parametrize("output", [None, "out.csv", "data"])
def test_predictions_of_several_files_need_a_new_folder(folder, output):
    run("fit", "data", *HOW)
    words = ["predict", "data.downslope", "data", *([] if output is None else ["-o", output])]
    done = CliRunner().invoke(downslope, words)
    assert done.exit_code != 0
    assert "folder" in str(done.output) + str(done.exception)
