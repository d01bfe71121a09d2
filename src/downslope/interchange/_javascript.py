"""Any nodes as one function of plain JavaScript: the graph that training runs, as loops over flat arrays."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, topological
from downslope.graph._node import Dim, Shape
from downslope.interchange._identifiers import Identifiers

__all__ = ["javascript_source"]

_SCALAR: dict[str, str] = {
    "absolute": "Math.abs({0})",
    "absolute_error": "Math.abs({1} - {0})",
    "add": "{0} + {1}",
    "binary_cross_entropy": "softplus({0}) - {1} * {0}",
    "cos": "Math.cos({0})",
    "divide": "{0} / {1}",
    "elu": "({0} > 0 ? {0} : {alpha} * Math.expm1({0}))",
    "exp": "Math.exp({0})",
    "expm1": "Math.expm1({0})",
    "gelu": "{0} * normalCdf({0})",
    "huber": "huber({1} - {0}, {delta})",
    "leaky_relu": "({0} > 0 ? {0} : {slope} * {0})",
    "log": "Math.log({0})",
    "maximum": "Math.max({0}, {1})",
    "minimum": "Math.min({0}, {1})",
    "mish": "{0} * Math.tanh(softplus({0}))",
    "multiply": "{0} * {1}",
    "negate": "-{0}",
    "normal_cdf": "normalCdf({0})",
    "poisson": "Math.exp({0}) - {1} * {0}",
    "quantile": "pinball({1} - {0}, {level})",
    "relu": "Math.max({0}, 0)",
    "selu": "1.0507009873554805 * ({0} > 0 ? {0} : 1.6732632423543772 * Math.expm1({0}))",
    "sigmoid": "sigmoid({0})",
    "sign": "Math.sign({0})",
    "silu": "{0} * sigmoid({0})",
    "sin": "Math.sin({0})",
    "softplus": "softplus({0})",
    "spread": "{0}",
    "sqrt": "Math.sqrt({0})",
    "square": "{0} * {0}",
    "squared_error": "({1} - {0}) * ({1} - {0})",
    "step": "({0} > 0 ? 1 : 0)",
    "subtract": "{0} - {1}",
    "tanh": "Math.tanh({0})",
    "where": "({0} !== 0 ? {1} : {2})",
}
"""Each op that acts on elements, from its operands {0}, {1}, … and its settings by name."""

_DEFAULTS = {"alpha": 1.0, "delta": 1.0, "level": 0.5, "slope": 0.01}

_HELPERS: dict[str, str] = {
    "sigmoid": """\
function sigmoid(z) {
  const e = Math.exp(-Math.abs(z)); // never overflows, and keeps full precision in both tails
  return (z >= 0 ? 1 : e) / (1 + e);
}
""",
    "softplus": """\
function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
""",
    "huber": """\
function huber(r, delta) {
  const size = Math.abs(r);
  const inner = size <= delta ? size : delta;
  return inner * (size - 0.5 * inner);
}
""",
    "pinball": """\
function pinball(r, level) {
  return (r > 0 ? level : level - 1) * r;
}
""",
    "normalCdf": """\
function normalCdf(z) {
  return 0.5 * erfc(-z * Math.SQRT1_2);
}
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  const density = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 1.5) { // the power series of erf, all terms above 0 (Abramowitz and Stegun 7.1.6)
    let term = x, sum = x;
    for (let k = 1; k < 40; k++) {
      term *= 2 * x * x / (2 * k + 1);
      sum += term;
    }
    return 1 - 2 * density * sum;
  }
  let fraction = x; // the continued fraction, from its end (Abramowitz and Stegun 7.1.14)
  for (let k = 100; k > 0; k--) fraction = x + 0.5 * k / fraction;
  return density / fraction;
}
""",
}
"""What the expressions call; each is written where it is used."""

# names that mean something else in the text, or are reserved in the language
_TAKEN = """
    Float64Array Infinity Math NaN arguments await break case catch class const continue debugger default
    delete do else enum erfc eval export extends factor false finally for function if implements import in
    instanceof interface largest let new null package private protected public return static super switch
    this throw total true try typeof undefined values var void while with yield i j k n
