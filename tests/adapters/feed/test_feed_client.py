"""
Conditional requests, what is remembered between them, and what every answer leads to. P-numbers: politeness rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from adapters.feed.client import ACCEPT, FeedSource
from adapters.feed.config import FeedConfig
from adapters.feed.cursor import decode_cursor
from listener.adapter import Cursor, Freshness, Page, Reply
from listener.errors import DocumentRefused, RateLimited, SourceUnavailable
from listener.events import Gap, Post
from listener.testing.canned import Answer, CannedReader

ADDRESS = "https://river.example/feed/?a=%2f&b"
NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
ETAG = 'W/"é-gzip"'
MODIFIED = "Sat, 31 Feb 2026 25:00:00 NOWHERE"
OLD = {"etag": ETAG, "last-modified": MODIFIED}

pytestmark = pytest.mark.anyio


class StoppedClock:
    """
    Stands at `at`; an adapter never sleeps.
    """

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("an adapter never sleeps")


def document(*numbers: int, channel: str = "") -> bytes:
    entries = "".join(f"<item><guid>{n}</guid><title>Entry {n}</title></item>" for n in numbers)
    return f"<rss><channel>{channel}{entries}</channel></rss>".encode()


def answer(body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=status, headers=dict(headers or {}), body=body, address=ADDRESS)


class Reading:
    """
    One source and all it was asked, with the cursor kept as the core keeps it.
    """

    def __init__(self, *answers: Answer) -> None:
        self.reader = CannedReader(answers)
        self.clock = StoppedClock()
        self.cursor: Cursor | None = None

    async def fetch(self, *, address: str = ADDRESS) -> Page:
        source = FeedSource(FeedConfig(address=address), self.reader, self.clock)
        page = await source.fetch(self.cursor)
        self.cursor = page.cursor or self.cursor
        return page

    @property
    def conditions(self) -> list[tuple[str | None, str | None]]:
        return [
            (asked.headers.get("if-none-match"), asked.headers.get("if-modified-since"))
            for asked in self.reader.asked
        ]


def natives(page: Page) -> list[str]:
    return [item.native.partition("\n")[2] for item in page.items if isinstance(item, Post)]


async def test_p1_validators_go_back_verbatim() -> None:
    """P1: the second request carries the exact ETag and Last-Modified, odd as they are, and the address as it was."""
    reading = Reading(answer(document(1), headers=OLD), answer(status=304))
    await reading.fetch()
    await reading.fetch()

    assert reading.conditions == [(None, None), (ETAG, MODIFIED)]
    assert {asked.address for asked in reading.reader.asked} == {ADDRESS}
    assert {asked.headers["accept"] for asked in reading.reader.asked} == {ACCEPT}
    assert set(reading.reader.asked[0].headers) == {"accept"}


@pytest.mark.parametrize("status", [200, 304])
async def test_p2_validators_are_one_set(status: int) -> None:
    """P2: a header that the latest answer left out is sent no more."""
    later = (
        answer(document(2), headers={"etag": '"2"'})
        if status == 200
        else answer(status=304, headers={"etag": '"2"'})
    )
    reading = Reading(answer(document(1), headers=OLD), later, answer(status=304))
    for _ in range(3):
        await reading.fetch()

    assert reading.conditions[2] == ('"2"', None)


async def test_p2_a_200_without_validators_forgets_them() -> None:
    """P2: a document that came without validators is asked for without conditions."""
    reading = Reading(answer(document(1), headers=OLD), answer(document(2)), answer(document(2)))
    for _ in range(3):
        await reading.fetch()

    assert reading.conditions[2] == (None, None)


async def test_p3_same_body_new_validators() -> None:
    """P3: a known body with new validators brings no item, and the validators are kept."""
    reading = Reading(
        answer(document(1), headers=OLD),
        answer(document(1), headers={"etag": '"2"', "last-modified": MODIFIED}),
        answer(status=304),
    )
    await reading.fetch()
    page = await reading.fetch()
    await reading.fetch()

    assert page.items == ()
    assert reading.conditions[2] == ('"2"', MODIFIED)


async def test_p4_a_304_freshens() -> None:
    """P4: what a 304 says about validators and freshness is taken; one that says nothing changes nothing."""
    reading = Reading(
        answer(document(1), headers=OLD),
        answer(status=304, headers={"etag": '"2"', "last-modified": "x", "cache-control": "max-age=7200"}),
        answer(status=304),
    )
    await reading.fetch()
    freshened = await reading.fetch()
    bare = await reading.fetch()

    assert freshened.freshness == Freshness(not_modified=True, has_validators=True, fresh_for_s=7200.0)
    assert bare == Page(freshness=Freshness(not_modified=True, has_validators=True))
    assert reading.conditions[2] == ('"2"', "x")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (RateLimited("asked for a pause", wait_s=60.0), RateLimited),
        (SourceUnavailable("no answer"), SourceUnavailable),
        (answer(b"<rss><channel>", headers={"etag": '"broken"'}), DocumentRefused),
        (answer(b"<html><p>soon</html>", headers={"etag": '"page"'}), DocumentRefused),
        (answer(b"", status=404), SourceUnavailable),
        (answer(b"", status=204), SourceUnavailable),
        (answer(b"", status=410), DocumentRefused),
    ],
)
async def test_p5_validators_survive_failures(trouble: Answer, error: type[Exception]) -> None:
    """P5: after 429, errors and documents that cannot be read, the validators of the last good answer are sent."""
    reading = Reading(answer(document(1), headers=OLD), trouble, answer(status=304))
    await reading.fetch()
    with pytest.raises(error):
        await reading.fetch()
    await reading.fetch()

    assert reading.conditions[2] == (ETAG, MODIFIED)


async def test_410_has_a_reason_of_its_own() -> None:
    """A feed that has ended says so by its reason; the core counts the sightings."""
    with pytest.raises(DocumentRefused) as caught:
        await Reading(answer(status=410)).fetch()

    assert caught.value.reason == "gone"


@pytest.mark.parametrize(
    ("headers", "channel", "fresh_for_s"),
    [
        ({}, "", None),
        ({"cache-control": "max-age=600, public", "age": "100"}, "", 500.0),
        ({"cache-control": "max-age=600"}, "<ttl>60</ttl>", 3600.0),
        ({"cache-control": "max-age=7200"}, "<ttl>60</ttl>", 7200.0),
        ({"cache-control": "no-cache, max-age=7200"}, "", None),
    ],
)
async def test_p9_longest_hint(headers: Mapping[str, str], channel: str, fresh_for_s: float | None) -> None:
    """P9: the longest of what headers and document say counts."""
    page = await Reading(answer(document(1, channel=channel), headers=headers)).fetch()

    assert page.freshness == Freshness(fresh_for_s=fresh_for_s)


async def test_p9_p10_hints_hold_on_304() -> None:
    """P9, P10: a 304 has no document; what the last one asked for still holds."""
    channel = "<ttl>120</ttl><skipHours><hour>5</hour></skipHours><skipDays><day>Monday</day></skipDays>"
    reading = Reading(answer(document(1, channel=channel), headers=OLD), answer(status=304))
    first = await reading.fetch()
    second = await reading.fetch()

    asked = Freshness(
        has_validators=True, fresh_for_s=7200.0, skip_hours=frozenset({5}), skip_days=frozenset({0})
    )
    assert first.freshness == asked
    assert second.freshness == Freshness(
        not_modified=True,
        has_validators=True,
        fresh_for_s=7200.0,
        skip_hours=frozenset({5}),
        skip_days=frozenset({0}),
    )


async def test_p32_a_window_that_was_overrun() -> None:
    """P32: a full window without anything of the one before is a suspected gap, from then until now."""
    reading = Reading(answer(document(3, 2, 1)), answer(document(9, 8, 7)))
    await reading.fetch()
    reading.clock.at = NOW + timedelta(hours=5)
    page = await reading.fetch()

    assert page.items[0] == Gap(
        start_at=NOW, end_at=NOW + timedelta(hours=5), cause="window_overrun", suspected=True
    )
    assert natives(page) == ["9", "8", "7"]


@pytest.mark.parametrize("later", [(4, 3, 2), (9, 8), ()], ids=["overlap", "shorter", "empty"])
async def test_p32_no_gap(later: tuple[int, ...]) -> None:
    """P32: where windows overlap, or the new one is not full, nothing is suspected."""
    reading = Reading(answer(document(3, 2, 1)), answer(document(*later)))
    await reading.fetch()
    page = await reading.fetch()

    assert [item for item in page.items if isinstance(item, Gap)] == []


async def test_p32_a_feed_of_one_entry() -> None:
    """P32: a feed that only ever shows its newest entry replaces its window each time; that is no gap."""
    reading = Reading(answer(document(1)), answer(document(2)))
    await reading.fetch()
    page = await reading.fetch()

    assert natives(page) == ["2"]
    assert len(page.items) == 1


async def test_validators_belong_to_an_address() -> None:
    """A new address is asked without the old one's validators, and its document is read."""
    reading = Reading(answer(document(1), headers=OLD), answer(document(1)))
    await reading.fetch()
    page = await reading.fetch(address="https://moved.example/feed")

    assert reading.conditions[1] == (None, None)
    assert natives(page) == ["1"]


