"""One file of a dataset: its columns, its blocks, and how the rows of a block are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeAlias

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables.dataset._footer import row_groups
from downslope.tables.sources import largest_content, too_large

__all__ = ["BLOCK_BYTES", "Block", "BlockFile", "binary_file", "read_safely", "stamp_of"]

BLOCK_BYTES = 1 << 23
"""What a block has of a file at most, unpacked, and small row groups together at least."""

Schema: TypeAlias = "Mapping[str, pl.DataType]"


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file that are read at once: row groups of Parquet, or a part of one.

    Attributes:
        path: of the file.
        first: the first of them, from 0.
        rows: how many they are.
        bytes: that they take about in the file, before it was packed.
        start: where the text of them begins in the file, in bytes; 0 of a binary file.
    """

    path: str
    first: int
    rows: int
    bytes: int
    start: int = 0


@dataclass(frozen=True)
class BlockFile:
    """A file that is read a block at a time.

    Attributes:
        path: where it is.
        stamp: its size and the time of its last change.
        schema: its columns and their types.
        blocks: all its rows.
        reads: the rows of a block, with the columns that are asked for.
    """

    path: str
    stamp: tuple[int, int]
    schema: Schema
    blocks: tuple[Block, ...]
    reads: Callable[[Block, Sequence[str]], pl.DataFrame]

    def read(self, block: Block, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a block.

        Raises:
            DownslopeError: if the file changed since the dataset was opened, is gone, or is damaged.
        """
        self._refuse_changed()
        try:
            with read_safely(self.path):
                frame = self.reads(block, columns)
        except DownslopeError:
            self._refuse_changed()  # which it may have been meanwhile
            raise
        if frame.height != block.rows:
            raise DownslopeError(
                f"{self.path} has {frame.height:,} rows from row {block.first + 1:,} on where its index says "
                f"{block.rows:,}; copy or write it again"
            )
        return frame

    def _refuse_changed(self) -> None:
        if stamp_of(self.path) != self.stamp:
            raise DownslopeError(
                f"{self.path} was changed since the dataset was opened; leave the files as they are while "
                "they are read, and begin again"
            )


def stamp_of(path: str) -> tuple[int, int]:
    """The size of a file and the time of its last change.

    Raises:
        DownslopeError: if it is not there.
    """
    try:
        about = os.stat(path)
    except OSError as error:
        raise DownslopeError(
            f"{path} is no longer there ({error.strerror or error}); put it back, and begin again"
        ) from None
    return about.st_size, about.st_mtime_ns


@contextmanager
def read_safely(path: str) -> Iterator[None]:
    """What a library says of a file that it cannot read, in our words."""
    try:
        yield
    except DownslopeError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        said = str(error).strip().split("\n")[0][:160] or type(error).__name__
        raise DownslopeError(f"{path} cannot be read ({said}); copy or write it again") from None


def binary_file(path: str, kind: str) -> BlockFile:
    """A file of Parquet or Arrow.

    Raises:
        DownslopeError: if it is damaged, or a row of it would not fit.
    """
    stamp = stamp_of(path)
    scan = pl.scan_parquet if kind == "Parquet" else pl.scan_ipc

    def reads(block: Block, columns: Sequence[str]) -> pl.DataFrame:
        return scan(path, glob=False).slice(block.first, block.rows).select(columns).collect()

    with read_safely(path):
        if kind == "Parquet":
            groups = [(group.rows, group.bytes) for group in row_groups(path)]
            schema = dict(pl.read_parquet_schema(path))
        else:
            frame = scan(path, glob=False)
            schema = dict(frame.collect_schema())
            groups = [(int(frame.select(pl.len()).collect().item()), stamp[0])]
    limit = largest_content(stamp[0])
    if sum(size for _, size in groups) > limit * 4:  # of what packs well; blocks are bounded anyway
        raise too_large(path, "unpacks to", limit * 4)
    return BlockFile(path, stamp, schema, tuple(_blocks(path, groups)), reads)


def _blocks(path: str, groups: Sequence[tuple[int, int]]) -> Iterator[Block]:
    """Small groups of rows together, large ones in parts of equal size."""
    first = rows = size = 0
    for more, bytes_ in groups:
        if rows and size + bytes_ > BLOCK_BYTES:
            yield Block(path, first, rows, size)
            first, rows, size = first + rows, 0, 0
        rows, size = rows + more, size + bytes_
        if size > BLOCK_BYTES:
            yield from _parts(Block(path, first, rows, size))
            first, rows, size = first + rows, 0, 0
    if rows:
        yield Block(path, first, rows, size)


def _parts(block: Block) -> Iterator[Block]:
    count = min(block.rows, -(-block.bytes // (2 * BLOCK_BYTES)))
    ends = [block.rows * part // count for part in range(count + 1)]
    for first, end in pairwise(ends):
        yield Block(block.path, block.first + first, end - first, block.bytes // count)
