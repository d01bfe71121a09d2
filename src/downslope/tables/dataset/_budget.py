"""How much memory the rows of a dataset may take."""

from __future__ import annotations

import os
import re

from downslope._checks import Interval, whole
from downslope.errors import DownslopeError

__all__ = ["budget_of"]

_USUAL = 1 << 30
_SHARE = 4  # of the memory of the machine, one part of so many
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmg]i?b|b)\s*", re.IGNORECASE)


def budget_of(memory: int | str | None) -> int:
    """The bytes that are asked for, or what suits the machine.

    Raises:
        DownslopeError: if it is no number of bytes.

    >>> budget_of("1.5 GB"), budget_of(4096)
    (1500000000, 4096)
    """
    if memory is None:
        return min(_USUAL, _machine() // _SHARE)
    if isinstance(memory, str):
        found = _WRITTEN.fullmatch(memory)
        if found is None:
            raise DownslopeError(
                f'memory is a number of bytes, or such as "500 MB" or "2 GiB", not {memory!r}'
            )
        memory = int(float(found[1]) * _UNITS[found[2].lower()])
    return whole("memory", memory, Interval(1, limit=1 << 60))


def _machine() -> int:
    """The bytes of memory that the machine has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # Windows
        return _USUAL * _SHARE
