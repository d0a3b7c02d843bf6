"""
The queue that tests run on knows posts by their names as a real one does.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from listener.queues.base import MAX_ITEMS, Lease, Queue, TellErased, parts, tell_nobody
from listener.testing.queue_contract import (
    GROUP,
    PRESENT,
    Engine,
    IdentityContract,
    RecheckContract,
    cleared,
    key,
    page,
)
from listener.testing.virtual_clock import START, VirtualClock
from tests.fakes.memory_queue import MemoryQueue


def test_what_was_asked_about_comes_with_the_last_part() -> None:
    """
    A page too long for one commit says which posts were asked about once everything it took away is durable.
    """
    lease = Lease(GROUP, "node-1", 1, START)
    commit = replace(page(lease, *(cleared(str(n)) for n in range(MAX_ITEMS + 1))), asked=(key("a"),))

    assert [part.asked for part in parts(commit, previous_cursor=None)] == [(), (key("a"),)]


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

    async def open(
        self, fingerprints: tuple[str, ...] = PRESENT, *, tell_erased: TellErased = tell_nobody
    ) -> Queue:
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
