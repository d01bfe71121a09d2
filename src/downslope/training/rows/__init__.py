"""Where the rows of a descent come from, and which of them are at hand at a time."""

from downslope.training.rows._source import InMemory, RowSource, StreamedRows
from downslope.training.rows._table import BlockTable, held_out_of, rows_of_table
from downslope.training.rows._weights import weighed
from downslope.training.rows._windows import PARTS, Readers, Windows

__all__ = [
    "PARTS",
    "BlockTable",
    "InMemory",
    "Readers",
    "RowSource",
    "StreamedRows",
    "Windows",
    "held_out_of",
    "rows_of_table",
    "weighed",
]
