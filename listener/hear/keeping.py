"""
Making pages durable: takes a page of a source, walks it through watch and gate, and commits it with the cursor,
the time of the next read, the hosts' holds and the lease it was read under; failures are committed the same way,
so that a restart does not ask earlier.

Used by intake. Invariant: `Seat.cursor` is never ahead of what the queue acknowledged.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from listener.adapter import Freshness, Page, Poller, Streamer
from listener.clock import Clock
from listener.errors import BudgetSpent, LeaseLost, PageHeld, QueueFull
from listener.events import Change, Gap, Noted, PostKey, Retraction
from listener.hear.memo import Moved, memo_bytes
from listener.hear.pace import HOLD_MAX_S, Due, Pace, next_due, wanted_interval_s
from listener.hear.policies import FAILURE_FIRST_S, unread_wait_s, when_full
from listener.hear.reads import added
from listener.hear.reasons import FIXED, SILENT, sentence
from listener.hear.rhythm import STREAM_PATIENCE, heard
from listener.hear.seat import Seat, Source
from listener.hear.setback import Setback, setback
from listener.hear.unread import gone_on, held_until, lasting
from listener.hear.walk import Asking, Walked, is_taken_back, walk
from listener.keys import Sealer, sealing_day
from listener.queues.base import Commit, Item, Lease, Outcome, Queue, Scope, SourceState, parts
from listener.status import Read
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

LATE_MOST: Final = timedelta(minutes=15)
"""Chosen: a source read so much later than it was due was listened to all the same; the rest of a delay counts for nothing
in its rhythm."""

VIA_MOST: Final = 8
"""Chosen: more hosts than a chain of redirects has, so that a state row is never lost."""


class Keeper:
    """
    The one that commits, for every source.

    Args:
        queue: Where pages are committed.
        pace: Shared with the reader; its holds are stored with each commit.
        asking: What the watches ask for; may be replaced at any time through the attribute.
        node: Name under which leases are taken.
        consent_wait: How long a page waits for signals that cannot be read; may be replaced at any time, too.
        line: Digest of whom the gate lets through; see `InForce.line`. To be replaced with the gate.
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
        consent_wait: timedelta = timedelta(hours=1),
        line: str = "",
    ) -> None:
        self.asking, self.consent_wait, self.line = asking, consent_wait, line
        self.full: set[str] = set()
        self._queue, self._pace, self._clock, self._telemetry = queue, pace, clock, telemetry
        self._node = node
        self._leases: dict[str, Lease] = {}
        self._sealers: dict[date, Sealer] = {}

    # ------------------------------------------------------------------------------------------------ pages

    async def keep(self, seat: Seat, page: Page, lease: Lease) -> None:
        """
        Walk one page and make it durable, with the cursor and the time of the next read.

        Raises:
            PageHeld: it waits, and is read again; what it takes away is taken away.
        """
        source, memo, now = seat.source, seat.memo, self._clock.now()
        walked = walk(
            page,
            asking=self.asking.within(source.watches),
            door=source.door,
            take_all=source.take_all,
            sealer=await self.sealer(seat, now),
            now=now,
            report=self.report,
            numbers=source.derived_metrics != "not_agreed",
        )
        recovered, read_at = memo.failures, memo.last_read_at
        memo.answered(now)
        memo.note = page.note
        if recovered:
            self._telemetry.source_recovered(source=source.name, failures=recovered)
        self._tell_outage(seat, page, read_at, now)
        if walked.unread:
            await self._hold(seat, walked, lease, now)
        memo.line = seat.line  # only of a page that is kept: one that waits has yet to be met under this line
        self._go_on(seat, walked, now)
        due = Due(now) if page.more else self._next_read(seat, page.freshness, now)
        if page.moved_to is not None:
            self._move(seat, page.moved_to, now)
        self._hear(seat, page, due.at, now)
        cursor = seat.cursor if page.cursor is None else page.cursor
        commit = self._commit_of(seat, walked.commits, cursor, due.at, lease, now)
        outcomes = await self._commit(seat, commit)
        seat.cursor = cursor
        new = self._count(seat, walked, outcomes[: len(walked.commits)])
        self._tell_read(seat, page, walked.received, new, due, now)

    async def _hold(self, seat: Seat, walked: Walked, lease: Lease, now: datetime) -> None:
        """
        Let the page wait where it has not waited long enough for what cannot be read in it. Removals do not wait.
        """
        unread = lasting(seat.memo.unread, now, self.consent_wait)
        until = held_until(unread, walked.unread, now, self.consent_wait)
        if now >= until:
            return
        unread = seat.memo.unread = unread.refused(now)
        wait_s = min(unread_wait_s(unread.refusals, seat.rng), (until - now).total_seconds())
        floor_s = seat.source.floor_s if isinstance(seat.source.reads, Poller) else 0.0
        due_at = now + timedelta(seconds=max(floor_s, wait_s))
        gone = [item for item in walked.commits if isinstance(item, Retraction)]
        early = Walked(received=sum(not is_taken_back(item) for item in gone), commits=[*gone])
        left_s = (until - now).total_seconds()
        seat.wait("waiting", due_at, "consent", sentence("consent", wait_s=left_s))
        self._enter(seat, "consent_unreadable", now)
        outcomes = await self._commit(seat, self._commit_of(seat, gone, seat.cursor, due_at, lease, now))
        self._count(seat, early, outcomes[: len(gone)])
        self._telemetry.source_consent_unread(
            source=seat.source.name,
            posts=len(walked.unread),
            wait_s=(due_at - now).total_seconds(),
            left_s=left_s,
        )
        raise PageHeld(f"source {seat.source.name}: consent cannot be read now; its page waits")

    def _go_on(self, seat: Seat, walked: Walked, now: datetime) -> None:
        """
        The page goes through; what it is given up for is told with it.
        """
        memo, source = seat.memo, seat.source
        memo.unread, gap = gone_on(memo.unread, walked.unread, now, self.consent_wait)
        if walked.unread:
            self._telemetry.source_consent_given_up(source=source.name, posts=len(walked.unread))
        if gap is not None:
            seat.changes += (source.door.note(gap, now=now),)

    def _tell_outage(self, seat: Seat, page: Page, read_at: datetime | None, now: datetime) -> None:
        """
        A source that was not read for longer than it shows things may have lost some; an adapter that has noticed tells
        of it itself, and better.
        """
        stalled, seat.stalled = seat.stalled, False
        if stalled and seat.memo.rhythm is not None:
            seat.memo.rhythm.resume(now)
        source = seat.source
        shown_from = now - source.look_back
        if read_at is None or read_at >= shown_from or any(isinstance(item, Gap) for item in page.items):
            return
        gap = Gap(read_at, shown_from, "intake_paused" if stalled else "outage")
        seat.changes += (source.door.note(gap, now=now),)

    async def connecting(self, seat: Seat) -> None:
        """
        Before a stream is connected to: a restart within the first step of back-off connects no second time (P11).

        Raises:
            LeaseLost: somebody else reads the group.
        """
        lease, now = await self.lease(seat), self._clock.now()
        if lease is None:
            raise LeaseLost(f"source {seat.source.name}: another node holds its lease")
        if seat.memo.rhythm is not None:
            seat.memo.rhythm.resume(now)
        due_at = seat.next_due_at = now + timedelta(seconds=FAILURE_FIRST_S)
        await self._commit(seat, self._commit_of(seat, (), seat.cursor, due_at, lease, now))

    async def keep_asked(
        self,
        seat: Seat,
        items: Sequence[Item],
        *,
        asked: tuple[PostKey, ...],
        answers: Mapping[PostKey, bytes],
        around: bytes,
        due_at: datetime,
    ) -> tuple[Outcome, ...]:
        """
        What came of asking a source again is durable: see `listener.hear.recheck`.

        Args:
            seat: Of re-check, under a name of its own.
            items: What its answers mean.
            asked: Posts it said something of, and that may stay.
            answers: What was sent for each; see `Commit.answers`.
            around: Where re-check is in its round.
            due_at: Not to be asked before.

        Raises:
            LeaseLost: somebody else reads the group.
        """
        lease, now = await self.lease(seat), self._clock.now()
        if lease is None:
            raise LeaseLost(f"source {seat.source.name}: another node holds its lease")
        commit = self._commit_of(seat, items, around, due_at, lease, now)
        return await self._commit(seat, replace(commit, asked=asked, answers=answers))

    def _tell_read(self, seat: Seat, page: Page, received: int, new: int, due: Due, now: datetime) -> None:
        """
        What this read was like, for the log, the lines and the operator.
        """
        seat.new += new
        wait_s = (due.at - now).total_seconds()
        meter = seat.source.meter
        unchanged = not received and page.freshness.not_modified
        if not page.more:
            reason = sentence(due.why, wait_s=wait_s, rhythm_s=page.freshness.rhythm_s)
            meant = seat.source.meanings.get(page.note or "")
            seat.wait("waiting", due.at, due.why, f"{reason}; {meant}" if meant else reason)
            self._enter(seat, page.note or ("unchanged" if unchanged else None), now)
        tell = self._telemetry.source_unchanged if unchanged else self._telemetry.source_page_fetched
        tell(
            source=seat.source.name,
            items=received,
            more=page.more,
            status=meter.status,
            bytes=meter.bytes,
            new=new,
            wait_s=wait_s,
            why=due.why,
            note=page.note or "",
        )

    def _enter(self, seat: Seat, note: str | None, now: datetime) -> None:
        """
        The turn ends here; it becomes durable with the next commit, because what was new is known only after this one.
        """
        if isinstance(seat.source.reads, Poller):
            meter = seat.source.meter
            read = Read(now, meter.status, meter.bytes, seat.new, note)
            seat.memo.reads = added(seat.memo.reads, read)
        seat.new = 0

    def _next_read(self, seat: Seat, freshness: Freshness, now: datetime) -> Due:
        source = seat.source
        if isinstance(source.reads, Streamer):
            return Due(max(now, seat.next_due_at))  # where it is not connected any more: again, as P11 allows
        if source.relation == "own":
            # What is said to us is seen within two minutes; a blog's software that says "hourly" was never asked.
            freshness = Freshness(
                not_modified=freshness.not_modified, has_validators=freshness.has_validators
            )
        interval_s, why = wanted_interval_s(
            source.interval_s, freshness, floor_s=source.floor_s, ceiling_s=CEILING_S
        )
        due = next_due(
            now,
            interval_s=interval_s,
            floor_s=source.floor_s,
            ceiling_s=max(CEILING_S, interval_s),
            freshness=freshness,
            jitter=JITTER,
            rng=seat.rng,
            why=why,
        )
        if due.note is not None:
            asked_s, used_s = freshness.fresh_for_s or interval_s, (due.at - now).total_seconds()
            self._telemetry.source_clamped(source=source.name, why=due.note, asked_s=asked_s, used_s=used_s)
        return _afforded(source, due, now)

    # ------------------------------------------------------------------------------------------------- moves

    def _move(self, seat: Seat, to: str, now: datetime) -> None:
        """
        The source is read at another address from the next turn on; the configured one is kept.
        """
        seat.memo.moved, seat.moving = Moved(to, now), True
        self._changed(seat, Change("moved", "permanent_redirect", now))

    def come_back(self, seat: Seat, now: datetime) -> None:
        """
        The source is read at its configured address again.
        """
        if seat.memo.moved is not None:
            seat.memo.moved, seat.moving = None, True
            self._changed(seat, Change("moved", "returned", now))

    def _hear(self, seat: Seat, page: Page, due_at: datetime, now: datetime) -> None:
        """
        Learn from the page how often the source speaks; a silence that is out of the ordinary is told, once.
        """
        memo, stream = seat.memo, isinstance(seat.source.reads, Streamer)
        since = None if memo.rhythm is None else memo.rhythm.silent_since
        until = now + STREAM_PATIENCE if stream else due_at + LATE_MOST
        memo.rhythm, turn = heard(memo.rhythm, page.items, now, until=until, stream=stream)
        if turn == "fell_silent":
            self._changed(seat, Change("silent", "beyond_rhythm", now))
        elif turn == "spoke_again" and since is not None:
            silent_s = (now - since).total_seconds()
            self._telemetry.source_spoke_again(source=seat.source.name, silent_s=silent_s)

    def _changed(self, seat: Seat, change: Change) -> None:
        """
        Told in the log at once, in the queue with the next commit.
        """
        if change.kind == "moved":
            self._telemetry.source_moved(source=seat.source.name, note=change.note)
        elif change.kind == "gone":
            self._telemetry.source_gone(source=seat.source.name, hint=FIXED["gone"])
        elif (rhythm := seat.memo.rhythm) is not None:
            silent_s = (change.at - rhythm.last_at).total_seconds()
            self._telemetry.source_silent(source=seat.source.name, silent_s=silent_s, hint=SILENT)
        seat.changes += (seat.source.door.note(change, now=change.at),)

    # ----------------------------------------------------------------------------------------------- commits

    def _commit_of(
        self,
        seat: Seat,
        items: Sequence[Item],
        cursor: bytes | None,
        due_at: datetime,
        lease: Lease,
        now: datetime,
    ) -> Commit:
        source = seat.source
        # The queue gives keys that long again and its own slack; a source that fails is not looked at meanwhile.
        look_back = max(source.look_back, 3 * timedelta(seconds=source.interval_s or CEILING_S))
        others = sorted(source.meter.hosts - {source.group})[:VIA_MOST]
        if others or source.meter.requests:
            seat.memo.via = tuple(others)
        return Commit(
            commit_id=secrets.token_hex(16),
            source=source.name,
            items=(*items, *seat.changes),
            state=SourceState(cursor, due_at, memo_bytes(seat.memo)),
            states={Scope("host", host): self._pace.dump(host) for host in (source.group, *others)},
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
        seat.changes = ()
        return tuple(outcomes)

    async def _with_room(self, seat: Seat, act: Callable[[], Awaitable[T]]) -> T:
        """
        What `act` returns, tried again for as long as the queue has no room; the page waits in memory meanwhile. Nobody
        is alarmed by the first refusal, after which an engine may have made room by cleaning up.
        """
        for _ in range(2):
            with suppress(QueueFull):
                return await act()
        if not self.full:
            hint = "free disk space where the queue lies; nothing is lost, intake goes on by itself"
            self._telemetry.queue_paused(hint=hint)
        self.full.add(seat.source.name)
        seat.stalled = True
        try:
            async for attempt in when_full(self._clock.sleep):
                with attempt:
                    done = await act()
        finally:
            self.full.discard(seat.source.name)
        if not self.full:
            self._telemetry.queue_resumed()
        return done

    def _count(self, seat: Seat, walked: Walked, outcomes: tuple[Outcome, ...]) -> int:
        """
        How many items became events.
        """
        by: Counter[str] = Counter()
        taken_back: Counter[str] = Counter()
        for item, outcome in zip(walked.commits, outcomes, strict=True):
            if not is_taken_back(item):
                by["noted" if isinstance(item, Noted) and outcome == "created" else outcome] += 1
            elif isinstance(item, Retraction) and outcome == "removed":
                taken_back[item.reason] += 1
        new = by["created"] + by["updated"] + by["removed"] + taken_back.total()
        seat.received += walked.received
        seat.queued += new
        seat.other_withheld += walked.otherwise["withheld"]
        seat.other_let_through += walked.otherwise["let_through"]
        if new:
            seat.memo.last_new_at = self._clock.now()
        if walked.received or taken_back:
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
                taken_back=taken_back,
                otherwise=walked.otherwise,
                withheld=walked.withheld,
                rejected=walked.rejected,
            )
        return new

    # --------------------------------------------------------------------------------------------- failures

    async def failed(self, seat: Seat, error: Exception) -> None:
        """
        Schedule a source that failed, durably, so that a restart does not ask it earlier.
        """
        error = await self.understood(seat, error)
        source, memo, now = seat.source, seat.memo, self._clock.now()
        streams = isinstance(source.reads, Streamer)  # what is said meanwhile waits for nobody
        found = setback(
            error,
            memo,
            relation="own" if streams else source.relation,
            floor_s=FAILURE_FIRST_S if streams else source.floor_s,
            rng=seat.rng,
            now=now,
            meanings=source.meanings,
        )
        if found.code == "internal":
            self.report(error)
        due_at = now + timedelta(seconds=found.wait_s)
        if found.why == "held":
            self._pace.hold(source.group, due_at)
        self._tell_setback(seat, found, error)
        if found.why == "gone":
            self._changed(seat, Change("gone", "status_410", now))
        elif memo.lost_at_new_address(now):
            self.come_back(seat, now)
        seat.wait(found.state, due_at, found.why, found.reason)
        self._enter(seat, found.code, now)
        await self._commit_failure(seat, due_at, now)

    async def understood(self, seat: Seat, error: Exception) -> Exception:
        """
        The same; where the network says that a budget is spent, noted for all who share it, with the seconds until it is
        not.
        """
        wallet = seat.source.wallet
        if not isinstance(error, BudgetSpent) or wallet is None:
            return error
        try:
            return await wallet.understood(error)
        except LeaseLost:
            return error  # whoever spends now will be told so, too

    def _tell_setback(self, seat: Seat, found: Setback, error: Exception) -> None:
        name, wait_s = seat.source.name, found.wait_s
        if isinstance(error, BudgetSpent) and found.why == "budget":
            self._telemetry.source_budget_spent(source=name, budget=error.budget, wait_s=wait_s)
        elif found.why == "held":
            self._telemetry.source_rate_limited(source=name, host=seat.source.group_told, wait_s=wait_s)
            if wait_s >= HOLD_MAX_S:
                self._telemetry.source_clamped(source=name, why="ceiling", asked_s=wait_s, used_s=HOLD_MAX_S)
        elif found.why == "denied":
            self._telemetry.source_denied(source=name, wait_s=wait_s, hint=found.reason)
        else:
            self._telemetry.source_failed(
                source=name,
                error_code=found.code,
                failures=seat.memo.failures,
                wait_s=wait_s,
                hint=found.reason,
            )

    async def _commit_failure(self, seat: Seat, due_at: datetime, now: datetime) -> None:
        lease = await self.lease(seat)
        if lease is None:
            return
        try:
            await self._commit(seat, self._commit_of(seat, (), seat.cursor, due_at, lease, now))
        except LeaseLost:
            self.lost(seat)

    def lost(self, seat: Seat) -> None:
        """
        Somebody else reads the group now.
        """
        group = seat.source.group
        self._leases.pop(group, None)
        self._telemetry.lease_lost(source=seat.source.name, group=seat.source.group_told)
        seat.wait("not_ours", self._clock.now() + timedelta(seconds=LEASE_TTL_S), "not_ours")

    def report(self, error: Exception) -> None:
        """
        A fault of ours is told by its type and place.
        """
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

    async def sealer(self, seat: Seat, now: datetime) -> Sealer:
        """
        With the key of that day.
        """
        day = sealing_day(now)
        if day not in self._sealers:
            key = await self._with_room(seat, partial(self._queue.sealing_key, day))
            self._sealers = {day: Sealer(day, key)}
        return self._sealers[day]


def _afforded(source: Source, due: Due, now: datetime) -> Due:
    """
    Later, where what the reads of a source cost has to last.
    """
    if source.wallet is None:
        return due
    wait_s = (due.at - now).total_seconds()
    longer_s = source.wallet.slowed(wait_s)
    return due if longer_s <= wait_s else Due(now + timedelta(seconds=longer_s), due.note, "budget")
