"""Shapley values: what each part of a row adds to a function's value, beside rows of a background.

A coalition S takes the parts in S from the row and the others from a row of the background; its value is the
mean of the function over the background (Lundberg and Lee, "A unified approach to interpreting model
predictions", 2017; interventional: Janzing, Minorics and Blöbaum 2020). A part's Shapley value is the mean
growth of that value when the part joins, over all orders in which the parts can join (Shapley 1953).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import factorial

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass

__all__ = ["MOST_EXACT", "Shapley", "shapley"]

MOST_EXACT = 10
"""Parts up to which all coalitions are taken: 2¹⁰ of them for each row of the background."""

_SAMPLES = 2
_NUMBERS = 4_000_000  # in the rows that are predicted at once
_ORDERS = 0x5A4

Function = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Shapley:
    """Shapley values of a row.

    Attributes:
        values: of each part, (parts,), of sum f(row) − mean f(background).
        errors: their standard errors, (parts,); 0 where the values are exact.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]


def shapley(
    function: Function,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    parts: Sequence[slice],
    *,
    samples: int | None = None,
    seed: int = 0,
) -> Shapley:
    """The Shapley values of the parts of a row.

    Args:
        function: of rows (n, features), a number for each, (n,).
        row: (features,).
        background: the rows that it is compared with, (rows, features).
        parts: of the features; together they are all of them.
        samples: pairs of a random order and its reverse for each row of the background, at least 2. None
            takes every coalition where at most ``MOST_EXACT`` parts differ from the background, and 2 pairs
            elsewhere.
        seed: of the random orders.

    >>> def product(x):
    ...     return x[:, 0].astype(float) * x[:, 1]
    >>> zero = np.zeros((1, 2), np.float32)
    >>> shapley(product, np.array([3.0, 4.0], np.float32), zero, [slice(0, 1), slice(1, 2)]).values
    array([6., 6.])
    """
    differs = np.stack([(background[:, part] != row[part]).any(axis=1) for part in parts], axis=1)
    playing = np.flatnonzero(differs.any(axis=0))  # the others add exactly 0
    game = _Game(function, row, background, [parts[int(i)] for i in playing], differs[:, playing])
    exact = len(playing) < 2 or (samples is None and len(playing) <= MOST_EXACT)
    found = _exact(game) if exact else _sampled(game, samples or _SAMPLES, seed)
    values, errors = np.zeros((2, len(parts)))
    values[playing], errors[playing] = found
    return Shapley(values, errors)


class _Game:
    """The value of coalitions, each beside a row of the background."""

    def __init__(
        self,
        function: Function,
        row: NDArray[np.float32],
        background: NDArray[np.float32],
        parts: Sequence[slice],
        differs: NDArray[np.bool_],
    ) -> None:
        self.differs = differs
        self.full = float(function(row[None])[0])
        self.empty = function(background)
        self._function, self._row, self._background = function, row, background
        self._part_of = np.full(len(row), -1)
        for place, part in enumerate(parts):
            self._part_of[part] = place

    @property
    def players(self) -> int:
        """How many parts differ from the background."""
        return int(self.differs.shape[1])

    def values(self, places: NDArray[np.int64], joined: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The function where parts have joined, (n,).

        Args:
            places: of the rows of the background, (n,).
            joined: which parts come from the row, (n, players).
        """
        values = np.empty(len(places))
        none = self._part_of < 0
        for block in self.blocks(len(places)):
            taken = joined[block][:, self._part_of]
            taken[:, none] = False
            values[block] = self._function(np.where(taken, self._row, self._background[places[block]]))
        return values

    def blocks(self, count: int, rows_each: int = 1) -> Iterator[slice]:
        """Slices of so many things, each of which needs some rows, for which there is memory."""
        size = max(1, _NUMBERS // (len(self._row) * rows_each))
        return (slice(first, first + size) for first in range(0, count, size))


def _exact(game: _Game) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From every coalition. Those that only equal parts tell apart are evaluated once."""
    players = game.players
    bits = 1 << np.arange(players)
    coalitions = np.arange(1 << players)
    differing = game.differs @ bits
    table = np.empty((len(differing), len(coalitions)))
    within = (coalitions & ~differing[:, None]) == 0
    places, chosen = np.nonzero(within & (coalitions > 0) & (coalitions != differing[:, None]))
    table[places, chosen] = game.values(places, (chosen[:, None] & bits) > 0)
    table[:, 0] = game.empty
    table[np.arange(len(differing)), differing] = np.where(differing > 0, game.full, game.empty)
    means = np.take_along_axis(table, coalitions & differing[:, None], axis=1).mean(axis=0)
    sizes = ((coalitions[:, None] & bits) > 0).sum(axis=1)
    weights = [factorial(s) * factorial(players - 1 - s) / factorial(players) for s in range(players)]
    values = np.empty(players)
    for player, bit in enumerate(bits):
        without = coalitions[(coalitions & bit) == 0]
        values[player] = np.take(weights, sizes[without]) @ (means[without | bit] - means[without])
    return values, np.zeros(players)


def _sampled(game: _Game, samples: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From random orders and their reverses, as many beside each row of the background.

    In each order what the parts add has the sum f(row) − f(background row), so the mean has it too
    (Mitchell, Cooper, Frank and Holmes, "Sampling permutations for Shapley value estimation", 2022).
    """
    players, rows = game.players, len(game.empty)
    generator = np.random.Generator(np.random.Philox(key=[seed, _ORDERS]))
    orders = generator.permuted(np.tile(np.arange(players), (rows * samples, 1)), axis=1)
    places = np.repeat(np.arange(rows), samples)
    pairs = np.empty((rows * samples, players))
    for block in game.blocks(len(orders), 2 * players):
        forward = _added(game, places[block], orders[block])
        backward = _added(game, places[block], orders[block][:, ::-1])
        pairs[block] = (forward + backward) / 2
    each = pairs.reshape(rows, samples, players)
    spread = each.var(axis=1, ddof=1).mean(axis=0)
    return each.mean(axis=(0, 1)), np.sqrt(spread / (rows * samples))


def _added(game: _Game, places: NDArray[np.int64], orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each part adds when the parts join in an order, (orders, players)."""
    count, players = orders.shape
    turns = np.argsort(orders, axis=1)
    joined = turns[:, None, :] < np.arange(1, players)[:, None]
    between = game.values(np.repeat(places, players - 1), joined.reshape(-1, players))
    ends = game.empty[places][:, None], np.full((count, 1), game.full)
    path = np.concatenate([ends[0], between.reshape(count, players - 1), ends[1]], axis=1)
    return np.take_along_axis(np.diff(path, axis=1), turns, axis=1)