async def test_304_to_nobody() -> None:
    """A server that answers 304 to an unconditional request brings nothing and harms nothing."""
    assert await Reading(answer(status=304)).fetch() == Page(freshness=Freshness(not_modified=True))


async def test_large_documents_read_the_same() -> None:
    """A document large enough to be read in a thread gives the same items in the same order."""
    page = await Reading(answer(document(*range(3000)))).fetch()

    assert natives(page) == [str(number) for number in range(3000)]


async def test_cursor_holds_no_words() -> None:
    """A cursor knows digests, validators and numbers; no title, no address."""
    reading = Reading(answer(document(1, 2), headers={"etag": '"1"'}))
    await reading.fetch()
    assert reading.cursor is not None

    stored = bytes(reading.cursor)
    assert stored.count(b"Entry") == 0
    assert stored.count(b"river") == 0
    assert len(stored) < 100


async def test_cursor_of_another_version() -> None:
    """A cursor that a later version wrote is none."""
    reading = Reading(answer(document(1)))
    await reading.fetch()
    assert reading.cursor is not None
    later = Cursor(reading.cursor.replace(b"\x9c\x01", b"\x9c\x02", 1))

    assert decode_cursor(reading.cursor, address=ADDRESS) is not None
    assert decode_cursor(later, address=ADDRESS) is None
