"""Training that is saved as it goes, and goes on where it was saved."""

from downslope.training.checkpoints._asked import described
from downslope.training.checkpoints._checkpoint import Checkpoint
from downslope.training.checkpoints._journal import Journal, Part, open_journal
from downslope.training.checkpoints._saving import Saving

__all__ = ["Checkpoint", "Journal", "Part", "Saving", "described", "open_journal"]
