"""
Which words are used as names, looked up in `known.txt` and `added.txt`.

The lists are read when somebody checks a configuration and are let go with the `Known` that read them: a daemon that runs
holds none of it. The long one is searched as the bytes it is; a set of its words would take ten times its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal

Use = Literal["given", "family"]
_LETTERS: Final = {"given": b"gb", "family": b"fbe"}


@dataclass(frozen=True, slots=True)
class Known:
    """
    Words that are names.

    Args:
        lines: Sorted by bytes: word, tab, `g`, `f` or `b`; before them comments, which begin with `#` and sort before words.
        added: The same, few and in no order.
    """

    lines: bytes
    added: Mapping[bytes, bytes]

    @classmethod
    def read(cls) -> Known:
        """
        What is shipped.
        """
        folder = files("listener.settings.people")
        added = folder.joinpath("added.txt").read_bytes().splitlines()
        return cls(
            folder.joinpath("known.txt").read_bytes(),
            {word: use for word, tab, use in (line.partition(b"\t") for line in added) if tab},
        )

    def is_name(self, key: str, use: Use) -> bool:
        """
        Whether a folded word is used so.
        """
        word = key.encode()
        uses = self._found(word) + self.added.get(word, b"")
        return any(letter in _LETTERS[use] for letter in uses)

    def stands_first(self, key: str) -> bool:
        """
        Whether it is a family name that is written before the given one, and hardly anything else.
        """
        return self.added.get(key.encode()) == b"e"

    def _found(self, word: bytes) -> bytes:
        low, high = 0, len(self.lines)
        while low < high:
            begin = self.lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self.lines.find(b"\n", begin, high)
            end = high if end < 0 else end
            found, _, use = self.lines[begin:end].partition(b"\t")
            if found == word:
                return use
            low, high = (end + 1, high) if found < word else (low, begin)
        return b""
