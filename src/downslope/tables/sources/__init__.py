"""Where the bytes of a table come from, unpacked and decoded within limits."""

from downslope.tables.sources._limits import MOST_BYTES, largest_content, too_large
from downslope.tables.sources._sources import Source, as_utf8, decoded, is_source, open_source

__all__ = [
    "MOST_BYTES",
    "Source",
    "as_utf8",
    "decoded",
    "is_source",
    "largest_content",
    "open_source",
    "too_large",
]
