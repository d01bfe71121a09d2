"""The parts of a report, each a function from findings to HTML, which is "" where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable

from downslope._dataclass import dataclass
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports.sections._columns import columns_section
from downslope.fitting.reports.sections._data import data_section
from downslope.fitting.reports.sections._decisions import decisions_section
from downslope.fitting.reports.sections._errors import errors_section
from downslope.fitting.reports.sections._limits import limits_section
from downslope.fitting.reports.sections._overview import overview
from downslope.fitting.reports.sections._row import row_section
from downslope.fitting.reports.sections._scores import scores_section
from downslope.fitting.reports.sections._training import training_section

__all__ = ["SECTIONS", "Section", "overview"]


@dataclass(frozen=True)
class Section:
    """A part: the name of its place on the page, its title, and what makes it."""

    name: str
    title: str
    make: Callable[[Findings], str]


SECTIONS = (
    Section("data", "The data", data_section),
    Section("decisions", "What was decided", decisions_section),
    Section("fit", "How it was fitted", training_section),
    Section("scores", "Scores", scores_section),
    Section("errors", "Errors", errors_section),
    Section("columns", "What the columns do", columns_section),
    Section("row", "One prediction, explained", row_section),
    Section("limits", "Limits", limits_section),
)
"""All parts, in their order."""
