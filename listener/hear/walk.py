"""
One page through the house: takes a `Page` from an adapter, asks the watch and the gate about each item, gives
what a queue accepts to intake. Pure but for the fault it reports.

Invariant: received = items + withheld + rejected, by count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from listener.adapter import Page
from listener.events import (
    Change,
    Cleared,
    Count,
    Gap,
    Noted,
    Post,
    Rejected,
    Removal,
    Retraction,
    WatchName,
    Withheld,
)
from listener.keys import Sealer
from listener.queues.base import Item


class Door(Protocol):
    """
    The gate, as one source sees it: its place is already known.
    """

    def clear(
        self,
        post: Post,
        *,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: datetime,
    ) -> Cleared | Withheld:
        """
        What may be stored of a post, or why nothing may.
        """
        ...

    def retract(self, removal: Removal, *, now: datetime) -> Retraction:
        """
        A removal in names of ours.
        """
        ...

    def note(self, item: Count | Gap | Change, *, now: datetime) -> Noted:
        """
        An event about a topic or the source.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """
    What the watches ask for, as it stands now.

    Args:
        match: Names of the watches that ask for a post.
        paused: Watches past their review date; they still match, but nothing is kept for them.
        retention: Of watches that keep for less time than the deployment.
    """

    match: Callable[[Post], tuple[WatchName, ...]]
    paused: frozenset[WatchName] = frozenset()
    retention: Mapping[WatchName, timedelta] = field(default_factory=dict)


@dataclass(slots=True)
class Walked:
    """
    What became of a page before the queue.
    """

    received: int = 0
    items: list[Item] = field(default_factory=list)
    withheld: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


def walk(
    page: Page,
    *,
    asking: Asking,
    door: Door,
    take_all: bool,
    sealer: Sealer,
    now: datetime,
    report: Callable[[Exception], None],
) -> Walked:
    """
    Every item of the page, judged. An item on which our own code fails is rejected and reported; the rest goes on,
    because a page that can never be committed would stop its source for good.
    """
    walked = Walked(received=len(page.items))
    for item in page.items:
        if isinstance(item, Rejected):
            walked.rejected[item.reason] += 1
            continue
        try:
            judged = _judge(item, asking=asking, door=door, take_all=take_all, sealer=sealer, now=now)
        except Exception as error:  # noqa: BLE001 - a bug met by one post must not stop its source
            report(error)
            walked.rejected["unreadable_item"] += 1
            continue
        if isinstance(judged, Withheld):
            walked.withheld[judged.reason] += 1
        else:
            walked.items.append(judged)
    return walked


def _judge(
    item: Post | Removal | Count | Gap,
    *,
    asking: Asking,
    door: Door,
    take_all: bool,
    sealer: Sealer,
    now: datetime,
) -> Item | Withheld:
    if isinstance(item, Removal):
        return door.retract(item, now=now)
    if isinstance(item, Count | Gap):
        return door.note(item, now=now)
    asked = asking.match(item)
    watches = tuple(name for name in asked if name not in asking.paused)
    if not watches and not take_all and not item.addressed:
        return Withheld("watch_paused" if asked else "not_ours")
    shortest = min((asking.retention[name] for name in watches if name in asking.retention), default=None)
    return door.clear(item, watches=watches, shortest=shortest, sealer=sealer, now=now)
