"""
The streams as they run: hosts beside each other, interruptions, silence, what is missed and how it is told.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.bluesky.cursor import REWIND_S, encode_cursor
from adapters.bluesky.listening import CURSOR_EVERY_S, NOTES, PAGE_MOST, TICK_S
from listener.adapter import Page, Reply
from listener.errors import AccessDenied, RateLimited, SourceError, SourceUnavailable
from listener.events import Gap, Post, Removal, WatchName
from listener.hear.watch import Watcher, WatchTerms
from listener.testing.canned import Asked, NothingInteresting
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.bluesky.frames import (
    CITY,
    JO,
    NOON_US,
    account,
    answer,
    appview,
    asked_uris,
    commit,
    identity,
    record,
    uri,
    view,
)
from tests.adapters.bluesky.lines import ONE, TWO, Network
from tests.fakes.interest import WatchedInterest

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR_S = 3600


@pytest.fixture
def anyio_backend() -> str:
    """The virtual clock knows asyncio only."""
    return "asyncio"


def network(**more: Any) -> Network:
    return Network(VirtualClock(NOON), **more)


def cursor_of(line_address: str) -> int | None:
    found = parse_qs(urlsplit(line_address).query).get("cursor")
    return None if found is None else int(found[0])


def stored(seconds: float = 0, *, hosts: tuple[str, ...] = (ONE,)) -> Any:
    """A cursor so many seconds after noon."""
    return encode_cursor({host: NOON_US + round(seconds * 1e6) for host in hosts})


# ------------------------------------------------------------------------------------------------ one host


async def test_a_post_becomes_a_page_at_once() -> None:
    """From the frame to a page with the cursor that covers it, without waiting for another."""
    net = network()
    async with net.running():
        net.line().push(commit(1))
        await net.settle()

        assert net.natives == [uri(1)]
        assert net.positions() == {ONE: NOON_US + 1_000_000}


async def test_a_reconnect_rewinds_at_least_ten_seconds() -> None:
    """Whatever was durable when the line was cut, the next one begins a minute before it, so that the last post comes again."""
    net = network()
    async with net.running() as source:
        net.line().push(commit(100))
        net.line().end()
        await net.settle()
    ended = net.ended
    async with net.running(source=source, cursor=net.cursor):
        again = cursor_of(net.line().asked.address)
        net.line().push(commit(100), commit(101))

    assert isinstance(ended, SourceUnavailable)
    assert again == NOON_US + (100 - REWIND_S) * 1_000_000
    assert again <= NOON_US + 90_000_000
    assert net.natives == [uri(100), uri(101)]
    assert net.gaps == []


async def test_the_first_start_is_live() -> None:
    """Without a cursor nothing is asked for again: no cursor, not an empty one and not a zero."""
    net = network()
    async with net.running():
        assert cursor_of(net.line().asked.address) is None


async def test_the_cursor_moves_without_matches() -> None:
    """Where nothing is for us a cursor becomes durable now and then, from frames alone."""
    net = network()
    async with net.running(interest=NothingInteresting()):
        for second in range(1, 40):
            net.line().push(commit(second, said=record("Rain")))
            await net.settle(1)

    assert [page.items for page in net.pages] == [()] * len(net.pages)
    assert 2 <= len(net.pages) <= 40 / CURSOR_EVERY_S + 1
    assert net.positions()[ONE] >= NOON_US + 30_000_000


async def test_account_events_alone_do_not_move_the_cursor() -> None:
    """A host that serves accounts and no posts is left at its last post, and is asked from there again."""
    net = network()
    async with net.running():
        net.line().push(commit(1))
        await net.settle()
        for second in range(2, 60):
            net.line().push(account(second), identity(second))
            await net.settle(1)

        assert net.positions() == {ONE: NOON_US + 1_000_000}


async def test_deletions_of_strangers_are_gathered_and_leave_no_trace() -> None:
    """Within two seconds, in one page, and only for what is held: deletions nobody asked about do not fill the queue."""
    net = network()
    async with net.running(interest=NothingInteresting(), cursor=stored()):
        for number in range(20):
            net.line().push(commit(number, "delete"))
        await net.settle()
        at_once = len(net.pages)
        await net.settle(2)

        assert at_once == 0
        assert net.items == [Removal(uri(number), held_only=True) for number in range(20)]
        assert len(net.pages) == 1


async def test_a_deletion_of_what_we_handed_on_goes_at_once() -> None:
    """Its post was made durable by this process: no gathering, and barred for good."""
    net = network()
    async with net.running():
        net.line().push(commit(1))
        await net.settle()
        net.line().push(commit(1, "delete"))
        await net.settle()

        assert net.removals == [Removal(uri(1))]


async def test_a_deletion_before_its_creation_keeps_it_away() -> None:
    """Out of order on one line, and again after the line was cut: the creation does not come back."""
    net = network()
    async with net.running() as source:
        net.line().push(commit(1, "delete", at_s=5))
        await net.settle(2)
        net.line().push(commit(1))
        await net.settle(2)
    async with net.running(source=source, cursor=net.cursor):
        net.line().push(commit(1), commit(2))

    assert net.natives == [uri(2)]


async def test_a_deletion_before_its_creation_survives_a_restart() -> None:
    """A new process reads the last minute again, and finds out from the AppView that the post is not there."""
    gone = {uri(1)}
    net = network(
        answer=lambda asked: answer({"posts": [view(name) for name in asked_uris(asked) if name not in gone]})
    )
    await net.settle(HOUR_S)
    async with net.running():
        net.line().push(commit(1, "delete", at_s=5), commit(2))
        await net.settle(2)
    async with net.running(cursor=net.cursor):
        net.line().push(commit(1), commit(1, "delete", at_s=5), commit(2))
        await net.settle(2)

    assert set(net.natives) == {uri(2)}


async def test_what_could_not_be_made_durable_is_not_remembered() -> None:
    """The page failed with the error of the queue; the next run hands the same post on."""
    net = network()
    async with net.running() as source:
        net.refused = RuntimeError("full")
        net.line().push(commit(1))
    ended, net.refused = net.ended, None
    async with net.running(source=source):
        net.line().push(commit(1))

    assert ended is not None
    assert str(ended) == "full"
    assert net.natives == [uri(1)]


async def test_the_first_page_of_all_can_be_held() -> None:
    """Before the first post goes to the core, its place in the stream is durable: held, it comes again from there."""
    net = network()
    take = net.send

    async def send(page: Page) -> None:
        if page.items:
            raise SourceUnavailable("the page waits")
        await take(page)

    net.send = send  # type: ignore[method-assign]  # the test plays a core that holds a page
    async with net.running() as source:
        net.line().push(account(5), commit(7))
    ended, net.send = net.ended, take  # type: ignore[method-assign]  # and one that lets it through
    async with net.running(source=source, cursor=net.cursor):
        again = cursor_of(net.line().asked.address)
        net.line().push(commit(7))

    assert str(ended) == "the page waits"
    assert again == NOON_US + 5_000_000 - REWIND_S * 1_000_000
    assert net.natives == [uri(7)]


async def test_pages_are_bounded_and_only_the_last_moves_the_cursor() -> None:
    """A burst is several pages; a crash between two of them reads all of it again."""
    net = network()
    async with net.running(cursor=stored()):
        net.line().push(*(commit(number) for number in range(PAGE_MOST + 5)))

    assert [(len(page.items), page.cursor is not None) for page in net.pages] == [
        (PAGE_MOST, False),
        (5, True),
    ]


async def test_a_post_that_waits_holds_the_cursor() -> None:
    """The AppView does not know it yet: what comes after it goes through, and the position stays before it."""
    hidden = {uri(10)}
    net = network(
        answer=lambda asked: answer(
            {"posts": [view(name) for name in asked_uris(asked) if name not in hidden]}
        )
    )
    await net.settle(30)
    async with net.running():
        net.line().push(commit(10), commit(20))
        await net.settle()
        before = net.positions()
        hidden.clear()
        await net.settle(4)

        assert before == {ONE: NOON_US + 10_000_000}
        assert net.natives == [uri(20), uri(10)]
        assert net.positions() == {ONE: NOON_US + 20_000_000}


async def test_a_failed_look_up_hands_posts_on_as_unreadable() -> None:
    """The core decides how long they are held; the page says what is the matter."""
    net = network(answer=lambda asked: SourceUnavailable("no answer"))
    async with net.running(cursor=stored()):
        net.line().push(commit(1))

    (page,) = net.pages
    (post,) = page.items
    assert isinstance(post, Post)
    assert (post.consent.readable, page.note) == (False, "look_up_failed")


async def test_our_own_account_is_heard_by_its_did() -> None:
    """A mention facet with our DID is said to us, whatever watches ask for; the handle was resolved at the start."""
    net = network()
    mention = {
        "index": {"byteStart": 0, "byteEnd": 4},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": CITY}],
    }
    async with net.running(interest=NothingInteresting(), own_accounts=("city.example",)):
        net.line().push(commit(1, said=record("Hall!", facets=[mention])), commit(2))

    assert [(item.native, item.addressed) for item in net.items] == [(uri(1), True)]


# ------------------------------------------------------------------------------------------------- gaps


async def test_an_expired_cursor_is_a_gap_with_bounds() -> None:
    """After forty hours the host begins four hours late and says nothing of it: we do, and go on."""
    net = network()
    async with net.running(cursor=stored(-40 * HOUR_S)):
        net.line().push(account(-36 * HOUR_S), commit(1, at_s=-36 * HOUR_S + 1))

    assert net.gaps == [
        Gap(NOON - timedelta(hours=40), NOON - timedelta(hours=36), "cursor_expired", suspected=False)
    ]
    assert net.natives == [uri(1)]


async def test_a_gap_is_durable_before_the_cursor_passes_it() -> None:
    """The first page after it carries it, so that no crash can lose it."""
    net = network()
    async with net.running(cursor=stored(-40 * HOUR_S), interest=NothingInteresting()):
        net.line().push(account(-36 * HOUR_S), commit(1, at_s=-36 * HOUR_S + 1))

    assert isinstance(net.pages[0].items[0], Gap)
    assert all(page.cursor is None or at >= 0 for at, page in enumerate(net.pages))


async def test_a_host_that_goes_live_without_a_word_is_told() -> None:
    """Asked for what was an hour ago, it tells what is now."""
    net = network()
    async with net.running(cursor=stored(-HOUR_S)):
        net.line().push(identity(0))

    assert net.gaps == [Gap(NOON - timedelta(hours=1), NOON, "unknown")]


async def test_a_gap_is_searched_where_an_account_is_configured() -> None:
    """The stream goes on meanwhile; what is found comes once, and the outcome is noted."""

    def both(asked: Asked) -> Reply | SourceError:
        if "createSession" in asked.address:
            return answer({"accessJwt": "token", "refreshJwt": "again"})
        if "searchPosts" in asked.address:
            return answer({"posts": [view(uri(7)), view(uri(1))]})
        return appview(asked)

    net = network(answer=both)
    interest = WatchedInterest(Watcher([WatchTerms(WatchName("snow"), hashtags=("#yyc",))], []))
    async with net.running(
        cursor=stored(-40 * HOUR_S), interest=interest, identifier="city.example", app_password="abcd"
    ):
        net.line().push(commit(1, at_s=-36 * HOUR_S))
        await net.settle(5)

    assert net.gaps == [Gap(NOON - timedelta(hours=40), NOON - timedelta(hours=36), "cursor_expired")]
    assert sorted(net.natives) == [uri(1), uri(7)]
    assert [page.note for page in net.pages if page.note] == ["gap_filled"]


async def test_a_search_that_is_denied_leaves_the_stream_alone() -> None:
    """403 for the search: the gap stands, the stream runs."""

    def denied(asked: Asked) -> Reply | SourceError:
        return AccessDenied("403") if "Session" in asked.address else appview(asked)

    net = network(answer=denied)
    interest = WatchedInterest(Watcher([WatchTerms(WatchName("snow"), hashtags=("#yyc",))], []))
    async with net.running(
        cursor=stored(-40 * HOUR_S), interest=interest, identifier="city.example", app_password="abcd"
    ):
        net.line().push(commit(1, at_s=-36 * HOUR_S))
        await net.settle(5)
        net.line().push(commit(2))

    assert (net.ended, net.natives, len(net.gaps)) == (None, [uri(1), uri(2)], 1)
    assert [page.note for page in net.pages if page.note] == ["search_denied"]


# ------------------------------------------------------------------------------------------------ silence


async def test_silence_by_collection_ends_a_host_that_looks_well() -> None:
    """Frames come and no posts: after five minutes that is a gap, and the next line begins at the last post."""
    net = network()
    async with net.running() as source:
        net.line().push(commit(1))
        await net.settle()
        for second in range(2, 330):
            if net.ended is None:
                net.line().push(account(second))
            await net.settle(1)
        ended = net.ended
    async with net.running(source=source, cursor=net.cursor):
        again = cursor_of(net.line().asked.address)

    assert isinstance(ended, SourceUnavailable)
    (gap,) = net.gaps
    assert (gap.start_at, gap.cause, gap.suspected) == (NOON + timedelta(seconds=1), "outage", True)
    assert timedelta(seconds=300) <= gap.end_at - NOON <= timedelta(seconds=300 + 2 * TICK_S)
    assert again == NOON_US + 1_000_000 - REWIND_S * 1_000_000


async def test_pings_alone_are_silence_too() -> None:
    """A line that is alive and says nothing at all is left within minutes."""
    net = network()
    async with net.running(cursor=stored()):
        await net.settle(400)

    assert isinstance(net.ended, SourceUnavailable)
    assert not net.line().is_open


async def test_a_page_that_takes_long_is_no_silence() -> None:
    """While the core holds a page nothing is read, and nobody is to blame for that."""
    net = network()
    held: list[Page] = []
    take = net.send

    async def send(page: Page) -> None:
        held.append(page)
        await net.clock.sleep(2 * HOUR_S)
        await take(page)

    net.send = send  # type: ignore[method-assign]  # the test plays a queue that has no room
    async with net.running():
        net.line().push(commit(1))
        net.line().push(commit(2))
        await net.settle(HOUR_S)

        assert (net.ended, len(held), net.line().is_open) == (None, 1, True)


# ---------------------------------------------------------------------------------------------- two hosts


async def test_two_hosts_are_one_stream() -> None:
    """What both bring is delivered once, what one of them lacks comes from the other."""
    net = network()
    async with net.running(hosts=(ONE, TWO)):
        net.line(ONE).push(commit(1), commit(2))
        await net.settle()
        net.line(TWO).push(commit(1), commit(2), commit(3))
        await net.settle()
        net.line(ONE).push(commit(3), commit(4))

    assert net.natives == [uri(1), uri(2), uri(3), uri(4)]
    assert net.positions(ONE, TWO) == {ONE: NOON_US + 4_000_000, TWO: NOON_US + 3_000_000}


async def test_each_host_goes_on_from_where_it_stood() -> None:
    """Positions are kept for each: a slow host is not asked from where the fast one is."""
    net = network()
    cursor = encode_cursor({ONE: NOON_US, TWO: NOON_US - 500_000_000})
    async with net.running(hosts=(ONE, TWO), cursor=cursor):
        asked = [cursor_of(net.line(host).asked.address) for host in (ONE, TWO)]

    assert asked == [NOON_US - 60_000_000, NOON_US - 560_000_000]


async def test_a_deletion_from_the_faster_host_keeps_the_slower_ones_creation_away() -> None:
    """Deleted on one host before the other has told of it at all."""
    net = network()
    async with net.running(hosts=(ONE, TWO)):
        net.line(ONE).push(commit(1, "delete", at_s=5))
        await net.settle(2)
        net.line(TWO).push(commit(1), commit(1, "delete", at_s=5))
        await net.settle(2)

    assert net.natives == []
    assert net.removals == [Removal(uri(1), held_only=True)]


async def test_one_host_away_the_other_goes_on() -> None:
    """It is told, the stream is not interrupted, and the host is asked again from its own place after a minute."""
    net = network()
    async with net.running(hosts=(ONE, TWO)):
        net.line(ONE).push(commit(1))
        net.line(TWO).push(commit(1))
        await net.settle()
        net.line(ONE).end()
        await net.settle()
        net.line(TWO).push(commit(2))
        await net.settle()
        before = len(net.lines)
        await net.settle(60 + TICK_S)
        again = net.line(ONE).asked.address
        net.line(ONE).push(commit(1), commit(2), commit(3))
        await net.settle()

        assert (before, len(net.lines), net.ended) == (2, 3, None)
        assert cursor_of(again) == NOON_US + 1_000_000 - REWIND_S * 1_000_000
        assert net.natives == [uri(1), uri(2), uri(3)]
        assert [page.note for page in net.pages if page.items] == [None, "one_host", None]
        assert net.gaps == []


async def test_where_no_host_is_left_the_run_ends_with_its_error() -> None:
    """The core owns the coming back; what had come before is durable."""
    net = network()
    error = RateLimited("slow down", wait_s=60)
    async with net.running(hosts=(ONE, TWO)):
        net.line(ONE).end()
        await net.settle()
        net.line(TWO).push(commit(1))
        net.line(TWO).end(error)

    assert net.ended is error
    assert net.natives == [uri(1)]
    assert not any(line.is_open for line in net.lines)


async def test_a_blind_host_is_told() -> None:
    """It is connected, it sends, and it lacks what the other brings: nothing is lost, and an operator knows."""
    net = network()
    async with net.running(hosts=(ONE, TWO)):
        for number in range(0, 300, 10):
            net.line(ONE).push(commit(number))
            net.line(TWO).push(commit(number + 1000, at_s=number) if number % 20 else account(number))
            net.line(TWO).push(commit(number) if number < 60 else account(number))
            await net.settle(10)

    notes = [page.note for page in net.pages]
    assert notes[0] is None
    assert notes[-1] == "blind_host"
    assert {uri(number) for number in range(0, 300, 10)} <= set(net.natives)


async def test_a_blind_host_alone_does_not_pass_for_posts() -> None:
    """Fifty-two minutes without a post on one host, while the other has them: the stream is whole, the host is left."""
    net = network()
    async with net.running(hosts=(ONE, TWO)):
        net.line(TWO).push(commit(0))
        for second in range(10, 600, 10):
            net.line(ONE).push(commit(second))
            if net.line(TWO).is_open:
                net.line(TWO).push(account(second))
            await net.settle(10)

        assert net.ended is None
        assert net.natives == [uri(0), *(uri(second) for second in range(10, 600, 10))]
        assert net.gaps == []
        assert cursor_of(net.line(TWO).asked.address) == NOON_US - REWIND_S * 1_000_000
        assert len([line for line in net.lines if line.host == TWO]) >= 2


async def test_notes_are_a_closed_set() -> None:
    """What a page may be noted for is known beforehand."""
    assert {
        "blind_host", "one_host", "look_up_failed", "gap_filled", "gap_partly_filled", "search_denied", "search_failed",
    } == NOTES  # fmt: skip


async def test_nobody_is_in_a_cursor_or_a_representation() -> None:
    """Neither account nor words in anything that prints or is stored as a position."""
    net = network()
    async with net.running() as source:
        net.line().push(commit(1))
        await net.settle()
        shown = [repr(source), *map(repr, net.pages), str(net.cursor)]

    assert [text for text in shown if JO in text or "yyc" in text or "Jo Fenn" in text] == []
