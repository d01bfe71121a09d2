"""What a page looks at, and what it was sent last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from downslope.errors import DownslopeError
from downslope.studio._schema import Look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from downslope.studio.session._session import Session
    from downslope.studio.table._rows import Rows

__all__ = ["Order", "Viewer", "when_due"]

_SHARE = 0.2  # of the time that pictures may take while playing
_SECONDS = 0.1  # between two of them, while playing


@dataclass(frozen=True, eq=False)
class Order:
    """Rows by the size of their errors.

    Attributes:
        indices: the rows, the largest error first, (rows,).
        rows, version, made_at: the table, the version of the session, and the second when it was made.
    """

    indices: NDArray[np.int64]
    rows: Rows
    version: int
    made_at: float


@dataclass(frozen=True)
class Drawn:
    """A picture that was sent: what it was made from, when, and in how many seconds."""

    source: tuple[str, int]
    at: float
    cost: float


@dataclass
class Viewer:
    """A page that is connected.

    Attributes:
        look: what it asks to see next; None while it draws.
        version: of the session, as it was last sent.
        overview: what each part of the overview was made from, as it was last sent.
        cells: which cells it has: of which rows, and their indices as bytes.
        sent_at: when, in seconds.
        pictures: the pictures it has, by kind.
        order: rows by the size of their errors.
    """

    look: Look | None = None
    version: int = -1
    overview: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    cells: tuple[Rows, bytes] | None = None
    sent_at: float = 0.0
    pictures: dict[str, Drawn] = field(default_factory=dict)
    order: Order | None = None

    def asks(self, look: Look) -> None:
        """Take note of what it wants to see; ``again`` asks for it though nothing changed."""
        self.look = look
        if look.again:
            self.version = -1

    def is_behind(self, session: Session) -> bool:
        """Whether there is something that it was not sent."""
        return self.version != session.version


def when_due(
    session: Session, viewer: Viewer, kind: str, options: Any, make: Callable[[], dict[str, Any]]
) -> dict[str, Any] | None:
    """A picture, unless it was sent already or it is too early for it; a message where it cannot be made."""
    source, now = (repr(options), session.version), perf_counter()
    last = viewer.pictures.get(kind)
    if last is not None:
        same_options = last.source[0] == source[0]
        early = now - last.at < max(_SECONDS, last.cost / _SHARE)
        if last.source == source or (session.state.moving and same_options and early):
            return None
    try:
        picture = make()
    except (DownslopeError, IndexError, KeyError, TypeError, ValueError) as error:
        picture = {"refused": str(error) or type(error).__name__}
    viewer.pictures[kind] = Drawn(source, perf_counter(), perf_counter() - now)
    return picture
