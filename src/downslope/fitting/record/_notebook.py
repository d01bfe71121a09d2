"""What a notebook shows of a fitted model: HTML with inline SVG, without scripts or network access.

Text and rules take the colour of the text around them, so that it reads on light and dark.
"""

from __future__ import annotations

from downslope._visible import escape
from downslope.drawing import Curve, LayerDrawing, Mark, curves_picture, layers_picture, panel, table
from downslope.fitting.record._summary import ColumnUse, Summary, group_line

__all__ = ["summary_html"]

_SHOWN = 30


def summary_html(summary: Summary, name: str, line: str) -> str:
    """The layers, the curves of the errors, the scores and the columns.

    Args:
        summary: what to draw.
        name, line: the title, and a line about it.
    """
    return panel(
        name,
        line,
        f"<div>{'<br/>'.join(map(escape, _trained(summary)))}</div>",
        '<div style="display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start;margin:6px 0">'
        f"{_layers(summary)}{_curve(summary)}</div>",
        _scores(summary),
        _columns(summary.columns),
    )


def _trained(summary: Summary) -> list[str]:
    """How each group was trained, where it was trained here."""
    return [] if summary.imported else [group_line(group) for group in summary.groups]


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


def _folding(summary: str, content: str, note: str = "") -> str:
    return (
        f'<details open><summary style="cursor:pointer">{escape(summary)}</summary>'
        f"{content}{escape(note)}</details>"
    )


def _scores(summary: Summary) -> str:
    first = summary.validation[0].upper() + summary.validation[1:]
    if summary.imported:
        return f"<div>{escape(first)}</div>"
    names = summary.network.known
    rows = []
    for of, scores in summary.compared.items():
        values = [scores.known.get(name) for name in names]
        rows.append([of, *("–" if value is None else f"{value:.4g}" for value in values)])
    said = "".join(f"<div>{escape(line)}</div>" for line in (summary.conclusion, *summary.notes))
    return _folding(first, table(["", *names], rows, numbers=names) + said)


def _columns(columns: tuple[ColumnUse, ...]) -> str:
    headings = ["column", "kind", "encoder", "inputs", "reason"]
    rows = [[c.name, c.kind, c.encoder, str(c.inputs), c.reason] for c in columns[:_SHOWN]]
    more = f"and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return _folding(f"Columns ({len(columns)})", table(headings, rows, numbers=["inputs"]), more)
