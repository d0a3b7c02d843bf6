"""
The embedded engine keeps the contract of `listener.queues.base`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.queues.base import Queue, TellErased, tell_nobody
from listener.queues.sqlite import open_sqlite
from listener.queues.sqlite_keys import RECENT_MOST
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import PRESENT, Engine, QueueContract
from listener.testing.virtual_clock import VirtualClock


class SqliteUnderTest:
    """
    One file in a folder of its own.

    Args:
        folder: Which.
        recent_most: See `listener.queues.sqlite_keys.Keys`.
    """

    def __init__(self, folder: Path, *, recent_most: int = RECENT_MOST) -> None:
        self.clock = VirtualClock()
        self._folder = folder
        self._recent_most = recent_most

    async def open(
        self, fingerprints: tuple[str, ...] = PRESENT, *, tell_erased: TellErased = tell_nobody
    ) -> Queue:
        return await open_sqlite(
            self._folder / "listener.db",
            fingerprints=fingerprints,
            clock=self.clock,
            options=Options(settle_after_s=0.01, recent_most=self._recent_most),
            tell_erased=tell_erased,
        )

    async def stored_bytes(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self._folder.iterdir()))


class TestSqlite(QueueContract):
    """
    Every test of the suite, over a real file.
    """

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        return SqliteUnderTest(tmp_path / "queue")


class TestSqliteWithoutMemory(QueueContract):
    """
    The same where every key is sealed into a run before the next transaction, as most keys of a large queue are.
    """

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        return SqliteUnderTest(tmp_path / "queue", recent_most=1)
