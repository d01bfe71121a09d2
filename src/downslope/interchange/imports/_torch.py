"""Modules and state dicts of PyTorch as steps. torch itself is not imported: what is given brings it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import show
from downslope.errors import DownslopeError
from downslope.interchange.imports import _functions
from downslope.interchange.imports._steps import (
    Affine,
    Chosen,
    Drop,
    Function,
    Linear,
    Norm,
    Step,
    Vectors,
)
from downslope.nets import Elu, LeakyRelu

__all__ = ["steps_of_torch"]

_OTHER_WAY = "export the model with torch.onnx.export and read the file with ds.from_onnx"


def steps_of_torch(given: Any, activation: Chosen | None) -> list[Step]:
    """The steps of a module or of a state dict.

    Raises:
        DownslopeError: for anything else, for what there is no step for, and for an activation that is not
            needed, or is needed and not given.
    """
    if isinstance(given, Mapping):
        return _of_state(given, activation)
    if not callable(getattr(given, "named_children", None)) or isinstance(given, type):
        raise DownslopeError(f"module needs a torch.nn.Sequential or a state dict, not {show(given)}")
    if activation is not None:
        raise DownslopeError("a module has its own activations; leave out activation")
    return _of_module(given)


def _of_module(module: Any) -> list[Step]:
    """The steps of a ``torch.nn.Sequential``, or of a single layer, as after ``module.eval()``.

    Raises:
        DownslopeError: for a layer that there is no step for; it names it and says what to do.
    """
    leaves = list(_leaves("", module))
    steps: list[Step] = []
    for place, (name, each) in enumerate(leaves):
        called = f"{type(each).__name__} ({name})" if name else type(each).__name__
        kind = type(each).__name__
        if kind == "Identity" or (kind == "Flatten" and each.start_dim == 1):
            continue
        if kind == "Embedding":
            steps.append(_vectors(called, each, leaves[place + 1 :]))
        elif kind in _LAYERS:
            steps += _LAYERS[kind](called, each)
        elif kind in _FUNCTIONS:
            steps.append(Function(called, _FUNCTIONS[kind](each)))
        else:
            raise DownslopeError(
                f"{called} is a layer that no network here has; these can be taken: "
                f"{', '.join(sorted(_KNOWN))}. Leave it out, or put one of these in its place"
            )
    if not steps:
        raise DownslopeError("module needs layers, and this Sequential has none")
    return steps


def _leaves(name: str, module: Any) -> Iterator[tuple[str, Any]]:
    """The layers that follow each other, with their names in the state dict."""
    kind = type(module)
    if kind.__name__ == "Sequential":
        for child, each in module._modules.items():  # named_children leaves out a layer that is there twice
            yield from _leaves(f"{name}.{child}" if name else child, each)
    elif not kind.__module__.startswith("torch.nn.modules"):
        raise DownslopeError(
            f"{kind.__name__}{f' ({name})' if name else ''} has a forward of its own, which can compute "
            f"anything; give a torch.nn.Sequential of its layers, or {_OTHER_WAY}"
        )
    elif module._forward_hooks or module._forward_pre_hooks:
        raise DownslopeError(
            f"{kind.__name__} ({name}) has hooks, which can change what it computes; remove them, such as by "
            "torch.nn.utils.remove_weight_norm"
        )
    else:
        yield name, module


def numbers(value: Any) -> NDArray[Any]:
    """A tensor, wherever it lies, or an array, in float32 or float64."""
    for method in ("detach", "cpu"):
        value = getattr(value, method, lambda value=value: value)()
    if str(getattr(value, "dtype", "")) in ("torch.bfloat16", "torch.float16"):
        value = value.float()
    found = np.asarray(value)
    return found if found.dtype in (np.float32, np.float64) else found.astype(np.float64)


def _linear(name: str, layer: Any) -> list[Step]:
    return [Linear(name, numbers(layer.weight), None if layer.bias is None else numbers(layer.bias))]


def _batch_norm(name: str, layer: Any) -> list[Step]:
    if layer.running_mean is None:
        raise DownslopeError(
            f"{name} normalises by each batch, so that a row depends on the others; train it with "
            "track_running_stats=True"
        )
    return [_at_rest(name, layer.running_mean, layer.running_var, layer.weight, layer.bias, float(layer.eps))]


def _at_rest(name: str, mean: Any, variance: Any, weight: Any, bias: Any, epsilon: float) -> Affine:
    """(h − mean)/√(variance + ε)·weight + bias."""
    scale = 1 / np.sqrt(numbers(variance).astype(np.float64) + epsilon)
    scale = scale if weight is None else scale * numbers(weight)
    shift = -numbers(mean) * scale + (0.0 if bias is None else numbers(bias))
    return Affine(name, scale, shift)


def _layer_norm(name: str, layer: Any) -> list[Step]:
    if len(layer.normalized_shape) != 1:
        raise DownslopeError(
            f"{name} normalises over {len(layer.normalized_shape)} axes, and rows here have one; give it the "
            "width alone"
        )
    (width,) = layer.normalized_shape
    scale = np.ones(width, np.float32) if layer.weight is None else numbers(layer.weight)
    shift = np.zeros(width, np.float32) if layer.bias is None else numbers(layer.bias)
    return [Norm(name, scale, shift, float(layer.eps))]


def _vectors(name: str, layer: Any, behind: list[tuple[str, Any]]) -> Vectors:
    """A table of vectors; how many columns read it, the next linear layer says."""
    if getattr(layer, "max_norm", None) is not None:
        raise DownslopeError(f"{name} renormalises its vectors; leave out max_norm")
    table = numbers(layer.weight)
    widths = (each.in_features for _, each in behind if type(each).__name__ == "Linear")
    width = next(widths, table.shape[1])
    if width % table.shape[1]:
        raise DownslopeError(
            f"{name} gives vectors of {table.shape[1]} numbers, and the next linear layer takes {width}, no "
            "multiple of them"
        )
    return Vectors(name, table, width // table.shape[1])


_LAYERS: Mapping[str, Callable[[str, Any], list[Step]]] = {
    "Linear": _linear,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Dropout": lambda name, layer: [Drop(name, float(layer.p))],
}


def _prelu(layer: Any) -> Chosen:
    if layer.weight.numel() != 1:
        raise DownslopeError(
            "PReLU has a slope for each value, and activations here have one for all; use LeakyReLU"
        )
    return LeakyRelu(float(numbers(layer.weight).item()))


_FUNCTIONS: Mapping[str, Callable[[Any], Chosen]] = {
    "CELU": lambda layer: _functions.celu(float(layer.alpha)),
    "ELU": lambda layer: Elu(float(layer.alpha)),
    "GELU": lambda layer: "gelu" if layer.approximate == "none" else _functions.gelu_tanh,
    "Hardsigmoid": lambda layer: _functions.hard_sigmoid,
    "Hardswish": lambda layer: _functions.hard_swish,
    "Hardtanh": lambda layer: _functions.clipped(float(layer.min_val), float(layer.max_val)),
    "LeakyReLU": lambda layer: LeakyRelu(float(layer.negative_slope)),
    "LogSigmoid": lambda layer: _functions.log_sigmoid,
    "LogSoftmax": lambda layer: "softmax",
    "Mish": lambda layer: "mish",
    "PReLU": _prelu,
    "ReLU": lambda layer: "relu",
    "ReLU6": lambda layer: _functions.clipped(0.0, 6.0),
    "SELU": lambda layer: "selu",
    "SiLU": lambda layer: "silu",
    "Sigmoid": lambda layer: "sigmoid",
    "Softmax": lambda layer: "softmax",
    "Softplus": lambda layer: "softplus" if layer.beta == 1 else _functions.softplus(float(layer.beta)),
    "Softsign": lambda layer: _functions.softsign,
    "Tanh": lambda layer: "tanh",
}
_KNOWN = {*_LAYERS, *_FUNCTIONS, "Embedding", "Flatten", "Identity", "Sequential"}


def _of_state(state: Mapping[str, Any], activation: Chosen | None) -> list[Step]:
    """The steps of a state dict, whose layers are told by their names and shapes; functions it does not hold.

    Args:
        state: tensors or arrays by name: ``"0.weight"``, ``"0.bias"``, …
        activation: after each linear layer but the last, behind its normalisation where there is one.

    Raises:
        DownslopeError: for a layer that cannot be told, and where the activation is needed and not given.
    """
    layers: dict[str, dict[str, NDArray[Any]]] = {}
    for name, value in state.items():
        layer, _, role = str(name).rpartition(".")
        if role != "num_batches_tracked":
            layers.setdefault(layer, {})[role] = numbers(value)
    found = [_told(name, roles) for name, roles in layers.items()]
    places = [place for place, step in enumerate(found) if isinstance(step, Linear)]
    if not found:
        raise DownslopeError("module needs layers, and this state dict has none")
    if len(places) < 2:
        return found
    if activation is None:
        raise DownslopeError(
            "a state dict does not hold the activation functions; name the one after each layer but the "
            'last, such as activation="relu", or give the torch.nn.Sequential itself'
        )
    steps: list[Step] = []
    for place, step in enumerate(found):
        if isinstance(step, Linear) and place != places[0]:
            steps.append(Function(f"the activation before {step.name}", activation))
        steps.append(step)
    return steps


def _told(name: str, roles: Mapping[str, NDArray[Any]]) -> Step:
    """The step of a layer by what it holds."""
    called, weight, bias = f"the layer {name!r}", roles.get("weight"), roles.get("bias")
    if weight is not None and weight.ndim == 2 and set(roles) <= {"weight", "bias"}:
        return Linear(called, weight, bias)
    if {"running_mean", "running_var"} <= set(roles):
        return _at_rest(called, roles["running_mean"], roles["running_var"], weight, bias, 1e-5)
    if weight is not None and bias is not None and weight.ndim == 1 and set(roles) == {"weight", "bias"}:
        return Norm(called, weight, bias, 1e-5)
    held = ", ".join(f"{role} {value.shape}" for role, value in roles.items())
    raise DownslopeError(
        f"{called} of the state dict holds {held}, which is no linear layer and no normalisation; give the "
        "torch.nn.Sequential itself"
    )
