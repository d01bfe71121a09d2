"""The server of the page: static files, and one socket that commands come in by and frames go out by.

It listens on the loopback interface, opens the socket only to pages of its own origin that know the token,
and runs everything that touches the session in one thread.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from queue import Empty, SimpleQueue
from time import monotonic, perf_counter, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from downslope.errors import DownslopeError
from downslope.studio._schema import (
    UPLOAD_LIMIT,
    Cancel,
    Command,
    GoTo,
    Look,
    SetParameter,
    command_of,
    name_of,
)
from downslope.studio.server._documents import Documents
from downslope.studio.server._static import file_answer, refusal, told
from downslope.studio.views._viewer import Viewer

if TYPE_CHECKING:  # the page is there before the session is
    from downslope.studio.session._session import Session

__all__ = ["StudioServer"]

_FRAME_SECONDS = 1 / 60
_FRAME_SECONDS_FASTEST = 1 / 30  # where each frame takes time from the steps; the page may ask for fewer
_IDLE = 0.5
_SEEN = 0.25  # seconds in which a page asks for what a command did, unless it is hidden
_LEAVE = 5.0  # seconds that a session has to end what it is at
_MOST_PAGES = 8
_EVERYWHERE = ("0.0.0.0", "::")


_REFUSALS = {
    "refused": (HTTPStatus.FORBIDDEN, "the token is missing or wrong; open the address that was printed"),
    "full": (HTTPStatus.TOO_MANY_REQUESTS, f"{_MOST_PAGES} pages are open already; close one"),
}


class _Cancelled(Exception):
    """An answer is not wanted any more."""


class Page:
    """A page that is connected: its socket, what it is shown, and what it wants no answer to any more."""

    def __init__(self, connection: ServerConnection, viewer: Viewer) -> None:
        self.connection, self.viewer = connection, viewer
        self.cancelled: set[str] = set()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; a page that has gone is passed over."""
        from downslope.studio.server._wire import pack

        with suppress(ConnectionClosed, OSError):
            self.connection.send(pack(message))

    def hang_up(self) -> None:
        """End the connection without waiting for the page to agree."""
        with suppress(OSError):
            self.connection.socket.shutdown(socket.SHUT_RDWR)

    def refuse(self, error: BaseException, command: Any) -> None:
        """Say why a command cannot be done; an error of Downslope itself is printed in the terminal too."""
        if isinstance(error, MemoryError):
            text = f"there is not enough memory ({error}); take fewer rows or units"
        elif isinstance(error, DownslopeError):
            text = str(error)
        else:
            traceback.print_exception(error, file=sys.stderr)
            text = f"this failed inside Downslope: {error!r}"
        self.send({"message": "refused", "text": text, "command": command})


