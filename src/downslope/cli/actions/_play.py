"""``downslope play``: the page that shows a network while it learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from downslope._extras import check_installed
from downslope._signals import answered
from downslope.cli._tables import How, refuse_same
from downslope.errors import DownslopeError
from downslope.studio._browser import open_page
from downslope.studio.server._server import StudioServer

if TYPE_CHECKING:
    from downslope.studio.session._session import Session

__all__ = ["play_page", "write_page"]

_PAGES = (".html", ".htm", "")  # with no ending it may be a device


def play_page(
    source: str | None,
    target: str | None,
    table: str | None,
    lesson: int | None,
    how: How,
    host: str,
    port: int,
    opens: bool,
    export: str | None,
) -> None:
    """Serve until Ctrl-C, or write what would be served as one file."""
    if source is not None and not Path(source).exists():
        raise DownslopeError(f"there is no file {source}; check the path, or leave it out for the five rows")
    check_installed("polars")  # before there is a page, which its session would fail
    make = _maker(source, target, table, lesson, how)
    if export is not None:
        _export(export, make, source, table)
        return
    server = StudioServer(make, host, port)
    from rich.console import Console  # before the session has the interpreter

    server.start()
    screen = Console(highlight=False, soft_wrap=True)
    try:
        if (
            source is not None or lesson is not None
        ):  # a file that cannot be read is refused before a page is opened on it
            server.made()
        screen.print(f"Open [bold]{server.address}[/] in a browser.")
        screen.print("Press Ctrl-C to end.")
        if source is None and lesson is None:
            screen.print("New here? Choose lesson 1 under Lessons: five minutes with one neuron.")
        if host not in ("127.0.0.1", "localhost", "::1"):
            screen.print(
                f"It listens on {host}: anyone who can reach this computer and has the address can use it."
            )
        if opens:
            open_page(server.address)
        server.wait()
    except KeyboardInterrupt:
        answered()
        screen.print("Ended.")
    finally:
        server.close()


def write_page(path: str, source: str, target: str | None) -> None:
    """Write the page on a model and the table that it was fitted to as one file."""
    _export(path, _maker(source, target, None, None, {}), source)


def _export(path: str, make: Callable[[], Session], *read: str | None) -> None:
    """Write the page as one file that needs no server."""
    from downslope.cli._results import write_content
    from downslope.studio.views._exports import lesson_page

    if path == "-":
        raise DownslopeError("a page needs a file; name one, such as --export lesson.html")
    refuse_same("the page", path, *read)
    if Path(path).suffix.lower() not in _PAGES:
        raise DownslopeError(f"a page ends in .html, and {path} does not; give it that ending")
    content = lesson_page(make()).encode()
    write_content(content, path)
    size = f"{len(content) / 1000:,.0f} kB"
    print(f"Page written to {path}, {size}. It opens from the disk, and from any web server.")


def _maker(
    source: str | None, target: str | None, table: str | None, lesson: int | None, how: How
) -> Callable[[], Session]:
    """What makes the session, in the thread of the session."""

    def make() -> Session:
        from downslope.studio.session._opening import opened

        return opened(source, target, table, lesson, **how)

    return make
