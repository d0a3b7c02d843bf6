"""
Making pages durable: takes a page of a source, walks it through watch and gate, and commits it with the cursor,
the time of the next read, the host's holds and the lease it was read under; failures are committed the same way,
so that a restart does not ask earlier.

Used by intake. Invariant: `Seat.cursor` is never ahead of what the queue acknowledged.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import msgspec

from listener.adapter import Freshness, Page
from listener.clock import Clock
from listener.errors import (
    AccessDenied,
    DocumentRefused,
    LeaseLost,
    QueueFull,
    RateLimited,
    RequestRefused,
    SourceError,
)
from listener.events import Noted
from listener.hear.pace import Pace, next_due
from listener.hear.policies import failure_wait_s, rate_limited_wait_s, when_full
from listener.hear.seat import Seat
from listener.hear.walk import Asking, Walked, walk
from listener.keys import Sealer, sealing_day
from listener.queues.base import Commit, Item, Lease, Outcome, Queue, Scope, SourceState, parts
from listener.telemetry import Telemetry, place_of

T = TypeVar("T")

LEASE_TTL_S: Final = 120.0
"""Chosen: a node that dies is replaced within two of these (design.md section 6)."""

KEY_SLACK: Final = timedelta(days=7)
"""Keys are extended at most once a week, so they are given a week more than the source's look-back."""

CEILING_S: Final = 86_400.0
"""Chosen: whatever a server hints, each source is asked once a day (politeness P9: a 16-year max-age was seen)."""

JITTER: Final = 0.1
"""Chosen: sources that were due together drift apart by a tenth of their interval."""

DENIED_WAIT_S: Final = 86_400.0
"""Chosen: a server that refuses us is asked once a day."""

PUBLIC_RETRY_FLOOR_S: Final = 300.0
"""Chosen: a stranger's server in trouble is not asked again within five minutes."""

_HINTS: Final = {
    "unavailable": "the server gives no usable answer; look at its address in a browser",
    "refused": "our own guard refused the address; see `reader.allow_addresses` and the source's address",
    "not_understood": "the answer is not what the source should be; look at its address in a browser",
    "denied": "the server wants a credential or does not want us; ask its owner",
    "internal": "a fault of ours; please report the daemon.fault line",
}


