"""
A source that can be asked again, at work: what re-check is given of it, what it remembers, and what an operator is shown.

Made by app (`Rechecked`) and recheck (`Following`); used by recheck and recheck_answers. `view_of` asks the queue, nothing
else here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import anyio
import msgspec

from listener.adapter import Rechecker, RecheckTerms
from listener.events import PostKey, RemovalReason, Retraction
from listener.hear.recheck_plan import forecast
from listener.hear.seat import Seat, Source
from listener.queues.base import AskCounts, Queue
from listener.status import RecheckView

NAME: Final = "{}#recheck"
"""Of the state in the queue; no configured source can be called so."""


class Remove(Protocol):
    """
    The gate's removal of one stored post of a source.
    """

    def __call__(self, key: PostKey, *, reason: RemovalReason, now: datetime) -> Retraction: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """
    A source that can be asked again.

    Args:
        source: With a reader, a meter and an adapter of its own: those of intake are in the middle of a turn.
        terms: Of its adapter.
        remove: See there.
    """

    source: Source
    terms: RecheckTerms
    remove: Remove

    @property
    def name(self) -> str:
        """
        From the configuration.
        """
        return self.source.name

    @property
    def address(self) -> str:
        """
        `/<network>/<source>` of its posts.
        """
        return address_of(self.source.network, self.source.name)


def address_of(network: str, name: str) -> str:
    """
    `source` of a source's events.
    """
    return f"/{network}/{name}"


class Round(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    Where re-check is; stored with each answer.

    Args:
        last_at: When the source was asked last.
        since: Posts asked about before this are to be asked about early.
        line: Digest of whom the gate lets through; another one begins an early round.
    """

    last_at: datetime | None = None
    since: datetime | None = None
    line: str = ""


@dataclass(slots=True)
class Wait:
    """
    A post the source said nothing of.
    """

    failures: int
    until: datetime


@dataclass(slots=True, repr=False)
class Following:
    """
    One source at work.

    Args:
        seat: For keeping: its lease, its failures, its place in the commit.
        not_before: Back-off, a hold, or a start just now.
        counts: As of the last counting.
        count_again_at: What comes in meanwhile is not seen before this.
        warned_at: When an operator was last told that the clock cannot be kept.
    """

    each: Rechecked
    seat: Seat
    round: Round
    not_before: datetime
    count_again_at: datetime
    asks: Rechecker
    unanswered: dict[PostKey, Wait] = field(default_factory=dict)
    counts: AskCounts | None = None
    warned_at: datetime | None = None
    next_at: datetime | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    woken: anyio.Event = field(default_factory=anyio.Event)
    ended: anyio.Event = field(default_factory=anyio.Event)


async def view_of(
    queue: Queue, name: str, address: str, terms: RecheckTerms, *, now: datetime
) -> RecheckView:
    """
    What is stored of a source and whether its clock can be kept, as far as the queue tells.
    """
    counts = await queue.count_asks(address, asked_before=now - timedelta(seconds=terms.within_s))
    found = forecast(terms, counts.stored)
    return RecheckView(
        name=name,
        stored=counts.stored,
        overdue=counts.overdue,
        oldest_at=counts.oldest_at,
        within_s=terms.within_s,
        capacity=found.capacity,
        beyond=found.beyond,
        round_s=found.round_s,
    )


def round_from(stored: bytes | None, line: str) -> Round:
    """
    As it was stored; a fresh one where that cannot be read (another version wrote it).
    """
    try:
        return msgspec.json.decode(stored or b"", type=Round)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Round(line=line)
