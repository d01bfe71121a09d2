"""Bars that lie, each with its name on the left and a number at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from downslope._dataclass import dataclass
from downslope.drawing._curves import even_ticks
from downslope.drawing._shapes import BLUE, ORANGE, Line, Picture, Rectangle, Shape, Text

__all__ = ["Bar", "bars_picture"]

_ROW, _THICK, _INNER = 22, 14, 250
_LETTER = 6.2  # the usual width of one
_TOP, _BOTTOM, _GAP = 6, 34, 8
_LONGEST = 34


@dataclass(frozen=True)
class Bar:
    """A bar from one number to another.

    Attributes:
        name: on its left.
        start, end: where it begins and ends; orange where it grows, blue where it falls.
        text: at its end.
        error: half the length of the line that shows how certain the end is.
    """

    name: str
    start: float
    end: float
    text: str
    error: float = 0.0


def bars_picture(bars: Sequence[Bar], title: str, axis: str, guides: Sequence[float] = ()) -> Picture:
    """The bars from top to bottom, over an axis.

    Args:
        bars: at least one.
        title: above them.
        axis: what the axis below is of.
        guides: numbers to draw a line at, from top to bottom.
    """
    ends = [v for bar in bars for v in (bar.start, bar.end - bar.error, bar.end + bar.error)]
    low, high = min([*ends, *guides]), max([*ends, *guides])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    names = [_cut(bar.name) for bar in bars]
    left = _GAP + _LETTER * max(map(len, names)) + _GAP
    beside = _LETTER * max(len(bar.text) for bar in bars) + 2 * _GAP
    first = left + (beside if any(bar.end < bar.start for bar in bars) else 0)
    width = first + _INNER + beside
    height = _TOP + _ROW * len(bars) + _BOTTOM

    def across(value: float) -> float:
        return first + _INNER * (value - low) / (high - low)

    bottom = _TOP + _ROW * len(bars)
    shapes: list[Shape] = []
    for tick in even_ticks(low, high):
        shapes.append(Line(((across(tick), _TOP), (across(tick), bottom)), 0.12))
        shapes.append(Text(across(tick), bottom + 14, f"{float(f'{tick:.4g}'):,g}"))
    shapes.append(Text(first + _INNER / 2, bottom + 29, axis))
    shapes += [Line(((across(g), _TOP), (across(g), bottom)), 0.7, dashed=True) for g in guides]
    for i, (bar, name) in enumerate(zip(bars, names, strict=True)):
        middle = _TOP + _ROW * (i + 0.5)
        shapes.append(Text(left - _GAP, middle + 4, name, "end"))
        shapes += _bar(bar, across, middle)
    return Picture(width, height, title, tuple(shapes), title)


def _bar(bar: Bar, across: Callable[[float], float], middle: float) -> list[Shape]:
    start, end, grows = across(bar.start), across(bar.end), bar.end >= bar.start
    colour = ORANGE if grows else BLUE
    shapes: list[Shape] = [Rectangle(min(start, end), middle - _THICK / 2, abs(end - start), _THICK, colour)]
    tip = end
    if bar.error:
        low, high = across(bar.end - bar.error), across(bar.end + bar.error)
        shapes.append(Line(((low, middle), (high, middle)), width=1.5))
        tip = high if grows else low
    side, gap = ("start", 5) if grows else ("end", -5)
    shapes.append(Text(tip + gap, middle + 4, bar.text, side))
    return shapes


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
