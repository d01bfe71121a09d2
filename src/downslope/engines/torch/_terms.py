"""Variables of a kernel: arithmetic with them writes its lines."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

__all__ = ["Names", "Term", "Unsuited", "text"]


class Unsuited(Exception):
    """The program has no such kernel: it is too large, or has an op that looks beyond its tile."""


class Code(Protocol):
    """Where lines are written."""

    def term(self, expression: str) -> Term:
        """A new variable."""


class Term:
    """A variable of the kernel; arithmetic with it writes lines of code."""

    dtype = "tl.float32"

    def __init__(self, code: Code, name: str) -> None:
        self.code, self.name = code, name

    def __str__(self) -> str:
        return self.name

    def __neg__(self) -> Term:
        return self.code.term(f"-{self}")


def _operator(sign: str, *, turned: bool = False) -> Any:
    def apply(self: Term, other: Any) -> Term:
        a, b = (other, self) if turned else (self, other)
        return self.code.term(f"{text(a)} {sign} {text(b)}")

    return apply


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    setattr(Term, f"__{_name}__", _operator(_sign))
    setattr(Term, f"__r{_name}__", _operator(_sign, turned=True))
for _name, _sign in {
    "gt": ">",
    "ge": ">=",
    "lt": "<",
    "le": "<=",
    "ne": "!=",
    "eq": "==",
    "and": "&",
}.items():
    setattr(Term, f"__{_name}__", _operator(_sign))


def text(value: Any) -> str:
    if isinstance(value, Term):
        return value.name
    return repr(float(value)) if math.isfinite(value) else f'float("{value}")'


class Names:
    """The functions of the elementwise ops, as lines of code."""

    _PLAIN: ClassVar[dict[str, str]] = {
        "abs": "tl.abs({})",
        "exp": "tl.exp({})",
        "log": "tl.log({})",
        "sin": "tl.sin({})",
        "cos": "tl.cos({})",
        "sqrt": "tl.sqrt({})",
        "tanh": "libdevice.tanh({})",
        "expm1": "libdevice.expm1({})",
        "log1p": "libdevice.log1p({})",
        "ndtr": "libdevice.normcdf({})",
        "where": "tl.where({}, {}, {})",
        "maximum": "tl.maximum({}, {}, propagate_nan=tl.PropagateNan.ALL)",
        "minimum": "tl.minimum({}, {}, propagate_nan=tl.PropagateNan.ALL)",
        "astype": "{}.to({})",
    }

    def __getattr__(self, name: str) -> Callable[..., Term]:
        if name not in self._PLAIN:
            raise Unsuited(name)

        def call(*values: Any) -> Term:
            code = next(v for v in values if isinstance(v, Term)).code
            texts = [v if isinstance(v, str) else text(v) for v in values]
            return code.term(self._PLAIN[name].format(*texts))

        return call

    def inverse(self, a: Term) -> Term:
        return a.code.term(f"1.0 / {a}")

    def sign(self, a: Term) -> Term:
        return a.code.term(f"({a} > 0).to(tl.float32) - ({a} < 0).to(tl.float32)")
