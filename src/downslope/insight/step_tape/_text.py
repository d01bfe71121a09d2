"""A tape as text: levels, who does what in them, and formulas."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from downslope.engines.native.tape import GROUP, LANES
from downslope.graph.notation import Symbol
from downslope.insight.step_tape._records import SHARES, TapeContents, TapeFormula, TapeInstruction
from downslope.nets import ACTIVATION, Ensemble, layer_line
from downslope.training import OPTIMIZERS

__all__ = ["as_text", "subject"]

_WIDTH = 110
_FORMULA, _SHAPE, _HOME, _ONCE = 21, 84, 95, 106
"""Columns in which the parts of a line begin."""

_TITLES = {
    "alone": "Every thread for itself",
    "panels": f"Every thread on its own panels, {GROUP} at a time",
    "tiles": "Tiles of matrices, shared out among the threads",
}


_HOMES = ("number", "thread", "batch", "sums", "matrix")


def as_text(tape: TapeContents) -> str:
    """The whole tape."""
    lines = [*_heading("The tape of a training step", "═"), *textwrap.wrap(subject(tape), _WIDTH)]
    written: dict[tuple[str, ...], int] = {}
    for level, instructions in groupby(tape.instructions, key=lambda i: i.level):
        lines += ["", *_heading(f"Level {level} of {tape.levels}", "─")]
        lines += _level(list(instructions), level == tape.stop_level, written)
    lines += ["", *_heading("In all", "─"), *_summary(tape), "", *_heading("Words", "─"), *_legend(tape)]
    return "\n".join(lines)


def _heading(words: str, rule: str) -> list[str]:
    return [words, rule * len(words)]


def subject(tape: TapeContents) -> str:
    """What the tape is of, in a line."""
    network = tape.network
    members = network.networks if isinstance(network, Ensemble) else (network,)
    lines = " | ".join(dict.fromkeys(layer_line(member.outline()) for member in members))
    beside = f"{len(members)} networks: " if len(members) > 1 else ""
    named = next((name for name, rule in OPTIMIZERS.items() if rule == tape.optimizer), repr(tape.optimizer))
    return f"{beside}{lines}; {network.loss}; {named}; {tape.precision}"


def _legend(tape: TapeContents) -> Iterator[str]:
    """The words and signs that occur."""
    slots = dict.fromkeys(name for i in tape.instructions for name in i.short if name not in ("w", "g"))
    formulas = [f for i in tape.instructions for f in i.formulas]
    homes = {f.home for f in formulas}
    others = _other_layers(tape, {f.target.letter for f in formulas if isinstance(f.target, Symbol)})
    words = {
        "z, a, δ": "of a layer: pre-activation, activation, ∂E/∂z; v12 and t₁ are values without a name",
        ", ".join(others): f"of other layers: {'; '.join(others.values())}",
        "Σₙ": f"the sum over the n rows of the batch, which lie in panels of {LANES}",
        ", ".join(slots): "what the optimizer remembers of the parameter w",
        "bf16, pairs": "rounded to bfloat16; the same in words of two along the sum of a product",
        "registers": "the value stays within its instruction, at most in the first cache",
        "thread": "memory of each thread, used again for its next rows",
        "batch": "memory for every row of the batch",
        "sums": "one number for each panel or tile",
        "number": "each thread has its own",
        "once": "skipped as long as every step takes the same rows",
    }
    absent = {"", *({"bf16, pairs"} if tape.precision != "bfloat16" else ()), *({"thread", "sums"} - homes)}
    return (f"{word:<17}{meaning}" for word, meaning in words.items() if word not in absent)


def _other_layers(tape: TapeContents, letters: Collection[str]) -> dict[str, str]:
    """The kinds of layer whose values have each of some letters, but for z and a."""
    kinds: dict[str, dict[str, None]] = {}
    for stage in tape.network.graph(training=True).stages:
        if stage.kind not in ("Dense", ACTIVATION) and stage.symbol.letter in letters:
            kinds.setdefault(stage.symbol.letter, {})[stage.kind] = None
    return {letter: ", ".join(kinds[letter]) for letter in sorted(kinds)}


def _level(
    instructions: Sequence[TapeInstruction], stops: bool, written: dict[tuple[str, ...], int]
) -> Iterator[str]:
    for who in SHARES:
        group = [i for i in instructions if i.share == who]
        if group:
            yield f"{_TITLES[who]}:"
        for i in group:
            yield from _instruction(i, written)
        if who == "alone" and stops:
            yield "If E is not finite the run ends here, before anything changes."
    yield "Barrier: all threads wait for each other."


def _instruction(i: TapeInstruction, written: dict[tuple[str, ...], int]) -> Iterator[str]:
    start = f"{i.number:>3}  {i.operation}".ljust(_FORMULA)
    formulas, again = list(i.formulas), 0
    if i.short:
        rest = tuple(map(str, formulas[1:]))
        again = written.setdefault(rest, i.number) if len(rest) > 1 else i.number
        yield f"{start}w = {i.short['w']}" + (", g = ∂E/∂w" if "g" in i.short else "")
        start = ""
    if again and again != i.number:
        formulas = formulas[:1]
    shape: tuple[int | str, ...] = ()
    for n, f in enumerate(formulas):
        indent = _FORMULA + (2 if n or i.short else 0)
        yield from _formula(f, start.ljust(indent), f.shape != shape, i.once and n == 0)
        start, shape = "", f.shape
    if len(formulas) < len(i.formulas):
        yield " " * (_FORMULA + 2) + f"and on as in {again}"


def _formula(f: TapeFormula, start: str, shaped: bool, once: bool) -> Iterator[str]:
    first, *more = textwrap.wrap(str(f), _SHAPE - len(start) - 1, subsequent_indent="    ")
    shape = f"({', '.join(map(str, f.shape))})" if f.shape and shaped else ""
    line = f"{start}{first}".ljust(_SHAPE) + shape
    line = line.ljust(_HOME - 1) + " " + f.home
    yield (line.ljust(_ONCE) + "once") if once else line
    for rest in more:
        yield " " * len(start) + rest


def _summary(tape: TapeContents) -> Iterator[str]:
    s, homes = tape.summary, Counter(v.home for v in tape.values)
    lines = {
        "Instructions": f"{s.instructions} in {s.levels} levels, {s.once} of them marked once",
        "Blocks": f"{s.steps} ops; {s.chained} take over in registers what the op before them computed",
        "Values": ", ".join(f"{homes[home]} {home}" for home in _HOMES if homes[home]),
        "For each row": f"{s.row_bytes:,.0f} bytes; {s.products:,} multiplications in matrix products, "
        f"{s.contractions:,} in contractions",
        "For each thread": f"{s.thread_bytes:,} bytes for the rows it is at",
        "Matrices": f"{s.lasting_bytes:,} bytes of parameters and states, {s.passing_bytes:,} of others",
    }
    return (f"{word:<17}{words}" for word, words in lines.items())
