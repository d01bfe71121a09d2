"""A prediction as a script that needs NumPy alone."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import Node, topological
from downslope.interchange._identifiers import Identifiers
from downslope.interchange.exports._prediction import INPUTS, Cells, Prediction, of_network
from downslope.interchange.exports._python_text import CALLS, TAKEN, helpers
from downslope.interchange.exports._walk import Spelling, filled, walk
from downslope.nets import AnyNetwork, Point, Stage, parameter_values

__all__ = ["python_script", "python_source"]

_WRITTEN_OUT = 2000
"""With more parameters than these they are written as packed bytes."""

_LONG = 60
"""An expression longer than this gets a line and a name of its own."""

_INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2), "matmul": ("@", 2)}
"""Each operator with how tightly it binds."""

_UNARY, _ATOM = 3, 4


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
    values = parameter_values(network, parameters, np.dtype(np.float64))
    return python_script(of_network(network, values), features=features)


def python_script(prediction: Prediction, *, features: Sequence[str] = ()) -> str:
    """A script with ``predict``, and for classes ``predict_proba``, of a table or of the inputs of a network.

    Raises:
        DownslopeError: where Python has no spelling for something.
    """
    count = sum(value.size for value in prediction.values.values())
    writer = _Writer(prediction)
    result = writer.result()
    write = _packed if count > _WRITTEN_OUT else _digits
    arrays = {name: prediction.values[label] for label, name in writer.arrays.items()}
    values = [f"{name} = {write(value)}" for name, value in arrays.items()]
    calls = [value.partition("(")[0] + "(" for value in values]  # their numbers are long, and call nothing
    definitions = helpers("\n".join([*writer.lines, *calls, result]))
    levels = [_rows_text(name, cell) for name, cell in writer.levels.items()]
    if prediction.classes:
        levels.append(f"classes = {list(prediction.classes)!r}")
    if prediction.decision:
        levels.append(f"decision = np.array({list(prediction.decision)!r})")
    sections = [
        f'"""{_in_quotes(prediction.title)}, written by Downslope."""',
        _imports(definitions),
        *([f"inputs = {json.dumps(list(features))}"] if features else []),
        *(f"\n{helper}" for helper in definitions),
        "\n".join([*([""] if definitions else []), *values, *levels]),
        *_functions(prediction, writer.lines, result),
    ]
    return "\n\n".join(section.rstrip() for section in sections if section.strip()) + "\n"


def _functions(prediction: Prediction, lines: Sequence[str], result: str) -> list[str]:
    """What is called: of a table, its columns; of a network, its inputs."""
    width = int(prediction.result.shape[1])
    if not prediction.of_table:
        inputs = int(prediction.cells[0].leaf.shape[1])
        said = f"The predictions (rows, {width}) for inputs (rows, {inputs})."
        return [_function("predict", "x", said, ["x = np.asarray(x, float)", *lines], result)]
    told = "of a table: each column by its name."
    if prediction.interval:
        around = f"Where {100 * prediction.interval:.10g} % of the values lie: lower and upper ends (rows, 2)"
        return [
            _function("outputs", "table", f"The predictions and the ends of intervals {told}", lines, result),
            _function("predict", "table", f"The predictions (rows,) {told}", [], "outputs(table)[:, 0]"),
            _function("predict_interval", "table", f"{around} {told}", [], "outputs(table)[:, 1:]"),
        ]
    if not prediction.classes:
        return [_function("predict", "table", f"The predictions (rows,) {told}", lines, f"{result}[:, 0]")]
    weighted = "predict_proba(table) * decision" if prediction.decision else "predict_proba(table)"
    return [
        _function("predict_proba", "table", f"The probabilities (rows, {width}) {told}", lines, result),
        _function(
            "predict",
            "table",
            f"The classes (rows,) {told}",
            [],
            f"np.array(classes, object)[np.argmax({weighted}, axis=1)]",
        ),
    ]


def _function(name: str, argument: str, said: str, lines: Sequence[str], result: str) -> str:
    body = [f'"""{said}"""', *lines, f"return {result}"]
    return "\n".join([f"\ndef {name}({argument}):", *(f"    {line}" for line in body)])


def _in_quotes(text: str) -> str:
    """Text that ends no string."""
    return text.replace("\\", "/").replace('"', "'")


def _rows_text(name: str, cell: Cells) -> str:
    return f"{name} = {dict(cell.rows or {})!r}"


def _imports(helpers: Sequence[str]) -> str:
    standard = [m for m in ("base64", "math") if any(f"{m}." in helper for helper in helpers)]
    return "\n".join([*(f"import {m}" for m in standard), *([""] if standard else []), "import numpy as np"])


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


@dataclass(frozen=True)
class _Expression:
    """What stands for a node, and how tightly it binds."""

    text: str
    binding: int = _ATOM

    def within(self, binding: int) -> str:
        """In parentheses where it binds less tightly than asked."""
        return self.text if self.binding >= binding else f"({self.text})"


class _Writer:
    """The lines so far, and the arrays and the levels that they read."""

    def __init__(self, prediction: Prediction) -> None:
        self.lines: list[str] = []
        self.arrays: dict[str, str] = {}
        self.levels: dict[str, Cells] = {}
        self._prediction = prediction
        self._identifiers = Identifiers(TAKEN)
        self._uses = Counter(i for node in topological([prediction.result]) for i in node.inputs)
        self._stages = {stage.node: stage for stage in prediction.stages}
        self._cells = {cell.leaf.name: cell for cell in prediction.cells}
        if not prediction.of_table:
            self._identifiers.of(INPUTS)
        for label in prediction.values:
            self.arrays[label] = self._identifiers.of(label)

    def result(self) -> str:
        """The expression of the result."""
        table: dict[str, Spelling[_Expression]] = dict.fromkeys(CALLS, self._kept(_call))
        table |= dict.fromkeys(_INFIX, self._kept(_infix))
        table |= {op: self._kept(spelling) for op, spelling in _OTHERS.items()}
        (found,) = walk(
            [self._prediction.result], self._leaf, table, "Python source", self._prediction.stages
        )
        return found.within(_ATOM if self._prediction.of_table else 0)

    def _leaf(self, node: Node) -> _Expression:
        if not node.name:
            value = node.attributes["value"]
            return _Expression(repr(value), _UNARY if value < 0 else _ATOM)
        if node.name in self.arrays:
            return _Expression(self.arrays[node.name])
        cell = self._cells[node.name]
        if cell.name == INPUTS and not self._prediction.of_table:
            return _Expression(INPUTS)
        column = f"table[{cell.name!r}]"
        if cell.rows is None:
            kind = "moments" if cell.is_date else "clocks" if cell.is_clock else "numbers"
            return _Expression(self._line(cell.name, f"{kind}({column})"))
        rows = self._identifiers.of(f"rows of {cell.name}")
        self.levels[rows] = cell
        return _Expression(self._line(cell.name, f"levels({column}, {rows})"))

    def _kept(self, spelling: Spelling[_Expression]) -> Spelling[_Expression]:
        """With a line and a name for what is needed twice, is long, or has a name in the mathematics."""

        def kept(node: Node, given: Sequence[_Expression]) -> _Expression:
            found, stage = spelling(node, given), self._stages.get(node)
            if stage is None and self._uses[node] <= 1 and len(found.text) <= _LONG:
                return found
            return _Expression(self._line("t" if stage is None else _short(stage), found.text))

        return kept

    def _line(self, wanted: str, text: str) -> str:
        name = self._identifiers.of(wanted)
        self.lines.append(f"{name} = {text}")
        return name


def _call(node: Node, given: Sequence[_Expression]) -> _Expression:
    return _Expression(filled(CALLS[node.op.name], node, [g.within(0) for g in given]))


def _infix(node: Node, given: Sequence[_Expression]) -> _Expression:
    sign, binding = _INFIX[node.op.name]
    return _Expression(f"{given[0].within(binding)} {sign} {given[1].within(binding + 1)}", binding)


def _concatenate(node: Node, given: Sequence[_Expression]) -> _Expression:
    return _Expression(f"np.concatenate([{', '.join(g.within(0) for g in given)}], axis=1)")


def _one_hot(node: Node, given: Sequence[_Expression]) -> _Expression:
    classes = f"np.arange({node.attributes['classes']})"
    return _Expression(f"({given[0].within(_ATOM)}[:, None] == {classes}).astype(float)")


_OTHERS: Mapping[str, Spelling[_Expression]] = {
    "columns": lambda node, given: _Expression(f"{given[0].within(_ATOM)}[:, {_selection(node)}]"),
    "concatenate": _concatenate,
    "double": lambda node, given: given[0],
    "one_hot": _one_hot,
    "take": lambda node, given: _Expression(
        f"{given[0].within(_ATOM)}[{given[1].within(_ATOM)}.astype(int)]"
    ),
    "transpose": lambda node, given: _Expression(f"{given[0].within(_ATOM)}.T"),
}
"""Each op that is no call and no operator."""


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
