"""Names that do not answer: they cost their own source a while, and nobody else anything."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from listener.hear.lookup import Info, Lookup

pytestmark = pytest.mark.anyio

LIVE: list[Info] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.7", 443))]


class System:
    """Knows one name; thinks about any other until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def find(self, host: str, port: int, **options: Any) -> Sequence[Info]:
        self.asked.append(host)
        if host == "live.example":
            return LIVE
        self.let_go.wait(20)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")


@pytest.fixture
def system() -> Any:
    made = System()
    yield made
    made.let_go.set()


async def test_many_dead_names_do_not_keep_a_live_one_waiting(system: System) -> None:
    """With forty names that the system thinks about, the next one is answered at once; the loop's own pool has a handful of threads."""
    lookup = Lookup(find=system.find)
    dead = [
        asyncio.create_task(lookup.addresses(f"dead-{n}.example", 443, socket.AF_INET)) for n in range(40)
    ]
    await asyncio.sleep(0)
    began = time.monotonic()
    found = await lookup.addresses("live.example", 443, socket.AF_INET)
    took_s = time.monotonic() - began
    system.let_go.set()
    ends = await asyncio.gather(*dead, return_exceptions=True)
    lookup.close()

    assert found == LIVE
    assert took_s < 5
    assert {type(end) for end in ends} == {socket.gaierror}


async def test_a_name_that_does_not_answer_is_given_up(system: System) -> None:
    """After its time, as a name that cannot be found now; and one that waits for a thread in vain is never asked for."""
    lookup = Lookup(threads=1, wait_s=0.05, find=system.find)
    first = asyncio.create_task(lookup.addresses("dead.example", 443, socket.AF_INET))
    await asyncio.sleep(0)
    ends = await asyncio.gather(
        first, lookup.addresses("late.example", 443, socket.AF_INET), return_exceptions=True
    )
    system.let_go.set()
    lookup.close()
    again = Lookup(find=system.find)
    found = await again.addresses("live.example", 443, socket.AF_INET)
    again.close()

    assert [getattr(end, "errno", None) for end in ends] == [socket.EAI_AGAIN] * 2
    assert found == LIVE
    assert "late.example" not in system.asked


async def test_threads_are_used_again(system: System) -> None:
    """Twenty names, one after the other, need one thread; and it ends when the lookup is closed."""
    lookup = Lookup(find=system.find)
    for _ in range(20):
        await lookup.addresses("live.example", 443, socket.AF_INET)
    threads = [thread for thread in threading.enumerate() if thread.name == "listener-names"]
    lookup.close()
    for thread in threads:
        await asyncio.to_thread(thread.join, 5)

    assert len(threads) == 1
    assert not threads[0].is_alive()
