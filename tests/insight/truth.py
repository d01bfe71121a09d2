"""The values behind the symbols of a network, by a forward pass of its own and derivatives by complex steps.

f′(x) = Im f(x + ih)/h holds to the last digit for h = 1e-30 (Squire and Trapp, "Using complex variables to
estimate derivatives of real functions", 1998), so every ∂A/∂B is one more forward pass in which B is moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from formulas import Sym, Unreadable
from scipy.special import erfc

import downslope as ds

STEP = 1e-30


def _where(positive: Any, z: Any, other: Any) -> Any:
    return np.where(np.real(positive) > 0, z, other)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _softplus(z: Any) -> Any:
    return np.log(1 + np.exp(z))


def _normal_cdf(z: Any) -> Any:
    return erfc(-z / np.sqrt(2)) / 2


def _selu(z: Any) -> Any:
    return 1.0507009873554805 * _where(z, z, 1.6732632423543772 * (np.exp(z) - 1))


FUNCTIONS: dict[str, Any] = {
    "σ": _sigmoid,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: _where(z, z, 0 * z),
    "leaky_relu": lambda z, slope=0.01: _where(z, z, slope * z),
    "elu": lambda z, alpha=1.0: _where(z, z, alpha * (np.exp(z) - 1)),
    "selu": _selu,
    "gelu": lambda z: z * _normal_cdf(z),
    "silu": lambda z: z * _sigmoid(z),
    "softplus": _softplus,
    "mish": lambda z: z * np.tanh(_softplus(z)),
    "identity": lambda z: z,
    "exp": np.exp,
    "ln": np.log,
    "cos": np.cos,
    "sin": np.sin,
    "√": np.sqrt,
    "Φ": _normal_cdf,
    "sign": lambda z: np.sign(np.real(z)),
    "min": lambda a, b: _where(b - a, a, b),
    "max": lambda a, b: _where(a - b, a, b),
    "mean": lambda v: np.mean(v),
    "var": lambda v: np.mean((v - np.mean(v)) ** 2),
    "softmax": lambda z: np.exp(z) / np.sum(np.exp(z)),
    "clip": lambda z, low, high: np.clip(np.real(z), low, high),
}


OWN = {
    "custom": lambda z: z * _sigmoid(2 * z),
    "cubed": lambda z: np.tanh(z) ** 3,
    "hinge": lambda z: _where(z, z, 0.3 * z),
    "softmax": lambda z: np.exp(z) / np.sum(np.exp(z)),
}
"""Functions that a test gives to a network."""
FUNCTIONS |= OWN
SETTINGS = {"leaky_relu": ("slope",), "elu": ("alpha",)}


def derivative(function: Any, z: Any) -> Any:
    """f′, element by element."""
    return np.imag(function(z + 1j * STEP)) / STEP


def _absolute(z: Any) -> Any:
    return z * np.sign(np.real(z))


def _loss(network: ds.Network, z: Any, y: Any) -> Any:
    """The error of a row, a mean over its outputs."""
    r = y - z
    loss = network.loss_function
    match loss.name:
        case "squared_error":
            return np.mean(r**2)
        case "absolute_error":
            return np.mean(_absolute(r))
        case "huber":
            d = loss.delta
            return np.mean(np.where(np.abs(np.real(r)) <= d, r**2 / 2, d * (_absolute(r) - d / 2)))
        case "quantile":
            level = np.array(loss.level)
            return np.mean(_where(r, level * r, (level - 1) * r))
        case "binary_cross_entropy":
            return np.mean(y * _softplus(-z) + (1 - y) * _softplus(z))
        case "poisson":
            return np.mean(np.exp(z) - y * z)
        case "cross_entropy":
            return np.log(np.sum(np.exp(z))) - z[int(y[0])]
        case "fourth_power":
            return np.mean(r**4)
        case "steep_sum":
            return np.sum(3 * r**2)
        case "mixed":
            return np.sum(r) ** 2
    raise NotImplementedError(loss.name)


def _in_turn(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The first of every row, then the second ones, and so on."""
    most = max(map(len, rows))
    return [row[k] for k in range(most) for row in rows if k < len(row)]


def _of_bins(edges: Sequence[Sequence[float]]) -> tuple[Any, Any]:
    """The line of each bin that is 0 at its lower edge and 1 at its upper one."""
    low, high = np.transpose(_in_turn([[*pairwise(row)] for row in edges]))
    return 1 / (high - low), low / (low - high)


def _of_peaks(values: Sequence[Sequence[float]]) -> tuple[Any, Any]:
    """The line of each value that is 0 at it and 1 at the nearer of its neighbours' distances."""
    gaps = [np.diff(row, prepend=-np.inf, append=np.inf) for row in values]
    nearest = _in_turn([np.minimum(gap[1:], gap[:-1]).tolist() for gap in gaps])
    return 1 / np.array(nearest), -np.array(_in_turn(values)) / np.array(nearest)


