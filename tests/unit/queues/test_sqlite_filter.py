"""
The filter of runs never forgets a key, and seldom names a run for nothing.
"""

from __future__ import annotations

import random

from listener.queues.sqlite_filter import RUNS, Filter


def keys(count: int, *, seed: int) -> list[bytes]:
    """
    Random, as HMACs are.
    """
    dice = random.Random(seed)
    return [dice.randbytes(16) for _ in range(count)]


def needless(filter_: Filter, seed: int) -> float:
    """
    How many runs are named for a key that none of them holds, on average.
    """
    asked = filter_.by_run(keys(20_000, seed=seed), 0)
    return sum(map(len, asked.values())) / 20_000


def test_an_empty_filter_names_no_run() -> None:
    """
    Nothing was added, nothing is asked.
    """
    assert Filter().by_run(keys(100, seed=1), 0) == {}


def test_no_key_is_ever_forgotten() -> None:
    """
    Whatever was added, in however many pieces, while words widen and the table grows: its run is named.
    """
    filter_ = Filter()
    added = {run: keys(40 * run + 1, seed=run) for run in range(RUNS)}
    for run, some in added.items():
        for start in range(0, len(some), 700):
            filter_.add(run, some[start : start + 700])
    missing = {run: len(set(some) - set(filter_.by_run(some, 0).get(run, ()))) for run, some in added.items()}

    assert missing == dict.fromkeys(range(RUNS), 0)
    assert filter_.keys == sum(map(len, added.values()))


def test_a_wide_word_keeps_what_a_narrow_one_held() -> None:
    """
    A late run may come before an early one; both stay named.
    """
    filter_ = Filter()
    low, high = keys(10, seed=1), keys(10, seed=2)
    filter_.add(0, low)
    filter_.add(63, high)
    filter_.add(1, high)

    assert filter_.by_run(low, 0)[0] == sorted(low)
    assert (filter_.by_run(high, 0)[63], filter_.by_run(high, 0)[1]) == (sorted(high), sorted(high))


def test_few_runs_are_named_for_nothing() -> None:
    """
    One run of many keys, or all runs: a new key is looked up in less than one run of fifty keys, and of two runs of
    a hundred.
    """
    one, every = Filter(), Filter()
    one.add(0, keys(30_000, seed=1))
    for run in range(RUNS):
        every.add(run, keys(1_000, seed=run))

    assert needless(one, seed=99) < 0.001
    assert needless(every, seed=99) < 0.04


def test_blind_runs_are_always_asked() -> None:
    """
    A run that was not read yet may hold anything.
    """
    filter_ = Filter()
    some = keys(3, seed=1)

    assert filter_.by_run(some, 0b101) == {0: sorted(some), 2: sorted(some)}
