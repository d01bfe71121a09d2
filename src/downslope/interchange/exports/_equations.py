"""A network as equations: a document of LaTeX with one equation for each value that has a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import OPS, Node
from downslope.graph.notation import Apply, Expression, Number, Symbol, Words, latex
from downslope.interchange.exports._prediction import Prediction, of_network
from downslope.interchange.exports._walk import SETTINGS, Spelling, walk
from downslope.nets import AnyNetwork, Point

__all__ = ["equations"]

_WRITTEN_OUT = 1000
"""With more parameters than these their shapes stand in place of their numbers."""

_TIMES = r" \times "
_DIGITS = 9  # of a number, with which a float32 reads back as the same


def equations(network: AnyNetwork, parameters: Point, inputs: Sequence[str] = ()) -> str:
    """The document: equations from the first layer to the last, the functions in them, the parameters.

    Values are rows, so that a dense layer is z = x·Wᵀ + b.

    Args:
        network: what predicts.
        parameters: by name, all in one flat list, or a run's or a model's.
        inputs: what the columns of x are called.
    """
    graph, prediction = network.graph(), of_network(network, parameters)
    values = prediction.values
    named = {stage.node: stage.symbol for stage in prediction.stages}
    symbols = {
        **graph.symbols.whole,
        **_fixed_symbols(prediction, {*graph.symbols.whole.values(), *named.values()}),
    }
    lines: list[str] = []
    used: dict[str, str] = {}

    def leaf(node: Node) -> Expression:
        if node is graph.x:
            return Symbol("x")
        return symbols[node.name] if node.name else Number(node.attributes["value"], _DIGITS)

    def spelled(node: Node, given: Sequence[Expression]) -> Expression:
        op = node.op.name
        if op in _DEFINED:
            used[op] = _DEFINED[op]
        found = _OF_SETTINGS.get(op, _noted)(node, given)
        if node not in named:
            return found
        lines.append(f"{latex(named[node])} &= {latex(found)}")
        return named[node]

    table: dict[str, Spelling[Expression]] = dict.fromkeys(OPS, spelled)
    (result,) = walk([prediction.result], leaf, table, "LaTeX", prediction.stages)
    lines.append(rf"\hat{{y}} &= {latex(result)}")
    many = sum(value.size for value in values.values()) > _WRITTEN_OUT
    numbers = _shape if many else _matrix
    written = [f"{latex(symbols[name])} &= {numbers(value)}" for name, value in values.items()]
    sections = [
        rf"A network of {network.inputs} inputs and {graph.size:,} parameters, written by Downslope.",
        *_inputs(inputs),
        _aligned(lines),
        *([_aligned(list(used.values()))] if used else []),
        _aligned(written),
    ]
    body = "\n\n".join(sections)
    return _DOCUMENT.replace("BODY", body)


def _fixed_symbols(prediction: Prediction, taken: set[Symbol]) -> dict[str, Symbol]:
    """What the fixed slopes and offsets are called: as those that a layer learns, or with a number."""
    layers = {stage.layer: stage.symbol.layer for stage in prediction.stages}
    found: dict[str, Symbol] = {}
    for name in prediction.values:
        if name in prediction.fixed:
            layer, _, role = name.rpartition(".")
            letter, number = _FIXED[role.rstrip("0123456789")], layers.get(layer, "")
            named = (Symbol(letter, index, number) for index in chain([""], map(str, count(2))))
            found[name] = next(symbol for symbol in named if symbol not in {*taken, *found.values()})
    return found


_FIXED = {"slope": "s", "offset": "c"}

_DOCUMENT = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\setcounter{MaxMatrixCols}{1000}
\allowdisplaybreaks
\begin{document}

BODY

\end{document}
"""


def _noted(node: Node, given: Sequence[Expression]) -> Expression:
    return node.op.notation(*given, **node.attributes)


def _with(*settings: str) -> Any:
    """A function of what it is given and of settings of its node."""

    def spelled(node: Node, given: Sequence[Expression]) -> Expression:
        numbers = (Number(float({**SETTINGS, **node.attributes}[name]), _DIGITS) for name in settings)
        return Apply(Words(node.op.name), (*given, *numbers))

    return spelled


def _columns(node: Node, given: Sequence[Expression]) -> Expression:
    return Apply(Words("columns"), (*given, *(Number(i + 1, _DIGITS) for i in node.attributes["indices"])))


_OF_SETTINGS: Mapping[str, Spelling[Expression]] = {
    "columns": _columns,
    "elu": _with("alpha"),
    "leaky_relu": _with("slope"),
    "selu": _with("selu_scale", "selu_alpha"),
}
"""What differs from the notation of an op, because it has settings."""

_IF = r"\left\{{{}\ \text{{ if }} {};\ {}\ \text{{ else}}\right\}}"
_DEFINED: Mapping[str, str] = {
    "columns": r"\text{columns}\left(h, i, \dots\right) &= \text{of } h \text{ the values } i, \dots",
    "concatenate": r"\text{concatenate}\left(g, h\right) &= \text{the values of } g \text{, then of } h",
    "elu": r"\text{elu}\left(z, \alpha\right) &= "
    + _IF.format("z", "z > 0", r"\alpha \left(e^{z} - 1\right)"),
    "gelu": r"\text{gelu}\left(z\right) &= z\,\Phi\left(z\right),\ "
    r"\Phi\left(z\right) = \tfrac{1}{2} \left(1 + \text{erf}\left(z / \sqrt{2}\right)\right)",
    "leaky_relu": r"\text{leaky\_relu}\left(z, s\right) &= " + _IF.format("z", "z > 0", "s z"),
    "mish": r"\text{mish}\left(z\right) &= z \tanh\left(\ln\left(1 + e^{z}\right)\right)",
    "relu": r"\text{relu}\left(z\right) &= \text{max}\left(z, 0\right)",
    "selu": r"\text{selu}\left(z, \lambda, \alpha\right) &= \lambda\ "
    + _IF.format("z", "z > 0", r"\alpha \left(e^{z} - 1\right)"),
    "sigmoid": r"\sigma\left(z\right) &= 1 / \left(1 + e^{-z}\right)",
    "silu": r"\text{silu}\left(z\right) &= z / \left(1 + e^{-z}\right)",
    "softmax": r"\text{softmax}\left(z\right)_{k} &= e^{z_{k}} / \sum_{j} e^{z_{j}}",
    "softplus": r"\text{softplus}\left(z\right) &= \ln\left(1 + e^{z}\right)",
    "take": r"\text{take}\left(T, k\right) &= \text{the row of } T \text{ numbered } k \text{, from } 0",
    "where": r"\text{where}\left(c, a, b\right) &= " + _IF.format("a", r"c \ne 0", "b"),
}
"""What a function that is called by a name stands for."""


def _aligned(lines: Sequence[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _inputs(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    items = [rf"$x_{{{i}}}$: {_escaped(name)}" for i, name in enumerate(names, 1)]
    return ["The inputs, as the columns of the table are encoded: " + "; ".join(items) + "."]


_MARKS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "#$%&_{}"},
}


def _escaped(text: str) -> str:
    return "".join(_MARKS.get(mark, mark) for mark in " ".join(text.split()))


def _matrix(value: NDArray[Any]) -> str:
    rows = [" & ".join(latex(Number(float(v), _DIGITS)) for v in row) for row in np.atleast_2d(value)]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def _shape(value: NDArray[Any]) -> str:
    return rf"\left({_TIMES.join(map(str, value.shape))}\right)"
