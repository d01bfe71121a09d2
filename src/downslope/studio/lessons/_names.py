"""The names that conditions can ask for, and the parts of the page that a lesson can point at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum, auto

from downslope._dataclass import dataclass

__all__ = ["NAMES", "PANELS", "PARTS", "Kind", "Name", "alike", "is_part", "is_weight"]


class Kind(Enum):
    """What can be asked of a name."""

    NUMBER = auto()  # compared with a number
    TEXT = auto()  # equal to a word or not
    FLAG = auto()  # holds or does not
    OF = auto()  # holds of what follows: of anything where nothing follows


@dataclass(frozen=True)
class Name:
    """A name of a condition.

    Attributes:
        kind: what can be asked of it.
        meaning: for the documentation.
    """

    kind: Kind
    meaning: str


NAMES: Mapping[str, Name] = {
    "error": Name(Kind.NUMBER, "the error E of the training rows"),
    "validation_error": Name(Kind.NUMBER, "the error of the validation rows"),
    "every error": Name(Kind.NUMBER, "the error of each row without its sign, in the units of the target"),
    "accuracy": Name(Kind.NUMBER, "of classes, the share of all rows that are predicted correctly"),
    "steps": Name(
        Kind.NUMBER,
        "steps of descent in the present run with the present settings, since the step of the lesson began",
    ),
    "moves": Name(Kind.NUMBER, "moves of a weight by hand since the step of the lesson began"),
    "learning_rate": Name(Kind.NUMBER, "the learning rate η"),
    "stable_rate": Name(Kind.NUMBER, "the end of the stable range of η, where it is known"),
    "batch_size": Name(Kind.NUMBER, "the rows of a step"),
    "momentum": Name(Kind.NUMBER, "the momentum of the optimizer sgd"),
    "dropout": Name(Kind.NUMBER, "the share of hidden units that are left out in a step"),
    "l1": Name(Kind.NUMBER, "the L1 penalty"),
    "l2": Name(Kind.NUMBER, "the L2 penalty"),
    "validation": Name(Kind.NUMBER, "the share of the validation rows"),
    "seed": Name(Kind.NUMBER, "the seed of the random numbers"),
    "layers": Name(Kind.NUMBER, "layers with weights, the output counted"),
    "hidden_layers": Name(Kind.NUMBER, "layers with weights before the output"),
    "hidden_units": Name(Kind.NUMBER, "units of all hidden layers together"),
    "parameters": Name(Kind.NUMBER, "weights and biases"),
    "rows": Name(Kind.NUMBER, "rows of the table"),
    "runs": Name(Kind.NUMBER, "runs on the table, the present one counted"),
    "inputs": Name(Kind.NUMBER, "inputs of the network"),
    "activation": Name(Kind.TEXT, "the activation of every hidden layer; without one, of the output"),
    "optimizer": Name(Kind.TEXT, "the optimizer"),
    "loss": Name(Kind.TEXT, "the loss"),
    "table": Name(Kind.TEXT, "the name of the table that is open"),
    "target": Name(Kind.TEXT, "the column to predict"),
    "bias": Name(Kind.FLAG, "the output has a bias"),
    "playing": Name(Kind.FLAG, "descent is running"),
    "diverged": Name(Kind.FLAG, "the run ended at a number that is not finite"),
    "moved_by_hand": Name(Kind.FLAG, "a weight was moved by hand since the step of the lesson began"),
    "frozen": Name(Kind.FLAG, "some weight is frozen"),
    "looking_back": Name(Kind.FLAG, "a saved step of the past is shown"),
    "own_table": Name(Kind.FLAG, "another table than that of the lesson is open"),
    "selected": Name(
        Kind.OF,
        "the weight or bias that is selected: `selected w1`, or `selected W2` for any weight of layer 2",
    ),
    "open": Name(Kind.OF, "the panel that is open beside the network, such as `open chain_rule`"),
}
"""What a condition can ask for, besides weights: ``w1``, ``b``, ``W2[1,3]``, ``b1[2]``."""

PANELS = ("picture", "chain_rule", "settings", "columns", "runs", "doctor")
"""The panels beside the network."""

PARTS = (
    *("descend", "step", "speed", "learning_rate", "reset", "rows", "error", "curve", "network"),
    *("layers", "table", "lessons", *PANELS),
)
"""Parts of the page that ``[words](#part)`` points at, besides weights: ``[w₁](#w1)``."""

_WEIGHT = re.compile(r"[wWbB]\d*(\[\d+(, ?\d+)?\])?$")


def is_weight(name: str) -> bool:
    """Whether a name is one of a weight or a bias, as ``explain`` takes them."""
    return name not in NAMES and _WEIGHT.match(name) is not None and name not in ("w", "W")


def is_part(name: str) -> bool:
    """Whether a lesson can point at something."""
    return name in PARTS or is_weight(name)


def alike(name: str, known: tuple[str, ...]) -> str:
    """What was probably meant, as the end of a message."""
    found = get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else f"; there are {', '.join(known)}"
