"""The texts of a script: how each function is spelled, and the definitions that these call."""

from __future__ import annotations

import re
from collections.abc import Mapping

from downslope.graph import SELU_ALPHA, SELU_SCALE

__all__ = ["CALLS", "TAKEN", "helpers"]

CALLS: Mapping[str, str] = {
    "absolute": "np.abs({0})",
    "absolute_error": "np.abs({1} - {0})",
    "binary_cross_entropy": "binary_cross_entropy({0}, {1})",
    "broadcast": "broadcast({0}, {1}, {axes})",
    "cos": "np.cos({0})",
    "cross_entropy": "cross_entropy({0}, {1})",
    "elu": "elu({0}, {alpha})",
    "exp": "np.exp({0})",
    "expm1": "np.expm1({0})",
    "floor": "np.floor({0})",
    "gelu": "gelu({0})",
    "huber": "huber({0}, {1}, {delta})",
    "leaky_relu": "leaky_relu({0}, {slope})",
    "log": "np.log({0})",
    "maximum": "np.maximum({0}, {1})",
    "minimum": "np.minimum({0}, {1})",
    "mish": "mish({0})",
    "missing": "np.isnan({0}).astype(float)",
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
    "single": "np.float32({0}).astype(float)",
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
    "levels": '''\
def levels(cells, rows):
    """The row of each text in its table, (rows, 1)."""
    return np.array([[rows.get("" if cell is None else str(cell).strip(), 0)] for cell in cells], float)
''',
    "numbers": '''\
def numbers(cells):
    """A column of numbers, (rows, 1); NaN for gaps."""
    return np.array([[math.nan if cell is None or cell == "" else float(cell)] for cell in cells])
''',
    "clocks": '''\
def clocks(cells):
    """A column of durations or clock times in seconds, (rows, 1); cells are those, or numbers of seconds."""
    return np.array([[clock_seconds(cell)] for cell in cells], float)
''',
    "clock_seconds": '''\
def clock_seconds(cell):
    """Of a duration or a time of the day; NaN for a gap."""
    if cell is None or cell == "" or cell != cell:
        return math.nan
    if hasattr(cell, "total_seconds"):
        return cell.total_seconds()
    if hasattr(cell, "hour"):
        return 3600 * cell.hour + 60 * cell.minute + cell.second + cell.microsecond / 1e6
    return float(cell)
''',
    "moments": '''\
def moments(cells):
    """A column of dates as seconds since 1970, (rows, 1); cells are seconds, dates or text as 2024-12-31."""
    return np.array([[cell if isinstance(cell, (int, float)) else seconds(cell)] for cell in cells])
''',
    "seconds": '''\
def seconds(date):
    """Since 1970; NaN for a gap."""
    if date is None or date == "" or date != date:
        return math.nan
    return (np.datetime64(date, "us") - np.datetime64(0, "us")) / np.timedelta64(1, "s")
''',
}
"""What the expressions call, each after those that call it; written where it is used."""

TAKEN = [
    *("np", "base64", "math", "float", "int", "inputs", "table", "predict", "predict_proba"),
    *("classes", "decision"),
    *_HELPERS,
]
"""Names that mean something else in a script."""


def helpers(body: str) -> list[str]:
    """The definitions that a text needs, each before those that call it."""
    found: list[str] = []
    for name, definition in _HELPERS.items():
        if re.search(rf"\b{name}\(", "\n".join([body, *found])):
            found.insert(0, definition)
    return found
