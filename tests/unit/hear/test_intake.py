"""Intake: who is read when, what is committed, and what a failure costs whom."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import anyio
import orjson
import pytest

from listener.adapter import Cursor, Freshness, Page, Poller, Streamer
from listener.errors import AccessDenied, LeaseLost, QueueFull, RateLimited, SourceUnavailable
from listener.events import (
    Cleared,
    Count,
    Gap,
    Noted,
    Post,
    Rejected,
    Removal,
    Retraction,
    WatchName,
    Withheld,
)
from listener.gate import Gate, Place
from listener.hear.intake import Intake
from listener.hear.keeping import Keeper
from listener.hear.pace import Pace
from listener.hear.seat import Source
from listener.hear.walk import Asking
from listener.keys import KeyRing, Sealer
from listener.queues.base import Commit, Outcome, Scope
from listener.status import SourceView
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

HOUR = 3600.0
KEYS = KeyRing([b"a secret of sixteen bytes or more"])
GATE = Gate(
    keys=KEYS, own_handles=["@city"], country="CA", consent="objection", nobot_tags=(), objections=frozenset()
)


class Door:
    """The real gate with one place."""

    def __init__(self, source: str) -> None:
        month = timedelta(days=30)
        self.place = Place(network="feed", source=source, keep="text", retention=month, emit_from=month)

    def clear(
        self,
        post: Post,
        *,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: object,
    ) -> Cleared | Withheld:
        return GATE.clear(post, place=self.place, watches=watches, shortest=shortest, sealer=sealer, now=now)  # type: ignore[arg-type]

    def retract(self, removal: Removal, *, now: object) -> Retraction:
        return GATE.retract(removal, place=self.place, now=now)  # type: ignore[arg-type]

    def note(self, item: Count | Gap, *, now: object) -> Noted:
        return GATE.note(item, place=self.place, now=now)  # type: ignore[arg-type]


class Script:
    """A poller that plays a list of pages and errors, then says that nothing changed; remembers cursors and times."""

    def __init__(self, clock: VirtualClock, *acts: Page | Exception) -> None:
        self.clock, self.acts = clock, list(acts)
        self.calls: list[tuple[float, bytes | None]] = []

    async def fetch(self, cursor: Cursor | None) -> Page:
        self.calls.append((self.clock.monotonic(), cursor))
        await self.clock.sleep(1)
        act = (
            self.acts.pop(0)
            if self.acts
            else Page(freshness=Freshness(not_modified=True, has_validators=True))
        )
        if isinstance(act, Exception):
            raise act
        return act


class FullQueue(MemoryQueue):
    """A queue without room until told otherwise."""

    full = True

    async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
        if self.full:
            raise QueueFull("no room")
        return await super().commit(commit)


class House:
    """Everything around intake, on a virtual clock."""

    def __init__(self, queue: MemoryQueue | None = None) -> None:
        self.clock = VirtualClock()
        self.queue = queue or MemoryQueue()
        self.out = io.StringIO()
        self.telemetry = Telemetry(self.out, debug=True)
        self.pace = Pace(2.0, frozenset())
        self.keeper = Keeper(
            queue=self.queue,
            pace=self.pace,
            asking=Asking(lambda post: (WatchName("snow"),) if "snow" in post.text else ()),
            clock=self.clock,
            telemetry=self.telemetry,
            node="local",
        )
        self.intake = Intake(
            keeper=self.keeper, queue=self.queue, pace=self.pace, clock=self.clock, workers=4, spacing_s=2.0
        )

    def source(
        self,
        name: str,
        reads: Poller | Streamer,
        *,
        host: str | None = None,
        relation: Literal["own", "public"] = "public",
    ) -> Source:
        return Source(
            name=name,
            network="feed",
            relation=relation,
            keep="text",
            take_all=False,
            door=Door(name),
            reads=reads,
            group=host or f"{name}.example",
            interval_s=HOUR,
            floor_s=HOUR if relation == "public" else 60.0,
            look_back=timedelta(days=30),
        )

    @asynccontextmanager
    async def running(self, *sources: Source) -> AsyncIterator[None]:
        await self.intake.add(sources)
        async with anyio.create_task_group() as group:
            group.start_soon(self.intake.run)
            yield
            group.cancel_scope.cancel()

    def lines(self, event: str) -> list[dict[str, object]]:
        told = [orjson.loads(line) for line in self.out.getvalue().splitlines()]
        return [
            {k: v for k, v in line.items() if k not in ("timestamp", "level", "event")}
            for line in told
            if line["event"] == event
        ]

    def view(self, name: str) -> SourceView:
        return next(view for view in self.intake.views() if view.name == name)


def post(native: str, text: str = "snow on the road") -> Post:
    return Post(native=native, kind="article", text=text)


async def test_a_page_becomes_durable_with_its_cursor_and_the_time_of_the_next_read() -> None:
    """Items, cursor and next due time are in the queue after one read, and the sums agree."""
    house = House()
    page = Page(
        (post("1"), post("2", "rain"), Rejected("no_identity")),
        Cursor(b"after-2"),
        freshness=Freshness(has_validators=True),
    )
    reads = Script(house.clock, page)

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(10)

    stored = await house.queue.source_state("blog")
    batch = await house.queue.read(None)
    assert stored is not None
    assert stored.cursor == b"after-2"
    assert HOUR - 10 <= (stored.next_due_at - house.clock.now()).total_seconds() <= 1.1 * HOUR
    assert [entry.type for entry in batch.entries] == ["listener.post.created"]
    assert house.lines("page.walked") == [
        {
            "source": "blog",
            "received": 3,
            "created": 1,
            "updated": 0,
            "removed": 0,
            "noted": 0,
            "repeat": 0,
            "withheld": {"not_ours": 1},
            "rejected": {"no_identity": 1},
            "refused": 0,
            "seen": 0,
        }
    ]
    assert (house.view("blog").received, house.view("blog").queued) == (3, 1)


async def test_the_next_read_gets_the_stored_cursor_after_the_interval() -> None:
    """Reads are an interval apart, each with the cursor that the commit before made durable."""
    house = House()
    fresh = Freshness(has_validators=True)
    reads = Script(
        house.clock,
        Page((post("1"),), Cursor(b"one"), freshness=fresh),
        Page((), Cursor(b"two"), freshness=fresh),
    )

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(2.9 * HOUR)

    assert [cursor for _, cursor in reads.calls] == [None, b"one", b"two"]
    gaps = [later - earlier for (earlier, _), (later, _) in zip(reads.calls, reads.calls[1:], strict=False)]
    assert all(HOUR <= gap <= 1.1 * HOUR + 2 for gap in gaps)


async def test_more_pages_are_read_at_once_each_committed_before_the_next() -> None:
    """While a page says that there is more, the source is asked again without waiting."""
    house = House()
    first = Page((post("1"),), Cursor(b"one"), more=True, freshness=Freshness(has_validators=True))
    second = Page((post("2"),), Cursor(b"two"), freshness=Freshness(has_validators=True))
    reads = Script(house.clock, first, second)

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(10)

    assert [cursor for _, cursor in reads.calls] == [None, b"one"]
    assert len((await house.queue.read(None)).entries) == 2


async def test_a_restart_asks_nobody_earlier() -> None:
    """Ten restarts in a minute cause one read: the time of the next is stored, for failures too (P11)."""
    house = House()
    reads = Script(house.clock, Page((), Cursor(b"one"), freshness=Freshness(has_validators=True)))
    failing = Script(house.clock, *[SourceUnavailable("source sad: no answer") for _ in range(20)])
    for _ in range(10):
        again = House(house.queue)
        again.clock = again.keeper._clock = again.intake._clock = house.clock
        async with again.running(house.source("blog", reads), house.source("sad", failing)):
            await house.clock.advance(6)

    assert len(reads.calls) == 1
    assert len(failing.calls) == 1


async def test_a_failing_source_delays_no_other() -> None:
    """Failures back off alone, durably, and a recovered source says so."""
    house = House()
    sad = Script(
        house.clock,
        SourceUnavailable("source sad: no answer"),
        ZeroDivisionError("words of a post"),
        Page((post("1"),), Cursor(b"x")),
    )
    glad = Script(house.clock)

    async with house.running(house.source("sad", sad), house.source("glad", glad)):
        await house.clock.advance(3)
        first = house.view("sad")
        await house.clock.advance(2 * HOUR)

    assert (first.state, first.failures, first.error_code) == ("failing", 1, "unavailable")
    assert [line["error_code"] for line in house.lines("source.failed")] == ["unavailable", "internal"]
    assert house.lines("source.recovered") == [{"source": "sad", "failures": 2}]
    assert house.view("sad").failures == 0
    assert 2 <= len(glad.calls) <= 3
    assert "words of a post" not in house.out.getvalue()


async def test_a_server_that_asks_for_a_pause_holds_its_host_durably() -> None:
    """Retry-After holds every source of the host, across a restart, and counts as no failure (P15)."""
    house = House()
    limited = Script(house.clock, RateLimited("source a: too many requests", wait_s=900.0))
    sibling = Script(house.clock)

    async with house.running(house.source("a", limited, host="blogs.example")):
        await house.clock.advance(3)
        assert (house.view("a").state, house.view("a").failures) == ("held", 0)
    again = House(house.queue)
    again.clock = again.keeper._clock = again.intake._clock = house.clock
    started = house.clock.monotonic()
    async with again.running(
        house.source("a", limited, host="blogs.example"), house.source("b", sibling, host="blogs.example")
    ):
        await house.clock.advance(1200)

    assert [at - started >= 895 for at, _ in sibling.calls] == [True]
    assert house.lines("source.rate_limited") == [{"source": "a", "host": "blogs.example", "wait_s": 900.0}]


async def test_a_server_that_refuses_us_is_asked_once_a_day() -> None:
    """401 and 403 park the source for a day."""
    house = House()
    reads = Script(house.clock, *[AccessDenied("source a: 403") for _ in range(9)])

    async with house.running(house.source("a", reads)):
        await house.clock.advance(3 * 86_400 - 60)

    assert len(reads.calls) == 3
    assert house.view("a").state == "denied"


async def test_a_full_queue_pauses_intake_and_it_goes_on_by_itself() -> None:
    """The page waits in memory, nothing is skipped, and both ends of the pause are told once."""
    queue = FullQueue()
    house = House(queue)
    reads = Script(house.clock, Page((post("1"),), Cursor(b"one"), freshness=Freshness(has_validators=True)))

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(300)
        while_full = house.intake.paused, house.view("blog").state, await queue.source_state("blog")
        queue.full = False
        await house.clock.advance(60)
        afterwards = house.intake.paused

    assert (while_full, afterwards) == ((True, "paused", None), False)

    assert len(reads.calls) == 1
    assert len((await queue.read(None)).entries) == 1
    assert (len(house.lines("queue.paused")), len(house.lines("queue.resumed"))) == (1, 1)


async def test_a_dropped_source_commits_nothing_more() -> None:
    """When drop returns, a read that was under way is over and its page is not in the queue."""
    house = House()
    reads = Script(house.clock, Page((post("1"),), Cursor(b"one")))

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(1.5)
        assert house.view("blog").state == "reading"
        await house.intake.drop(["blog"])
        await house.clock.advance(HOUR)

    assert house.intake.views() == ()
    assert await house.queue.source_state("blog") is None


async def test_a_lost_lease_drops_the_page() -> None:
    """Another node owns the host: what was read is not counted, and the cursor stays."""

    class Stolen(MemoryQueue):
        async def commit(self, commit: Commit) -> tuple[Outcome, ...]:
            raise LeaseLost("somebody else reads it")

    house = House(Stolen())
    reads = Script(house.clock, Page((post("1"),), Cursor(b"one")))

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(10)

    assert house.view("blog").state == "not_ours"
    assert house.lines("lease.lost") == [{"source": "blog", "group": "blog.example"}]
    assert house.lines("page.walked") == []


async def test_a_page_longer_than_a_commit_is_split_and_its_cursor_comes_last() -> None:
    """1,000 posts are two commits; all of them and the cursor are there in the end."""
    house = House()
    page = Page(
        tuple(post(str(number)) for number in range(1000)),
        Cursor(b"end"),
        freshness=Freshness(has_validators=True),
    )
    reads = Script(house.clock, page)

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(10)

    stored = await house.queue.source_state("blog")
    assert stored is not None
    assert (stored.cursor, (await house.queue.stats()).posts) == (b"end", 1000)


async def test_a_stream_is_kept_connected() -> None:
    """A source that speaks by itself: each page is durable when send returns, and a lost connection is made again."""

    class Stream:
        def __init__(self) -> None:
            self.cursors: list[bytes | None] = []

        async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
            self.cursors.append(cursor)
            await send(Page((post(f"post {len(self.cursors)}"),), Cursor(b"%d" % len(self.cursors))))
            if len(self.cursors) == 1:
                raise SourceUnavailable("source live: connection lost")
            await anyio.sleep_forever()

    house, stream = House(), Stream()
    async with house.running(house.source("live", stream)):
        await house.clock.advance(900)
        assert house.view("live").state == "reading"

    assert stream.cursors == [None, b"1"]
    assert len((await house.queue.read(None)).entries) == 2


async def test_what_a_host_was_told_is_stored_with_the_page() -> None:
    """The pace of the host is committed in the same commit as the page it answered."""
    house = House()
    reads = Script(house.clock, Page((), Cursor(b"one")))

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(5)

    assert await house.queue.state(Scope("host", "blog.example")) == house.pace.dump("blog.example")


async def test_what_is_said_to_us_is_seen_within_two_minutes_whatever_the_blog_hints() -> None:
    """A blog of our own that says "hourly" is read every minute; somebody else's is left alone for the hour."""
    house = House()
    hint = Freshness(has_validators=True, fresh_for_s=HOUR, skip_hours=frozenset(range(23)))
    ours, theirs = (Script(house.clock, *[Page((), Cursor(b"x"), freshness=hint)] * 99) for _ in range(2))
    own = replace(house.source("ours", ours, relation="own"), interval_s=60.0)

    async with house.running(own, house.source("theirs", theirs)):
        await house.clock.advance(1200)

    gaps = [later - earlier for (earlier, _), (later, _) in zip(ours.calls, ours.calls[1:], strict=False)]
    assert len(gaps) >= 16
    assert max(gaps) <= 70
    assert len(theirs.calls) == 1
