"""Commands that have an answer of their own: why, what exactly, and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from downslope.studio import _schema as ask
from downslope.studio._session import Session
from downslope.studio._why import why

__all__ = ["answer"]


def answer(session: Session, command: ask.Command, payload: bytes) -> dict[str, Any] | None:
    """Do what a page asks for; its answer, if it has one.

    Raises:
        DownslopeError: if it cannot be done; the message is for the reader.
    """
    teller = _TELLERS.get(type(command))
    if teller is not None:
        return teller(session, command)
    return session.handle(command, payload)


_TELLERS: Mapping[type[ask.Command], Callable[[Session, Any], dict[str, Any]]] = {
    ask.Explain: why,
}
