"""
Which of the sorted runs may hold a key: bits in memory, so that a new key costs no look at the disk.

Used by sqlite_runs alone. It may say yes wrongly (of fifty new keys, about one), never no wrongly, and knows nothing of
transactions: a bit too many costs one needless look. Keys are HMACs, already random, so their own bytes say where
their bits stand. Nothing of it is stored; it is made again from the tables.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from struct import Struct
from typing import Final

RUNS: Final = 64
"""The most runs there can be: bits of the widest word."""

_WIDTHS: Final = (("B", 8), ("H", 16), ("I", 32), ("Q", 64))
"""Types of array and how many runs each has bits for; few runs need no wide words."""

_FEWEST_WORDS: Final = 1 << 10
_WORDS_PER_KEY: Final = 25
"""Of the largest run. Chosen: its keys then fill at most 15 % of its bits, and of 2,000 keys that it does not hold
one is looked up. With all runs in use that is 3 to 6 bytes a key."""

_places = Struct("=4I").iter_unpack


class Filter:
    """
    A word for each of a power of two of places; bit `r` of it belongs to run `r`. A key has four places.
    """

    __slots__ = ("_keys", "_mask", "_words")

    def __init__(self) -> None:
        self._words = array("B", bytes(_FEWEST_WORDS))
        self._mask = _FEWEST_WORDS - 1
        self._keys = [0] * RUNS

    @property
    def keys(self) -> int:
        """
        How many were added to all runs.
        """
        return sum(self._keys)

    def add(self, run: int, keys: Collection[bytes]) -> None:
        """
        That run holds these keys.
        """
        self._keys[run] += len(keys)
        self._grow(run)
        words, mask, bit = self._words, self._mask, 1 << run
        for place in array("I", b"".join(keys)):
            words[place & mask] |= bit

    def _grow(self, run: int) -> None:
        width = next(code for code, runs in _WIDTHS if run < runs and 8 * self._words.itemsize <= runs)
        if width != self._words.typecode:
            self._words = array(width, self._words)
        while self._keys[run] * _WORDS_PER_KEY > len(self._words):
            self._words *= 2  # the upper half begins as a copy, so every key keeps its bits
        self._mask = len(self._words) - 1

    def by_run(self, keys: Collection[bytes], blind: int) -> dict[int, list[bytes]]:
        """
        Runs that may hold some of these keys, with those that they may hold, in order.

        Args:
            keys: Of 16 bytes.
            blind: Runs that may hold anything, a bit each.
        """
        asked: dict[int, list[bytes]] = {}
        if not blind and not any(self._keys):
            return asked
        words, mask = self._words, self._mask
        for key, (first, second, third, fourth) in zip(keys, _places(b"".join(keys)), strict=True):
            runs = words[first & mask] & words[second & mask]
            if runs:
                runs &= words[third & mask] & words[fourth & mask]
            runs |= blind
            while runs:
                run = runs.bit_length() - 1
                asked.setdefault(run, []).append(key)
                runs ^= 1 << run
        for some in asked.values():
            some.sort()
        return asked
