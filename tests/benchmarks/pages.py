"""
How fast pages of one network become posts here and in a client that is not ours: the same bytes, by turns, in one process,
by CPU time. Used by the `bench_` of each network.
"""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable, Mapping, Sequence

Parse = Callable[[bytes], int]
"""Reads a page, and says how many posts it holds."""

REPEATS = 10
"""Pages are read so often by us for once by the others, because we are faster."""


def compare(
    found: Mapping[str, Parse],
    pages: Sequence[bytes],
    *,
    a_page: int,
    word: str,
    peer: str,
    goal: float,
    rounds: int,
) -> None:
    """
    Print posts a second of each, and how many times ours is as fast.

    Args:
        found: Ours under `listener`, and the others.
        pages: Of one network, none like another.
        a_page: Posts on one.
        word: What they are called there.
        peer: To which the goal is.
        goal: Times as fast.
        rounds: Each has one turn in each.
    """
    took: dict[str, list[float]] = {name: [] for name in found}
    for parse in found.values():
        _timed(parse, pages[:1], a_page)
    for _ in range(rounds):
        for name, parse in found.items():
            repeats = REPEATS if name == "listener" else 1
            took[name].append(_timed(parse, [*pages] * repeats, a_page) / repeats)
    print(f"{sum(map(len, pages)) / len(pages) / 1024:.0f} KiB a page of {a_page}; {rounds} rounds")
    for name, times in took.items():
        ratio = statistics.median(other / own for other, own in zip(times, took["listener"], strict=True))
        rate = a_page * len(pages) / statistics.median(times)
        wanted = f"   goal {goal:.0f}x" if name == peer else ""
        print(f"{name:26} {rate:10,.0f} {word}/s   listener is {ratio:6.1f}x as fast{wanted}")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _timed(parse: Parse, pages: Sequence[bytes], a_page: int) -> float:
    before = _cpu_s()
    count = sum(map(parse, pages))
    assert count == a_page * len(pages), count
    return _cpu_s() - before
