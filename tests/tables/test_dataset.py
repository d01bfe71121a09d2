"""Datasets: many files as blocks, the same rows as other readers find, and what is said of bad ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from downslope.errors import DownslopeError
from downslope.tables import Dataset, read_table

ROWS = 1000


def frame_of(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "size": random.normal(size=rows),
            "count": random.integers(0, 9, rows),
            "town": random.choice(["Bonn", "Ulm", 'the "old" town', "two\nlines"], rows),
            "gap": pl.Series(random.normal(size=rows)).set(pl.Series(random.random(rows) < 0.1), None),
        }
    )


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("_files", "_text"):
        monkeypatch.setattr(f"downslope.tables.dataset.{room}.BLOCK_BYTES", 4096)


def test_row_groups_are_those_that_arrow_finds(tmp_path: Path) -> None:
    from downslope.tables.dataset._footer import row_groups

    path = tmp_path / "it.parquet"
    frame_of().write_parquet(path, row_group_size=170)
    about = pq.ParquetFile(path).metadata
    wanted = [about.row_group(place) for place in range(about.num_row_groups)]
    assert [(group.rows, group.bytes) for group in row_groups(str(path))] == [
        (group.num_rows, group.total_byte_size) for group in wanted
    ]
    pq.write_table(pq.read_table(path), tmp_path / "arrow.parquet", row_group_size=300)
    assert [group.rows for group in row_groups(str(tmp_path / "arrow.parquet"))] == [300, 300, 300, 100]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_blocks_hold_every_row_once_and_in_order(tmp_path: Path, ending: str) -> None:
    whole = frame_of()
    for part in range(3):
        some = whole[part * 400 : (part + 1) * 400]
        path = tmp_path / f"{part}.{ending}"
        if ending == "parquet":
            some.write_parquet(path, row_group_size=90)
        elif ending == "arrow":
            some.write_ipc(path, record_batch_size=90)
        else:
            some.write_csv(path)
    dataset = Dataset(str(tmp_path))
    assert len(dataset) == ROWS
    assert len(dataset.blocks) > 6
    assert [frame.height for frame in dataset.frames()] == [block.rows for block in dataset.blocks]
    found = pl.concat(dataset.frames())
    assert dict(found.schema) == dict(dataset.schema)
    assert found.equals(whole.with_columns(pl.col("count").cast(dataset.schema["count"])))
    assert dataset.whole().equals(whole)
    firsts = [block.first for block in dataset.blocks if block.path.endswith(f"1.{ending}")]
    assert firsts[0] == 0
    assert firsts == sorted(firsts)


@pytest.mark.usefixtures("small_blocks")
def test_csv_blocks_are_read_as_the_whole_file_is(tmp_path: Path) -> None:
    lines = ["when;price;code;note"]
    lines += [
        f"{1 + i % 28:02}.03.2024;{i}.{i % 1000:03},5;0{i % 10};{'x' * (i % 50)}" for i in range(1, 999)
    ]
    path = tmp_path / "german.csv"
    path.write_text("\n".join(lines) + "\n")
    dataset = Dataset(path)
    assert len(dataset.blocks) > 5
    wanted = read_table(path)
    assert pl.concat(dataset.frames()).with_columns(pl.col("when").cast(pl.Date)).equals(wanted)


def test_packed_csv_is_one_block(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x,y\n1,2\n\n3,4\n"))
    dataset = Dataset(tmp_path)
    assert [block.rows for block in dataset.blocks] == [2]
    assert dataset.frame(dataset.blocks[0]).rows() == [(1.0, 2.0), (3.0, 4.0)]


@pytest.mark.usefixtures("small_blocks")
def test_text_that_holds_numbers_is_typed_in_every_block_alike(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [str(i) for i in range(3000)], "code": ["01"] * 3000})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=500)
    dataset = Dataset(tmp_path)
    assert len(dataset.blocks) > 1
    found = pl.concat(dataset.frames())
    assert found["n"].to_list() == [float(i) for i in range(3000)]
    assert found["code"].to_list() == ["01"] * 3000


def test_columns_are_chosen_and_numbers_of_files_widened(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "b": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"b": [0.5], "a": [3]}).write_parquet(tmp_path / "b.parquet")
    dataset = Dataset([tmp_path / "a.parquet", tmp_path / "b.parquet"], columns=["b"])
    assert pl.concat(dataset.frames()).rows() == [(1.0,), (2.0,), (0.5,)]


def said(source: object, **options: object) -> str:
    with pytest.raises(DownslopeError) as caught:
        pl.concat(Dataset(source, **options).frames())  # type: ignore[arg-type]
    return str(caught.value)


def test_errors_name_the_file_and_the_column(tmp_path: Path) -> None:
    assert "holds no table" in said(tmp_path)
    assert "no file matches" in said(str(tmp_path / "*.parquet"))
    assert "there is no file" in said(tmp_path / "none")
    good, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pl.DataFrame({"size": [1.0], "town": ["Bonn"]}).write_parquet(good)
    pl.DataFrame({"size": ["big"], "town": ["Bonn"]}).write_parquet(other)
    found = said(tmp_path)
    assert '"size"' in found
    assert "text in" in found
    assert "b.parquet" in found
    assert "a.parquet" in found
    pl.DataFrame({"size": [1.0]}).write_parquet(other)
    assert "lacks the column town" in said(tmp_path)
    pl.DataFrame({"size": [1.0], "town": [""], "more": [1]}).write_parquet(other)
    assert "has the column more" in said(tmp_path)
    other.write_bytes(good.read_bytes()[:-9])
    assert "was cut off" in said(tmp_path)
    other.write_bytes(b"")
    assert "b.parquet is empty" in said(tmp_path)
    other.write_bytes(b"something else")
    assert "b.parquet is no Parquet" in said(tmp_path)
    assert "no column" in said(good, columns=["tone"])
    assert "twice" in said([good, good])


def test_a_damaged_page_is_found_where_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame_of().write_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    assert "a.parquet cannot be read" in said(path)


def test_files_that_change_or_vanish_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame_of(5).write_parquet(path)
    dataset = Dataset(tmp_path)
    frame_of(6).write_parquet(path)
    with pytest.raises(DownslopeError, match="was changed since"):
        dataset.frame(dataset.blocks[0])
    path.unlink()
    with pytest.raises(DownslopeError, match="no longer there"):
        dataset.frame(dataset.blocks[0])


@pytest.mark.usefixtures("small_blocks")
def test_a_column_that_turns_into_something_else_is_named(tmp_path: Path) -> None:
    lines = [f"{i},{i}" for i in range(3000)]
    lines[2500] = "2500,much"
    (tmp_path / "a.csv").write_text("x,y\n" + "\n".join(lines))
    found = said(tmp_path)
    assert "a.csv" in found
    assert 'column "y"' in found
    assert "much" in found


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_damaged_footers_are_refused_or_read(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"size": [1.0, 2.0], "town": ["Bonn", "Ulm"]}).write_parquet(path)
    content = bytearray(path.read_bytes())
    content[-place - 1] ^= 0x5A
    path.write_bytes(content)
    outcome = ""
    try:
        outcome = f"a.parquet: {sum(frame.height for frame in Dataset(path).frames())} rows"
    except DownslopeError as error:
        outcome = str(error)
    assert "a.parquet" in outcome
