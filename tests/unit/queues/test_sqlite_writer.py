"""
The one thread: bad pages fail alone, a broken file ends the queue loudly, nobody is left waiting.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import anyio
import apsw
import msgspec
import pytest

from listener.errors import LeaseLost, QueueUnavailable
from listener.events import Cleared
from listener.queues import sqlite_writer
from listener.queues.base import Scope
from listener.queues.sqlite import SqliteQueue, open_sqlite
from listener.queues.sqlite_reserve import Reserve
from listener.queues.sqlite_writer import Options
from listener.testing.power_cut import PowerCut
from listener.testing.queue_contract import (
    GROUP,
    LOOK_BACK,
    PRESENT,
    cleared,
    key,
    name,
    page,
    texts,
    until_erased,
)
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def queue_in(folder: Path, options: Options | None = None) -> AsyncIterator[SqliteQueue]:
    """
    An open queue; its reserve is small.
    """
    options = replace(options or Options(), reserve=Reserve(folder / "reserve", size_bytes=4096))
    queue = await open_sqlite(
        folder / "listener.db", fingerprints=PRESENT, clock=VirtualClock(), options=options
    )
    try:
        yield queue
    finally:
        await queue.aclose()


@dataclass
class BrokenDisk:
    """
    What a disk does from now on.
    """

    failing: bool = False


class BrokenVFS(apsw.VFS):
    """
    A disk whose syncs fail when told to.
    """

    def __init__(self, disk: BrokenDisk) -> None:
        self.disk = disk
        super().__init__("broken-disk", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _BrokenFile(self.disk, name, flags)


class _BrokenFile(apsw.VFSFile):
    def __init__(self, disk: BrokenDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk.failing:
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)


@pytest.fixture
def broken_disk() -> Iterator[BrokenDisk]:
    """
    Healthy at first.
    """
    disk = BrokenDisk()
    vfs = BrokenVFS(disk)
    yield disk
    vfs.unregister()


def _stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def unwritable() -> Cleared:
    """
    A post that cannot be encoded: half a surrogate pair.
    """
    good = cleared("bad")
    data = msgspec.structs.replace(good.event.data, text="\ud800")
    return replace(good, event=msgspec.structs.replace(good.event, data=data))


async def test_a_page_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    """
    Its caller gets the error; pages in the same transaction are kept, and positions have no hole.
    """
    outcomes: dict[str, object] = {}
    async with queue_in(tmp_path) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None

        async def commit(native: str, item: Cleared) -> None:
            try:
                outcomes[native] = await queue.commit(page(lease, cleared(f"{native}+"), item, source=native))
            except UnicodeEncodeError:
                outcomes[native] = "refused"

        async with anyio.create_task_group() as group:
            group.start_soon(commit, "1", cleared("1"))
            group.start_soon(commit, "2", unwritable())
            group.start_soon(commit, "3", cleared("3"))
        stats = await queue.stats()
        batch = await queue.read(None)

    assert outcomes == {"1": ("created", "created"), "2": "refused", "3": ("created", "created")}
    assert (stats.posts, len(batch.entries), stats.newest.partition("-")[2]) == (4, 4, "4")


async def test_a_page_that_fails_late_leaves_no_trace(tmp_path: Path) -> None:
    """
    Its posts were written already when its states could not be: counts, positions and erasures go back with it.
    """
    async with queue_in(tmp_path, Options(settle_after_s=3600)) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        await queue.commit(page(lease, cleared("1", "a")))
        bad = replace(page(lease, cleared("1", "b"), cleared("2")), states={Scope("host", "\ud800"): b""})
        with pytest.raises(UnicodeEncodeError):
            await queue.commit(bad)
        stats = await queue.stats()
        after = await queue.commit(page(lease, cleared("3")))
        newest = (await queue.stats()).newest

    assert (stats.posts, stats.newest.partition("-")[2], stats.erasures_pending) == (1, "1", 0)
    assert (after, newest.partition("-")[2]) == (("created",), "2")


async def test_a_disk_that_fails_ends_the_queue(tmp_path: Path, broken_disk: BrokenDisk) -> None:
    """
    A sync that failed proves nothing ever after: this commit and every later one are refused; the file is whole.
    """
    options = Options(vfs="broken-disk")
    async with queue_in(tmp_path, options) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        await queue.commit(page(lease, cleared("1", "kept")))
        broken_disk.failing = True
        with pytest.raises(QueueUnavailable, match="disk errors"):
            await queue.commit(page(lease, cleared("2")))
        broken_disk.failing = False
        with pytest.raises(QueueUnavailable, match="disk errors"):
            await queue.commit(page(lease, cleared("3")))
        held = texts(await queue.read(None))
    async with queue_in(tmp_path) as queue:
        after = texts(await queue.read(None))

    assert held == ["kept"]
    assert after[0] == "kept"


async def test_a_fault_of_ours_leaves_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An unforeseen exception in the thread is told by its type to whoever waits, and to whoever comes later.
    """

    def fault(self: object, jobs: object) -> None:
        raise ZeroDivisionError("content that must not be told")

    async with queue_in(tmp_path) as queue:
        monkeypatch.setattr(sqlite_writer.Writer, "_write", fault)
        with pytest.raises(QueueUnavailable) as first:
            await queue.drop_source("blog")
        monkeypatch.undo()
        with pytest.raises(QueueUnavailable) as second:
            await queue.drop_source("blog")

    message = "the queue's thread failed (ZeroDivisionError): start again"
    assert (str(first.value), str(second.value)) == (message, message)


