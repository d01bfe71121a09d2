"""What a page looks at, and what it was sent last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from downslope.studio._schema import Look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from downslope.studio.session._session import Session
    from downslope.studio.table._rows import Rows

__all__ = ["Order", "Watcher"]


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


@dataclass
class Watcher:
    """A page that looks on.

    Attributes:
        look: what it asks to see next; None while it draws.
        version: of the session, as it was last sent.
        overview: what the part of the state depends on that changes rarely, as it was last sent.
        cells: which cells it has.
        sent_at: when, in seconds.
        stamps: of each picture: of what it was made, when, and in how many seconds.
        order: rows by the size of their errors.
    """

    look: Look | None = None
    version: int = -1
    overview: tuple[Any, ...] = ()
    cells: tuple[Any, ...] = ()
    sent_at: float = 0.0
    stamps: dict[str, tuple[Any, float, float]] = field(default_factory=dict)
    order: Order | None = None

    def asks(self, look: Look) -> None:
        """Take note of what it wants to see; ``again`` asks for it though nothing changed."""
        self.look = look
        if look.again:
            self.version = -1

    def behind(self, session: Session) -> bool:
        """Whether there is something that it was not sent."""
        return self.version != session.version
