"""
What the store is made of and how old it is: from `Holdings`, in names, days and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from listener.audit.findings import Check, Tally
from listener.keys import oldest_living_day, sealing_day
from listener.status import Holdings

LAYOUT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        table: frozenset(columns.split())
        for table, columns in {
            "meta": "name value",
            "log": "seq key at expiry until type source digest names ask body asked",
            "recent": "n key seq state until revision",
            "keys": "run key seq state until revision",
            "names": "run name key",
            "notes": "id until",
            "source": "name cursor due memo commit_id outcomes",
            "state": "kind name value",
            "lease": "name node fence until",
            "position": "consumer position",
            "sealing": "day key",
        }.items()
    }
)
"""Every table and column there may be, as somebody read them on 2026-11-25. `names.name` is a keyed hash, `log.ask` and
`source.cursor` hold no person (D14, D25)."""

GRACE: Final = timedelta(hours=2)
"""Chosen: upkeep looks every hour at the latest; what is there for twice as long after its end was forgotten by it."""

_FOREIGN: Final = "find out who wrote it: this version makes no such thing; restore the database from before"
_UPKEEP: Final = "start the daemon where it does not run; else look for `upkeep.failed` in its log"


def layout_check(holdings: Holdings) -> Check:
    """
    Every table and column is one of a closed list. What is not is counted, not named.
    """
    tally = Tally("tables and columns are those of the closed list")
    for table, columns in holdings.layout.items():
        tally.looked_at += 1 + len(columns)
        known = LAYOUT.get(table)
        if known is None:
            tally.found("the database", "an unknown table", todo=_FOREIGN)
            continue
        if extra := len([column for column in columns if column not in known]):
            tally.found(f"table {table}", "an unknown column", todo=_FOREIGN, count=extra)
    return tally.check()


def time_check(holdings: Holdings, *, now: datetime, retention: timedelta) -> Check:
    """
    Nothing outlives its time: bodies, keys of days, and bytes that wait to be erased.

    Args:
        holdings: As of now.
        now: Aware UTC.
        retention: Of the deployment.
    """
    tally = Tally("nothing outlives its time")
    tally.looked_at = holdings.posts + len(holdings.sealing_days) + holdings.erasures_pending
    if holdings.overdue:
        tally.found("stored bodies", "past their end", todo=_UPKEEP, count=holdings.overdue)
    oldest = holdings.oldest_body_at
    if oldest is not None and oldest < now - retention - GRACE:
        tally.found("the oldest body", "older than the retention", todo=_UPKEEP)
    first = oldest_living_day(now - GRACE, retention)
    if old := len([day for day in holdings.sealing_days if day < first]):
        tally.found("keys of days", "older than the retention", todo=_UPKEEP, count=old)
    last = sealing_day(now + timedelta(days=1))
    if late := len([day for day in holdings.sealing_days if day > last]):
        tally.found(
            "keys of days", "of a day to come", todo="set the clock of this machine right", count=late
        )
    since = holdings.erasures_since_at
    if since is not None and since < now - GRACE:
        tally.found(
            "erasures", "waiting for more than two hours", todo=_UPKEEP, count=holdings.erasures_pending
        )
    return tally.check()
