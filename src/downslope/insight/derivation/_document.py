"""A derivation as data, and its four forms: text, Markdown, HTML, JSON."""

from __future__ import annotations

import html as escaping
import textwrap
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.graph.notation import (
    Expression,
    Infix,
    Listing,
    Mark,
    Number,
    Words,
    latex,
    mathml,
    text,
)
from downslope.insight.derivation._sums import largest

__all__ = [
    "Block",
    "Formula",
    "Grid",
    "Item",
    "Written",
    "as_fragment",
    "as_html",
    "as_json",
    "as_markdown",
    "as_text",
    "items_html",
    "listing",
]

_WIDTH = 104
_SHOWN = 8
_ARROW = r"\leftarrow"
_LEFT, _RIGHT = (f'<mo stretchy="false">{sign}</mo>' for sign in "()")


@dataclass(frozen=True)
class Formula:
    """A chain of equal expressions, symbols first; ``assigned``: the first gets the value of the rest."""

    parts: tuple[Expression, ...]
    assigned: bool = False

    def __post_init__(self) -> None:
        # symbols without a number in them, such as a case of relu, would stand there twice
        kept = [part for i, part in enumerate(self.parts) if i == 0 or part != self.parts[i - 1]]
        object.__setattr__(self, "parts", tuple(kept))

    def sign(self, i: int) -> str:
        """The sign before a part."""
        return "←" if self.assigned and i == 1 else "="


@dataclass(frozen=True)
class Grid:
    """A table of numbers under headings; ``about``: what each row speaks of, as links call it."""

    headings: tuple[Expression, ...]
    rows: tuple[tuple[Expression, ...], ...]
    about: tuple[str, ...] = ()


Item: TypeAlias = str | Formula | Grid
"""A sentence, a formula or a table."""


@dataclass(frozen=True)
class Block:
    """A step of the derivation: a heading and what stands under it."""

    heading: str
    items: tuple[Item, ...]


def _chained(formula: Formula, write: Callable[[Expression], str], arrow: str = "←") -> str:
    signs = [f" {formula.sign(i)} ".replace("←", arrow) if i else "" for i in range(len(formula.parts))]
    return "".join(sign + write(part) for sign, part in zip(signs, formula.parts, strict=True))


def as_text(title: str, blocks: tuple[Block, ...]) -> str:
    """Plain text in Unicode; a long chain continues under its first sign of equality."""
    lines = [title, "═" * len(title)]
    for block in blocks:
        lines += ["", block.heading, "─" * len(block.heading)]
        for item in block.items:
            if isinstance(item, str):
                lines += textwrap.wrap(item, _WIDTH)
            elif isinstance(item, Grid):
                lines += _grid_lines(item)
            else:
                lines += _formula_lines(item)
    return "\n".join(lines).replace("\u00a0", " ")  # it kept places and values on one line


def _formula_lines(formula: Formula) -> list[str]:
    whole = "  " + _chained(formula, text)
    if len(whole) <= _WIDTH:
        return [whole]
    first, *rest = [text(part) for part in formula.parts]
    indent = " " * (3 + min(len(first), 30))
    lines = []
    for i, part in enumerate(rest, 1):
        cut = textwrap.wrap(part, _WIDTH - len(indent) - 4, break_long_words=False, break_on_hyphens=False)
        lines += [f"{indent}{formula.sign(i)} {cut[0]}", *[f"{indent}  {more}" for more in cut[1:]]]
    lines[0] = f"  {first}" + lines[0][2 + len(first) :]
    return lines


