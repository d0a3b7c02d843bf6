"""
Which events a reader sees, in which pages, and what becomes of those that leave the selection.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.events import CountData, GapData, Noted, SourceGap, TopicCounted, decode_event, encode_event
from listener.queues.base import Entry, Position
from listener.tell.api.events import EventPage, Told, choose, read_page
from listener.tell.api.query import Selection
from tests.fakes.daemon import AT, KEPT_UNTIL, gone, name, post, put
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

COUNTED = TopicCounted(
    id="count-1",
    source="/feed/harbour-blog",
    subject="river",
    time=AT,
    data=CountData(network="feed", watch="river", start_at=AT, end_at=AT, count=3),
)
GAP = SourceGap(
    id="gap-1",
    source="/feed/harbour-blog",
    subject="harbour-blog",
    time=AT,
    data=GapData(network="feed", start_at=None, end_at=AT, cause="outage", suspected=True),
)


async def seen(queue: MemoryQueue, **wanted: Any) -> list[tuple[str, str]]:
    """
    Type and subject of every event in the first page.
    """
    page = await read_page(queue, "start", Selection(**wanted), limit=1000, now=AT)
    return [(event.__struct_config__.tag[9:], event.subject) for event in map(decode_event, page.lines)]  # type: ignore[index]  # every event has a tag


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {1, 2}),
        ({"watches": frozenset({"river"})}, {1}),
        ({"watches": frozenset({"river", "transit"})}, {1, 2}),
        ({"networks": frozenset({"mastodon"})}, {2}),
        ({"kinds": frozenset({"article"})}, {1}),
        ({"langs": frozenset({"en"})}, {1}),
        ({"langs": frozenset({"en-ca"})}, {1}),
        ({"langs": frozenset({"en-gb", "fr"})}, {2}),
        ({"langs": frozenset({"e"})}, set()),
        ({"hashtags": frozenset({"yyc"})}, {1}),
        ({"hashtags": frozenset({"yycc"})}, set()),
        ({"addressed": True}, {2}),
        ({"addressed": False}, {1}),
        ({"since_at": AT - timedelta(hours=1)}, {1}),
        ({"until_at": AT - timedelta(hours=1)}, {2}),
        ({"since_at": AT - timedelta(hours=2), "until_at": AT - timedelta(minutes=5)}, {2}),
        ({"watches": frozenset({"river"}), "kinds": frozenset({"post"})}, set()),
        ({"types": frozenset({"listener.post.created"})}, {1, 2}),
        ({"types": frozenset({"listener.post.updated"})}, set()),
    ],
)
async def test_filters(wanted: dict[str, Any], expected: set[int]) -> None:
    """
    Each filter keeps exactly the posts that it names; several have to agree.
    """
    queue = MemoryQueue()
    other: dict[str, Any] = {
        "watches": ("transit",),
        "network": "mastodon",
        "kind": "post",
        "lang": "fr",
        "hashtags": ("lrt",),
    }
    await put(queue, post(1), post(2, addressed=True, time=AT - timedelta(hours=2), **other))

    assert await seen(queue, **wanted) == [
        ("post.created", name(number).hex()) for number in sorted(expected)
    ]


async def test_language_unknown() -> None:
    """
    A post without a language is in no language that is asked for.
    """
    queue = MemoryQueue()
    await put(queue, post(1, lang=None))

    assert await seen(queue, langs=frozenset({"en"})) == []


async def test_what_filters_do_not_hide() -> None:
    """
    Removals and gaps pass every filter on what a post says; counts only answer to their watch; all to their network.
    """
    queue = MemoryQueue()
    await put(queue, post(1))
    await put(queue, gone(1), Noted(GAP), Noted(COUNTED), commit_id="second")
    notes = [("post.removed", name(1).hex()), ("source.gap", "harbour-blog"), ("topic.counted", "river")]

    assert await seen(queue, hashtags=frozenset({"x"}), kinds=frozenset({"video"}), addressed=True) == notes
    assert await seen(queue, watches=frozenset({"transit"})) == notes[:2]
    assert await seen(queue, networks=frozenset({"mastodon"})) == []
    assert await seen(queue, types=frozenset({"listener.source.gap"})) == notes[1:2]


async def test_an_edit_leaves_the_selection() -> None:
    """
    A reader that may hold the old words of a post is told to forget them when an edit takes it out of what it
    selects; a reader that cannot hold them is told nothing.
    """
    queue = MemoryQueue()
    await put(queue, post(1))
    await put(queue, post(1, "the bus is late", hashtags=("bus",)), commit_id="edit")

    page = await read_page(queue, "start", Selection(hashtags=frozenset({"yyc"})), limit=10, now=AT)

    assert [msgspec.json.decode(line) for line in page.lines] == [
        {
            "type": "listener.post.removed",
            "id": f"{name(1).hex()}.2",
            "source": "/feed/harbour-blog",
            "subject": name(1).hex(),
            "time": "2026-01-05T12:00:00Z",
            "expirytime": None,
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "data": {"network": "feed", "reason": "unselected", "observed_at": "2026-01-05T12:00:00Z"},
        }
    ]
    assert await seen(queue, hashtags=frozenset({"bus"})) == [("post.updated", name(1).hex())]
    assert await seen(queue, hashtags=frozenset({"yyc"}), kinds=frozenset({"post"})) == []
    assert await seen(queue, hashtags=frozenset({"yyc"}), types=frozenset({"listener.post.updated"})) == []


async def test_expired_bodies() -> None:
    """
    A body whose time is over is not shown, even before upkeep has taken it away.
    """
    queue = MemoryQueue()
    await put(
        queue, post(1, expirytime=AT), post(2, expirytime=AT + timedelta(seconds=1)), post(3, expirytime=None)
    )

    page = await read_page(queue, "start", Selection(), limit=10, now=AT)

    assert [decode_event(line).subject for line in page.lines] == [name(2).hex(), name(3).hex()]
    assert page.next == "m1-3"


async def test_bytes_pass_through() -> None:
    """
    The bytes of an event in a page are those that the queue holds.
    """
    queue = MemoryQueue()
    await put(queue, post(1, 'quotes " and ünïcödé'))
    (entry,) = (await queue.read(None)).entries

    page = await read_page(queue, "start", Selection(), limit=10, now=AT)

    assert page.body() == b'{"events":[' + entry.line + b'],"next":"m1-1","more":false}'


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 255, 256, 257, 600])
async def test_pages_join(limit: int) -> None:
    """
    Pages of any size, filtered or not, joined, are what one page would be; `more` is true exactly while more is there.
    """
    queue = MemoryQueue()
    for start in range(0, 600, 150):
        page = [post(1 + n, watches=("river",) if n % 3 else ("transit",)) for n in range(start, start + 150)]
        await put(queue, *page)
    selection = Selection(watches=frozenset({"river"}))

    got: list[bytes] = []
    after, page_read = "start", EventPage((), Position("m1-0"), more=True)
    while page_read.more:
        page_read = await read_page(queue, after, selection, limit=limit, now=AT)
        assert len(page_read.lines) <= limit
        got += page_read.lines
        after = page_read.next

    assert [int(decode_event(line).subject, 16) for line in got] == [n + 1 for n in range(600) if n % 3]
    assert after == "m1-600"


async def test_now_and_after() -> None:
    """
    `now` is an empty page whose position sees only what comes later.
    """
    queue = MemoryQueue()
    await put(queue, post(1))

    page = await read_page(queue, "now", Selection(), limit=10, now=AT)
    await put(queue, post(2))
    later = await read_page(queue, page.next, Selection(), limit=10, now=AT)

    assert page == EventPage((), Position("m1-1"), more=False)
    assert [decode_event(line).subject for line in later.lines] == [name(2).hex()]


@pytest.mark.parametrize(
    ("after", "reason"),
    [("other-1", "unknown_epoch"), ("m1-99", "position_ahead"), ("m1-1", "position_too_old")],
)
async def test_resync(after: str, reason: str) -> None:
    """
    A position that cannot be continued from is answered by bounds, and reading on after them works.
    """
    queue = MemoryQueue()
    await put(queue, post(1), post(2), post(3))
    await put(queue, gone(2), commit_id="removal")
    await queue.expire(KEPT_UNTIL)
    await put(queue, post(4, expirytime=None), commit_id="later")

    page = await read_page(queue, after, Selection(kinds=frozenset({"video"})), limit=10, now=AT)
    onward = await read_page(queue, page.next, Selection(), limit=10, now=AT)

    (told,) = map(msgspec.json.decode, page.lines)
    assert told["type"] == "listener.queue.resync"
    assert told["data"] == {"reason": reason, "oldest": "m1-4", "newest": "m1-5"}
    assert (page.next, page.more) == ("m1-4", True)
    assert [decode_event(line).subject for line in onward.lines] == [name(4).hex()]


WORDS = st.sampled_from(["river", "transit", "parks"])


@settings(deadline=None, derandomize=True)
@given(
    has=st.tuples(WORDS, st.frozensets(WORDS), st.booleans()),
    asked=st.tuples(st.frozensets(WORDS), st.frozensets(WORDS), st.none() | st.booleans()),
)
def test_chosen_exactly(
    has: tuple[str, frozenset[str], bool],
    asked: tuple[frozenset[str], frozenset[str], bool | None],
) -> None:
    """
    A post is chosen exactly when it meets everything that is asked for.
    """
    fields: dict[str, Any] = {"watches": (has[0],), "hashtags": tuple(sorted(has[1])), "addressed": has[2]}
    event = post(1, **fields).event
    entry = Entry(Position("m1-1"), "listener.post.created", encode_event(event))

    found = choose(entry, Selection(watches=asked[0], hashtags=asked[1], addressed=asked[2]), now=AT)

    meets = (
        (not asked[0] or has[0] in asked[0])
        and (not asked[1] or bool(has[1] & asked[1]))
        and asked[2] in (None, has[2])
    )
    assert found == (Told(entry.position, entry.type, entry.line) if meets else None)
