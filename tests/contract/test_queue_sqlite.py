"""
The embedded engine keeps the contract of `listener.queues.base`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.queues.base import Queue
from listener.queues.sqlite import open_sqlite
from listener.queues.sqlite_writer import Options
from listener.testing.queue_contract import PRESENT, Engine, QueueContract
from listener.testing.virtual_clock import VirtualClock


class SqliteUnderTest:
    """
    One file in a folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self._folder = folder

    async def open(self, fingerprints: tuple[str, ...] = PRESENT) -> Queue:
        return await open_sqlite(
            self._folder / "listener.db",
            fingerprints=fingerprints,
            clock=self.clock,
            options=Options(settle_after_s=0.01),
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
