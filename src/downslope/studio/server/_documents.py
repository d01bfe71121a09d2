"""What a page gets at an address of its own: documents for a tab, such as reports, and files."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

from websockets.datastructures import Headers
from websockets.http11 import Response

from downslope.studio.server._static import refusal

__all__ = ["Documents"]

_MOST = 8
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class Document(NamedTuple):
    """What stands at an address; a file, which has a name, is saved, and stands there once."""

    content: bytes
    media_type: str
    file: str | None


class Documents:
    """The latest documents. Each has an address that nobody can guess, so that no token stands in it."""

    PATH = "/documents/"

    def __init__(self) -> None:
        self._contents: OrderedDict[str, Document] = OrderedDict()

    def put(
        self, content: bytes, media_type: str = "text/html; charset=utf-8", file: str | None = None
    ) -> str:
        """Keep a document, or a file of some name; its address on this server, without the first slash."""
        name = secrets.token_urlsafe(16)
        self._contents[name] = Document(content, media_type, file)
        while len(self._contents) > _MOST:
            self._contents.popitem(last=False)
        return f"{self.PATH[1:]}{name}"

    def answer(self, path: str) -> Response:
        """The document at an address: it loads nothing, and no script runs in it."""
        name = path.removeprefix(self.PATH)
        found = self._contents.get(name)
        if found is None:
            return refusal(
                HTTPStatus.NOT_FOUND, "this document is gone; ask for it again on the page of its session"
            )
        saved = {}
        if found.file is not None:
            del self._contents[name]
            saved["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.file)}"
        headers = Headers(
            {
                "Content-Type": found.media_type,
                **saved,
                "Content-Length": str(len(found.content)),
                "Content-Security-Policy": _POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Cache-Control": "no-store",
                "Connection": "close",
            }
        )
        return Response(HTTPStatus.OK.value, HTTPStatus.OK.phrase, headers, found.content)