""".split()  # noqa: SIM905


def javascript_source(outputs: Mapping[str, Node], name: str = "compute") -> str:
    """One JavaScript function that computes some nodes: no imports, nothing but loops over flat arrays.

    The function takes an object: under the name of each leaf ("x", "layer1.weight", "learning_rate", …) a
    Float64Array in row-major order, or a number where the leaf is one, and under ``rows`` the number of
    rows of the batch. It gives an object with the outputs under their names, in the same form.

    Args:
        outputs: the nodes by the names that the results get.
        name: of the function.

    Raises:
        DownslopeError: if a node cannot be written in JavaScript, such as a random mask; the message names
            the op. Take the nodes of a network at rest, ``network.graph()``.

    >>> from downslope.graph import input_
    >>> print(javascript_source({"double": 2.0 * input_("x", ("n", 2))}))
    function compute(values) {
      "use strict";
      const n = values.rows;
      const x = values["x"]; // (n, 2)
      const double = new Float64Array(n * 2); // multiply (n, 2)
      for (let i = 0; i < n * 2; i++) double[i] = 2 * x[i];
      return {
        "double": double,
      };
    }
    <BLANKLINE>
    """
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) or name in _TAKEN:
        raise DownslopeError(f"a function cannot be named {name!r} in JavaScript; choose a plain word")
    order = topological(outputs.values())
    writer = _Writer(Identifiers([*_TAKEN, *_HELPERS, name]))
    writer.call(order, {node: label for label, node in outputs.items()})
    for node in order:
        writer.write(node)
    body = "\n".join(writer.lines)
    helpers = "".join(text for helper, text in _HELPERS.items() if re.search(rf"\b{helper}\(", body))
    returned = [f"  {_quoted(label)}: {writer.names[node]}," for label, node in outputs.items()]
    lines = [
        '"use strict";',
        "const n = values.rows;",
        *helpers.splitlines(),
        *writer.lines,
        "return {",
        *returned,
        "};",
    ]
    return "\n".join([f"function {name}(values) {{", *(f"  {line}" for line in lines), "}", ""])


def _quoted(text: str) -> str:
    """A string of JavaScript that may also stand between the tags of a page."""
    return json.dumps(text).replace("<", "\\u003c")


def _number(value: float) -> str:
    if math.isinf(value):
        return "(-Infinity)" if value < 0 else "Infinity"
    if math.isnan(value):
        return "NaN"
    text = repr(float(value)).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def _product(dims: Sequence[Dim]) -> str:
    """n * 12: the number of elements along some axes."""
    whole = math.prod(d for d in dims if isinstance(d, int))
    symbols = [d for d in dims if d == BATCH]
    return " * ".join([*symbols, *([str(whole)] if whole != 1 or not symbols else [])])


def _scaled(index: str, stride: str) -> str:
    return index if stride == "1" else f"{index} * {stride}"


def _place(indices: Sequence[str | None], shape: Shape) -> str:
    """Where an element stands in a flat array; an index of None is 0."""
    terms = [
        _scaled(index, _product(shape[axis + 1 :])) for axis, index in enumerate(indices) if index is not None
    ]
    return " + ".join(terms) or "0"


def _loops(shape: Shape, indices: Sequence[str]) -> str:
    return " ".join(
        f"for (let {i} = 0; {i} < {_product((d,))}; {i}++)" for i, d in zip(indices, shape, strict=True)
    )


def _over(shape: Shape) -> list[str]:
    names = ["i", "j", "k"][: len(shape)]
    if len(names) < len(shape):
        raise DownslopeError(f"a value of the shape {shape} has more axes than the JavaScript has loops for")
    return names


@dataclass
class _Writer:
    """The lines of the function so far, and the expression that each node is read by."""

    identifiers: Identifiers
    names: dict[Node, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def call(self, order: Sequence[Node], labels: Mapping[Node, str]) -> None:
        """Give every node a name: leaves and outputs their own."""
        for node in order:
            if node.op.name == "constant":
                self.names[node] = _number(node.attributes["value"])
            elif node.name:
                self.names[node] = self.identifiers.of(node.name)
        for node in order:
            if node not in self.names:
                self.names[node] = self.identifiers.of(labels.get(node, node.op.name))

    def write(self, node: Node) -> None:
        """Append the lines that compute a node from its inputs."""
        op, target = node.op.name, self.names[node]
        shape = f"({', '.join(map(str, node.shape))})"
        if op == "constant":
            return
        if node.name:
            self.lines.append(f"const {target} = values[{_quoted(node.name)}]; // {shape}")
        elif op in _SCALAR:
            self._elements(node, shape)
        elif op not in _FORMS:
            raise DownslopeError(
                f"the op {op!r} has no form in JavaScript; "
                "take the nodes of a network at rest, network.graph()"
            )
        else:
            if node.shape:
                self._allocate(node, shape)
            self.lines += _FORMS[op](node, target, [self.names[i] for i in node.inputs])

    def _allocate(self, node: Node, shape: str) -> None:
        size = _product(node.shape)
        self.lines.append(f"const {self.names[node]} = new Float64Array({size}); // {node.op.name} {shape}")

    def _elements(self, node: Node, shape: str) -> None:
        target = self.names[node]
        inputs = node.inputs[:1] if node.op.name == "spread" else node.inputs
        shapes = [_expanded(node) if node.op.name == "spread" else i.shape for i in inputs]
        if not node.shape:
            expression = self._expression(node, [self.names[i] for i in inputs])
            self.lines.append(f"const {target} = {expression}; // {node.op.name}")
            return
        self._allocate(node, shape)
        if all(s in ((), node.shape) for s in shapes):
            indices, loops = ["i"], f"for (let i = 0; i < {_product(node.shape)}; i++)"
            places = ["i" for _ in inputs]
        else:
            indices = _over(node.shape)
            loops = _loops(node.shape, indices)
            places = [_broadcast(s, node.shape, indices) for s in shapes]
        operands = [
            self.names[i] if not i.shape else f"{self.names[i]}[{p}]"
            for i, p in zip(inputs, places, strict=True)
        ]
        place = "i" if indices == ["i"] else _place(indices, node.shape)
        self.lines.append(f"{loops} {target}[{place}] = {self._expression(node, operands)};")

    def _expression(self, node: Node, operands: Sequence[str]) -> str:
        settings = {**_DEFAULTS, **node.attributes}
        numbers = {k: _number(v) for k, v in settings.items() if isinstance(v, int | float)}
        return _SCALAR[node.op.name].format(*operands, **numbers)


def _expanded(node: Node) -> Shape:
    """The shape of what is spread, with its new axes of length 1."""
    shape: list[Dim] = list(node.inputs[0].shape)
    for axis in node.attributes["axes"]:
        shape.insert(axis, 1)
    return tuple(shape)


def _broadcast(shape: Shape, target: Shape, indices: Sequence[str]) -> str:
    kept = [None if d == 1 else i for d, i in zip(shape, indices[len(target) - len(shape) :], strict=True)]
    return _place(kept, shape)


def _matmul(node: Node, out: str, names: Sequence[str]) -> list[str]:
    (p, q), (_, r) = (i.shape for i in node.inputs)
    a, b = names
    return [
        f"{_loops((p, q), ('i', 'k'))} {{",
        f"  const factor = {a}[{_place(('i', 'k'), (p, q))}];",
        f"  {_loops((r,), ('j',))} {out}[{_place(('i', 'j'), (p, r))}] += "
        f"factor * {b}[{_place(('k', 'j'), (q, r))}];",
        "}",
    ]


def _transpose(node: Node, out: str, names: Sequence[str]) -> list[str]:
    shape = node.inputs[0].shape
    to, source = _place(("j", "i"), node.shape), _place(("i", "j"), shape)
    return [f"{_loops(shape, ('i', 'j'))} {out}[{to}] = {names[0]}[{source}];"]


def _sum(node: Node, out: str, names: Sequence[str]) -> list[str]:
    shape, axes = node.inputs[0].shape, node.attributes["axes"]
    if not node.shape:
        size = _product(shape)
        return [
            f"let {out} = 0; // sum",
            f"for (let i = 0; i < {size}; i++) {out} += {names[0]}[i];",
        ]
    indices = _over(shape)
    kept: list[str | None] = [None if i in axes else index for i, index in enumerate(indices)]
    if not node.attributes["keepdims"]:
        kept = [index for index in kept if index is not None]
    source = _place(indices, shape)
    return [f"{_loops(shape, indices)} {out}[{_place(kept, node.shape)}] += {names[0]}[{source}];"]


def _rows(node: Node, out: str, names: Sequence[str]) -> list[str]:
    return [f"const {out} = {_product(node.inputs[0].shape[:1])}; // rows"]


def _largest(score: str, columns: Dim) -> list[str]:
    return [
        "let largest = -Infinity, total = 0;",
        f"{_loops((columns,), ('j',))} largest = Math.max(largest, {score});",
    ]


def _softmax(node: Node, out: str, names: Sequence[str]) -> list[str]:
    n, columns = node.shape
    place = _place(("i", "j"), node.shape)
    loop = _loops((columns,), ("j",))
    return [
        f"{_loops((n,), ('i',))} {{",
        *(f"  {line}" for line in _largest(f"{names[0]}[{place}]", columns)),
        f"  {loop} total += {out}[{place}] = Math.exp({names[0]}[{place}] - largest);",
        f"  {loop} {out}[{place}] /= total;",
        "}",
    ]


def _cross_entropy(node: Node, out: str, names: Sequence[str]) -> list[str]:
    shape = node.inputs[0].shape
    z, y = names
    score = f"{z}[{_place(('i', 'j'), shape)}]"
    return [
        f"{_loops(node.shape, ('i',))} {{",
        *(f"  {line}" for line in _largest(score, shape[1])),
        f"  {_loops(shape[1:], ('j',))} total += Math.exp({score} - largest);",
        f"  {out}[i] = Math.log(total) - ({z}[{_scaled('i', _product(shape[1:]))} + {y}[i]] - largest);",
        "}",
    ]


def _take(node: Node, out: str, names: Sequence[str]) -> list[str]:
    table, index = names
    place = _place((f"{index}[i]", "j"), node.inputs[0].shape)
    return [f"{_loops(node.shape, ('i', 'j'))} {out}[{_place(('i', 'j'), node.shape)}] = {table}[{place}];"]


def _add_rows(node: Node, out: str, names: Sequence[str]) -> list[str]:
    rows, index, _ = names
    shape = node.inputs[0].shape
    place = _place((f"{index}[i]", "j"), node.shape)
    return [f"{_loops(shape, ('i', 'j'))} {out}[{place}] += {rows}[{_place(('i', 'j'), shape)}];"]


def _columns(node: Node, out: str, names: Sequence[str]) -> list[str]:
    return _copied(node, node.inputs[0].shape, lambda part, whole: f"{out}[{part}] = {names[0]}[{whole}]")


def _place_columns(node: Node, out: str, names: Sequence[str]) -> list[str]:
    return _copied(node, node.shape, lambda part, whole: f"{out}[{whole}] = {names[0]}[{part}]")


def _copied(node: Node, shape: Shape, assign: Callable[[str, str], str]) -> list[str]:
    """Between some columns of a matrix and the matrix of these columns alone, run by run."""
    indices: tuple[int, ...] = node.attributes["indices"]
    columns = str(len(indices)) if not node.attributes["squeeze"] else "1"
    lines, start = [], 0
    for end in range(1, len(indices) + 1):
        if end < len(indices) and indices[end] == indices[end - 1] + 1:
            continue
        part = f"{_scaled('i', columns)} + {start} + j"
        whole = f"{_scaled('i', _product(shape[1:]))} + {indices[start]} + j"
        lines.append(f"{_loops((shape[0], end - start), ('i', 'j'))} {assign(part, whole)};")
        start = end
    return lines


def _concatenate(node: Node, out: str, names: Sequence[str]) -> list[str]:
    lines, start, width = [], 0, _product(node.shape[1:])
    for name, part in zip(names, node.inputs, strict=True):
        place = _place(("i", "j"), part.shape)
        lines.append(
            f"{_loops(part.shape, ('i', 'j'))} {out}[{_scaled('i', width)} + {start} + j] = {name}[{place}];"
        )
        start += int(part.shape[1])
    return lines


def _one_hot(node: Node, out: str, names: Sequence[str]) -> list[str]:
    classes = _product(node.shape[1:])
    return [f"{_loops(node.shape[:1], ('i',))} {out}[{_scaled('i', classes)} + {names[0]}[i]] = 1;"]


_FORMS: dict[str, Callable[[Node, str, Sequence[str]], list[str]]] = {
    "add_rows": _add_rows,
    "columns": _columns,
    "concatenate": _concatenate,
    "cross_entropy": _cross_entropy,
    "matmul": _matmul,
    "one_hot": _one_hot,
    "place_columns": _place_columns,
    "rows": _rows,
    "softmax": _softmax,
    "sum": _sum,
    "take": _take,
    "transpose": _transpose,
}
"""Each op that looks at more than one element: the loops that fill its array, which begins at zeros."""