async def test_a_poll_is_one_sync(tmp_path: Path) -> None:
    """
    Taking or renewing the lease costs none: a page of repeats and its lease share one, and a lease alone makes none.
    """
    power = PowerCut("count-syncs", on_sync=lambda: None)
    counts = []
    async with queue_in(tmp_path, Options(vfs="count-syncs", sync=power.synced)) as queue:
        for seconds in range(0, 300, 60):
            now = START + timedelta(seconds=seconds)
            before = power.syncs
            lease = await queue.lease(GROUP, "node-1", ttl_s=90, now=now)
            assert lease is not None
            taken = power.syncs
            await queue.commit(page(lease, cleared("1"), at=now))
            counts.append((taken - before, power.syncs - taken))
    power.unregister()

    assert counts[1:] == [(0, 1)] * 4


async def test_a_lease_is_not_undone_with_a_page(tmp_path: Path) -> None:
    """
    Pages fail, fences go on: the one that was taken last is found after a restart.
    """
    async with queue_in(tmp_path) as queue:
        first = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert first is not None
        with pytest.raises(UnicodeEncodeError):
            await queue.commit(page(first, unwritable()))
        later = START + timedelta(seconds=60)
        second = await queue.lease(GROUP, "node-2", ttl_s=60, now=later)
        with pytest.raises(LeaseLost):
            await queue.commit(page(first, cleared("1"), at=later))
    async with queue_in(tmp_path) as queue:
        refused = await queue.lease(GROUP, "node-1", ttl_s=60, now=later)
        third = await queue.lease(GROUP, "node-1", ttl_s=60, now=later + timedelta(seconds=60))

    assert (refused, [lease and lease.fence for lease in (first, second, third)]) == (None, [1, 2, 3])


