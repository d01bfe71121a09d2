"""Results as files and on standard output: text, Markdown, HTML, JSON, SVG and PNG."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from downslope._visible import visible
from downslope._writing import write_whole
from downslope.drawing import Picture, page
from downslope.errors import DownslopeError

__all__ = ["FORMS", "Result", "as_json", "chosen_form", "write_content", "write_form", "write_result"]

FORMS = ("text", "html", "json", "svg", "png")
_ENDINGS = {".md": "markdown", ".markdown": "markdown", ".htm": "html"}


class Result(Protocol):
    """What a command shows."""

    def _repr_html_(self) -> str: ...

    def picture(self) -> Picture: ...

    def to_json(self) -> dict[str, Any]: ...


def chosen_form(form: str | None, output: str | None, forms: Sequence[str] = FORMS) -> str:
    """The form that was asked for, or that the ending of the file stands for, or text.

    >>> chosen_form(None, "why.svg"), chosen_form("json", "why.svg"), chosen_form(None, "why.out")
    ('svg', 'json', 'text')

    Raises:
        DownslopeError: for a picture in PNG on standard output.
    """
    if form is None:
        ending = Path(output or "").suffix.lower()
        form = _ENDINGS.get(ending, ending[1:])
        form = form if form in forms else "text"
    if form == "png" and output is None:
        raise DownslopeError("a picture in PNG needs a file; name one, such as -o picture.png")
    return form


def write_result(result: Result, title: str, form: str, output: str | None) -> None:
    """Write a result in one of ``FORMS``; text and pages begin with the title."""
    if form == "png":
        write_content(result.picture().png(), output)
        return
    forms = {
        "text": lambda: f"{title}\n\n{result}\n",
        "html": lambda: page(title, result._repr_html_()),
        "json": lambda: as_json({"title": title, **result.to_json()}),
        "svg": lambda: result.picture().svg() + "\n",
    }
    write_form(form, forms[form](), output)


def write_form(form: str, content: str, output: str | None) -> None:
    """Write text in a form; what people read is printed in the letters that the terminal has.

    JSON, HTML and SVG are UTF-8 everywhere.
    """
    if output is not None or form in ("html", "svg"):
        write_content(content.encode(), output)
    elif form == "json":
        write_content(visible(content).encode(), None)
    else:
        print(visible(content), end="")


def as_json(data: Any) -> str:
    """Plain data as indented JSON."""
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def write_content(content: bytes, output: str | None) -> None:
    """Write to a file, whole or not at all, or to standard output."""
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        write_whole(output, content)
