"""Classes whose methods are made when one is first used, beside those of the standard library."""

import copy
import dataclasses
import inspect
import pickle
import threading
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from downslope._dataclass import dataclass as later
from downslope._forks import cached_property

KINDS = [
    {},
    {"frozen": True},
    {"eq": False},
    {"frozen": True, "eq": False},
    {"frozen": True, "repr": False},
    {"frozen": True, "order": True},
]


def pair(decorator, **options):
    @decorator(**options)
    class Pair:
        left: int
        right: list[int] = field(default_factory=list, compare=False)
        name: str = "pair"

        def __post_init__(self):
            object.__setattr__(self, "seen", self.left + len(self.right))

        @cached_property
        def twice(self):
            return 2 * self.left

    return Pair


@later(frozen=True)
class Point:
    """Of a plane."""

    x: float
    y: float = 0.0


@later(frozen=True)
class Named(Point):
    """A point with a name."""

    name: str = ""


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_a_class_is_as_that_of_the_standard_library(options):
    ours, theirs = pair(later, **options), pair(dataclass, **options)
    for kind in (ours, theirs):
        kind.__qualname__ = "Pair"
    assert [(f.name, f.default, f.compare) for f in fields(ours)] == [
        (f.name, f.default, f.compare) for f in fields(theirs)
    ]
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert ours.__match_args__ == theirs.__match_args__
    assert (ours.__hash__ is None) == (theirs.__hash__ is None)
    assert ours.__dataclass_params__.frozen == theirs.__dataclass_params__.frozen
    a, b = ours(1, [2]), theirs(1, [2])
    assert (a.seen, a.twice, a.name) == (b.seen, b.twice, b.name) == (2, 2, "pair")
    assert (a == ours(1)) == (b == theirs(1))
    assert a not in (ours(2), b)
    assert a == a
    assert (repr(a) == repr(b)) == options.get("repr", True)
    assert dataclasses.asdict(a) == dataclasses.asdict(b)
    assert replace(a, left=5).left == copy.deepcopy(replace(a, left=5)).left == 5
    if options.get("order"):
        assert a < ours(2) >= a
    if options == {"frozen": True}:
        assert hash(a) == hash(b) == hash(ours(1))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'left'"):
        ours()


@pytest.mark.parametrize("attribute", ["left", "name", "another"])
def test_objects_of_a_frozen_class_refuse_what_those_of_the_standard_library_refuse(attribute):
    messages = []
    for decorator in (later, dataclass):
        frozen = pair(decorator, frozen=True)(1)
        with pytest.raises(FrozenInstanceError) as setting:
            setattr(frozen, attribute, 2)
        with pytest.raises(FrozenInstanceError) as deleting:
            delattr(frozen, attribute)
        messages.append((str(setting.value), str(deleting.value)))
    assert messages[0] == messages[1]


def test_a_plain_subclass_of_a_frozen_class_may_have_attributes_of_its_own():
    class Marked(pair(later, frozen=True)):
        pass

    marked = Marked(1)
    marked.mark = 3
    del marked.mark
    with pytest.raises(FrozenInstanceError):
        marked.left = 2


def test_a_class_with_a_dataclass_among_its_bases():
    assert Named(1.0, name="a") == Named(1.0, 0.0, "a") != Point(1.0)
    assert repr(Named(1.0)) == "Named(x=1.0, y=0.0, name='')"
    with pytest.raises(FrozenInstanceError):
        Named(1.0).x = 2.0


def test_what_a_class_writes_itself_stays():
    @later
    class Written:
        x: int

        def __init__(self):
            self.x = 7

        def __repr__(self):
            return "mine"

        def __eq__(self, other):
            return True

    assert (repr(Written()), Written().x, Written() == 3) == ("mine", 7, True)
    assert Written.__hash__ is None


def test_a_method_that_is_set_before_the_class_is_used_stays():
    fresh = pair(later, frozen=True)
    fresh.__repr__ = lambda self: "set"
    assert (repr(fresh(1)), fresh(1) == fresh(1)) == ("set", True)


def test_a_class_that_no_code_has_used_yet_is_pickled_and_compared():
    assert pickle.loads(pickle.dumps(Point(1.0))) == Point(1.0)
    fresh = pair(later)
    blank = fresh.__new__(fresh)
    blank.left, blank.right, blank.name = 1, [], "pair"
    assert blank == fresh(1)


def test_threads_that_use_a_class_first_at_once_all_find_its_methods():
    for _ in range(50):
        fresh, found, gate = pair(later, frozen=True), [], threading.Barrier(4)

        def use(fresh=fresh, found=found, gate=gate):
            gate.wait()
            found.append((fresh(1) == fresh(1), hash(fresh(1)) == hash(fresh(1)), repr(fresh(1))))

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert {same[:2] for same in found} == {(True, True)}
