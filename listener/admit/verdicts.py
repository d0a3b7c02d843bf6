"""
What becomes of an address that somebody wants to be read: a closed set, and the line that says it.

Made by `looking` and `admission`, printed by `listener feeds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal[
    "added",
    "already_there",
    "duplicate",
    "no_feed",
    "robots",
    "unreachable",
    "gone",
    "person",
    "private",
    "not_an_address",
    "broken",
    "interrupted",
]

SAID: Final[Mapping[Verdict, str]] = {
    "added": "added",
    "already_there": "already there",
    "duplicate": "duplicate in this list",
    "no_feed": "no feed found",
    "robots": "refused by robots.txt",
    "unreachable": "unreachable",
    "gone": "nothing there any more",
    "person": "not allowed: watches a person",
    "private": "not read: a private address, or a redirect that is not followed",
    "not_an_address": "not a web address",
    "broken": "outline cannot be read",
    "interrupted": "not asked: interrupted",
}
"""In words, in the order in which they are counted."""

FINE: Final = frozenset[Verdict]({"added", "already_there", "duplicate"})
"""What was wanted is read, or will be."""


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """
    One address that somebody wants to be read.

    Args:
        line: Of the list, or place on the command line, from 1.
        address: As given; None where the list is broken there.
        is_feed: Whoever gave it says that it is a feed: it is read as one, without asking robots.txt.
    """

    line: int
    address: str | None
    is_feed: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Line:
    """
    What became of it.

    Args:
        wanted: The address.
        verdict: From the closed set.
        note: Why, in words that hold no address and nothing of an answer; None where the verdict says it all.
        feed: Where it will be read, of `added`, or is read already.
        page: What announced the feed; None where the address was the feed itself.
    """

    wanted: Wanted
    verdict: Verdict
    note: str | None = None
    feed: str | None = None
    page: str | None = None
