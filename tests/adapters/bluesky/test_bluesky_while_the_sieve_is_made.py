"""
The daemon hears from its first frame, though what sieves frames takes some tenths of a second to be drawn up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from listener.hear import interest
from listener.hear.sieve import RawSieve
from tests.adapters.bluesky.bluesky_rig import Town, name_in, source, town

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


class HeldUp(RawSieve):
    """One that is not finished before the test says so."""

    begun = threading.Event()
    may_finish = threading.Event()
    finished = threading.Event()
    threads: list[str] = []  # noqa: RUF012 - of the test

    def __init__(self, terms: Iterable[list[str]]) -> None:
        self.threads.append(threading.current_thread().name)
        self.begun.set()
        assert self.may_finish.wait(20), "the loop waits for what waits for the loop"
        super().__init__(terms)
        self.finished.set()


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> type[HeldUp]:
    """In the place of the sieve."""
    for event in (HeldUp.begun, HeldUp.may_finish, HeldUp.finished):
        event.clear()
    HeldUp.threads.clear()
    monkeypatch.setattr(interest, "RawSieve", HeldUp)
    return HeldUp


async def said_and_heard(there: Town, text: str) -> bool:
    """Somebody says it, and the queue holds it."""
    uri = await there.say(text)
    said = there.network.records[uri].post
    return said in {name_in(event["data"]["text"]) for event in await there.posts()}


async def test_posts_are_heard_while_the_sieve_is_made(held_up: type[HeldUp]) -> None:
    """Nothing waits for it: a post that comes before it is finished is heard, and so is one that comes after."""
    async with town() as there:
        assert held_up.begun.wait(60)
        before = await said_and_heard(there, "while it is made")
        unfinished = not held_up.finished.is_set()
        held_up.may_finish.set()
        assert held_up.finished.wait(60)
        after = await said_and_heard(there, "once it is made")

    assert (before, unfinished, after) == (True, True, True)
    assert threading.main_thread().name not in held_up.threads


async def test_a_reload_draws_it_up_again(held_up: type[HeldUp]) -> None:
    """After a reload the terms that are in force have a sieve before the reload says it is done, and not on the loop's thread."""
    held_up.may_finish.set()
    async with town() as there:
        assert held_up.finished.wait(60)
        made = len(held_up.threads)
        await there.house.configure(source())
        heard = await said_and_heard(there, "after a reload")

    assert heard
    assert (made, len(held_up.threads)) == (1, 2)
    assert threading.main_thread().name not in held_up.threads
