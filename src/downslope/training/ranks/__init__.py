"""Processes that train together, each on its own rows of every batch: data-parallel, by torch.distributed."""

from downslope.training.ranks._cost import Link, ShareOfStep, exchange_seconds, step_seconds
from downslope.training.ranks._journal import RankJournal, open_journal, part_of
from downslope.training.ranks._ranks import Ranks, has_ranks, rank_number, ranks_of, restarted
from downslope.training.ranks._rows import RankRows, RankSteps

__all__ = [
    "Link",
    "RankJournal",
    "RankRows",
    "RankSteps",
    "Ranks",
    "ShareOfStep",
    "exchange_seconds",
    "has_ranks",
    "open_journal",
    "part_of",
    "rank_number",
    "ranks_of",
    "restarted",
    "step_seconds",
]