class StudioServer:
    """A session and its page on one port.

    Args:
        make: makes the session; called in the thread that runs it, so that the page is there at once.
        host, port: where to listen; port 0 takes a free one.

    Raises:
        DownslopeError: if nothing can listen there.
    """

    def __init__(self, make: Callable[[], Session], host: str = "127.0.0.1", port: int = 0) -> None:
        self.token = secrets.token_urlsafe(16)
        self.host = host
        self.failure: BaseException | None = None
        self._make = make
        self._documents = Documents()
        self._asked: SimpleQueue[tuple[Page | None, bytes | str | None]] = SimpleQueue()
        self._pages: list[Page] = []
        self._paused_at = 0.0  # by the clock
        self._ready, self._ended = threading.Event(), threading.Event()
        try:
            self._server: Server = serve(
                self._connected,
                host,
                port,
                process_request=self._answer,
                compression=None,
                max_size=UPLOAD_LIMIT + (1 << 16),
                server_header=None,
                logger=_quiet(),
            )
        except OSError as error:
            raise DownslopeError(
                f"nothing can listen on {host}, port {port}: {error.strerror or error}; choose another --port"
            ) from None
        self.port: int = self._server.socket.getsockname()[1]
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True, name="downslope page"),
            threading.Thread(target=self._run, daemon=True, name="downslope session"),
        ]

    @property
    def address(self) -> str:
        """What to open: the token is in it."""
        name = socket.gethostname() if self.host in _EVERYWHERE else self.host
        name = f"[{name}]" if ":" in name else name
        return f"http://{name}:{self.port}/?token={self.token}"

    def start(self) -> None:
        """Serve, in threads that end with the process."""
        for thread in self._threads:
            thread.start()

    def made(self) -> None:
        """Wait until the session is there; Ctrl-C ends the waiting.

        Raises:
            DownslopeError: if it could not be made.
        """
        self._wait_for(self._ready)

    def wait(self) -> None:
        """Wait until the server is closed; Ctrl-C ends the waiting.

        Raises:
            DownslopeError: if the session could not be made.
        """
        self._wait_for(self._ended)

    def _wait_for(self, event: threading.Event) -> None:
        while not event.wait(0.2):
            pass
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """End the session and close the port."""
        self._ended.set()
        self._asked.put((None, None))
        end = monotonic() + _LEAVE
        while (
            self._pages and monotonic() < end
        ):  # the server would take new threads, which a process that ends has not
            for page in list(self._pages):
                page.hang_up()
            sleep(0.01)
        self._server.shutdown()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(_LEAVE)

    # the network

    def _is_own(self, host: str) -> bool:
        """Whether a request names this server: any name does where it listens on every address."""
        name, _, port = host.rpartition(":") if host.rpartition(":")[2].isdigit() else (host, "", "80")
        known = {"127.0.0.1", "localhost", "[::1]", self.host, f"[{self.host}]"}
        return port == str(self.port) and (name in known or self.host in _EVERYWHERE)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request; None lets it become a socket."""
        host = request.headers.get("Host", "")
        if not self._is_own(host):
            return refusal(HTTPStatus.MISDIRECTED_REQUEST, "this server answers to its own address only")
        parts = urlsplit(request.path)
        given = parse_qs(parts.query).get("token", [""])[0]
        if parts.path.startswith(Documents.PATH):
            return self._documents.answer(parts.path)
        if parts.path == "/door":
            return told(self._door(given))
        if parts.path != "/socket":
            return file_answer(parts.path, host, "gzip" in request.headers.get("Accept-Encoding", ""))
        if request.headers.get("Origin", "") != f"http://{host}":
            return refusal(HTTPStatus.FORBIDDEN, "a page of another origin may not connect")
        door = self._door(given)
        return refusal(*_REFUSALS[door]) if door in _REFUSALS else None

    def _door(self, token: str) -> str:
        """Whether a page with a token may come in: open, full or refused. A socket cannot say why not."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return "refused"
        return "full" if len(self._pages) >= _MOST_PAGES else "open"

    def _connected(self, connection: ServerConnection) -> None:
        page = Page(connection, Viewer(settled=False))
        self._pages.append(page)
        self._asked.put((page, None))
        try:
            for message in connection:
                self._asked.put((page, message))
        except ConnectionClosed:
            pass
        finally:
            self._pages.remove(page)

    # the session

    def _run(self) -> None:
        try:
            session = self._make()
        except BaseException as error:
            self.failure = error if isinstance(error, DownslopeError) else DownslopeError(str(error))
            if not isinstance(error, DownslopeError):
                traceback.print_exc(file=sys.stderr)
            self._ready.set()
            self._ended.set()
            return
        self._ready.set()
        while not self._ended.is_set():
            for page, command in _latest(map(_received, self._waiting(session))):
                self._handle(session, page, command)
            now = monotonic()
            least = _FRAME_SECONDS_FASTEST if session.due == 0 else _FRAME_SECONDS
            for page in list(self._pages):
                viewer = page.viewer
                if viewer.look is not None and now - viewer.sent_at >= least and viewer.is_behind(session):
                    self._show(session, page)
                    viewer.sent_at = now
            if self._pages and not self._is_unseen(session):  # nobody watches: steps wait for a page
                self._work(session)  # after what was asked for is shown: a pause is seen at once

    def _work(self, session: Session) -> None:
        try:
            session.work()
        except Exception as error:
            session.stop()
            for page in list(self._pages):
                page.refuse(error, "play")

    def _show(self, session: Session, page: Page) -> None:
        """Send a page what it asked to see."""
        from downslope.studio.views._frames import frame_of
        from downslope.studio.views._overview import overview_of

        viewer = page.viewer
        paused = viewer.sent_at < self._paused_at  # that is to be seen at once, in numbers; pictures follow
        if paused and viewer.look is not None:
            viewer.look = replace(viewer.look, pictures=None, matrices=None)
        try:
            overview = overview_of(session, viewer)
            if overview is not None:
                page.send(overview)
            page.send(frame_of(session, viewer))
        except Exception as error:
            session.stop()
            page.refuse(error, "look")
        viewer.version = session.version if viewer.settled and not paused else -1
        viewer.look = None
        viewer.settled = True
        import downslope.studio.views._answers  # noqa: F401 (the first picture is there, the first command is to come)

    def _waiting(self, session: Session) -> list[tuple[Page | None, bytes | str | None]]:
        """What was asked since; where there is nothing to do, wait for it."""
        found = []
        try:
            if (patience := self._patience(session)) > 0:
                found.append(self._asked.get(timeout=patience))
            while True:
                found.append(self._asked.get_nowait())
        except Empty:
            return found

    def _patience(self, session: Session) -> float:
        """Seconds until there is something to do without being asked."""
        behind = any(p.viewer.look is not None and p.viewer.is_behind(session) for p in self._pages)
        patience = _FRAME_SECONDS / 4 if behind else _IDLE
        if session.due is None or not self._pages:
            return patience
        if session.due == 0:
            return _FRAME_SECONDS if self._is_unseen(session) else 0.0
        return min(patience, max(session.due - perf_counter(), _FRAME_SECONDS / 4))

    def _is_unseen(self, session: Session) -> bool:
        """Whether a page is about to ask for a pause: all rows are measured after it is seen."""
        if session.state.moving or monotonic() - self._paused_at > _SEEN:
            return False
        return any(p.viewer.look is None and p.viewer.version != session.version for p in self._pages)

    def _handle(self, session: Session, page: Page, command: Command) -> None:
        """Do what a page asks for. What it leads to is found first: where that fails, nothing has changed."""
        if isinstance(command, Look):
            page.viewer.asks(command)
            return
        from downslope.studio.views._answers import outcome_of

        try:
            outcome = outcome_of(session, command)
        except Exception as error:
            page.refuse(error, name_of(command))
            return
        if session.state.moving and not outcome.state.moving:
            self._paused_at = monotonic()
        session.commit(outcome.state)
        name = name_of(command)
        if isinstance(command, Cancel):
            page.cancelled.add(command.of)
        if outcome.answer is not None:
            page.send({**outcome.answer, "command": name})
        if outcome.later is not None:
            page.cancelled.discard(name)
            args = page, name, outcome.later
            threading.Thread(target=self._later, args=args, daemon=True, name=f"downslope {name}").start()

    def _later(self, page: Page, name: str, make: Callable[[Callable[[str], None]], dict[str, Any]]) -> None:
        """Send an answer that takes long, and what is being done until then."""

        def told(step: str) -> None:
            if name in page.cancelled or page not in self._pages:
                raise _Cancelled
            page.send({"message": "progress", "text": step, "command": name})

        try:
            answer = make(told)
        except _Cancelled:
            page.send({"message": "cancelled", "command": name})
            return
        except Exception as error:
            page.refuse(error, name)
            return
        if "content" in answer:
            is_file = answer["message"] == "file"
            about = {"media_type": answer["media_type"], "file": answer["name"]} if is_file else {}
            answer["address"] = self._documents.put(answer.pop("content"), **about)
        page.send({**answer, "command": name})


