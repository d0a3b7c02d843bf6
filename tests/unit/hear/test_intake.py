"""Intake: who is read when, what is committed, and what a failure costs whom."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

import anyio
import orjson
import pytest
from msgspec import structs

from listener.adapter import Cursor, Freshness, Page, Poller, Streamer
from listener.errors import (
    AccessDenied,
    DocumentRefused,
    LeaseLost,
    QueueFull,
    RateLimited,
    SourceUnavailable,
    UnknownSource,
)
from listener.events import (
    Change,
    Cleared,
    Consent,
    Count,
    Gap,
    Noted,
    Post,
    Rejected,
    Removal,
    RemovalReason,
    Retraction,
    WatchName,
    Withheld,
    WithheldReason,
)
from listener.gate import Gate, Place
from listener.hear.intake import Intake
from listener.hear.keeping import Keeper
from listener.hear.pace import Pace
from listener.hear.seat import Source
from listener.hear.walk import Asking
from listener.keys import KeyRing, Sealer
from listener.queues.base import Commit, Outcome, Scope
from listener.status import Polled, SourceView
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

    def otherwise(self, post: Post) -> WithheldReason | None:
        return GATE.otherwise(post, place=self.place)

    def withdraw(self, post: Post, *, reason: RemovalReason, now: object) -> Retraction:
        return GATE.withdraw(post, reason=reason, place=self.place, now=now)  # type: ignore[arg-type]

    def note(self, item: Count | Gap | Change, *, now: object) -> Noted:
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
            keeper=self.keeper,
            queue=self.queue,
            pace=self.pace,
            clock=self.clock,
            telemetry=self.telemetry,
            workers=4,
            spacing_s=2.0,
            rebuild=self.rebuild,
        )
        self.built: dict[str, Callable[[str | None], Source]] = {}

    def rebuild(self, name: str, address: str | None) -> Source:
        return self.built[name](address)

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
            derived_metrics="free",
            terms_read_on=date(2026, 1, 1),
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


async def test_volumes_are_refused_where_nobody_accepted_the_agreement() -> None:
    """Terms that ask for an agreement before numbers are made bind the core, not only the check of the configuration."""
    house = House()
    start = house.clock.now()
    page = Page((Count(WatchName("snow"), start, start + timedelta(hours=1), 7), post("1")), Cursor(b"on"))
    agreed = house.source("agreed", Script(house.clock, page))
    refused = replace(house.source("refused", Script(house.clock, page)), derived_metrics="not_agreed")

    async with house.running(replace(agreed, derived_metrics="agreed"), refused):
        await house.clock.advance(10)
    batch = await house.queue.read(None)

    assert [
        entry.type
        for entry in batch.entries
        if orjson.loads(entry.line)["source"] == "/feed/refused" or entry.type == "listener.topic.counted"
    ] == ["listener.topic.counted"]
    assert [(line["source"], line["withheld"], line["noted"]) for line in house.lines("page.walked")] == [
        ("agreed", {}, 1),
        ("refused", {"not_agreed": 1}, 0),
    ]


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
            "taken_back": {},
            "otherwise": {},
        }
    ]
    assert (house.view("blog").received, house.view("blog").queued) == (3, 1)


async def test_a_post_whose_edit_takes_it_out_of_every_watch_goes() -> None:
    """Its old words end with the edit, consumers are told why, and the sums of the page agree; once gone, nothing is said."""
    house = House()
    fresh = Freshness(has_validators=True)
    edited = post("1", "rain")
    reads = Script(
        house.clock,
        Page((post("1"), post("2")), Cursor(b"one"), freshness=fresh),
        Page((edited, post("2"), post("3", "rain")), Cursor(b"two"), freshness=fresh),
        Page((edited, post("2")), Cursor(b"three"), freshness=fresh),
    )

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(3 * HOUR)

    entries = [orjson.loads(entry.line) for entry in (await house.queue.read(None)).entries]
    told = [(line["withheld"], line["taken_back"], line["repeat"]) for line in house.lines("page.walked")]
    assert [(entry["type"], entry["data"].get("reason")) for entry in entries] == [
        ("listener.post.created", None),
        ("listener.post.removed", "watch_removed"),
    ]
    assert told == [({}, {}, 0), ({"not_ours": 2}, {"watch_removed": 1}, 1), ({"not_ours": 1}, {}, 1)]
    assert house.view("blog").queued == 3
    removed = house.telemetry.registry.get_sample_value(
        "listener_removals_honoured_total", {"reason": "watch_removed"}
    )
    assert removed == 1


async def test_a_source_brings_only_what_its_own_watches_ask_for() -> None:
    """The same page of two sources, one of which looks for another watch; what the first holds stays."""
    house = House()
    page = Page((post("1"), post("2", "rain")))
    elsewhere = replace(
        house.source("elsewhere", Script(house.clock, page)), watches=frozenset({WatchName("ice")})
    )
    here = replace(house.source("here", Script(house.clock, page)), watches=frozenset({WatchName("snow")}))

    async with house.running(here, elsewhere):
        await house.clock.advance(10)

    told = {line["source"]: (line["created"], line["withheld"]) for line in house.lines("page.walked")}
    entries = [orjson.loads(entry.line) for entry in (await house.queue.read(None)).entries]
    assert told == {"here": (1, {"not_ours": 1}), "elsewhere": (0, {"not_ours": 2})}
    assert [(entry["type"], entry["source"]) for entry in entries] == [
        ("listener.post.created", "/feed/here")
    ]


async def test_an_operator_sees_what_its_terms_say_of_numbers() -> None:
    """Whether numbers may be made of a source, and when somebody last read its terms, stand in its view."""
    house = House()
    source = replace(
        house.source("a", Script(house.clock)), derived_metrics="not_agreed", terms_read_on=date(2026, 3, 1)
    )

    async with house.running(source):
        view = house.view("a")

    assert (view.derived_metrics, view.terms_read_on) == ("not_agreed", date(2026, 3, 1))


async def test_what_the_other_consent_mode_would_do_is_counted() -> None:
    """In the log, the metric and the operator's view, as numbers; who speaks to us overrides the flag in both modes."""
    house = House()
    invited_none = Consent(flags=frozenset({"not_indexable"}))
    page = Page(
        (
            structs.replace(post("1"), consent=invited_none),
            structs.replace(post("2"), consent=invited_none, addressed=True),
            structs.replace(post("3", "rain"), consent=invited_none),
            structs.replace(post("4"), consent=Consent(flags=frozenset({"not_indexable", "noindex"}))),
            post("5"),
        )
    )

    async with house.running(house.source("blog", Script(house.clock, page))):
        await house.clock.advance(10)

    (line,) = house.lines("page.walked")
    counted = house.telemetry.registry.get_sample_value(
        "listener_consent_otherwise_total", {"source": "blog", "verdict": "withheld"}
    )
    view = house.view("blog")
    assert (line["created"], line["withheld"]) == (3, {"not_ours": 1, "consent": 1})
    assert (line["otherwise"], counted) == ({"withheld": 1}, 1)
    assert (view.other_withheld, view.other_let_through) == (1, 0)


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
        await house.clock.advance(1)
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


