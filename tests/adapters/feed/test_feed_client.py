"""
Conditional requests, what is remembered between them, and what every answer leads to. P-numbers: politeness rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from adapters.feed.answers import ACCEPT
from adapters.feed.cursor import decode_cursor
from listener.adapter import Freshness, Page
from listener.errors import DocumentRefused, RateLimited, SourceUnavailable
from listener.events import Gap
from listener.testing.canned import Answer
from tests.adapters.feed.reading import ADDRESS, NOW, Reading, answer, document, natives

ETAG = 'W/"é-gzip"'
MODIFIED = "Sat, 31 Feb 2026 25:00:00 NOWHERE"
OLD = {"etag": ETAG, "last-modified": MODIFIED}

pytestmark = pytest.mark.anyio


async def test_p1_validators_go_back_verbatim() -> None:
    """P1: the second request carries the exact ETag and Last-Modified, odd as they are, and the address as it was."""
    reading = Reading(answer(document(1), headers=OLD), answer(status=304))
    await reading.fetch()
    await reading.fetch()

    assert reading.conditions == [(None, None), (ETAG, MODIFIED)]
    assert {asked.address for asked in reading.reader.asked} == {ADDRESS}
    assert {asked.headers["accept"] for asked in reading.reader.asked} == {ACCEPT}
    assert set(reading.reader.asked[0].headers) == {"accept"}


@pytest.mark.parametrize(
    ("status", "headers", "sent"),
    [
        (200, {"etag": '"2"'}, ('"2"', None)),
        (200, {"etag": ETAG}, (ETAG, None)),
        (200, {"last-modified": MODIFIED}, (None, MODIFIED)),
        (304, {"etag": '"2"'}, ('"2"', None)),
        (304, {"last-modified": "later"}, (None, "later")),
        (304, {"last-modified": MODIFIED}, (None, MODIFIED)),
        (304, {"etag": ETAG}, (ETAG, MODIFIED)),
        (304, {}, (ETAG, MODIFIED)),
    ],
)
async def test_p2_validators_are_one_set(
    status: int, headers: Mapping[str, str], sent: tuple[str | None, str | None]
) -> None:
    """P2: what the latest answer left out is sent no more; but a 304 to a known ETag leaves the date out by rule."""
    later = answer(document(2) if status == 200 else b"", status, headers)
    reading = Reading(answer(document(1), headers=OLD), later, answer(status=304))
    for _ in range(3):
        await reading.fetch()

    assert reading.conditions[2] == sent


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

    assert page.freshness.overrun
    assert page.items[0] == Gap(
        start_at=NOW, end_at=NOW + timedelta(hours=5), cause="window_overrun", suspected=True
    )
    assert natives(page.items) == ["9", "8", "7"]


@pytest.mark.parametrize("later", [(4, 3, 2), (9, 8), ()], ids=["overlap", "shorter", "empty"])
async def test_p32_no_gap(later: tuple[int, ...]) -> None:
    """P32: where windows overlap, or the new one is not full, nothing is suspected."""
    reading = Reading(answer(document(3, 2, 1)), answer(document(*later)))
    await reading.fetch()
    page = await reading.fetch()

    assert [item for item in page.items if isinstance(item, Gap)] == []
    assert not page.freshness.overrun


async def test_p32_a_feed_of_one_entry() -> None:
    """P32: a feed that only ever shows its newest entry replaces its window each time; that is no gap."""
    reading = Reading(answer(document(1)), answer(document(2)))
    await reading.fetch()
    page = await reading.fetch()

    assert natives(page.items) == ["2"]
    assert len(page.items) == 1


async def test_validators_belong_to_an_address() -> None:
    """A new address is asked without the old one's validators, and its document is read."""
    reading = Reading(answer(document(1), headers=OLD), answer(document(1)))
    await reading.fetch()
    reading.restart(address="https://moved.example/feed")
    page = await reading.fetch()

    assert reading.conditions[1] == (None, None)
    assert natives(page.items) == ["1"]


