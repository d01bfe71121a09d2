"""Results that have a picture, which matplotlib draws as well."""

from __future__ import annotations

from typing import Any

from downslope.drawing._shapes import Picture

__all__ = ["Drawn"]


class Drawn:
    """A result with a picture."""

    def picture(self) -> Picture:
        """The picture, as plain shapes."""
        raise NotImplementedError

    def plot(self, ax: Any = None) -> Any:
        """Draw the picture with matplotlib.

        Args:
            ax: axes of matplotlib to draw on; None makes a figure.

        Returns:
            The axes.

        Raises:
            DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
        """
        return self.picture().draw(ax)
