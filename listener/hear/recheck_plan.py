"""
When the posts of a source are asked about again, and whether its clock can be kept. Pure: no I/O, every instant is passed
in.

Used by `listener.hear.recheck`, which obeys it.

Invariants: two questions to a source are at least `RecheckTerms.spacing_s` apart. Where the terms allow it, each post is
asked about within `within_s`, at a rate that does not change: whatever comes in a burst is spread over the clock, and no
post is asked about twice in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from listener.adapter import RecheckTerms

USED: Final = 0.9
"""Chosen: a round takes nine tenths of the clock, the rest is for failures and restarts."""

RIPE: Final = 0.05
"""Chosen: what was asked about within a twentieth of the clock is not asked about again: together with `USED` this lets a
burst be over in time, and a post that comes just after a question wait for the one after the next."""

LATE: Final = 0.95
"""Chosen: what waited longer is asked about as fast as the terms allow."""

EARLY_S: Final = 86_400.0
"""Chosen: a round that begins because the line was drawn anew (an objection, another consent mode) is over in a day."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    Whether a clock can be kept.

    Args:
        capacity: Posts that can be asked about within the clock, at most.
        beyond: Posts that are stored beyond that; 0 where the clock can be kept.
        pace_s: Between two questions of a round.
        round_s: How long asking about every stored post once takes.
    """

    capacity: int
    beyond: int
    pace_s: float
    round_s: float


def forecast(terms: RecheckTerms, stored: int, *, early: bool = False) -> Forecast:
    """
    What so many stored posts mean for a clock.

    Args:
        stored: Posts that can be asked about.
        early: During a round that began out of turn.
    """
    within_s = clock_s(terms, early=early)
    requests = max(1, ceil(stored / terms.batch))
    pace_s = max(terms.spacing_s, USED * within_s / requests)
    capacity = int(terms.within_s // max(terms.spacing_s, 1e-9)) * terms.batch
    return Forecast(capacity, max(0, stored - capacity), pace_s, requests * pace_s)


def clock_s(terms: RecheckTerms, *, early: bool) -> float:
    """
    Seconds within which every post is asked about.
    """
    return min(terms.within_s, EARLY_S) if early else terms.within_s


def next_question_at(
    terms: RecheckTerms,
    *,
    stored: int,
    oldest_at: datetime,
    last_at: datetime | None,
    since: datetime | None,
    now: datetime,
) -> datetime:
    """
    When the source may be asked next.

    Args:
        stored: Posts that can be asked about.
        oldest_at: When the one that has waited longest was asked about last.
        last_at: When the source was asked last; None: never.
        since: Everything asked about before this is to be asked about early; None where nothing is.
        now: Aware UTC.
    """
    early = since is not None and oldest_at < since
    ripe_at = now if early else oldest_at + timedelta(seconds=RIPE * terms.within_s)
    if last_at is None:
        return ripe_at
    late = (now - oldest_at).total_seconds() >= LATE * terms.within_s
    pace_s = terms.spacing_s if late else forecast(terms, stored, early=early).pace_s
    return max(ripe_at, last_at + timedelta(seconds=pace_s))


def ripe_before(terms: RecheckTerms, *, since: datetime | None, now: datetime) -> datetime:
    """
    Whatever was asked about before this may be asked about now.
    """
    ripe = now - timedelta(seconds=RIPE * terms.within_s)
    return ripe if since is None else max(ripe, since)


def look_again_s(terms: RecheckTerms) -> float:
    """
    How long a plan holds: what comes in meanwhile can raise the rate.
    """
    return min(3600.0, terms.within_s / 100)
