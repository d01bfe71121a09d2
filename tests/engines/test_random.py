"""The generator against the known answers published with Random123."""

import numpy as np
import pytest

from downslope.engines._random import philox, random_order, random_words


def test_known_answers():
    ones = np.full((4, 1), 0xFFFFFFFF, np.uint64)
    got = philox(ones, (0xFFFFFFFF, 0xFFFFFFFF))[:, 0]
    assert [f"{int(w):08x}" for w in got] == ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]
    digits = np.array([[0x243F6A88], [0x85A308D3], [0x13198A2E], [0x03707344]], np.uint64)
    got = philox(digits, (0xA4093822, 0x299F31D0))[:, 0]
    assert [f"{int(w):08x}" for w in got] == ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]


def test_words_do_not_depend_on_how_many_are_drawn():
    assert np.array_equal(random_words(10, 5, 1, 2), random_words(99, 5, 1, 2)[:10])
    assert not np.array_equal(random_words(10, 5, 1, 2), random_words(10, 5, 1, 3))


@pytest.mark.parametrize("count", [1, 2, 65, 1000])
def test_the_engines_shuffle_alike(count):
    native = pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    order = np.empty(count, np.int64)
    native.shuffle(order, 2**40 + 1, 2**31, 2**33 + 5)
    assert np.array_equal(order, random_order(count, 2**40 + 1, 2**31, 2**33 + 5))
    assert np.array_equal(np.sort(order), np.arange(count))