async def test_an_operator_reads_what_a_note_of_a_stream_means() -> None:
    """While the latest page carries a note of its adapter's, the sentence for it stands beside the state; then no more."""

    class Stream:
        def __init__(self, clock: VirtualClock) -> None:
            self.clock = clock

        async def run(self, _cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
            await send(Page(note="one_host"))
            await self.clock.sleep(100)
            await send(Page())
            await anyio.sleep_forever()

    house = House()
    source = replace(house.source("live", Stream(house.clock)), meanings={"one_host": "one host is away"})
    async with house.running(source):
        await house.clock.advance(50)
        during = house.view("live").reason
        await house.clock.advance(100)
        after = house.view("live").reason

    assert (during, after) == ("connected; one host is away", "connected")


async def test_a_stream_is_connected_again_sooner_than_a_strangers_site_is_asked() -> None:
    """What is said meanwhile is waited for: the first step of back-off counts, not the five minutes of a public site."""

    class Stream:
        def __init__(self, house: House) -> None:
            self.at_s: list[float] = []
            self.house = house

        async def run(self, _cursor: Cursor | None, _send: Callable[[Page], Awaitable[None]]) -> None:
            self.at_s.append(self.house.clock.monotonic())
            raise SourceUnavailable("source live: connection lost")

    house = House()
    stream = Stream(house)
    async with house.running(replace(house.source("live", stream), floor_s=60.0)):
        await house.clock.advance(150)

    first, second, *_ = stream.at_s
    assert 60 <= second - first <= 120


async def test_a_page_of_a_stream_is_told_with_what_came_since_the_one_before() -> None:
    """Bytes are counted anew for each page, requests for each connection."""

    class Stream:
        source: Source

        async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
            self.source.meter.sent("blog.example")
            self.source.meter.status = 101
            for size in (10, 5):
                self.source.meter.bytes += size
                await send(Page((post(f"post {size}"),), Cursor(b"x")))
            raise SourceUnavailable("source live: connection lost")

    house, stream = House(), Stream()
    stream.source = house.source("live", stream)
    async with house.running(stream.source):
        await house.clock.advance(1_200)
    lines = [json.loads(line) for line in house.out.getvalue().splitlines()]
    pages = [(line["status"], line["bytes"]) for line in lines if line["event"] == "source.page_fetched"]

    assert len(pages) >= 4
    assert set(pages[::2]) == {(101, 10)}
    assert set(pages[1::2]) == {(101, 5)}
    assert stream.source.meter.requests == 1


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


# ------------------------------------------------------------------------------------------------- moves and ends

QUIET = Freshness(not_modified=True, has_validators=True)


class Movable:
    """A source that can be built at two addresses; remembers who was asked."""

    def __init__(self, house: House, old: Poller, new: Poller) -> None:
        self.house, self.old, self.new = house, old, new
        house.built["blog"] = self.source

    def source(self, address: str | None = None) -> Source:
        reads, host = (self.old, "old.example") if address is None else (self.new, "new.example")
        return replace(self.house.source("blog", reads, host=host), place="place of the configured address")


async def events(house: House) -> list[tuple[str, str]]:
    """Type and note of every event about a source."""
    batch = await house.queue.read(None, limit=1000)
    told = [orjson.loads(entry.line) for entry in batch.entries]
    return [(one["type"], one["data"]["note"]) for one in told if one["type"].startswith("listener.source.")]


async def test_a_source_that_moved_is_read_at_its_new_address_across_restarts() -> None:
    """P20: told once, durably with the page that proved it; the new host's pace counts; the cursor goes along."""
    house = House()
    moving = Page((post("1"),), Cursor(b"one"), moved_to="https://new.example/feed", freshness=QUIET)
    old, new = Script(house.clock, moving), Script(house.clock)
    movable = Movable(house, old, new)

    async with house.running(movable.source()):
        await house.clock.advance(1.5 * HOUR)
        view = house.view("blog")
    again = House(house.queue)
    again.clock = again.keeper._clock = again.intake._clock = house.clock
    again.built["blog"] = movable.source
    async with again.running(movable.source()):
        await house.clock.advance(1.5 * HOUR)

    assert view.moved
    assert (len(old.calls), [cursor for _, cursor in new.calls[:2]]) == (1, [b"one", b"one"])
    assert await events(house) == [("listener.source.moved", "permanent_redirect")]
    assert house.lines("source.moved") == [{"source": "blog", "note": "permanent_redirect"}]
    assert await house.queue.state(Scope("host", "new.example")) is not None


async def test_an_operator_can_go_back_to_the_configured_address() -> None:
    """P20 is reversible: by hand, and by itself where the new address fails for a week."""
    house = House()
    moving = Page((), Cursor(b"one"), moved_to="https://new.example/feed", freshness=QUIET)
    old, new = Script(house.clock, moving, *[Page((), freshness=QUIET)] * 3, moving), Script(house.clock)
    movable = Movable(house, old, new)
    async with house.running(movable.source()):
        await house.clock.advance(10)
        await house.intake.poll("blog", unconditional=False, come_back=True)
        await house.clock.advance(4 * HOUR)
        by_hand = (len(old.calls), house.view("blog").moved)
        new.acts = [SourceUnavailable("blog: no answer")] * 99
        await house.clock.advance(9 * 86_400)

    assert by_hand[0] >= 4
    assert len(old.calls) > by_hand[0] + 1
    assert [note for _, note in await events(house)][:4] == [
        "permanent_redirect",
        "returned",
        "permanent_redirect",
        "returned",
    ]


async def test_a_source_that_ended_is_asked_three_times_in_two_days_and_then_by_hand_only() -> None:
    """P21: one event, one alert, state gone across a restart; an operator's poll brings it back."""
    house = House()
    ended = DocumentRefused("blog: 410", reason="gone")
    reads = Script(house.clock, *[ended] * 4, Page((post("1"),), Cursor(b"one"), freshness=QUIET))
    house.built["blog"] = lambda _: house.source("blog", reads)

    async with house.running(house.source("blog", reads)):
        await house.clock.advance(10 * 86_400)
        gone = house.view("blog")
    again = House(house.queue)
    again.clock = again.keeper._clock = again.intake._clock = house.clock
    async with again.running(house.source("blog", reads)):
        await house.clock.advance(10 * 86_400)
        still = again.view("blog")
        asked = len(reads.calls)
        polled = await again.intake.poll("blog", unconditional=False, come_back=False)
        await house.clock.advance(2 * 86_400)
        back = again.view("blog")

    assert (gone.state, gone.next_due_at, still.state, asked) == ("gone", None, "gone", 3)
    assert reads.calls[2][0] - reads.calls[0][0] >= 48 * HOUR
    assert polled.reason == "it is read at once"
    assert (back.state, back.queued) == ("waiting", 1)
    assert await events(house) == [("listener.source.gone", "status_410")]
    assert len(house.lines("source.gone")) == 1


# -------------------------------------------------------------------------------------------------------- by hand


async def test_a_read_by_hand_comes_as_soon_as_is_polite() -> None:
    """A stranger's site once in a quarter of an hour, however often an operator asks (FRB 070)."""
    house = House()
    reads = Script(house.clock)
    async with house.running(house.source("blog", reads)):
        await house.clock.advance(60)
        for _ in range(20):
            await house.intake.poll("blog", unconditional=False, come_back=False)
            await house.clock.advance(60)

    gaps = [later - earlier for (earlier, _), (later, _) in zip(reads.calls, reads.calls[1:], strict=False)]
    assert len(gaps) == 1
    assert 900 <= gaps[0] <= 903


async def test_a_dead_address_is_asked_in_its_own_time_unless_somebody_says_that_it_is_mended() -> None:
    """P18: an operator who merely asks adds no request; one who knows better is believed, once in a quarter of an hour."""
    house = House()
    reads = Script(house.clock, *[SourceUnavailable("blog: no answer")] * 9)
    async with house.running(house.source("blog", reads)):
        await house.clock.advance(3)
        due_at = house.view("blog").next_due_at
        assert due_at is not None
        asked = await house.intake.poll("blog")
        await house.clock.advance(4)
        alone = (len(reads.calls), house.view("blog").next_due_at)
        told = await house.intake.poll("blog", mended=True)

    assert asked == Polled(
        due_at=due_at, reason="it fails, and is asked again in its own time; --mended asks sooner"
    )
    assert alone == (1, due_at)
    assert told.due_at <= due_at
    assert house.view("blog").state == "failing"


async def test_a_read_by_hand_waits_for_a_pause_the_server_asked_for() -> None:
    """Retry-After holds for operators, too."""
    house = House()
    reads = Script(house.clock, RateLimited("blog: too many requests", wait_s=7200.0))
    async with house.running(house.source("blog", reads)):
        await house.clock.advance(5)
        polled = await house.intake.poll("blog", unconditional=False, come_back=False)
        await house.clock.advance(1800)

    assert len(reads.calls) == 1
    assert 7190 <= (polled.due_at - house.clock.now()).total_seconds() + 1800 <= 7200


async def test_a_forced_unconditional_read_is_counted_and_made_once_a_day() -> None:
    """P7: the cursor goes without its validators once; the next read is conditional again."""
    house = House()
    reads = Script(house.clock, Page((), Cursor(b"validators"), freshness=QUIET))
    source = replace(house.source("blog", reads), unconditional=lambda _: Cursor(b"none"))
    async with house.running(source):
        await house.clock.advance(20 * 60)
        first = await house.intake.poll("blog", unconditional=True, come_back=False)
        await house.clock.advance(10)
        second = await house.intake.poll("blog", unconditional=True, come_back=False)
        await house.clock.advance(2 * HOUR)

    assert [cursor for _, cursor in reads.calls][:3] == [None, b"none", b"validators"]
    assert (second.due_at - first.due_at).total_seconds() >= 86_400
    counted = house.telemetry.registry.get_sample_value(
        "listener_source_unconditional_reads_total", {"source": "blog"}
    )
    assert counted == 2


async def test_a_source_nobody_configured_cannot_be_read() -> None:
    """The error says where the names are."""
    house = House()
    with pytest.raises(UnknownSource, match="listener sources"):
        await house.intake.poll("nobody", unconditional=False, come_back=False)


# ------------------------------------------------------------------------------------------------- why it waits


async def test_each_source_says_why_it_waits_and_what_its_last_reads_were_like() -> None:
    """Status, bytes, news and note of each turn, failures included; the reason names what decided."""
    house = House()
    daily = Freshness(has_validators=True, rhythm_s=86_400.0)
    reads = Script(
        house.clock,
        Page((post("1"), post("2")), Cursor(b"one"), freshness=daily),
        SourceUnavailable("blog: no answer"),
        Page((), note="validators_untrusted", freshness=replace(daily, fresh_for_s=5 * HOUR)),
    )
    source = replace(house.source("blog", reads), interval_s=None)
    async with house.running(source):
        await house.clock.advance(10)
        source.meter.status = 200
        first = house.view("blog")
        while len(reads.calls) < 2:
            await house.clock.advance(60)
        second = house.view("blog")
        await house.clock.advance(0.5 * HOUR)
        third = next(iter(house.intake.views(frozenset({"blog"}), reads=True)))

    assert (first.why, first.reason) == (
        "rhythm",
        "it writes about every 24 h, so it is read every 2 h",
    )
    assert (second.state, second.why) == ("failing", "failing")
    assert (third.why, third.reason, third.note) == (
        "server",
        "the site asks to be left alone for 5 h",
        "validators_untrusted",
    )
    assert [(read.new, read.note) for read in third.reads] == [
        (0, "validators_untrusted"),
        (0, "unavailable"),
        (2, None),
    ]


class Beating:
    """A stream with something new at each beat, but for a time in which it is silent, or fails, while its beats go on."""

    def __init__(
        self, clock: VirtualClock, *, beat_s: float = 30, silent_s: tuple[float, float], fails: bool = False
    ) -> None:
        self.clock, self.beat_s, self.silent_s, self.fails, self.number = clock, beat_s, silent_s, fails, 0
        self.began = clock.monotonic()

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        while True:
            await self.clock.sleep(self.beat_s)
            silent = self.silent_s[0] <= self.clock.monotonic() - self.began < self.silent_s[1]
            if silent and self.fails:
                raise SourceUnavailable("source s: no answer")
            self.number += 1
            said = structs.replace(post(str(self.number), "rain"), published_at=self.clock.now())
            await send(Page(() if silent else (said,), Cursor(b"%d" % self.number)))


async def test_a_stream_that_runs_and_says_nothing_is_told_as_silent_once() -> None:
    """Found within five minutes although its pages keep coming, wanted or not; in the log, the queue and the view, once."""
    house = House()
    speaks_s, speaks_again_s = 25 * HOUR, 26.1 * HOUR
    stream = Beating(house.clock, silent_s=(speaks_s, speaks_again_s))
    began = house.clock.now()

    async with house.running(house.source("s", stream)):
        await house.clock.advance(speaks_s + 10)
        before = house.view("s").silent_since
        await house.clock.advance(300)
        silent = house.view("s").silent_since
        await house.clock.advance(HOUR)
        again = House(house.queue)
        again.clock = again.keeper._clock = again.intake._clock = house.clock
    async with again.running(again.source("s", stream)):
        restarted = again.view("s").silent_since
        await house.clock.advance(600)
        after = again.view("s").silent_since

    (event,) = [orjson.loads(entry.line) for entry in (await house.queue.read(None)).entries]
    (line,) = house.lines("source.silent")
    assert (before, after, restarted) == (None, None, silent)
    assert silent is not None
    assert abs((silent - began).total_seconds() - speaks_s) < 60
    assert (event["type"], event["subject"]) == ("listener.source.silent", "s")
    assert event["data"]["note"] == "beyond_rhythm"
    assert line["source"] == "s"
    assert 120 <= line["silent_s"] <= 330  # type: ignore[operator]
    assert again.lines("source.silent") == []
    assert [told["source"] for told in again.lines("source.spoke_again")] == ["s"]


async def test_a_source_that_fails_is_not_silent() -> None:
    """A day of failures is a day in which nobody listened; a day of heartbeats and nothing else is a silence."""
    told = {}
    for fails in (True, False):
        house = House()
        stream = Beating(house.clock, beat_s=600, silent_s=(30 * HOUR, 54 * HOUR), fails=fails)
        async with house.running(house.source("s", stream)):
            await house.clock.advance(58 * HOUR)
        told[fails] = len(house.lines("source.silent")), house.lines("source.failed") != []

    assert told == {True: (0, True), False: (1, False)}


async def test_a_restarted_daemon_connects_to_a_stream_at_once() -> None:
    """A stream is not read at intervals: after a minute nothing keeps a new process from it (P11)."""
    house = House()
    stream = Beating(house.clock, silent_s=(0, 0))
    connected = []
    for advance_s in (600, 5, 600):
        again = House(house.queue)
        again.clock = again.keeper._clock = again.intake._clock = house.clock
        async with again.running(again.source("s", stream)):
            await house.clock.advance(1)
            connected.append(again.view("s").state == "reading")
            await house.clock.advance(advance_s)

    assert connected == [True, True, False]


async def test_an_outage_longer_than_the_source_shows_things_is_a_gap() -> None:
    """Bounds and cause are told once, with the first page after it; a shorter outage lost nothing, and says nothing."""
    house = House()
    reads = Script(house.clock)
    source = replace(house.source("a", reads, relation="own"), look_back=timedelta(hours=36))
    async with house.running(source):
        await house.clock.advance(10)
    last_read_at = house.view("a").last_read_at
    for days in (1, 3):
        await house.clock.advance(days * 86_400)
        again = House(house.queue)
        again.clock = again.keeper._clock = again.intake._clock = house.clock
        async with again.running(source):
            await house.clock.advance(3 * HOUR)
        if days == 1:
            assert (await house.queue.read(None)).entries == ()
            last_read_at = again.view("a").last_read_at

    (gap,) = [orjson.loads(entry.line)["data"] for entry in (await house.queue.read(None)).entries]
    assert last_read_at is not None
    assert gap["cause"] == "outage"
    assert gap["suspected"] is True
    assert gap["start_at"] == last_read_at.isoformat().replace("+00:00", "Z")
    assert (
        0
        < (house.clock.now() - datetime.fromisoformat(gap["end_at"])).total_seconds() - 36 * HOUR
        < 3 * HOUR + 60
    )


async def test_a_queue_that_had_no_room_for_so_long_is_a_gap_too() -> None:
    """The page that waited is kept; the next tells what may have been missed behind it, and why."""
    queue = FullQueue()
    house = House(queue)
    fresh = Freshness(has_validators=True)
    reads = Script(house.clock, Page((post("1"),), Cursor(b"one"), freshness=fresh))
    source = replace(house.source("a", reads, relation="own"), look_back=timedelta(hours=36))

    async with house.running(source):
        await house.clock.advance(48 * HOUR)
        queue.full = False
        await house.clock.advance(3 * HOUR)

    created, gap = [orjson.loads(entry.line) for entry in (await queue.read(None)).entries]
    assert (created["type"], gap["type"]) == ("listener.post.created", "listener.source.gap")
    assert (gap["data"]["cause"], gap["data"]["suspected"]) == ("intake_paused", True)