async def test_304_to_nobody() -> None:
    """A server that answers 304 to an unconditional request brings nothing and harms nothing."""
    assert await Reading(answer(status=304)).fetch() == Page(freshness=Freshness(not_modified=True))


async def test_large_documents_read_the_same() -> None:
    """A document large enough to be read in a thread gives the same items in the same order."""
    page = await Reading(answer(document(*range(3000)))).fetch()

    assert natives(page.items) == [str(number) for number in range(3000)]


async def test_validators_from_behind_a_redirect_stay_there() -> None:
    """Validators belong to one address: they go to the redirect's target, and nowhere else (P1, P8)."""
    hops = ((302, "https://cdn.example/feed"),)
    reading = Reading(
        answer(document(1), headers=OLD, address="https://cdn.example/feed", hops=hops),
        answer(status=304, address="https://cdn.example/feed", hops=hops),
    )
    page = await reading.fetch()
    again = await reading.fetch()
    behind = reading.reader.asked[1].behind
    assert behind is not None

    assert reading.conditions[1] == (None, None)
    assert behind("https://cdn.example/feed") == {"if-none-match": ETAG, "if-modified-since": MODIFIED}
    assert behind("https://other.example/feed") == {}
    assert (page.freshness.has_validators, again.items) == (True, ())


async def test_a_feed_that_moved_to_where_its_validators_came_from_keeps_them() -> None:
    """What was learned behind the redirect is worth as much when that address is asked itself (P5, P20)."""
    hops = ((301, "https://cdn.example/feed"),)
    reading = Reading(answer(document(1), headers=OLD, address="https://cdn.example/feed", hops=hops))
    await reading.fetch()
    moved = decode_cursor(reading.cursor, address="https://cdn.example/feed")
    elsewhere = decode_cursor(reading.cursor, address="https://other.example/feed")
    assert moved is not None
    assert elsewhere is not None

    assert (moved.etag, moved.last_modified, moved.valid_at) == (ETAG, MODIFIED, b"")
    assert (elsewhere.etag, elsewhere.last_modified) == (None, None)


@pytest.mark.parametrize("etag", ['"' + "x" * 2000 + '"', "\udce9"], ids=["huge", "no text"])
async def test_a_validator_that_cannot_be_kept(etag: str) -> None:
    """One that is too long, or no text, is not kept, because it could not go back as it came."""
    reading = Reading(answer(document(1), headers={"etag": etag}), answer(document(1)))
    await reading.fetch()
    await reading.fetch()

    assert reading.conditions[1] == (None, None)


async def test_p12_adding_a_feed_is_one_request() -> None:
    """P12: the first reading of a feed with comments to follow asks for the feed and nothing else."""
    channel = "<link>https://river.example/</link>"
    entry = (
        "<item><guid>1</guid><title>x</title><slash:comments>9</slash:comments>"
        "<wfw:commentRss>https://river.example/1/feed/</wfw:commentRss></item>"
    )
    body = document(channel=channel + entry)
    reading = Reading(answer(body), follow_comments="all")
    pages = await reading.turn()

    assert len(pages) == 1
    assert len(reading.reader.asked) == 1


async def test_what_a_document_says_of_itself_is_shown_and_not_followed() -> None:
    """P20, P21: a new address that only the document states is a note, never a move and never a request."""
    channel = "<itunes:new-feed-url>https://new.example/feed</itunes:new-feed-url>"
    reading = Reading(answer(document(1, channel=channel)))
    (page,) = await reading.turn()

    assert (page.note, page.moved_to) == ("new_address_stated", None)


async def test_a_feed_that_ended_says_so() -> None:
    """JSON Feed's `expired` is a note for the operator."""
    body = b'{"version": "https://jsonfeed.org/version/1.1", "expired": true, "items": [{"id": "1", "title": "x"}]}'
    page = await Reading(answer(body)).fetch()

    assert page.note == "feed_ended"
