"""Shapes of a picture, and the two ways to draw them: as SVG for notebooks, and with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from downslope._dataclass import dataclass
from downslope._visible import escape
from downslope.drawing._matplotlib import axes_for, figure_axes

__all__ = ["BLUE", "ORANGE", "Area", "Circle", "Line", "Picture", "Rectangle", "Shape", "Text"]

BLUE, ORANGE = "#3b8bd0", "#d9772b"  # both stand out from white and from black
_FONT = 11
_LETTER = 6.2  # the usual width of one
_ABOVE = 22  # the room that a title takes
_INK = ""
"""The colour of the text around the picture, so that it reads on light and dark."""


@dataclass(frozen=True)
class Circle:
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str = BLUE
    opacity: float = 1.0

    def svg(self) -> str:
        faint = f' fill-opacity="{self.opacity:g}"' if self.opacity < 1 else ""
        return (
            f'<circle cx="{self.x:.1f}" cy="{self.y:.1f}" r="{self.radius:.3g}" fill="{self.colour}"{faint}/>'
        )

    def draw(self, ax: Any, scale: float) -> None:
        from matplotlib.patches import Circle as Patch

        ax.add_patch(Patch((self.x, self.y), self.radius, color=self.colour, alpha=self.opacity, zorder=2))


@dataclass(frozen=True)
class Rectangle:
    """A filled rectangle from its top left corner."""

    x: float
    y: float
    width: float
    height: float
    colour: str = BLUE
    opacity: float = 1.0

    def svg(self) -> str:
        return (
            f'<rect x="{self.x:.1f}" y="{self.y:.1f}" width="{self.width:.1f}" height="{self.height:.1f}" '
            f'fill="{self.colour or "currentColor"}" fill-opacity="{self.opacity:g}"/>'
        )

    def draw(self, ax: Any, scale: float) -> None:
        from matplotlib.patches import Rectangle as Patch

        colour = self.colour or "black"
        corner = self.x, self.y
        ax.add_patch(Patch(corner, self.width, self.height, facecolor=colour, alpha=self.opacity, zorder=1))


@dataclass(frozen=True)
class Area:
    """The area within points."""

    points: Sequence[tuple[float, float]]
    colour: str = BLUE

    def svg(self) -> str:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points).replace(".0", "")
        return f'<polygon points="{points}" fill="{self.colour}"/>'

    def draw(self, ax: Any, scale: float) -> None:
        from matplotlib.patches import Polygon as Patch

        ax.add_patch(Patch(list(self.points), color=self.colour, zorder=1))


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: Sequence[tuple[float, float]]
    opacity: float = 1.0
    width: float = 1.0
    colour: str = _INK
    dashed: bool = False

    def svg(self) -> str:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)
        dashes = ' stroke-dasharray="3 3"' if self.dashed else ""
        return (
            f'<polyline points="{points}" fill="none" stroke="{self.colour or "currentColor"}" '
            f'stroke-opacity="{self.opacity:g}" stroke-width="{self.width:g}"{dashes}/>'
        )

    def draw(self, ax: Any, scale: float) -> None:
        x, y = zip(*self.points, strict=True)
        ax.plot(
            x,
            y,
            color=self.colour or "black",
            alpha=self.opacity,
            linewidth=self.width * scale,
            linestyle="--" if self.dashed else "-",
            zorder=1,
        )


@dataclass(frozen=True)
class Text:
    """A line of text at a point of its baseline; ``anchor`` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    colour: str = _INK

    def svg(self) -> str:
        return (
            f'<text x="{self.x:.1f}" y="{self.y:.1f}" text-anchor="{self.anchor}" '
            f'fill="{self.colour or "currentColor"}">{escape(self.text)}</text>'
        )

    def draw(self, ax: Any, scale: float) -> None:
        side = {"start": "left", "middle": "center", "end": "right"}[self.anchor]
        ax.text(
            self.x,
            self.y,
            self.text,
            ha=side,
            va="baseline",
            fontsize=_FONT * scale,
            color=self.colour or "black",
            parse_math=False,
        )


Shape = Area | Circle | Line | Rectangle | Text


@dataclass(frozen=True)
class Picture:
    """Shapes on a rectangle whose origin is at the top left.

    Attributes:
        width, height: of the rectangle; a unit is a CSS pixel, or a point where there is room for it.
        label: what the picture shows, in words, for those who do not see it.
        shapes: in the order in which they are drawn.
        title: a line above them; "" where it stands elsewhere.
    """

    width: float
    height: float
    label: str
    shapes: tuple[Shape, ...]
    title: str = ""

    @property
    def untitled(self) -> Picture:
        """The same without its title."""
        return replace(self, title="")

    @property
    def _frame(self) -> tuple[float, float, tuple[Shape, ...]]:
        """The width, the height of what is above the origin, and all shapes."""
        if not self.title:
            return self.width, 0, self.shapes
        wide = max(self.width, _LETTER * (len(self.title) + 4))
        return wide, _ABOVE, (Text(8, 14 - _ABOVE, self.title, "start"), *self.shapes)

    def svg(self) -> str:
        """Inline SVG without scripts or network access, in the colour of the text around it."""
        width, above, shapes = self._frame
        height = self.height + above
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 {-above:.0f} {width:.0f} {height:.0f}" style="max-width:100%;height:auto" '
            f'role="img" aria-label="{escape(self.label)}" font-family="sans-serif" font-size="{_FONT}" '
            f'fill="currentColor">{"".join(shape.svg() for shape in shapes)}</svg>'
        )

    def png(self) -> bytes:
        """A PNG file, on white.

        Raises:
            DownslopeError: if matplotlib is not installed.
        """
        from io import BytesIO

        width, above, _ = self._frame
        ax = self.draw(figure_axes((width / 72, (self.height + above) / 72)))
        content = BytesIO()
        ax.figure.savefig(content, format="png", dpi=144)
        return content.getvalue()

    def draw(self, ax: Any = None) -> Any:
        """Draw with matplotlib.

        Args:
            ax: axes of matplotlib to draw on; None makes a figure of the size of the picture.

        Returns:
            The axes.

        Raises:
            DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
        """
        width, above, shapes = self._frame
        height = self.height + above
        ax = axes_for(ax, (width / 72, height / 72), whole=True)
        ax.set(xlim=(0, width), ylim=(self.height, -above), aspect="equal")
        ax.axis("off")
        room = ax.get_window_extent()
        scale = min(room.width / width, room.height / height) * 72 / ax.figure.dpi
        for shape in shapes:
            shape.draw(ax, scale)
        return ax