def _grid_lines(grid: Grid) -> list[str]:
    table = [[text(cell) for cell in row] for row in (grid.headings, *grid.rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  " + "   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table
    ]


def as_markdown(title: str, blocks: tuple[Block, ...]) -> str:
    """Markdown with LaTeX between dollar signs."""
    lines = [f"# {title}"]
    for block in blocks:
        lines += ["", f"## {block.heading}", ""]
        for item in block.items:
            if isinstance(item, str):
                lines += [item, ""]
            elif isinstance(item, Grid):
                rows = [" | ".join(f"${latex(cell)}$" for cell in row) for row in (grid_rows(item))]
                ruler = " | ".join("---:" for _ in item.headings)
                lines += [f"| {rows[0]} |", f"| {ruler} |", *[f"| {row} |" for row in rows[1:]], ""]
            else:
                lines += [f"$$ {_chained(item, latex, _ARROW)} $$", ""]
    return "\n".join(lines)


def grid_rows(grid: Grid) -> tuple[tuple[Expression, ...], ...]:
    """The headings and the rows."""
    return (grid.headings, *grid.rows)


_PAGE = """:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }"""

_RULES = {
    "h1": "font-size: 1.5em",
    "h2": "font-size: 1.1em; margin-top: 1.8em; border-bottom: 1px solid #8886",
    ".formula": "overflow-x: auto; margin: .8em 0 .8em 1.5em; font-size: 1.1em; padding-left: 2em; "
    "text-indent: -2em",
    "table": "border-collapse: collapse; margin: .8em 0 .8em 1.5em",
    ":is(th, td)": "padding: .15em .9em; text-align: right; font-variant-numeric: tabular-nums",
    "th": "border-bottom: 1px solid #8888",
}
"""How the elements of a derivation look."""


def _style(within: str = "") -> str:
    return "\n".join(f"{within}{selector} {{ {rules}; }}" for selector, rules in _RULES.items())


def as_fragment(title: str, blocks: tuple[Block, ...], mark: Mark | None = None) -> str:
    """HTML with MathML, to stand inside a page; ``mark`` links its symbols."""
    parts = [f"<h1>{escaping.escape(title)}</h1>"]
    for block in blocks:
        parts.append(f"<h2>{escaping.escape(block.heading)}</h2>")
        parts.append(items_html(block.items, mark))
    return "\n".join(parts)


def items_html(items: tuple[Item, ...], mark: Mark | None = None) -> str:
    """Sentences, formulas and tables in HTML."""
    parts = []
    for item in items:
        if isinstance(item, str):
            parts.append(f"<p>{escaping.escape(item)}</p>")
        elif isinstance(item, Grid):
            parts.append(_grid_html(item, mark))
        else:
            parts.append(_formula_html(item, mark))
    return "\n".join(parts)


def as_notebook(title: str, blocks: tuple[Block, ...]) -> str:
    """The same with its style, which touches nothing else on the page."""
    name = "downslope-derivation"
    look = "font-family:sans-serif;font-size:13px;line-height:1.5"
    return (
        f'<div class="{name}" style="{look}"><style>{_style(f".{name} ")}</style>\n'
        f"{as_fragment(title, blocks)}</div>"
    )


def _formula_html(formula: Formula, mark: Mark | None) -> str:
    """Pieces of a formula between which a line may end."""
    write = partial(mathml, mark=mark)
    first, *rest = formula.parts
    pieces = [write(first)]
    for i, part in enumerate(rest, 1):
        begin, *more = _pieces(part, write)
        pieces += [f"<mo>{formula.sign(i)}</mo>{begin}", *more]
    return '<div class="formula">' + "\n".join(f"<math>{piece}</math>" for piece in pieces) + "</div>"


def _pieces(part: Expression, write: Callable[[Expression], str]) -> list[str]:
    if isinstance(part, Infix) and part.operator == "+" and len(part.terms) > 2:
        return [write(part.terms[0]), *[write(Infix("+", (Words(""), term))) for term in part.terms[1:]]]
    return _cells(part) if isinstance(part, Listing) and len(part.items) > 3 else [write(part)]


def _cells(listing: Listing) -> list[str]:
    """The items of a listing, each with the comma behind it."""
    positions = [f"{p}:\u00a0" for p in listing.positions] if listing.more else [""] * len(listing.items)
    cells = [
        (mathml(Words(position)) if position else "") + mathml(item)
        for position, item in zip(positions, listing.items, strict=True)
    ]
    cells += [mathml(Words(f"and {listing.more:,} smaller"))] if listing.more else []
    inner = [f"<mrow>{cell}<mo>,</mo></mrow>" for cell in cells[:-1]]
    return [f"{_LEFT}{inner[0]}", *inner[1:], f"{cells[-1]}{_RIGHT}"]


def _grid_html(grid: Grid, mark: Mark | None) -> str:
    lines = []
    about = ["", *grid.about] if mark and grid.about else [""] * (len(grid.rows) + 1)
    for i, (row, to) in enumerate(zip(grid_rows(grid), about, strict=True)):
        tag = "td" if i else "th"
        cells = "".join(f"<{tag}><math>{mathml(cell, mark)}</math></{tag}>" for cell in row)
        lines.append(f'<tr data-to="{to}">{cells}</tr>' if to else f"<tr>{cells}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"


def as_html(title: str, blocks: tuple[Block, ...]) -> str:
    """A page that needs nothing else."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escaping.escape(title)}</title><style>{_PAGE}\n{_style()}</style></head>\n"
        f"<body>\n{as_fragment(title, blocks)}\n</body></html>\n"
    )


def as_json(blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    """Blocks as plain data: every formula as text and LaTeX, with its numbers at full precision."""
    return [
        {"heading": block.heading, "items": [_item_json(item) for item in block.items]} for block in blocks
    ]


def _item_json(item: Item) -> dict[str, Any]:
    if isinstance(item, str):
        return {"words": item}
    if isinstance(item, Grid):
        return {
            "headings": [text(cell) for cell in item.headings],
            "rows": [[_value(cell) for cell in row] for row in item.rows],
        }
    return {
        "text": _chained(item, text),
        "latex": _chained(item, latex, _ARROW),
        "numbers": [part.value for part in item.parts if isinstance(part, Number)],
    }


def _value(cell: Expression) -> Any:
    return cell.value if isinstance(cell, Number) else text(cell)


def listing(values: NDArray[Any]) -> Expression:
    """The values, or the largest in size with their positions where there are many; the only one alone."""
    indices = largest(values, _SHOWN)
    numbers = tuple(Number(float(values[i])) for i in indices)
    if len(values) == 1:
        return numbers[0]
    return Listing(numbers, tuple(int(i) + 1 for i in indices), len(values) - len(indices))


class Written:
    """A derivation: a title and blocks, in each of its forms."""

    title: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        """Plain text in Unicode."""
        return as_text(self.title, self.blocks)

    def text(self) -> str:
        """Plain text in Unicode."""
        return str(self)

    def markdown(self) -> str:
        """Markdown with LaTeX."""
        return as_markdown(self.title, self.blocks)

    def html(self) -> str:
        """A page with MathML that needs nothing else."""
        return as_html(self.title, self.blocks)

    def fragment(self, mark: Mark | None = None) -> str:
        """HTML with MathML, to stand inside a page that says how it looks; ``mark`` links its symbols."""
        return as_fragment(self.title, self.blocks, mark)

    def _repr_html_(self) -> str:
        """What a notebook shows: the whole derivation, in the font of its tables."""
        return as_notebook(self.title, self.blocks)
