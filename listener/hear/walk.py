"""
One page through the house: takes a `Page` from an adapter, asks the watch and the gate about each item, gives
what a queue accepts to intake. Pure but for the fault it reports. `judge` does it for a single post, for re-check.

Invariants: received = items + withheld + rejected, by count. A post that was let through once and would not be today
goes: its old words are not kept until its time is over (promise 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

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
    RemovalReason,
    Retraction,
    WatchName,
    Withheld,
    WithheldReason,
)
from listener.keys import Sealer
from listener.queues.base import Item

TAKEN_BACK: Final[Mapping[WithheldReason, RemovalReason]] = {
    "not_ours": "watch_removed",
    "not_public": "withdrawn",
    "objection": "withdrawn",
    "consent": "withdrawn",
}
"""Why a post that is withheld may not stay either, where it is held. The other reasons say nothing of what is held: a
watch past its review date asks for nothing new, and a signal that cannot be read is no refusal."""


Otherwise = Literal["withheld", "let_through"]
"""What the consent mode that is not in force would do with a post, where it differs."""


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

    def otherwise(self, post: Post) -> WithheldReason | None:
        """
        Why the consent mode that is not in force would withhold the post; None where it would not.
        """
        ...

    def retract(self, removal: Removal, *, now: datetime) -> Retraction:
        """
        A removal in names of ours.
        """
        ...

    def withdraw(self, post: Post, *, reason: RemovalReason, now: datetime) -> Retraction:
        """
        What is held of a post that may not be kept any more is taken away; nothing where nothing is.
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

    def within(self, watches: frozenset[WatchName] | None) -> Asking:
        """
        What these of the watches ask for; None: all of them. What only the others ask for is nobody's business.
        """
        if watches is None:
            return self
        match = self.match
        return replace(self, match=lambda post: tuple(name for name in match(post) if name in watches))


@dataclass(slots=True)
class Walked:
    """
    What became of a page before the queue.

    Args:
        received: Items of the page, without removals of what may be held (`held_only`): most are of strangers' posts.
        commits: What a queue is given, in the order of the page: `items`, and what withheld posts may have left.
        withheld: By reason.
        rejected: By reason.
        unread: When those posts say they were written whose consent cannot be read now.
        otherwise: Posts of which the consent mode that is not in force thinks differently, by what it would do.
    """

    received: int = 0
    commits: list[Item] = field(default_factory=list)
    withheld: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    unread: list[datetime | None] = field(default_factory=list)
    otherwise: Counter[str] = field(default_factory=Counter)

    @property
    def items(self) -> list[Item]:
        """
        Those that passed.
        """
        return [item for item in self.commits if not is_taken_back(item)]

    def add(self, post: Post, judged: Judged) -> None:
        """
        One more post.
        """
        if judged.withheld == "consent_unreadable":
            self.unread.append(post.published_at)
        if judged.withheld is not None:
            self.withheld[judged.withheld] += 1
        if judged.item is not None:
            self.commits.append(judged.item)
        if judged.otherwise is not None:
            self.otherwise[judged.otherwise] += 1


@dataclass(frozen=True, slots=True)
class Judged:
    """
    What the watches and the gate say of a post today.

    Args:
        item: For the queue: the post; or the end of what is held of it; None where there is neither.
        withheld: Why the post does not pass; None where it does.
        otherwise: What the consent mode that is not in force would do; None where that is the same.
    """

    item: Cleared | Retraction | None
    withheld: WithheldReason | None = None
    otherwise: Otherwise | None = None


def walk(
    page: Page,
    *,
    asking: Asking,
    door: Door,
    take_all: bool,
    sealer: Sealer,
    now: datetime,
    report: Callable[[Exception], None],
    numbers: bool = True,
) -> Walked:
    """
    Every item of the page, judged. An item on which our own code fails is rejected and reported; the rest goes on,
    because a page that can never be committed would stop its source for good.

    Args:
        numbers: Volumes may be kept; not where terms ask for an agreement that was not given (`derived_metrics`).
    """
    walked = Walked(received=sum(not (isinstance(item, Removal) and item.held_only) for item in page.items))
    for item in page.items:
        if isinstance(item, Rejected):
            walked.rejected[item.reason] += 1
            continue
        try:
            if isinstance(item, Count) and not numbers:
                walked.withheld["not_agreed"] += 1
            elif isinstance(item, Post):
                judged = judge(item, asking=asking, door=door, take_all=take_all, sealer=sealer, now=now)
                walked.add(item, judged)
            else:
                walked.commits.append(_passed(item, door, now))
        except Exception as error:  # noqa: BLE001 - a bug met by one post must not stop its source
            report(error)
            walked.rejected["unreadable_item"] += 1
    return walked


def judge(post: Post, *, asking: Asking, door: Door, take_all: bool, sealer: Sealer, now: datetime) -> Judged:
    """
    One post, judged as of now, whether it is met for the first time, again, or because somebody asked about it.

    Args:
        take_all: Its source is taken whole.
        sealer: Of the day of `now`.
        now: Aware UTC; when the post was read.
    """
    verdict = _verdict(post, asking=asking, door=door, take_all=take_all, sealer=sealer, now=now)
    otherwise = _otherwise(post, verdict, door)
    if isinstance(verdict, Cleared):
        return Judged(verdict, otherwise=otherwise)
    reason = TAKEN_BACK.get(verdict.reason)
    gone = None if reason is None else door.withdraw(post, reason=reason, now=now)
    return Judged(gone, verdict.reason, otherwise)


def is_taken_back(item: Item) -> bool:
    """
    Whether it ends what may be held of a post that does not pass or is gone, instead of being an item of a page.
    """
    return isinstance(item, Retraction) and item.held_only


def _passed(item: Removal | Count | Gap, door: Door, now: datetime) -> Retraction | Noted:
    return door.retract(item, now=now) if isinstance(item, Removal) else door.note(item, now=now)


def _otherwise(post: Post, verdict: Cleared | Withheld, door: Door) -> Otherwise | None:
    """
    Only a flag can part the two modes, and only where a watch asked: else they were not asked at all.
    """
    if not post.consent.flags:
        return None
    if isinstance(verdict, Withheld) and verdict.reason not in ("consent", "counts_only"):
        return None
    refused = isinstance(verdict, Withheld) and verdict.reason == "consent"
    would_refuse = door.otherwise(post) is not None
    if refused == would_refuse:
        return None
    return "withheld" if would_refuse else "let_through"


def _verdict(
    post: Post, *, asking: Asking, door: Door, take_all: bool, sealer: Sealer, now: datetime
) -> Cleared | Withheld:
    asked = asking.match(post)
    watches = tuple(name for name in asked if name not in asking.paused)
    if not watches and not take_all and not post.addressed:
        if (
            not post.consent.public
        ):  # first of all, as at the gate: what was hidden may have come without its words
            return Withheld("not_public")
        return Withheld("watch_paused" if asked else "not_ours")
    shortest = min((asking.retention[name] for name in watches if name in asking.retention), default=None)
    return door.clear(post, watches=watches, shortest=shortest, sealer=sealer, now=now)
