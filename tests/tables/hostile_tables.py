"""Tables that lie, made by code: each is small, or has no end, and is gigabytes of rows or no table.

As a script it fits to each of those that are named, in one process whose memory has a limit, and prints for
each the exit code, the seconds and what was said.
"""

import contextlib
import gzip
import io
import json
import lzma
import resource
import sys
import time
import zipfile
from bz2 import compress as bzip2
from pathlib import Path

import numpy as np

MEGABYTE = 1 << 20
ZEROS = b"y,x\n" + b"0,0\n" * (MEGABYTE // 4)


def parquet(path, groups):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"y": np.zeros(MEGABYTE), "x": np.zeros(MEGABYTE)})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(groups):
            writer.write_table(table)


def arrow(path, batches):
    import pyarrow as pa

    batch = pa.record_batch({"y": np.zeros(MEGABYTE), "x": np.zeros(MEGABYTE)})
    with pa.ipc.new_file(path, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for _ in range(batches):
            writer.write_batch(batch)


def corners(path):
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "y")
        sheet.write(1048575, 16383, 1)


def swollen(path):
    """A spreadsheet whose sheet is 4 GB of blanks."""
    corners(path)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            if not name.endswith("sheet1.xml"):
                book.writestr(name, part)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for _ in range(600):
                sheet.write(b" " * (4 * MEGABYTE))


def archive(path):
    with zipfile.ZipFile(path, "w") as files:
        files.writestr("table.csv", "y,x\n1,2\n")


def written(content):
    return lambda path: Path(path).write_bytes(content() if callable(content) else content)


HOSTILE = {
    "gzip.csv.gz": (written(lambda: gzip.compress(ZEROS, 6) * 3000), "unpacks to more than"),
    "twice.csv.gz": (written(lambda: gzip.compress(gzip.compress(ZEROS) * 3000)), "unpacks to more than"),
    "bzip2.csv.bz2": (written(lambda: bzip2(ZEROS) * 3000), "unpacks to more than"),
    "xz.csv.xz": (written(lambda: lzma.compress(ZEROS) * 3000), "unpacks to more than"),
    "zstd.csv.zst": (written(lambda: zstd() * 3000), "unpacks to more than"),
    "table.parquet": (lambda path: parquet(path, 200), "takes more than"),
    "table.arrow": (lambda path: arrow(path, 200), "takes more than"),
    "corners.xlsx": (corners, "takes more than"),
    "swollen.xlsx": (swollen, "takes more than|cannot be read as Excel"),
    "archive.zip": (archive, "is an archive of table.csv; unpack it"),
    "/dev/zero": (None, "begins with nothing but zeros"),
    "/dev/urandom": (None, "goes on for more than"),
    "ints.json": (
        written(b'[{"y": 1' + b"0" * 400 + b', "x": 1}, {"y": 2.5, "x": 2}]'),
        "holds an infinity in row 1",
    ),
    "halves.json": (written(rb'[{"y": 1, "x": "\ud800"}, {"y": 2, "x": "b"}]'), "is half of a character"),
    "name.jsonl": (written(b'{"y": 1, "\\udfff": 2}\n{"y": 2}\n'), "is half of a character"),
    "deep.json": (written(b"[" * 200_000), "not valid JSON"),
    "digits.json": (written(b'[{"y": ' + b"1" * 10_000 + b"}]"), "not valid JSON"),
}
"""What makes each file, and what is said of it."""


def zstd():
    import zstandard

    return zstandard.compress(ZEROS)


def tried(path):
    """The exit code of ``downslope fit`` of a file, its seconds, and what it says."""
    from downslope.cli._run import run

    said, began = io.StringIO(), time.process_time()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = run(["fit", path, "--target", "y", "--epochs", "1", "-o", "/dev/null"])
    return code, time.process_time() - began, said.getvalue()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
    print(json.dumps({name: tried(name) for name in sys.argv[1:]}))
