"""The row groups of a Parquet file, from its footer, which Polars reads and does not tell.

The footer is a record in Thrift's compact protocol (github.com/apache/thrift, doc/specs). Of it only the
rows and bytes of each row group are wanted; all else is read over.
"""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError

__all__ = ["RowGroup", "row_groups"]

_MAGIC = b"PAR1"
_LARGEST_FOOTER = 1 << 28
_GROUPS, _BYTES, _ROWS = 4, 2, 3  # fields of FileMetaData, and of RowGroup
_DEEPEST = 32


@dataclass(frozen=True)
class RowGroup:
    """How many rows a row group has, and how many bytes they take before they are compressed."""

    rows: int
    bytes: int


def row_groups(path: str) -> list[RowGroup]:
    """The row groups of a file.

    Raises:
        DownslopeError: if it is no Parquet, was cut off, or is damaged.
    """
    with open(path, "rb") as file:
        content = _footer(file, path)
    try:
        groups = _Compact(content).record(0).get(_GROUPS, [])
        found = [RowGroup(int(group[_ROWS]), int(group[_BYTES])) for group in groups]
        if any(group.rows < 0 or group.bytes < 0 for group in found):
            raise ValueError("a row group of fewer than 0 rows")
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise DownslopeError(f"{path} is a damaged Parquet file ({error}); copy or write it again") from None
    return found


def _footer(file: BinaryIO, path: str) -> bytes:
    """The record at the end of the file."""
    size = os.fstat(file.fileno()).st_size
    start = file.read(4)
    if start != _MAGIC:
        raise DownslopeError(f"{path} is no Parquet file: it does not begin with PAR1")
    file.seek(max(size - 8, 0))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if size < 12 or end[4:] != _MAGIC or not 0 < length <= min(size - 12, _LARGEST_FOOTER):
        raise DownslopeError(
            f"{path} is a Parquet file that was cut off: its {size:,} bytes do not end with a footer; copy "
            "or write it again"
        )
    file.seek(size - 8 - length)
    return file.read(length)


class _Compact:
    """Reads a value of Thrift's compact protocol after another; records are by the numbers of fields."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def record(self, depth: int) -> dict[int, Any]:
        """The fields of a record."""
        if depth > _DEEPEST:
            raise ValueError("records within records without end")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._number()
            found[field] = self._value(head & 15, depth, within=False)
        return found

    def _value(self, kind: int, depth: int, *, within: bool) -> Any:
        if kind in (1, 2):  # true or false: in a list each has a byte
            return bool(self._byte() == 1) if within else kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._number()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._unsigned())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 11:
            return self._map(depth)
        if kind == 12:
            return self.record(depth + 1)
        raise ValueError(f"a value of the unknown kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._unsigned()
        if count > len(self._content):
            raise ValueError(f"a list of {count} parts")
        return [self._value(head & 15, depth + 1, within=True) for _ in range(count)]

    def _map(self, depth: int) -> dict[Any, Any]:
        count = self._unsigned()
        kinds = self._byte() if count else 0
        if count > len(self._content):
            raise ValueError(f"a map of {count} parts")
        parts = ((kinds >> 4, kinds & 15) for _ in range(count))
        return {
            str(self._value(k, depth + 1, within=True)): self._value(v, depth + 1, within=True)
            for k, v in parts
        }

    def _byte(self) -> int:
        self._place += 1
        return self._content[self._place - 1]

    def _bytes(self, count: int) -> bytes:
        self._place += count
        if self._place > len(self._content):
            raise ValueError("it ends too early")
        return self._content[self._place - count : self._place]

    def _unsigned(self) -> int:
        found = shift = 0
        while True:
            part = self._byte()
            found |= (part & 127) << shift
            if part < 128:
                return found
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _number(self) -> int:
        """A signed number, in zigzag."""
        found = self._unsigned()
        return found >> 1 ^ -(found & 1)
