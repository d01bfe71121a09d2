"""Pictures and matrices for frames: made when asked for, and no more often than training can bear."""

from __future__ import annotations

from typing import Any

from downslope.nets import Network
from downslope.studio._session import Session
from downslope.training import Arrays

__all__ = ["matrices_of", "pictures_of"]


def pictures_of(
    session: Session,
    stamps: dict[str, tuple[Any, float, float]],
    asked: dict[str, Any],
    parameters: Arrays,
    network: Network,
) -> dict[str, Any]:
    """The pictures asked for that have changed."""
    return {}


def matrices_of(
    session: Session, stamps: dict[str, tuple[Any, float, float]], asked: dict[str, Any], parameters: Arrays
) -> dict[str, Any]:
    """The cards and matrices asked for."""
    return {}