Received = tuple[Page, Command]


def _received(asked: tuple[Page | None, bytes | str | None]) -> Received | None:
    """The command in a message; one that is none is refused."""
    page, message = asked
    if page is None or message is None:
        return None
    data: Any = None
    try:
        data, content = _read(message)
        return page, command_of(data, content)
    except Exception as error:
        page.refuse(error, data.get("command") if isinstance(data, dict) else None)
        return None


def _latest(received: Iterable[Received | None]) -> list[Received]:
    """What is to be done: of what is dragged faster than the session follows, the last value only."""
    found: list[Received] = []
    for one in received:
        if one is not None and found and _goes_on(found[-1], one):
            found.pop()
        if one is not None:
            found.append(one)
    return found


def _goes_on(before: Received, after: Received) -> bool:
    (page, moved), (same_page, moves) = before, after
    if isinstance(moved, GoTo) and isinstance(moves, GoTo):
        return page is same_page and moved.run == moves.run
    return (
        isinstance(moved, SetParameter)
        and isinstance(moves, SetParameter)
        and moved.dragging
        and (page, moved.name, moved.index) == (same_page, moves.name, moves.index)
    )


def _read(message: bytes | str) -> tuple[Any, bytes]:
    """A command, and the bytes behind it if there are any."""
    if isinstance(message, str):
        return _plain_data(message), b""
    size = int.from_bytes(message[:4], "little")
    return _plain_data(message[4 : 4 + size]), bytes(message[4 + size :])


def _plain_data(text: bytes | str) -> Any:
    """What a browser can write as JSON: finite numbers, whole ones of 53 bits, and text that is Unicode."""
    try:
        data = json.loads(text, parse_int=_whole)
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise DownslopeError("the page sent something that is not a command") from None
    return data


def _whole(text: str) -> int:
    if abs(number := int(text)) > 1 << 53:
        raise ValueError(f"a number of the page has at most 53 bits, not {text[:60]}")
    return number


def _quiet() -> Any:
    """The library's own log says nothing: a page that is closed is no error."""
    import logging

    logger = logging.getLogger("downslope.studio")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
