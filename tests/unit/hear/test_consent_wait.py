"""A page with signals that cannot be read: it waits with its cursor, then goes on without those posts, told as a gap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import anyio
import orjson
import pytest
from msgspec import structs

from listener.adapter import Cursor, Freshness, Page
from listener.errors import SourceUnavailable
from listener.events import Consent, Post, Removal
from tests.unit.hear.test_intake import HOUR, House, Script, post

pytestmark = pytest.mark.anyio

FRESH = Freshness(has_validators=True)


def unread(native: str, house: House, *, age_s: float = 0.0) -> Post:
    """A post of that age whose author's choice cannot be looked up."""
    at = house.clock.now() - timedelta(seconds=age_s)
    return structs.replace(post(native), published_at=at, consent=Consent(readable=False))


async def events(house: House) -> list[dict[str, object]]:
    found = [orjson.loads(entry.line) for entry in (await house.queue.read(None)).entries]
    return [{"type": each["type"].removeprefix("listener."), "data": each["data"]} for each in found]


async def types(house: House) -> list[object]:
    return [each["type"] for each in await events(house)]


async def test_a_page_waits_until_its_signals_can_be_read() -> None:
    """Nothing of it is kept and its cursor stays; it is read again soon, fails nobody, and is whole in the end."""
    house = House()
    blind = Page((post("1"), unread("2", house)), Cursor(b"two"), freshness=FRESH)
    reads = Script(house.clock, blind, blind, Page((post("1"), post("2")), Cursor(b"two"), freshness=FRESH))

    async with house.running(house.source("a", reads, relation="own")):
        await house.clock.advance(3)
        held, stored = house.view("a"), await house.queue.source_state("a")
        while_held = await types(house)
        await house.clock.advance(10 * 60)

    assert (held.state, held.why, held.failures, held.error_code) == ("waiting", "consent", 0, None)
    assert held.reason == (
        "whether somebody in what came wants to be read cannot be looked up now; it is read again, and goes on without "
        "those posts in 60 min"
    )
    assert stored is not None
    assert (stored.cursor, while_held) == (None, [])
    assert [cursor for _, cursor in reads.calls][:3] == [None, None, None]
    assert await types(house) == ["post.created", "post.created"]
    assert [line["posts"] for line in house.lines("source.consent_unread")] == [1, 1]
    assert house.lines("source.failed") == house.lines("source.consent_given_up") == []


async def test_a_page_that_waits_is_read_whole_again_where_the_gate_lets_other_people_through() -> None:
    """What was not kept has not been met under the new line: every reading until then is without validators."""
    house = House()
    house.keeper.line = "before"
    blind = Page((unread("2", house),), Cursor(b"second"), freshness=FRESH)
    reads = Script(house.clock, Page((post("1"),), Cursor(b"first"), freshness=FRESH), blind, blind)
    source = house.source("a", reads, relation="own")

    async with house.running(replace(source, unconditional=lambda _: Cursor(b"whole"))):
        await house.clock.advance(30)
        house.keeper.line = "after"
        await house.clock.advance(3 * HOUR)

    assert [cursor for _, cursor in reads.calls][:5] == [None, b"whole", b"whole", b"whole", b"first"]


async def test_after_the_wait_the_page_goes_on_without_them_and_the_gap_is_told_once() -> None:
    """The rest of the page comes no later than the wait; across restarts it is one wait, and one gap with bounds."""
    house = House()
    page = Page((unread("1", house, age_s=600), post("2"), unread("3", house)), Cursor(b"x"), freshness=FRESH)
    reads = Script(house.clock, *[page] * 99)
    started = house.clock.now()

    for _ in range(6):
        again = House(house.queue)
        again.clock = again.keeper._clock = again.intake._clock = house.clock
        async with again.running(again.source("a", reads, relation="own")):
            await house.clock.advance(9.9 * 60)
    before = await types(house)
    async with house.running(house.source("a", reads, relation="own")):
        await house.clock.advance(60)

    created, gap = await events(house)
    assert before == []
    assert created["type"] == "post.created"
    assert gap["data"] == {
        "network": "feed",
        "start_at": (started - timedelta(seconds=600)).isoformat().replace("+00:00", "Z"),
        "end_at": started.isoformat().replace("+00:00", "Z"),
        "cause": "consent_unreadable",
        "suspected": False,
    }
    assert house.lines("page.walked")[0]["withheld"] == {"consent_unreadable": 2}
    assert house.lines("source.consent_given_up")[0] == {"source": "a", "posts": 2}


