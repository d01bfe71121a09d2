"""Opening the page without its token in the arguments of a process, which every user can list."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import webbrowser
from pathlib import Path

from downslope._visible import escape

__all__ = ["open_page"]

_PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Downslope</title>
<script>location.replace({address})</script>
<p><a href="{link}">Open the page</a></p>
"""


def open_page(address: str) -> None:
    """Open an address: the browser is given a file that leads there, which its owner alone can read.

    The file is gone when Python ends. Where none can be written, the address itself is opened.
    """
    try:
        folder = tempfile.mkdtemp(prefix="downslope-")  # for its owner alone
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        path = Path(folder) / "open.html"
        content = _PAGE.format(address=json.dumps(address).replace("<", "\\u003c"), link=escape(address))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
        where = path.as_uri()
    except OSError:
        where = address
    webbrowser.open(where)
