"""The checkpoints of a fit: what says that a table and its settings are the same as before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields

from downslope._extras import polars as pl
from downslope.fitting.ensemble import FitHooks, FitPhase, FitSettings
from downslope.tables import Description
from downslope.training import Checkpoint, described, open_journal

__all__ = ["asked_of", "hooks_of"]

_FREE = ("time_limit", "threads")  # which decide no bits, or are free to change


@contextmanager
def hooks_of(
    progress: Callable[[FitPhase], None] | None,
    checkpoint: Checkpoint | None,
    asked: Callable[[], Mapping[str, str]],
) -> Iterator[FitHooks]:
    """What goes along with a fit; its folder of checkpoints is open meanwhile.

    Raises:
        DownslopeError: for what ``Journal`` refuses.
    """
    with open_journal(checkpoint, asked) as journal:
        yield FitHooks(progress, journal)


def asked_of(
    frame: pl.DataFrame, descriptions: Sequence[Description], settings: FitSettings, group: str, time: str
) -> dict[str, str]:
    """What decides the bits of a fit, in words.

    Args:
        frame: the rows that count, with their weights, groups and times among its columns.
        descriptions: of the columns, for each target.
        settings: of the networks.
        group, time: the names of those columns, or "".
    """
    own = {each.name: getattr(settings, each.name) for each in fields(settings) if each.name not in _FREE}
    columns = [f"{column.name} ({column.kind})" for found in descriptions for column in found.columns]
    return {
        "target": ", ".join(f"{found.target} ({found.task})" for found in descriptions),
        "columns": ", ".join(columns),
        "table": f"{frame.height:,} rows with the digest {_digest(frame)}",
        **{name: described(value) for name, value in {**own, "group": group, "time": time}.items()},
    }


def _digest(frame: pl.DataFrame) -> str:
    """Of the names, types and values of all columns, whatever the chunks that a reader made."""
    digest = hashlib.sha256()
    for column in frame.iter_columns():
        digest.update(f"{column.name}\n{column.dtype}\n".encode())
        plain = column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column
        digest.update(plain.hash(seed=0).to_numpy().tobytes())
    return digest.hexdigest()[:12]
