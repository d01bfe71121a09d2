"""The files of the page, as the server answers with them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable

from websockets.datastructures import Headers
from websockets.http11 import Response

from downslope.studio._schema import script
from downslope.studio.server._script import FIRST, REST, composed, is_module

__all__ = ["file_answer", "refusal", "told"]

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGE = files("downslope.studio") / "page"


def _policy(host: str) -> str:
    """The content security policy: scripts, styles and the socket of this server, and nothing else."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self' http://localhost:* http://127.0.0.1:* vscode-webview: vscode-file:"
    )


def _style() -> bytes:
    """The style sheets of all parts of the page as one: the general ones, then those of each folder."""
    own, folders = _sheets(_PAGE), sorted(_folders(_PAGE), key=lambda folder: folder.name)
    return b"\n".join([*own, *(sheet for folder in folders for sheet in _sheets(folder))])


def _sheets(folder: Traversable) -> list[bytes]:
    items = sorted(folder.iterdir(), key=lambda item: item.name)
    return [item.read_bytes() for item in items if item.name.endswith(".css")]


def _folders(folder: Traversable) -> list[Traversable]:
    return [item for item in folder.iterdir() if item.is_dir() and item.name != "vendor"]


_COMMANDS = "commands.js"  # the module that the schema makes


def _script(name: str) -> bytes:
    """One of the two scripts that hold the modules of the page."""
    found = {name: item for name, item in _items(_PAGE, "") if is_module(name)}

    @cache
    def text(name: str) -> str:
        return script() if name == _COMMANDS else found[name].read_text("utf-8")

    return composed(name, [*found, _COMMANDS], text).encode()


def _items(folder: Traversable, place: str) -> Iterator[tuple[str, Traversable]]:
    """All files of a folder by their paths in the page."""
    for item in folder.iterdir():
        if item.is_dir():
            yield from _items(item, f"{place}{item.name}/")
        else:
            yield place + item.name, item


_MADE: Mapping[str, Callable[[], bytes]] = {
    f"/{FIRST}": lambda: _script(FIRST),
    f"/{REST}": lambda: _script(REST),
    "/style.css": _style,
}
"""Files that are made when they are asked for."""


@lru_cache(maxsize=128)
def _content(path: str) -> tuple[bytes, bytes, str] | None:
    """A file of the page, plain and packed, and its kind; None where there is none of that name."""
    ending = "." + path.rpartition(".")[2] if path != "/" else ".html"
    made = _MADE.get(path)
    content = made() if made is not None else None if is_module(path) else _read(path)
    if content is None or ending not in _KINDS:
        return None
    return content, gzip.compress(content, 6, mtime=0), _KINDS[ending]


def _read(path: str) -> bytes | None:
    """A file of the page as it is, or None."""
    item = _PAGE
    for name in path.strip("/").split("/") if path != "/" else ["index.html"]:
        found = next((one for one in item.iterdir() if one.name == name), None) if item.is_dir() else None
        if found is None:
            return None
        item = found
    return item.read_bytes() if item.is_file() else None


def file_answer(path: str, host: str, packed: bool) -> Response:
    """A file of the page, packed where that is asked for, for a page at ``host``."""
    found = _content(path)
    if found is None:
        return refusal(HTTPStatus.NOT_FOUND, "there is no such file")
    content, small, kind = found
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Security-Policy": _policy(host),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-cache",
            "Connection": "close",
        }
    )
    if packed:
        headers["Content-Encoding"] = "gzip"
    body = small if packed else content
    headers["Content-Length"] = str(len(body))
    return Response(HTTPStatus.OK.value, HTTPStatus.OK.phrase, headers, body)


def refusal(status: HTTPStatus, text: str) -> Response:
    """An answer that says why there is no other."""
    return _plain(status, f"{text}\n")


def told(text: str) -> Response:
    """An answer of some words, to pages of this server only."""
    return _plain(HTTPStatus.OK, text)


def _plain(status: HTTPStatus, text: str) -> Response:
    body = text.encode()
    headers = Headers(
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
