"""The report as an object: a page, a file, plain data."""

from __future__ import annotations

import os
from typing import Any

from downslope._dataclass import dataclass
from downslope._visible import escape
from downslope._writing import write_whole
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._page import page_of

__all__ = ["Report"]


@dataclass(frozen=True, eq=False)
class Report:
    """What there is to say of a model, or of several, one after another.

    Attributes:
        parts: what is said of each model.
    """

    parts: tuple[Findings, ...]

    def __repr__(self) -> str:
        names = ", ".join(repr(part.model.target.name) for part in self.parts)
        first = self.parts[0]
        columns = "no table"
        if first.importance is not None:
            columns = f"importance of {len(first.importance.columns)} columns"
        return f"<Report on {names}: {first.of or 'no held-out rows'}; {columns}>"

    def html(self) -> str:
        """The page: it needs no network, no script and no other file."""
        return page_of(self.parts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        Args:
            path: where; a file that is there is replaced. ``.html`` is the usual ending.

        Raises:
            DownslopeError: if it cannot be written there.
        """
        write_whole(path, self.html().encode())

    def _repr_html_(self) -> str:
        """What a notebook shows: the page in a frame of its own, so that neither changes the other."""
        style = "width:100%;height:800px;border:1px solid #8886;border-radius:8px"
        return f'<iframe title="Report" style="{style}" srcdoc="{escape(self.html())}"></iframe>'

    def to_json(self) -> dict[str, Any]:
        """Plain data at full precision."""
        return {"models": [part.to_json() for part in self.parts]}
