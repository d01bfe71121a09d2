"""The code of a kernel that takes steps of a small network by itself, in Triton.

Every value of a step is a tile in registers: a block whose sides are powers of two, of which the first rows
and columns count. What else a tile holds is never looked at: sums and products leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from downslope.engines import _arrays
from downslope.engines.torch._program import DRAWS, TorchProgram
from downslope.engines.torch._stacks import Stack
from downslope.engines.torch._terms import Names, Term, Unsuited, text
from downslope.graph import BATCH, Elementwise, Node

__all__ = ["kernel_source"]

_LARGEST_TILE = 1 << 14
_MOST_KEPT = 1 << 14
_SIDE = 16  # the least of a factor


def _padded(size: int) -> int:
    return 1 if size == 1 else max(_SIDE, 1 << (size - 1).bit_length())


class _Code:
    """The lines of a kernel for steps of so many rows."""

    def __init__(self, program: TorchProgram, members: int, rows: int) -> None:
        self.program, self.members, self.rows = program, members, rows
        self.lines: list[str] = []
        self.values: dict[Stack, Any] = {}
        self.home = {node: stack for stack in program.stacks for node in stack}
        self._count = 0

    def term(self, expression: str) -> Term:
        """A new variable."""
        self._count += 1
        self.lines.append(f"t{self._count} = {expression}")
        return Term(self, f"t{self._count}")

    def sizes(self, node: Node) -> tuple[int, ...]:
        """The shape of a value in this kernel."""
        found = tuple(self.rows if side == BATCH else int(side) for side in node.shape)
        if len(found) > 2 or math.prod(map(_padded, found)) > _LARGEST_TILE:
            raise Unsuited(str(found))
        return found

    def value(self, node: Node) -> Any:
        """A value that a line before has computed."""
        return self.values[self.home[node]]

    def masked(self, node: Node, axis: int) -> Any:
        """A value with zeros beyond its end along an axis."""
        value, sizes = self.value(node), self.sizes(node)
        side = _padded(sizes[axis])
        if not isinstance(value, Term):
            value = self.filled(value, sizes)
        if side == sizes[axis]:
            return value
        place = f"i{side}" if len(sizes) == 1 else f"i{side}[:, None]" if axis == 0 else f"i{side}[None, :]"
        return self.term(f"tl.where({place} < {sizes[axis]}, {value}, 0.0)")

    def filled(self, value: Any, sizes: tuple[int, ...]) -> Term:
        """A tile of one number."""
        sides = [_padded(size) for size in sizes]
        if isinstance(value, Term):
            return self.term(f"tl.broadcast_to({value}, {sides})")
        return self.term(f"tl.full({sides}, {text(value)}, tl.float32)")

    # what nodes are

    def compute(self, stack: Stack) -> None:
        """The lines of a value."""
        node = stack[0]
        self.sizes(node)
        inputs = [self.value(i) if not self._in_place(node) else None for i in node.inputs]
        if all(isinstance(value, float) for value in inputs) and node.op.name != "keep_mask":
            self.values[stack] = float(node.op.evaluate(_arrays, *inputs, **node.attributes))
        elif isinstance(node.op, Elementwise):
            self.values[stack] = self._elementwise(node)
        else:
            write = getattr(self, f"_{node.op.name}", None)
            if write is None:
                raise Unsuited(node.op.name)
            self.values[stack] = write(stack)

    def _in_place(self, node: Node) -> bool:
        """Whether a node reads a column of the table, or the shape of its input only."""
        return node.op.name in ("columns", "rows")

    def _elementwise(self, node: Node) -> Any:
        rank = len(node.shape)
        operands = []
        for i in node.inputs:
            value = self.value(i)
            if isinstance(value, Term) and len(i.shape) == 1 and rank == 2:
                value = self.term(f"{value}[None, :]")
            operands.append(value)
        divisor = operands[-1]
        if node.op.name == "divide" and rank and not node.inputs[1].shape and isinstance(divisor, Term):
            return operands[0] * Names().inverse(divisor)  # one division for all numbers of the tile
        return node.op.evaluate(Names(), *operands, **node.attributes)

    def _rows(self, stack: Stack) -> float:
        return float(self.sizes(stack[0].inputs[0])[0])

    def _columns(self, stack: Stack) -> Term:
        """One column of an input, for each member its own."""
        source, every = stack[0].inputs[0], [node.attributes["indices"] for node in stack]
        if source.name not in self.program.columns or not stack[0].attributes["squeeze"]:
            raise Unsuited("columns of computed values")
        column = str(every[0][0]) if len(set(every)) == 1 else "member"
        if column == "member" and every != [(i,) for i in range(self.members)]:
            raise Unsuited("columns in another order than that of the members")
        side = _padded(self.rows)
        where = f"given_{self._number(source)} + rows * {int(source.shape[1])} + {column}"
        return self.term(f"tl.load({where}, mask=i{side} < {self.rows}, other=0.0)")

    def _number(self, leaf: Node) -> int:
        return list(self.program.columns).index(leaf.name)

    def load(self, leaf: Node) -> Term:
        """Rows of an input."""
        sizes = self.sizes(leaf)
        side = _padded(sizes[0])
        pointer = f"given_{self._number(leaf)}"
        if len(sizes) == 1:
            return self.term(f"tl.load({pointer} + rows, mask=i{side} < {sizes[0]}, other=0.0)")
        other = _padded(sizes[1])
        where = f"{pointer} + rows[:, None] * {sizes[1]} + i{other}[None, :]"
        mask = f"(i{side}[:, None] < {sizes[0]}) & (i{other}[None, :] < {sizes[1]})"
        return self.term(f"tl.load({where}, mask={mask}, other=0.0)")

    def _transpose(self, stack: Stack) -> Any:
        value = self.value(stack[0].inputs[0])
        return self.term(f"tl.trans({value})") if isinstance(value, Term) else value

    def _sum(self, stack: Stack) -> Term:
        node, source = stack[0], stack[0].inputs[0]
        sizes = self.sizes(source)
        axes = range(len(sizes)) if node.attributes["axes"] is None else node.attributes["axes"]
        value = self.value(source)
        if not isinstance(value, Term):
            value = self.filled(value, sizes)
        for axis in axes:
            side = _padded(sizes[axis])
            if side != sizes[axis]:
                place = ["None"] * len(sizes)
                place[axis] = ":"
                mask = f"i{side}" if len(sizes) == 1 else f"i{side}[{', '.join(place)}]"
                value = self.term(f"tl.where({mask} < {sizes[axis]}, {value}, 0.0)")
        for axis in sorted(axes, reverse=True):
            value = self.term(f"tl.sum({value}, axis={axis})")
        if node.attributes["keepdims"]:
            kept = ["None" if axis in axes else ":" for axis in range(len(sizes))]
            if len(axes) == len(sizes):
                return self.filled(value, (1,) * len(sizes))
            value = self.term(f"{value}[{', '.join(kept)}]")
        return value

    def _broadcast(self, stack: Stack) -> Term:
        node, (source, _) = stack[0], stack[0].inputs
        value, new = self.value(source), node.attributes["axes"]
        if isinstance(value, Term) and source.shape:
            rank = len(source.shape) + len(new)
            kept = ["None" if axis in new else ":" for axis in range(rank)]
            kept = ["None"] * (len(node.shape) - rank) + kept
            if "None" in kept:
                value = self.term(f"{value}[{', '.join(kept)}]")
        return self.filled(value, self.sizes(node))

    def _matmul(self, stack: Stack) -> Term:
        left, right = stack[0].inputs
        (p, q), (_, r) = self.sizes(left), self.sizes(right)
        a, b = self.masked(left, 1), self.masked(right, 0)
        if q == 1:
            return self.term(f"{a} * {b}")
        if r == 1:
            return self.term(f"tl.sum({a} * tl.trans({b}), axis=1)[:, None]")
        if p == 1:
            return self.term(f"tl.sum(tl.trans({a}) * {b}, axis=0)[None, :]")
        return self.term(f'tl.dot({a}, {b}, input_precision="tf32")')

    def _softmax(self, stack: Stack) -> Term:
        z, (_, classes) = stack[0].inputs[0], self.sizes(stack[0])
        side, value = _padded(classes), self.value(z)
        inside = f"i{side}[None, :] < {classes}"
        low = self.term(f'tl.where({inside}, {value}, float("-inf"))')
        e = self.term(f"tl.exp({low} - tl.max({low}, axis=1)[:, None])")
        return self.term(f"{e} / tl.sum({e}, axis=1)[:, None]")

    def _one_hot(self, stack: Stack) -> Term:
        y, classes = self.value(stack[0].inputs[0]), stack[0].attributes["classes"]
        return self.term(f"({y}[:, None] == i{_padded(classes)}[None, :].to(tl.float32)).to(tl.float32)")

    def _cross_entropy(self, stack: Stack) -> Term:
        z, y = stack[0].inputs
        _, classes = self.sizes(z)
        side = _padded(classes)
        low = self.term(f'tl.where(i{side}[None, :] < {classes}, {self.value(z)}, float("-inf"))')
        top = self.term(f"tl.max({low}, axis=1)")
        first = self.term(f"tl.argmax({low}, axis=1)")
        shifted = self.term(f"{low} - {top}[:, None]")
        wanted = self.term(f"{self.value(y)}[:, None] == i{side}[None, :].to(tl.float32)")
        chosen = self.term(f"tl.sum(tl.where({wanted}, {shifted}, 0.0), axis=1)")
        others = self.term(f"tl.where(i{side}[None, :] == {first}[:, None], 0.0, tl.exp({shifted}))")
        return self.term(f"libdevice.log1p(tl.sum({others}, axis=1)) - {chosen}")

    def _keep_mask(self, stack: Stack) -> Term:
        rows, columns = self.sizes(stack[0])
        streams = [node.attributes["stream"] for node in stack]
        apart = streams[1] - streams[0] if len(streams) > 1 else 0
        if streams != [streams[0] + apart * i for i in range(len(streams))]:
            raise Unsuited("streams that are not evenly apart")
        down, across = f"i{_padded(rows)}[:, None]", f"i{_padded(columns)}[None, :]"
        block = self.term(f"{down} * {-(-columns // 4)} + {across} // 4")
        zero = self.term(f"{block} * 0")
        words = self.term(
            f"tl.philox(seed, {block}, {zero} + ({streams[0]} + member * {apart}), {zero} + draw_low, "
            f"{zero} + draw_high)"
        )
        turn = self.term(f"{zero} + {across} % 4")
        low = self.term(f"tl.where({turn} == 0, {words}[0], {words}[1])")
        high = self.term(f"tl.where({turn} == 2, {words}[2], {words}[3])")
        word = self.term(f"tl.where({turn} < 2, {low}, {high})")
        limit = int(stack[0].attributes["rate"] * 2**32)
        return self.term(f"({word}.to(tl.uint32, bitcast=True).to(tl.int64) >= {limit}).to(tl.float32)")


def kernel_source(program: TorchProgram, rows: int, ordered: bool) -> tuple[str, Sequence[Node]]:
    """The source of a kernel, and the numbers it reports of each step and member.

    Args:
        program: of which every network is of one structure.
        rows: of each step.
        ordered: whether the rows of a step are looked up in an order.

    Raises:
        Unsuited: if there is none.
    """
    members = max(len(stack) for stack in program.kept)
    numbers = sum(math.prod(map(_padded, map(int, stack[0].shape))) for stack in program.kept)
    if program.bfloat16 or any(len(s) != members for s in program.kept) or numbers > _MOST_KEPT:
        raise Unsuited("too large, or of several structures")
    code = _Code(program, members, rows)
    reported = _reported(program, members)
    needed = _needed(program, [*reported, *program.updates.values()], members)
    for place, stack in enumerate(program.kept):
        code.values[stack] = Term(code, f"kept{place}")
    for stack in program.stacks:
        node = stack[0]
        if stack not in needed or stack in code.values:
            continue
        if node.inputs:
            code.compute(stack)
        elif node.op.name == "constant":
            code.values[stack] = node.attributes["value"]
        elif node.name in program.columns:
            whole = any(node in user.inputs and not code._in_place(user) for s in needed for user in s)
            code.values[stack] = code.load(node) if whole else None
        elif node.name in program.scalars:
            at = f"table + step * {len(program.scalars)} + {program.scalars.index(node.name)}"
            code.values[stack] = code.term(f"tl.load({at})")
        elif node.name in DRAWS:
            code.values[stack] = Term(code, node.name)
        else:
            raise Unsuited(node.name)
    return _function(code, reported, ordered), reported


def _reported(program: TorchProgram, members: int) -> list[Node]:
    """The numbers of each member that the outputs are made of; without members the outputs themselves."""
    if members == 1:
        return list(program.outputs)
    own = {node for stack in program.stacks if len(stack) == members for node in stack}
    found: dict[Stack, None] = {}
    home = {node: stack for stack in program.stacks for node in stack}
    todo = list(program.outputs)
    while todo:
        node = todo.pop()
        if node in own:
            if node.shape != ():
                raise Unsuited("an output of more than numbers")
            found[home[node]] = None
        else:
            todo.extend(node.inputs)
    return [stack[0] for stack in found]


def _needed(program: TorchProgram, nodes: Sequence[Node], members: int) -> set[Stack]:
    """The stacks that the kernel computes: no value in it may be of several members together."""
    home = {node: stack for stack in program.stacks for node in stack}
    found: set[Stack] = set()
    todo = [home[node] for node in nodes]
    while todo:
        stack = todo.pop()
        if stack in found:
            continue
        found.add(stack)
        for node in stack[:1]:
            for source in node.inputs:
                if len(stack) < len(home[source]):
                    raise Unsuited("a value of several members")
                todo.append(home[source])
    return found


def _function(code: _Code, reported: Sequence[Node], ordered: bool) -> str:
    program, members = code.program, code.members
    kept = range(len(program.kept))
    given = ", ".join(f"given_{n}" for n in range(len(program.columns)))
    side = _padded(code.rows)
    body = "\n".join(code.lines)
    sides = {1, side, *(s for stack in program.stacks for s in map(_padded, _sizes(code, stack)))}
    head = [f"i{s} = tl.arange(0, {s})" for s in sorted(sides) if f"i{s}" in body or s == side]
    loads, stores = [], []
    for place, stack in enumerate(program.kept):
        where, mask = _place(code.sizes(stack[0]))
        head += [f"i{s} = tl.arange(0, {s})" for s in map(_padded, code.sizes(stack[0]))]
        pointer = f"kept_{place} + member * {math.prod(code.sizes(stack[0]))}{where}"
        loads.append(f"kept{place} = tl.load({pointer}{mask and f', mask={mask}, other=0.0'})")
        stores.append(f"tl.store({pointer}, kept{place}{mask and f', mask={mask}'})")
    inside = [f"rows = i{side}"]
    if ordered:  # those of the next step are on their way while this one is computed
        here = f"(i{side} < {code.rows}) & ({{0}} < end)"
        row = f"tl.load(whole + 2 + ({{0}}) * BATCH + i{side}, mask={here}, other=0)"
        loads.append(f"later = {row.format('begin')}")
        inside = ["rows = later", f"later = {row.format('step + 1')}"]
    if "draw_low" in body:
        inside += ["draw = first + step", "draw_low = (draw & 0xFFFFFFFF).to(tl.int32)"]
        inside += ["draw_high = (draw >> 32).to(tl.int32)"]
    inside += code.lines
    for place, node in enumerate(reported):
        at = f"(step * {len(reported)} + {place}) * {members} + member"
        inside.append(f"tl.store(found + {at}, {text(code.value(node))})")
    new = [text(code.value(program.updates[stack[0]])) for stack in program.kept]
    inside += [f"new{place} = {value}" for place, value in zip(kept, new, strict=True)]
    inside += [f"kept{place} = new{place}" for place in kept]
    pointers = ", ".join(f"kept_{place}" for place in kept)
    lines = [
        '@triton.jit(do_not_specialize=["begin", "end"])',
        f"def steps(whole, table, found, begin, end, {given}, {pointers}, BATCH: tl.constexpr):",
        "    member = tl.program_id(0)",
        "    seed = tl.load(whole)",
        "    first = tl.load(whole + 1)",
        *(f"    {line}" for line in dict.fromkeys([*head, *loads])),
        "    for step in range(begin, end):",
        *(f"        {line}" for line in inside),
        *(f"    {line}" for line in stores),
    ]
    return "\n".join(lines) + "\n"


def _sizes(code: _Code, stack: Stack) -> tuple[int, ...]:
    return tuple(code.rows if side == BATCH else int(side) for side in stack[0].shape)


def _place(sizes: tuple[int, ...]) -> tuple[str, str]:
    """Where the numbers of a matrix lie from its first one on, and which of the tile there are."""
    if not sizes:
        return "", ""
    if len(sizes) == 1:
        return f" + i{_padded(sizes[0])}", f"i{_padded(sizes[0])} < {sizes[0]}"
    down, across = f"i{_padded(sizes[0])}[:, None]", f"i{_padded(sizes[1])}[None, :]"
    return f" + {down} * {sizes[1]} + {across}", f"({down} < {sizes[0]}) & ({across} < {sizes[1]})"
