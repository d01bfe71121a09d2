"""WHERE the numbers come from: reading tables, the kinds of columns, encoding."""

from downslope.tables._columns import Column, finite_numbers, refuse_text
from downslope.tables._describe import TASKS, Description, describe, rows_with_target
from downslope.tables._encoder import Encoded, TableEncoder, Target
from downslope.tables._encodings import Encoding, LevelEncoding, Moments, Numeric, Words, fitted, raw_number
from downslope.tables._frames import as_frame
from downslope.tables._levels import GAP_LEVEL
from downslope.tables._matrix import MatrixEncoder
from downslope.tables._named_cells import NamedCellsEncoder
from downslope.tables._names import did_you_mean, listed, name_text, no_such_column
from downslope.tables._reading import read_table
from downslope.tables._row_numbers import RowError, counted_in
from downslope.tables._row_weights import weights_in_column
from downslope.tables._table import Table, open_table
from downslope.tables._tails import FARTHEST, TAIL_WIDTH
from downslope.tables._times import may_order, times_of, written_time
from downslope.tables._whole import Whole
from downslope.tables.dataset import (
    Block,
    CountedBlock,
    CountedRows,
    Dataset,
    Summary,
    as_dataset,
    counted_rows_of,
    is_several_files,
    rows_named_in,
    summarised,
)
from downslope.tables.excel import write_excel
from downslope.tables.text import GAPS, TRUTHS, Reading, level_text

__all__ = [
    "FARTHEST",
    "GAPS",
    "GAP_LEVEL",
    "TAIL_WIDTH",
    "TASKS",
    "TRUTHS",
    "Block",
    "Column",
    "CountedBlock",
    "CountedRows",
    "Dataset",
    "Description",
    "Encoded",
    "Encoding",
    "LevelEncoding",
    "MatrixEncoder",
    "Moments",
    "NamedCellsEncoder",
    "Numeric",
    "Reading",
    "RowError",
    "Summary",
    "Table",
    "TableEncoder",
    "Target",
    "Whole",
    "Words",
    "as_dataset",
    "as_frame",
    "counted_in",
    "counted_rows_of",
    "describe",
    "did_you_mean",
    "finite_numbers",
    "fitted",
    "is_several_files",
    "level_text",
    "listed",
    "may_order",
    "name_text",
    "no_such_column",
    "open_table",
    "raw_number",
    "read_table",
    "refuse_text",
    "rows_named_in",
    "rows_with_target",
    "summarised",
    "times_of",
    "weights_in_column",
    "write_excel",
    "written_time",
]
