"""What the functions of ``ds.ops`` are given: numbers work as plain ones do, the rest is one clear error."""

import inspect
import math

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from downslope.graph import input_
from unusual_values import VALUES, attempt, fingerprint, plain, real

Z, Y, CLASSES = input_("z", ("n", 3)), input_("y", ("n", 3)), input_("classes", ("n",))
ROWS = {
    "z": np.array([[0.2, 0.5, 0.3], [0.4, 0.1, 0.9]]),
    "y": np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]),
    "classes": np.array([0.0, 2.0]),
}
THREE = (0.5, -1.0, 2.0)
ARGUMENTS = {"y": Y, "indices": 0, "exponent": 2, "low": 0.2, "high": 0.8, "slopes": THREE, "offsets": THREE}
OF_ONE_OP = {"matmul": {"b": ds.ops.transpose(Z)}, "cross_entropy": {"y": CLASSES}}
SETTINGS = {
    "slope": math.isfinite,
    "alpha": math.isfinite,
    "exponent": lambda v: abs(v) <= 2**53,
    "delta": lambda v: 0 < v < math.inf,
    "level": lambda v: 0 < v < 1,
    "indices": lambda v: v in (0, 1, 2),
    "axis": lambda v: v in (-2, -1, 0, 1),
    "slopes": lambda v: False,  # of each column one: a list
    "offsets": lambda v: False,
}
OF_NODES_ALONE = {
    *(("power", "a"), ("columns", "a"), ("sum", "a"), ("mean", "a"), ("softmax", "z"), ("transpose", "a")),
    ("lines", "a"),
    *(("matmul", "a"), ("matmul", "b"), ("cross_entropy", "z"), ("cross_entropy", "y")),
}
CASES = [
    (name, parameter)
    for name in ds.ops.__all__
    if name != "concatenate"
    for parameter in inspect.signature(getattr(ds.ops, name)).parameters
]


def valid(name):
    parameters = inspect.signature(getattr(ds.ops, name)).parameters.values()
    found = {p.name: Z if p.default is p.empty else p.default for p in parameters}
    return found | {n: v for n, v in ARGUMENTS.items() if n in found} | OF_ONE_OP.get(name, {})


def good(name, parameter):
    """The values that work, by their labels."""
    numbers = {label for label, value in VALUES.items() if real(value) and not math.isnan(value)}
    if parameter == "keepdims":
        return {"True", "False"}
    if parameter in SETTINGS:
        others = {"None"} if parameter == "axis" else set()
        return {label for label in numbers if SETTINGS[parameter](float(VALUES[label]))} | others
    return set() if (name, parameter) in OF_NODES_ALONE else numbers | {"True", "False"}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # such as of the logarithm of 0
@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_every_value_works_as_the_plain_one_or_is_refused(name, parameter):
    def result(value):
        node = getattr(ds.ops, name)(**{**valid(name), parameter: value})
        with np.errstate(all="ignore"):
            return evaluate([node], ROWS)

    wrong = {}
    for label, value in VALUES.items():
        wanted = "works" if label in good(name, parameter) else "refused"
        found, values = attempt(lambda **k: result(k["value"]), {"value": value}, "X")
        if found != wanted:
            wrong[label] = found
        elif found == "works" and fingerprint(values) != fingerprint(result(plain(value))):
            wrong[label] = f"not as {plain(value)}"
    assert not wrong


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_parts_side_by_side_are_nodes(value):
    with pytest.raises(ds.DownslopeError, match="concatenate needs a node, not "):
        ds.ops.concatenate(Z, value)


def test_nothing_is_no_matrix():
    with pytest.raises(ds.DownslopeError, match="concatenate needs at least one matrix"):
        ds.ops.concatenate()


@pytest.mark.parametrize("name", ["slopes", "offsets"])
def test_lines_have_a_slope_and_an_offset_for_each_column(name):
    given = {"slopes": THREE, "offsets": THREE}
    expected = ROWS["z"] * np.array(THREE) + np.array(THREE)
    for same in (list(THREE), np.array(THREE), np.array(THREE, np.float32)):
        (found,) = evaluate([ds.ops.lines(Z, **given | {name: same})], ROWS)
        np.testing.assert_array_equal(found, expected)
    for wrong in ((), (1.0,), (1.0,) * 4):
        with pytest.raises(
            ds.DownslopeError, match=f"{name} needs a number for each of 3 columns, not {len(wrong)}"
        ):
            ds.ops.lines(Z, **given | {name: wrong})
    with pytest.raises(ds.DownslopeError, match=r"lines needs a matrix as a, not the shape \('n',\)"):
        ds.ops.lines(CLASSES, **given)


@pytest.mark.parametrize("value", ["a", None, [1.0], np.ones(3), {}, 1j, float("nan")])
def test_operators_of_nodes_say_what_they_cannot_take(value):
    for operate in (lambda: Z + value, lambda: Z * value, lambda: Z - value, lambda: Z / value):
        with pytest.raises(ds.DownslopeError, match="needs nodes or numbers as its operands, not "):
            operate()
    with pytest.raises(ds.DownslopeError, match=r"exponent needs a number .*, not "):
        Z**value
