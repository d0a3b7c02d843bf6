"""
The due-queue and its workers: takes sources from app, reads each when it is due, and hands its pages to keeping,
which walks them through watch and gate into the queue.

Owns loops, sleeping and restarts on behalf of the adapters. Invariants: a source that fails, for whatever reason,
delays no other; a queue that is full pauses intake with its cursors where they are, and a queue that cannot be
trusted ends the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio
from anyio.abc import ObjectReceiveStream, TaskGroup

from listener.adapter import Cursor, Page, Poller, Streamer
from listener.clock import Clock
from listener.errors import (
    LeaseLost,
    PageHeld,
    QueueError,
    SourceError,
    SourceUnavailable,
    UnknownSource,
)
from listener.hear import by_hand
from listener.hear.due import DueQueue
from listener.hear.keeping import CEILING_S, LEASE_TTL_S, Keeper
from listener.hear.memo import Memo, memo_from
from listener.hear.pace import Pace, Spread
from listener.hear.reads import unpacked
from listener.hear.reasons import sentence
from listener.hear.seat import Seat, Source
from listener.hear.setback import SPENT
from listener.queues.base import Queue, Scope
from listener.status import Polled, SourceView
from listener.telemetry import Telemetry

FIRST_SPREAD_S: Final = 1.0
"""Chosen: sources read for the first time start within a second; their groups keep the spacing."""


class Intake:
    """
    Reads sources until cancelled.

    Args:
        keeper: Makes pages durable.
        queue: Asked for what is stored of a source when it is added.
        pace: Told of the holds that were stored.
        workers: Sources read at the same time.
        spacing_s: Between two sources of one group that is not our own.
        rebuild: The source of that name, read at that address; at the configured one where it is None.
    """

    def __init__(
        self,
        *,
        keeper: Keeper,
        queue: Queue,
        pace: Pace,
        clock: Clock,
        telemetry: Telemetry,
        workers: int,
        spacing_s: float,
        rebuild: Callable[[str, str | None], Source],
    ) -> None:
        self._rebuild = rebuild
        self._keeper, self._queue, self._pace, self._clock = keeper, queue, pace, clock
        self._telemetry = telemetry
        self._workers, self._spacing = workers, timedelta(seconds=spacing_s)
        self._seats: dict[str, Seat] = {}
        self._due = DueQueue()
        self._changed = anyio.Event()
        self._asleep_until: datetime | None = None
        self._streams: TaskGroup | None = None

    # ------------------------------------------------------------------------------------------ what is read

    async def add(self, sources: Iterable[Source]) -> None:
        """
        Read these sources from now on, each from where its last commit left it.
        """
        now = self._clock.now()
        for source in sources:
            seat = await self._seat(source, now)
            self._seats[source.name] = seat
            if isinstance(source.reads, Streamer):
                self._start_stream(seat)
            else:
                self._schedule(seat)
        self._wake()

    async def drop(self, names: Iterable[str]) -> None:
        """
        Stop reading these sources; when this returns, none of them commits any more.
        """
        seats = [self._seats.pop(name) for name in names if name in self._seats]
        for seat in seats:
            self._due.remove(seat.source.name)
            if seat.reading is not None:
                seat.reading.cancel()
        for seat in seats:
            if seat.reading is not None:
                seat.idle = seat.idle or anyio.Event()
                await seat.idle.wait()

    @property
    def slowed(self) -> frozenset[str]:
        """
        Names of the sources that wait for their budget.
        """
        return frozenset(name for name, seat in self._seats.items() if seat.why == "budget")

    def afford(self, names: Iterable[str]) -> None:
        """
        These waited for their budgets, which have more now: they are due as soon as if it had cost nothing.
        """
        now = self._clock.now()
        for seat in [self._seats[name] for name in names if name in self._seats]:
            if seat.reading is not None or not isinstance(seat.source.reads, Poller):
                continue
            due_at = max(now, _unslowed_at(seat))
            if seat.status in ("waiting", "held") and due_at < seat.next_due_at:
                seat.wait("waiting", due_at, "afforded")
                self._schedule(seat)
        self._wake()

    def views(self, names: frozenset[str] = frozenset(), *, reads: bool = False) -> tuple[SourceView, ...]:
        """
        Each source as an operator sees it; only those named, where any are.
        """
        full = self._keeper.full
        return tuple(
            seat.view(full=name in full, reads=reads)
            for name, seat in self._seats.items()
            if not names or name in names
        )

    async def poll(
        self, name: str, *, unconditional: bool = False, come_back: bool = False, mended: bool = False
    ) -> Polled:
        """
        See `Control.poll`.
        """
        seat = self._seats.get(name)
        if seat is None:
            raise UnknownSource(f"no source is called {name}; `listener sources` lists them")
        now = self._clock.now()
        if come_back:
            self._keeper.come_back(seat, now)
            if seat.moving and seat.reading is None:
                await self._settle_elsewhere(seat)
        held = self._pace.held_until(seat.source.group, now)
        due = by_hand.asked(seat, now, unconditional=unconditional, mended=mended, held_until=held)
        if seat.reading is None and isinstance(seat.source.reads, Poller):
            self._schedule(seat)
            self._wake()
        wait_s = (due.due_at - now).total_seconds()
        self._telemetry.source_polled(source=name, unconditional=unconditional, wait_s=wait_s, why=seat.why)
        return due

    @property
    def hears(self) -> bool:
        """
        True where a source speaks by itself, so that raw frames are asked about.
        """
        return any(isinstance(seat.source.reads, Streamer) for seat in self._seats.values())

    @property
    def paused(self) -> bool:
        """
        True while the queue has no room.
        """
        return bool(self._keeper.full)

    async def _seat(self, source: Source, now: datetime) -> Seat:
        stored = await self._queue.source_state(source.name)
        rng = Spread(source.name)
        if stored is None:
            await self._load_holds(source.group)
            first_at = now + timedelta(seconds=rng.uniform(0, FIRST_SPREAD_S))
            return Seat(source, None, first_at, Memo(place=source.place), rng)
        memo = memo_from(stored.memo, place=source.place)
        if memo.moved is not None:
            source = self._rebuild(source.name, memo.moved.to)
        await self._load_holds(source.group, *memo.via)
        seat = Seat(source, stored.cursor, stored.next_due_at, memo, rng)
        if memo.gone:
            seat.wait("gone", stored.next_due_at, "gone")
        elif source.wallet is not None and _was_refused(seat) and stored.next_due_at > now:
            # Its limit may be another one since; where it is not, nothing leaves, and it is told again until when.
            seat.wait("waiting", now + timedelta(seconds=rng.uniform(0, FIRST_SPREAD_S)), "afforded")
        else:
            wait_s = max(0.0, (stored.next_due_at - now).total_seconds())
            seat.wait("waiting", stored.next_due_at, "interval", sentence("interval", wait_s=wait_s))
        return seat

    async def _load_holds(self, *hosts: str) -> None:
        """
        What was stored of these hosts counts again.
        """
        for host in hosts:
            held = await self._queue.state(Scope("host", host))
            if held is not None:
                self._pace.load(host, held)

    async def _settle_elsewhere(self, seat: Seat) -> None:
        """
        The source is read where its memo says from now on, in the pace of that host.
        """
        seat.moving = False
        moved = seat.memo.moved
        seat.source = self._rebuild(seat.source.name, None if moved is None else moved.to)
        await self._load_holds(seat.source.group)

    def _schedule(self, seat: Seat) -> None:
        if seat.status == "gone":
            self._due.remove(seat.source.name)
        else:
            self._due.put(seat.source.name, seat.source.group, seat.next_due_at)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    # ------------------------------------------------------------------------------------------------ loops

    async def run(self) -> None:
        """
        Read what is due, until cancelled.

        Raises:
            QueueUnavailable: the queue cannot be trusted any more; the process ends.
        """
        async with anyio.create_task_group() as group:
            self._streams = group
            for seat in self._seats.values():
                if isinstance(seat.source.reads, Streamer):
                    self._start_stream(seat)
            send, receive = anyio.create_memory_object_stream[Seat](0)
            for _ in range(self._workers):
                group.start_soon(self._work, receive.clone())
            receive.close()
            async with send:
                while True:
                    await send.send(await self._next())

    async def _next(self) -> Seat:
        """
        The next source that is due, waiting for it.
        """
        while True:
            now = self._clock.now()
            name = self._due.take(now)
            if name is not None:
                return self._seats[name]
            await self._sleep_until(self._due.next_at(), now)

    async def _sleep_until(self, due_at: datetime | None, now: datetime) -> None:
        """
        Return at `due_at`, or earlier when something changed.
        """
        changed = self._changed
        self._asleep_until = due_at
        async with anyio.create_task_group() as group:

            async def alarm() -> None:
                if due_at is None:
                    await anyio.sleep_forever()
                else:
                    await self._clock.sleep((due_at - now).total_seconds())
                group.cancel_scope.cancel()

            group.start_soon(alarm)
            await changed.wait()
            group.cancel_scope.cancel()

    async def _work(self, turns: ObjectReceiveStream[Seat]) -> None:
        async with turns:
            async for seat in turns:
                await self._turn(seat)

    async def _turn(self, seat: Seat) -> None:
        """
        One source, read once, back in the due-queue; whatever happens to it ends here.
        """
        source = seat.source
        if self._seats.get(source.name) is seat:
            with anyio.CancelScope() as scope:
                seat.reading = scope
                seat.act("reading", "being read")
                try:
                    await self._read(seat)
                finally:
                    seat.stopped()
        now = self._clock.now()
        own = source.relation == "own"
        self._due.done(source.group, free_at=now if own else now + self._spacing)
        if self._seats.get(source.name) is seat:
            if seat.moving:
                await self._settle_elsewhere(seat)
            self._schedule(seat)
        next_at = self._due.next_at()
        if self._asleep_until is None or (next_at is not None and next_at < self._asleep_until):
            self._wake()  # else the alarm that is set is early enough; setting it anew costs more than a turn here

    # ---------------------------------------------------------------------------------------------- one turn

    async def _read(self, seat: Seat) -> None:
        """
        Fetch pages until the source has no more, each committed before the next is asked for.
        """
        now = self._clock.now()
        held = self._pace.held_until(seat.source.group, now)
        if held is not None:
            seat.wait("held", held, "held", sentence("held", wait_s=(held - now).total_seconds()))
            return
        assert isinstance(seat.source.reads, Poller)
        seat.source.meter.clear()
        try:
            while True:
                lease = await self._keeper.lease(seat)
                if lease is None:
                    seat.wait("not_ours", now + timedelta(seconds=LEASE_TTL_S), "not_ours")
                    return
                page = await seat.source.reads.fetch(_cursor_of(seat, self._keeper.line))
                await self._keeper.keep(seat, page, lease)
                if not page.more:
                    return
        except Exception as error:  # noqa: BLE001 - a SourceError, or a bug of an adapter: both stay in their room
            await self._ended(seat, error)

    # --------------------------------------------------------------------------------------------- streams

    def _start_stream(self, seat: Seat) -> None:
        if self._streams is not None and seat.reading is None:
            self._streams.start_soon(self._stream, seat)

    async def _stream(self, seat: Seat) -> None:
        """
        Keep a source that speaks by itself connected; each end is one failure with its back-off.
        """
        assert isinstance(seat.source.reads, Streamer)
        with anyio.CancelScope() as scope:
            seat.reading = scope
            try:
                while self._seats.get(seat.source.name) is seat:
                    await self._clock.sleep((seat.next_due_at - self._clock.now()).total_seconds())
                    await self._connect(seat, seat.source.reads)
            finally:
                seat.stopped()

    async def _connect(self, seat: Seat, stream: Streamer) -> None:
        ours: list[Exception] = []
        one_at_a_time = anyio.Lock()

        async def send(page: Page) -> None:
            async with one_at_a_time:
                if ours:
                    raise ours[0]  # no later page may take the cursor past the one that was not kept
                try:
                    await self._keep(seat, page)
                except Exception as error:
                    ours.append(error)
                    raise

        seat.act("reading", "connecting")
        seat.source.meter.clear()
        try:
            await self._keeper.connecting(seat)
            await stream.run(_cursor_of(seat, self._keeper.line), send)
            raise SourceUnavailable(f"source {seat.source.name}: the stream ended")
        except Exception as error:  # noqa: BLE001 - a SourceError, or a bug of an adapter: both stay in their room
            await self._ended(seat, ours[0] if ours else _cause(error))

    async def _keep(self, seat: Seat, page: Page) -> None:
        lease = await self._keeper.lease(seat)
        if lease is None:
            raise LeaseLost(f"source {seat.source.name}: another node holds its lease")
        await self._keeper.keep(seat, page, lease)
        seat.source.meter.bytes = 0  # each page is told with what came since the one before
        meant = seat.source.meanings.get(page.note or "")
        seat.act("reading", f"connected; {meant}" if meant else "connected")

    async def _ended(self, seat: Seat, error: Exception) -> None:
        """
        What follows from the end of a read.

        Raises:
            QueueError: the queue cannot be trusted any more.
        """
        if isinstance(error, PageHeld):
            return  # keeping has said when it is read again
        if isinstance(error, LeaseLost):
            self._keeper.lost(seat)
        elif isinstance(error, QueueError):
            raise error
        else:
            await self._keeper.failed(seat, error)


def _was_refused(seat: Seat) -> bool:
    """
    Whether its last turn ended because its budget did not cover a request.
    """
    last = next(iter(unpacked(seat.memo.reads)), None)
    return last is not None and last.note == SPENT


def _unslowed_at(seat: Seat) -> datetime:
    """
    When it would be read, if that cost nothing: what was refused at once, else an interval after the last read.
    """
    read_at = seat.memo.last_read_at
    if read_at is None or _was_refused(seat):
        return datetime.min.replace(tzinfo=UTC)
    return read_at + timedelta(seconds=max(seat.source.floor_s, seat.source.interval_s or CEILING_S))


def _cause(error: Exception) -> Exception:
    """
    What ended a stream whose adapter has tasks of its own: of several ends, what the queue or the source said.
    """
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [_cause(each) for each in error.exceptions]
    for kind in (QueueError, PageHeld, SourceError):
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    return leaves[0]


def _cursor_of(seat: Seat, line: str) -> Cursor | None:
    """
    Where to go on; once without what makes the read conditional, where an operator asked for that, or where the gate lets
    other people through than when it was last read: what somebody wrote who objects now is met again only in a whole
    answer.

    Args:
        line: Digest of whom the gate lets through now.
    """
    seat.line, drawn_anew = line, seat.memo.line not in (None, line)
    if seat.cursor is None:
        return None
    cursor = Cursor(seat.cursor)
    forced, seat.forced = seat.forced, False
    strip = seat.source.unconditional
    return strip(cursor) if (forced or drawn_anew) and strip is not None else cursor
