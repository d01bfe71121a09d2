"""A summary as a small drawing for notebooks: HTML with inline SVG, without scripts or network access.

Text and rules take the colour of the text around them, so that it reads on light and dark.
"""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from math import floor, log10

from downslope.fitting._summary import ColumnUse, Summary, kind_line

__all__ = ["drawing"]

_TRAINING, _VALIDATION = "#3b8bd0", "#d9772b"  # both apart from white and from black
_WIDTH, _HEIGHT = 420, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 30
_LAYER_STEP, _BOX = 84, 16
_SHOWN = 30
_NUMBERS = "text-align:right;padding:1px 10px"
_WORDS = "text-align:left;padding:1px 10px"


def drawing(summary: Summary, title: str) -> str:
    """The layers, the loss curve, the scores and the columns.

    Args:
        summary: what to draw.
        title: of the whole.
    """
    networks = "1 network" if summary.members == 1 else f"{summary.members} networks"
    cut = "; training was cut short" if summary.interrupted else ""
    return (
        '<div style="font-family:sans-serif;font-size:13px;line-height:1.4;color:inherit">'
        f"<div><b>{escape(title)}</b> {escape(summary.task)}; {summary.rows:,} rows, {networks}{cut}</div>"
        f"<div>{'<br/>'.join(escape(kind_line(kind)) for kind in summary.kinds)}</div>"
        '<div style="display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start;margin:6px 0">'
        f"{_layers(summary)}{_curve(summary)}</div>{_scores(summary)}{_columns(summary.columns)}</div>"
    )


def _svg(width: float, height: float, label: str, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:100%;height:auto" '
        f'role="img" aria-label="{escape(label)}" font-family="sans-serif" font-size="11" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "middle", fill: str = "currentColor") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, opacity: float, dashes: str = "none") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" '
        f'stroke-opacity="{opacity}" stroke-dasharray="{dashes}"/>'
    )


def _layers(summary: Summary) -> str:
    """A bar for each layer, longer where it has more units, joined where all units see all."""
    halves = [8 + 24 * log10(max(1, units)) for units in summary.layers]
    middle = max(halves) + 22
    places = [20 + _LAYER_STEP * i for i in range(len(halves))]
    parts = []
    for (x1, h1), (x2, h2) in zip(
        zip(places, halves, strict=True), zip(places[1:], halves[1:], strict=True), strict=False
    ):
        corners = ((x1 + _BOX, -h1), (x2, -h2), (x2, h2), (x1 + _BOX, h1))
        points = " ".join(f"{x:.1f},{middle + y:.1f}" for x, y in corners)
        parts.append(f'<polygon points="{points}" fill="currentColor" fill-opacity="0.1"/>')
    names = ["inputs", *[summary.activation or "hidden"] * (len(halves) - 2), "output"]
    for x, half, units, name in zip(places, halves, summary.layers, names, strict=True):
        parts.append(
            f'<rect x="{x}" y="{middle - half:.1f}" width="{_BOX}" height="{2 * half:.1f}" rx="3" '
            f'fill="{_TRAINING}"/>'
        )
        parts.append(_text(x + _BOX / 2, middle - half - 6, f"{units:,}"))
        parts.append(_text(x + _BOX / 2, middle + half + 15, name))
    sizes = " to ".join(map(str, summary.layers))
    return _svg(places[-1] + _BOX + 24, 2 * middle, f"layers of {sizes} units", parts)


