"""A network: the units of each layer, how they are joined, widths and numbers of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from downslope._dataclass import dataclass
from downslope.drawing._shapes import BLUE, ORANGE, Circle, Line, Picture, Shape, Text

__all__ = ["LayerDrawing", "layers_picture"]

_LAYER_STEP, _UNIT_STEP, _RADIUS = 128, 24, 8
_MARGIN, _ABOVE, _BELOW = 66, 46, 60
_UNITS = 8
"""Units that are drawn of a layer; of more, the first and the last ones."""
_LAYERS = 12
"""Layers that are drawn of a network; of more, the first and the last ones."""

Heights = list[float | None]


@dataclass(frozen=True)
class LayerDrawing:
    """A layer as it is drawn.

    Attributes:
        title: above it, up to two lines.
        width: its number of units.
        parameters: how many numbers it learns.
        full: whether each unit is joined with every unit before.
        sources: the layers it is joined with, by their place.
    """

    title: tuple[str, ...]
    width: int
    parameters: int
    full: bool
    sources: tuple[int, ...]


def layers_picture(layers: Sequence[LayerDrawing], caption: str) -> Picture:
    """The layers from left to right as shapes.

    Args:
        layers: the inputs first.
        caption: below the whole.
    """
    shown = _shown(layers)
    columns = {place: _MARGIN + _LAYER_STEP * i for i, place in enumerate(shown) if place is not None}
    tallest = max(len(_heights(layers[place].width)) for place in columns)
    middle = _ABOVE + _UNIT_STEP * tallest / 2
    shapes: list[Shape] = []
    for place, x in columns.items():
        shapes += _joints(layers, place, columns, x, middle)
    for place, x in columns.items():
        shapes += _units(layers[place], x, middle, place == 0)
    for i, found in enumerate(shown):
        if found is None:
            x = _MARGIN + _LAYER_STEP * i
            shapes += [Text(x, middle + 4, "…"), Text(x, middle + 20, f"{len(layers) - len(columns)} more")]
    width, height = 2 * _MARGIN + _LAYER_STEP * (len(shown) - 1), _ABOVE + _UNIT_STEP * tallest + _BELOW
    shapes.append(Text(width / 2, height - 8, caption))
    return Picture(width, height, caption, tuple(shapes))


def _shown(layers: Sequence[LayerDrawing]) -> list[int | None]:
    """The places of the layers that are drawn; None where some are left out."""
    places: list[int | None] = list(range(len(layers)))
    if len(places) > _LAYERS + 1:
        places[_LAYERS // 2 : -_LAYERS // 2] = [None]
    return places


def _heights(width: int) -> Heights:
    """Where the units stand, from the middle of the layer; None for those that are left out."""
    drawn: list[bool] = [True] * width
    if width > _UNITS + 1:
        drawn = [True] * (_UNITS // 2) + [False] + [True] * (_UNITS // 2)
    return [_UNIT_STEP * (i - (len(drawn) - 1) / 2) if unit else None for i, unit in enumerate(drawn)]


def _units(layer: LayerDrawing, x: float, middle: float, first: bool) -> list[Shape]:
    heights = _heights(layer.width)
    half = _UNIT_STEP * len(heights) / 2
    shapes: list[Shape] = [
        Text(x, middle + 4, "⋮") if y is None else Circle(x, middle + y, _RADIUS, ORANGE if first else BLUE)
        for y in heights
    ]
    for i, line in enumerate(reversed(layer.title)):
        shapes.append(Text(x, middle - half - 4 - 14 * i, line))
    below = [f"{layer.width:,}", *([f"{layer.parameters:,} parameters"] if layer.parameters else [])]
    shapes += [Text(x, middle + half + 18 + 14 * i, line) for i, line in enumerate(below)]
    return shapes


def _joints(
    layers: Sequence[LayerDrawing], place: int, columns: dict[int, int], x: float, middle: float
) -> list[Shape]:
    """The lines from the layers that a layer takes its values from."""
    here = layers[place]
    shapes: list[Shape] = []
    for source in here.sources:
        if source not in columns:
            continue
        if source != place - 1:
            between = max(map(_half, layers[source : place + 1]))
            shapes.append(_bow((columns[source], _half(layers[source])), (x, _half(here)), between, middle))
            continue
        left, right = _heights(layers[source].width), _heights(here.width)
        for y1, y2 in _pairs(left, right, here.full):
            if y1 is not None and y2 is not None:
                shapes.append(Line(((columns[source], middle + y1), (x, middle + y2)), 0.25))
    return shapes


def _pairs(left: Heights, right: Heights, full: bool) -> Iterable[tuple[float | None, float | None]]:
    """The units that are joined: all with all, each with its own, or the outer ones to stand for all."""
    if full:
        return product(left, right)
    if len(left) == len(right):
        return zip(left, right, strict=True)
    return (left[0], right[0]), (left[-1], right[-1])


def _half(layer: LayerDrawing) -> float:
    return _UNIT_STEP * len(_heights(layer.width)) / 2


def _bow(start: tuple[float, float], end: tuple[float, float], between: float, middle: float) -> Line:
    """A line from the lowest unit of a layer to that of another, below the layers between them."""
    depth = middle + between + 4
    (left, y1), (right, y2) = ((x, middle + half - _UNIT_STEP / 2) for x, half in (start, end))
    return Line(((left, y1), (left + 24, depth), (right - 24, depth), (right, y2)), 0.5, 1.5)
