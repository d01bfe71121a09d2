"""Conditions of lessons: the grammar, each name, and what is refused."""

import math
import operator
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from downslope.errors import DownslopeError
from downslope.studio.lessons import NAMES, PANELS, Kind, condition_of

NUMBERS = [name for name, about in NAMES.items() if about.kind is Kind.NUMBER]
FLAGS = [name for name, about in NAMES.items() if about.kind is Kind.FLAG]
TEXTS = [name for name, about in NAMES.items() if about.kind is Kind.TEXT]
SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


class Told:
    """Facts that are given by name; what is not given is not known, or does not hold."""

    def __init__(self, **known):
        self.known = {name.replace("every_error", "every error"): value for name, value in known.items()}

    def number(self, name):
        return self.known.get(name, math.nan)

    def texts(self, name):
        return self.known.get(name, ())

    def flag(self, name):
        return self.known.get(name, False)

    def of(self, name, what):
        return what in self.known.get(name, ())


def holds(text, **known):
    return condition_of(text).holds(Told(**known))


def test_the_examples_of_the_documentation():
    assert holds("every error < 0.1", every_error=np.array([0.05, 0.09]))
    assert not holds("every error < 0.1", every_error=np.array([0.05, 0.1]))
    assert holds("error < 0.5 and steps >= 100", error=0.4, steps=100)
    assert not holds("error < 0.5 and steps >= 100", error=0.4, steps=99)
    assert holds("selected w1", selected=["w1", ""])
    assert not holds("selected w1", selected=["w2", ""])
    assert holds("selected", selected=["w2", ""])
    assert holds(
        "learning_rate > stable_rate and diverged", learning_rate=0.01, stable_rate=0.0073, diverged=True
    )
    assert holds("layers ≥ 2", layers=2)
    assert holds("activation = tanh", activation=("tanh", "tanh"))
    assert not holds("activation is tanh", activation=("tanh", "relu"))
    assert holds('table != "five rows"', table=("mine.csv",))
    assert holds("W2[1, 3] > −1.5e-1", **{"W2[1, 3]": 0.0})


@pytest.mark.parametrize("sign", SIGNS)
@settings(deadline=None)
@given(left=some.floats(allow_nan=False), right=some.floats(allow_nan=False, allow_infinity=False))
def test_a_comparison_is_that_of_numbers(sign, left, right):
    assert holds(f"error {sign} {right!r}", error=left) is SIGNS[sign](left, right)
    assert not holds(f"error {sign} {right!r}")  # not known, not reached


TREES = some.recursive(
    some.sampled_from(FLAGS),
    lambda parts: some.one_of(
        some.tuples(some.just("not"), parts),
        some.lists(parts, min_size=2, max_size=3).map(lambda p: ("and", *p)),
        some.lists(parts, min_size=2, max_size=3).map(lambda p: ("or", *p)),
    ),
    max_leaves=12,
)


def written(tree):
    if isinstance(tree, str):
        return tree
    head, *parts = tree
    inside = [part if isinstance(part, str) else f"({written(part)})" for part in parts]
    return f"not {inside[0]}" if head == "not" else f" {head} ".join(inside)


def value(tree, known):
    if isinstance(tree, str):
        return tree in known
    head, *parts = tree
    found = [value(part, known) for part in parts]
    return not found[0] if head == "not" else all(found) if head == "and" else any(found)


@settings(deadline=None)
@given(tree=TREES, known=some.sets(some.sampled_from(FLAGS)))
def test_joined_conditions_hold_as_their_logic_says(tree, known):
    assert holds(written(tree), **dict.fromkeys(known, True)) is value(tree, known)


def test_and_binds_closer_than_or_and_not_closest():
    for text in ("playing or frozen and bias", "playing or (frozen and bias)"):
        assert holds(text, playing=True)
        assert not holds(text, frozen=True)
    assert holds("not playing and bias", bias=True)
    assert not holds("not (playing or bias)", bias=True)


@settings(deadline=None)
@given(text=some.text(max_size=60))
def test_any_text_is_a_condition_or_refused_in_words(text):
    check(text)


@settings(deadline=None)
@given(
    words=some.lists(
        some.sampled_from(
            ["and", "or", "not", "(", ")", "<", "=", "0.1", "every", "error", "w1", "selected", *NAMES]
        ),
        max_size=12,
    )
)
def test_any_row_of_known_words_is_a_condition_or_refused_in_words(words):
    check(" ".join(words))


def check(text):
    found, refused = False, "a sentence"
    try:
        found = condition_of(text).holds(Told())
    except DownslopeError as error:
        refused = str(error)
    assert found in (True, False)
    assert " " in refused


@pytest.mark.parametrize("name", NUMBERS)
def test_each_number_is_compared_and_nothing_else(name):
    assert holds(f"{name} > 1", **{name.replace(" ", "_"): 2.0})
    for text in (name, f"{name} = tanh", f"{name} 3"):
        with pytest.raises(DownslopeError):
            condition_of(text)


@pytest.mark.parametrize("name", FLAGS)
def test_each_flag_stands_alone(name):
    assert holds(name, **{name: True})
    with pytest.raises(DownslopeError):
        condition_of(f"{name} = 1")


@pytest.mark.parametrize("name", TEXTS)
def test_each_text_is_equal_to_a_word(name):
    assert holds(f'{name} = "a b"', **{name: ("a b",)})
    assert not holds(f"{name} != ab", **{name: ("ab",)})
    with pytest.raises(DownslopeError, match=f"{name} is a text"):
        condition_of(f"{name} < 1")


@pytest.mark.parametrize("panel", PANELS)
def test_each_panel_can_be_open(panel):
    assert holds(f"open {panel}", open=[panel])
    assert not holds(f"open {panel}", open=["another"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early; it needs a name or a number"),
        ("error", "it needs <, <=, >, >= or = after error"),
        ("error <", "it needs a number after <"),
        ("error < small", "there is no name 'small'"),
        ("eror < 1", "there is no name 'eror'; did you mean 'error'?"),
        ("every w1 < 1", "every stands before error"),
        ("error < 1 steps > 2", "'steps' cannot follow here; join conditions with and, or"),
        ("(error < 1", "a bracket is opened and not closed"),
        ("error < 1)", "')' cannot follow here"),
        ("error < 1 and", "it needs a name or a number"),
        ("error < playing", "playing is no number"),
        ("open picturs", "there is no panel 'picturs'; did you mean 'picture'?"),
        ("selected first", "'first' is no weight; write w1, b"),
        ("error < 1; import os", "'; import os' is no part of a condition"),
        ("__import__", "there is no name '__import__'"),
        ("not " * 99 + "playing", "too many brackets"),
        ("(" * 99 + "playing", "too many brackets"),
    ],
)
def test_what_is_no_condition_is_refused(text, message):
    with pytest.raises(DownslopeError, match=re.escape(message)):
        condition_of(text)
