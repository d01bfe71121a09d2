"""What a time limit has room for: few networks that are trained far enough, or more of them."""

from __future__ import annotations

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._hooks import FitHooks
from downslope.fitting.ensemble._recipe import FitSettings, networks_for
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._within import SURE, seconds_of_a_step
from downslope.tables import TableEncoder, Target

__all__ = ["Room", "room_for"]

_FEWER = ((4, 2), (2, 2), (1, 2), (1, 1))  # members and groups, where there is no time for all
_ENOUGH = 0.6  # of the epochs that the rows are worth: beyond them more networks gain more
_TRIAL_SHARE = 0.02  # of the seconds


@dataclass(frozen=True)
class Room:
    """How many networks are trained.

    Attributes:
        members: of each group.
        groups: that share the time; None for one of each architecture. More come where time is left.
    """

    members: int
    groups: int | None = None


def room_for(
    seconds: float,
    rows: EncodedRows,
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    hooks: FitHooks,
) -> Room:
    """As many networks as there is time for 0.6 of the epochs that the rows are worth, or one.

    Members that were asked for stay, and all stay where processes have to choose alike.

    Args:
        seconds: that all of it may take.
        rows: with as many members as there would be without a limit.
        encoder, target: of the rows.
        settings: how networks are trained.
        hooks: what has the clock.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    most = Room(rows.members)
    if hooks.repeated or rows.stream is not None or not settings.layers_for(rows.count):
        return most
    begun = hooks.now()
    networks = networks_for(encoder, target, settings, rows)
    epochs = settings.epochs_for(rows.count)
    asked = settings.descent(rows.count, epochs)
    network, alone = next(iter(networks.values())), rows.of_first(1)
    step = seconds_of_a_step(network, alone, asked, settings.seed, seconds * _TRIAL_SHARE)
    left = (seconds - (hooks.now() - begun)) * SURE
    epochs_of_one = left / (step * -(-rows.count // asked["batch_size"]))
    return _most_that_learn(epochs_of_one / max(1, _ENOUGH * epochs), most, len(networks), settings.members)


def _most_that_learn(networks: float, most: Room, kinds: int, asked: int | None) -> Room:
    """The largest room for so many networks, at least one.

    >>> [_most_that_learn(n, Room(8), 2, None) for n in (16, 9, 3)]
    [Room(members=8, groups=None), Room(members=4, groups=2), Room(members=1, groups=2)]
    >>> _most_that_learn(0.1, Room(8), 2, None), _most_that_learn(9, Room(8), 2, 8)
    (Room(members=1, groups=1), Room(members=8, groups=1))
    """
    if networks >= most.members * kinds:
        return most
    if asked is not None:
        return Room(most.members, 1)
    for members, groups in _FEWER:
        if members <= most.members and members * groups <= networks:
            return Room(members, groups)
    return Room(1, 1)
