"""The texts of a file of C: the spelling of each op, the functions that they call, arrays and strings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCALAR", "TAKEN", "array_text", "helpers", "literal", "string_text"]

SCALAR: Mapping[str, str] = {
    "absolute": "fabs{f}({0})",
    "absolute_error": "fabs{f}({1} - {0})",
    "add": "{0} + {1}",
    "cos": "cos{f}({0})",
    "divide": "{0} / {1}",
    "elu": "elu{f}({0}, {alpha})",
    "exp": "exp{f}({0})",
    "expm1": "expm1{f}({0})",
    "floor": "floor{f}({0})",
    "gelu": "gelu{f}({0})",
    "leaky_relu": "leaky_relu{f}({0}, {slope})",
    "log": "log{f}({0})",
    "maximum": "fmax{f}({0}, {1})",
    "minimum": "fmin{f}({0}, {1})",
    "mish": "mish{f}({0})",
    "missing": "isnan({0}) ? 1 : 0",
    "multiply": "{0} * {1}",
    "negate": "-{0}",
    "normal_cdf": "normal_cdf{f}({0})",
    "relu": "relu{f}({0})",
    "selu": "{selu_scale} * elu{f}({0}, {selu_alpha})",
    "sigmoid": "sigmoid{f}({0})",
    "sign": "sign{f}({0})",
    "silu": "silu{f}({0})",
    "sin": "sin{f}({0})",
    "softplus": "softplus{f}({0})",
    "sqrt": "sqrt{f}({0})",
    "square": "square{f}({0})",
    "squared_error": "square{f}({1} - {0})",
    "step": "{0} > 0 ? 1 : 0",
    "subtract": "{0} - {1}",
    "tanh": "tanh{f}({0})",
    "where": "{0} != 0 ? {1} : {2}",
}
"""Each op on single numbers, from its operands {0}, {1}, … and its settings; {f} is f in float32."""

_FUNCTIONS: Mapping[str, str] = {
    "mish": """\
static R mish{f}(R z) {
    return z * tanh{f}(softplus{f}(z));
}""",
    "silu": """\
static R silu{f}(R z) {
    return z * sigmoid{f}(z);
}""",
    "gelu": """\
static R gelu{f}(R z) {
    return z * normal_cdf{f}(z);
}""",
    "normal_cdf": """\
static R normal_cdf{f}(R z) {
    return (R)0.5 * erfc{f}(-z * (R)0.70710678118654752440);
}""",
    "sigmoid": """\
static R sigmoid{f}(R z) {
    const R e = exp{f}(-fabs{f}(z)); /* never overflows, and keeps full precision in both tails */
    return (z >= 0 ? 1 : e) / (1 + e);
}""",
    "softplus": """\
static R softplus{f}(R z) {
    return fmax{f}(z, 0) + log1p{f}(exp{f}(-fabs{f}(z)));
}""",
    "elu": """\
static R elu{f}(R z, R alpha) {
    return z > 0 ? z : alpha * expm1{f}(z);
}""",
    "leaky_relu": """\
static R leaky_relu{f}(R z, R slope) {
    return z > 0 ? z : slope * z;
}""",
    "relu": """\
static R relu{f}(R z) {
    return z > 0 ? z : 0;
}""",
    "sign": """\
static R sign{f}(R z) {
    return (R)((z > 0) - (z < 0));
}""",
    "square": """\
static R square{f}(R z) {
    return z * z;
}""",
    "take": """\
/* Row number index of a table; NAN where there is none. */
static void take{f}(const R *table, R index, R *out, int rows, int size) {
    const int known = index >= 0 && index < (R)rows && index == floor{f}(index);
    for (int i = 0; i < size; i++) out[i] = known ? table[(int)index * size + i] : NAN;
}""",
}

TAKEN = """
    auto break case char const continue default do double else enum extern float for goto if inline int
    long register restrict return short signed sizeof static struct switch typedef union unsigned void
    volatile while x row work wide narrow i u k best prediction probabilities main NAN INFINITY NULL isnan
    level dense dense8 softmax strcmp strlen memcpy div exit printf signal time log sin cos tan exp pow sqrt
    j0 j1 jn y0 y1 yn gamma int32_t
