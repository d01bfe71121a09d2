"""``tape``: what the native engine runs for one training step, for reading.

The tape is that which descents run: the same call lowers it. What it computes is found by running it on nodes
instead of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from downslope._keywords import suggests_keywords
from downslope._visible import escape
from downslope.drawing import panel
from downslope.engines.native.tape import (
    LANES,
    Form,
    Instruction,
    Opcode,
    Tape,
    footprint,
    multiplications,
    step_tape,
)
from downslope.errors import DownslopeError
from downslope.graph import Node, topological
from downslope.graph.notation import text
from downslope.insight.step_tape._instructions import WORDS, formulas, share
from downslope.insight.step_tape._names import Names
from downslope.insight.step_tape._reader import Reader
from downslope.insight.step_tape._records import SHARES, TapeContents, TapeInstruction, TapeSummary, TapeValue
from downslope.insight.step_tape._text import as_text, subject
from downslope.nets import AnyNetwork, checked_network
from downslope.training import (
    OPTIMIZERS,
    DescentSettings,
    Optimizer,
    dtype_of,
    optimizer_of,
    precision_of,
    training_program,
)

__all__ = ["StepTape", "tape"]

_FORMS = {Form.NUMBERS: "", Form.HALVES: "bfloat16", Form.PAIRS: "bfloat16 pairs"}


class StepTape(TapeContents):
    """The tape of one training step, to read: it prints as text."""

    def __repr__(self) -> str:
        summary = self.summary
        return (
            f"<StepTape of {summary.instructions} instructions in {summary.levels} levels: {subject(self)}>"
        )

    def __str__(self) -> str:
        """Text in Unicode, at most 110 columns wide."""
        return as_text(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the whole text, in a box that scrolls."""
        text = f"<pre style='max-height:30em;overflow:auto;line-height:1.25'>{escape(str(self))}</pre>"
        return panel("StepTape", repr(self)[len("<StepTape ") : -1], text)

    def text(self) -> str:
        """Text in Unicode, at most 110 columns wide."""
        return str(self)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "optimizer": repr(self.optimizer),
            "precision": self.precision,
            "levels": self.levels,
            "stop_level": self.stop_level,
            "instructions": [i.to_json() for i in self.instructions],
            "values": [asdict(v) | {"shape": list(v.shape)} for v in self.values],
            "read_in_place": [repr(node) for node in self.read_in_place],
            "summary": asdict(self.summary),
        }


@suggests_keywords
def tape(
    network: AnyNetwork,
    optimizer: str | Optimizer | type[Optimizer] = "sgd",
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    precision: str | None = None,
) -> StepTape:
    """The tape of one training step: the instructions that the native engine runs, to print or to draw.

    Args:
        network: what is trained.
        optimizer: by name, as a class, or with its settings.
        clip_norm: the largest norm of all gradients together, as of ``descend``.
        clip_value: the largest size of an element of a gradient, as of ``descend``.
        precision: ``"float32"``, ``"float64"`` or ``"bfloat16"``; None is float64.

    Raises:
        DownslopeError: if something given does not fit; the message says what.

    >>> from downslope.nets import Dense, Network
    >>> step = tape(Network(inputs=3, layers=[Dense(4, "relu"), Dense(1)]))
    >>> [str(f) for i in step.instructions for f in i.formulas if i.operation == "matrix product"][:2]
    ['z⁽¹⁾ = layer1.weight·x + layer1.bias', 'a⁽¹⁾ = relu(z⁽¹⁾)']
    """
    checked_network(network)
    if isinstance(optimizer, str) and optimizer.lower() == "lbfgs":
        raise DownslopeError(
            "the optimizer lbfgs has no tape of a step, as its line search decides after each error; choose "
            f"one of {', '.join(OPTIMIZERS)}"
        )
    rule, limits = optimizer_of(optimizer), DescentSettings(clip_norm=clip_norm, clip_value=clip_value)
    precision = precision_of(precision) or "float64"
    itemsize = np.dtype(dtype_of(precision)).itemsize
    program = training_program(network, rule, clip_norm=limits.clip_norm, clip_value=limits.clip_value)
    lowered = step_tape(program.graph.error, tuple(program.assignments.items()), precision == "bfloat16")
    reader = Reader(lowered, Names(program), program.slots)
    instructions = _instructions(lowered, reader)
    return StepTape(
        network,
        rule,
        precision,
        instructions,
        tuple(_value(reader, number) for number in range(len(lowered.values))),
        lowered.levels,
        lowered.stop_level + 1,
        _read_in_place([program.graph.error, *program.updates.values()], instructions),
        _summary(lowered, instructions, itemsize),
    )


def _instructions(lowered: Tape, reader: Reader) -> tuple[TapeInstruction, ...]:
    """The instructions in the order of a single thread: by level, each thread's own, panels, tiles."""
    order = sorted(lowered.instructions, key=lambda i: (i.level, SHARES.index(share(i))))
    written: list[TapeInstruction] = []
    there: set[Node] = set()
    for number, i in enumerate(order, 1):
        reader.shorten(reader.owner(i))
        computed = tuple(formulas(reader, i))
        nodes = tuple(node for node in i.nodes if node not in there and not _begins(i, node))
        there.update(nodes)
        written.append(
            TapeInstruction(
                number,
                i.level + 1,
                share(i),
                WORDS[i.opcode],
                computed,
                reader.shortened(),
                nodes,
                tuple(sorted(i.reads)),
                tuple(sorted(i.writes)),
                i.once,
                multiplications(i, lowered),
                len(i.steps),
                sum(step.chained >= 0 for step in i.steps),
            )
        )
    reader.shorten()
    return tuple(written)


def _begins(i: Instruction, node: Node) -> bool:
    """Whether an instruction makes only the parts of a sum, one for each panel or tile."""
    return node.op.name == "sum" and node.shape == () and (i.opcode == Opcode.PARTIAL or i.partials >= 0)


def _value(reader: Reader, number: int) -> TapeValue:
    form = _FORMS[reader.tape.values[number].form]
    return TapeValue(number, text(reader.name(number)), reader.shape(number), reader.home(number), form)


def _read_in_place(wanted: Sequence[Node], instructions: Sequence[TapeInstruction]) -> tuple[Node, ...]:
    computed = {node for i in instructions for node in i.nodes}
    return tuple(node for node in topological(wanted) if node.inputs and node not in computed)


def _summary(lowered: Tape, instructions: Sequence[TapeInstruction], itemsize: int) -> TapeSummary:
    memory = footprint(lowered, itemsize)
    return TapeSummary(
        instructions=len(instructions),
        once=sum(i.once for i in instructions),
        levels=lowered.levels,
        values=sum(v.stored for v in lowered.values),
        steps=sum(i.steps for i in instructions),
        chained=sum(i.chained for i in instructions),
        products=sum(i.multiplications for i in instructions if i.share == "panels"),
        contractions=sum(i.multiplications for i in instructions if i.share == "tiles"),
        row_bytes=memory.panel / LANES,
        thread_bytes=memory.thread,
        lasting_bytes=memory.lasting,
        passing_bytes=memory.passing,
    )
