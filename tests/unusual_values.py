"""Unusual values for any parameter, which of them are good ones, and what a call with them comes to."""

import math
import re
import signal
import warnings
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np

import downslope as ds

VALUES = {
    "None": None,
    "text of a number": "0.1",
    "empty text": "",
    "SGD": "SGD",
    "Tanh": "Tanh",
    "unknown name": "no such thing",
    "bytes": b"adam",
    "-1": -1,
    "0": 0,
    "1": 1,
    "8": 8,
    "-0.5": -0.5,
    "0.1": 0.1,
    "1.5": 1.5,
    "float32 0.1": np.float32(0.1),
    "int64 3": np.int64(3),
    "0-d 0.5": np.array(0.5),
    "Fraction 1/2": Fraction(1, 2),
    "Decimal 0.5": Decimal("0.5"),
    "inf": math.inf,
    "-inf": -math.inf,
    "nan": math.nan,
    "1e308": 1e308,
    "10**30": 10**30,
    "complex": 1 + 2j,
    "True": True,
    "False": False,
    "empty list": [],
    "empty dict": {},
    "empty tuple": (),
    "list of None": [None],
    "list of text": ["a"],
    "list of nan": [math.nan],
    "set": {1},
    "empty array": np.zeros((0, 3)),
    "square": np.ones((2, 2)),
    "cube": np.ones((2, 2, 2)),
    "function": lambda *given: None,
    "class": ds.Adam,
    "instance": ds.Adam(),
    "layer": ds.Dense(1),
    "object": object(),
}


def real(value):
    """Whether something is a real number by itself."""
    if isinstance(value, bool | np.bool_ | str | bytes | complex):
        return False
    return isinstance(value, int | float | np.number | Fraction | Decimal) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    )


def numbers(holds, *others):
    """The finite numbers of which something is true, and other values by their label."""
    found = {n for n, v in VALUES.items() if real(v) and math.isfinite(v) and holds(float(v))}
    return frozenset(found | set(others))


def wholes(holds, *others):
    """The whole numbers of which something is true."""
    return frozenset(numbers(lambda v: v == math.floor(v) and holds(v)) | set(others))


def reals(holds):
    """The numbers that scikit-learn takes, truth values among them, of which something is true."""
    kinds = int | float | np.integer | np.floating
    return frozenset(
        n for n, v in VALUES.items() if isinstance(v, kinds) and math.isfinite(v) and holds(float(v))
    )


def integers(holds):
    """The whole numbers that scikit-learn takes of which something is true."""
    return frozenset(n for n in reals(holds) if isinstance(VALUES[n], int | np.integer))


NOTHING = frozenset()
ANYTHING = frozenset(VALUES)
NUMBER = numbers(lambda v: True)
POSITIVE = numbers(lambda v: v > 0)
NOT_NEGATIVE = numbers(lambda v: v >= 0)
SHARE = numbers(lambda v: 0 <= v < 1)
INSIDE = numbers(lambda v: 0 < v < 1)
PATHS = frozenset({"text of a number", "SGD", "Tanh", "unknown name", "bytes"})
AT_LEAST_1 = wholes(lambda v: v >= 1)
COUNT = wholes(lambda v: 1 <= v < 1e9)
SEED = wholes(lambda v: 0 <= v < 2**64)
STEPS = wholes(lambda v: 0 <= v < 2**53)
FLAG = frozenset({"True", "False"})
OPTIONAL = frozenset({"None"})


OTHER_WORDS = {
    "then": ["learning_rate"],  # which fails at a step
    "data": ["table", "file", "matrix", "column"],
    "background": ["table", "file", "matrix", "column"],
    "table": ["file", "matrix", "column"],
    "columns": ["column"],
    "path": ["file", "folder"],
    "kind": ["holds"],
    "target": ["column"],
    "drop": ["column"],
    "category": ["column"],
    "number": ["column"],
    "order": ["for time"],
    "members": ["network"],
    "weight_decay": ["diverged"],
    "alpha": ["non-finite"],
    "learning_rate_init": ["non-finite"],
    "early_stopping": ["validation_fraction"],
    "X": [r".*"],  # scikit-learn's words for data
    "y": [r".*"],
    "sample_weight": [r".*"],
}
"""What else a message can be of."""


@contextmanager
def at_most(seconds):
    def stop(*_):
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def attempt(call, given, parameter):
    """What a call with unusual values comes to, and what it gives.

    Returns:
        "works", "refused", or a message that is of no use; and the result, if there is one.
    """
    with warnings.catch_warnings(), at_most(30):
        warnings.simplefilter("error")
        try:
            return "works", call(**given)
        except ds.DownslopeError as error:
            message = str(error)
            names = "|".join([parameter.replace("_", "[_ ]"), *OTHER_WORDS.get(parameter, ())])
            named = re.search(rf"\b({names})\b", message, re.IGNORECASE)
            plain = len(error.args) == 1 and " at 0x" not in message and len(message) < 400
            return "refused" if named and plain else f"says only: {message}", None
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:150]}", None


def plain(value):
    """The plainest spelling of a value: a float or an int, a name in small letters, an instance."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, type):
        return value()
    if not real(value):
        return value
    return int(value) if isinstance(value, int | np.integer) else float(value)


def leaves(found):
    """The arrays and texts in a result, in order."""
    if isinstance(found, ds.Run | ds.Solution):
        yield from leaves(found.parameters)
    elif isinstance(found, dict | MappingProxyType):
        yield from leaves(list(found.values()))
    elif isinstance(found, list | tuple):
        for each in found:
            yield from leaves(each)
    elif isinstance(found, ds.Network):
        yield str(found.to_json())
    elif isinstance(found, str):
        yield found
    elif found is not None:
        yield np.asarray(found)


def fingerprint(found):
    """What two results have in common if and only if they are the same to the last bit."""
    found = list(leaves(found))
    assert not any(getattr(leaf, "dtype", np.dtype(float)).kind == "O" for leaf in found)  # has no bits
    return [leaf if isinstance(leaf, str) else (leaf.dtype.str, leaf.tobytes()) for leaf in found]


def finite(found):
    """Whether all numbers of a result are."""
    arrays = [leaf for leaf in leaves(found) if not isinstance(leaf, str) and leaf.dtype.kind == "f"]
    return all(np.isfinite(leaf).all() for leaf in arrays)
