"""Unusual values for any parameter, which of them are good ones, and what a call with them comes to."""

import math
import re
import signal
import warnings
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

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
AT_LEAST_1 = wholes(lambda v: v >= 1)
COUNT = wholes(lambda v: 1 <= v < 1e9)
SEED = wholes(lambda v: 0 <= v < 2**64)
STEPS = wholes(lambda v: 0 <= v < 2**53)
FLAG = frozenset({"True", "False"})
OPTIONAL = frozenset({"None"})


OTHER_WORDS = {
    "then": ["learning_rate"],  # which fails at a step
    "data": ["table", "file", "matrix", "column"],
    "path": ["file"],
    "kind": ["holds"],
    "target": ["column"],
    "drop": ["column"],
    "category": ["column"],
    "number": ["column"],
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


def outcome(call, given, parameter):
    """Empty for what is as it should be: whether it worked, or a message that is of no use."""
    with warnings.catch_warnings(), at_most(30):
        warnings.simplefilter("error")
        try:
            call(**given)
        except ds.DownslopeError as error:
            message = str(error)
            names = "|".join([parameter.replace("_", "[_ ]"), *OTHER_WORDS.get(parameter, ())])
            named = re.search(rf"\b({names})\b", message, re.IGNORECASE)
            plain = len(error.args) == 1 and " at 0x" not in message and len(message) < 400
            return "refused" if named and plain else f"says only: {message}"
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:150]}"
    return "works"
