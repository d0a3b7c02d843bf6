"""
A source at work: what intake is given, what it remembers, and what an operator is shown. No I/O.

Made by app (`Source`) and intake (`Seat`); used by intake and keeping.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import anyio
import msgspec

from listener.adapter import Poller, Streamer
from listener.hear.pace import Chance
from listener.hear.walk import Door
from listener.status import SourceStateName, SourceView


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
        interval_s: Wanted between reads.
        floor_s: Never less between reads.
        look_back: How long the source may go on showing an old post.
    """

    name: str
    network: str
    relation: Literal["own", "public"]
    keep: str
    take_all: bool
    door: Door
    reads: Poller | Streamer
    group: str
    interval_s: float
    floor_s: float
    look_back: timedelta


class Memo(msgspec.Struct, kw_only=True):
    """
    What intake itself remembers of a source, stored with its cursor.
    """

    failures: int = 0
    limited: int = 0
    error_code: str | None = None
    last_read_at: datetime | None = None
    last_new_at: datetime | None = None


@dataclass(slots=True)
class Seat:
    """
    A source at work: what is stored of it, and what it is doing.
    """

    source: Source
    cursor: bytes | None
    next_due_at: datetime
    memo: Memo
    rng: Chance
    status: SourceStateName = "waiting"
    reason: str = "not read yet"
    received: int = 0
    queued: int = 0
    reading: anyio.CancelScope | None = None
    idle: anyio.Event | None = None

    def wait(self, status: SourceStateName, until: datetime, reason: str) -> None:
        """
        The source is read again at `until`, for a reason an operator can read.
        """
        self.status, self.next_due_at, self.reason = status, until, reason

    def stopped(self) -> None:
        """
        It is not being read any more; whoever waits for that goes on.
        """
        self.reading = None
        if self.idle is not None:
            self.idle.set()

    def view(self, *, full: bool) -> SourceView:
        """
        As an operator sees it; `full` while what it read waits for room in the queue.
        """
        source, memo = self.source, self.memo
        return SourceView(
            name=source.name,
            network=source.network,
            relation=source.relation,
            keep=source.keep,
            state="paused" if full else self.status,
            reason="the queue has no room; what was read waits" if full else self.reason,
            next_due_at=None if self.status == "reading" else self.next_due_at,
            last_read_at=memo.last_read_at,
            last_new_at=memo.last_new_at,
            failures=memo.failures,
            error_code=memo.error_code,
            received=self.received,
            queued=self.queued,
        )


def memo_of(stored: bytes) -> Memo:
    """
    The stored notes; fresh ones where they cannot be read (an older version wrote them).
    """
    try:
        return msgspec.json.decode(stored, type=Memo)
    except msgspec.MsgspecError:
        return Memo()
