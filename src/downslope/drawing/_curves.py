"""Errors over the course of training, with a logarithmic axis where none of them is negative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Any

from downslope._dataclass import dataclass
from downslope.drawing._matplotlib import axes_for
from downslope.drawing._shapes import BLUE, ORANGE, Line, Picture, Shape, Text

__all__ = ["Curve", "Mark", "curves_picture", "even_ticks", "plot_curves"]

_WIDTH, _HEIGHT = 420, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 30
_COLOURS = {
    "training": BLUE,
    "validation": ORANGE,
    "remedied": BLUE,
    "unchanged": ORANGE,
    "placebo": "#8a8a8a",
}
_POINTS = 400
_MOST = 1e200
"""Errors beyond this, or on a logarithmic axis below its inverse, leave no room for margins and ticks."""


@dataclass(frozen=True)
class Curve:
    """Errors at some places of the x axis, of training or of validation, or of runs that are compared.

    Attributes:
        name: ``"training"``, ``"validation"``, ``"remedied"``, ``"unchanged"`` or ``"placebo"``.
        points: place and error, from left to right; errors that no axis can show are left out.
        faint: whether it stands in the background.
    """

    name: str
    points: Sequence[tuple[float, float]]
    faint: bool = False

    def drawn(self, log: bool) -> list[tuple[float, float]]:
        """The points that an axis can show."""
        least = 1 / _MOST if log else -_MOST
        return [(x, y) for x, y in self.points if least < y < _MOST]


@dataclass(frozen=True)
class Mark:
    """A place of the x axis to point out, and why."""

    x: float
    label: str


def curves_picture(curves: Sequence[Curve], x_label: str, mark: Mark | None = None) -> Picture | None:
    """The curves as shapes; None where there are fewer than two places or no error that can be drawn."""
    log = _logarithmic(curves)
    drawn = [(curve, curve.drawn(log)) for curve in curves]
    places = [x for curve in curves for x, _ in curve.points]
    errors = [y for _, points in drawn for _, y in points]
    if not errors or min(places) == max(places):
        return None
    low, high = min(errors), max(errors)
    if low == high:
        high = 2 * low if log else low + 1
    left, right = min(places), max(places)
    inner, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    height: Callable[[float], float] = log10 if log else float

    def across(x: float) -> float:
        return _LEFT + inner * (x - left) / (right - left)

    def down(error: float) -> float:
        return _TOP + tall * (height(high) - height(error)) / (height(high) - height(low))

    shapes: list[Shape] = []
    for tick in log_ticks(low, high) if log else even_ticks(low, high):
        shapes.append(Line(((_LEFT, down(tick)), (_WIDTH - _RIGHT, down(tick))), 0.15))
        shapes.append(Text(_LEFT - 6, down(tick) + 4, f"{float(f'{tick:.3g}'):g}", "end"))
    shapes += [Text(across(x), _HEIGHT - 12, f"{x:.0f}") for x in (left, right)]
    shapes += [Text(_LEFT + inner / 2, _HEIGHT - 12, x_label), Text(4, 12, "error", "start")]
    if mark is not None and left <= mark.x <= right:
        place = across(mark.x)
        anchor, gap = ("end", -5) if place > _WIDTH / 2 else ("start", 5)
        shapes.append(Line(((place, _TOP), (place, _HEIGHT - _BOTTOM)), 0.6, dashed=True))
        shapes.append(Text(place + gap, _TOP + 10, mark.label, anchor))
    for curve, points in drawn:
        thinned = [(across(x), down(y)) for x, y in _thinned(points)]
        if thinned:
            faint, width = (0.35, 1.0) if curve.faint else (1.0, 2.0)
            shapes.append(Line(thinned, faint, width, _COLOURS[curve.name]))
    for i, name in enumerate(dict.fromkeys(curve.name for curve in curves if curve.points)):
        left_of = _LEFT + 90 * i + 4
        shapes.append(Line(((left_of, 8), (left_of + 14, 8)), width=3.0, colour=_COLOURS[name]))
        shapes.append(Text(left_of + 18, 12, name, "start"))
    label = f"error over {right:g} {x_label}, from {high:.3g} to {low:.3g}"
    return Picture(_WIDTH, _HEIGHT, label, tuple(shapes))


def plot_curves(curves: Sequence[Curve], x_label: str, mark: Mark | None = None, ax: Any = None) -> Any:
    """The curves on axes of matplotlib.

    Args:
        curves: to draw.
        x_label: of the x axis.
        mark: to point out.
        ax: axes to draw on; None makes a figure.

    Returns:
        The axes.

    Raises:
        DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
    """
    ax = axes_for(ax, (6.4, 3.6))
    log = _logarithmic(curves)
    for curve in curves:
        points = curve.drawn(log)
        if not points:
            continue
        label = None if curve.faint else curve.name
        x, y = zip(*points, strict=True)
        faint, width = (0.3, 0.8) if curve.faint else (1.0, 1.8)
        ax.plot(x, y, color=_COLOURS[curve.name], alpha=faint, linewidth=width, label=label)
    if mark is not None:
        ax.axvline(mark.x, color="gray", linestyle="--", linewidth=1, label=mark.label)
    ax.set(xlabel=x_label, ylabel="error", yscale="log" if log else "linear")
    if ax.lines:
        ax.legend(frameon=False)
    return ax


def _logarithmic(curves: Sequence[Curve]) -> bool:
    errors = [y for curve in curves for _, y in curve.drawn(log=False)]
    return bool(errors) and min(errors) >= 0 < max(errors)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most so many points; of more, the mean of every few that follow each other."""
    every = -(-len(points) // _POINTS)
    if every <= 1:
        return list(points)
    groups = [points[i : i + every] for i in range(0, len(points), every)]
    return [(sum(x for x, _ in g) / len(g), sum(y for _, y in g) / len(g)) for g in groups]


def log_ticks(low: float, high: float) -> list[float]:
    """Round values between two: powers of ten, or 1, 2 and 5 times those; the ends where there are too few.

    >>> log_ticks(0.5, 200.0)
    [1.0, 10.0, 100.0]
    >>> log_ticks(0.9, 6.0)
    [1.0, 2.0, 5.0]
    """
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    for factors in ((1,), (1, 2, 5)):
        ticks = [factor * 10.0**power for power in powers for factor in factors]
        within = [tick for tick in ticks if low <= tick <= high]
        if len(within) > 1:
            return within[:: -(-len(within) // 6)]
    return [low, high]


def even_ticks(low: float, high: float) -> list[float]:
    """Round values between two at even distances; the ends where there are too few.

    >>> even_ticks(-1.3, 2.2)
    [-1.0, 0.0, 1.0, 2.0]
    """
    rough = (high - low) / 5
    unit = 10.0 ** floor(log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    ticks = [i * step for i in range(ceil(low / step), floor(high / step) + 1)]
    return ticks if len(ticks) > 1 else [low, high]
