"""matplotlib, which is imported only where something is drawn with it."""

from __future__ import annotations

from typing import Any

from downslope.errors import DownslopeError

__all__ = ["axes_for", "figure_axes"]


def axes_for(ax: Any, size: tuple[float, float], *, whole: bool = False) -> Any:
    """The axes to draw on.

    Args:
        ax: axes of matplotlib; None makes a figure with one.
        size: of that figure, in inches.
        whole: whether the axes fill that figure to its edges.

    Raises:
        DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.axes import Axes
    except ImportError:
        raise DownslopeError(
            "plot draws with matplotlib, which is not installed: pip install matplotlib"
        ) from None
    if ax is None:
        figure = pyplot.figure(figsize=size)
        return figure.add_axes((0, 0, 1, 1)) if whole else figure.subplots()
    if not isinstance(ax, Axes):
        raise DownslopeError(f"ax needs axes of matplotlib, such as plt.gca(), not {type(ax).__name__}")
    return ax


def figure_axes(size: tuple[float, float]) -> Any:
    """Axes that fill a figure which no window shows and nothing else holds.

    Args:
        size: of the figure, in inches.

    Raises:
        DownslopeError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise DownslopeError(
            "PNG is drawn with matplotlib, which is not installed: pip install matplotlib, or write SVG"
        ) from None
    return Figure(figsize=size).add_axes((0, 0, 1, 1))
