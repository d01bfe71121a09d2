"""Why: the derivation of what was clicked, with the numbers that are shown."""

from __future__ import annotations

from typing import Any

from downslope.errors import DownslopeError
from downslope.insight import explain
from downslope.studio._schema import Explain
from downslope.studio._session import Session

__all__ = ["why"]


def why(session: Session, command: Explain) -> dict[str, Any]:
    """The derivation for a weight, a unit or a row."""
    data = session.descent.data
    told = explain(
        session.settings.network,
        data["x"],
        data["y"],
        parameters=session.parameters,
        of=(command.name, *(command.index or [])),
        row=command.row,
        learning_rate=session.settings.learning_rate,
        names=list(session.rows.features),
    )
    return {"message": "why", "html": told._repr_html_(), "title": told.title, "gradient": told.gradient}