async def test_a_removal_does_not_wait() -> None:
    """What a held page takes away goes at once, and once; the sums of both readings agree."""
    house = House()
    first = Page((post("1"),), Cursor(b"one"), freshness=FRESH)
    blind = Page((unread("2", house), Removal("1")), Cursor(b"two"), freshness=FRESH)
    whole = Page((post("2"), Removal("1")), Cursor(b"two"), freshness=FRESH)
    reads = Script(house.clock, first, blind, whole)

    async with house.running(house.source("a", reads, relation="own")):
        while not house.lines("source.consent_unread"):
            await house.clock.advance(20)
        early = await types(house)
        await house.clock.advance(600)

    assert early == ["post.removed"]
    assert await types(house) == ["post.removed", "post.created"]
    assert [
        (line["received"], line["created"], line["removed"], line["repeat"])
        for line in house.lines("page.walked")
    ] == [(1, 1, 0, 0), (1, 0, 1, 0), (2, 1, 0, 1)]


class Stream:
    """A stream that replays from its cursor on: what cannot be looked up until some time, and two posts after it."""

    def __init__(self, house: House, *, well_at_s: float, tasks: bool = False) -> None:
        self.house, self.well_at_s, self.tasks = house, well_at_s, tasks
        self.cursors: list[bytes | None] = []

    def page(self, number: int) -> Page:
        well = self.house.clock.monotonic() >= self.well_at_s
        item = (
            post("1")
            if number == 1 and well
            else unread("1", self.house)
            if number == 1
            else post(str(number))
        )
        return Page((item,), Cursor(b"%d" % number))

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        self.cursors.append(cursor)

        async def all_of_it() -> None:
            for number in range(1 + int(cursor or b"0"), 4):
                await send(self.page(number))
            await self.house.clock.sleep(1e9)

        if self.tasks:
            async with anyio.create_task_group() as group:
                group.start_soon(all_of_it)
        else:
            await all_of_it()


@pytest.mark.parametrize("tasks", [False, True])
async def test_a_stream_comes_back_to_the_page_that_waits(tasks: bool) -> None:
    """Its connection ends and is made again from the cursor before that page, by whatever way the adapter lets go."""
    house = House()
    stream = Stream(house, well_at_s=house.clock.monotonic() + 200, tasks=tasks)

    async with house.running(house.source("s", stream)):
        await house.clock.advance(10)
        held = house.view("s")
        await house.clock.advance(1800)

    assert (held.state, held.why, held.failures) == ("waiting", "consent", 0)
    assert set(stream.cursors) == {None}
    assert 2 <= len(stream.cursors) <= 5
    assert await types(house) == ["post.created"] * 3
    assert house.lines("source.failed") == []


async def test_an_adapter_that_swallows_the_refusal_loses_nothing() -> None:
    """Once a page was not kept, no later one of that connection is: the cursor cannot pass it."""
    house = House()

    class Deaf(Stream):
        async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
            self.cursors.append(cursor)
            for number in range(1 + int(cursor or b"0"), 4):
                with suppress(Exception):
                    await send(self.page(number))
            raise SourceUnavailable("source s: the stream ended")

    stream = Deaf(house, well_at_s=house.clock.monotonic() + 200)

    async with house.running(house.source("s", stream)):
        await house.clock.advance(10)
        assert await types(house) == []
        assert house.lines("source.failed") == []
        await house.clock.advance(1800)

    assert (await types(house))[:3] == ["post.created"] * 3


async def test_during_a_long_outage_nobody_who_can_be_read_waits_longer_than_the_wait() -> None:
    """A post a minute, each second one unreadable for five hours: the others come within the hour, and gaps cover the rest."""
    house = House()
    began = house.clock.now()
    late: list[float] = []

    class Busy:
        async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
            number = int(cursor or b"0")
            while True:
                at = began + timedelta(minutes=number + 1)
                await house.clock.sleep(max(0.0, (at - house.clock.now()).total_seconds()))
                blind = number % 2 == 0 and house.clock.now() < began + timedelta(hours=5)
                one = structs.replace(post(str(number)), published_at=at, consent=Consent(readable=not blind))
                number += 1
                await send(Page((one,), Cursor(b"%d" % number)))
                if number % 2 == 0:
                    late.append((house.clock.now() - at).total_seconds())

    async with house.running(house.source("s", Busy())):
        await house.clock.advance(8 * HOUR)

    gaps = [each["data"] for each in await events(house) if each["type"] == "source.gap"]
    given_up = sum(line["posts"] for line in house.lines("source.consent_given_up"))  # type: ignore[misc]
    created = sum(line["created"] for line in house.lines("page.walked"))  # type: ignore[misc]
    assert len(late) == 240
    assert max(late) <= 3600 + 60
    assert late[-1] < 1
    assert 100 <= given_up <= 130
    assert given_up + created == 480
    assert 2 <= len(gaps) <= 6
