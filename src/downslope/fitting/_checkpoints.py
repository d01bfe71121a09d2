"""The checkpoints of a fit: what says that a table and its settings are the same as before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from downslope._extras import polars as pl
from downslope.fitting.ensemble import FitHooks, FitPhase, FitSettings
from downslope.tables import Description
from downslope.training import Checkpoint, described, open_journal, ranks_of, restarted

__all__ = ["asked_of", "hooks_of"]

_FREE = ("time_limit", "threads", "parallel")  # which decide no bits, or are free to change


@contextmanager
def hooks_of(
    progress: Callable[[FitPhase], None] | None,
    checkpoint: Checkpoint | None,
    asked: Callable[[], Mapping[str, str]],
    parallel: str | None = None,
) -> Iterator[FitHooks]:
    """What goes along with a fit; its folder of checkpoints is open meanwhile.

    Ranks that train networks of their own have a folder each within it.

    Raises:
        DownslopeError: for what ``Journal`` refuses.
    """
    ranks = ranks_of(parallel)
    if ranks is None or parallel == "data" or not isinstance(checkpoint, Checkpoint):
        with open_journal(checkpoint, asked, ranks) as journal:
            yield FitHooks(progress, journal, ranks=ranks)
        return
    folder = Path(checkpoint.folder) / f"rank{ranks.rank}"
    own = replace(checkpoint, folder=folder, resume=checkpoint.resume or restarted())
    with open_journal(own, asked) as journal:
        yield FitHooks(progress, journal, ranks=ranks)


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
