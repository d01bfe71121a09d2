"""Documents that a page asked for and opens in a tab of their own, such as reports."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response

from downslope.studio.server._static import refusal

__all__ = ["Documents"]

_MOST = 8
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class Documents:
    """The latest documents. Each has an address that nobody can guess, so that no token stands in it."""

    PATH = "/documents/"

    def __init__(self) -> None:
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def put(self, content: bytes) -> str:
        """Keep a document; its address on this server, without the first slash."""
        name = secrets.token_urlsafe(16)
        self._contents[name] = content
        while len(self._contents) > _MOST:
            self._contents.popitem(last=False)
        return f"{self.PATH[1:]}{name}"

    def answer(self, path: str) -> Response:
        """The document at an address: it loads nothing, and no script runs in it."""
        content = self._contents.get(path.removeprefix(self.PATH))
        if content is None:
            return refusal(
                HTTPStatus.NOT_FOUND, "this document is gone; ask for it again on the page of its session"
            )
        headers = Headers(
            {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Length": str(len(content)),
                "Content-Security-Policy": _POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Cache-Control": "no-store",
                "Connection": "close",
            }
        )
        return Response(HTTPStatus.OK.value, HTTPStatus.OK.phrase, headers, content)
