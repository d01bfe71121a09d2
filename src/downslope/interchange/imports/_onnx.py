"""A graph of ONNX as steps: linear operators one behind the other, and what is computed between them.

What stands between two of them and acts on each value alone becomes one activation, whatever operators it is
written in; where it is one that has a name here, it gets it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._files import SavedFile
from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, input_, ops, substitute
from downslope.interchange.exports import DESCRIBED, TRANSPOSED
from downslope.interchange.imports import _functions
from downslope.interchange.imports._onnx_file import OnnxGraph, Operator, read_onnx
from downslope.interchange.imports._steps import (
    Affine,
    Chosen,
    Function,
    Linear,
    Norm,
    Step,
    network_of_steps,
)
from downslope.nets import ACTIVATIONS, AnyNetwork, Elu, LeakyRelu, LossFunction, read_trained_network

__all__ = ["network_of_onnx"]

Numbers = NDArray[Any]

_LEAF = input_("z", (BATCH, 2))
_ALIKE = 2e-6  # how far an activation written in float32 is from the one it is
_SAMPLES = np.linspace(-8, 8, 322).reshape(-1, 2)


@dataclass(frozen=True)
class _Value:
    """A function, of each value alone, of what a step gave."""

    step: int
    node: Node = _LEAF


def network_of_onnx(
    path: str | os.PathLike[str], loss: str | LossFunction | None
) -> tuple[AnyNetwork, dict[str, Numbers]]:
    """The network of a file, and its parameters.

    Raises:
        DownslopeError: if it cannot be read, or computes what no network here does; it names the operator.
    """
    graph = read_onnx(path)
    try:
        with np.errstate(all="ignore"):
            if loss is None and (described := _described(path, graph)) is not None:
                return described
            return network_of_steps(_steps(path, graph), loss)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError(f"{os.fsdecode(path)} is damaged: {error}; export it again") from None


def _described(
    path: str | os.PathLike[str], graph: OnnxGraph
) -> tuple[AnyNetwork, dict[str, Numbers]] | None:
    """The network that an export of this package describes beside its graph, with the file's arrays.

    None where nothing is described, or another program has given the arrays other names.
    """
    sections = {n.removeprefix(DESCRIBED): t for n, t in graph.says.items() if n.startswith(DESCRIBED)}
    file = SavedFile(os.fsdecode(path), "", "trained network", sections, {})
    if not sections.keys() >= {"network", "graph", "arrays"}:
        return None
    with file.reading():
        found: dict[str, Numbers] = {}
        for name, array in file.section("arrays").items():
            if array not in graph.arrays:
                return None
            parameter = name.removesuffix(TRANSPOSED)
            found[parameter] = graph.arrays[array] if parameter == name else graph.arrays[array].T
        trained = read_trained_network(replace(file, arrays=found))
        return trained.network, dict(trained.parameters)


def _steps(path: str | os.PathLike[str], graph: OnnxGraph) -> list[Step]:
    graph = _with_one_input(graph)
    if len(graph.inputs) != 1:
        raise DownslopeError(
            f"{os.fsdecode(path)} takes {len(graph.inputs)} inputs ({', '.join(graph.inputs[:6])}) that are "
            "not put side by side at once, and a network takes one matrix of numbers; export the network "
            "behind the preprocessing, or use ds.from_sklearn"
        )
    if not graph.outputs:
        raise DownslopeError(f"{os.fsdecode(path)} gives no numbers")
    named = [name for name in graph.outputs if "probabilit" in name]
    return _Reader(graph).steps((named or graph.outputs)[0])


def _with_one_input(graph: OnnxGraph) -> OnnxGraph:
    """The graph behind the operator that puts all inputs side by side, in that order, if there is one."""
    if len(graph.inputs) < 2:
        return graph
    for op in graph.operators:
        others = (name for each in graph.operators if each is not op for name in each.inputs)
        side_by_side = op.kind == "Concat" and op.settings.get("axis") in (1, -1)
        if side_by_side and sorted(op.inputs) == sorted(graph.inputs) and not {*others} & {*graph.inputs}:
            rest = [each for each in graph.operators if each is not op]
            return replace(graph, operators=rest, inputs=[*op.outputs])
    return graph


class _Reader:
    """The steps so far, and what each name stands for."""

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        self._made: list[Step] = []
        self._values: dict[str, _Value | Numbers] = {**graph.arrays, graph.inputs[0]: _Value(0)}
        self._base = 0
        self._named: dict[Node, Chosen] = {}

    def steps(self, output: str) -> list[Step]:
        """Those that lead to an output."""
        source = {name: op for op in self._graph.operators for name in op.outputs}
        wanted, needed = [output], set[str]()
        while wanted:
            name = wanted.pop()
            if name in source and name not in needed:
                needed.add(name)
                wanted += source[name].inputs
        operators = [op for op in self._graph.operators if needed & set(op.outputs)]
        self._uses = Counter(name for op in operators for name in op.inputs)
        for op in operators:
            found = self._result(op)
            self._values |= dict.fromkeys(op.outputs, found)
        last = self._value(output, Operator("the output", output, [], [], {}))
        if last.node is ops.exp(_LEAF):
            self._named[last.node] = "exp"
        self._flushed(last, "the output")
        return self._made

    def _result(self, op: Operator) -> _Value | Numbers:
        given = [self._values.get(name) for name in op.inputs]
        if op.kind == "Constant":
            return np.asarray(next(iter(op.settings.values())))
        if all(isinstance(value, np.ndarray) for value in given) and given:
            return _constant(op, [np.asarray(value) for value in given])
        if op.kind in _PASSED:
            return self._value(op.inputs[0], op)
        if op.kind in _LAYERS:
            return self._layer(op)
        if op.kind in _DIRECT:
            return self._applied(op, _DIRECT[op.kind](op, [self._array(name, op) for name in op.inputs[1:]]))
        if op.kind in _ELEMENTWISE:
            return self._elementwise(op)
        if op.kind == "Softmax" or op.kind == "LogSoftmax":
            return self._emitted(op, [Function(_called(op), "softmax")])
        if op.kind == "Concat" and len(op.inputs) == 2:
            first, second = (self._value(name, op) for name in op.inputs)
            if first.node is 1.0 - second.node and first.step == second.step:  # of two classes
                return second
        raise DownslopeError(
            f"{_called(op)} is an operator that no network here has; export the layers before it alone, or "
            "leave it out"
        )

    def _value(self, name: str, op: Operator) -> _Value:
        """What a name stands for, which depends on the inputs and on the last step alone."""
        value = self._values.get(name)
        if not isinstance(value, _Value):
            raise DownslopeError(f"{_called(op)} takes {name!r}, which is no value computed from the inputs")
        if value.step != self._base:
            raise DownslopeError(
                f"{_called(op)} takes {name!r}, which other layers have gone on from; networks here have one "
                "way through"
            )
        return value

    def _array(self, name: str, op: Operator) -> Numbers | None:
        """A constant input; None where it is left out."""
        if not name:
            return None
        value = self._values.get(name)
        if not isinstance(value, np.ndarray):
            raise DownslopeError(
                f"{_called(op)} takes {name!r}, which is no constant; networks here have one way through"
            )
        return value

    def _flushed(self, value: _Value, name: str) -> None:
        """Make a step of the function since the last one."""
        if value.node is _LEAF:
            return
        function = self._named.get(value.node) or _named_like(value.node)
        self._made.append(Function(name, function))

    def _emitted(self, op: Operator, steps: list[Step]) -> _Value:
        """The value behind steps that take the first input."""
        self._flushed(self._value(op.inputs[0], op), f"what is before {_called(op)}")
        self._made += steps
        self._base += 1
        return _Value(self._base)

    def _layer(self, op: Operator) -> _Value:
        arrays = [self._array(name, op) for name in op.inputs[1:]]
        return self._emitted(op, _LAYERS[op.kind](op, arrays))

    def _applied(self, op: Operator, function: Chosen) -> _Value:
        """An activation of the library on the first input."""
        value = self._value(op.inputs[0], op)
        made = ACTIVATIONS[function] if isinstance(function, str) else function
        node = made(value.node)
        if value.node is _LEAF:
            self._named[node] = function
        return _Value(value.step, node)

    def _elementwise(self, op: Operator) -> _Value:
        """An operator of one or two operands: a constant for each value is a step, anything else goes on."""
        constants = {
            i: self._values[n] for i, n in enumerate(op.inputs) if isinstance(self._values.get(n), np.ndarray)
        }
        if op.kind in _AFFINE and len(constants) == 1:
            ((place, constant),) = constants.items()
            name = op.inputs[1 - place]
            value, number = self._value(name, op), np.asarray(constant, np.float64)
            alone = self._uses[name] == 1 and value.node is _LEAF
            if number.size > 1 or alone:
                affine = _AFFINE[op.kind](
                    number.reshape(-1) if number.size > 1 else number.reshape(()), place
                )
                if affine is not None:
                    behind = Operator(op.kind, op.name, [name], op.outputs, {})
                    return self._emitted(behind, [Affine(_called(op), *affine)])
        nodes: list[Any] = []
        for place, name in enumerate(op.inputs):
            if place in constants:
                number = np.asarray(constants[place])
                if number.size != 1:
                    raise DownslopeError(
                        f"{_called(op)} takes a constant of the shape {number.shape} where one number can be"
                    )
                nodes.append(float(number.reshape(-1)[0]))
            else:
                nodes.append(self._value(name, op).node)
        return _Value(self._base, _ELEMENTWISE[op.kind](*nodes))


def _called(op: Operator) -> str:
    return f"{op.kind} ({op.name})"


def _named_like(node: Node) -> Chosen:
    """The activation of the library that a function is, but for the rounding of its constants; or itself."""
    (found,) = evaluate([node], {"z": _SAMPLES})
    for name, function in ACTIVATIONS.items():
        (known,) = evaluate([function(_LEAF)], {"z": _SAMPLES})
        if np.abs(found - known).max() < _ALIKE:
            return name

    def activation(z: Node) -> Node:
        return substitute([node], {_LEAF: z})[0]

    return activation


def _constant(op: Operator, given: list[Numbers]) -> Numbers:
    """An operator on constants.

    Raises:
        DownslopeError: for one that is not known.
    """
    folded: Mapping[str, Callable[[], Any]] = {
        "Cast": lambda: given[0],
        "Identity": lambda: given[0],
        "Transpose": lambda: np.transpose(given[0], op.settings.get("perm")),
        "Unsqueeze": lambda: np.expand_dims(given[0], tuple(op.settings.get("axes") or given[1].tolist())),
        "Squeeze": lambda: np.squeeze(given[0]),
        "Reshape": lambda: np.reshape(given[0], given[1].tolist()),
        "Add": lambda: given[0] + given[1],
        "Sub": lambda: given[0] - given[1],
        "Mul": lambda: given[0] * given[1],
        "Div": lambda: given[0] / given[1],
        "Neg": lambda: -given[0],
        "Sqrt": lambda: np.sqrt(given[0]),
    }
    if op.kind not in folded:
        raise DownslopeError(f"{_called(op)} acts on constants, which no layer here does; export it again")
    return np.asarray(folded[op.kind]())


def _gemm(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    """alpha·A·B + beta·C."""
    weight, bias = arrays[0], arrays[1] if len(arrays) > 1 else None
    if weight is None or op.settings.get("transA"):
        raise DownslopeError(f"{_called(op)} transposes its input; export it again")
    weight = weight if op.settings.get("transB") else weight.T
    alpha, beta = float(op.settings.get("alpha", 1.0)), float(op.settings.get("beta", 1.0))
    moved = None if bias is None else np.broadcast_to(beta * bias.reshape(-1), (len(weight),)).copy()
    return [Linear(_called(op), alpha * weight, moved)]


def _matmul(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    weight = arrays[0]
    if weight is None or weight.ndim != 2:
        raise DownslopeError(f"{_called(op)} multiplies by no matrix of weights; networks here have one way")
    return [Linear(_called(op), weight.T, None)]


def _batch_norm(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    scale, shift, mean, variance = (np.asarray(array, np.float64) for array in arrays[:4])
    scale = scale / np.sqrt(variance + float(op.settings.get("epsilon", 1e-5)))
    return [Affine(_called(op), scale, shift - mean * scale)]


def _layer_norm(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    scale, shift = arrays[0], arrays[1] if len(arrays) > 1 else None
    if scale is None or op.settings.get("axis", -1) not in (-1, 1):
        raise DownslopeError(f"{_called(op)} normalises over other axes than the values of a row")
    moved = np.zeros_like(scale) if shift is None else shift
    return [Norm(_called(op), scale, moved, float(op.settings.get("epsilon", 1e-5)))]


def _scaler(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    """(x − offset)·scale."""
    offset, scale = (np.array(op.settings[name], np.float64) for name in ("offset", "scale"))
    size = max(offset.size, scale.size)
    if size == 1:
        offset, scale = offset.reshape(()), scale.reshape(())
    return [Affine(_called(op), scale, -offset * scale)]


def _regressor(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    targets = int(op.settings.get("targets", 1))
    weight = np.array(op.settings["coefficients"], np.float64).reshape(targets, -1)
    bias = np.array(op.settings.get("intercepts") or [0.0] * targets, np.float64)
    if op.settings.get("post_transform", "NONE") != "NONE":
        raise DownslopeError(f"{_called(op)} transforms its result; export it without")
    return [Linear(_called(op), weight, bias)]


def _classifier(op: Operator, arrays: list[Numbers | None]) -> list[Step]:
    """Two classes with a row of weights each have the second one's probability; of more, all are there."""
    bias = np.array(op.settings["intercepts"], np.float64)
    weight = np.array(op.settings["coefficients"], np.float64).reshape(len(bias), -1)
    after, name = op.settings.get("post_transform", "NONE"), _called(op)
    if after == "LOGISTIC" and len(bias) <= 2:
        return [Linear(name, weight[-1:], bias[-1:]), Function(name, "sigmoid")]
    if after == "LOGISTIC":  # each against the rest, of which a Normalizer takes the shares
        return [Linear(name, weight, bias), Function(name, _functions.log_sigmoid), Function(name, "softmax")]
    if after == "SOFTMAX":
        return [Linear(name, weight, bias), Function(name, "softmax")]
    raise DownslopeError(f"{name} gives scores and no probabilities; use a classifier that has them")


