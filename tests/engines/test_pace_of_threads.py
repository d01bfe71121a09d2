"""The choice between one thread and several, by seconds that the tests make up."""

from __future__ import annotations

import pytest

from downslope.engines.native._threads import Pace

SMALL, LARGE = 1 << 20, 1 << 30


def runs(pace: Pace, count: int, seconds: dict[int, float], *, shared: bool = False) -> list[int]:
    """The threads of so many runs, whose steps take these seconds by the number of threads."""
    chosen = []
    for _ in range(count):
        threads = pace.threads()
        pace.took(threads, seconds[threads], shared=shared and threads > 1)
        chosen.append(threads)
    return chosen


@pytest.mark.parametrize("faster", [1, 2])
def test_small_steps_take_what_was_faster(faster):
    pace = Pace(SMALL, 2)
    seconds = {faster: 1.0, 3 - faster: 2.0}
    assert runs(pace, 200, seconds)[-20:].count(faster) >= 19
    assert runs(pace, 2000, seconds).count(3 - faster) < 20  # tries become rare


def test_large_steps_stay_on_all_threads_where_they_have_the_processors():
    assert set(runs(Pace(LARGE, 2), 500, {1: 1.0, 2: 5.0})) == {2}


def test_large_steps_leave_threads_that_wait_for_others_and_come_back():
    pace = Pace(LARGE, 2)
    assert runs(pace, 50, {1: 1.0, 2: 3.0}, shared=True)[-10:] == [1] * 10
    after = runs(pace, 500, {1: 1.0, 2: 0.5})
    assert after[-60:].count(2) >= 58


def test_shared_processors_are_still_worth_a_thread_where_it_is_faster():
    assert runs(Pace(LARGE, 2), 400, {1: 1.0, 2: 0.7}, shared=True).count(1) < 20


def test_one_lucky_run_changes_nothing():
    pace = Pace(SMALL, 2)
    runs(pace, 40, {1: 1.0, 2: 2.0})
    pace.took(2, 0.01)
    assert pace.threads() == 1


def test_what_may_have_one_thread_has_no_choice():
    pace = Pace(LARGE, 1)
    begun = pace.begin()
    pace.end(begun, 10)
    assert begun[0] == 1
    assert set(runs(pace, 20, {1: 1.0})) == {1}


def test_the_clocks_of_a_run_count_for_the_choice():
    pace = Pace(SMALL, 2)
    assert {pace.begin()[0] for _ in range(3)} == {2}
    for _ in range(40):
        begun = pace.begin()
        assert begun[0] in (1, 2)
        pace.end(begun, 5)
