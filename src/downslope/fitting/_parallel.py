"""How ranks share the work of a fit: the rows of every batch, or the networks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from downslope.fitting.ensemble import FitSettings
from downslope.training import Link, exchange_seconds, ranks_of

__all__ = ["shared_settings"]

_RATE = 2e10  # multiplications a second of one process, about
_FEATURES = 512  # that the embeddings of a table come to, at most
_OF_A_COLUMN = 32


def shared_settings(
    settings: FitSettings, rows: int, columns: int, *, streams: bool = False
) -> tuple[FitSettings, str]:
    """The settings with the way in which ranks share the work, and a sentence on it; "" if one does it.

    Args:
        settings: in which ``parallel`` can be "auto".
        rows, columns: of the table.
        streams: whether the rows are read from a dataset as they are needed: "auto" shares them then, so
            that each is read by one rank.

    Raises:
        DownslopeError: if there are no ranks although they are asked for.
    """
    ranks = ranks_of(settings.parallel)
    if ranks is None:
        return replace(settings, parallel=None), ""
    by_rows, by_networks = _shares_of_time(settings, rows, columns, ranks.count, ranks.link())
    by_rows, by_networks = ranks.numbers(by_rows, by_networks)
    way = settings.parallel
    if way == "auto":
        way = "members" if by_networks < by_rows and not streams else "data"
    does = "train networks of their own" if way == "members" else "share the rows of every batch"
    sentence = (
        f"{ranks.count} ranks {does}: of the time of one process, networks apart would take "
        f"{by_networks:.0%}, shared rows {by_rows:.0%}"
    )
    return replace(settings, parallel=way, time_limit=ranks.agree(settings.time_limit)), sentence


def _shares_of_time(
    settings: FitSettings, rows: int, columns: int, ranks: int, link: Link
) -> tuple[float, float]:
    """Of the time that one process takes: what ranks take that share rows, and what with networks apart."""
    members, batch = settings.members_for(rows), settings.batch_for(rows)
    widths = (min(_FEATURES, columns * _OF_A_COLUMN), *settings.layers_for(rows), 1)
    weights = members * sum(a * b for a, b in pairwise(widths))
    one = 3 * weights * batch / _RATE
    by_rows = one / ranks + exchange_seconds(4 * weights, ranks, link)
    return by_rows / one, -(-members // ranks) / members
