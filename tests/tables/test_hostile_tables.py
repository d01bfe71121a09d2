"""Tables that lie end in bounded time and memory, with exit code 2 and a message of ours."""

import io
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hostile_tables import HOSTILE

from downslope import DownslopeError
from downslope.tables import read_table
from thorough import first

SCRIPT = Path(__file__).parent / "hostile_tables.py"
LIMIT = 256 << 20
LONGEST = 20  # seconds of the processor, on a slow machine


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What a process of 4 GB makes of every file."""
    folder = tmp_path_factory.mktemp("hostile")
    names = {}
    for name, (make, _) in HOSTILE.items():
        names[name] = name if make is None else str(folder / name)
        if make is not None:
            make(names[name])
            assert os.path.getsize(names[name]) < 25 << 20, name
    environment = os.environ | {"DOWNSLOPE_MAX_BYTES": str(LIMIT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *names.values()],
        capture_output=True, text=True, env=environment, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    return {name: found[path] for name, path in names.items()}


@pytest.mark.thorough
@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_that_lies_is_refused_in_words(name, outcomes):
    code, seconds, said = outcomes[name]
    message = HOSTILE[name][1]
    assert code == 2, said
    assert re.search(message, said), said
    assert len(said) < 2000
    assert "Traceback" not in said
    assert seconds < LONGEST


def test_the_limit_is_said_and_can_be_set(tmp_path, monkeypatch):
    HOSTILE["gzip.csv.gz"][0](tmp_path / "a.csv.gz")
    monkeypatch.setenv("DOWNSLOPE_MAX_BYTES", "100_000")
    with pytest.raises(DownslopeError, match=r"a\.csv\.gz unpacks to more than 100,000 bytes; .*MAX_BYTES"):
        read_table(tmp_path / "a.csv.gz")
    for wrong in ("many", "-1", "1.5", "0"):
        monkeypatch.setenv("DOWNSLOPE_MAX_BYTES", wrong)
        with pytest.raises(DownslopeError, match=f"needs a number of bytes, .*not '{wrong}'"):
            read_table(tmp_path / "a.csv.gz")


def test_a_pipe_without_end_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_MAX_BYTES", str(50 << 20))
    os.mkfifo(tmp_path / "pipe")

    def write():
        with suppress(BrokenPipeError), open(tmp_path / "pipe", "wb") as pipe:
            while True:
                pipe.write(b"1,2\n" * 10_000)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(DownslopeError, match="pipe goes on for more than 52,428,800 bytes"):
        read_table(tmp_path / "pipe")
    writer.join()


@pytest.mark.thorough
def test_a_reader_that_dies_is_replaced(tmp_path, monkeypatch):
    held = io.BytesIO()
    pl.DataFrame({"y": [1.5, 2.5]}).write_parquet(held)
    HOSTILE["corners.xlsx"][0](tmp_path / "corners.xlsx")
    for _ in range(2):
        assert read_table(io.BytesIO(held.getvalue()))["y"].to_list() == [1.5, 2.5]
        with pytest.raises(DownslopeError, match="cannot be read as Excel: its table takes more than"):
            read_table(tmp_path / "corners.xlsx")


@pytest.mark.thorough
def test_a_line_of_many_columns_is_read():
    """Of a table of gene expressions, whose header alone is longer than Python's csv module takes."""
    names = [f"ENSG{i:011}.{i % 9}" for i in range(12_000)]
    lines = [",".join(names), *(",".join(str(row * i % 97) for i in range(12_000)) for row in range(3))]
    frame = read_table(io.BytesIO("\n".join(lines).encode()))
    assert frame.shape == (3, 12_000)
    assert frame.columns == names
    assert frame.row(2) == tuple(2 * i % 97 for i in range(12_000))
    long = [f"{'name' * 100}{i}" for i in range(3000)]  # 1.2 MB of names, of which two must not become one
    assert read_table(io.BytesIO((",".join(long) + "\n" + ",".join(["1"] * 3000)).encode())).columns == long
    quoted = ['"' + "x" * 300_000 + '",1', '"b, c",2']
    assert read_table(io.BytesIO("\n".join(["a,y", *quoted]).encode()))["a"][0] == "x" * 300_000


def test_binary_and_nested_columns_of_parquet():
    frame = pl.DataFrame(
        {"bytes": [b"\xff\xfe", None], "list": [[1, 2], []], "record": [{"a": 1}, {"a": None}], "y": [1, 2]}
    )
    held = io.BytesIO()
    frame.write_parquet(held)
    read = read_table(io.BytesIO(held.getvalue()))
    assert read.to_dict(as_series=False) == frame.to_dict(as_series=False)


@pytest.mark.parametrize("write", first(1, ["write_parquet", "write_excel", "write_ipc", "write_ipc_stream"]))
@pytest.mark.parametrize("seed", first(1, range(4)))
def test_damaged_binary_tables_are_refused(seed, write):
    held = io.BytesIO()
    frame = pl.DataFrame({"y": np.arange(50.0), "town": ["a", "b"] * 25, "x": [1, None] * 25})
    getattr(frame, write)(held)
    whole, rng = held.getvalue(), np.random.default_rng((len(write), seed))
    refused = 0
    for _ in range(10):
        changed = bytearray(whole)
        for place in rng.integers(8, len(whole), size=3):
            changed[place] = int(rng.integers(256))
        try:
            read_table(io.BytesIO(changed))
        except DownslopeError:
            refused += 1
    assert refused
