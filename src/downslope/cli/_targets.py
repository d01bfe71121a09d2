"""What the commands share of models of several targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from downslope._extras import polars as pl
from downslope._visible import visible
from downslope.cli._results import as_json as json_text
from downslope.cli._results import write_form
from downslope.cli._tables import How
from downslope.errors import DownslopeError
from downslope.fitting import Model, Models, load_fitted, model_for
from downslope.tables import open_table

__all__ = ["columns_of", "loaded", "loaded_model", "print_found"]


def loaded(
    path: str, target: str | None = None, columns: Callable[[], pl.DataFrame] | None = None
) -> Model | Models:
    """The model of a file, or the models; of those the one of a target, where it is named.

    Args:
        path: of the file.
        target: one of several, or what a network predicts.
        columns: gives the table whose columns a network takes; None takes no networks.

    Raises:
        DownslopeError: if the file holds neither, or no model of that target.
    """
    found = load_fitted(path, target, columns)
    return found if target is None else model_for(found, target)


def loaded_model(path: str, target: str | None, table: str | None, how: How) -> Model:
    """The one model of a file, or of the target; of a network, one that takes the columns of the table.

    Raises:
        DownslopeError: if there are several and none was named, none is of that target, or a network is
            given without a table.
    """
    return model_for(loaded(path, target, columns_of(path, table, how)), target)


def columns_of(path: str, table: str | None, how: How) -> Callable[[], pl.DataFrame]:
    """What gives the table for a network in a file."""

    def columns() -> pl.DataFrame:
        if table is None or table == "-":
            raise DownslopeError(
                f"{path} holds a network, which knows no columns; name a file of a table whose columns are "
                "its inputs, in order, and then the target"
            )
        return open_table(table, **how).frame

    return columns


def print_found(found: Any, as_json: bool) -> None:
    """Print a result, or those of several targets one below the other; JSON has them by target."""
    several = isinstance(found, Mapping)
    if as_json:
        plain = {name: each.to_json() for name, each in found.items()} if several else found.to_json()
        write_form("json", json_text(plain), None)
    else:
        print(visible("\n\n".join(map(str, found.values())) if several else str(found)))
