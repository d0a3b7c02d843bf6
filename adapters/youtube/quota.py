"""
What reading costs, and what of: two quotas of a project that turn at midnight in California. Pure.

Used by the spec (`budgets`, `charges`, `outlook`), so that the reader keeps within them, and by `judging` for the hour at
which a quota is there again.

Source: developers.google.com/youtube/v3/determine_quota_cost, revision history of 2026-06-01: searches have a bucket of
their own, 100 calls a day at 1; every other list costs 1 unit of 10,000; each page is a call.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from adapters.youtube.config import YouTubeConfig
from listener.adapter import Budget, Charge, Interest, Outlay

UNITS: Final = "units"
SEARCHES: Final = "searches"
ZONE: Final = "America/Los_Angeles"
DAY_S: Final = 86_400.0

IDS_AT_ONCE: Final = 50
"""The most that a list takes by id."""

RECHECK_BATCH: Final = IDS_AT_ONCE - 1
"""Posts that one request answers for: one place is for something that is known to be there (`recheck`)."""

SWEEP_SHARE: Final = 0.8
RECHECK_SHARE: Final = 0.95
"""Chosen: looking for late replies stops first, asking about what is held next; what is said to us is read to the end."""


def seconds_until_it_turns(now: datetime) -> float:
    """
    Until the next midnight in California: 23 to 25 hours at most, as the clocks there are set.
    """
    tomorrow = now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=1)
    turn = datetime.combine(tomorrow, time(), tzinfo=ZoneInfo(ZONE))
    return (turn.astimezone(UTC) - now).total_seconds()


def budgets(config: YouTubeConfig) -> tuple[Budget, ...]:
    """
    Those that it takes from, as far as this service may use them; searches only where it searches.
    """
    both = ((UNITS, config.units_a_day), (SEARCHES, config.searches_a_day))
    return tuple(
        Budget(
            name=name,
            credential=config.credential,
            limit=limit * config.share,
            unit=name,
            window="day",
            zone=ZONE,
        )
        for name, limit in both[: 2 if config.listen == "titles" else 1]
    )


def charges(config: YouTubeConfig, address: str) -> tuple[Charge, ...]:
    """
    One of either, for every page; a request that is refused costs as much.
    """
    parts = urlsplit(address)
    call = parts.path.rpartition("/")[2]
    if call == "search":
        return (Charge(budget=SEARCHES, most=1.0),)
    asked = parse_qs(parts.query)
    share = 1.0
    if config.listen == "comments" and (call == "playlistItems" or "videoId" in asked):
        share = SWEEP_SHARE
    elif "id" in asked:
        share = RECHECK_SHARE
    return (Charge(budget=UNITS, most=1.0, share=share),)


def outlook(config: YouTubeConfig, interest: Interest, interval_s: float) -> tuple[Outlay, ...]:
    """
    What a day costs if nothing holds it back.

    Args:
        interval_s: Between two readings.
    """
    turns = DAY_S / interval_s
    again = Outlay(
        budget=UNITS,
        what="posts that are held, asked about again once a day, 49 at a time",
        a_window=None,
        each=1.0,
    )
    if config.listen == "titles":
        asked = sum(bool(terms.hashtags or terms.phrases) for terms in interest.watches.values())
        what = f"a search for one of {asked} watches every {interval_s:.0f} s"
        return (Outlay(budget=SEARCHES, what=what, a_window=turns if asked else 0.0, each=1.0), again)
    if config.listen == "uploads":
        what = f"the newest videos every {interval_s:.0f} s"
        return (Outlay(budget=UNITS, what=what, a_window=turns, each=1.0), again)
    return (
        Outlay(budget=UNITS, what=f"the newest comments every {interval_s:.0f} s", a_window=turns, each=1.0),
        Outlay(budget=UNITS, what="those of one recent video each time", a_window=turns, each=1.0),
        Outlay(budget=UNITS, what="replies of threads that grew, 100 at a time", a_window=None, each=1.0),
        again,
    )
