"""What a page looks at, and what it was sent last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from downslope.studio._schema import Look

if TYPE_CHECKING:
    from downslope.studio.session._session import Session

__all__ = ["Watcher"]


@dataclass
class Watcher:
    """A page that looks on.

    Attributes:
        look: what it asks to see next; None while it draws.
        version, state: of the session, as it was last sent.
        cells: which cells it has.
        sent_at: when, in seconds.
        stamps: of each picture: of what it was made, when, and in how many seconds.
    """

    look: Look | None = None
    version: int = -1
    state: int = -1
    cells: tuple[Any, ...] = ()
    sent_at: float = 0.0
    stamps: dict[str, tuple[Any, float, float]] = field(default_factory=dict)

    def asks(self, look: Look) -> None:
        """Take note of what it wants to see; ``again`` asks for it though nothing changed."""
        self.look = look
        if look.again:
            self.version = -1

    def behind(self, session: Session) -> bool:
        """Whether there is something that it was not sent."""
        return self.version != session.version or self.state != session.state_version
