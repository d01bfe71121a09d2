"""What a notebook shows of an object: a title, a line about it, and pictures or tables below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from downslope._visible import escape

__all__ = ["page", "panel", "table"]

_CELL = "padding:1px 10px"
_TABLE = "border-collapse:collapse;margin:4px 0;background:none;color:inherit"


def panel(name: str, line: str, *parts: str) -> str:
    """HTML without scripts or network access, in the colour of the text around it.

    Args:
        name: of the class of the object, or what stands out.
        line: about it; both are plain text.
        parts: HTML below.

    >>> panel("Run", "of 3 steps & more", "<hr/>")[-54:]
    '<div><b>Run</b> of 3 steps &amp; more</div><hr/></div>'
    """
    return (
        '<div style="font-family:sans-serif;font-size:13px;line-height:1.4;color:inherit">'
        f"<div><b>{escape(name)}</b> {escape(line)}</div>{''.join(parts)}</div>"
    )


def page(title: str, *parts: str) -> str:
    """A page that needs nothing else, light or dark as the reader has it.

    Args:
        title: plain text.
        parts: HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width"/>'
        f"<title>{escape(title)}</title><style>:root {{ color-scheme: light dark }}\n"
        "body { margin: 2em auto; max-width: 60em; padding: 0 1em; font-family: sans-serif }</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{''.join(parts)}</body></html>\n"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[str]) -> str:
    """A table as HTML in the colour of the text around it.

    Args:
        columns: their headings.
        rows: a plain text for each column.
        numbers: headings of the columns whose cells stand to the right.

    >>> "<b>" in table(["<b>"], [["1 < 2"]], numbers=["<b>"])
    False
    """
    right = set(numbers)
    styles = [f"text-align:{'right' if name in right else 'left'};{_CELL}" for name in columns]

    def row(tag: str, cells: Sequence[str]) -> str:
        shown = zip(cells, styles, strict=True)
        return "<tr>" + "".join(f'<{tag} style="{style}">{escape(c)}</{tag}>' for c, style in shown) + "</tr>"

    head = row("th", columns)
    body = "".join(row("td", cells) for cells in rows)
    return f'<table style="{_TABLE}"><thead>{head}</thead><tbody>{body}</tbody></table>'
