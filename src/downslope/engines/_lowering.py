"""From a program to a tape: where values live, which nodes form a block, what must wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from downslope.engines._tape import Act, Instruction, Kind, Step, Value, View
from downslope.graph import BATCH, Elementwise, Node, topological

__all__ = ["Lowered", "lower"]

_SETTINGS = {"leaky_relu": ("slope", 0.01), "elu": ("alpha", 1.0), "huber": ("delta", 1.0)}


def lower(outputs: Sequence[Node], updates: Mapping[Node, Node] | None = None) -> Lowered:
    """The tape that computes some nodes and then puts new values into leaves.

    Raises:
        NotImplementedError: for a value of more than two axes, or of two batch axes.
    """
    return Lowered(outputs, updates or {})


class Lowered:
    """A tape and where to find things on it.

    Attributes:
        values, instructions, levels: the tape.
        update_level: leaves get new values from here on; the single numbers wanted are there before.
        leaves: the value of each leaf of fixed shape or of a single number, by node.
        columns: the batch inputs in the order in which a machine wants them.
        constants: the scalar values that never change.
    """

    def __init__(self, outputs: Sequence[Node], updates: Mapping[Node, Node]) -> None:
        self.values: list[Value] = []
        self.instructions: list[Instruction] = []
        self.leaves: dict[Node, int] = {}
        self.columns: list[Node] = []
        self.constants: list[tuple[int, float]] = []
        self._homes: dict[Node, int] = {}
        self._in_registers: set[Node] = set()  # of a block that is on the tape already
        self._turned: dict[int, int] = {}
        self._scratch: dict[Any, int] = {}
        wanted = [*outputs, *updates.values(), *updates]
        order = topological(wanted)
        self._stages = _stages(order)
        self._groups = _Groups(order, self._stages)
        self._users: dict[Node, list[Node]] = {}
        for node in order:
            for source in node.inputs:
                self._users.setdefault(source, []).append(node)
        self._wanted = set(wanted)
        for node in sorted(order, key=lambda n: (self._stages[n], _is_elementwise(n))):
            self._emit(node)
        for leaf, new in updates.items():
            self._assign(leaf, new)
        self.outputs = [self._home(n) for n in outputs]
        self._write_in_place({self._homes[leaf] for leaf in updates})
        self.flipped = [_is_flipped(n.shape) for n in outputs]
        self.instructions = _fused(self.instructions, set(self.outputs))
        self.levels = _levels(self.instructions, set(self.outputs))
        scalars = [o for o, n in zip(self.outputs, outputs, strict=True) if n.shape == ()]
        self.update_level = 1 + max(
            (i.level for i in self.instructions if i.writes & set(scalars)), default=0
        )

    # values

    def _new(self, kind: Kind, rows: int, columns: int = 1) -> int:
        self.values.append(Value(kind, rows, columns))
        return len(self.values) - 1

    def _new_for(self, node: Node) -> int:
        kind, rows, columns = _layout(node.shape)
        self._homes[node] = self._new(kind, rows, columns)
        return self._homes[node]

    def _add(self, act: Act, out: int, args: Sequence[int] = (), **rest: Any) -> Instruction:
        instruction = Instruction(act, out, list(args), **rest)
        instruction.reads |= {operand for operand, view in instruction.operands if operand >= 0}
        instruction.writes.add(out)
        self.instructions.append(instruction)
        return instruction

    def _reading(self, act: Act, out: int, args: Sequence[int], reads: Sequence[int], node: Node) -> None:
        self._add(act, out, args, nodes=[node]).reads |= set(reads)

    def _home(self, node: Node) -> int:
        """The value of a node, computed as such: views (spread, transpose) are written out."""
        if node not in self._homes:
            if node.op.name == "transpose":
                self._write_transposed(node)
            else:
                self._block(self._groups.of(node) if _is_elementwise(node) else [node])
        return self._homes[node]

    def _write_transposed(self, node: Node) -> None:
        (source,) = node.inputs
        home = self._home(source)
        if BATCH in node.shape:
            self._homes[node] = home
            return
        out = self._new_for(node)
        self._reading(Act.TRANSPOSE, out, [*map(int, node.shape), home], [home], node)

    # instructions, by op

    def _emit(self, node: Node) -> None:
        if node in self._homes or node in self._in_registers or node.op.name in ("spread", "transpose"):
            return
        if not node.inputs:
            self._leaf(node)
        elif _is_elementwise(node):
            self._block(self._groups.of(node))
        else:
            getattr(self, f"_{node.op.name}")(node)

    def _leaf(self, node: Node) -> None:
        if node.name in ("seed", "draw"):  # dropout gets them as whole numbers
            return
        out = self._new_for(node)
        if node.op.name == "constant":
            self.constants.append((out, node.attributes["value"]))
        elif BATCH in node.shape:
            self._add(Act.LOAD, out, [len(self.columns), out, -1], nodes=[node])
            self.columns.append(node)
        else:
            self.leaves[node] = out

    def _matmul(self, node: Node) -> None:
        a, b = node.inputs
        if _is_flipped(node.shape):  # (AB)ᵀ = BᵀAᵀ, whose rows are those of the batch
            return self._rows_product(node, _Factor(b).turned, _Factor(a).turned)
        if BATCH in node.shape:
            return self._rows_product(node, _Factor(a), _Factor(b))
        rows, columns = map(int, node.shape)
        if BATCH in a.shape:
            left, right = self._home(_Factor(a).base), self._turn(self._home(_Factor(b).base))
            out = self._new_for(node)
            return self._reading(Act.CONTRACT, out, [rows, columns, left, right], [left, right], node)
        first = _Factor(a)
        left, right = self._home(first.base), self._home(b)
        args = [rows, columns, left, int(first.transposed), right, int(a.shape[1])]
        return self._reading(Act.PRODUCT_FIXED, self._new_for(node), args, [left, right], node)

    def _rows_product(self, node: Node, rows: _Factor, matrix: _Factor) -> None:
        """(n, k) times (k, m): each panel is multiplied by the matrix turned on its side."""
        panels, home = self._home(rows.base), self._home(matrix.base)
        args = [home, int(not matrix.transposed), panels, -1]
        self._reading(Act.PRODUCT, self._new_for(node), args, [home, panels], node)

    def _turn(self, panels: int) -> int:
        if panels not in self._turned:
            out = self._turned[panels] = self._new(Kind.TURNED, self.values[panels].rows)
            self._add(Act.TURN, out, [panels]).reads.add(panels)
        return self._turned[panels]

    def _sum(self, node: Node) -> None:
        (a,) = node.inputs
        rank = len(a.shape)
        axes = node.attributes["axes"]
        axes = tuple(range(rank)) if axes is None else axes
        source = self._home(a)
        features = self.values[source].rows
        if BATCH in a.shape and len(axes) == rank:
            partials = self._new(Kind.PARTIALS, 1)
            self._reading(Act.PARTIAL, partials, [source], [source], node)
            self._reading(Act.TOTAL, self._scalar_or_matrix(node), [partials], [partials], node)
        elif BATCH in a.shape:
            over_batch = a.shape[axes[0]] == BATCH
            if over_batch:
                out = self._new_for(node)
                if self.values[out].rows > 1:  # one number a row: a column, turned afterwards
                    flat = self._new(Kind.FIXED, 1, features)
                    self._reading(Act.SUM_ROWS, flat, [1, features, source], [source], node)
                    self._reading(Act.TRANSPOSE, out, [features, 1, flat], [flat], node)
                else:
                    self._reading(Act.SUM_ROWS, out, [1, features, source], [source], node)
            else:
                self._reading(Act.SUM_FEATURES, self._new_for(node), [source], [source], node)
        else:
            rows, columns = self.values[source].rows, self.values[source].columns
            axis = 2 if len(axes) == rank else axes[0]
            whole = axis == 2 and node.shape == ()
            out = self._new(Kind.FIXED, 1, 1) if whole else self._new_for(node)
            down = int(self.values[out].rows > 1)
            self._reading(Act.SUM_FIXED, out, [rows, columns, source, axis, down], [source], node)
            if whole:
                self._reading(Act.PICK, self._new_for(node), [out], [out], node)

    def _scalar_or_matrix(self, node: Node) -> int:
        if node.shape == ():
            return self._new_for(node)
        scalar = self._new(Kind.SCALAR, 1)
        out = self._new_for(node)
        raise NotImplementedError(
            f"the sum of everything, kept with the shape {node.shape} ({scalar}, {out})"
        )

    def _rows(self, node: Node) -> None:
        self._add(Act.COUNT, self._new_for(node), nodes=[node])

    def _softmax(self, node: Node) -> None:
        source = self._home(node.inputs[0])
        self._reading(Act.SOFTMAX, self._new_for(node), [source], [source], node)

    def _cross_entropy(self, node: Node) -> None:
        z, y = (self._home(i) for i in node.inputs)
        self._reading(Act.CROSS_ENTROPY, self._new_for(node), [z, y], [z, y], node)

    def _one_hot(self, node: Node) -> None:
        y = self._home(node.inputs[0])
        self._reading(Act.ONE_HOT, self._new_for(node), [y], [y], node)

    def _keep_mask(self, node: Node) -> None:
        out = self._new_for(node)
        self._add(
            Act.KEEP_MASK, out, [node.attributes["stream"]], setting=node.attributes["rate"], nodes=[node]
        )

    def _take(self, node: Node) -> None:
        table, index = (self._home(i) for i in node.inputs)
        self._reading(Act.TAKE, self._new_for(node), [table, index], [table, index], node)

    def _add_rows(self, node: Node) -> None:
        rows, index = self._home(node.inputs[0]), self._home(node.inputs[1])
        out = self._new_for(node)
        args = [self.values[out].rows, self.values[out].columns, rows, index]
        self._reading(Act.ADD_ROWS, out, args, [rows, index], node)

    def _copy(self, node: Node, places: Sequence[tuple[int, int]]) -> None:
        reads = [value for value, _ in places if value >= 0]
        out = self._new_for(node)
        self._reading(Act.COPY_FEATURES, out, [n for place in places for n in place], reads, node)

    def _columns(self, node: Node) -> None:
        source = self._home(node.inputs[0])
        self._copy(node, [(source, i) for i in node.attributes["indices"]])

    def _place_columns(self, node: Node) -> None:
        source = self._home(node.inputs[0])
        places = {column: (source, i) for i, column in enumerate(node.attributes["indices"])}
        self._copy(node, [places.get(c, (-1, 0)) for c in range(int(node.shape[1]))])

    def _concatenate(self, node: Node) -> None:
        homes = [self._home(i) for i in node.inputs]
        self._copy(node, [(home, f) for home in homes for f in range(self.values[home].rows)])

    # blocks

    def _block(self, nodes: Sequence[Node]) -> None:
        """One instruction for elementwise nodes of one shape; views among the operands are read in place."""
        kind, rows, columns = _layout(nodes[0].shape)
        act = {Kind.SCALAR: Act.SCALAR_BLOCK, Kind.PANELS: Act.BLOCK, Kind.FIXED: Act.BLOCK_FIXED}[kind]
        instruction = Instruction(act, -1, [rows, columns], nodes=list(nodes))
        numbers: dict[tuple[int, View], int] = {}
        inside = set(nodes)
        places: dict[Node, int] = {}  # of nodes that only this block uses: registers
        last_use = {source: node for node in nodes for source in node.inputs}
        free: list[int] = []

        def register() -> int:
            if free:
                return free.pop()
            instruction.operands.append((-1, View.SCRATCH))
            return len(instruction.operands) - 1

        def operand(value: int, view: View) -> int:
            if (value, view) not in numbers:
                numbers[value, view] = len(instruction.operands)
                instruction.operands.append((value, view))
            return numbers[value, view]

        for node in nodes:
            names = [] if _is_elementwise(node) else ["copy"]
            sources: list[int] = []
            done: list[int] = []
            for source in node.inputs if not names else node.inputs[:1]:
                if source in places:
                    sources.append(places[source])
                    if last_use[source] is node and places[source] not in done:
                        done.append(places[source])
                    continue
                value, view = self._seen(source, node)
                number = operand(value, view)
                instruction.reads.add(value)
                if view in (View.ALONG_ROW, View.DOWN_COLUMN):
                    splat = register()
                    done.append(splat)
                    instruction.steps.append(Step("splat", splat, (number,)))
                    number = splat
                sources.append(number)
            only_here = node not in self._wanted and all(u in inside for u in self._users.get(node, ()))
            if only_here and kind != Kind.SCALAR and not names:
                target = places[node] = register()
                self._in_registers.add(node)
            else:
                out = self._new_for(node)
                instruction.writes.add(out)
                target = operand(out, View.REPEATED if kind == Kind.SCALAR else View.STRIP)
            free += done  # only now: an op never writes over what it reads
            name, fallback = _SETTINGS.get(node.op.name, ("", 0.0))
            setting = float(node.attributes.get(name, fallback))
            instruction.steps.append(
                Step(names[0] if names else node.op.name, target, tuple(sources), setting)
            )
        self.instructions.append(instruction)

    def _seen(self, source: Node, node: Node) -> tuple[int, View]:
        """How a block of the shape of ``node`` reads an operand."""
        target = node.shape
        base, dims = (source, source.shape) if _is_elementwise(node) else (node.inputs[0], None)
        if dims is None:
            dims = _placed(base.shape, node.attributes["axes"])
        while base.op.name == "spread" and base not in self._homes:
            (inner, _), axes = base.inputs, base.attributes["axes"]
            dims = (1,) * (len(dims) - len(base.shape)) + _placed(inner.shape, axes)
            base = inner
        home = self._home(base)
        value = self.values[home]
        if value.kind == Kind.SCALAR:
            return home, View.REPEATED
        dims = (1,) * (len(target) - len(dims)) + tuple(dims)
        if _is_flipped(target):
            dims, target = dims[::-1], target[::-1]
        kind, rows, columns = _layout(target)
        if value.kind == Kind.PANELS:
            return home, View.STRIP if value.rows == rows else View.REPEATED
        if value.rows == value.columns == 1 and (rows, columns) != (1, 1):
            scalar = self._new(Kind.SCALAR, 1)
            self._reading(Act.PICK, scalar, [home], [home], base)
            return scalar, View.REPEATED
        if kind == Kind.PANELS:
            return home, View.DOWN_COLUMN if value.rows > 1 else View.ALONG_ROW
        if (value.rows, value.columns) == (rows, columns):
            return home, View.STRIP
        if len(dims) == 2 and dims[1] == 1 and columns > 1:
            return home, View.DOWN_COLUMN if value.rows > 1 else View.ALONG_ROW
        return home, View.REPEATED

    def _assign(self, leaf: Node, new: Node) -> None:
        """Put a new value into a leaf, after everything that reads the old one."""
        source, target = self._home(new), self._homes[leaf]
        if source == target:
            return
        value = self.values[target]
        operands = [(source, View.STRIP), (target, View.STRIP)]
        if self.values[source].kind == Kind.SCALAR:
            operands[0] = (source, View.REPEATED)
        steps = [Step("copy", 1, (0,))]
        self._add(
            Act.BLOCK_FIXED, -1, [value.rows, value.columns], steps=steps, operands=operands, nodes=[new]
        ).writes.add(target)

    def _write_in_place(self, leaves: set[int]) -> None:
        """Let blocks write new values straight into leaves where nothing else wants the value in between."""
        last: list[Instruction] = []
        for copy in [i for i in self.instructions if i.writes <= {-1, *leaves} and i.writes & leaves]:
            (source, _), (target, _) = copy.operands
            makers = [i for i in self.instructions if source in i.writes and i.act == Act.BLOCK_FIXED]
            readers = [i for i in self.instructions if source in i.reads and i is not copy]
            if (
                not makers
                or readers
                or source in self.outputs
                or not _may_overwrite(makers[0], source, target)
            ):
                continue
            maker = makers[0]
            maker.operands = [(target if v == source else v, view) for v, view in maker.operands]
            maker.writes = maker.writes - {source} | {target}
            self.instructions.remove(copy)
            if maker not in last:
                last.append(maker)
        wanted = {v for i in self.instructions if i not in last for v in i.reads}
        # what reads the old value of a leaf comes first on the tape
        movable = [i for i in last if not (i.writes - leaves) & wanted]
        copies = [i for i in self.instructions if i.writes <= {-1, *leaves} and i.writes & leaves]
        tail = [*movable, *(c for c in copies if c not in movable)]
        self.instructions = [*(i for i in self.instructions if i not in tail), *tail]


class _Factor:
    """A matrix as a product reads it: another one, transposed or not."""

    def __init__(self, node: Node, transposed: bool = False) -> None:
        views = node.op.name == "transpose"
        self.base = node.inputs[0] if views else node
        self.transposed = views != transposed

    @property
    def turned(self) -> _Factor:
        return _Factor(self.base, not self.transposed)


def _placed(shape: tuple[Any, ...], axes: tuple[int, ...]) -> tuple[Any, ...]:
    dims = list(shape)
    for axis in axes:
        dims.insert(axis, 1)
    return tuple(dims)


def _is_elementwise(node: Node) -> bool:
    return isinstance(node.op, Elementwise)


def _is_flipped(shape: tuple[Any, ...]) -> bool:
    return len(shape) == 2 and shape[1] == BATCH


def _layout(shape: tuple[Any, ...]) -> tuple[Kind, int, int]:
    """Kind, rows (or features) and columns of a value of this shape."""
    if shape == ():
        return Kind.SCALAR, 1, 1
    if len(shape) > 2 or shape.count(BATCH) > 1:
        raise NotImplementedError(f"the native engine has no values of the shape {shape}")
    if BATCH in shape:
        return Kind.PANELS, int(next((d for d in shape if d != BATCH), 1)), 1
    return Kind.FIXED, (int(shape[0]) if len(shape) == 2 else 1), int(shape[-1])


def _stages(order: Sequence[Node]) -> dict[Node, int]:
    """How many ops that are not elementwise lie on the way to each node."""
    stages: dict[Node, int] = {}
    for node in order:
        before = max((stages[i] for i in node.inputs), default=0)
        heavy = (
            bool(node.inputs) and not _is_elementwise(node) and node.op.name not in ("spread", "transpose")
        )
        stages[node] = before + heavy
    # what is made of leaves alone, such as 0.9 times the last mean of Adam, waits for the block that wants it
    users: dict[Node, list[Node]] = {}
    for node in order:
        for source in node.inputs:
            users.setdefault(source, []).append(node)
    for node in reversed(order):
        wanted = users.get(node, ())
        movable = _is_elementwise(node) and node.shape != () and wanted
        leaves = all(not i.inputs or i.shape == () for i in node.inputs)
        if movable and leaves and all(map(_is_elementwise, wanted)):
            stages[node] = max(stages[node], min(stages[u] for u in wanted))
    return stages


def _may_overwrite(block: Instruction, source: int, target: int) -> bool:
    """Whether nothing that follows the step that makes ``source`` in a block reads it or ``target``."""
    made = next(n for n, s in enumerate(block.steps) if block.operands[s.to][0] == source)
    later = [block.operands[n] for s in block.steps[made + 1 :] for n in s.sources]
    return all(value not in (source, target) for value, _ in later)


def _fused(instructions: Sequence[Instruction], outputs: set[int]) -> list[Instruction]:
    """Blocks that follow a product of matrices run on each of its tiles while it is in the cache."""
    makers = {i.out: i for i in instructions if i.act in (Act.CONTRACT, Act.PRODUCT_FIXED, Act.SUM_ROWS)}
    gone: set[int] = set()
    for block in instructions:
        if block.act != Act.BLOCK_FIXED:
            continue
        products = [v for v, view in block.operands if v in makers and view == View.STRIP]
        for value in products[:1]:
            product = makers[value]
            users = [i for i in instructions if value in i.reads]
            if product.steps or users != [block] or value in outputs or product.args[:2] != block.args:
                continue
            gone.add(id(product))
            block.act, block.out = product.act, -1
            block.args, block.nodes = product.args, product.nodes + block.nodes
            block.reads = block.reads - {value} | product.reads
            block.operands = [(v, View.TILE) if v == value else (v, view) for v, view in block.operands]
    return [i for i in instructions if id(i) not in gone]


class _Groups:
    """Elementwise nodes of one stage and shape that hang together run as one block."""

    def __init__(self, order: Sequence[Node], stages: Mapping[Node, int]) -> None:
        self._group: dict[Node, list[Node]] = {}
        for node in order:
            if not _is_elementwise(node):
                continue
            group = [node]
            for source in dict.fromkeys(node.inputs):
                near = self._group.get(source)
                if near is None or near is group:
                    continue
                if stages[source] == stages[node] and source.shape == node.shape and node.shape != ():
                    group = near + group if near is not group else group
            for member in group:
                self._group[member] = group

    def of(self, node: Node) -> list[Node]:
        return self._group[node]


def _levels(instructions: Sequence[Instruction], outputs: set[int]) -> int:
    """Give each instruction the first level in which all it needs is there; the number of levels."""
    writer: dict[int, Instruction] = {}
    readers: dict[int, list[Instruction]] = {}
    for i in instructions:
        level = 0
        for value in i.reads - i.writes:
            if value in writer:
                before = writer[value]
                apart = before.act.domain == Kind.FIXED or (
                    before.act.domain == Kind.PANELS and i.act.domain != Kind.PANELS
                )
                level = max(level, before.level + apart)
        for value in i.writes:  # a leaf is written once all have read it and the outputs are known
            others = [r for r in readers.get(value, ()) if r is not i]
            known = [writer[o] for o in outputs if o in writer] if others else []
            level = max([level, *(o.level + 1 for o in others + known)])
        i.level = level
        for value in i.writes:
            writer[value] = i
        for value in i.reads:
            readers.setdefault(value, []).append(i)
    return 1 + max((i.level for i in instructions), default=0)
