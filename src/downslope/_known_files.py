"""What a file is by its first bytes, and what to do with it where a model is needed."""

from __future__ import annotations

import os
import re

__all__ = ["LOOKED_AT", "begins_as_saved", "is_saved", "recognised"]

LOOKED_AT = 64
"""So many bytes tell what a file is."""

_BEGINNINGS = (
    (
        rb"PK\x03\x04",
        "a zip archive, as PyTorch and Excel write",
        "read it with torch.load, and save what ds.from_torch makes of it",
    ),
    (
        rb"\x80[\x02-\x05]",
        "a pickle of Python",
        "load it in Python, and save what ds.from_sklearn or ds.from_torch makes of it",
    ),
    (
        rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]",
        "a file of ONNX",
        "save what ds.from_onnx makes of it",
    ),
    (rb"PAR1|ARROW1", "a table", "downslope fit makes a model of it"),
    (
        rb"[\t\n\f\r -\xff]+\Z",
        "text",
        "downslope fit makes a model of a table, and downslope play opens a lesson",
    ),
)


def begins_as_saved(start: bytes) -> bool:
    """Whether a file begins as those of ``save`` do: a length, then JSON."""
    return len(start) >= 16 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32


def is_saved(path: str) -> bool:
    """Whether a path is that of a file of ``save``, or of a folder, as of checkpoints, and not of a table."""
    try:
        with open(path, "rb") as file:
            return begins_as_saved(file.read(LOOKED_AT))
    except OSError:
        return os.path.isdir(path)


def recognised(start: bytes) -> tuple[str, str] | None:
    r"""What a file is that is none of ``save``, and what makes one of it; None where it may be anything.

    >>> recognised(b"\x80\x04...")
    ('a pickle of Python', 'load it in Python, and save what ds.from_sklearn or ds.from_torch makes of it')
    >>> recognised(b"a,b\n1,2\n")[0], recognised(b"\x00\x01")
    ('text', None)
    """
    for beginning, what, advice in _BEGINNINGS:
        if re.match(beginning, start[:LOOKED_AT]):
            return what, advice
    return None
