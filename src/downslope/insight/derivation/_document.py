"""A derivation as data, and its four forms: text, Markdown, HTML, JSON."""

from __future__ import annotations

import html as escaping
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from downslope.graph.notation import Expression, Infix, Number, Words, latex, mathml, text

__all__ = [
    "Block",
    "Formula",
    "Grid",
    "Written",
    "as_fragment",
    "as_html",
    "as_json",
    "as_markdown",
    "as_text",
    "listing",
]

_WIDTH = 104


@dataclass(frozen=True)
class Formula:
    """A chain of equal expressions: symbols first, then numbers."""

    parts: tuple[Expression, ...]
    operator: str = "="

    def __post_init__(self) -> None:
        # symbols without a number in them, such as a case of relu, would stand there twice
        kept = [part for i, part in enumerate(self.parts) if i == 0 or part != self.parts[i - 1]]
        object.__setattr__(self, "parts", tuple(kept))


@dataclass(frozen=True)
class Grid:
    """A table of numbers under headings."""

    headings: tuple[Expression, ...]
    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True)
class Block:
    """A step of the derivation: a heading and what stands under it."""

    heading: str
    items: tuple[str | Formula | Grid, ...]


def _chained(formula: Formula, write: Callable[[Expression], str], sign: str) -> str:
    return f" {sign} ".join(write(part) for part in formula.parts)


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
    whole = "  " + _chained(formula, text, formula.operator)
    if len(whole) <= _WIDTH:
        return [whole]
    first, *rest = [text(part) for part in formula.parts]
    indent = " " * (3 + min(len(first), 30))
    lines = []
    for part in rest:
        cut = textwrap.wrap(part, _WIDTH - len(indent) - 4, break_long_words=False, break_on_hyphens=False)
        lines += [f"{indent}{formula.operator} {cut[0]}", *[f"{indent}  {more}" for more in cut[1:]]]
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
                sign = {"=": "=", "←": r"\leftarrow"}[item.operator]
                lines += [f"$$ {_chained(item, latex, sign)} $$", ""]
    return "\n".join(lines)


def grid_rows(grid: Grid) -> tuple[tuple[Expression, ...], ...]:
    """The headings and the rows."""
    return (grid.headings, *grid.rows)


_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #8886; }
.formula { overflow-x: auto; margin: .8rem 0 .8rem 1.5rem; font-size: 1.1rem;
  padding-left: 2rem; text-indent: -2rem; }
table { border-collapse: collapse; margin: .8rem 0 .8rem 1.5rem; }
th, td { padding: .15rem .9rem; text-align: right; font-variant-numeric: tabular-nums; }
th { border-bottom: 1px solid #8888; }
"""


def as_fragment(title: str, blocks: tuple[Block, ...]) -> str:
    """HTML with MathML, to stand inside a page."""
    parts = [f"<h1>{escaping.escape(title)}</h1>"]
    for block in blocks:
        parts.append(f"<h2>{escaping.escape(block.heading)}</h2>")
        for item in block.items:
            if isinstance(item, str):
                parts.append(f"<p>{escaping.escape(item)}</p>")
            elif isinstance(item, Grid):
                parts.append(_grid_html(item))
            else:
                parts.append(_formula_html(item))
    return "\n".join(parts)


def _formula_html(formula: Formula) -> str:
    """Pieces of a formula between which a line may end."""
    first, *rest = formula.parts
    pieces = [mathml(first)]
    for part in rest:
        begin, *more = _pieces(part)
        pieces += [f"<mo>{formula.operator}</mo>{begin}", *more]
    return '<div class="formula">' + "\n".join(f"<math>{piece}</math>" for piece in pieces) + "</div>"


def _pieces(part: Expression) -> list[str]:
    if isinstance(part, Infix) and part.operator == "+" and len(part.terms) > 2:
        return [mathml(part.terms[0]), *[mathml(Infix("+", (Words(""), term))) for term in part.terms[1:]]]
    if isinstance(part, Infix) and part.operator == "" and len(part.terms) > 6:
        cuts = [0, *range(3, len(part.terms), 2), len(part.terms)]  # each comma stays with its number
        return [mathml(Infix("", part.terms[i:j])) for i, j in pairwise(cuts)]
    return [mathml(part)]


def _grid_html(grid: Grid) -> str:
    lines = []
    for i, row in enumerate(grid_rows(grid)):
        tag = "td" if i else "th"
        cells = "".join(f"<{tag}><math>{mathml(cell)}</math></{tag}>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"


def as_html(title: str, blocks: tuple[Block, ...]) -> str:
    """A page that needs nothing else."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escaping.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{as_fragment(title, blocks)}\n</body></html>\n"
    )


def as_json(blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    """Blocks as plain data: every formula as text and LaTeX, with its numbers at full precision."""
    return [
        {"heading": block.heading, "items": [_item_json(item) for item in block.items]} for block in blocks
    ]


def _item_json(item: str | Formula | Grid) -> dict[str, Any]:
    if isinstance(item, str):
        return {"words": item}
    if isinstance(item, Grid):
        return {
            "headings": [text(cell) for cell in item.headings],
            "rows": [[_value(cell) for cell in row] for row in item.rows],
        }
    return {
        "text": _chained(item, text, item.operator),
        "latex": _chained(item, latex, "=" if item.operator == "=" else r"\leftarrow"),
        "numbers": [part.value for part in item.parts if isinstance(part, Number)],
    }


def _value(cell: Expression) -> Any:
    return cell.value if isinstance(cell, Number) else text(cell)


def listing(shown: Sequence[tuple[int, float]], more: int) -> Expression:
    """(value, value, …): with their places, counted from 1, where some are left out."""
    cells: list[Expression] = []
    for place, value in shown:
        cells.append(Words(", " if cells else "("))
        cells.append(Infix("", (Words(f"{place}:\u00a0"), Number(value))) if more else Number(value))
    cells.append(Words(f", and {more:,} smaller)" if more else ")"))
    return Infix("", tuple(cells))


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

    def _repr_html_(self) -> str:
        return as_fragment(self.title, self.blocks)