""".split()  # noqa: SIM905

_OF_REAL: Mapping[str, str] = {
    "softmax": """\
static void softmax(const R *z, R *out, int size) {
    R top = z[0], sum = 0;
    for (int i = 1; i < size; i++) top = z[i] > top ? z[i] : top;
    for (int i = 0; i < size; i++) sum += out[i] = exp{f}(z[i] - top);
    for (int i = 0; i < size; i++) out[i] /= sum;
}""",
    "dense": """\
/* The product of a row and a matrix (inputs, units). */
static void dense(const R *restrict weight, const R *restrict in, R *restrict out, int inputs, int units) {
    for (int u = 0; u < units; u++) out[u] = 0;
    for (int k = 0; k < inputs; k++)
        for (int u = 0; u < units; u++) out[u] += in[k] * weight[k * units + u];
}""",
    "dense8": """\
/* The same in whole numbers, of 8 bits for weights: those of the row are so many steps of its largest. */
static void dense8(const signed char *weight, const R *scale, const R *restrict in, short *restrict whole,
                   R *restrict out, int inputs, int units, int steps) {
    R largest = 0;
    for (int k = 0; k < inputs; k++) largest = fabs{f}(in[k]) > largest ? fabs{f}(in[k]) : largest;
    const R step = largest / (R)steps, inverse = largest > 0 ? (R)steps / largest : 0;
    for (int k = 0; k < inputs; k++) whole[k] = (short)rint{f}(in[k] * inverse);
    for (int u = 0; u < units; u++) {
        int32_t sum = 0;
        for (int k = 0; k < inputs; k++) sum += (int32_t)weight[u * inputs + k] * whole[k];
        out[u] = (R)sum * step * scale[u];
    }
}""",
}

_LEVEL = """\
/* The row of a text among sorted ones; 0 where it is not among them. */
static int level(const char *text, const char *const *texts, const short *rows, int count) {
    int low = 0, high = count;
    while (low < high) {
        const int middle = (low + high) / 2, order = strcmp(text ? text : "", texts[middle]);
        if (order == 0) return rows[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return 0;
}"""

_LINE = 12  # numbers of an array in a line


def helpers(body: str, real: str) -> list[str]:
    """The functions that a text calls, each after those that it calls itself, for networks in this type."""
    texts = {name: _typed(text, real) for name, text in _OF_REAL.items()}
    for name, text in _FUNCTIONS.items():
        texts |= {f"{name}f": _typed(text, "float"), name: _typed(text, "double")}
    texts["level"] = _LEVEL
    found: list[str] = []
    for name, text in texts.items():
        if re.search(rf"\b{name}\(", "\n".join([body, *found])):
            found.insert(0, text)
    return found


def _typed(text: str, real: str) -> str:
    return re.sub(r"\bR\b", real, text.replace("{f}", "f" if real == "float" else ""))


def literal(value: float, type_: str) -> str:
    """A number that reads back as the same.

    >>> literal(0.1, "float"), literal(-2.0, "double")
    ('0.1f', '(-2.0)')
    """
    if not math.isfinite(value):
        return "NAN" if math.isnan(value) else "INFINITY" if value > 0 else "(-INFINITY)"
    text = str(np.float32(value)) if type_ == "float" else repr(float(value))
    text = text if "." in text or "e" in text else f"{text}.0"
    text += "f" if type_ == "float" else ""
    return f"({text})" if text.startswith("-") else text


def array_text(name: str, type_: str, data: NDArray[Any]) -> str:
    """The definition of an array with its numbers."""
    if type_ in ("float", "double"):
        items = [literal(value, type_).strip("()") for value in data.ravel().tolist()]
    else:
        items = list(map(str, data.ravel().tolist()))
    lines = [", ".join(items[k : k + _LINE]) for k in range(0, len(items), _LINE)]
    listed = ",\n    ".join(lines)
    return f"static const {type_} {name}[] = {{\n    {listed}}};"


def string_text(text: str) -> str:
    """A string of C, in ASCII: other bytes are octal, and no two question marks stand together."""
    plain = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\\\?' else f"\\{b:03o}" for b in text.encode())
    return f'"{plain}"'
