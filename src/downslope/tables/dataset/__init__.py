"""Rows in files that need not fit into memory: which files, which blocks, what all of them hold."""

from downslope.tables.dataset._counted import CountedBlock, CountedRows, counted_rows_of, rows_named_in
from downslope.tables.dataset._dataset import Dataset, as_dataset
from downslope.tables.dataset._files import Block
from downslope.tables.dataset._listing import is_several_files
from downslope.tables.dataset._summary import Summary, summarised

__all__ = [
    "Block",
    "CountedBlock",
    "CountedRows",
    "Dataset",
    "Summary",
    "as_dataset",
    "counted_rows_of",
    "is_several_files",
    "rows_named_in",
    "summarised",
]
