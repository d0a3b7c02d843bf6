"""
What an audit may say: where, of which kind, how many, and what to do. There is no place for what was found.

Filled by the neighbours, written down by report.py. A tally holds as many entries as there are places and kinds, both
from closed sets, so its size does not depend on how much is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

KEYS_MOST: Final = 5
"""Chosen: enough to begin with; the next audit names others."""

_KEY: Final = re.compile(r"[0-9a-f]{32}")

Verdict = Literal["clear", "found"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something that should not be here.

    Args:
        place: Where, in words of ours.
        kind: What it is, in words of ours.
        count: How often.
        todo: What to do about it.
        keys: Keys of the first posts it was found in, for `listener forget`; empty where it is in no post.
    """

    place: str
    kind: str
    count: int
    todo: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One question of an audit, answered.

    Args:
        name: Of the question.
        looked_at: How many things were looked at.
        findings: What was found.
    """

    name: str
    looked_at: int
    findings: tuple[Finding, ...]

    @property
    def found(self) -> int:
        """
        How much, all kinds together.
        """
        return sum(finding.count for finding in self.findings)

    @property
    def verdict(self) -> Verdict:
        """
        In a word.
        """
        return "found" if self.findings else "clear"


class Tally:
    """
    A check while it is made.

    Args:
        name: Of the check.
    """

    __slots__ = ("_counts", "_keys", "looked_at", "name")

    def __init__(self, name: str) -> None:
        self.name, self.looked_at = name, 0
        self._counts: dict[tuple[str, str, str], int] = {}
        self._keys: dict[tuple[str, str, str], list[str]] = {}

    def found(self, place: str, kind: str, *, todo: str, count: int = 1, key: object = None) -> None:
        """
        Note it. A key that is none of ours is left out: it may be anything.
        """
        entry = (place, kind, todo)
        self._counts[entry] = self._counts.get(entry, 0) + count
        keys = self._keys.setdefault(entry, [])
        if len(keys) < KEYS_MOST and isinstance(key, str) and _KEY.fullmatch(key) and key not in keys:
            keys.append(key)

    def check(self) -> Check:
        """
        As it stands.
        """
        return Check(
            name=self.name,
            looked_at=self.looked_at,
            findings=tuple(
                Finding(
                    place=place, kind=kind, count=count, todo=todo, keys=tuple(self._keys[place, kind, todo])
                )
                for (place, kind, todo), count in sorted(self._counts.items())
            ),
        )
