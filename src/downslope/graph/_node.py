"""A node of the program: one value, computed by one op from other values; and what an op is.

Everything about one op is in its one class: shape, evaluation, backward rule, notation, and an example
that puts it under every generic test. Nodes are immutable and interned: building the same value twice gives
the same object, so common subexpressions are shared and a printed factor *is* the node that training runs.
"""

from __future__ import annotations

import math
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, TypeVar

from downslope._checks import Interval, number, real, show
from downslope._dataclass import dataclass
from downslope._forks import ModuleLock
from downslope.errors import DownslopeError
from downslope.graph.notation import Apply, Expression, Words

__all__ = [
    "BATCH",
    "OPS",
    "Dim",
    "Example",
    "Node",
    "Op",
    "Operand",
    "Shape",
    "checked_node",
    "make",
    "register",
    "topological",
]

BATCH = "n"
"""The symbolic length of the batch axis."""

Dim = int | str
Shape = tuple[Dim, ...]


class Node:
    """One value of the program.

    Attributes:
        op: what computes it.
        inputs: the nodes it is computed from.
        attributes: fixed settings of the op, by name.
        shape: its shape; the batch axis has the length ``BATCH``.

    Equality is identity, which interning makes structural. Arithmetic operators build new nodes;
    plain numbers become constants.
    """

    __slots__ = ("__weakref__", "attributes", "inputs", "op", "shape")

    op: Op
    inputs: tuple[Node, ...]
    attributes: dict[str, Any]
    shape: Shape

    def __init__(self, op: Op, inputs: tuple[Node, ...], attributes: dict[str, Any], shape: Shape) -> None:
        for slot, value in zip(
            ("op", "inputs", "attributes", "shape"), (op, inputs, attributes, shape), strict=True
        ):
            object.__setattr__(self, slot, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Node is immutable; build another one instead of setting {name!r}")

    @property
    def name(self) -> str:
        """The name of a leaf (input, parameter or state); empty for any other node."""
        return str(self.attributes.get("name", ""))

    def __repr__(self) -> str:
        label = f"{self.op.name} {self.name}" if self.name else self.op.name
        return f"<{label} ({', '.join(map(str, self.shape))})>"

    def __add__(self, other: Node | float) -> Node:
        return make("add", self, other)

    def __radd__(self, other: float) -> Node:
        return make("add", other, self)

    def __sub__(self, other: Node | float) -> Node:
        return make("subtract", self, other)

    def __rsub__(self, other: float) -> Node:
        return make("subtract", other, self)

    def __mul__(self, other: Node | float) -> Node:
        return make("multiply", self, other)

    def __rmul__(self, other: float) -> Node:
        return make("multiply", other, self)

    def __truediv__(self, other: Node | float) -> Node:
        return make("divide", self, other)

    def __rtruediv__(self, other: float) -> Node:
        return make("divide", other, self)

    def __matmul__(self, other: Node) -> Node:
        return make("matmul", self, other)

    def __neg__(self) -> Node:
        return make("negate", self)

    def __abs__(self) -> Node:
        return make("absolute", self)

    def __pow__(self, exponent: float) -> Node:
        return _power(self, exponent)

    def __gt__(self, other: Node | float) -> Node:
        return make("step", self - other)

    def __lt__(self, other: Node | float) -> Node:
        return make("step", other - self)

    def __bool__(self) -> bool:
        raise DownslopeError(
            f"{self} has no value yet, so that it is neither true nor false; choose between nodes with "
            "ds.ops.where(z > 0, a, b)"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Node:
        """Arithmetic with NumPy's numbers makes nodes; its functions need values, which no node has."""
        name = ufunc.__name__
        numbers = all(isinstance(i, Node) or getattr(i, "shape", ()) == () for i in inputs)
        if name in ("add", "subtract", "multiply", "divide") and method == "__call__" and numbers:
            return make(name, *inputs)
        raise DownslopeError(
            f"np.{name} computes with arrays and {self} has no values yet; use the functions of ds.ops and "
            "plain numbers"
        )

    @property
    def T(self) -> Node:
        """The transposed matrix."""
        return make("transpose", self)


Operand = Node | float
_EXPONENTS = Interval(-(2.0**53), 2.0**53)


def _power(a: Node, exponent: float) -> Node:
    """A whole exponent multiplied out, a root of any other as e to the exponent times ln a."""
    if isinstance(exponent, Node):
        raise DownslopeError(f"an exponent is a number, not {exponent!r}; write ops.exp(b * ops.log(a))")
    exponent = number("exponent", exponent, _EXPONENTS)
    if exponent == 0.5:
        return make("sqrt", a)
    if exponent != int(exponent):
        return make("exp", exponent * make("log", a))
    if exponent < 0:
        return 1.0 / _power(a, -exponent)
    if exponent in (0, 1):
        return a if exponent else make("broadcast", 1.0, a, axes=())
    half = _power(a, int(exponent) // 2)
    squared = make("square", half)
    return squared * a if int(exponent) % 2 else squared


@dataclass(frozen=True)
class Example:
    """Inputs on which an op can be tried: their shapes, the range of their values, attributes.

    ``whole`` names the positions of inputs that hold whole numbers below ``high``.
    """

    shapes: tuple[Shape, ...]
    low: float = -2.0
    high: float = 2.0
    attributes: dict[str, Any] = field(default_factory=dict)
    whole: tuple[int, ...] = ()


class Op(ABC):
    """One kind of computation. Instances hold no state; there is one of each, in ``OPS``."""

    name: ClassVar[str]
    example: ClassVar[Example | None] = None
    defaults: ClassVar[Mapping[str, float]] = {}  # attributes that need not be given

    @abstractmethod
    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        """The shape of the result; raises DownslopeError where the inputs do not fit."""

    @abstractmethod
    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        """The value, over an array namespace (Array API plus ``ndtr``, ``add_rows``, ``keep_mask``)."""

    @abstractmethod
    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        """For each input, its share of the gradient: upstream times the local derivative, as nodes.

        None where nothing flows back (row numbers, shapes).
        """

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        """A simpler node of the same value, where there is one."""
        return None

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        """How the op is written."""
        return Apply(Words(self.name), operands)


OPS: dict[str, Op] = {}
"""Every op by its name."""

_OpClass = TypeVar("_OpClass", bound=type[Op])


def register(cls: _OpClass) -> _OpClass:
    """Class decorator: puts the op into ``OPS``."""
    if cls.name in OPS:
        raise ValueError(f"there is an op named {cls.name!r} already")
    OPS[cls.name] = cls()
    return cls


_interned: weakref.WeakValueDictionary[tuple[Any, ...], Node] = weakref.WeakValueDictionary()
_interning = ModuleLock()


def make(op_name: str, *inputs: Node | float, **attributes: Any) -> Node:
    """The node that computes ``op_name`` of the inputs, simplified where a rule of the op says so.

    Raises:
        DownslopeError: where the shapes of the inputs do not fit the op.

    >>> from downslope.graph import parameter
    >>> w = parameter("w", (3,))
    >>> make("multiply", w, 1.0) is w, make("exp", w) is make("exp", w)
    (True, True)
    """
    op = OPS[op_name]
    nodes = tuple(i if isinstance(i, Node) else make("constant", value=_number(op_name, i)) for i in inputs)
    simpler = op.simplify(nodes, attributes)
    if simpler is not None:
        return simpler
    # inputs stay alive as long as the node that names their id, so an id in a live key is unique
    key = (op_name, tuple(map(id, nodes)), tuple(sorted(attributes.items())))
    with _interning:
        node = _interned.get(key)
        if node is None:
            node = Node(op, nodes, attributes, op.shape(tuple(n.shape for n in nodes), attributes))
            _interned[key] = node
    return node


def _number(op_name: str, given: Any) -> float:
    """An operand that is no node: a number, infinite ones and truth values among them."""
    found = float(given) if isinstance(given, bool | float) else real(given)
    if found is None or math.isnan(found):
        raise DownslopeError(f"{op_name} needs nodes or numbers as its operands, not {show(given)}")
    return found


def checked_node(op_name: str, given: Any) -> Node:
    """A node, for an op of which numbers make no sense.

    Raises:
        DownslopeError: for anything else.
    """
    if not isinstance(given, Node):
        raise DownslopeError(f"{op_name} needs a node, not {show(given)}")
    return given


def topological(outputs: Iterable[Node]) -> Sequence[Node]:
    """Every node the outputs need, each after its inputs. Not recursive: depth has no limit."""
    order: list[Node] = []
    done: set[Node] = set()
    stack = [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack.extend((i, False) for i in reversed(node.inputs) if i not in done)
    return order
