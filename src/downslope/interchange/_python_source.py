"""The prediction of a network as a script that needs NumPy alone."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.graph import SELU_ALPHA, SELU_SCALE, Node, topological
from downslope.interchange._identifiers import Identifiers
from downslope.nets import AnyNetwork, Ensemble, Point, Stage, parameter_values

__all__ = ["python_source"]

_WRITTEN_OUT = 2000
"""With more parameters than these they are written as packed bytes."""

_LONG = 60
"""An expression longer than this gets a line and a name of its own."""

_INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2), "matmul": ("@", 2)}
"""Each operator with how tightly it binds."""

_UNARY, _ATOM = 3, 4

_CALLS: dict[str, str] = {
    "absolute": "np.abs({0})",
    "absolute_error": "np.abs({1} - {0})",
    "binary_cross_entropy": "binary_cross_entropy({0}, {1})",
    "broadcast": "broadcast({0}, {1}, {axes})",
    "cos": "np.cos({0})",
    "cross_entropy": "cross_entropy({0}, {1})",
    "elu": "elu({0}, {alpha})",
    "exp": "np.exp({0})",
    "expm1": "np.expm1({0})",
    "gelu": "gelu({0})",
    "huber": "huber({0}, {1}, {delta})",
    "leaky_relu": "leaky_relu({0}, {slope})",
    "log": "np.log({0})",
    "maximum": "np.maximum({0}, {1})",
    "minimum": "np.minimum({0}, {1})",
    "mish": "mish({0})",
    "negate": "np.negative({0})",
    "normal_cdf": "normal_cdf({0})",
    "poisson": "poisson({0}, {1})",
    "quantile": "quantile({0}, {1}, {level})",
    "relu": "np.maximum({0}, 0)",
    "rows": "len({0})",
    "selu": "selu({0})",
    "sigmoid": "sigmoid({0})",
    "sign": "np.sign({0})",
    "silu": "silu({0})",
    "sin": "np.sin({0})",
    "softmax": "softmax({0})",
    "softplus": "softplus({0})",
    "sqrt": "np.sqrt({0})",
    "square": "np.square({0})",
    "squared_error": "np.square({1} - {0})",
    "step": "np.where({0} > 0, 1.0, 0.0)",
    "sum": "np.sum({0}, axis={axes}, keepdims={keepdims})",
    "tanh": "np.tanh({0})",
    "where": "np.where({0} != 0, {1}, {2})",
}
"""Each function, from its operands {0}, {1} and its settings by name."""

_DEFAULTS = {"alpha": 1.0, "delta": 1.0, "level": 0.5, "slope": 0.01}

_HELPERS: dict[str, str] = {
    "mish": """\
def mish(z):
    return z * np.tanh(softplus(z))
""",
    "silu": """\
def silu(z):
    return z * sigmoid(z)
""",
    "sigmoid": """\
def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows, and keeps full precision in both tails
    return np.where(z >= 0, 1, e) / (1 + e)
""",
    "binary_cross_entropy": """\
def binary_cross_entropy(z, y):
    return np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
""",
    "softplus": """\
def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
""",
    "softmax": """\
def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)
""",
    "selu": f"""\
def selu(z):
    return {SELU_SCALE!r} * elu(z, {SELU_ALPHA!r})
""",
    "elu": """\
def elu(z, alpha):
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))
""",
    "leaky_relu": """\
def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)
""",
    "gelu": """\
def gelu(z):
    return z * normal_cdf(z)
""",
    "normal_cdf": """\
def normal_cdf(z):
    return 0.5 * erfc(-z * math.sqrt(0.5))
""",
    "erfc": """\
erfc = np.vectorize(math.erfc, otypes=[float])
""",
    "cross_entropy": """\
def cross_entropy(z, y):
    rows, top = np.arange(len(z)), np.argmax(z, axis=1)
    z = z - z[rows, top][:, None]
    others = np.exp(z)
    others[rows, top] = 0  # ln(1 + others) keeps its digits where one score is by far the largest
    return np.log1p(np.sum(others, axis=1)) - z[rows, y.astype(int)]
""",
    "huber": """\
def huber(z, y, delta):
    size = np.abs(y - z)
    inner = np.minimum(size, delta)
    return inner * (size - 0.5 * inner)
