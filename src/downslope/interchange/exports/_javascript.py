"""Any nodes as one function of plain JavaScript: the graph that training runs, a line a node."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence

from downslope.errors import DownslopeError
from downslope.graph import Node, topological
from downslope.interchange._identifiers import Identifiers
from downslope.interchange.exports._javascript_helpers import HELPERS
from downslope.interchange.exports._walk import Spelling, filled, walk
from downslope.nets import Stage

__all__ = ["javascript_helpers", "javascript_source", "quoted"]

_WHAT = "JavaScript"

Dim = int | str
Shape = tuple[Dim, ...]

_SCALAR: dict[str, str] = {
    "absolute": "Math.abs({0})",
    "absolute_error": "Math.abs({1} - {0})",
    "add": "{0} + {1}",
    "binary_cross_entropy": "(Math.max({0}, 0) - {1} * {0}) + softplus(-Math.abs({0}))",
    "broadcast": "{0}",
    "cos": "Math.cos({0})",
    "divide": "{0} / {1}",
    "double": "{0}",
    "elu": "({0} > 0 ? {0} : {alpha} * Math.expm1({0}))",
    "exp": "Math.exp({0})",
    "expm1": "Math.expm1({0})",
    "floor": "Math.floor({0})",
    "gelu": "{0} * normalCdf({0})",
    "huber": "huber({1} - {0}, {delta})",
    "leaky_relu": "({0} > 0 ? {0} : {slope} * {0})",
    "log": "Math.log({0})",
    "maximum": "Math.max({0}, {1})",
    "minimum": "Math.min({0}, {1})",
    "mish": "{0} * Math.tanh(softplus({0}))",
    "missing": "(Number.isNaN({0}) ? 1 : 0)",
    "multiply": "{0} * {1}",
    "negate": "-{0}",
    "normal_cdf": "normalCdf({0})",
    "poisson": "Math.exp({0}) - {1} * {0}",
    "quantile": "pinball({1} - {0}, {level})",
    "relu": "Math.max({0}, 0)",
    "selu": "{selu_scale} * ({0} > 0 ? {0} : {selu_alpha} * Math.expm1({0}))",
    "sigmoid": "sigmoid({0})",
    "sign": "Math.sign({0})",
    "silu": "{0} * sigmoid({0})",
    "sin": "Math.sin({0})",
    "single": "Math.fround({0})",
    "softplus": "softplus({0})",
    "sqrt": "Math.sqrt({0})",
    "square": "{0} * {0}",
    "squared_error": "({1} - {0}) * ({1} - {0})",
    "step": "({0} > 0 ? 1 : 0)",
    "subtract": "{0} - {1}",
    "tanh": "Math.tanh({0})",
    "where": "({0} !== 0 ? {1} : {2})",
}
"""Each op that acts on elements, from its operands {0}, {1}, … and its settings by name."""

# names that mean something else in the text, or are reserved in the language
_TAKEN = """
    Float64Array Infinity Math NaN arguments await break case catch class const continue debugger default
    delete do else enum eval export extends false finally for function if implements import in instanceof
    interface let new null package private protected public return static super switch this throw true try
    typeof undefined values var void while with yield i j n
