"""How many rows there are of each value: bars that stand beside one another."""

from __future__ import annotations

from collections.abc import Sequence

from downslope.drawing._curves import Mark, even_ticks
from downslope.drawing._shapes import Area, Line, Picture, Rectangle, Shape, Text

__all__ = ["histogram_picture", "small_histogram"]

_WIDTH, _HEIGHT = 400, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 16, 16, 34, 36
_SMALL, _APART = (92, 20), 12


def histogram_picture(
    edges: Sequence[float], counts: Sequence[float], axis: str, label: str, marks: Sequence[Mark] = ()
) -> Picture:
    """Bars over an axis of numbers.

    Args:
        edges: of the bars, ascending, one more than there are bars.
        counts: the height of each.
        axis: what the axis is of.
        label: what the picture shows, in words.
        marks: places to point out above the bars.
    """
    low, high, most = edges[0], edges[-1], max(counts) or 1.0
    inner, bottom = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM
    tall = bottom - _TOP

    def across(value: float) -> float:
        return _LEFT + inner * (value - low) / (high - low)

    shapes: list[Shape] = []
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        height = tall * count / most
        shapes.append(
            Rectangle(across(left) + 0.5, bottom - height, across(right) - across(left) - 1, height)
        )
    shapes.append(Line(((_LEFT, bottom), (_WIDTH - _RIGHT, bottom)), 0.4))
    for tick in even_ticks(low, high):
        shapes.append(Text(across(tick), bottom + 14, f"{float(f'{tick:.4g}'):,g}"))
    for i, mark in enumerate(mark for mark in marks if low <= mark.x <= high):
        x, above = across(mark.x), 12 + 13 * (i % 2)  # neighbours do not touch
        anchor = "start" if x < 60 else "end" if x > _WIDTH - 60 else "middle"
        shapes.append(Line(((x, above + 3), (x, bottom)), 0.7, dashed=True))
        shapes.append(Text(x, above, mark.label, anchor))
    shapes.append(Text(_LEFT + inner / 2, _HEIGHT - 6, axis))
    return Picture(_WIDTH, _HEIGHT, label, tuple(shapes))


def small_histogram(counts: Sequence[float], label: str) -> Picture:
    """Bars of the size of a word."""
    (width, height), most = _SMALL, max(counts) or 1.0
    step = width / len(counts)
    gap = 1.0 if len(counts) <= _APART else 0.0
    points = [(0.0, height - 1.0)]
    for i, count in enumerate(counts):
        top = (height - 1) * (1 - count / most)
        points += [(step * i, top), (step * (i + 1) - gap, top)]
        if gap:
            points += [(step * (i + 1) - gap, height - 1.0), (step * (i + 1), height - 1.0)]
    base = Line(((0, height - 0.5), (width, height - 0.5)), 0.3)
    return Picture(width, height, label, (Area([*points, (width - gap, height - 1.0)]), base))
