"""
How often a feed speaks, as far as its entries show (politeness P14). Pure; used by `client`, which keeps the answer in
the cursor, so that a 304 tells it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

ENTRIES_MIN: Final = 3
"""Two entries make one gap, and one gap is no rhythm. Chosen."""

LOOKED_AT: Final = 50
"""Newest entries that count: how often a feed spoke years ago says little. Chosen."""

_BURST_S: Final = 600.0
"""Entries within this of the one before are one act: an import, a correction. Chosen."""


def rhythm_s(published: Iterable[datetime | None], now: datetime) -> float | None:
    """
    Usual seconds between two posts: the median of the gaps between them, so that neither one long silence nor a few
    busy hours decide. None below `ENTRIES_MIN` acts of publishing.

    Args:
        published: When each entry says it was published, in any order, aware. What lies in the future says nothing.
        now: Aware.
    """
    past = sorted(instant for instant in published if instant is not None and instant <= now)[-LOOKED_AT:]
    acts = past[:1]
    for before, instant in pairwise(past):
        if (instant - before).total_seconds() > _BURST_S:
            acts.append(instant)
    if len(acts) < ENTRIES_MIN:
        return None
    return median((later - act).total_seconds() for act, later in pairwise(acts))


def is_active(
    published: Iterable[datetime | None], now: datetime, *, changed_before_s: float | None, within_s: float
) -> bool:
    """
    Whether the feed is alive at the moment a new document of it is read.

    Args:
        published: As for `rhythm_s`.
        now: Aware.
        changed_before_s: Seconds since the document before this one was read; None where there was none.
        within_s: What counts as alive: something published, or two documents, within this many seconds.
    """
    if changed_before_s is not None and 0 <= changed_before_s <= within_s:
        return True
    return any(
        0 <= (now - instant).total_seconds() <= within_s for instant in published if instant is not None
    )
