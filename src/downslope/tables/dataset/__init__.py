"""Rows in files that need not fit into memory: which files, which blocks, what all of them hold."""

from downslope.tables.dataset._dataset import Dataset, as_dataset
from downslope.tables.dataset._files import Block
from downslope.tables.dataset._listing import is_several_files
from downslope.tables.dataset._summary import Summary, known_rows, summarised

__all__ = ["Block", "Dataset", "Summary", "as_dataset", "is_several_files", "known_rows", "summarised"]
