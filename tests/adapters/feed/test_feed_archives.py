"""
P31: older pages and archives, opt-in, one by one, once for ever.
"""

from __future__ import annotations

import json

import pytest

from listener.errors import DocumentRefused, RateLimited, RequestRefused, SourceError, SourceUnavailable
from tests.adapters.feed.reading import ADDRESS, Reading, Site, document, natives

HOME = "https://river.example/"

pytestmark = pytest.mark.anyio


def older(rel: str, page: str) -> str:
    """
    A link of a channel.
    """
    return f'<atom:link rel="{rel}" href="{page}"/>'


def archived(pages: int, *, rel: str = "prev-archive") -> Site:
    """
    A feed with so many archives, each leading to the one before it; the highest number is the newest.
    """
    site = Site()
    site.put(ADDRESS, document(1000, channel=older(rel, f"{HOME}{pages}")), '"1"')
    for page in range(pages, 0, -1):
        channel = older(rel, f"{HOME}{page - 1}") if page > 1 else ""
        site.put(f"{HOME}{page}", document(page, channel=channel))
    return site


async def read_all(one: Reading) -> list[list[str]]:
    """
    What each page of a turn showed.
    """
    return [natives(page.items) for page in await one.turn()]


async def test_p31_nothing_without_being_asked_to() -> None:
    """P31: the default reads no history."""
    site = archived(3)
    one = Reading(site=site)

    assert await read_all(one) == [["1000"]]
    assert site.addresses == [ADDRESS]


@pytest.mark.parametrize("rel", ["prev-archive", "next"])
async def test_p31_one_page_for_each_fetch(rel: str) -> None:
    """P31: archives come one by one, each a page of its own that says there is more, with the feed's own freshness."""
    site = archived(3, rel=rel)
    one = Reading(site=site, history_pages=10)
    pages = await one.turn()

    assert [natives(page.items) for page in pages] == [["1000"], ["3"], ["2"], ["1"]]
    assert [page.more for page in pages] == [True, True, True, False]
    assert {page.freshness for page in pages} == {pages[0].freshness}
    assert [page.note for page in pages] == [None] * 4
    assert site.addresses == [ADDRESS, f"{HOME}3", f"{HOME}2", f"{HOME}1"]


async def test_p31_json_feed_next_url() -> None:
    """P31: JSON Feed's `next_url` is the next page."""
    site = Site()
    version = "https://jsonfeed.org/version/1.1"
    first = {"version": version, "next_url": "/2", "items": [{"id": "1", "title": "x"}]}
    site.put(ADDRESS, json.dumps(first).encode())
    site.put(f"{HOME}2", json.dumps({"version": version, "items": [{"id": "2", "title": "y"}]}).encode())

    assert await read_all(Reading(site=site, history_pages=1)) == [["1"], ["2"]]


async def test_p31_bounded() -> None:
    """P31: no more pages than the operator allows, in the first turn and in all later ones."""
    site = archived(9)
    one = Reading(site=site, history_pages=2)
    assert await read_all(one) == [["1000"], ["9"], ["8"]]
    site.put(ADDRESS, document(1001, 1000, channel=older("prev-archive", f"{HOME}9")), '"2"')
    one.restart()

    assert await read_all(one) == [["1001", "1000"]]


async def test_p31_more_allowed_later_goes_on_where_it_stopped() -> None:
    """P31: a higher bound reads on, although the feed itself answers 304."""
    site = archived(4)
    one = Reading(site=site, history_pages=2)
    await one.turn()
    one.restart(history_pages=9)

    assert await read_all(one) == [[], ["2"], ["1"]]


async def test_p31_opting_in_later_reads_the_feed_once_more() -> None:
    """P31: where history is wanted only now, the known document is read again, because a 304 would name no page."""
    site = archived(1)
    one = Reading(site=site)
    await one.turn()
    one.restart(history_pages=9)

    assert await read_all(one) == [["1000"], ["1"]]
    assert one.conditions == [(None, None), (None, None), (None, None)]
    assert await read_all(one) == [[]]
    assert one.conditions[3] == ('"1"', None)


async def test_p31_once_for_ever() -> None:
    """P31: an archive that was read is never asked again; a new one is read, and the walk ends where it met the old."""
    site = archived(2)
    one = Reading(site=site, history_pages=10)
    await one.turn()
    site.put(f"{HOME}3", document(3, channel=older("prev-archive", f"{HOME}2")))
    site.put(ADDRESS, document(1001, channel=older("prev-archive", f"{HOME}3")), '"2"')
    one.restart()
    assert site.addresses
    pages = await one.turn()

    assert [natives(page.items) for page in pages] == [["1001"], ["3"]]
    assert [page.note for page in pages] == [None, None]
    assert site.addresses == [ADDRESS, f"{HOME}3"]
    assert [page.more for page in await one.turn()] == [False]


