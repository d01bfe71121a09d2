"""Rows in files that need not fit into memory: which files, which blocks, what all of them hold."""

from downslope.tables.dataset._dataset import Dataset, as_dataset
from downslope.tables.dataset._files import Block

__all__ = ["Block", "Dataset", "as_dataset"]