class Row:
    """What every symbol stands for on one row.

    Args:
        network, parameters, x, y: of the row: (inputs,) and (outputs,) or (1,).
        names: the symbol of each parameter, with any index it always has.
        stages: the symbols of the values on the way, in the order in which they are computed.
    """

    def __init__(
        self,
        network: ds.Network,
        parameters: Mapping[str, Any],
        x: Any,
        y: Any,
        names: Mapping[str, Sym],
        stages: Sequence[Sym],
    ) -> None:
        self.network, self.parameters, self.x, self.y = network, parameters, x, np.atleast_1d(y)
        self.names, self.stages = names, stages
        self.functions: dict[Sym, Any] = {}
        self.values = {key: np.real(value) for key, value in self.forward().items()}

    def forward(self, moved: Mapping[Sym, Any] | None = None) -> dict[Sym, Any]:
        """Every value by its symbol, some of them moved by a small imaginary amount."""
        moved = moved or {}
        found: dict[Sym, Any] = {}
        upcoming = iter(self.stages)

        def put(symbol: Sym, value: Any) -> Any:
            found[symbol] = value + moved[symbol] if symbol in moved else value
            return found[symbol]

        weights = {name: put(self.names[name], value) for name, value in self.parameters.items()}
        given = iter(weights.values())

        def stage(value: Any) -> Any:
            return put(next(upcoming), value)

        def layer(one: Any, h: Any) -> Any:
            match one:
                case ds.Dense():
                    w = next(given)
                    z = (w if w.ndim == 2 else w[None]) @ h
                    if one.bias is not False:
                        z = z + next(given)
                    z = stage(z)
                    if one.function is None:
                        return z
                    name = one.function.name
                    settings = [vars(one.function)[key] for key in SETTINGS.get(name, ())]
                    symbol = next(upcoming)
                    own = "φ" if name == "custom" else name
                    self.functions[Sym(own, layer=symbol.layer)] = FUNCTIONS[name]
                    return put(symbol, FUNCTIONS[name](z, *settings))
                case ds.Dropout():
                    return h
                case ds.LayerNorm():
                    scale, shift = next(given), next(given)
                    centred = h - np.mean(h)
                    symbol = next(upcoming)
                    normal = put(
                        Sym("ĥ", layer=symbol.layer), centred / np.sqrt(np.mean(centred**2) + one.epsilon)
                    )
                    return put(symbol, normal * scale + shift)
                case ds.Residual():
                    out = h
                    for inner in one.layers:
                        out = layer(inner, out)
                    return stage(h + out)
                case ds.Embedding():
                    rest = [i for i in range(len(h)) if i not in one.columns]
                    vectors = [next(given)[int(np.real(h[c]))] for c in one.columns]
                    return stage(np.concatenate([h[rest], *vectors]))
                case ds.PiecewiseLinear():
                    slope, offset = (next(given), next(given)) if one.learned else _of_bins(one.edges)
                    bins = [len(row) - 1 for row in one.edges]
                    order = [
                        c for b in range(max(bins)) for c, n in zip(one.columns, bins, strict=True) if b < n
                    ]
                    inside = slope * h[order] + offset
                    inside = np.where(np.real(inside) > 1, 1, _where(inside, inside, 0 * inside))
                    return stage(np.concatenate([h, inside / 2]))
                case ds.Peaks():
                    slope, offset = (next(given), next(given)) if one.learned else _of_peaks(one.values)
                    counts = [len(row) for row in one.values]
                    order = [
                        c
                        for k in range(max(counts))
                        for c, n in zip(one.columns, counts, strict=True)
                        if k < n
                    ]
                    inner = slope * h[order] + offset
                    near = 1 - _where(inner, inner, -inner)
                    return stage(np.concatenate([h, _where(near, near, 0 * near)]))
                case ds.Periodic():
                    frequency, phase = next(given), next(given)
                    columns = list(one.columns) * one.frequencies
                    angle = 2 * np.pi * one.sigma * frequency * h[columns] + np.pi * phase
                    return stage(np.concatenate([h, np.cos(angle)]))
                case ds.Sinh():
                    u = h[list(one.columns)] / one.width
                    return stage(np.concatenate([h, one.amplitude * np.sinh(u)]))
                case ds.Products():
                    made = np.outer(h[list(one.left)], h[list(one.right)])
                    return stage(np.concatenate([h, made.ravel()]))
            raise NotImplementedError(one)

        h = put(Sym("x"), np.asarray(self.x, float))
        for one in self.network.layers:
            h = layer(one, h)
        self.output = h
        y = put(Sym("y"), self.y.astype(float))
        put(Sym("q"), np.array(getattr(self.network.loss_function, "level", np.nan)))
        put(Sym("E"), _loss(self.network, h, y))
        return found

    def leaf(self, symbol: Sym) -> tuple[Sym, tuple[str, ...]]:
        """The value that a symbol is of, and the rest of its index."""
        parts = tuple(symbol.index.split(",")) if symbol.index else ()
        for fixed in range(len(parts) + 1):
            whole = Sym(symbol.letter, symbol.prime, symbol.layer, ",".join(parts[:fixed]))
            if whole in self.values:
                return whole, parts[fixed:]
        raise Unreadable(f"{symbol} stands for nothing in this network")

    def partial(self, of: Sym, by: Sym) -> Any:
        """∂of/∂by, for every number of both that the indices leave open."""
        return self._partial(of, by)

    @cache  # noqa: B019 (a row lives as long as its test)
    def _partial(self, of: Sym, by: Sym) -> Any:
        over, index_over = self.leaf(by)
        under, index_under = self.leaf(of)
        size = np.shape(self.values[over])
        chosen = _places(size, index_over)
        result = []
        for place in chosen:
            shift = np.zeros(size, complex)
            shift[place] = 1j * STEP
            value = np.imag(np.atleast_1d(self.forward({over: shift})[under])) / STEP
            result.append(value[_places(value.shape, index_under)[0]] if index_under else value.squeeze())
        if index_over or not size:
            return result[0]
        return np.array(result).reshape(size)


def _places(shape: tuple[int, ...], index: tuple[str, ...]) -> list[tuple[int, ...]]:
    if not index:
        return list(np.ndindex(shape))
    if len(index) != len(shape):
        raise Unreadable(f"the index {index} of something of the shape {shape}")
    return [tuple(int(i) - 1 for i in index)]
