"""
Which of the sorted runs may hold a name: bits in memory, so that a new name costs no look at the disk.

Used by sqlite_keys alone. It may say yes wrongly (about once in fifty new names), never no wrongly, and knows nothing
of transactions: a bit too many costs one needless look. Names are HMACs, already random, so their own bytes say where
their bits stand. Nothing of it is stored; it is made again from the tables.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from struct import Struct
from typing import Final

RUNS: Final = 64
"""Bits of a word, and so the most runs there can be."""

_FEWEST_WORDS: Final = 1 << 12
_NAMES_PER_WORD: Final = 2.5
"""Chosen: 3.2 bytes a name; a run then fills a seventh of its bits, and 2 new names in 100 are looked up needlessly."""

_places = Struct("=4I").iter_unpack


class Filter:
    """
    One word for each of a power of two of places; bit `r` of it belongs to run `r`. A name has four places.
    """

    __slots__ = ("_mask", "_words", "names")

    def __init__(self) -> None:
        self._words = array("Q", bytes(8 * _FEWEST_WORDS))
        self._mask = _FEWEST_WORDS - 1
        self.names = 0
        """How many were added."""

    def add(self, run: int, names: Collection[bytes]) -> None:
        """
        That run holds these names.
        """
        self.names += len(names)
        while self.names > len(self._words) * _NAMES_PER_WORD:
            self._words *= 2  # the upper half begins as a copy: a place of either half keeps its bits
            self._mask = len(self._words) - 1
        words, mask, bit = self._words, self._mask, 1 << run
        for place in array("I", b"".join(names)):
            words[place & mask] |= bit

    def by_run(self, names: Collection[bytes], blind: int) -> dict[int, list[bytes]]:
        """
        Runs that may hold some of these names, with those that they may hold, in order.

        Args:
            names: Of 16 bytes.
            blind: Runs that may hold anything, a bit each.
        """
        words, mask = self._words, self._mask
        asked: dict[int, list[bytes]] = {}
        if not self.names and not blind:
            return asked
        for name, (first, second, third, fourth) in zip(names, _places(b"".join(names)), strict=True):
            runs = words[first & mask] & words[second & mask]
            if runs:
                runs &= words[third & mask] & words[fourth & mask]
            runs |= blind
            while runs:
                run = runs.bit_length() - 1
                asked.setdefault(run, []).append(name)
                runs ^= 1 << run
        for some in asked.values():
            some.sort()
        return asked
