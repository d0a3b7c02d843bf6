"""Upkeep: what ends by itself."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import anyio
import orjson
import pytest

from listener.errors import QueueFull, QueueUnavailable
from listener.events import PostKey, PostRemoved, WatchName, decode_event
from listener.hear.upkeep import Review, Upkeep, Wanted, past_review
from listener.queues.base import Expired
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.daemon import post, put
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio


def upkeep(
    queue: MemoryQueue, clock: VirtualClock, out: io.StringIO, days: list[date] | None = None
) -> Upkeep:
    return Upkeep(
        queue=queue,
        clock=clock,
        telemetry=Telemetry(out),
        retention=timedelta(days=2),
        keys_for=timedelta(days=400),
        at_review=(days if days is not None else []).append,
    )


def told(out: io.StringIO, event: str) -> list[dict[str, object]]:
    lines = [orjson.loads(line) for line in out.getvalue().splitlines()]
    return [
        {k: v for k, v in line.items() if k not in ("timestamp", "level", "event")}
        for line in lines
        if line["event"] == event
    ]


def test_a_watch_listens_through_its_review_date_and_not_a_day_longer() -> None:
    """`review_by` is the last day."""
    reviews = [Review(WatchName("roads"), date(2026, 3, 1)), Review(WatchName("snow"), date(2026, 3, 2))]

    assert past_review(reviews, date(2026, 3, 1)) == frozenset()
    assert past_review(reviews, date(2026, 3, 2)) == {"roads"}
    assert past_review(reviews, date(2026, 3, 3)) == {"roads", "snow"}


async def test_what_no_configured_watch_or_source_asks_for_is_erased_with_a_removal() -> None:
    """A post stays if its source is taken whole, if it was said to us, or if one of its watches is still there."""
    queue, out = MemoryQueue(), io.StringIO()
    await put(
        queue,
        post(1, source="/feed/kept", watches=("roads",)),
        post(2, source="/feed/kept", watches=("gone",)),
        post(3, source="/feed/kept", watches=("gone", "roads")),
        post(4, source="/feed/whole", watches=()),
        post(5, source="/feed/taken-out", watches=("roads",)),
        post(6, source="/feed/kept", watches=("gone",), addressed=True),
    )
    before = {decode_event(entry.line).subject for entry in (await queue.read(None)).entries}

    wanted = Wanted({"/feed/kept": False, "/feed/whole": True}, frozenset({"roads"}))
    await upkeep(queue, VirtualClock(), out).sweep(wanted)

    events = [decode_event(entry.line) for entry in (await queue.read(None)).entries]
    removed = {event.subject: event.data.reason for event in events if isinstance(event, PostRemoved)}
    assert removed == {post(2).key: "watch_removed", post(5).key: "source_removed"}
    assert {event.subject for event in events} == before
    assert sorted(told(out, "upkeep.forgotten"), key=lambda line: str(line["reason"])) == [
        {"posts": 1, "reason": "source_removed"},
        {"posts": 1, "reason": "watch_removed"},
    ]


async def test_what_a_source_does_not_look_for_any_more_is_erased_there_and_nowhere_else() -> None:
    """A watch taken out of one source takes that source's posts with it, unless another of its watches asks for them."""
    queue = MemoryQueue()
    await put(
        queue,
        post(1, source="/feed/some", watches=("roads",)),
        post(2, source="/feed/some", watches=("snow",)),
        post(3, source="/feed/some", watches=("roads", "snow")),
        post(4, source="/feed/some", watches=("snow",), addressed=True),
        post(5, source="/feed/every", watches=("snow",)),
        post(6, source="/feed/whole", watches=("snow",)),
        post(7, source="/feed/none", watches=("roads",)),
    )

    wanted = Wanted(
        {"/feed/some": False, "/feed/every": False, "/feed/whole": True, "/feed/none": False},
        frozenset({"roads", "snow"}),
        {
            "/feed/some": frozenset({"roads"}),
            "/feed/whole": frozenset({"roads"}),
            "/feed/none": frozenset(),
        },
    )
    await upkeep(queue, VirtualClock(), io.StringIO()).sweep(wanted)

    events = [decode_event(entry.line) for entry in (await queue.read(None)).entries]
    removed = {event.subject: event.data.reason for event in events if isinstance(event, PostRemoved)}
    assert removed == {post(2).key: "watch_removed", post(7).key: "watch_removed"}


async def test_bodies_end_within_a_minute_of_their_time_and_keys_of_days_past_the_retention_are_destroyed() -> (
    None
):
    """The jobs run by themselves: expiry each minute, keys and reviews each hour."""
    clock, queue, out, days = VirtualClock(), MemoryQueue(), io.StringIO(), list[date]()
    await queue.sealing_key(clock.now().date())
    jobs = upkeep(queue, clock, out, days)
    async with anyio.create_task_group() as group:
        group.start_soon(jobs.run)
        await clock.advance(3 * 86_400.0 + 3600)
        group.cancel_scope.cancel()

    assert await queue.sealing_keys() == {}
    assert told(out, "upkeep.keys_destroyed") == [{"days": 1}]
    assert days[0] == datetime(2026, 1, 5, tzinfo=UTC).date()
    assert len(set(days)) == 4


async def test_a_job_that_finds_no_room_is_tried_again_and_holds_up_no_other() -> None:
    """A full queue is told and retried; a queue that cannot be trusted ends the process."""

    class Tight(MemoryQueue):
        tries = 0
        ends = False

        async def expire(self, now: datetime) -> Expired:
            self.tries += 1
            if self.ends:
                raise QueueUnavailable("the database is damaged")
            if self.tries < 3:
                raise QueueFull("no room")
            return Expired(0, 0)

    clock, queue, out = VirtualClock(), Tight(), io.StringIO()
    jobs = upkeep(queue, clock, out)
    with pytest.raises(ExceptionGroup) as raised:  # noqa: PT012  the group is what runs it
        async with anyio.create_task_group() as group:
            group.start_soon(jobs.run)
            await clock.advance(100)
            assert queue.tries == 3
            queue.ends = True
            await clock.advance(100)

    assert raised.group_contains(QueueUnavailable)
    assert told(out, "upkeep.failed") == [{"job": "expire", "error": "QueueFull", "wait_s": 30.0}] * 2


async def test_a_sweep_that_was_broken_off_is_made_again() -> None:
    """What nothing asks for is erased within the hour, even if the queue had no room at the reload."""

    class Tight(MemoryQueue):
        full = True

        async def forget(self, names: object, **rest: object) -> tuple[PostKey, ...]:
            if self.full:
                raise QueueFull("no room")
            return await super().forget(names, **rest)  # type: ignore[arg-type]  # passed on as it came

    clock, queue, out = VirtualClock(), Tight(), io.StringIO()
    await put(queue, post(1, source="/feed/taken-out"))
    jobs = upkeep(queue, clock, out)
    with pytest.raises(QueueFull):
        await jobs.sweep(Wanted({}, frozenset()))
    queue.full = False
    await jobs.daily()

    (entry,) = (await queue.read(None)).entries
    assert isinstance(decode_event(entry.line), PostRemoved)
