"""
A full disk pauses intake; reading, forgetting and expiry go on, and it recovers by itself.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import apsw
import pytest

from listener.errors import QueueFull
from listener.events import Name
from listener.queues.base import Expired, Queue, TellErased, tell_nobody
from listener.queues.sqlite import open_sqlite
from listener.queues.sqlite_reserve import Reserve, allocate
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import (
    LOOK_BACK,
    PRESENT,
    Room,
    cleared,
    key,
    name,
    opened,
    texts,
)
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

RESERVE: Final = 2 * 1024 * 1024


class SmallDisk(apsw.VFS):
    """
    A disk with room for so many bytes in one folder; the reserve counts, as it would on a real one.

    Args:
        folder: What is on it.
        kind: How it says that it is full: SQLite's own code, or an errno.
    """

    def __init__(self, folder: Path, kind: Literal["full", "enospc"]) -> None:
        self.room = 1 << 40
        self.kind = kind
        self.refused = 0
        self._folder = folder
        super().__init__("small-disk", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _SmallFile(self, name, flags)

    def xGetLastError(self) -> tuple[int, str]:  # noqa: N802
        return (errno.ENOSPC, "") if self.kind == "enospc" else (0, "")

    def used(self) -> int:
        """
        Bytes on it.
        """
        return sum(file.stat().st_size for file in self._folder.iterdir())

    def fill(self) -> None:
        """
        Nothing more goes on it.
        """
        self.room = self.used()

    def take(self, descriptor: int, size_bytes: int) -> None:
        """
        For `Reserve`.
        """
        if self.used() + size_bytes - os.fstat(descriptor).st_size > self.room:
            raise OSError(errno.ENOSPC, "full")
        allocate(descriptor, size_bytes)

    def demand(self, more: int) -> None:
        """
        Refuse where there is no room for so many bytes more.
        """
        if more > 0 and self.used() + more > self.room:
            self.refused += 1
            if self.kind == "full":
                raise apsw.FullError
            raise apsw.exception_for(apsw.SQLITE_IOERR_WRITE)


class _SmallFile(apsw.VFSFile):
    def __init__(self, disk: SmallDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.demand(offset + len(data) - self.xFileSize())
        super().xWrite(data, offset)


@pytest.fixture(params=["full", "enospc"])
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallDisk]:
    """
    A small disk of either kind.
    """
    disk = SmallDisk(tmp_path, request.param)
    yield disk
    disk.unregister()


class FullEngine:
    """
    The engine on a small disk.
    """

    def __init__(self, folder: Path, disk: SmallDisk) -> None:
        self.clock = VirtualClock()
        self.reserve_path = folder / "listener.db.reserve"
        self._folder = folder
        self._disk = disk

    async def open(
        self, fingerprints: tuple[str, ...] = PRESENT, *, tell_erased: TellErased = tell_nobody
    ) -> Queue:
        reserve = Reserve(self.reserve_path, size_bytes=RESERVE, take=self._disk.take)
        return await open_sqlite(
            self._folder / "listener.db",
            fingerprints=fingerprints,
            clock=self.clock,
            options=Options(vfs="small-disk", settle_after_s=0.01, reserve=reserve),
            tell_erased=tell_erased,
        )

    async def stored_bytes(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self._folder.iterdir()))


async def _fill(room: Room, disk: SmallDisk) -> None:
    """
    Bodies that fill some pages, then no room for more.
    """
    for start in range(0, 400, 100):
        await room.commit(
            *[cleared(str(n), f"BODY{n:04d}." * 60, aliases=[f"a{n}"]) for n in range(start, start + 100)]
        )
    disk.fill()


async def test_a_full_disk_refuses_posts_and_nothing_else(tmp_path: Path, disk: SmallDisk) -> None:
    """
    Commits fail whole, again and again; reading goes on; forgetting and expiry take bytes off the disk; then there is
    room again and the same commit goes in.
    """
    engine = FullEngine(tmp_path, disk)
    async with opened(engine) as room:
        await _fill(room, disk)
        before = await room.queue.stats()
        new = [cleared(f"new{n}", "NEWWORDS " * 2000) for n in range(50)]
        for _ in range(3):
            with pytest.raises(QueueFull):
                await room.commit(*new)
        after = await room.queue.stats()
        read = await room.queue.read(None, limit=1000)

        forgotten = await room.queue.forget(
            [name("a7")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
        )
        erased = await room.queue.erased(key("7"))
        stored = await engine.stored_bytes()

        assert disk.refused > 0
        assert (after.newest, after.posts, after.keys) == (before.newest, 400, 0)
        assert len(read.entries) == 400
        assert (forgotten, erased, b"BODY0007" in stored, b"BODY0008" in stored) == (
            (key("7"),),
            True,
            False,
            True,
        )

        expired = await room.queue.expire(START + timedelta(days=30))
        stored = await engine.stored_bytes()

        assert (expired, b"BODY" in stored) == (Expired(399, 0), False)

        disk.room = 1 << 40
        outcomes = await room.commit(*new)

        assert outcomes == ("created",) * 50
        assert engine.reserve_path.stat().st_size == RESERVE


async def test_a_full_disk_at_start(tmp_path: Path, disk: SmallDisk) -> None:
    """
    The queue opens, reads, forgets; new posts wait until there is room for the reserve too.
    """
    engine = FullEngine(tmp_path, disk)
    async with opened(engine) as room:
        await _fill(room, disk)
        disk.room = 1 << 40
    engine.reserve_path.unlink()
    disk.fill()
    queue = await engine.open()
    disk.room += RESERVE // 2  # room for a row, but erasure could not go on once that is used up
    with pytest.raises(QueueFull):
        await queue.lease("group", "node-1", ttl_s=60, now=START)
    held = texts(await queue.read(None, limit=1000))
    disk.room = disk.used() + RESERVE + 1024 * 1024
    lease = await queue.lease("group", "node-1", ttl_s=60, now=START)
    keys = await queue.forget(
        [Name(bytes.fromhex(key("3")))], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
    )
    await queue.aclose()

    assert (len(held), lease is not None, keys) == (400, True, (key("3"),))


async def test_what_cannot_be_cleaned_yet_is_told(tmp_path: Path, disk: SmallDisk) -> None:
    """
    Without any room, reserve spent, forgetting is refused and said; nothing claims to be erased; room heals it.
    """
    engine = FullEngine(tmp_path, disk)
    async with opened(engine) as room:
        await _fill(room, disk)
        disk.room = 0  # not even what the reserve gives back
        with pytest.raises(QueueFull):
            await room.queue.forget(
                [name("7")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
            )
        posts = (await room.queue.stats()).posts
        disk.room = 1 << 40
        keys = await room.queue.forget(
            [name("7")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
        )
        erased = await room.queue.erased(key("7"))
        outcomes = await room.commit(cleared("new"))

    assert (posts, keys, erased, outcomes) == (400, (key("7"),), True, ("created",))


def test_a_reserve_takes_its_room_and_gives_it_back(tmp_path: Path) -> None:
    """
    Held once, released once; a failure to take it leaves nothing behind.
    """
    path = tmp_path / "reserve"
    reserve = Reserve(path, size_bytes=8192)
    held = [reserve.hold(), reserve.hold(), path.stat().st_size]
    released = [reserve.release(), reserve.release(), path.exists()]

    def refuse(_descriptor: int, _size_bytes: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    refused = [Reserve(path, take=refuse).hold(), path.exists()]

    assert (held, released, refused) == ([True, True, 8192], [True, False, False], [False, False])


def test_room_is_taken_without_the_system_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where there is no posix_fallocate, bytes are written.
    """
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    path = tmp_path / "reserve"
    held = Reserve(path, size_bytes=512 * 1024).hold()

    assert (held, path.stat().st_size) == (True, 512 * 1024)