@pytest.mark.parametrize("back_to", [f"{HOME}2", f"{HOME}1", ADDRESS])
async def test_p31_a_loop_ends_it(back_to: str) -> None:
    """P31: pages that lead in a circle end the walk, with a note, for good."""
    site = archived(2)
    site.put(f"{HOME}1", document(1, channel=older("prev-archive", back_to)))
    one = Reading(site=site, history_pages=100)
    pages = await one.turn()

    assert [page.note for page in pages] == [None, None, "history_looped"]
    assert len(one.reader.asked) == 3
    site.put(ADDRESS, document(1001, channel=older("prev-archive", f"{HOME}77")), '"2"')
    assert [page.more for page in await one.turn()] == [False]


@pytest.mark.parametrize(
    "page",
    [
        b"<html><p>Not here</html>",
        None,
        DocumentRefused("too large", reason="too_large"),
        RequestRefused("a hop to a private address"),
    ],
    ids=["html", "404", "too large", "refused"],
)
async def test_p31_a_page_that_is_no_feed_ends_it_quietly(page: bytes | SourceError | None) -> None:
    """P31: a page that cannot be read is a note; the feed itself goes on."""
    site = archived(2)
    if page is None:
        del site.pages[f"{HOME}1"]
    else:
        site.put(f"{HOME}1", page)
    one = Reading(site=site, history_pages=10)
    notes = [each.note for each in await one.turn()]
    for _ in range(4):
        notes += [each.note for each in await one.turn_after(days=1)]

    assert notes == [None, None, "history_ended", None, None, None, None]


async def test_p31_no_answer_is_asked_for_three_times_in_three_days() -> None:
    """P31, P18: a page whose server is away is asked once a day, three times, and the feed meanwhile every hour."""
    site = archived(1)
    site.put(f"{HOME}1", SourceUnavailable("no answer"))
    one = Reading(site=site, history_pages=10)
    notes = [each.note for each in await one.turn()]
    for _ in range(80):
        notes += [each.note for each in await one.turn_after(hours=1)]

    assert site.addresses.count(f"{HOME}1") == 3
    assert notes.count("history_ended") == 1


async def test_p31_a_pause_is_honoured_and_the_feed_comes_first() -> None:
    """P31, P15: a 429 beside the feed reaches the core; the next turn reads the feed alone, a day later the archive."""
    site = archived(1)
    site.put(f"{HOME}1", RateLimited("asked for a pause", wait_s=60.0))
    one = Reading(site=site, history_pages=10)
    await one.fetch()
    with pytest.raises(RateLimited):
        await one.fetch()
    site.put(f"{HOME}1", document(1))
    soon = await one.turn_after(hours=1)
    later = await one.turn_after(days=1)

    assert [natives(page.items) for page in soon] == [[]]
    assert [natives(page.items) for page in later] == [[], ["1"]]


async def test_p31_resumes_after_a_crash() -> None:
    """P31: what was committed is not asked again, and the walk goes on where it was, after the feed."""
    site = archived(3)
    one = Reading(site=site, history_pages=10)
    await one.fetch()
    await one.fetch()
    one.restart()

    assert await read_all(one) == [[], ["2"], ["1"]]
    assert site.addresses == [ADDRESS, f"{HOME}3", ADDRESS, f"{HOME}2", f"{HOME}1"]


@pytest.mark.parametrize(
    "page",
    [
        "https://elsewhere.example/1",
        "http://river.example/1",
        "https://river.example:8443/1",
        "https://u:p@river.example/1",
        f"{HOME}{'x' * 600}",
        "ftp://river.example/1",
    ],
)
async def test_p31_only_the_feeds_own_host(page: str) -> None:
    """P31: an archive elsewhere, less secure, on another port or at an absurd address is not asked."""
    site = Site()
    site.put(ADDRESS, document(1, channel=older("prev-archive", page)))

    assert await read_all(Reading(site=site, history_pages=5)) == [["1"]]


async def test_p31_a_complete_feed_has_no_history() -> None:
    """P31: a document that shows all there is leads nowhere. Source: RFC 5005, section 2."""
    site = archived(1)
    site.put(ADDRESS, document(1000, channel=f"<fh:complete/>{older('prev-archive', f'{HOME}1')}"))

    assert await read_all(Reading(site=site, history_pages=5)) == [["1000"]]
