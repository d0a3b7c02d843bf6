"""
One look at an address: what is asked, in which order, what robots.txt decides, and what every failure becomes.
"""

from __future__ import annotations

import anyio
import pytest

from adapters.feed.discovery import discover
from listener.admit.looking import Looked, Looker, Missed
from listener.clock import SystemClock
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from tests.fakes.loopback import LOOPBACK, Said, answer
from tests.fakes.sites import FEED, Sites, feed, moved, page, robots, sites

pytestmark = pytest.mark.anyio


def web(**changed: object) -> Web:
    """
    A web that may read loopback, without spacing.
    """
    options: dict[str, object] = {
        "clock": SystemClock(),
        "pace": Pace(0.0, frozenset()),
        "user_agent": "civic-listener/0 (+https://city.example)",
        "limits": ReaderLimits(deadline_s=3, redirects=5),
        "allow": LOOPBACK,
        **changed,
    }
    return Web(**options)  # type: ignore[arg-type]  # a test names what it changes


async def look(there: Sites, path: str = "/", *, is_feed: bool = False, **changed: object) -> Looked | Missed:
    """
    One look at a page of the first site.
    """
    async with web(**changed) as open_web:
        return await Looker(open_web, discover).look(there.at(1, path), is_feed=is_feed)


async def test_p12_a_feed_named_as_one_costs_one_request() -> None:
    """
    P12, FRB036: the address is the feed, so its only body is used for everything, and nothing else is asked.
    """
    with sites({1: {"/feed": feed()}}) as there:
        looked = await look(there, "/feed", is_feed=True)

        assert isinstance(looked, Looked)
        assert (looked.itself, looked.lasting) == (True, there.at(1, "/feed"))
        assert there.asked(1) == ["/feed"]


async def test_p12_a_page_costs_one_request_beside_robots_txt() -> None:
    """
    P12, P23, P26: robots.txt, the page, and neither the announced feed nor any guessed address.
    """
    with sites({1: {"/": page("/feed", "/comments/feed"), "/feed": feed()}}) as there:
        looked = await look(there)

        assert isinstance(looked, Looked)
        assert [each.address for each in looked.candidates] == [
            there.at(1, "/feed"),
            there.at(1, "/comments/feed"),
        ]
        assert (looked.itself, there.asked(1)) == (False, ["/robots.txt", "/"])


async def test_p23_a_page_without_feeds_is_asked_nothing_more() -> None:
    """
    P23, FRB061: /feed is there, and is not tried.
    """
    with sites({1: {"/": page(), "/feed": feed(), "/rss.xml": feed()}}) as there:
        looked = await look(there)

        assert isinstance(looked, Looked)
        assert (looked.candidates, there.asked(1)) == ((), ["/robots.txt", "/"])


async def test_p26_a_page_that_robots_txt_refuses_is_not_read() -> None:
    """
    P26: refused before a byte of the page is asked for; another page of the site may be read.
    """
    with sites(
        {1: {"/robots.txt": robots("Disallow: /private"), "/": page("/f"), "/private/": page("/f")}}
    ) as there:
        refused = await look(there, "/private/")
        allowed = await look(there)

        assert refused == Missed("robots")
        assert isinstance(allowed, Looked)
        assert there.asked(1) == ["/robots.txt", "/robots.txt", "/"]


async def test_p26_a_feed_that_is_named_as_one_is_read_all_the_same() -> None:
    """
    P26: as a configured source is; robots.txt is not even asked.
    """
    with sites({1: {"/robots.txt": robots("Disallow: /"), "/feed": feed()}}) as there:
        looked = await look(there, "/feed", is_feed=True)

        assert isinstance(looked, Looked)
        assert there.asked(1) == ["/feed"]


async def test_p26_a_page_in_the_place_of_a_named_feed_asks_robots_txt() -> None:
    """
    P26: what turns out to be a page is used as one only where robots.txt lets it; it is not fetched again.
    """
    with sites(
        {1: {"/robots.txt": robots("Disallow: /blog"), "/blog": page("/f"), "/news": page("/f")}}
    ) as there:
        refused = await look(there, "/blog", is_feed=True)
        allowed = await look(there, "/news", is_feed=True)

        assert refused == Missed("robots")
        assert isinstance(allowed, Looked)
        assert there.asked(1) == ["/blog", "/robots.txt", "/news", "/robots.txt"]


async def test_p26_robots_txt_is_asked_once_for_each_host_and_run() -> None:
    """
    P26: also when many pages of a host are looked at at the same time.
    """
    with sites({1: {f"/{number}": page("/f") for number in range(5)}}) as there:
        async with web() as open_web:
            looker = Looker(open_web, discover)
            async with anyio.create_task_group() as group:
                for number in range(5):
                    group.start_soon(_found, looker, there.at(1, f"/{number}"))

        assert sorted(there.asked(1)) == ["/0", "/1", "/2", "/3", "/4", "/robots.txt"]
        assert looker.robots_asked == 1


async def _found(looker: Looker, address: str) -> None:
    assert isinstance(await looker.look(address, is_feed=False), Looked)


