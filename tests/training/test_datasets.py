"""Descent on a dataset: the same numbers as in memory for the same order, whatever ends it and goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from thread_ranks import on_ranks

import downslope as ds
import thorough
from downslope.engines import shuffled
from downslope.errors import DownslopeError
from downslope.tables import Dataset
from downslope.training import ShuffledBatches
from downslope.training.rows import StreamedRows, rows_of_table
from engine_names import ENGINES

ROWS, GROUP, BATCH = 1000, 90, 32
NET = ds.Network(3, [ds.Dense(8, "tanh"), ds.Dropout(0.1), ds.Dense(1)])
SETTINGS = {"optimizer": "adam", "batch_size": BATCH, "seed": 4, "learning_rate": 0.01}
ROW_BYTES = 8 * (3 + 1 + 1)
SMALL = 4 * ROW_BYTES * 260  # windows of 256 rows


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, np.ndarray, np.ndarray]:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 3000)
    random = np.random.default_rng(2)
    x = random.normal(size=(ROWS, 3))
    y = np.sin(2 * x[:, 0]) + 0.3 * random.normal(size=ROWS)
    for part, (first, last) in enumerate([(0, 400), (400, 1000)]):
        columns = {f"x{i}": x[first:last, i] for i in range(3)} | {"y": y[first:last]}
        pl.DataFrame(columns).write_parquet(tmp_path / f"{part}.parquet", row_group_size=GROUP)
    return tmp_path, x, y


def same(one: ds.Run, two: ds.Run) -> None:
    assert np.array_equal(one.losses, two.losses)
    assert np.array_equal(one.validation_losses, two.validation_losses)
    for found, expected in ((one.parameters, two.parameters), (one.state, two.state)):
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_window_has_the_bits_of_rows_in_memory(table, engine):
    folder, x, y = table
    settings = {**SETTINGS, "engine": engine, "epochs": 3}
    held = x[:50], y[:50]
    dataset = Dataset(folder)
    assert len(dataset.blocks) > 10
    found = ds.descend(NET, dataset, "y", validation=held, **settings)
    same(found, ds.descend(NET, x, y, validation=held, **settings))
    assert "1,000 rows of 12 blocks, shuffled as a whole" in found.message


def orders(parts: list[int], window: int, seed: int, epoch: int) -> np.ndarray:
    """The rows of an epoch in their order, as the documentation has it."""
    firsts = np.cumsum([0, *parts])
    blocks = shuffled(len(parts), seed, 2, epoch)
    rows = np.concatenate([np.arange(firsts[b], firsts[b] + parts[b]) for b in blocks])
    found = []
    for place, first in enumerate(range(0, len(rows), window)):
        some = rows[first : first + window]
        found.append(some[shuffled(len(some), seed, 2 + place + 1 if place else 0, epoch)])
    return np.concatenate(found)


def test_windows_take_the_rows_in_the_order_that_is_said(table):
    folder, x, y = table
    net = ds.Network(
        3, [ds.Dense(8, "tanh"), ds.Dense(1)]
    )  # without dropout, which a step alone would repeat
    settings = {"batch_size": BATCH, "seed": 4, "learning_rate": 0.05}
    dataset = Dataset(folder, memory=SMALL)
    found = ds.descend(net, dataset, "y", epochs=2, **settings)
    assert "windows of 256" in found.message
    parts = [block.rows for block in dataset.blocks]
    start, losses = net.initial_parameters(4, np.float64), []
    for epoch in (0, 1):
        order = orders(parts, 256, 4, epoch)
        assert np.array_equal(np.sort(order), np.arange(ROWS))
        for first in range(0, ROWS, BATCH):
            some = order[first : first + BATCH]
            step = ds.descend(net, x[some], y[some], start=start, steps=1, learning_rate=0.05)
            losses.append(step.losses[0])
            start = step.parameters
    assert np.array_equal(found.losses, losses)
    for name, value in start.items():
        assert np.array_equal(found.parameters[name], value)


@pytest.mark.parametrize("cut", thorough.first(4, [1, 8, 31, 33, 7, 9, 32, 50]))
def test_a_run_goes_on_in_the_middle_of_a_window_with_the_same_bits(table, cut):
    dataset = Dataset(table[0], memory=SMALL)
    settings = {**SETTINGS, "validation": 0.2}
    whole = ds.descend(NET, dataset, "y", steps=70, **settings)
    first = ds.descend(NET, dataset, "y", steps=cut, **settings)
    same(ds.descend(NET, dataset, "y", start=first, steps=70 - cut, **settings), whole)


def test_a_checkpoint_goes_on_after_ctrl_c(table, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("checkpoints")
    dataset = Dataset(table[0], memory=SMALL)
    settings = {**SETTINGS, "epochs": 4}
    whole = ds.descend(NET, dataset, "y", **settings)

    def stop(progress):
        if progress.step >= 64:
            raise KeyboardInterrupt

    kept = ds.Checkpoint(tmp_path / "kept", 1)
    cut = ds.descend(NET, dataset, "y", progress=stop, checkpoint=kept, **settings)
    assert cut.stopped == "interrupted"
    assert 64 <= len(cut.losses) < len(whole.losses)
    again = ds.Checkpoint(tmp_path / "kept", 1, resume=True)
    same(ds.descend(NET, dataset, "y", checkpoint=again, **settings), whole)
    other = ds.Checkpoint(tmp_path / "kept", 1, resume=True)
    with pytest.raises(DownslopeError, match="memory was"):
        ds.descend(NET, Dataset(table[0], memory=SMALL * 2), "y", checkpoint=other, **settings)


def test_rows_that_validate_are_the_same_whatever_the_blocks(table, tmp_path_factory):
    folder, whole = table[0], tmp_path_factory.mktemp("whole")
    pl.concat(Dataset(folder).frames()).write_parquet(whole / "all.parquet")
    settings = {**SETTINGS, "epochs": 2, "validation": 0.25, "patience": 1}
    found = [ds.descend(NET, Dataset(of), "y", **settings) for of in (folder, whole)]
    same(*found)
    trained = int(found[0].message.split("; ")[1].split(" rows")[0].replace(",", ""))
    assert 700 < trained < 800
    other = ds.descend(NET, Dataset(folder), "y", **{**settings, "seed": 5})
    assert not np.array_equal(other.validation_losses, found[0].validation_losses)


def test_rows_are_read_once_for_an_epoch_and_no_further_ahead_than_a_window(table):
    rows = rows_of_table(NET, Dataset(table[0], memory=SMALL), "y", None)
    seen: list[int] = []

    def read(part: int):
        seen.append(part)
        return rows.read(part)

    counted = StreamedRows(**{**vars(rows), "read": read})
    batches = ShuffledBatches(counted, BATCH, 0)
    steps = batches.steps_in_epoch
    used = np.concatenate([batches.block(step, step).rows()["y"][:, 0] for step in range(1, steps + 1)])
    batches.close()
    assert np.array_equal(np.sort(used), np.sort(table[2]))
    epoch = seen[: len(rows.counts)]
    assert sorted(epoch) == list(range(len(rows.counts)))
    assert len(seen) <= len(rows.counts) + 4  # the first window of the next epoch


def test_a_file_that_vanishes_ends_the_run_with_its_name(table):
    dataset = Dataset(table[0], memory=SMALL)

    def remove(progress):
        (table[0] / "1.parquet").unlink(missing_ok=True)

    with pytest.raises(DownslopeError, match=r"1\.parquet is no longer there"):
        ds.descend(NET, dataset, "y", progress=remove, epochs=5, **SETTINGS)


def test_weights_of_rows_are_a_column(table, tmp_path_factory, monkeypatch):
    """One window has the bits of arrays; in smaller ones only ratios count; ranks take the same steps."""
    folder, (_, x, y) = tmp_path_factory.mktemp("weighed"), table
    w = np.random.default_rng(5).uniform(0, 3, ROWS) * (np.arange(ROWS) % 7 > 0)
    columns = {f"x{i}": x[:, i] for i in range(3)} | {"y": y, "w": w}
    pl.DataFrame(columns).write_parquet(folder / "0.parquet", row_group_size=GROUP)
    settings, net = {**SETTINGS, "epochs": 2}, ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])
    found = ds.descend(net, Dataset(folder), "y", row_weights="w", **settings)
    same(found, ds.descend(net, x, y, row_weights=w, **settings))
    small = ds.descend(net, Dataset(folder, memory=SMALL), "y", row_weights="w", **settings)
    assert "in windows of" in small.message
    for run in on_ranks(
        monkeypatch,
        2,
        lambda rank: ds.descend(
            *(net, Dataset(folder, memory=SMALL), "y"),
            row_weights="w",
            parallel="data",
            engine="reference",
            **settings,
        ),
    ):
        np.testing.assert_allclose(run.losses, small.losses, rtol=1e-9)
    relative = pl.DataFrame({**columns, "w": 1e-300 * w / w[w > 0].mean()})
    relative.write_parquet(folder / "0.parquet", row_group_size=GROUP)
    scaled = ds.descend(net, Dataset(folder, memory=SMALL), "y", row_weights="w", **settings)
    np.testing.assert_allclose(scaled.losses, small.losses, rtol=1e-12)
    pl.DataFrame({**columns, "w": -w}).write_parquet(folder / "0.parquet")
    with pytest.raises(DownslopeError, match=r"0\.parquet, counted from row 0: row_weights\[1\] is -"):
        ds.descend(net, Dataset(folder, memory=SMALL), "y", row_weights="w", **settings)


def test_what_does_not_serve_is_refused(table, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("others")
    dataset = Dataset(table[0])

    def said(*given, **settings):
        with pytest.raises(DownslopeError) as caught:
            ds.descend(*given, **{**SETTINGS, "epochs": 1, **settings})
        return str(caught.value)

    assert 'no column "z"' in said(NET, dataset, "z")
    assert "has 2 inputs and the dataset 3" in said(ds.Network(2, [ds.Dense(1)]), dataset, "y")
    assert "lbfgs" in said(NET, dataset, "y", optimizer="lbfgs", batch_size=None, learning_rate=None)
    assert "row_weights is the name of a column" in said(NET, dataset, "y", row_weights=np.ones(ROWS))
    assert "is the target and row_weights" in said(NET, dataset, "y", row_weights="y")
    assert "more memory" in said(NET, Dataset(table[0], memory=2000), "y")
    assert "y needs" in said(NET, dataset, table[2])
    pl.DataFrame({"a": ["u"], "y": [1.0]}).write_parquet(tmp_path / "text.parquet")
    assert 'column "a" holds String' in said(
        ds.Network(1, [ds.Dense(1)]), Dataset(tmp_path / "text.parquet"), "y"
    )
    pl.DataFrame({"a": [1.0, None], "y": [1.0, 2.0]}).write_parquet(tmp_path / "gap.parquet")
    found = said(ds.Network(1, [ds.Dense(1)]), Dataset(tmp_path / "gap.parquet"), "y")
    assert "gap.parquet" in found
    assert "x[1, 0] is nan" in found


MEASURED = """
import sys
from pathlib import Path
import numpy as np
import polars as pl
import downslope as ds
folder, memory = sys.argv[1], sys.argv[2]
def resident():
    status = Path("/proc/self/status").read_text()  # the most so far, of this program alone
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
net = ds.Network(11, [ds.Dense(4, "relu"), ds.Dense(1)])
ds.descend(net, np.ones((99, 11), np.float32), np.ones(99, np.float32), steps=2)
pl.scan_parquet(folder + "/0.parquet").slice(0, 9).collect()
before = resident()
run = ds.descend(net, ds.Dataset(folder, memory=memory), "y", epochs=1, batch_size=4096)
print(resident() - before)
"""


@pytest.mark.thorough
def test_memory_stays_within_a_small_multiple_of_what_is_given(tmp_path):
    random = np.random.default_rng(0)
    for part in range(6):  # 290 MB in all
        columns = {f"x{i}": random.normal(size=1_000_000).astype(np.float32) for i in range(11)}
        frame = pl.DataFrame(columns | {"y": columns["x0"] * 2})
        frame.write_parquet(tmp_path / f"{part}.parquet", row_group_size=100_000)

    def grown(memory: str) -> float:
        command = [sys.executable, "-c", MEASURED, str(tmp_path), memory]
        return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert grown("32 MB") < 160  # of which the reader's own memory is 60 to 90
    assert grown("4 GB") > 290
