"""A file of delimited text as blocks: whole rows, each read with the header of the file above it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._table import open_table
from downslope.tables.dataset._files import BLOCK_BYTES, Block, BlockFile, read_safely, stamp_of
from downslope.tables.dataset._typed import kinds_in, typed_block, with_block_types
from downslope.tables.sources import open_source
from downslope.tables.text import Reading

__all__ = ["TextFile", "text_file"]

_WIDE = (b"\xff\xfe", b"\xfe\xff")
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, zstd


@dataclass(frozen=True)
class TextFile:
    """A file of text, and what its first block says of all files.

    Attributes:
        file: as blocks.
        reading: how it is written.
        kinds: what its columns are.
    """

    file: BlockFile
    reading: Reading
    kinds: Mapping[str, str]


def text_file(path: str, reading: Reading, kinds: Mapping[str, str], asked: Mapping[str, str]) -> TextFile:
    """A file of CSV, whose notation is decided by its first block; a packed one is a single block.

    Args:
        path: where it is.
        reading: what is known of how it is written.
        kinds: what columns are, by the files before; the others are what the first block holds.
        asked: what some columns are to be read as.

    Raises:
        DownslopeError: if it is no such text, or cells can be read in two ways.
    """
    stamp = stamp_of(path)
    with read_safely(path):
        load = _loader(path)
        head = load(0, BLOCK_BYTES)
        if head.startswith(_WIDE):
            raise DownslopeError(
                f"{path} is text of two bytes a letter; save it as UTF-8 to read it in parts"
            )
        first = head[: _last_row_end(head)] or head
        table = open_table(io.BytesIO(first), reading=reading, wanted={**kinds, **asked})
        if table.questions:
            raise DownslopeError(f"{path}: {table.questions[0]}")
        header = _header_end(first, table.reading)
        found = {**kinds_in(table.frame), **kinds, **asked}
        own = replace(reading.known(table.reading), skip_rows=None, encoding=None)
        above = first[first.rfind(b"\n", 0, max(header - 1, 0)) + 1 : header] if header else b""
        blocks = tuple(_blocks(path, load, header))

    def reads(block: Block, columns: Sequence[str]) -> pl.DataFrame:
        content = io.BytesIO(above + load(block.start, block.bytes))
        return typed_block(content, block, own, found, asked).select(columns)

    schema = dict(with_block_types(table.frame.clear(), found).schema)
    return TextFile(BlockFile(path, stamp, schema, blocks, reads), own.notation, found)


def _loader(path: str) -> Callable[[int, int], bytes]:
    """What reads so many bytes of the text from a place on; that of a packed file is held as a whole."""
    with open(path, "rb") as file:
        packed = file.read(4).startswith(_PACKED)
    if packed:

        def unpacked(start: int, size: int) -> bytes:
            return open_source(path).content[start:]

        return unpacked

    def plain(start: int, size: int) -> bytes:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(size)

    return plain


def _header_end(text: bytes, reading: Reading) -> int:
    """Where the first row begins: below the lines above the header, and below that."""
    place = 0
    for _ in range((reading.skip_rows or 0) + (reading.header is not False)):
        place = text.find(b"\n", place) + 1
        while place and text.count(b'"', 0, place) % 2:  # the header has a cell of two lines
            place = text.find(b"\n", place) + 1
    return place


def _last_row_end(text: bytes) -> int:
    """The place behind the last row that ends in the text; 0 where none does."""
    end = len(text)
    while end:
        end = text.rfind(b"\n", 0, end) + 1
        if text.count(b'"', 0, end) % 2 == 0:
            return end
        end -= 1
    return 0


def _blocks(path: str, load: Callable[[int, int], bytes], start: int) -> Iterator[Block]:
    first = 0
    while text := load(start, BLOCK_BYTES):
        size = len(text)
        if size >= BLOCK_BYTES:
            more = 2
            while not (end := _last_row_end(text)) and len(text) >= (more - 1) * BLOCK_BYTES:
                text = load(start, more * BLOCK_BYTES)
                more += 1
            text = text[: end or len(text)]
        rows = _rows_in(text)
        if rows:
            yield Block(path, first, rows, len(text), start)
        first, start = first + rows, start + len(text)
        if not text or load(start, 1)[:1] == b"":
            return


def _rows_in(text: bytes) -> int:
    """How many rows a text has: lines that are not empty and end outside quotes."""
    letters = np.frombuffer(text, np.uint8)
    breaks = letters == 10
    if b'"' in text:
        breaks &= np.cumsum(letters == 34) % 2 == 0
    ends = np.flatnonzero(breaks)
    if not len(ends) or ends[-1] < len(text) - 1:
        ends = np.append(ends, len(text))
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts
    short = np.flatnonzero(lengths < 8)  # which may hold nothing but spaces
    blank = sum(not text[starts[place] : ends[place]].strip() for place in short)
    return len(ends) - blank
