"""
The default engine: one SQLite file on one machine, held by one process.

Takes commits from intake and gives batches to consumers, as `queues.base` says. Everything that touches the file
happens in one thread (sqlite_writer); this module carries jobs there and answers back to the event loop. The file
is locked for as long as it is open, so a second process is refused, no `-shm` file exists, and no reader can keep
erased bytes in the WAL.

How the promises are kept: one transaction with `synchronous=FULL` for items, cursor and states; `secure_delete`
plus sqlite_erase for bytes; a reserve on disk so that erasure works when the disk is full.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled, current_token

from listener.clock import Clock
from listener.errors import QueueFull, QueueUnavailable
from listener.events import Name, PostKey, RemovalReason
from listener.queues.base import (
    MAX_ITEMS,
    AskCounts,
    Asked,
    Batch,
    Commit,
    Expired,
    Found,
    Inventory,
    Lease,
    Outcome,
    Position,
    QueueStats,
    Scope,
    SourceState,
    TellErased,
    tell_nobody,
)
from listener.queues.sqlite_store import Store
from listener.queues.sqlite_writer import Job, Kind, Options, Stage, Writer

T = TypeVar("T")

_READ_LIMIT: Final = 1000
"""Chosen: longest batch, so that one reader cannot keep the thread from the others for long."""

_EXPIRE_SLICE: Final = 1000
"""Chosen: bodies taken away in one transaction; commits may pass between two slices."""


async def open_sqlite(
    path: Path,
    *,
    fingerprints: tuple[str, ...],
    clock: Clock,
    options: Options | None = None,
    tell_erased: TellErased = tell_nobody,
) -> SqliteQueue:
    """
    The queue in this file, made if there is none.

    Args:
        path: Of the database; `-wal` and `.reserve` files stand beside it.
        fingerprints: Of the secrets in use, current first; see `KeyRing.fingerprints`.
        clock: Bodies whose time is over by it are not handed out.
        options: For tests.
        tell_erased: Called in the event loop; see there.

    Raises:
        QueueUnavailable: with what to do.
    """
    queue = SqliteQueue(path, fingerprints, clock, options or Options(), tell_erased)
    await queue._open()
    return queue


class SqliteQueue:
    """
    See `listener.queues.base.Queue`. Made by `open_sqlite`; belongs to the event loop it was opened in.
    """

    def __init__(
        self,
        path: Path,
        fingerprints: tuple[str, ...],
        clock: Clock,
        options: Options,
        tell_erased: TellErased,
    ) -> None:
        self._path = path
        self._clock = clock
        self._head = 0
        self._news = anyio.Event()
        self._closed = False
        self._post = _poster()
        post = self._post

        def erased(latencies_s: Sequence[float]) -> None:
            post(partial(tell_erased, latencies_s))

        self._writer = Writer(
            path, fingerprints, options=options, tell=self._tell, clock=clock, tell_erased=erased
        )

    async def _open(self) -> None:
        job = Job(_nothing, anyio.Event(), "read")
        self._writer.start(job)
        try:
            await self._outcome(job)
        except QueueUnavailable:
            self._closed = True
            await self._joined()
            raise

    # ------------------------------------------------------------------------------------------------ intake

    async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
        if len(commit.items) > MAX_ITEMS:
            raise ValueError(
                f"a commit has at most {MAX_ITEMS} items: split it with listener.queues.base.parts"
            )
        return await self._ask(
            lambda store: store.commit(commit),
            "write",
            rows=len(commit.items) + len(commit.asked) + 1,
            stage="commit",
        )

    async def source_state(self, source: str) -> SourceState | None:
        return await self._ask(lambda store: store.source_state(source), "read")

    async def state(self, scope: Scope) -> bytes | None:
        return await self._ask(lambda store: store.state(scope), "read")

    async def lease(self, group: str, node: str, *, ttl_s: float, now: datetime) -> Lease | None:
        return await self._ask(lambda store: store.leases.take(group, node, ttl_s=ttl_s, now=now), "lease")

    async def release(self, lease: Lease) -> None:
        await self._ask(lambda store: store.leases.give_back(lease), "read")

    async def drop_source(self, source: str) -> None:
        await self._ask(lambda store: store.drop_source(source), "upkeep")

    # --------------------------------------------------------------------------------------------- consumers

    async def read(self, after: Position | None, *, limit: int = 256, live: bool = False) -> Batch:
        limit = max(1, min(limit, _READ_LIMIT))
        while True:
            news = self._news
            now = self._clock.now()
            start = after
            batch = await self._ask(lambda store: store.read(start, limit, now), "read")  # noqa: B023 awaited here
            if batch.entries or batch.resync is not None or not live:
                return batch
            after = batch.next
            await news.wait()

    async def position(self, consumer: str) -> Position | None:
        return await self._ask(lambda store: store.position(consumer), "read")

    async def set_position(self, consumer: str, position: Position) -> None:
        await self._ask(lambda store: store.set_position(consumer, position), "write")

    # --------------------------------------------------------------------------------------------- forgetting

    async def find(self, names: Sequence[Name]) -> tuple[Found, ...]:
        return await self._ask(lambda store: store.find(names), "read")

    async def forget(
        self, names: Sequence[Name], *, reason: RemovalReason, at: datetime, keys_until_at: datetime
    ) -> tuple[PostKey, ...]:
        return await self._ask(
            lambda store: store.forget(names, reason, at, keys_until_at),
            "upkeep",
            rows=len(names),
            stage="erase",
            settled=True,
        )

    async def asks(self, source: str, *, asked_before: datetime, limit: int) -> tuple[Asked, ...]:
        return await self._ask(lambda store: store.asks(source, asked_before, limit), "read")

    async def count_asks(self, source: str, *, asked_before: datetime) -> AskCounts:
        return await self._ask(lambda store: store.count_asks(source, asked_before), "read")

    async def expire(self, now: datetime) -> Expired:
        bodies = keys = 0
        limit = _EXPIRE_SLICE
        more = True
        while more:
            try:
                gone, more = await self._expire_slice(now, limit)
            except QueueFull:
                if limit == 1:
                    raise
                limit = max(1, limit // 10)  # a smaller transaction may still find room
                continue
            bodies, keys = bodies + gone.bodies, keys + gone.keys
        await self._ask(Store.give_pages_back, "upkeep", stage="expire", settled=True)
        return Expired(bodies, keys)

    async def _expire_slice(self, now: datetime, limit: int) -> tuple[Expired, bool]:
        return await self._ask(lambda store: store.expire(now, limit), "upkeep", rows=limit, stage="expire")

    async def erased(self, key: PostKey) -> bool:
        return await self._ask(lambda store: store.is_erased(key), "read")

    # ------------------------------------------------------------------------------------------- sealing keys

    async def sealing_key(self, day: date) -> bytes:
        made = (await self.sealing_keys()).get(day)
        return made if made is not None else await self._ask(lambda store: store.sealing_key(day), "write")

    async def sealing_keys(self) -> Mapping[date, bytes]:
        return await self._ask(Store.sealing_keys, "read")

    async def destroy_sealing_keys(self, *, before: date) -> int:
        return await self._ask(
            lambda store: store.destroy_sealing_keys(before), "upkeep", stage="erase", settled=True
        )

    # -------------------------------------------------------------------------------------------------- rest

    async def inventory(self, now: datetime) -> Inventory:
        return await self._ask(lambda store: store.inventory(now), "read")

    async def stats(self) -> QueueStats:
        now = self._clock.now()
        return await self._ask(lambda store: store.stats(self._size_bytes(), now), "read")

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writer.end()
        await self._joined()
        self._wake()

    async def _joined(self) -> None:
        """
        The thread has let go of the file.
        """
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._writer.join)

    def _size_bytes(self) -> int:
        """
        Of the database and the files beside it.
        """
        total = 0
        for suffix in ("", "-wal", ".reserve"):
            try:
                total += self._path.with_name(self._path.name + suffix).stat().st_size
            except FileNotFoundError:
                continue
        return total

    # --------------------------------------------------------------------------------- to the thread and back

    async def _ask(
        self,
        action: Callable[[Store], T],
        kind: Kind,
        *,
        rows: int = 1,
        stage: Stage | None = None,
        settled: bool = False,
    ) -> T:
        """
        What `action` returned in the thread, once it is durable.
        """
        await checkpoint_if_cancelled()
        if self._closed:
            raise QueueUnavailable("the queue is closed")
        job = Job(action, anyio.Event(), kind, rows, stage, settled)
        self._writer.put(job)
        result: T = await self._outcome(job)
        return result

    async def _outcome(self, job: Job) -> Any:
        """
        Shielded: the thread does a job that it was given, so whoever gave it must hear what came of it.
        """
        with anyio.CancelScope(shield=True):
            await job.done.wait()
        if job.error is not None:
            raise job.error
        return job.result

    def _tell(self, jobs: Sequence[Job], head: int) -> None:
        """
        Called by the thread; one trip to the loop for a whole group.
        """

        def arrive() -> None:
            if head > self._head:
                self._head = head
                self._wake()
            for job in jobs:
                job.done.set()

        self._post(arrive)

    def _wake(self) -> None:
        """
        Everybody who waits for news looks again.
        """
        news, self._news = self._news, anyio.Event()
        news.set()


def _nothing(_store: Store) -> None:
    """
    What opening asks of the store.
    """


def _poster() -> Callable[[Callable[[], None]], None]:
    """
    A function that runs a callback in the present event loop from any thread; nothing happens once that loop ended.
    """
    native: Any = current_token().native_token
    post = getattr(native, "call_soon_threadsafe", None) or native.run_sync_soon  # asyncio, trio

    def posted(callback: Callable[[], None]) -> None:
        try:
            post(callback)
        except RuntimeError:  # asyncio: the loop is closed; trio.RunFinishedError is one too
            return

    return posted
