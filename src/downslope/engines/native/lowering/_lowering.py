"""From a program to a tape: where values live, and which nodes form a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from downslope._collector import uncollected
from downslope.engines.native.lowering._binned import binned_features, left_out
from downslope.engines.native.lowering._blocks import ElementwiseBlock, Groups, factor_of, factors_first
from downslope.engines.native.lowering._fusion import fuse
from downslope.engines.native.lowering._lookups import Lookups
from downslope.engines.native.lowering._opcodes import ELEMENTWISE_OPS, Form, Kind, Opcode, View
from downslope.engines.native.lowering._schedule import schedule
from downslope.engines.native.lowering._tape import BlockStep, Exchange, Instruction, Tape
from downslope.engines.native.lowering._views import (
    Factor,
    is_elementwise,
    is_flipped,
    layout,
    placed,
    stages,
)
from downslope.graph import BATCH, Node, topological

__all__ = ["lower"]

_BLOCKS = {Kind.SCALAR: Opcode.SCALAR_BLOCK, Kind.PANELS: Opcode.BLOCK, Kind.MATRIX: Opcode.MATRIX_BLOCK}


@uncollected
def lower(
    outputs: Sequence[Node],
    updates: Mapping[Node, Node] | None = None,
    *,
    bfloat16: bool = False,
    at_point: bool = False,
) -> Tape:
    """The tape that computes some nodes and then puts new values into leaves.

    Args:
        outputs: what is computed.
        updates: the new values of leaves.
        bfloat16: whether matrix products read operands that are rounded to it; all else stays as it is.
        at_point: whether the tape is for many runs with the same leaves, some of one row: matrices are then
            also laid out for such products.

    Raises:
        NotImplementedError: for a value of more than two axes, or of two batch axes.
    """
    lowering = _Lowering(outputs, updates or {}, bfloat16, at_point)
    tape = lowering.tape
    fuse(tape)
    schedule(tape)
    return tape


class _Lowering:
    def __init__(
        self, outputs: Sequence[Node], updates: Mapping[Node, Node], bfloat16: bool, at_point: bool
    ) -> None:
        self.tape = Tape()
        self._bfloat16, self._at_point = bfloat16, at_point
        self._homes: dict[Node, int] = {}
        self._makers: dict[int, Instruction] = {}  # of values that are no block's
        self._in_registers: set[Node] = set()  # of a block that is on the tape already
        self._made: dict[Any, int] = {}  # transposed, rounded and inverted values
        wanted = [*outputs, *updates.values(), *updates]
        order = topological(wanted)
        self._stages = stages(order)
        self._groups = Groups(order, self._stages)
        self._users: dict[Node, list[Node]] = {}
        for node in order:
            for source in node.inputs:
                self._users.setdefault(source, []).append(node)
        self._wanted = set(wanted)
        found = {} if bfloat16 else binned_features(order, self._users, self._wanted)
        self._left_out = left_out(found, order, self._users, self._wanted)
        self._lookups = Lookups(found, self._left_out)
        for node in sorted(order, key=lambda n: (self._stages[n], is_elementwise(n))):
            self._emit(node)
        for leaf, new in updates.items():
            self._assign(leaf, new)
        self.tape.outputs = [self._output(n) for n in outputs]

    # values

    def new_for(self, node: Node) -> int:
        """A new value of the layout of a node, whose home it is."""
        self._homes[node] = self.tape.new(*layout(node.shape))
        return self._homes[node]

    def add(self, opcode: Opcode, out: int, args: Sequence[int] = (), **rest: Any) -> Instruction:
        """A new instruction at the end of the tape."""
        instruction = Instruction(opcode, out, list(args), **rest)
        instruction.reads |= {v for v, _ in instruction.operands if v >= 0} - instruction.writes
        if out >= 0:
            instruction.writes.add(out)
            self._makers[out] = instruction
        self.tape.instructions.append(instruction)
        return instruction

    def reading(
        self, opcode: Opcode, out: int, args: Sequence[int], reads: Sequence[int], node: Node
    ) -> Instruction:
        return self.add(opcode, out, args, nodes=[node], reads=set(reads))

    def home(self, node: Node) -> int:
        """The value of a node, computed as such: views (broadcast, transpose) are written out."""
        if node not in self._homes:
            if node.op.name == "transpose":
                self._write_transposed(node)
            else:
                self._block(self._groups.of(node) if is_elementwise(node) else [node])
        return self._homes[node]

    def _write_transposed(self, node: Node) -> None:
        (source,) = node.inputs
        home = self.home(source)
        if BATCH in node.shape:
            self._homes[node] = home
            return
        out = self.new_for(node)
        self.reading(Opcode.TRANSPOSE, out, [*map(int, node.shape), home], [home], node)

    def constant(self, numbers: tuple[float, ...]) -> int:
        """A matrix of one row that never changes."""
        if numbers not in self._made:
            self._made[numbers] = self.tape.new(Kind.MATRIX, 1, len(numbers))
            self.tape.constants.append((self._made[numbers], numbers))
        return self._made[numbers]

    def _output(self, node: Node) -> int:
        """The value of an output; what has a row for each row of the batch is stored there."""
        home = self.home(node)
        if BATCH not in node.shape:
            return home
        self.add(Opcode.STORE, -1, [len(self.tape.stores), home], reads={home}, nodes=[node])
        self.tape.stores.append(node)
        return -1

    # instructions, by op

    def _emit(self, node: Node) -> None:
        if node in self._homes or node in self._in_registers or node.op.name in ("broadcast", "transpose"):
            return
        if node in self._left_out:
            return
        if not node.inputs:
            self._leaf(node)
        elif is_elementwise(node):
            self._block(self._groups.of(node))
        else:
            getattr(self, f"_{node.op.name}")(node)

    def _leaf(self, node: Node) -> None:
        if node.name in ("seed", "draw"):  # dropout gets them as whole numbers
            return
        out = self.new_for(node)
        if node.op.name == "constant":
            self.tape.constants.append((out, (node.attributes["value"],)))
        elif BATCH in node.shape:
            self.add(Opcode.LOAD, out, [len(self.tape.columns), out, -1], nodes=[node])
            self.tape.columns.append(node)
        else:
            self.tape.leaves[node] = out

    def _matmul(self, node: Node) -> None:
        a, b = node.inputs
        if is_flipped(node.shape):  # (AB)ᵀ = BᵀAᵀ, whose rows are those of the batch
            return self._rows_product(node, Factor(b).transpose, Factor(a).transpose)
        if BATCH in node.shape:
            return self._rows_product(node, Factor(a), Factor(b))
        rows, columns = map(int, node.shape)
        if BATCH in a.shape:
            if b in self._lookups.features:
                return self._lookups.gradient(self, node, b, self.home(Factor(a).base))
            left, right = self.home(Factor(a).base), self.home(Factor(b).base)
            if self._bfloat16:
                left, right = self._rounded(left, Form.HALVES), self._rounded(right, Form.HALVES)
            right = self.transposed(right)
            out = self.new_for(node)
            self.reading(Opcode.CONTRACT, out, [rows, columns, left, right], [left, right], node)
            return None
        first = Factor(a)
        left, right = self.home(first.base), self.home(b)
        args = [rows, columns, left, int(first.transposed), right, int(a.shape[1])]
        self.reading(Opcode.MATRIX_PRODUCT, self.new_for(node), args, [left, right], node)
        return None

    def _rows_product(self, node: Node, rows: Factor, matrix: Factor) -> None:
        """(n, k) times (k, m): each panel is multiplied by the transposed matrix."""
        if rows.base in self._lookups.features:
            self._lookups.product(self, node, rows.base, self.home(matrix.base))
            return
        panels, home = self.home(rows.base), self.home(matrix.base)
        across = not matrix.transposed
        if self._bfloat16:
            panels = self._rounded(panels, Form.PAIRS)
            home = self._rounded(home, Form.PAIRS if across else Form.HALVES)
        out = self._homes[node] = self.tape.new(Kind.PANELS, self._columns_used(node))
        self.product(out, home, panels, node, across=across)

    def product(
        self, out: int, matrix: int, panels: int, node: Node, *, start: int = -1, across: bool = False
    ) -> None:
        """The product of panels with a matrix, or across it with its transpose, on top of where it starts."""
        turned = self._turned(matrix) if self._at_point and not across else -1
        args = [matrix, int(across), panels, -1, self.tape.values[out].rows, start, turned]
        self.reading(Opcode.PRODUCT, out, args, [v for v in (matrix, panels, start, turned) if v >= 0], node)

    def _turned(self, matrix: int) -> int:
        """A matrix with its rows as columns, which is made once for all products with it."""
        if ("turned", matrix) not in self._made:
            rows, columns = self.tape.values[matrix].columns, self.tape.values[matrix].rows
            out = self._made["turned", matrix] = self.tape.new(Kind.MATRIX, rows, columns)
            self.add(Opcode.TRANSPOSE, out, [rows, columns, matrix], reads={matrix})
        return self._made["turned", matrix]

    def _columns_used(self, node: Node) -> int:
        """Columns of a product up to the last that is read, where only some are: others are not computed."""
        users, columns = self._users.get(node, []), layout(node.shape)[1]
        if self._bfloat16 or node in self._wanted or not users or any(u.op.name != "columns" for u in users):
            return columns
        return 1 + max(int(index) for user in users for index in user.attributes["indices"])

    def _rounded(self, value: int, form: Form) -> int:
        """A value in bfloat16: leaves keep such a form beside them, other values get it in a block."""
        if (value, form) not in self._made:
            v = self.tape.values[value]
            out = self._made[value, form] = self.tape.new(v.kind, v.rows, v.columns, form)
            if value in self.tape.leaves.values():
                self.tape.mirrors.append((value, out))
                return out
            steps = [BlockStep("round" if form == Form.HALVES else "round_pairs", 1, (0,))]
            opcode = Opcode.BLOCK if v.kind == Kind.PANELS else Opcode.MATRIX_BLOCK
            operands = [(value, View.STRIP), (out, View.STRIP)]
            self.add(opcode, -1, [v.rows, v.columns], steps=steps, operands=operands, writes={out})
        return self._made[value, form]

    def transposed(self, panels: int) -> int:
        if panels not in self._made:
            v = self.tape.values[panels]
            form = Form.NUMBERS if v.form == Form.NUMBERS else Form.PAIRS
            out = self._made[panels] = self.tape.new(Kind.TRANSPOSED, v.rows, 1, form)
            load = self._makers.get(panels)
            if (
                load is not None and load.opcode == Opcode.LOAD
            ):  # the columns of the table come in rows already
                load.args[2] = out
                load.writes.add(out)
            else:
                self.add(Opcode.TRANSPOSE_PANELS, out, [panels], reads={panels})
        return self._made[panels]

    def _sum(self, node: Node) -> None:
        (a,) = node.inputs
        axes = node.attributes["axes"]
        axes = tuple(range(len(a.shape))) if axes is None else axes
        if BATCH not in a.shape:
            self._sum_of_matrix(node, self.home(a), axes)
        elif len(axes) == len(a.shape):
            picked = a.op.name == "columns" and a.shape == (BATCH,)  # one column of an input
            column = a.inputs[0] if picked else a
            if column in self.tape.columns and a.shape == (BATCH,):
                feature = a.attributes["indices"][0] if picked else 0
                args = [self.tape.columns.index(column), feature]
                self.add(Opcode.COLUMN_TOTAL, self.new_for(node), args, nodes=[node])
                return
            source = self.home(a)
            partials = self.tape.new(Kind.PARTIALS, 1)
            self.reading(Opcode.PARTIAL, partials, [source], [source], node)
            self._total(node, partials)
        elif a.shape[axes[0]] == BATCH:
            self._sum_over_rows(node, self.home(a))
        elif self.tape.values[self.home(a)].rows == 1:  # a sum over one feature
            self._homes[node] = self.home(a)
        else:
            source = self.home(a)
            self.reading(Opcode.SUM_FEATURES, self.new_for(node), [source], [source], node)

    def _total(self, node: Node, partials: int) -> None:
        if node.shape != ():
            raise NotImplementedError(f"the sum of everything, kept with the shape {node.shape}")
        self.reading(Opcode.TOTAL, self.new_for(node), [partials, -1], [partials], node)

    def _sum_over_rows(self, node: Node, source: int) -> None:
        features = self.tape.values[source].rows
        out = self.new_for(node)
        if self.tape.values[out].rows == 1:
            self.reading(Opcode.SUM_ROWS, out, [1, features, source], [source], node)
            return
        flat = self.tape.new(Kind.MATRIX, 1, features)  # one number a row: a column, transposed afterwards
        self.reading(Opcode.SUM_ROWS, flat, [1, features, source], [source], node)
        self.reading(Opcode.TRANSPOSE, out, [features, 1, flat], [flat], node)

    def _sum_of_matrix(self, node: Node, source: int, axes: tuple[int, ...]) -> None:
        v = self.tape.values[source]
        if node.shape == ():
            partials = self.tape.new(Kind.PARTIALS, 1)
            operands = [(source, View.STRIP), (-1, View.SCRATCH)]
            block = self.add(
                Opcode.MATRIX_BLOCK,
                -1,
                [v.rows, v.columns],
                steps=[BlockStep("copy", 1, (0,))],
                operands=operands,
                writes={partials},
                nodes=[node],
            )
            block.summed, block.partials = 1, partials
            self._total(node, partials)
            return
        out = self.new_for(node)
        down = int(self.tape.values[out].rows > 1)
        axis = 2 if len(axes) == len(node.inputs[0].shape) else axes[0]
        args = [v.rows, v.columns, source, axis, down]
        self.reading(Opcode.MATRIX_SUM, out, args, [source], node)

    def _copy_to_ranks(self, node: Node) -> None:
        self._homes[node] = self.home(node.inputs[0])

    def _sum_over_ranks(self, node: Node) -> None:
        """A copy is sent, which whoever computes the value may write itself; it comes back as the sum."""
        home, (kind, rows, columns) = self.home(node.inputs[0]), layout(node.shape)
        sent, back = (self.tape.new(Kind.MATRIX, rows, columns) for _ in range(2))
        self._copied(home, sent, View.REPEATED if kind == Kind.SCALAR else View.STRIP, node)
        self.tape.exchanges.append(Exchange([(sent, back)]))
        if kind == Kind.SCALAR:
            self.reading(Opcode.PICK, self.new_for(node), [back], [back], node)
        else:
            self._homes[node] = back

    def _rows(self, node: Node) -> None:
        self.add(Opcode.COUNT, self.new_for(node), nodes=[node])

    def _softmax(self, node: Node) -> None:
        source = self.home(node.inputs[0])
        self.reading(Opcode.SOFTMAX, self.new_for(node), [source], [source], node)

    def _cross_entropy(self, node: Node) -> None:
        z, y = (self.home(i) for i in node.inputs)
        self.reading(Opcode.CROSS_ENTROPY, self.new_for(node), [z, y], [z, y], node)

    def _one_hot(self, node: Node) -> None:
        y = self.home(node.inputs[0])
        self.reading(Opcode.ONE_HOT, self.new_for(node), [y], [y], node)

    def _keep_mask(self, node: Node) -> None:
        """A mask, times a constant where all that is done with it is that."""
        args, rate = [node.attributes["stream"], -1], node.attributes["rate"]
        users = self._users.get(node, [])
        scale = next((i for u in users for i in u.inputs if i.op.name == "constant"), None)
        if (
            len(users) == 1
            and users[0].op.name == "multiply"
            and scale is not None
            and node not in self._wanted
        ):
            args[1] = self.home(scale)
            out, nodes = self.new_for(users[0]), [node, users[0]]
            self.add(Opcode.KEEP_MASK, out, args, setting=rate, nodes=nodes, reads={args[1]})
            return
        self.add(Opcode.KEEP_MASK, self.new_for(node), args, setting=rate, nodes=[node])

    def _lines(self, node: Node) -> None:
        source, out = self.home(node.inputs[0]), self.new_for(node)
        numbers = [self.constant(node.attributes[name]) for name in ("slopes", "offsets")]
        operands = [(source, View.STRIP), *((n, View.ALONG_ROW) for n in numbers)]
        operands += [(-1, View.SCRATCH), (-1, View.SCRATCH), (out, View.STRIP)]
        steps = [
            BlockStep("splat", 3, (1,)),
            BlockStep("splat", 4, (2,)),
            BlockStep("multiply_add", 5, (0, 3, 4)),
        ]
        rows = self.tape.values[out].rows
        self.add(Opcode.BLOCK, -1, [rows, 1], steps=steps, operands=operands, writes={out}, nodes=[node])

    def _take(self, node: Node) -> None:
        table, index = (self.home(i) for i in node.inputs)
        self.reading(Opcode.TAKE, self.new_for(node), [table, index], [table, index], node)

    def _add_rows(self, node: Node) -> None:
        rows, index = self.home(node.inputs[0]), self.home(node.inputs[1])
        out = self.new_for(node)
        args = [self.tape.values[out].rows, self.tape.values[out].columns, rows, index]
        self.reading(Opcode.ADD_ROWS, out, args, [rows, index], node)

    def copy_features(self, out: int, places: Sequence[tuple[int, int]], nodes: Sequence[Node] = ()) -> None:
        """Copy features, each from panels and its place there; panels of -1 give zeros."""
        args, reads = [n for place in places for n in place], {value for value, _ in places if value >= 0}
        self.add(Opcode.COPY_FEATURES, out, args, nodes=list(nodes), reads=reads)

    def side_by_side(self, homes: Sequence[int]) -> list[tuple[int, int]]:
        """The places of all features of some panels."""
        return [(home, f) for home in homes for f in range(self.tape.values[home].rows)]

    def _copy(self, node: Node, places: Sequence[tuple[int, int]]) -> None:
        self.copy_features(self.new_for(node), places, [node])

    def _columns(self, node: Node) -> None:
        source = self.home(node.inputs[0])
        self._copy(node, [(source, i) for i in node.attributes["indices"]])

    def _place_columns(self, node: Node) -> None:
        source = self.home(node.inputs[0])
        places = {column: (source, i) for i, column in enumerate(node.attributes["indices"])}
        self._copy(node, [places.get(c, (-1, 0)) for c in range(int(node.shape[1]))])

    def _concatenate(self, node: Node) -> None:
        homes = [self.home(i) for i in node.inputs]
        self._copy(node, self.side_by_side(homes))

    # blocks

    def _block(self, nodes: Sequence[Node]) -> None:
        """One instruction for elementwise nodes of one shape; views among the operands are read in place."""
        nodes = [n for n in nodes if n not in self._left_out and not self._starts_product(n)]
        nodes = factors_first(nodes, self._users)
        if not nodes:
            return
        kind, rows, columns = layout(nodes[0].shape)
        block = ElementwiseBlock(Instruction(_BLOCKS[kind], -1, [rows, columns], nodes=list(nodes)))
        inside = set(nodes)
        ops: dict[Node, tuple[str, tuple[Node, ...]]] = {}
        absorbed: set[Node] = set()
        for node in reversed(nodes):  # users first: what is taken in itself takes nothing in
            name, inputs, product = self._op(node, inside)
            ops[node] = (name, inputs)
            if product is not None and node not in absorbed:
                absorbed.add(product)
        nodes = [n for n in nodes if n not in absorbed]
        last_use = {source: node for node in nodes for source in ops[node][1]}
        for node in nodes:
            name, inputs = ops[node]
            sources: list[int] = []
            done: list[int] = []
            for source in inputs:
                if source in block.places:
                    sources.append(block.places[source])
                    if last_use[source] is node and block.places[source] not in done:
                        done.append(block.places[source])
                    continue
                value, view = self._seen(source, node)
                number = block.reading(value, view)
                if view in (View.ALONG_ROW, View.DOWN_COLUMN):
                    splat = block.register()
                    done.append(splat)
                    block.instruction.steps.append(BlockStep("splat", splat, (number,)))
                    number = splat
                sources.append(number)
            if name == "over" and len(sources) == 2:
                name, sources[1] = "multiply", block.reading(self._inverse(inputs[1]), View.REPEATED)
            only_here = node not in self._wanted and all(u in inside for u in self._users.get(node, ()))
            if only_here and kind != Kind.SCALAR and is_elementwise(node):
                target = block.places[node] = block.register()
                self._in_registers.add(node)
            else:
                out = self.new_for(node)
                target = block.writing(out, View.REPEATED if kind == Kind.SCALAR else View.STRIP)
            block.free += done  # only now: an op never writes over what it reads
            block.instruction.steps.append(BlockStep(name, target, tuple(sources), _setting(name, node)))
        self._in_registers |= absorbed
        self.tape.instructions.append(block.instruction)

    def _op(self, node: Node, inside: set[Node]) -> tuple[str, tuple[Node, ...], Node | None]:
        """The code of a node, its operands, and a product it takes in: x·y + z and z − x·y are one op."""
        if not is_elementwise(node):
            return "copy", node.inputs[:1], None
        inputs = node.inputs
        if node.op.name in ("add", "subtract") and node.shape != ():
            for place in (1, 0) if node.op.name == "add" else (1,):
                product, other = inputs[place], inputs[1 - place]
                alone = self._users.get(product) == [node] and product not in self._wanted
                if product in inside and product.op.name == "multiply" and alone and other is not product:
                    name = "multiply_add" if node.op.name == "add" else "multiply_subtract"
                    return name, (*product.inputs, other), product
        if node.op.name == "multiply" and node.shape != ():
            for place in (1, 0):
                step, other = inputs[place], inputs[1 - place]
                alone = self._users.get(step) == [node] and step not in self._wanted
                if step in inside and step.op.name == "step" and alone and other is not step:
                    return "gate", (other, step.inputs[0]), step
        if node.op.name == "divide" and inputs[1].shape == () and node.shape != ():
            return "over", inputs, None
        factor = factor_of(node, self._users)
        if factor in inside:
            return "multiply", (*inputs, factor), None
        return node.op.name, inputs, None

    def _inverse(self, node: Node) -> int:
        """1/s: dividing every element by one number is multiplying by its inverse, which is computed once."""
        if node not in self._made:
            one = self.tape.new(Kind.SCALAR, 1)
            self.tape.constants.append((one, (1.0,)))
            home, out = self.home(node), self.tape.new(Kind.SCALAR, 1)
            operands = [(one, View.REPEATED), (home, View.REPEATED), (out, View.REPEATED)]
            self.add(
                Opcode.SCALAR_BLOCK,
                -1,
                [1, 1],
                steps=[BlockStep("divide", 2, (0, 1))],
                operands=operands,
                writes={out},
            )
            self._made[node] = out
        return self._made[node]

    def _starts_product(self, node: Node) -> bool:
        """Whether a node is z = Wh + b whose product can start from the bias, not from 0; then it does."""
        if node in self._homes:
            return True
        if node.op.name != "add" or BATCH not in node.shape or is_flipped(node.shape):
            return False
        product, bias = node.inputs
        if product.op.name != "matmul" or self._users[product] != [node] or product in self._wanted:
            return False
        if bias.op.name != "parameter" or len(bias.shape) != 1 or bias.shape[0] != product.shape[1]:
            return False
        home = self.home(product)
        instruction = self._makers[home]
        if instruction.opcode != Opcode.PRODUCT or instruction.args[3] >= 0:
            return False
        instruction.args[3] = self.home(bias)
        instruction.reads.add(self.home(bias))
        instruction.nodes.append(node)
        self._homes[node] = home
        return True

    def _seen(self, source: Node, node: Node) -> tuple[int, View]:
        """How a block of the shape of ``node`` reads an operand."""
        target = node.shape
        base, dims = (source, source.shape) if is_elementwise(node) else (node.inputs[0], None)
        if dims is None:
            dims = placed(base.shape, node.attributes["axes"])
        while base.op.name == "broadcast" and base not in self._homes:
            (inner, _), axes = base.inputs, base.attributes["axes"]
            dims = (1,) * (len(dims) - len(base.shape)) + placed(inner.shape, axes)
            base = inner
        home = self.home(base)
        value = self.tape.values[home]
        if value.kind == Kind.SCALAR:
            return home, View.REPEATED
        dims = (1,) * (len(target) - len(dims)) + tuple(dims)
        if is_flipped(target):
            dims, target = dims[::-1], target[::-1]
        kind, rows, columns = layout(target)
        if value.kind == Kind.PANELS:
            return home, View.STRIP if value.rows == rows else View.REPEATED
        if value.rows == value.columns == 1 and (rows, columns) != (1, 1):
            if ("pick", home) not in self._made:
                scalar = self._made["pick", home] = self.tape.new(Kind.SCALAR, 1)
                self.reading(Opcode.PICK, scalar, [home], [home], base)
            return self._made["pick", home], View.REPEATED
        if kind == Kind.PANELS:
            return home, View.DOWN_COLUMN if value.rows > 1 else View.ALONG_ROW
        if (value.rows, value.columns) == (rows, columns):
            return home, View.STRIP
        if len(dims) == 2 and dims[1] == 1 and columns > 1:
            return home, View.DOWN_COLUMN if value.rows > 1 else View.ALONG_ROW
        return home, View.REPEATED

    def _assign(self, leaf: Node, new: Node) -> None:
        """Put a new value into a leaf, after everything that reads the old one."""
        source, target = self.home(new), self._homes[leaf]
        self.tape.updated.append(target)
        if source == target:
            return
        self._copied(
            source, target, View.REPEATED if self.tape.values[source].kind == Kind.SCALAR else View.STRIP, new
        )

    def _copied(self, source: int, target: int, view: View, node: Node) -> None:
        """A matrix that holds what another value does."""
        value = self.tape.values[target]
        self.add(
            Opcode.MATRIX_BLOCK,
            -1,
            [value.rows, value.columns],
            steps=[BlockStep("copy", 1, (0,))],
            operands=[(source, view), (target, View.STRIP)],
            writes={target},
            nodes=[node],
        )


def _setting(name: str, node: Node) -> float:
    """The setting of an elementwise op, from the attributes of its node."""
    attribute, default = ELEMENTWISE_OPS[name].setting or ("", 0.0)
    return float(node.attributes.get(attribute, default))
