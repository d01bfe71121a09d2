"""One rank's part of the steps that several ranks compute together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Share"]


@dataclass(frozen=True)
class Share:
    """One rank's part of each step.

    Attributes:
        place: of its first row in the batch that all ranks share; dropout draws by it.
        add_up: puts the sum over all ranks in the place of an array, or of a tensor of torch. Each rank calls
            it for the same values in the same order; it raises DownslopeError where another rank is lost.
    """

    place: int
    add_up: Callable[[Any], None]