REFUSED = Missed("unreachable", "robots.txt cannot be had, so nothing else may be read")


@pytest.mark.parametrize(
    ("said", "missed"),
    [
        (answer(400), None),
        (answer(401), None),
        (answer(403), None),
        (answer(404), None),
        (answer(410), None),
        (answer(418), None),
        (answer(451), None),
        (answer(204), None),
        (answer(200, b"User-agent: *\nDisallow: /"), Missed("robots")),
        (answer(500), REFUSED),
        (answer(503), REFUSED),
        (answer(503, retry_after="60"), REFUSED),
        (answer(429), REFUSED),
        (b"garbage\r\n\r\n", REFUSED),
        (answer(200, b"User-agent", content_encoding="br"), REFUSED),
    ],
)
async def test_what_follows_from_each_answer_for_robots_txt(said: Said, missed: Missed | None) -> None:
    """
    RFC 9309, section 2.3.1: 4xx allows everything, what cannot be had forbids everything.
    """
    with sites({1: {"/robots.txt": said, "/": page("/f")}}) as there:
        looked = await look(there)

        assert (looked if missed else isinstance(looked, Looked)) == (missed or True)
        assert there.asked(1) == ["/robots.txt"] + ([] if missed else ["/"])


async def test_robots_txt_is_followed_through_five_redirects() -> None:
    """
    RFC 9309, section 2.3.1.2: five hops are followed, to another host, too; the rules hold for the first.
    """
    hops: dict[str, Said] = {
        "/robots.txt": moved(302, "/r1"),
        **{f"/r{n}": moved(301, f"/r{n + 1}") for n in range(1, 4)},
    }
    with sites({1: hops, 2: {"/there": robots("Disallow: /private")}}) as there:
        hops["/r4"] = moved(307, there.at(2, "/there"))
        hops["/private"] = hops["/open"] = page("/f")

        assert await look(there, "/private") == Missed("robots")
        assert isinstance(await look(there, "/open"), Looked)


async def test_a_redirect_to_another_host_asks_its_robots_txt() -> None:
    """
    A page is used only where the robots.txt of the host it came from lets it.
    """
    pages: dict[str, Said] = {}
    with sites({1: pages, 2: {"/robots.txt": robots("Disallow: /"), "/": page("/f")}}) as there:
        pages["/"] = moved(302, there.at(2))

        assert await look(there) == Missed("robots")


@pytest.mark.parametrize(
    ("statuses", "lasts"), [((301,), True), ((308, 301), True), ((302,), False), ((301, 307), False)]
)
async def test_where_a_moved_feed_is_read_from_now_on(statuses: tuple[int, ...], lasts: bool) -> None:
    """
    The new address where every hop was for good, else the one that was asked; each place on the way is told.
    """
    pages: dict[str, Said] = {f"/{n}": moved(status, f"/{n + 1}") for n, status in enumerate(statuses)}
    pages[f"/{len(statuses)}"] = feed()
    with sites({1: pages}) as there:
        looked = await look(there, "/0", is_feed=True)

        assert isinstance(looked, Looked)
        assert looked.lasting == there.at(1, f"/{len(statuses)}" if lasts else "/0")
        assert looked.places == tuple(there.at(1, f"/{n}") for n in range(len(statuses) + 1))


@pytest.mark.parametrize(
    ("said", "missed"),
    [
        (answer(404), Missed("gone", "answers 404")),
        (answer(410), Missed("gone", "answers 410")),
        (answer(403), Missed("unreachable", "127.0.0.1 denies access (403); look at credential and terms")),
        (answer(500), Missed("unreachable", "127.0.0.1 answered 500; tried again later")),
        (
            answer(429, retry_after="60"),
            Missed("unreachable", "127.0.0.1 asked for a pause; it goes on by itself"),
        ),
        (b"garbage\r\n\r\n", Missed("unreachable", "127.0.0.1 broke the connection or does not speak HTTP")),
        (moved(301, "/"), Missed("unreachable", "127.0.0.1 redirects too often")),
    ],
)
async def test_what_every_failure_becomes(said: Said, missed: Missed) -> None:
    """
    A value with a reason that names no more than the host.
    """
    with sites({1: {"/": said}}) as there:
        assert await look(there, is_feed=True) == missed


async def test_a_document_that_is_too_large_is_no_feed() -> None:
    """
    The reader's cap holds here, too.
    """
    with sites({1: {"/": feed(FEED + b" " * 4096)}}) as there:
        missed = await look(there, is_feed=True, limits=ReaderLimits(max_bytes=2048))

        assert isinstance(missed, Missed)
        assert missed.why == "no_feed"


async def test_a_private_address_is_not_asked() -> None:
    """
    Unless the operator allowed it: the guard of the daemon holds here, before robots.txt.
    """
    with sites({1: {"/": feed()}}) as there:
        for is_feed in (True, False):
            missed = await look(there, is_feed=is_feed, allow=())

            assert isinstance(missed, Missed)
            assert missed.why == "private"
        assert there.asked(1) == []
