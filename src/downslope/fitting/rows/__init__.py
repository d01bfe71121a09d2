"""The rows of a table as networks are fitted to them: opened, asked about, held apart."""

from downslope.fitting.rows._keys import with_keys
from downslope.fitting.rows._opening import (
    counted_rows,
    described_targets,
    opened_table,
    places_of,
    timed_rows,
    wanted_kinds,
    with_targets,
)
from downslope.fitting.rows._options import (
    checked_column,
    checked_columns,
    refuse_contradictions,
    refuse_two_roles,
)
from downslope.fitting.rows._rows import LATER_SHARE, LaterPart, TargetRows, first_later, target_rows
from downslope.fitting.rows._streaming import DatasetRows, opened_dataset

__all__ = [
    "LATER_SHARE",
    "DatasetRows",
    "LaterPart",
    "TargetRows",
    "checked_column",
    "checked_columns",
    "counted_rows",
    "described_targets",
    "first_later",
    "opened_dataset",
    "opened_table",
    "places_of",
    "refuse_contradictions",
    "refuse_two_roles",
    "target_rows",
    "timed_rows",
    "wanted_kinds",
    "with_keys",
    "with_targets",
]