class Keeper:
    """
    The one that commits, for every source.

    Args:
        queue: Where pages are committed.
        pace: Shared with the reader; its holds are stored with each commit.
        asking: What the watches ask for; may be replaced at any time through the attribute.
        node: Name under which leases are taken.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        pace: Pace,
        asking: Asking,
        clock: Clock,
        telemetry: Telemetry,
        node: str,
    ) -> None:
        self.asking = asking
        self.full: set[str] = set()
        self._queue, self._pace, self._clock, self._telemetry = queue, pace, clock, telemetry
        self._node = node
        self._leases: dict[str, Lease] = {}
        self._sealers: dict[date, Sealer] = {}

    # ------------------------------------------------------------------------------------------------ pages

    async def keep(self, seat: Seat, page: Page, lease: Lease) -> None:
        """
        Walk one page and make it durable, with the cursor and the time of the next read.
        """
        source, now = seat.source, self._clock.now()
        walked = walk(
            page,
            asking=self.asking,
            door=source.door,
            take_all=source.take_all,
            sealer=await self._sealer(seat, now),
            now=now,
            report=self.report,
        )
        recovered = seat.memo.failures
        seat.memo.failures = seat.memo.limited = 0
        seat.memo.error_code = None
        seat.memo.last_read_at = now
        due_at = now if page.more else self._next_read(seat, page.freshness, now)
        cursor = seat.cursor if page.cursor is None else page.cursor
        commit = self._commit_of(seat, tuple(walked.items), cursor, due_at, lease, now)
        outcomes = await self._commit(seat, commit)
        seat.cursor = cursor
        if not page.more:
            seat.wait("waiting", due_at, "waiting for its next turn")
        if recovered:
            self._telemetry.source_recovered(source=source.name, failures=recovered)
        self._count(seat, page, walked, outcomes)

    def _next_read(self, seat: Seat, freshness: Freshness, now: datetime) -> datetime:
        source = seat.source
        if source.relation == "own":
            # What is said to us is seen within two minutes; a blog's software that says "hourly" was never asked.
            freshness = Freshness(
                not_modified=freshness.not_modified, has_validators=freshness.has_validators
            )
        due = next_due(
            now,
            interval_s=source.interval_s,
            floor_s=source.floor_s,
            ceiling_s=max(CEILING_S, source.interval_s),
            freshness=freshness,
            jitter=JITTER,
            rng=seat.rng,
        )
        if due.note is not None:
            asked_s, used_s = freshness.fresh_for_s or source.interval_s, (due.at - now).total_seconds()
            self._telemetry.source_clamped(source=source.name, why=due.note, asked_s=asked_s, used_s=used_s)
        return due.at

    def _commit_of(
        self,
        seat: Seat,
        items: tuple[Item, ...],
        cursor: bytes | None,
        due_at: datetime,
        lease: Lease,
        now: datetime,
    ) -> Commit:
        source = seat.source
        look_back = max(source.look_back, timedelta(seconds=3 * source.interval_s))
        return Commit(
            commit_id=secrets.token_hex(16),
            source=source.name,
            items=items,
            state=SourceState(cursor, due_at, msgspec.json.encode(seat.memo)),
            states={Scope("host", source.group): self._pace.dump(source.group)},
            lease=lease,
            at=now,
            keys_until_at=now + look_back + KEY_SLACK,
        )

    async def _commit(self, seat: Seat, commit: Commit) -> tuple[Outcome, ...]:
        """
        Durable, or `LeaseLost`; waits for as long as the queue has no room.
        """
        outcomes: list[Outcome] = []
        for part in parts(commit, previous_cursor=seat.cursor):
            started = self._clock.monotonic()
            outcomes += await self._with_room(seat, partial(self._queue.commit, part))
            self._telemetry.commit_seconds.observe(self._clock.monotonic() - started)
        return tuple(outcomes)

    async def _with_room(self, seat: Seat, act: Callable[[], Awaitable[T]]) -> T:
        """
        What `act` returns, tried again for as long as the queue has no room; the page waits in memory meanwhile.
        """
        try:
            return await act()
        except QueueFull:
            if not self.full:
                hint = "free disk space where the queue lies; nothing is lost, intake goes on by itself"
                self._telemetry.queue_paused(hint=hint)
        self.full.add(seat.source.name)
        try:
            async for attempt in when_full(self._clock.sleep):
                with attempt:
                    done = await act()
        finally:
            self.full.discard(seat.source.name)
        if not self.full:
            self._telemetry.queue_resumed()
        return done

    def _count(self, seat: Seat, page: Page, walked: Walked, outcomes: tuple[Outcome, ...]) -> None:
        by = Counter(
            "noted" if isinstance(item, Noted) and outcome == "created" else outcome
            for item, outcome in zip(walked.items, outcomes, strict=True)
        )
        new = by["created"] + by["updated"] + by["removed"]
        seat.received += walked.received
        seat.queued += new
        if new:
            seat.memo.last_new_at = self._clock.now()
        if not walked.received and page.freshness.not_modified:
            self._telemetry.source_unchanged(source=seat.source.name)
            return
        self._telemetry.source_page_fetched(source=seat.source.name, items=walked.received, more=page.more)
        self._telemetry.page_walked(
            source=seat.source.name,
            received=walked.received,
            created=by["created"],
            updated=by["updated"],
            removed=by["removed"],
            noted=by["noted"],
            repeat=by["repeat"],
            refused=by["refused"],
            seen=by["seen"],
            withheld=walked.withheld,
            rejected=walked.rejected,
        )

    # --------------------------------------------------------------------------------------------- failures

    async def failed(self, seat: Seat, error: Exception) -> None:
        """
        Schedule a source that failed, durably, so that a restart does not ask it earlier.
        """
        source, now = seat.source, self._clock.now()
        code = _code(error)
        if isinstance(error, RateLimited):
            seat.memo.limited += 1
        else:
            seat.memo.failures += 1
        seat.memo.error_code = code
        wait_s = self._failure_wait_s(seat, error, code)
        due_at = now + timedelta(seconds=wait_s)
        if isinstance(error, RateLimited):
            self._pace.hold(source.group, due_at)
            seat.wait("held", due_at, "the server asked for a pause")
            self._telemetry.source_rate_limited(source=source.name, host=source.group, wait_s=wait_s)
        elif code == "denied":
            seat.wait("denied", due_at, _HINTS["denied"])
            self._telemetry.source_denied(source=source.name, wait_s=wait_s, hint=_HINTS["denied"])
        else:
            if code == "internal":
                self.report(error)
            hint = _HINTS.get(code, _HINTS["not_understood"])
            seat.wait("failing", due_at, hint)
            self._telemetry.source_failed(
                source=source.name, error_code=code, failures=seat.memo.failures, wait_s=wait_s, hint=hint
            )
        await self._commit_failure(seat, due_at, now)

    def _failure_wait_s(self, seat: Seat, error: Exception, code: str) -> float:
        if isinstance(error, RateLimited):
            wait_s = error.wait_s
            return rate_limited_wait_s(seat.memo.limited, seat.rng) if wait_s is None else wait_s
        if code == "denied":
            return DENIED_WAIT_S
        floor_s = seat.source.floor_s if seat.source.relation == "own" else PUBLIC_RETRY_FLOOR_S
        return max(floor_s, failure_wait_s(seat.memo.failures, seat.rng))

    async def _commit_failure(self, seat: Seat, due_at: datetime, now: datetime) -> None:
        lease = await self.lease(seat)
        if lease is None:
            return
        try:
            await self._commit(seat, self._commit_of(seat, (), seat.cursor, due_at, lease, now))
        except LeaseLost:
            self.lost(seat)

    def lost(self, seat: Seat) -> None:
        group = seat.source.group
        self._leases.pop(group, None)
        self._telemetry.lease_lost(source=seat.source.name, group=group)
        due_at = self._clock.now() + timedelta(seconds=LEASE_TTL_S)
        seat.wait("not_ours", due_at, "another node reads it")

    def report(self, error: Exception) -> None:
        hint = "please report this; the log line is safe to share"
        self._telemetry.daemon_fault(error=type(error).__name__, at=place_of(error), hint=hint)

    # --------------------------------------------------------------------------------------- lease and seal

    async def lease(self, seat: Seat) -> Lease | None:
        """
        A lease with at least half its time left; None while another node holds it.
        """
        group, now = seat.source.group, self._clock.now()
        held = self._leases.get(group)
        if held is not None and held.until_at - now > timedelta(seconds=LEASE_TTL_S / 2):
            return held
        take = partial(self._queue.lease, group, self._node, ttl_s=LEASE_TTL_S, now=now)
        lease = await self._with_room(seat, take)
        if lease is None:
            self._leases.pop(group, None)
        else:
            self._leases[group] = lease
        return lease

    async def _sealer(self, seat: Seat, now: datetime) -> Sealer:
        day = sealing_day(now)
        if day not in self._sealers:
            key = await self._with_room(seat, partial(self._queue.sealing_key, day))
            self._sealers = {day: Sealer(day, key)}
        return self._sealers[day]


def _code(error: Exception) -> str:
    """
    The failure in a word from a closed set.
    """
    match error:
        case RateLimited():
            return "rate_limited"
        case AccessDenied():
            return "denied"
        case RequestRefused():
            return "refused"
        case DocumentRefused():
            return error.reason
        case SourceError():
            return "unavailable"
        case _:
            return "internal"