""".split()  # noqa: SIM905


def javascript_source(
    outputs: Mapping[str, Node], name: str = "compute", stages: Sequence[Stage] = ()
) -> str:
    """One JavaScript function that computes some nodes, a line a node: no imports, no eval.

    The function takes an object: under the name of each leaf ("x", "layer1.weight", "learning_rate", …) a
    Float64Array in row-major order, or a number where the leaf is one, and under ``rows`` the number of
    rows of the batch. It gives an object with the outputs under their names, in the same form.

    Args:
        outputs: the nodes by the names that the results get.
        name: of the function.
        stages: the named values on the way, for messages.

    Raises:
        DownslopeError: if a node cannot be written in JavaScript; the message names the op.

    >>> from downslope.graph import input_
    >>> print(javascript_source({"double": 2.0 * input_("x", ("n", 2))}))
    function compute(values) {
      "use strict";
      const n = values.rows;
      function each(size, value) {
        const out = new Float64Array(size);
        for (let i = 0; i < size; i++) out[i] = value(i);
        return out;
      }
      const x = values["x"]; // (n, 2)
      const double = each(n * 2, (i) => 2 * x[i]); // multiply (n, 2)
      return {
        "double": double,
      };
    }
    <BLANKLINE>
    """
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) or name in _TAKEN:
        raise DownslopeError(f"a function cannot be named {name!r} in JavaScript; choose a plain word")
    order = topological(outputs.values())
    names = _names(order, outputs, Identifiers([*_TAKEN, *HELPERS, name]))
    body: list[str] = []

    def line(node: Node, value: str) -> str:
        if node.op.name != "constant":
            op = f"{node.op.name} " if node.inputs else ""
            body.append(f"const {names[node]} = {value}; // {op}({', '.join(map(str, node.shape))})")
        return names[node]

    def spelled(node: Node, given: Sequence[str]) -> str:
        write = _CALLS.get(node.op.name, _elements)
        return line(node, write(node, given))

    table: dict[str, Spelling[str]] = dict.fromkeys([*_SCALAR, *_CALLS], spelled)

    def leaf(node: Node) -> str:
        return line(node, f"values[{quoted(node.name)}]")

    walk(list(outputs.values()), leaf, table, _WHAT, stages)
    returned = [f"  {quoted(label)}: {names[node]}," for label, node in outputs.items()]
    lines = [
        '"use strict";',
        "const n = values.rows;",
        *_helpers("\n".join(body)),
        *body,
        "return {",
        *returned,
        "};",
    ]
    return "\n".join([f"function {name}(values) {{", *(f"  {line}" for line in lines), "}", ""])


def javascript_helpers(*names: str) -> str:
    """The functions of these names, such as ``"shuffled"``, with those that they call."""
    return "\n".join([*_helpers("".join(f"{name}(" for name in names)), ""])


def _helpers(body: str) -> list[str]:
    """The lines of the functions that a text calls, and of those that these call."""
    called, missing = "", body
    while missing:
        called += missing
        new = [text for name, text in HELPERS.items() if re.search(rf"\b{name}\(", called)]
        missing = "".join(text for text in new if text not in called)
    return "".join(text for text in HELPERS.values() if text in called).splitlines()


def _names(order: Sequence[Node], outputs: Mapping[str, Node], identifiers: Identifiers) -> dict[Node, str]:
    """What each node is read by: constants their number, leaves and outputs their own name."""
    labels = {node: label for label, node in outputs.items()}
    names = {node: _number(node.attributes["value"]) for node in order if node.op.name == "constant"}
    names |= {node: identifiers.of(node.name) for node in order if node.name}
    for node in order:
        if node not in names:
            names[node] = identifiers.of(labels.get(node, node.op.name))
    return names


def _elements(node: Node, operands: Sequence[str]) -> str:
    """An expression of the scalar table, over all elements of a node."""
    shape = node.shape
    shapes = [i.shape for i in node.inputs]
    if node.op.name == "broadcast":
        shapes[0] = _expanded(node)
    if not shape:
        return _scalar(node, operands)
    if all(s in ((), shape) for s in shapes) or len(shape) == 1:
        read = [
            _element(o, i.shape, s, ("i",) if len(shape) == 1 else None)
            for o, i, s in zip(operands, node.inputs, shapes, strict=True)
        ]
        return f"each({_size(shape)}, (i) => {_scalar(node, read)})"
    if len(shape) > 2:
        raise DownslopeError(f"a value of the shape {shape} has more axes than JavaScript is written for")
    read = [
        _element(o, i.shape, s, ("i", "j")) for o, i, s in zip(operands, node.inputs, shapes, strict=True)
    ]
    return f"grid({_size(shape[:1])}, {_size(shape[1:])}, (i, j) => {_scalar(node, read)})"


def _expanded(node: Node) -> Shape:
    """The shape of what is broadcast, with its new axes of length 1."""
    shape: list[Dim] = list(node.inputs[0].shape)
    for axis in node.attributes["axes"]:
        shape.insert(axis, 1)
    return tuple(shape)


def _element(operand: str, own: Shape, shape: Shape, indices: Sequence[str] | None) -> str:
    """The element of an operand that belongs to an element of the result; of equal shapes without indices."""
    if not own:
        return operand
    if indices is None:
        return f"{operand}[i]"
    used = zip(shape, indices[len(indices) - len(shape) :], strict=True)
    terms = [
        index if (stride := _size(shape[axis + 1 :])) == "1" else f"{index} * {stride}"
        for axis, (dim, index) in enumerate(used)
        if dim != 1
    ]
    return f"{operand}[{' + '.join(terms) or '0'}]"


def _scalar(node: Node, operands: Sequence[str]) -> str:
    return filled(_SCALAR[node.op.name], node, operands, _number)


def quoted(text: str) -> str:
    """A string of JavaScript that may also stand between the tags of a page."""
    return json.dumps(text).replace("<", "\\u003c")


def _number(value: float) -> str:
    if math.isinf(value):
        return "(-Infinity)" if value < 0 else "Infinity"
    if math.isnan(value):
        return "NaN"
    text = repr(float(value)).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def _size(dims: Sequence[Dim]) -> str:
    """n * 12: the number of elements along some axes."""
    whole = math.prod(d for d in dims if isinstance(d, int))
    symbols = [str(d) for d in dims if not isinstance(d, int)]
    return " * ".join([*symbols, *([str(whole)] if whole != 1 or not symbols else [])])


def _call(function: str, *operands: str) -> str:
    return f"{function}({', '.join(operands)})"


def _dims(node: Node) -> list[str]:
    return [_size((d,)) for d in node.shape]


def _matmul(node: Node, operands: Sequence[str]) -> str:
    a, b = node.inputs
    return _call("matmul", *operands, *_dims(a), _size(b.shape[1:]))


def _transpose(node: Node, operands: Sequence[str]) -> str:
    return _call("transpose", *operands, *_dims(node.inputs[0]))


def _sum(node: Node, operands: Sequence[str]) -> str:
    a, axes = node.inputs[0], node.attributes["axes"]
    if not node.shape:
        return _call("total", *operands)
    if len(a.shape) == len(axes):
        return f"Float64Array.of({_call('total', *operands)})"
    if len(a.shape) != 2:
        raise DownslopeError(f"a sum over a part of {a.shape} is not written in JavaScript")
    return _call("sumDown" if axes == (0,) else "sumAcross", *operands, *_dims(a))


def _columns(node: Node, operands: Sequence[str]) -> str:
    indices = list(node.attributes["indices"])
    return _call("columns", *operands, *_dims(node.inputs[0]), str(indices))


def _place_columns(node: Node, operands: Sequence[str]) -> str:
    indices = list(node.attributes["indices"])
    return _call("placeColumns", operands[0], *_dims(node), str(indices))


def _keep_mask(node: Node, operands: Sequence[str]) -> str:
    _, seed, step = operands
    attributes = node.attributes
    return _call("keepMask", *_dims(node), seed, str(attributes["stream"]), step, _number(attributes["rate"]))


def _concatenate(node: Node, operands: Sequence[str]) -> str:
    widths = [_size(i.shape[1:]) for i in node.inputs]
    return _call("concatenate", f"[{', '.join(operands)}]", f"[{', '.join(widths)}]", _size(node.shape[:1]))


def _lines(node: Node, operands: Sequence[str]) -> str:
    rows = ([_number(value).strip("()") for value in node.attributes[name]] for name in ("slopes", "offsets"))
    return _call("lines", *operands, *(f"[{', '.join(row)}]" for row in rows))


_CALLS: dict[str, Callable[[Node, Sequence[str]], str]] = {
    "add_rows": lambda node, operands: _call("addRows", *operands[:2], *_dims(node)),
    "columns": _columns,
    "concatenate": _concatenate,
    "cross_entropy": lambda node, operands: _call("crossEntropy", *operands, *_dims(node.inputs[0])),
    "keep_mask": _keep_mask,
    "lines": _lines,
    "matmul": _matmul,
    "one_hot": lambda node, operands: _call("oneHot", *operands, *_dims(node)),
    "place_columns": _place_columns,
    "rows": lambda node, operands: _size(node.inputs[0].shape[:1]),
    "softmax": lambda node, operands: _call("softmax", *operands, *_dims(node)),
    "sum": _sum,
    "take": lambda node, operands: _call("take", *operands, _size(node.shape[1:])),
    "transpose": _transpose,
}
"""Each op that looks at more than one element at a time: the call of a helper."""
