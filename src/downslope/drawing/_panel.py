"""What a notebook shows of an object: a title, a line about it, and pictures or tables below."""

from __future__ import annotations

from html import escape

__all__ = ["panel"]


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
