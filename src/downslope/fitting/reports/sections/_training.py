"""How the networks were trained, and which of them saw which rows."""

from __future__ import annotations

from downslope.drawing import Curve, Mark, Picture, curves_picture
from downslope.fitting.record import LINEAR, GroupRecord
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import figure, grid, paragraph, table

__all__ = ["training_section"]

_CURVES = 4


def training_section(found: Findings) -> str:
    """A sentence, the groups, and their curves."""
    model, summary = found.model, found.model.summary
    parameters = sum(value.size for value in model.parameters.values())
    shape = " → ".join(map(str, summary.layers))
    activation = f", {summary.activation}" if summary.activation else ""
    parts = [
        paragraph(_held_out(found)),
        paragraph(
            f"Networks of {shape} units{activation}; {parameters:,} parameters in all of them."
            + (
                f" Probabilities have the temperature {summary.temperature:.2f}."
                if summary.temperature != 1
                else ""
            )
        ),
    ]
    rows = [["group", "networks", "share of the prediction", "best epoch", "epochs"]]
    for group in summary.groups:
        share = f"{100 * group.share:.0f} %" if group.share > 0 else "none"
        rows.append([_name(group), f"{group.members}", share, f"{group.best_epoch:,}", f"{group.epochs:,}"])
    parts.append(table(rows, "Groups of networks; an epoch of the linear model is an iteration"))
    drawn = [group for group in summary.groups if group.share > 0][:_CURVES]
    curves = [figure(_curve(group), f"Error of each epoch: {_name(group)}") for group in drawn]
    return "".join(parts) + grid(*curves)


def _held_out(found: Findings) -> str:
    summary = found.model.summary
    said = f"{summary.validation[0].upper()}{summary.validation[1:]}."
    if not summary.held_out:
        return f"{said} Scores on rows that trained the network say nothing of others."
    if summary.members > 1:
        return f"{said} The prediction of a new row comes from all {summary.members} networks."
    return said


def _name(group: GroupRecord) -> str:
    embedding, comma, dropout = group.name.partition(",")
    name = {LINEAR: "linear model", "plain": "network"}.get(embedding, f"{embedding} embedding")
    return f"{name}{comma}{dropout}"


def _curve(group: GroupRecord) -> Picture | None:
    curves = [
        Curve("training", list(enumerate(group.train_errors, 1))),
        Curve("validation", list(enumerate(group.validation_errors, 1))),
    ]
    return curves_picture(curves, "epoch", Mark(group.best_epoch, f"best {group.best_epoch}"))
