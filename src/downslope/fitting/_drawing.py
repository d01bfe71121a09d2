"""A summary as a small drawing for notebooks: HTML with inline SVG, without scripts or network access.

Text and rules take the colour of the text around them, so that it reads on light and dark.
"""

from __future__ import annotations

from dataclasses import asdict
from html import escape

from downslope.drawing import Curve, LayerDrawing, Mark, curves_picture, layers_picture, panel
from downslope.fitting._summary import ColumnUse, Summary, kind_line

__all__ = ["drawing"]

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
    return panel(
        title,
        f"{summary.task}; {summary.rows:,} rows, {networks}{cut}",
        f"<div>{'<br/>'.join(escape(kind_line(kind)) for kind in summary.kinds)}</div>",
        '<div style="display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start;margin:6px 0">'
        f"{_layers(summary)}{_curve(summary)}</div>",
        _scores(summary),
        _columns(summary.columns),
    )


def _layers(summary: Summary) -> str:
    """The units of each layer, without the layers that are not dense."""
    names = ["inputs", *["dense"] * (len(summary.layers) - 2), "output"]
    layers = [
        LayerDrawing(
            (name, summary.activation) if name == "dense" else (name,),
            width,
            0,
            True,
            (place - 1,) if place else (),
        )
        for place, (name, width) in enumerate(zip(names, summary.layers, strict=True))
    ]
    return layers_picture(layers, f"layers of {' to '.join(map(str, summary.layers))} units").svg()


def _curve(summary: Summary) -> str:
    """The mean error of each epoch, training and validation."""
    main = summary.main
    curves = [
        Curve("training", list(enumerate(main.train_errors, 1))),
        Curve("validation", list(enumerate(main.validation_errors, 1))),
    ]
    picture = curves_picture(curves, "epoch", Mark(main.best_epoch, f"best epoch {main.best_epoch}"))
    return "" if picture is None else picture.svg()


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
