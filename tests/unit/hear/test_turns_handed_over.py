"""A turn that is handed to somebody who is just leaving goes on to the next in line."""

from __future__ import annotations

import anyio
import pytest

from listener.hear.pace import Pace
from listener.hear.turns import Turns
from listener.testing.virtual_clock import VirtualClock

pytestmark = pytest.mark.anyio

HOST = "blog.example"


async def test_a_turn_given_to_one_who_is_cancelled_is_not_lost() -> None:
    """The second is cancelled, and before it has left the line it is handed the turn; the third has its turn, and the line ends empty."""
    turns = Turns(VirtualClock(), Pace(0.0, frozenset()), most_s=60)
    had: list[str] = []

    async def ask(who: str, scope: anyio.CancelScope) -> None:
        with scope:
            await turns.take(HOST, source=who)
            had.append(who)
            turns.give_back(HOST)

    await turns.take(HOST, source="first")
    second, third = anyio.CancelScope(), anyio.CancelScope()
    async with anyio.create_task_group() as group:
        group.start_soon(ask, "second", second)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(ask, "third", third)
        await anyio.wait_all_tasks_blocked()
        second.cancel()
        turns.give_back(HOST)  # the second stands in line still: it has not run yet
    await turns.take(HOST, source="last")

    assert had == ["third"]
    assert turns._queues.keys() == {HOST}