_PASSED = {"Cast", "Dropout", "Flatten", "Identity", "Normalizer", "Reshape", "Squeeze", "ZipMap"}
"""What changes no number of a row."""

_LAYERS: Mapping[str, Callable[[Operator, list[Numbers | None]], list[Step]]] = {
    "BatchNormalization": _batch_norm,
    "Gemm": _gemm,
    "LayerNormalization": _layer_norm,
    "LinearClassifier": _classifier,
    "LinearRegressor": _regressor,
    "MatMul": _matmul,
    "Scaler": _scaler,
}


def _clip(op: Operator, arrays: list[Numbers | None]) -> Chosen:
    ends = [*arrays, None, None][:2]
    low, high = (
        float(op.settings.get(name, default) if end is None else end)
        for end, name, default in zip(ends, ("min", "max"), (-3.4e38, 3.4e38), strict=True)
    )
    return _functions.clipped(low, high)


def _number(op: Operator, name: str, default: float) -> float:
    return float(op.settings.get(name, default))


def _hard_sigmoid(op: Operator, arrays: list[Numbers | None]) -> Chosen:
    alpha, beta = _number(op, "alpha", 0.2), _number(op, "beta", 0.5)

    def hard_sigmoid(z: Node) -> Node:
        return ops.clip(alpha * z + beta, 0.0, 1.0)

    return hard_sigmoid