""",
    "poisson": """\
def poisson(z, y):
    return np.exp(z) - y * z
""",
    "quantile": """\
def quantile(z, y, level):
    r = y - z
    return np.maximum(level * r, (level - 1) * r)
""",
    "broadcast": """\
def broadcast(a, like, axes):
    return np.broadcast_to(np.expand_dims(a, axes), like.shape)
""",
    "unpacked": '''\
def unpacked(text, dtype, *shape):
    """The numbers of an array from its bytes."""
    return np.frombuffer(base64.b64decode(text), dtype).astype(float).reshape(shape)
''',
}
"""What the expressions call, each after those that call it; written where it is used."""

_TAKEN = ["np", "base64", "math", "float", "int", "inputs", "predict", *_HELPERS]


def python_source(network: AnyNetwork, parameters: Point, *, features: Sequence[str] = ()) -> str:
    """A Python script with the parameters and ``predict(x)``, which needs NumPy and nothing else.

    It is written from the graph of the prediction. Numbers stand in it exactly: digit by digit, or as packed
    bytes where there are more than 2,000. It computes in float64.

    Args:
        network: what predicts.
        parameters: by name, all in one flat list, or a run's or a model's.
        features: what the columns of x are called, for who reads the script.

    Raises:
        DownslopeError: if the parameters or the names of the columns do not fit the network.

    >>> from downslope.nets import Dense, Network
    >>> net = Network(inputs=2, layers=[Dense(1, "tanh")])
    >>> values = {"layer1.weight": [[1.0, -0.5]], "layer1.bias": [0.25]}
    >>> print(python_source(net, values, features=["height", "weight"]))
    \"\"\"The prediction of a network of 2 inputs and 3 parameters, written by Downslope.\"\"\"
    <BLANKLINE>
    import numpy as np
    <BLANKLINE>
    inputs = ["height", "weight"]
    <BLANKLINE>
    layer1_weight = np.array([[1.0, -0.5]])
    layer1_bias = np.array([0.25])
    <BLANKLINE>
    <BLANKLINE>
    def predict(x):
        \"\"\"The predictions (rows, 1) for inputs (rows, 2).\"\"\"
        x = np.asarray(x, float)
        z = x @ layer1_weight.T + layer1_bias
        a = np.tanh(z)
        return a
    <BLANKLINE>
    """
    if features and len(features) != network.inputs:
        raise DownslopeError(
            f"features names {len(features)} columns, and the network has {network.inputs} inputs"
        )
    arrays = parameter_values(network, parameters, np.dtype(np.float64))
    count = sum(value.size for value in arrays.values())
    writer = _Writer(network)
    result = writer.text(network.graph().prediction, 0)
    write = _packed if count > _WRITTEN_OUT else _digits
    values = [f"{writer.leaf(name)} = {write(value)}" for name, value in arrays.items()]
    calls = [value.partition("(")[0] + "(" for value in values]  # their numbers are long, and call nothing
    helpers = _helpers("\n".join([*writer.lines, *calls, result]))
    kind = "an ensemble" if isinstance(network, Ensemble) else "a network"
    shape = network.graph().prediction.shape
    sections = [
        f'"""The prediction of {kind} of {network.inputs} inputs and {count:,} parameters, '
        'written by Downslope."""',
        _imports(helpers),
        *([f"inputs = {json.dumps(list(features))}"] if features else []),
        *(f"\n{helper}" for helper in helpers),
        *(["\n" + "\n".join(values)] if helpers else ["\n".join(values)]),
        "\n".join(
            [
                "\ndef predict(x):",
                f'    """The predictions (rows, {shape[1]}) for inputs (rows, {network.inputs})."""',
                "    x = np.asarray(x, float)",
                *(f"    {line}" for line in writer.lines),
                f"    return {result}",
            ]
        ),
    ]
    return "\n\n".join(section.rstrip() for section in sections) + "\n"


def _imports(helpers: Sequence[str]) -> str:
    standard = [m for m in ("base64", "math") if any(f"{m}." in helper for helper in helpers)]
    return "\n".join([*(f"import {m}" for m in standard), *([""] if standard else []), "import numpy as np"])


