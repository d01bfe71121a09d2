"""Processes that train together, each on its own rows of every batch: data-parallel, by torch.distributed."""

from downslope.training.ranks._journal import RankJournal, open_journal, part_of
from downslope.training.ranks._ranks import Ranks, rank_number, ranks_of, restarted
from downslope.training.ranks._rows import RankRows

__all__ = [
    "RankJournal",
    "RankRows",
    "Ranks",
    "open_journal",
    "part_of",
    "rank_number",
    "ranks_of",
    "restarted",
]
