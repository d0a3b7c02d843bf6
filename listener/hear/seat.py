"""
A source at work: what intake is given, what it remembers, and what an operator is shown. No I/O.

Made by app (`Source`) and intake (`Seat`); used by intake and keeping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

import anyio

from listener.adapter import Cursor, Poller, Streamer
from listener.events import Noted, WatchName
from listener.hear.memo import Memo
from listener.hear.pace import Spread
from listener.hear.purse import Wallet
from listener.hear.reads import Meter, unpacked
from listener.hear.reasons import FIXED
from listener.hear.walk import Door
from listener.status import DerivedMetrics, SourceStateName, SourceView, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    Everything intake needs to read one source; built by app from the configuration.

    Args:
        name: From the configuration.
        network: Adapter name.
        relation: `own` or `public`.
        keep: For the operator's view.
        take_all: Keep what no watch asks for, too.
        door: The gate, with this source's place in it.
        reads: The adapter.
        group: Host or credential whose lease and pace it shares.
        interval_s: Wanted between reads; None where the source's rhythm decides.
        floor_s: Never less between reads.
        look_back: How long the source may go on showing an old post.
        meter: What its reader has asked for in this turn.
        place: Digest of its configured address; empty where it has not one.
        unconditional: The cursor without what makes the next read conditional; None where no read is.
        meanings: Of its adapter's own codes.
        wallet: What its requests are paid from; None where they cost nothing.
        secret_group: The group says which credential it is, so nobody is told.
        watches: Those that are looked for here; None: every watch.
        derived_metrics, terms_read_on: For the operator's view.
    """

    name: str
    network: str
    relation: Literal["own", "public"]
    keep: str
    take_all: bool
    door: Door
    reads: Poller | Streamer
    group: str
    interval_s: float | None
    floor_s: float
    look_back: timedelta
    derived_metrics: DerivedMetrics
    terms_read_on: date | None
    watches: frozenset[WatchName] | None = None
    meter: Meter = field(default_factory=Meter)
    place: str = ""
    unconditional: Callable[[Cursor], Cursor] | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)
    wallet: Wallet | None = None
    secret_group: bool = False

    @property
    def group_told(self) -> str:
        """
        The group as a log line may have it.
        """
        return f"{self.network} credential" if self.secret_group else self.group


@dataclass(slots=True)
class Seat:
    """
    A source at work: what is stored of it, and what it is doing.

    Args:
        new: Events of the present turn so far.
        other_withheld, other_let_through: See `Walked.otherwise`; since the daemon started.
        changes: What became of the source itself, to be told with the next commit.
        moving: It has another address from now on; intake rebuilds it after the turn.
        stalled: What it read last had to wait for room in the queue.
        forced: An operator wants the next read without validators.
        line: Digest of whom the gate let through when the present read began.
    """

    source: Source
    cursor: bytes | None
    next_due_at: datetime
    memo: Memo
    rng: Spread
    status: SourceStateName = "waiting"
    why: Why = "first"
    reason: str = FIXED["first"]
    received: int = 0
    queued: int = 0
    new: int = 0
    other_withheld: int = 0
    other_let_through: int = 0
    changes: tuple[Noted, ...] = ()
    moving: bool = False
    stalled: bool = False
    forced: bool = False
    line: str | None = None
    reading: anyio.CancelScope | None = None
    idle: anyio.Event | None = None

    def wait(self, status: SourceStateName, until: datetime, why: Why, reason: str | None = None) -> None:
        """
        The source is read again at `until`, for a reason an operator can read.
        """
        self.status, self.next_due_at, self.why = status, until, why
        self.reason = FIXED[why] if reason is None else reason

    def stopped(self) -> None:
        """
        It is not being read any more; whoever waits for that goes on.
        """
        self.reading = None
        if self.idle is not None:
            self.idle.set()

    def act(self, why: Why, reason: str) -> None:
        """
        The source is being read.
        """
        self.status, self.why, self.reason = "reading", why, reason

    def view(self, *, full: bool, reads: bool = False) -> SourceView:
        """
        As an operator sees it.

        Args:
            full: What it read waits for room in the queue.
            reads: With its latest reads.
        """
        source, memo = self.source, self.memo
        return SourceView(
            name=source.name,
            network=source.network,
            relation=source.relation,
            keep=source.keep,
            state="paused" if full else self.status,
            why="full" if full else self.why,
            reason=FIXED["full"] if full else self.reason,
            next_due_at=None if self.status in ("reading", "gone") else self.next_due_at,
            last_read_at=memo.last_read_at,
            last_new_at=memo.last_new_at,
            failures=memo.failures,
            error_code=memo.error_code,
            received=self.received,
            queued=self.queued,
            derived_metrics=source.derived_metrics,
            terms_read_on=source.terms_read_on,
            moved=memo.moved is not None,
            note=memo.note,
            silent_since=None if memo.rhythm is None else memo.rhythm.silent_since,
            other_withheld=self.other_withheld,
            other_let_through=self.other_let_through,
            reads=unpacked(memo.reads) if reads else (),
        )
