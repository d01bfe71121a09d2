"""What a page looks at, and what it was sent last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.studio._schema import Look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from downslope.studio.session._session import Session
    from downslope.studio.table._rows import Rows

__all__ = ["Order", "Picture", "Viewer", "when_due"]

_SHARE = 0.2  # of the time that pictures may take while weights move
_SECONDS = 0.1  # between two of them, while weights move


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
    """A picture that was sent: what it was made from, when, in how many seconds, and the rest of it."""

    source: tuple[str, int]
    at: float
    cost: float
    rest: Iterator[dict[str, Any]] | None


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
        settled: whether it has its first picture, which waits for no least squares.
    """

    look: Look | None = None
    version: int = -1
    overview: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    cells: tuple[Rows, bytes] | None = None
    sent_at: float = 0.0
    pictures: dict[str, Drawn] = field(default_factory=dict)
    order: Order | None = None
    settled: bool = True

    def asks(self, look: Look) -> None:
        """Take note of what it wants to see; ``again`` asks for it though nothing changed."""
        self.look = look
        if look.again:
            self.version = -1

    def is_behind(self, session: Session) -> bool:
        """Whether there is something that it was not sent."""
        asked = (self.look.pictures if self.look is not None else None) or {}
        growing = any(kind in asked and drawn.rest is not None for kind, drawn in self.pictures.items())
        return growing or self.version != session.version


Picture = dict[str, Any]


def when_due(
    session: Session,
    viewer: Viewer,
    kind: str,
    options: Any,
    make: Callable[[], Picture | Iterator[Picture]],
) -> Picture | None:
    """A picture, unless it was sent already or it is too early for it; a message where it cannot be made.

    One that is made in pieces is sent as it grows. While playing it is finished before another is begun.
    """
    source, now, rest = (repr(options), session.version), perf_counter(), None
    last, moving = viewer.pictures.get(kind), session.state.moving
    if last is not None and last.source[0] == source[0]:
        if moving and now - last.at < max(_SECONDS, last.cost / _SHARE):
            return None
        if last.rest is None and last.source == source:
            return None
        if last.rest is not None and (last.source == source or moving):
            source, rest = last.source, last.rest
    try:
        picture, rest = _first_of(make() if rest is None else rest)
    except (DownslopeError, IndexError, KeyError, TypeError, ValueError) as error:
        picture, rest = {"refused": str(error) or type(error).__name__}, None
    viewer.pictures[kind] = Drawn(source, perf_counter(), perf_counter() - now, rest)
    return picture


def _first_of(made: Picture | Iterator[Picture]) -> tuple[Picture, Iterator[Picture] | None]:
    """The next picture of those that are made, and the others unless it is the whole."""
    if isinstance(made, dict):
        return made, None
    picture = next(made)
    return picture, made if "progress" in picture else None
