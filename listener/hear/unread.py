"""
Consent that cannot be read: how long a page with such posts waits, and when their loss is told as a gap. Pure; used by
keeping, kept in the memo, so that a restart does not wait anew.

Invariants: closed, never silent. No such post passes; each that was given up for that reason lies within the bounds of a
gap. A page that can be read waits behind one that cannot for `privacy.consent_wait_s` at the longest.

Source: privacy.md D18.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from listener.events import Gap

TOLD_EVERY: Final = timedelta(hours=1)
"""Chosen: while a signal stays unreadable, an operator learns of what that costs at once, and then by the hour."""


class Unread(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    Since when signals cannot be read, and what that has cost.

    Args:
        since: When the first page had to wait.
        seen_at: When such a post was met last.
        refusals: How many pages had to wait since one last went through.
        missed_from: Of the posts that were given up and not told of yet; None where there are none.
        missed_to: The same.
        told_at: When a gap was told last.
    """

    since: datetime
    seen_at: datetime
    refusals: int = 0
    missed_from: datetime | None = None
    missed_to: datetime | None = None
    told_at: datetime | None = None

    def refused(self, now: datetime) -> Unread:
        """
        One more page has to wait.
        """
        return msgspec.structs.replace(self, seen_at=now, refusals=self.refusals + 1)


def lasting(unread: Unread | None, now: datetime, wait: timedelta) -> Unread:
    """
    The trouble that a page with unreadable posts belongs to: the one that is going on, or a new one, where the last page
    went through and no such post was met since for as long as one would wait.
    """
    if unread is None:
        return Unread(since=now, seen_at=now)
    if unread.refusals or now - unread.seen_at < max(wait, TOLD_EVERY):
        return unread
    return msgspec.structs.replace(unread, since=now, seen_at=now)


def held_until(
    unread: Unread, published: Sequence[datetime | None], now: datetime, wait: timedelta
) -> datetime:
    """
    How long a page waits for its posts to become readable: from the first page that had to, and never less than their
    age allows, so that during a long outage each gets its time and none of what can be read comes later than `wait`.

    Args:
        unread: The trouble it belongs to.
        published: When the page's unreadable posts say they were written; at least one.
        now: Aware UTC.
        wait: `privacy.consent_wait_s`.
    """
    oldest = min((at for at in published if at is not None), default=unread.since)
    return max(unread.since, min(oldest, now)) + wait


def gone_on(
    unread: Unread | None, published: Sequence[datetime | None], now: datetime, wait: timedelta
) -> tuple[Unread | None, Gap | None]:
    """
    What is remembered after a page went through, and the gap to tell now. The trouble is over when no such post was met
    for as long as one would wait: a look-up that fails now and then makes nobody wait anew each time.

    Args:
        unread: As it is in the memo.
        published: Of the posts that it was given up for; empty where all could be read.
        now: Aware UTC.
        wait: `privacy.consent_wait_s`.
    """
    if published:
        unread = _missed(unread or Unread(since=now, seen_at=now), published, now)
    if unread is None:
        return None, None
    unread = msgspec.structs.replace(unread, refusals=0)
    over = not published and now - unread.seen_at >= max(wait, TOLD_EVERY)
    due = over or unread.told_at is None or now - unread.told_at >= TOLD_EVERY
    if unread.missed_to is None or not due:
        return (None if over else unread), None
    gap = Gap(unread.missed_from, unread.missed_to, "consent_unreadable", suspected=False)
    told = msgspec.structs.replace(unread, missed_from=None, missed_to=None, told_at=now)
    return (None if over else told), gap


def _missed(unread: Unread, published: Sequence[datetime | None], now: datetime) -> Unread:
    """
    The bounds, widened; a post that says nothing of its time may be from anywhere in the wait.
    """
    starts = [unread.since if at is None else min(at, now) for at in published]
    ends = [now if at is None else min(at, now) for at in published]
    if unread.missed_from is not None and unread.missed_to is not None:
        starts.append(unread.missed_from)
        ends.append(unread.missed_to)
    return msgspec.structs.replace(unread, seen_at=now, missed_from=min(starts), missed_to=max(ends))
