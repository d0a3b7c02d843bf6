"""
The queue that tests run on knows posts by their names as a real one does.
"""

from __future__ import annotations

import pytest

from listener.queues.base import Queue
from listener.testing.queue_contract import PRESENT, Engine, IdentityContract, RecheckContract
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.memory_queue import MemoryQueue


class Remembering(MemoryQueue):
    """
    Closing it forgets nothing, as a file would not.
    """

    async def aclose(self) -> None:
        """
        Nothing to do.
        """


class MemoryUnderTest:
    """
    One queue, however often it is opened.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._queue = Remembering()

    async def open(self, fingerprints: tuple[str, ...] = PRESENT) -> Queue:
        return self._queue

    async def stored_bytes(self) -> bytes:
        return b""


class TestMemory(IdentityContract, RecheckContract):
    """
    Those parts of the suite.
    """

    @pytest.fixture
    def engine(self) -> Engine:
        return MemoryUnderTest()
