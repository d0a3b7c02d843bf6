"""
The one thread that touches the database: it takes what waits, writes it in one transaction, and answers.

Takes jobs from sqlite (on the event loop); runs them on sqlite_store; cleans files through sqlite_erase. Group
commit: all waiting writes share one sync, each behind a savepoint of its own, so that a bad one fails alone.
Reads run between transactions and see only what is durable; so do leases, which wait for no sync. Nothing here keeps a statement open, so nothing can
hold a checkpoint up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, Literal

import anyio
import apsw

from listener.clock import Clock, SystemClock
from listener.errors import QueueError, QueueFull, QueueUnavailable
from listener.failpoints import reach
from listener.queues.base import TellErased
from listener.queues.sqlite_erase import Erasure, sync_file
from listener.queues.sqlite_keys import RECENT_MOST
from listener.queues.sqlite_page import micros
from listener.queues.sqlite_reserve import Reserve, is_no_room
from listener.queues.sqlite_schema import Hold, open_connection, unavailable
from listener.queues.sqlite_store import Store

GROUP_ROWS: Final = 2000
"""Chosen: more items in one transaction gain nothing and delay the first of them (engines.md C)."""

WAL_PAGES: Final = 4000
"""Chosen: 16 MiB; a smaller WAL writes the same key pages into the database more often."""

_WHOLE_TRANSACTION: Final = (
    apsw.FullError,
    apsw.IOError,
    apsw.NoMemError,
    apsw.BusyError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
)
"""Errors that concern the file, not the statement; SQLite may have rolled everything back already."""

Kind = Literal["lease", "read", "write", "upkeep"]
Stage = Literal["commit", "erase", "expire"]


@dataclass(frozen=True, slots=True)
class Options:
    """
    How the thread works; the defaults are for production.

    Args:
        vfs: SQLite's way to the disk; empty for the usual one.
        settle_after_s: Longest that erased bytes of ordinary commits may stay in a file.
        reserve: Room for upkeep; None makes the usual one.
        sync: See `Erasure`.
        pace: Tells how long erased bytes have been waiting. Real by default, whatever clock the queue is given: what is
            paced here is a real disk.
    """

    vfs: str = ""
    settle_after_s: float = 1.0
    reserve: Reserve | None = None
    sync: Callable[[Path], None] = sync_file
    pace: Clock = field(default_factory=SystemClock)
    recent_most: int = RECENT_MOST


@dataclass(slots=True, eq=False)
class Job:
    """
    Something to do for a task that waits.

    Args:
        action: What to do.
        kind: `lease` and `read` outside a transaction, a `lease` only where a page could be written; `upkeep` may use
            the reserve.
        rows: Roughly how many rows it writes.
        stage: For the fail-points.
        settled: Answered only when erased bytes are gone from the files.
    """

    action: Callable[[Store], Any]
    done: anyio.Event
    kind: Kind
    rows: int = 1
    stage: Stage | None = None
    settled: bool = False
    result: Any = None
    error: Exception | None = None


class Writer:
    """
    Runs jobs until it is told to stop.

    Args:
        path: Of the database.
        fingerprints: Of the secrets in use, current first.
        options: See there.
        tell: Called in this thread with what the event loop should do: set these jobs done; the newest position.
        clock: The queue's; by it is told how long an erasure took.
        tell_erased: Called in this thread, too.
    """

    def __init__(
        self,
        path: Path,
        fingerprints: tuple[str, ...],
        *,
        options: Options,
        tell: Callable[[Sequence[Job], int], None],
        clock: Clock,
        tell_erased: TellErased,
    ) -> None:
        self._path = path
        self._fingerprints = fingerprints
        self._pace = options.pace
        self._options = options
        self._tell = tell
        self._clock, self._tell_erased = clock, tell_erased
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._reserve = options.reserve or Reserve(path.with_name(path.name + ".reserve"))
        self._due: float | None = None
        self._wal_pages = 0
        self._broken: QueueUnavailable | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="listener-queue", daemon=True)

    def start(self, opened: Job) -> None:
        """
        Begin; `opened` is answered when the file is open, or with the reason why it is not.
        """
        self._jobs.put(opened)
        self._thread.start()

    def put(self, job: Job) -> None:
        """
        Hand over a job; it is done even if nobody waits for it any more.
        """
        self._jobs.put(job)

    def end(self) -> None:
        """
        Everything handed over before this is done, then the thread ends.
        """
        self._jobs.put(None)

    def join(self) -> None:
        """
        Return when the thread has closed the file.
        """
        self._thread.join()

    # ------------------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        opened = self._jobs.get()
        assert opened is not None
        try:
            hold = Hold(self._path)
        except QueueUnavailable as error:
            self._refuse(opened, error)
            return
        try:
            self._serve(opened, hold)
        finally:
            hold.close()

    def _serve(self, opened: Job, hold: Hold) -> None:
        left_over = self._holds_wal()
        try:
            connection = open_connection(self._path, vfs=self._options.vfs, fingerprints=self._fingerprints)
        except QueueUnavailable as error:
            self._refuse(opened, error)
            return
        try:
            self._begin(connection, hold, left_over=left_over)
        except (apsw.Error, QueueUnavailable) as error:
            self._refuse(opened, unavailable(error, self._path) if isinstance(error, apsw.Error) else error)
            connection.close()
            return
        self._answer([opened])
        while not self._ending:
            self._turn_safely(self._take())
        if self._broken is None and self._store.leases.changed:
            self._transact(())  # where it fails, who held them has ended all the same
        self._settle()
        with suppress(apsw.Error):  # of a broken disk; whatever was acknowledged is durable
            connection.close()

    def _holds_wal(self) -> bool:
        """
        Whether whoever had the file last was stopped before it was settled.
        """
        try:
            return self._path.with_name(self._path.name + "-wal").stat().st_size > 0
        except OSError:
            return False

    def _begin(self, connection: apsw.Connection, hold: Hold, *, left_over: bool) -> None:
        """
        Ready to serve; whatever a crash left to be erased is gone.
        """
        self._connection = connection
        self._erasure = Erasure(connection, self._path, hold.descriptor, self._options.sync)
        self._store = Store(connection, recent_most=self._options.recent_most)
        connection.set_wal_hook(self._note_wal)
        if not self._settle():
            raise self._broken or unavailable(apsw.FullError(), self._path)
        interrupted = self._store.interrupted() if left_over else None
        if interrupted is not None:
            since, count = interrupted
            took_s = max(0, micros(self._clock.now()) - since) / 1e6
            self._tell_erased([took_s] * count)
        self._reserve.hold()

    def _refuse(self, opened: Job, error: QueueUnavailable) -> None:
        opened.error = error
        self._tell([opened], 0)

    def _take(self) -> list[Job]:
        """
        What waits, at least one job unless erased bytes are due first.
        """
        wait_s = None if self._due is None else max(0.0, self._due - self._pace.monotonic())
        try:
            jobs = [self._jobs.get(timeout=wait_s)]
        except Empty:
            self._due = float("-inf")
            return []
        rows = 0
        while jobs[-1] is not None and rows < GROUP_ROWS:
            rows += jobs[-1].rows
            try:
                jobs.append(self._jobs.get_nowait())
            except Empty:
                break
        self._ending = jobs[-1] is None
        return [job for job in jobs if job is not None]

    def _turn_safely(self, jobs: list[Job]) -> None:
        """
        A fault of our own ends the queue, loudly, and leaves nobody waiting.
        """
        try:
            self._turn(jobs)
        except Exception as error:  # noqa: BLE001 whatever it is, those who wait must hear
            self._broken = QueueUnavailable(
                f"the queue's thread failed ({type(error).__name__}): start again"
            )
            _fail([job for job in jobs if not job.done.is_set()], self._broken)
            self._tell(jobs, self._store.tally.head)

    def _turn(self, jobs: list[Job]) -> None:
        self._lease([job for job in jobs if job.kind == "lease"])
        writes = [job for job in jobs if job.kind in ("write", "upkeep")]
        if writes:
            self._write(writes)
            self._answer([job for job in writes if not job.settled])
        for job in jobs:
            if job.kind == "read":
                self._attempt_read(job)
        self._answer([job for job in jobs if job.kind == "read"])
        self._clean([job for job in writes if job.settled])
        self._store.tend()

    def _lease(self, jobs: list[Job]) -> None:
        """
        Before the transaction of this turn, which writes them. Where no page could be written nobody needs to read.
        """
        for job in jobs:
            if self._broken is not None:
                _fail([job], self._broken)
            elif not self._reserve.hold():
                _fail([job], self._full())
            else:
                self._attempt_read(job)
        self._answer(jobs)

    def _answer(self, jobs: list[Job]) -> None:
        if jobs:
            self._tell(jobs, self._store.tally.head)

    # ---------------------------------------------------------------------------------------- transactions

    def _write(self, jobs: list[Job]) -> None:
        if self._broken is not None:
            _fail(jobs, self._broken)
            return
        plain = [job for job in jobs if job.kind == "write"]
        if plain and not self._reserve.hold():
            _fail(plain, self._full())
            jobs = [job for job in jobs if job.kind == "upkeep"]
        error = self._transact(jobs) if jobs else None
        if error is None:
            return
        if not self._is_full(error):
            self._broken = unavailable(error, self._path)
            _fail(jobs, self._broken)
            return
        _fail(plain, self._full())
        self._shrink()
        for job in jobs:
            if job.kind == "upkeep":
                self._write_with_reserve(job)

    def _write_with_reserve(self, job: Job) -> None:
        """
        Upkeep goes on with a full disk: first as it is (a checkpoint may have made room), then with the reserve.
        """
        job.error = None
        error = self._transact([job])
        if error is not None and self._is_full(error) and self._reserve.release():
            job.error = None
            error = self._transact([job])
        if error is not None:
            job.error = self._full() if self._is_full(error) else unavailable(error, self._path)

    def _transact(self, jobs: Sequence[Job]) -> apsw.Error | None:
        """
        All jobs in one transaction; None once it is synced, or why nothing of it was kept.
        """
        stages = dict.fromkeys(job.stage for job in jobs if job.stage is not None)
        mark = self._store.mark()
        for stage in stages:
            reach(f"{stage}.begun")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._store.begin(pages=any(job.kind == "write" for job in jobs))
            for job in jobs:
                self._attempt(job)
            self._store.finish()
            if "commit" in stages:
                reach("commit.before_sync")
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._store.restore(mark)
            return error
        self._store.committed()
        for stage in stages:
            reach(f"{stage}.synced")
        return None

    def _attempt(self, job: Job) -> None:
        """
        One job behind its savepoint: what it raises concerns its caller alone, unless the file is the matter.
        """
        mark = self._store.mark()
        self._connection.execute("SAVEPOINT job")
        try:
            job.result = job.action(self._store)
        except _WHOLE_TRANSACTION:
            raise
        except Exception as error:  # noqa: BLE001 the caller gets it, whatever it is
            self._connection.execute("ROLLBACK TO job")
            self._store.restore(mark)
            job.error = _ours(error, self._path)
        self._connection.execute("RELEASE job")

    def _attempt_read(self, job: Job) -> None:
        try:
            job.result = job.action(self._store)
        except Exception as error:  # noqa: BLE001 the caller gets it, whatever it is
            job.error = _ours(error, self._path)

    # ------------------------------------------------------------------------------------------------ erasing

    def _clean(self, waiting: list[Job]) -> None:
        """
        Clean the files when somebody waits for it, when erased bytes are due, or when the WAL is long.
        """
        if self._store.pending and self._due is None:
            self._due = self._pace.monotonic() + self._options.settle_after_s
        if waiting or (self._due is not None and self._pace.monotonic() >= self._due):
            if self._settle():
                for stage in dict.fromkeys(job.stage for job in waiting if job.stage is not None):
                    reach(f"{stage}.checkpointed")
            self._answer(waiting)
        elif self._wal_pages >= WAL_PAGES:
            self._settle(truncate=False)

    def _settle(self, *, truncate: bool = True) -> bool:
        """
        Whether no file holds bytes of anything erased. Where it fails it is tried again when next due.
        """
        error = self._checkpoint(truncate=truncate)
        if error is not None and self._is_full(error) and self._reserve.release():
            error = self._checkpoint(truncate=truncate)
        if error is None:
            self._wal_pages = 0
            self._reserve.hold()
            if truncate:
                self._gone()
            return truncate
        if not self._is_full(error) and not isinstance(error, apsw.BusyError):
            self._broken = unavailable(error, self._path)
        if self._due is not None:
            self._due = self._pace.monotonic() + self._options.settle_after_s
        return False

    def _checkpoint(self, *, truncate: bool) -> apsw.Error | None:
        try:
            if truncate:
                self._erasure.settle()
            else:
                self._erasure.backfill()
        except apsw.Error as error:
            return error
        except OSError as error:
            return apsw.FullError() if is_no_room(error.errno or 0) else apsw.IOError()
        return None

    def _shrink(self) -> None:
        """
        A failed transaction may have left a long WAL; its room is wanted back, without touching the reserve.
        """
        if self._checkpoint(truncate=True) is None:
            self._wal_pages = 0
            self._gone()

    def _gone(self) -> None:
        """
        No file holds bytes of anything erased.
        """
        took_s = self._store.settled(self._clock.now())
        self._due = None
        if took_s:
            self._tell_erased(took_s)

    def _note_wal(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    # ------------------------------------------------------------------------------------------------- errors

    def _is_full(self, error: apsw.Error) -> bool:
        if isinstance(error, apsw.FullError):
            return True
        return isinstance(error, apsw.IOError) and is_no_room(self._connection.system_errno)

    def _full(self) -> QueueFull:
        return QueueFull(
            f"no room for new posts in {self._path.name}: free some space on its disk; intake goes on by itself"
        )


def _fail(jobs: Sequence[Job], error: QueueError) -> None:
    """
    Each waiter gets an exception of its own, because raising one writes into it.
    """
    for job in jobs:
        job.error = type(error)(*error.args)


def _ours(error: Exception, path: Path) -> Exception:
    return unavailable(error, path) if isinstance(error, apsw.Error) else error