async def test_a_long_wal_is_moved_into_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The WAL does not grow with the number of commits, and stays open for the next round.
    """
    monkeypatch.setattr(sqlite_writer, "WAL_PAGES", 50)
    sizes = []
    async with queue_in(tmp_path) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        for number in range(40):
            await queue.commit(page(lease, cleared(str(number), "words " * 1500)))
            await queue.stats()  # the thread has finished the turn before
            sizes.append((tmp_path / "listener.db-wal").stat().st_size // 4120)
        held = texts(await queue.read(None))

    assert 0 < max(sizes) < 100
    assert held == ["words " * 1500] * 40


async def test_erasures_of_a_while_share_one_cleaning(tmp_path: Path) -> None:
    """
    An edit returns when it is durable; its old words wait for the files to be cleaned, and that is told meanwhile.
    """
    async with queue_in(tmp_path, Options(settle_after_s=3600)) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        await queue.commit(page(lease, cleared("1", "a"), cleared("2", "a")))
        await queue.commit(page(lease, cleared("1", "b")))
        await queue.commit(page(lease, cleared("2", "b")))
        waiting = ((await queue.stats()).erasures_pending, await queue.erased(key("1")))
        await queue.forget([name("3")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)
        settled = ((await queue.stats()).erasures_pending, await queue.erased(key("1")))

    assert (waiting, settled) == ((2, False), (0, True))


async def test_erasures_do_not_wait_for_ever_on_a_busy_queue(tmp_path: Path) -> None:
    """
    While commits keep coming, old bytes go when their time is up by the clock.
    """
    pace = VirtualClock()
    async with queue_in(tmp_path, Options(settle_after_s=3600, pace=pace)) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        await queue.commit(page(lease, cleared("1", "a")))
        await queue.commit(page(lease, cleared("1", "b")))
        before = await queue.erased(key("1"))
        await pace.advance(3600)
        await queue.commit(page(lease, cleared("2")))
        after = await queue.erased(key("1"))

    assert (before, after) == (False, True)


async def test_an_idle_queue_cleans_up_by_itself(tmp_path: Path) -> None:
    """
    Nobody has to ask for it.
    """
    async with queue_in(tmp_path, Options(settle_after_s=0.01)) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        await queue.commit(page(lease, cleared("1", "OLDWORDS")))
        await queue.commit(page(lease, cleared("1", "NEWWORDS")))
        await until_erased(queue, key("1"))
        stored = _stored(tmp_path)

    assert (b"OLDWORDS" in stored, b"NEWWORDS" in stored) == (False, True)


async def test_no_shared_memory_and_no_temporary_files(tmp_path: Path) -> None:
    """
    Four files at most, all in the folder that the operator chose.
    """
    async with queue_in(tmp_path) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        assert lease is not None
        await queue.commit(page(lease, *[cleared(str(number)) for number in range(900)]))
        open_files = _names(tmp_path)

    assert open_files == {"listener.db", "listener.db-wal", "reserve"}


async def test_what_a_crash_left_is_told_with_its_age_and_only_then(tmp_path: Path) -> None:
    """
    Whoever opens the file after a crash tells since when those bytes had to go; where nothing was on its way, nothing.
    """
    later = START + timedelta(hours=1)

    async def told_after_a_crash_now(image: Path) -> list[float]:
        shutil.copytree(tmp_path / "run", image)
        told: list[float] = []
        queue = await open_sqlite(
            image / "listener.db", fingerprints=PRESENT, clock=VirtualClock(later), tell_erased=told.extend
        )
        await queue.aclose()
        return told

    async with queue_in(tmp_path / "run", Options(settle_after_s=3600)) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=7200, now=START)
        assert lease is not None
        await queue.commit(page(lease, *(cleared(number, "a") for number in "123")))
        await queue.commit(page(lease, cleared("1", "b"), at=START + timedelta(minutes=10)))
        await queue.commit(page(lease, cleared("2", "b"), at=START + timedelta(minutes=20)))
        under_way = await told_after_a_crash_now(tmp_path / "under way")
        await queue.forget([name("9")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK)
        at_rest = await told_after_a_crash_now(tmp_path / "at rest")
        await queue.commit(page(lease, cleared("4", "a")))
        busy = await told_after_a_crash_now(tmp_path / "busy")
    shutil.copytree(tmp_path / "under way", tmp_path / "run", dirs_exist_ok=True)
    async with queue_in(tmp_path / "run", Options(settle_after_s=3600)) as queue:
        lease = await queue.lease(GROUP, "node-1", ttl_s=7200, now=START)
        assert lease is not None
        await queue.commit(page(lease, cleared("4", "a")))
        afterwards = await told_after_a_crash_now(tmp_path / "afterwards")

    assert (under_way, at_rest, busy, afterwards) == ([3000.0, 3000.0], [], [], [])
