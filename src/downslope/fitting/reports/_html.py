"""Pieces of HTML. What is called a text is escaped here, and nowhere else; what is called HTML is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from downslope._visible import escape
from downslope.drawing import Picture

__all__ = ["bullets", "definitions", "figure", "folded", "grid", "note", "paragraph", "subtitle", "table"]


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of text."""
    return f"<p{_class(kind)}>{escape(text)}</p>"


def note(text: str) -> str:
    """A paragraph that stands out."""
    return f'<p class="notice">{escape(text)}</p>'


def subtitle(text: str) -> str:
    """A title within a section."""
    return f"<h3>{escape(text)}</h3>"


def bullets(texts: Iterable[str]) -> str:
    """A list of texts."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Terms with what they are, both texts."""
    found = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs)
    return f"<dl>{found}</dl>"


def figure(picture: Picture | None, caption: str, *further: str, wide: bool = False) -> str:
    """A picture with a text above it, and HTML below it."""
    if picture is None:
        return ""
    kind = ' class="wide"' if wide else ""
    return (
        f"<figure{kind}><figcaption>{escape(caption)}</figcaption>{picture.svg()}{''.join(further)}</figure>"
    )


def grid(*parts: str) -> str:
    """HTML parts side by side, where there is room."""
    return f'<div class="grid">{"".join(parts)}</div>'


def folded(title: str, *parts: str) -> str:
    """HTML parts that open under a title."""
    return f"<details><summary>{escape(title)}</summary>{''.join(parts)}</details>"


def table(
    rows: Sequence[Sequence[str]],
    caption: str = "",
    *,
    left: Sequence[int] = (0,),
    strong: str = "",
    shares: Sequence[Sequence[float]] = (),
    pictures: Sequence[Picture | None] = (),
    titled: bool = True,
) -> str:
    """A table, whose first row holds the headings, all texts.

    Args:
        rows: as many cells in each.
        caption: above it.
        left: the columns that stand to the left; the others are numbers.
        strong: the first cell of the row that stands out.
        shares: how dark each cell beside the first one of each row is, from 0 to 1.
        pictures: of each row, in a further column.
        titled: whether the caption is seen, and not only read aloud.
    """
    headings, *body = rows
    sides = ["left" if place in left else "number" for place in range(len(headings))]
    further = '<th scope="col">distribution</th>' if pictures else ""
    head = "".join(
        f'<th scope="col" class="{side}">{escape(text)}</th>'
        for text, side in zip(headings, sides, strict=True)
    )
    lines = []
    for i, cells in enumerate(body):
        first, *others = cells
        line = f'<th scope="row" class="{sides[0]}">{escape(first)}</th>'
        for j, text in enumerate(others):
            shade = f' style="--share:{shares[i][j]:.3f}"' if shares else ""
            kind = f"{sides[j + 1]} shaded" if shares else sides[j + 1]
            line += f'<td class="{kind}"{shade}>{escape(text)}</td>'
        if pictures:
            drawn = pictures[i]
            line += f"<td>{'' if drawn is None else drawn.svg()}</td>"
        lines.append(f"<tr{_class('strong' if strong and first == strong else '')}>{line}</tr>")
    above = f'<p class="caption">{escape(caption)}</p>' if caption and titled else ""
    label = f' aria-label="{escape(caption)}"' if caption else ""
    return (
        f'{above}<div class="scroll" tabindex="0" role="group"{label}><table{label}>'
        f"<thead><tr>{head}{further}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
