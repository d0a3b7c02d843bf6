"""
The due-queue and its workers: takes sources from app, reads each when it is due, and hands its pages to keeping,
which walks them through watch and gate into the queue.

Owns loops, sleeping and restarts on behalf of the adapters. Invariants: a source that fails, for whatever reason,
delays no other; a queue that is full pauses intake with its cursors where they are, and a queue that cannot be
trusted ends the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import anyio
from anyio.abc import ObjectReceiveStream, TaskGroup

from listener.adapter import Cursor, Page, Poller, Streamer
from listener.clock import Clock
from listener.errors import LeaseLost, QueueError, SourceUnavailable
from listener.hear.due import DueQueue
from listener.hear.keeping import LEASE_TTL_S, Keeper
from listener.hear.pace import Pace, source_rng
from listener.hear.seat import Memo, Seat, Source, memo_of
from listener.queues.base import Queue, Scope
from listener.status import SourceView

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
    """

    def __init__(
        self,
        *,
        keeper: Keeper,
        queue: Queue,
        pace: Pace,
        clock: Clock,
        workers: int,
        spacing_s: float,
    ) -> None:
        self._keeper, self._queue, self._pace, self._clock = keeper, queue, pace, clock
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

    def views(self) -> tuple[SourceView, ...]:
        """
        Each source as an operator sees it.
        """
        return tuple(seat.view(full=seat.source.name in self._keeper.full) for seat in self._seats.values())

    @property
    def paused(self) -> bool:
        """
        True while the queue has no room.
        """
        return bool(self._keeper.full)

    async def _seat(self, source: Source, now: datetime) -> Seat:
        stored = await self._queue.source_state(source.name)
        held = await self._queue.state(Scope("host", source.group))
        if held is not None:
            self._pace.load(source.group, held)
        rng = source_rng(source.name)
        if stored is None:
            return Seat(
                source, None, now + timedelta(seconds=rng.uniform(0, FIRST_SPREAD_S)), Memo(), rng=rng
            )
        return Seat(
            source,
            stored.cursor,
            stored.next_due_at,
            memo_of(stored.memo),
            reason="waiting for its next turn",
            rng=rng,
        )

    def _schedule(self, seat: Seat) -> None:
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
                seat.reading, seat.status, seat.reason = scope, "reading", "being read"
                try:
                    await self._read(seat)
                finally:
                    seat.stopped()
        now = self._clock.now()
        own = source.relation == "own"
        self._due.done(source.group, free_at=now if own else now + self._spacing)
        if self._seats.get(source.name) is seat:
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
            seat.wait("held", held, "the server asked for a pause")
            return
        assert isinstance(seat.source.reads, Poller)
        try:
            while True:
                lease = await self._keeper.lease(seat)
                if lease is None:
                    seat.wait("not_ours", now + timedelta(seconds=LEASE_TTL_S), "another node reads it")
                    return
                page = await seat.source.reads.fetch(_cursor(seat.cursor))
                await self._keeper.keep(seat, page, lease)
                if not page.more:
                    return
        except LeaseLost:
            self._keeper.lost(seat)
        except QueueError:
            raise
        except Exception as error:  # noqa: BLE001 - a SourceError, or a bug of an adapter: both stay in their room
            await self._keeper.failed(seat, error)

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
        async def send(page: Page) -> None:
            lease = await self._keeper.lease(seat)
            if lease is None:
                raise LeaseLost(f"source {seat.source.name}: another node holds its lease")
            await self._keeper.keep(seat, page, lease)
            seat.status, seat.reason = "reading", "connected"

        seat.status, seat.reason = "reading", "connecting"
        try:
            await stream.run(_cursor(seat.cursor), send)
            raise SourceUnavailable(f"source {seat.source.name}: the stream ended")
        except LeaseLost:
            self._keeper.lost(seat)
        except QueueError:
            raise
        except Exception as error:  # noqa: BLE001 - a SourceError, or a bug of an adapter: both stay in their room
            await self._keeper.failed(seat, error)


def _cursor(stored: bytes | None) -> Cursor | None:
    return None if stored is None else Cursor(stored)
