"""A quantity along one column or over two, with how many rows of the data there are at each place."""

from __future__ import annotations

from collections.abc import Sequence

from downslope._dataclass import dataclass
from downslope.drawing._curves import even_ticks
from downslope.drawing._shapes import BLUE, ORANGE, Circle, Line, Picture, Rectangle, Shape, Text

__all__ = ["Axis", "line_picture", "map_picture"]

_WIDTH, _HEIGHT = 410, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 16, 6, 36
_STRIP = 34
"""The height of the bars of the data, at the bottom."""
_CELL_WIDTH, _CELL_HEIGHT, _LABEL = 44, 26, 6.2
_LONGEST = 20
_MAP_WIDTH = 320
_MIDDLE = "#e4e4e4"
_DOT = "#1a1a1a"
_FAINT = 0.3
_LABELS = 7


@dataclass(frozen=True)
class Axis:
    """The places along a column.

    Attributes:
        name: of the column.
        labels: of the places.
        numbers: where they are, ascending; empty where they have an order at most.
    """

    name: str
    labels: tuple[str, ...]
    numbers: tuple[float, ...] = ()


def line_picture(
    axis: Axis, values: Sequence[float], shares: Sequence[float], name: str, title: str
) -> Picture:
    """A line over a column of numbers, above bars of the data.

    Args:
        axis: of at least two numbers.
        values: of the quantity at each.
        shares: of the rows at each.
        name: of the quantity.
        title: above it all.
    """
    first, last = axis.numbers[0], axis.numbers[-1]
    low, high = _range(values)
    inner, bottom = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM - _STRIP

    def across(number: float) -> float:
        return _LEFT + inner * (number - first) / (last - first)

    def down(value: float) -> float:
        return _TOP + 16 + (bottom - _TOP - 24) * (high - value) / (high - low)

    shapes: list[Shape] = [Text(8, _TOP + 6, name, "start")]
    for tick in even_ticks(low, high):
        shapes.append(Line(((_LEFT, down(tick)), (_WIDTH - _RIGHT, down(tick))), 0.15))
        shapes.append(Text(_LEFT - 6, down(tick) + 4, f"{float(f'{tick:.4g}'):,g}", "end"))
    most, gap = max(shares) or 1.0, inner / (len(shares) - 1)
    for number, share in zip(axis.numbers, shares, strict=True):
        tall = _STRIP * share / most
        left = max(across(number) - 0.4 * gap, _LEFT)
        right = min(across(number) + 0.4 * gap, _WIDTH - _RIGHT)
        shapes.append(Rectangle(left, bottom + _STRIP - tall, right - left, tall, "", _FAINT))
    shapes.append(Text(_LEFT - 6, bottom + _STRIP - 4, "rows", "end"))
    for tick in even_ticks(first, last):
        shapes.append(Text(across(tick), _HEIGHT - _BOTTOM + 14, f"{float(f'{tick:.6g}'):g}"))
    shapes.append(Text(_LEFT + inner / 2, _HEIGHT - 6, axis.name))
    points = [(across(n), down(v)) for n, v in zip(axis.numbers, values, strict=True)]
    shapes.append(Line(points, width=2.0, colour=BLUE))
    shapes += [Circle(x, y, 2.5) for x, y in points]
    return Picture(_WIDTH, _HEIGHT, title, tuple(shapes), title)


def map_picture(
    axes: tuple[Axis, Axis],
    values: Sequence[Sequence[float]],
    shares: Sequence[Sequence[float]],
    name: str,
    title: str,
) -> Picture:
    """A coloured cell for each pair of places: faint without rows of the data, a larger dot for more of them.

    Args:
        axes: the column from left to right, and that from bottom to top.
        values: of the quantity, for each place of the first axis and each of the second.
        shares: of the rows at each pair.
        name: of the quantity.
        title: above it all.
    """
    across, up = axes
    low, high = _range([v for row in values for v in row])
    most = max(s for row in shares for s in row) or 1.0
    names = [_cut(label) for label in up.labels]
    left = 16 + _LABEL * max(map(len, [*names, _cut(up.name)]))
    top = 22
    cell = min(max(_CELL_WIDTH, _MAP_WIDTH // len(across.labels)), 3 * _CELL_WIDTH)
    wide, tall = cell * len(across.labels), _CELL_HEIGHT * len(up.labels)
    shapes: list[Shape] = [Text(left - 8, top - 8, _cut(up.name), "end")]
    for i in range(len(across.labels)):
        for j in range(len(up.labels)):
            x, y = left + cell * i, top + _CELL_HEIGHT * (len(up.labels) - 1 - j)
            share = shares[i][j]
            colour = _colour((values[i][j] - low) / (high - low))
            opacity = 1.0 if share else _FAINT
            shapes.append(Rectangle(x, y, cell - 1, _CELL_HEIGHT - 1, colour, opacity))
            if share:
                radius = 1 + 8 * (share / most) ** 0.5
                shapes.append(Circle(x + cell / 2, y + _CELL_HEIGHT / 2, radius, _DOT))
    for j, label in enumerate(names):
        middle = top + _CELL_HEIGHT * (len(names) - 0.5 - j)
        shapes.append(Text(left - 8, middle + 4, label, "end"))
    every = -(-len(across.labels) // _LABELS)
    for i, label in list(enumerate(across.labels))[::every]:
        room = int(cell * every / _LABEL) - 1
        shapes.append(Text(left + cell * (i + 0.5), top + tall + 14, _cut(label, max(room, 4))))
    shapes.append(Text(left + wide / 2, top + tall + 30, across.name))
    shapes += _legend(left, top + tall + 44, (low, high), name)
    width = max(left + wide + 16, left + 320)
    return Picture(width, top + tall + 78, title, tuple(shapes), title)


def _legend(left: float, top: float, ends: tuple[float, float], name: str) -> list[Shape]:
    """The colours from the least to the largest value."""
    low, high = (f"{float(f'{end:.4g}'):,g}" for end in ends)
    first = left + _LABEL * len(low) + 8
    shapes: list[Shape] = [Text(left, top + 11, low, "start")]
    shapes += [Rectangle(first + 8 * i, top, 8, 14, _colour(i / 15)) for i in range(16)]
    shapes.append(Text(first + 136, top + 11, f"{high}   {name}", "start"))
    return [*shapes, Text(left, top + 28, "dots: rows of the data; faint: none", "start")]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _colour(share: float) -> str:
    """From blue over grey to orange.

    >>> _colour(0.0) == BLUE, _colour(0.5) == "#e4e4e4", _colour(1.0) == ORANGE
    (True, True, True)
    """
    start, end, part = (BLUE, _MIDDLE, 2 * share) if share < 0.5 else (_MIDDLE, ORANGE, 2 * share - 1)
    pairs = ((int(start[i : i + 2], 16), int(end[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in pairs)


def _cut(label: str, longest: int = _LONGEST) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"
