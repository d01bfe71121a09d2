"""The local page: one sees a network learn on one's own table, and the server behind it."""

from downslope.studio._play import Studio, play

__all__ = ["Studio", "play"]