def _helpers(body: str) -> list[str]:
    """The definitions that a text needs, each before those that call it."""
    found: list[str] = []
    for name, definition in _HELPERS.items():
        if re.search(rf"\b{name}\(", "\n".join([body, *found])):
            found.insert(0, definition)
    return found


def _digits(value: NDArray[Any]) -> str:
    if len(value) == 1 or value.ndim == 1:
        return f"np.array({value.tolist()!r})"
    rows = "".join(f"    {row!r},\n" for row in value.tolist())
    return f"np.array([\n{rows}])"


def _packed(value: NDArray[Any]) -> str:
    short = value.astype("<f4")
    numbers = short if np.array_equal(short, value) else value.astype("<f8")
    text = base64.b64encode(numbers.tobytes()).decode()
    return f'unpacked("{text}", "{numbers.dtype.str}", {", ".join(map(str, value.shape))})'


class _Writer:
    """The lines of ``predict`` so far, and the expression that stands for each node."""

    def __init__(self, network: AnyNetwork) -> None:
        graph = network.graph()
        order = topological([graph.prediction])
        self.lines: list[str] = []
        self._identifiers = Identifiers(_TAKEN)
        self._uses = Counter(i for node in order for i in node.inputs)
        self._expressions: dict[Node, tuple[str, int]] = {graph.x: (self._identifiers.of("x"), _ATOM)}
        for name, node in graph.parameters.items():
            self._expressions[node] = (self._identifiers.of(name), _ATOM)
        self._leaves = {name: self._expressions[node][0] for name, node in graph.parameters.items()}
        stages = {stage.node: stage for stage in graph.stages}
        for node in order:
            if node not in self._expressions:
                self._write(node, stages.get(node))

    def leaf(self, name: str) -> str:
        """The name of a parameter in the script."""
        return self._leaves[name]

    def text(self, node: Node, binding: int) -> str:
        """The expression of a node, in parentheses where it binds less tightly than asked."""
        expression, own = self._expressions[node]
        return expression if own >= binding else f"({expression})"

    def _write(self, node: Node, stage: Stage | None) -> None:
        expression, binding = self._expression(node)
        apart = self._uses[node] > 1 or len(expression) > _LONG
        if stage is not None or (apart and node.inputs):
            name = self._identifiers.of("t" if stage is None else _short(stage))
            self.lines.append(f"{name} = {expression}")
            expression, binding = name, _ATOM
        self._expressions[node] = (expression, binding)

    def _expression(self, node: Node) -> tuple[str, int]:
        op = node.op.name
        if op == "constant":
            return repr(node.attributes["value"]), _UNARY if node.attributes["value"] < 0 else _ATOM
        if op in _INFIX:
            sign, binding = _INFIX[op]
            left, right = node.inputs
            return f"{self.text(left, binding)} {sign} {self.text(right, binding + 1)}", binding
        if op in _CALLS:
            operands = [self.text(i, 0) for i in node.inputs]
            return _CALLS[op].format(*operands, **{**_DEFAULTS, **node.attributes}), _ATOM
        if op == "concatenate":
            return f"np.concatenate([{', '.join(self.text(i, 0) for i in node.inputs)}], axis=1)", _ATOM
        first = self.text(node.inputs[0], _ATOM)
        if op == "transpose":
            return f"{first}.T", _ATOM
        if op == "take":
            return f"{first}[{self.text(node.inputs[1], _ATOM)}.astype(int)]", _ATOM
        if op == "columns":
            return f"{first}[:, {_selection(node)}]", _ATOM
        if op == "one_hot":
            return f"({first}[:, None] == np.arange({node.attributes['classes']})).astype(float)", _ATOM
        raise DownslopeError(f"the op {op!r} of this prediction has no form in Python source")


def _selection(node: Node) -> str:
    indices: tuple[int, ...] = node.attributes["indices"]
    if node.attributes["squeeze"]:
        return str(indices[0])
    if all(after == before + 1 for before, after in pairwise(indices)):
        return f"{indices[0]}:{indices[-1] + 1}"
    return str(list(indices))


def _short(stage: Stage) -> str:
    """z1 for z⁽¹⁾; z2_1 for z⁽²·¹⁾, that of a member of an ensemble."""
    return f"{stage.symbol.letter}{stage.symbol.layer.replace('.', '_')}"