def _curve(summary: Summary) -> str:
    """The mean error of each epoch, training and validation, with a logarithmic axis."""
    curves = {
        "training": (_TRAINING, summary.main.train_errors),
        "validation": (_VALIDATION, summary.main.validation_errors),
    }
    drawn = [error for _, errors in curves.values() for error in errors if error > 0]
    epochs = max(len(summary.main.train_errors), len(summary.main.validation_errors))
    if epochs < 2 or not drawn:
        return ""
    low, high = min(drawn), max(drawn)
    high = high if high > low else 2 * low
    inner, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def across(epoch: int) -> float:
        return _LEFT + inner * (epoch - 1) / (epochs - 1)

    def down(error: float) -> float:
        return _TOP + tall * (log10(high) - log10(error)) / (log10(high) - log10(low))

    parts = []
    for tick in _ticks(low, high):
        parts.append(_line(_LEFT, down(tick), _WIDTH - _RIGHT, down(tick), 0.15))
        parts.append(_text(_LEFT - 6, down(tick) + 4, f"{float(f'{tick:.3g}'):g}", "end"))
    for epoch in sorted({1, epochs}):
        parts.append(_text(across(epoch), _HEIGHT - 12, str(epoch)))
    if 1 <= summary.main.best_epoch <= epochs:
        place = across(summary.main.best_epoch)
        parts.append(_line(place, _TOP, place, _HEIGHT - _BOTTOM, 0.6, "3 3"))
        anchor = "end" if place > _WIDTH / 2 else "start"
        gap = -5 if anchor == "end" else 5
        parts.append(_text(place + gap, _TOP + 10, f"best epoch {summary.main.best_epoch}", anchor))
    parts.append(_text(_LEFT + inner / 2, _HEIGHT - 12, "epoch"))
    parts.append(_text(4, 12, "error", "start"))
    for i, (name, (colour, errors)) in enumerate(curves.items()):
        points = " ".join(f"{across(e):.1f},{down(v):.1f}" for e, v in enumerate(errors, 1) if v > 0)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if errors:
            parts.append(_text(_LEFT + 90 * i + 4, 12, name, "start", colour))
    return _svg(_WIDTH, _HEIGHT, f"error of {epochs} epochs, from {high:.3g} to {low:.3g}", parts)


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two: powers of ten, or 1, 2 and 5 times those; the ends where there are too few.

    >>> _ticks(0.5, 200.0)
    [1.0, 10.0, 100.0]
    >>> _ticks(0.9, 6.0)
    [1.0, 2.0, 5.0]
    """
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    for factors in ((1,), (1, 2, 5)):
        ticks = [factor * 10.0**power for power in powers for factor in factors]
        within = [tick for tick in ticks if low <= tick <= high]
        if len(within) > 1:
            return within[:: -(-len(within) // 6)]
    return [low, high]


def _table(headings: dict[str, str], rows: list[list[str]], summary: str, note: str = "") -> str:
    """A table that folds; headings with the style of their column."""
    head = "".join(f'<th style="{style}">{escape(name)}</th>' for name, style in headings.items())
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{style}">{escape(cell)}</td>'
            for cell, style in zip(row, headings.values(), strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<details open><summary style="cursor:pointer">{escape(summary)}</summary>'
        '<table style="border-collapse:collapse;margin:4px 0;background:none;color:inherit">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{escape(note)}</details>"
    )


def _scores(summary: Summary) -> str:
    told = [name for name, value in asdict(summary.network).items() if value is not None]
    compared = {"trivial guess": summary.trivial, "linear model": summary.linear, "network": summary.network}
    rows = []
    for who, scores in compared.items():
        values = [getattr(scores, name) for name in told]
        rows.append([who, *("–" if value is None else f"{value:.4g}" for value in values)])
    headings = {"": _WORDS, **{name.replace("_", " "): _NUMBERS for name in told}}
    return _table(headings, rows, summary.measured_on.capitalize())


def _columns(columns: tuple[ColumnUse, ...]) -> str:
    headings = {"column": _WORDS, "kind": _WORDS, "encoder": _WORDS, "inputs": _NUMBERS, "reason": _WORDS}
    rows = [[c.name, c.kind, c.encoder, str(c.inputs), c.reason] for c in columns[:_SHOWN]]
    more = f"and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return _table(headings, rows, f"Columns ({len(columns)})", more)