_DIRECT: Mapping[str, Callable[[Operator, list[Numbers | None]], Chosen]] = {
    "Celu": lambda op, arrays: _functions.celu(_number(op, "alpha", 1.0)),
    "Clip": _clip,
    "Elu": lambda op, arrays: Elu(_number(op, "alpha", 1.0)),
    "Gelu": lambda op, arrays: _functions.gelu_tanh if op.settings.get("approximate") == "tanh" else "gelu",
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda op, arrays: _functions.hard_swish,
    "LeakyRelu": lambda op, arrays: LeakyRelu(_number(op, "alpha", 0.01)),
    "Mish": lambda op, arrays: "mish",
    "Relu": lambda op, arrays: "relu",
    "Selu": lambda op, arrays: "selu",
    "Sigmoid": lambda op, arrays: "sigmoid",
    "Softplus": lambda op, arrays: "softplus",
    "Softsign": lambda op, arrays: _functions.softsign,
    "Tanh": lambda op, arrays: "tanh",
}


def _erf(z: Node) -> Node:
    """2·Φ(√2 z) − 1."""
    return 2.0 * ops.normal_cdf(float(np.sqrt(2)) * z) - 1.0


def _power(z: Node, exponent: Any) -> Node:
    return ops.power(z, exponent)


_ELEMENTWISE: Mapping[str, Callable[..., Node]] = {
    "Abs": ops.absolute,
    "Add": ops.add,
    "Cos": ops.cos,
    "Div": ops.divide,
    "Erf": _erf,
    "Exp": ops.exp,
    "Log": ops.log,
    "Max": ops.maximum,
    "Min": ops.minimum,
    "Mul": ops.multiply,
    "Neg": ops.negate,
    "Pow": _power,
    "Sin": ops.sin,
    "Sqrt": ops.sqrt,
    "Sub": ops.subtract,
}

_AFFINE: Mapping[str, Callable[[Numbers, int], tuple[Numbers, Numbers] | None]] = {
    "Add": lambda constant, place: (np.ones_like(constant), constant),
    "Sub": lambda constant, place: (
        (np.ones_like(constant), -constant) if place else (-np.ones_like(constant), constant)
    ),
    "Mul": lambda constant, place: (constant, np.zeros_like(constant)),
    "Div": lambda constant, place: (1 / constant, np.zeros_like(constant)) if place else None,
}
"""The scale and the shift of an operator with a constant at one of its two places."""
