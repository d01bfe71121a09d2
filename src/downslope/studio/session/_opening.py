"""What the page opens on: the five rows, a table, or a model and the table it was fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.studio.session._session import Session, first_session
from downslope.studio.session._settings import settings_of, suited
from downslope.studio.table._choices import Choices
from downslope.studio.table._rows import Rows, rows_of, rows_of_model
from downslope.tables import read_table

if TYPE_CHECKING:  # the five rows need nothing of it
    from downslope.fitting import Model

__all__ = ["opened"]


def opened(
    source: str | None, target: str | None, table: str | None = None, sheet: str | None = None
) -> Session:
    """The session for what was named on the command line.

    Raises:
        DownslopeError: if it cannot be read, or nothing can be learned from it.
    """
    if source is None:
        return first_session()
    if _is_model(source):
        from downslope.fitting import Model, load

        return _of_model(load(source, Model), table, sheet)
    frame = read_table(source, sheet=sheet)
    chosen = (target,) if target is not None else (frame.columns[-1],)
    rows = rows_of(frame, Choices(chosen), Path(source).name)
    return Session(rows, suited(rows))


def _is_model(source: str) -> bool:
    """Whether a file begins as a model file does: a length, then JSON."""
    with open(source, "rb") as file:
        start = file.read(16)
    return len(start) == 16 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32


def _of_model(model: Model, table: str | None, sheet: str | None) -> Session:
    source = table or model.record.source
    if not Path(source).exists():
        raise DownslopeError(
            f"the table that the model was fitted to ({source}) is no longer there; name one: "
            "downslope play MODEL --table TABLE"
        )
    network, parameters = model.member(-1)

    def encode(frame: pl.DataFrame, choices: Choices, name: str) -> Rows:
        return rows_of_model(frame, model, name)

    rows = rows_of_model(read_table(source, sheet=sheet), model, Path(source).name)
    how: Mapping[str, Any] = {
        "optimizer": "adam",
        "learning_rate": 0.001,
        "batch_size": min(64, len(rows.x)),
        "validation": 0.2 if len(rows.x) >= 50 else 0.0,
    }
    values: Mapping[str, NDArray[Any]] = parameters
    return Session(rows, settings_of(network, **how), values, encode=encode)
