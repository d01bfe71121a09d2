"""Two quantities that should be equal, over a square with its diagonal."""

from __future__ import annotations

from collections.abc import Sequence

from downslope._dataclass import dataclass
from downslope.drawing._curves import even_ticks
from downslope.drawing._shapes import BLUE, ORANGE, Circle, Line, Picture, Shape, Text

__all__ = ["Agreement", "agreement_picture", "scatter_picture"]

_SIDE, _LEFT, _TOP, _BOTTOM, _RIGHT = 270, 58, 22, 36, 14
_MARGIN = 0.03
_LARGEST = 9.0


@dataclass(frozen=True)
class Agreement:
    """A point that should lie on the diagonal.

    Attributes:
        said, found: its place: from left to right what was said, from bottom to top what was found.
        share: how much it stands for; its area.
        ends: of the line that shows how certain ``found`` is.
    """

    said: float
    found: float
    share: float = 1.0
    ends: tuple[float, float] | None = None


def scatter_picture(points: Sequence[tuple[float, float]], axes: tuple[str, str], label: str) -> Picture:
    """A dot for each point; those on the diagonal are right.

    Args:
        points: at least one, from left to right and from bottom to top.
        axes: what is from left to right, and from bottom to top.
        label: what the picture shows, in words.
    """
    square = _Square.around([v for point in points for v in point])
    few = len(points) < 200
    radius, faint = (2.5, 0.6) if few else (2.0, 0.45)
    dots = [Circle(square.across(x), square.down(y), radius, BLUE, faint) for x, y in points]
    return square.picture([*dots, *square.diagonal()], axes, label)


def agreement_picture(points: Sequence[Agreement], axes: tuple[str, str], label: str) -> Picture:
    """Shares that were said beside those found, from 0 to 1; arguments as of ``scatter_picture``."""
    square = _Square(0.0, 1.0)
    most = max(point.share for point in points) or 1.0
    shapes: list[Shape] = [*square.diagonal()]
    for point in points:
        x = square.across(point.said)
        if point.ends is not None:
            shapes.append(Line([(x, square.down(end)) for end in point.ends], 0.8, 1.5, ORANGE))
    for point in points:
        radius = max(_LARGEST * (point.share / most) ** 0.5, 2.5)
        shapes.append(Circle(square.across(point.said), square.down(point.found), radius, BLUE, 0.8))
    return square.picture(shapes, axes, label)


@dataclass(frozen=True)
class _Square:
    """The same range from left to right and from bottom to top."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float]) -> _Square:
        """With a margin, so that no dot is on the edge."""
        low, high = min(values), max(values)
        margin = _MARGIN * (high - low) or 0.5
        return cls(low - margin, high + margin)

    def _share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    def across(self, value: float) -> float:
        return _LEFT + _SIDE * self._share(value)

    def down(self, value: float) -> float:
        return _TOP + _SIDE * (1 - self._share(value))

    def diagonal(self) -> tuple[Shape, ...]:
        ends = (self.low, self.high)
        return (Line([(self.across(end), self.down(end)) for end in ends], 0.7, dashed=True),)

    def picture(self, shapes: Sequence[Shape], axes: tuple[str, str], label: str) -> Picture:
        """The shapes over ticks."""
        bottom, end = _TOP + _SIDE, _LEFT + _SIDE
        below: list[Shape] = [Text(4, 12, axes[1], "start")]
        for tick in even_ticks(self.low, self.high):
            x, y = self.across(tick), self.down(tick)
            below += [Line(((_LEFT, y), (end, y)), 0.12), Line(((x, _TOP), (x, bottom)), 0.12)]
            number = f"{float(f'{tick:.4g}'):,g}"
            below += [Text(_LEFT - 6, y + 4, number, "end"), Text(x, bottom + 14, number)]
        below.append(Text(_LEFT + _SIDE / 2, bottom + 30, axes[0]))
        return Picture(end + _RIGHT, bottom + _BOTTOM, label, (*below, *shapes))
