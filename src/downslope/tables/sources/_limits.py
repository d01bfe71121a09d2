"""How much a table may unpack to: what a file of a megabyte can make of itself is no measure of a machine."""

from __future__ import annotations

import os

from downslope.errors import DownslopeError

__all__ = ["MOST_BYTES", "largest_content", "too_large"]

MOST_BYTES = "DOWNSLOPE_MAX_BYTES"
"""The environment variable that sets the limit."""

_DEFAULT = 2 << 30
_TIMES = 8  # a file may become so many times as large, however large it is


def largest_content(packed: int = 0) -> int:
    """The bytes that a compressed file, a pipe, or the cells of a binary table may take.

    2 GiB, or 8 times what they are unpacked from; ``DOWNSLOPE_MAX_BYTES`` in the environment sets another
    number for both.

    Raises:
        DownslopeError: if that is no number of bytes.
    """
    asked = os.environ.get(MOST_BYTES, "").replace("_", "")
    if not asked:
        return max(_DEFAULT, _TIMES * packed)
    if not asked.isdecimal() or not 0 < len(asked) < 19 or int(asked) < 1:
        raise DownslopeError(f"{MOST_BYTES} needs a number of bytes, such as 8000000000, not {asked!r}")
    return int(asked)


def too_large(name: str, does: str, limit: int) -> DownslopeError:
    """What to say of a table that goes beyond the limit."""
    return DownslopeError(
        f"{name} {does} more than {limit:,} bytes; if it is what it should be, set the environment variable "
        f"{MOST_BYTES} to a larger number"
    )
