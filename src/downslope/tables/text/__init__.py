"""HOW text becomes numbers and dates: where the cells are, in which notation, and what they hold."""

from downslope.tables.text._cells import (
    GAPS,
    TRUTHS,
    are_codes,
    is_clock,
    level_text,
    numbers_in,
    seconds,
    without_gaps,
)
from downslope.tables.text._dates import (
    are_dates,
    as_moments,
    clock_seconds,
    common_order,
    day_or_month_first,
    worded,
)
from downslope.tables.text._delimited import checked_names, read_delimited
from downslope.tables.text._extra_rows import without_extra_rows
from downslope.tables.text._notation import Reading
from downslope.tables.text._notes import is_note
from downslope.tables.text._plain_numbers import too_long
from downslope.tables.text._typing import typed
from downslope.tables.text._written import Written

__all__ = [
    "GAPS",
    "TRUTHS",
    "Reading",
    "Written",
    "are_codes",
    "are_dates",
    "as_moments",
    "checked_names",
    "clock_seconds",
    "common_order",
    "day_or_month_first",
    "is_clock",
    "is_note",
    "level_text",
    "numbers_in",
    "read_delimited",
    "seconds",
    "too_long",
    "typed",
    "without_extra_rows",
    "without_gaps",
    "worded",
]
