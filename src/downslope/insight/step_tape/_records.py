"""A tape for reading: its instructions with formulas, values by name, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import Expression, latex, text
from downslope.nets import AnyNetwork
from downslope.training import Optimizer

__all__ = ["SHARES", "TapeContents", "TapeFormula", "TapeInstruction", "TapeSummary", "TapeValue"]

SHARES = ("alone", "panels", "tiles")
"""Who does an instruction: every thread alone, every thread on its panels, all of them in shares of tiles."""


@dataclass(frozen=True)
class TapeValue:
    """A numbered value.

    Attributes:
        name: as formulas write it; ``v12`` where it has no other.
        shape: with ``"n"`` for the rows of the batch; () for one number.
        home: ``"number"`` (each thread has its own), ``"registers"``, ``"thread"`` (while it is at those
            rows), ``"batch"`` (for every row), ``"sums"`` (one for each panel or tile) or ``"matrix"``.
        form: ``"bfloat16"``, ``"bfloat16 pairs"`` (in words of two along a sum), else empty.
    """

    number: int
    name: str
    shape: tuple[int | str, ...]
    home: str
    form: str = ""


@dataclass(frozen=True)
class TapeFormula:
    """What one value gets: ``target = expression``, or ``target ← expression`` where it had another.

    Attributes:
        expression: None where the target is the whole story, such as a column that is loaded.
        home: as of a value.
        value: its number; -1 for what has none, in registers.
        node: of the program, which it computes; None for what is the engine's own.
    """

    target: Expression | None
    expression: Expression | None
    operator: str
    shape: tuple[int | str, ...]
    home: str
    value: int = -1
    node: Node | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """One line of Unicode."""
        return self._written(text, self.operator)

    def latex(self) -> str:
        """LaTeX, without the dollar signs."""
        return self._written(latex, "=" if self.operator == "=" else r"\leftarrow")

    def _written(self, write: Any, sign: str) -> str:
        return f" {sign} ".join(write(e) for e in (self.target, self.expression) if e is not None)


@dataclass(frozen=True)
class TapeInstruction:
    """One instruction.

    Attributes:
        number: in the order in which a single thread runs them, from 1.
        level: from 1; threads wait for each other between levels.
        share: one of ``"alone"``, ``"panels"``, ``"tiles"``.
        operation: what it does, in words.
        formulas: in the order in which they are computed, on a strip that stays in the cache.
        short: the names for which its formulas write a letter or a word, by these.
        nodes: of the program, which are there once it has run.
        reads, writes: numbers of values.
        once: skipped as long as the batch stays the same.
        multiplications: of a matrix product for each row of the batch.
        steps, chained: ops of its block, and how many take over in registers what the one before computed.
    """

    number: int
    level: int
    share: str
    operation: str
    formulas: tuple[TapeFormula, ...]
    short: Mapping[str, str]
    nodes: tuple[Node, ...] = field(repr=False)
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    once: bool
    multiplications: int
    steps: int
    chained: int

    def to_json(self) -> dict[str, Any]:
        """Plain data: every formula as text and LaTeX, nodes by their ops."""
        data: dict[str, Any] = {
            name: getattr(self, name)
            for name in (
                "number",
                "level",
                "share",
                "operation",
                "once",
                "multiplications",
                "steps",
                "chained",
            )
        }
        formulas = [
            {"text": str(f), "latex": f.latex(), "shape": list(f.shape), "home": f.home, "value": f.value}
            for f in self.formulas
        ]
        lists = {"reads": list(self.reads), "writes": list(self.writes), "short": dict(self.short)}
        return data | lists | {"formulas": formulas, "nodes": [repr(node) for node in self.nodes]}


@dataclass(frozen=True)
class TapeSummary:
    """A tape in numbers.

    Attributes:
        once: instructions that are skipped as long as the batch stays the same.
        steps, chained: ops of blocks, and those that take over in registers what the one before computed.
        products, contractions: multiplications for each row of the batch.
        row_bytes: for each row of the batch.
        thread_bytes: of each thread, for the rows it is at.
        lasting_bytes: of parameters and states, with padding.
        passing_bytes: of matrices that only a step needs.
    """

    instructions: int
    once: int
    levels: int
    values: int
    steps: int
    chained: int
    products: int
    contractions: int
    row_bytes: float
    thread_bytes: int
    lasting_bytes: int
    passing_bytes: int


@dataclass(frozen=True)
class TapeContents:
    """The tape of one training step.

    Attributes:
        instructions: in the order in which a single thread runs them.
        values: by number.
        levels: between which all threads wait for each other.
        stop_level: from its panels on nothing runs if the error is not finite.
        read_in_place: nodes of the program that no instruction computes: they are other values seen
            repeated, transposed or in another shape.
        summary: the tape in numbers.
    """

    network: AnyNetwork
    optimizer: Optimizer
    precision: str
    instructions: tuple[TapeInstruction, ...] = field(repr=False)
    values: tuple[TapeValue, ...] = field(repr=False)
    levels: int
    stop_level: int
    read_in_place: tuple[Node, ...] = field(repr=False)
    summary: TapeSummary
