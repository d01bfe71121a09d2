"""How long ranks take to exchange numbers, and a step that they take together: arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

from downslope._dataclass import dataclass

__all__ = ["Link", "ShareOfStep", "exchange_seconds", "step_seconds"]


@dataclass(frozen=True)
class Link:
    """What lies between two ranks: the seconds that a message takes, and bytes a second."""

    delay: float
    bandwidth: float


@dataclass(frozen=True)
class ShareOfStep:
    """A part of the backward pass after which gradients are sent.

    Attributes:
        seconds: of computing before they are known, since the part before.
        size: bytes of the gradients.
    """

    seconds: float
    size: float


def exchange_seconds(size: float, ranks: int, link: Link) -> float:
    """The seconds of one sum over ranks in a ring: 2(n − 1) messages, one after the other, of S/n bytes.

    2(n − 1)(α + S/(nβ)), with the delay α and the bandwidth β of the link (Patarasuk and Yuan 2009). Of two
    ranks each sends and gets S bytes in all.

    >>> exchange_seconds(8e6, 2, Link(delay=0.001, bandwidth=1e9))
    0.01
    """
    return 2 * (ranks - 1) * (link.delay + size / (ranks * link.bandwidth))


def step_seconds(shares: Sequence[ShareOfStep], ranks: int, link: Link, update: float = 0.0) -> float:
    """The seconds of a step whose sums are on their way while what follows is computed.

    A sum begins when its gradients are known and the sum before it is back; the updates come last.

    Args:
        shares: of the step on one rank, in their order, the forward pass in the first.
        ranks, link: as of ``exchange_seconds``.
        update: seconds of the updates.

    >>> shares = [ShareOfStep(0.006, 4e6), ShareOfStep(0.003, 4e6)]
    >>> round(step_seconds(shares, 2, Link(0.0, 1e9)), 6), round(step_seconds(shares, 2, Link(0.0, 1e12)), 6)
    (0.014, 0.009004)
    """
    computed = back = 0.0
    for share in shares:
        computed += share.seconds
        back = max(computed, back) + (exchange_seconds(share.size, ranks, link) if ranks > 1 else 0.0)
    return back + update
