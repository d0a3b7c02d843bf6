"""How long to wait after something went wrong."""

from __future__ import annotations

import anyio
import pytest

from listener.errors import LeaseLost, QueueFull
from listener.hear.pace import Spread
from listener.hear.policies import failure_wait_s, rate_limited_wait_s, when_full

DAY = 86_400.0


class Edge(Spread):
    """Always at one end of the window."""

    def __init__(self, *, last: bool) -> None:
        super().__init__("edge")
        self._last = last

    def uniform(self, low: float, high: float) -> float:
        return high if self._last else low


def test_the_window_after_a_failure_doubles_up_to_a_day() -> None:
    """From one minute; an error never stops a source for good."""
    last = [failure_wait_s(failures, Edge(last=True)) for failures in (1, 2, 3, 4, 10, 11, 12, 10**9)]
    first = [failure_wait_s(failures, Edge(last=False)) for failures in (1, 2, 30)]

    assert last == [120, 240, 480, 960, 61_440, DAY, DAY, DAY]
    assert first == [60, 120, DAY / 2]


def test_the_window_after_a_429_without_a_wait_starts_at_ten_minutes() -> None:
    """And doubles in the same way."""
    last = [rate_limited_wait_s(failures, Edge(last=True)) for failures in (1, 2, 3, 8, 9)]

    assert last == [1_200, 2_400, 4_800, DAY, DAY]
    assert [rate_limited_wait_s(failures, Edge(last=False)) for failures in (1, 9)] == [600, 600]


def test_sources_that_failed_together_come_back_apart() -> None:
    """Jitter over half the window: a host that was down meets no crowd when it is up."""
    waits = [failure_wait_s(6, Spread(f"blog {number}")) for number in range(200)]

    assert min(waits) < 2_100
    assert max(waits) > 3_400
    assert max(waits.count(wait) for wait in waits) == 1


@pytest.mark.anyio
async def test_a_full_queue_is_asked_again_for_as_long_as_it_takes() -> None:
    """One second, doubling to half a minute; then the answer of the commit."""
    slept: list[float] = []
    tries = 0

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    async def commit(page: str) -> str:
        nonlocal tries
        tries += 1
        if tries <= 2_000:
            raise QueueFull("no room")
        return page

    assert await when_full(sleep)(commit, "page") == "page"
    assert slept[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert slept[7:] == [30] * 1_993


@pytest.mark.anyio
async def test_any_other_error_passes_a_full_queues_patience() -> None:
    """A lost lease, and cancellation, are not waited out; the block form does the same."""

    async def sleep(_delay_s: float) -> None:
        raise AssertionError

    async def commit_in_a_block() -> None:
        async for attempt in when_full(sleep):
            with attempt:
                raise LeaseLost("no longer ours")

    with pytest.raises(LeaseLost, match="ours"):
        await commit_in_a_block()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await when_full(sleep)(anyio.sleep, 60)

    assert scope.cancelled_caught


@pytest.mark.anyio
async def test_waiting_for_room_can_be_cancelled() -> None:
    """A shutdown does not wait for a disk."""

    async def commit() -> None:
        raise QueueFull("no room")

    with anyio.move_on_after(0.01) as scope:
        await when_full(anyio.sleep)(commit)

    assert scope.cancelled_caught
