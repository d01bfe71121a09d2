"""The text of a step: paragraphs and points of spans. A page makes elements of them, and never HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.studio.lessons._names import PARTS, alike, is_part

__all__ = ["Block", "Span", "blocks_of", "spans_of"]


@dataclass(frozen=True)
class Span:
    """A piece of text.

    Attributes:
        kind: ``"text"``, ``"code"``, ``"strong"``, ``"emphasis"``, ``"link"`` or ``"part"`` (of the page).
        text: what is read.
        to: the address of a link, or the name of a part.
    """

    kind: str
    text: str
    to: str = ""


@dataclass(frozen=True)
class Block:
    """A paragraph, or a point of a list: ``kind`` is ``"paragraph"`` or ``"point"``."""

    kind: str
    spans: tuple[Span, ...]


_POINT = re.compile(r"[-*+]\s+|\d+[.)]\s+")
_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>[^*\s](?:[^*]*[^*\s])?)\*\*"
    r"|\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*"
    r"|(?<!\w)_(?P<underlined>[^_\s](?:[^_]*[^_\s])?)_(?!\w)"
    r"|(?P<image>!)?\[(?P<link>[^\]]+)\]\((?P<to>[^()\s]*)\)"
)


def blocks_of(lines: Sequence[str]) -> tuple[Block, ...]:
    """The paragraphs of some lines; an empty line ends one, and each point of a list is one.

    Raises:
        DownslopeError: where a link leads to no place that there is.
    """
    found: list[tuple[str, list[str]]] = []
    ended = True
    for line in lines:
        text = line.strip()
        point = _POINT.match(text)
        if point:
            found.append(("point", [text[point.end() :]]))
        elif text and ended:
            found.append(("paragraph", [text]))
        elif text:
            found[-1][1].append(text)
        ended = not text
    return tuple(Block(kind, spans_of(" ".join(parts))) for kind, parts in found)


def spans_of(text: str) -> tuple[Span, ...]:
    """The spans of a line of text: `code`, **strong**, *emphasis*, links, and what is read as it is.

    >>> [span.kind for span in spans_of("Drag [w₁](#w1) to `0.5` **now**")]
    ['text', 'part', 'text', 'code', 'text', 'strong']
    """
    joined: list[Span] = []
    for span in _pieces(text):
        if span.kind == "text" and joined and joined[-1].kind == "text":
            joined[-1] = Span("text", joined[-1].text + span.text)
        elif span.text:
            joined.append(span)
    return tuple(joined)


def _pieces(text: str) -> Iterator[Span]:
    at = 0
    for match in _INLINE.finditer(text):
        yield Span("text", text[at : match.start()])
        yield _span(match)
        at = match.end()
    yield Span("text", text[at:])


def _span(match: re.Match[str]) -> Span:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    if "escaped" in found:
        return Span("text", found["escaped"])
    if "link" in found:
        return _link(found["link"], found["to"], "image" in found)
    kind = "emphasis" if "underlined" in found else next(iter(found))
    return Span(kind, next(iter(found.values())))


def _link(text: str, to: str, image: bool) -> Span:
    if image:
        raise DownslopeError("a lesson shows the page and no images; remove the image")
    if to.startswith("#"):
        name = to[1:]
        if not is_part(name):
            raise DownslopeError(f"the page has no part {name!r}{alike(name, PARTS)}, or a weight such as w1")
        return Span("part", text, name)
    if not to.startswith(("https://", "http://")):
        raise DownslopeError(f"a link leads to https://… or to a part of the page such as #w1, not to {to!r}")
    return Span("link", text, to)
