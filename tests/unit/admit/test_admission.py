"""
Every line of a list gets its verdict: most without a request, the rest after one look.
"""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from adapters.feed.discovery import discover
from listener import registry, settings
from listener.admit.admission import Admission, House, new_sources, sameness
from listener.admit.looking import Looked, Looker, Missed
from listener.admit.verdicts import SAID, Verdict, Wanted
from listener.clock import SystemClock
from listener.events import Relation
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from tests.fakes.loopback import LOOPBACK, Said, answer
from tests.fakes.sites import configured, feed, moved, page, robots, sites

pytestmark = pytest.mark.anyio


def house(
    folder: Path, *, relation: Relation = "public", reads: str = "https://river.example/feed/"
) -> House:
    now = settings.load(configured(folder, reads), environ={})
    return House.of(now, registry.spec("feed"), relation)


def wanted(*addresses: str | None, is_feed: bool = True) -> list[Wanted]:
    return [Wanted(number, address, is_feed) for number, address in enumerate(addresses, 1)]


def verdicts(admission: Admission) -> list[Verdict]:
    return [line.verdict for line in admission.lines()]


async def looked_at(admission: Admission, *, workers: int = 4) -> Admission:
    web = Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0 (+https://city.example)",
        limits=ReaderLimits(deadline_s=3),
        allow=LOOPBACK,
    )
    async with web:
        await admission.look(Looker(web, discover), workers=workers)
    return admission


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        (None, "broken"),
        ("", "not_an_address"),
        ("river.example", "not_an_address"),
        ("ftp://river.example/feed", "not_an_address"),
        ("mailto:ada@mail.example", "not_an_address"),
        ("https://user:word@river.example/", "not_an_address"),
        ("https:///feed", "not_an_address"),
        ("https://river.example/a/../b", "not_an_address"),
        ("https://river.example/\x00", "not_an_address"),
        ("https://social.example/@ada.rss", "person"),
        ("https://blog.example/author/ada/feed/", "person"),
        ("feed:https://social.example/@ada.rss", "person"),
        ("https://relay.example/?url=https://social.example/@ada", "person"),
        ("https://river.example/feed/", "already_there"),
        ("http://RIVER.example:80/feed/#top", "already_there"),
        ("feed://river.example/feed/", "already_there"),
        ("https://river.example/feed", "interrupted"),
        ("https://river.example/feed/?x", "interrupted"),
    ],
)
async def test_what_is_judged_without_the_network(
    tmp_path: Path, address: str | None, verdict: Verdict
) -> None:
    """
    A line that cannot be used is never asked for; what could be waits for its look.
    """
    assert verdicts(Admission(wanted(address), house(tmp_path))) == [verdict]


async def test_own_accounts_may_be_own_sources(tmp_path: Path) -> None:
    """
    The linter knows whose list it is.
    """
    address = "https://social.example/@cityofexample.rss"

    assert verdicts(Admission(wanted(address), house(tmp_path))) == ["person"]
    assert verdicts(Admission(wanted(address), house(tmp_path, relation="own"))) == ["interrupted"]


async def test_every_verdict_after_a_look(tmp_path: Path) -> None:
    """
    Each answer becomes the verdict it should, in the order of the list, with the feed that will be read.
    """
    pages: dict[str, Said] = {
        "/feed": feed(),
        "/page": page("/announced"),
        "/author": page("/author/ada/feed/"),
        "/mixed": page("/author/ada/feed/", "/mixed/feed"),
        "/none": page(),
        "/404": answer(404),
        "/500": answer(500),
        "/private/page": page("/f"),
        "/old": moved(301, "/feed"),
        "/configured": page("/configured/feed"),
        "/robots.txt": robots("Disallow: /private"),
    }
    with sites({1: pages}) as there:
        rows: list[tuple[str, Verdict, str | None]] = [
            ("/feed", "added", "/feed"),
            ("/page", "added", "/announced"),
            ("/author", "person", None),
            ("/mixed", "added", "/mixed/feed"),
            ("/none", "no_feed", None),
            ("/404", "gone", None),
            ("/500", "unreachable", None),
            ("/private/page", "robots", None),
            ("/old", "duplicate", "/feed"),
            ("/feed", "duplicate", None),
            ("/configured", "already_there", "/configured/feed"),
        ]
        given = house(tmp_path, reads=there.at(1, "/configured/feed"))
        admission = await looked_at(Admission(wanted(*(there.at(1, path) for path, _, _ in rows)), given))

        assert [(line.verdict, line.feed) for line in admission.lines()] == [
            (verdict, where and there.at(1, where)) for _, verdict, where in rows
        ]
        assert there.asked(1).count("/feed") == 2  # its own line, and the redirect's


async def test_a_redirect_to_a_person_is_refused(tmp_path: Path) -> None:
    """
    An address that leads to somebody's feed is that feed, also where the redirect is not for good.
    """
    pages: dict[str, Said] = {
        "/a": moved(302, "/@ada.rss"),
        "/b": moved(301, "/@ada.rss"),
        "/@ada.rss": feed(),
    }
    with sites({1: pages}) as there:
        admission = await looked_at(Admission(wanted(there.at(1, "/a"), there.at(1, "/b")), house(tmp_path)))

        assert verdicts(admission) == ["person", "person"]


async def test_a_feed_nobody_could_read_is_passed_over(tmp_path: Path) -> None:
    """
    Where the first announced address is one that no request could carry, the next one is taken, spelled as it is sent.
    """
    with sites(
        {1: {"/": page("/a/%2e%2e/feed", "http://bücher.example/feed"), "/only": page("/a/%2e%2e/feed")}}
    ) as there:
        admission = await looked_at(Admission(wanted(there.at(1), there.at(1, "/only")), house(tmp_path)))

    assert [(line.verdict, line.feed) for line in admission.lines()] == [
        ("added", "http://xn--bcher-kva.example/feed"),
        ("no_feed", None),
    ]


async def test_what_was_configured_meanwhile_is_there(tmp_path: Path) -> None:
    """
    Lines are judged once more by the house as it is when they are written.
    """
    with sites({1: {"/feed": feed()}}) as there:
        admission = await looked_at(Admission(wanted(there.at(1, "/feed")), house(tmp_path)))

        assert verdicts(admission) == ["added"]
        assert [line.verdict for line in admission.lines(house(tmp_path, reads=there.at(1, "/feed")))] == [
            "already_there"
        ]


async def test_each_host_is_asked_one_address_after_the_other(tmp_path: Path) -> None:
    """
    Never two of its addresses at once, while other hosts go on beside it.
    """
    most: dict[str, int] = {}
    busy: dict[str, int] = {}
    both = anyio.Event()

    class Slow:
        async def look(self, address: str, *, is_feed: bool) -> Missed:
            host = address.split("/")[2]
            busy[host] = busy.get(host, 0) + 1
            most[host] = max(most.get(host, 0), busy[host])
            if len(busy) == 2:
                both.set()
            await both.wait()
            busy[host] -= 1
            return Missed("no_feed")

    lines = wanted(*(f"https://{host}.example/{n}" for n in range(4) for host in "ab"))
    with anyio.fail_after(5):
        await Admission(lines, house(tmp_path)).look(Slow(), workers=8)  # type: ignore[arg-type]  # looks like one

    assert most == {"a.example": 1, "b.example": 1}


async def test_no_more_hosts_at_once_than_workers(tmp_path: Path) -> None:
    """
    The operator's limit holds.
    """
    now, most = 0, 0

    class Counting:
        async def look(self, address: str, *, is_feed: bool) -> Missed:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await anyio.lowlevel.checkpoint()
            now -= 1
            return Missed("no_feed")

    lines = wanted(*(f"https://{n}.example/" for n in range(40)))
    await Admission(lines, house(tmp_path)).look(Counting(), workers=3)  # type: ignore[arg-type]  # looks like one

    assert most == 3


async def test_what_was_answered_survives_an_interruption(tmp_path: Path) -> None:
    """
    Cancelled in the middle, the lines that were settled have their verdict and the others say that they were not asked.
    """
    told: list[Verdict] = []

    class Endless:
        async def look(self, address: str, *, is_feed: bool) -> Looked | Missed:
            if address.endswith("/1"):
                return Missed("gone")
            await anyio.sleep_forever()
            raise AssertionError

    admission = Admission(
        wanted(*(f"https://a.example/{n}" for n in (1, 2, 3)), "x"), house(tmp_path), told=told.append
    )
    with anyio.move_on_after(0.2):
        await admission.look(Endless(), workers=2)  # type: ignore[arg-type]  # looks like one

    assert verdicts(admission) == ["gone", "interrupted", "interrupted", "not_an_address"]
    assert told == ["not_an_address", "gone"]


async def test_new_sources_are_named_after_their_site(tmp_path: Path) -> None:
    """
    After the feed, or after the page where somebody else serves the feed; never as one that is there.
    """
    with sites({1: {"/": page("http://127.0.0.2:1/served/elsewhere"), "/blog/feed": feed()}, 2: {}}) as there:
        given = house(tmp_path)
        admission = await looked_at(Admission(wanted(there.at(1), there.at(1, "/blog/feed")), given))
        now = settings.load(tmp_path / "listener.toml", environ={})
        sources = new_sources(admission.lines(), now, given, criterion="fair", take="all")

    assert [(each.name, each.criterion, each.take, each.relation) for each in sources] == [
        ("127-0-0-1", "fair", "all", "public"),
        ("127-0-0-1-2", "fair", "all", "public"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/f", "http://A.example:80/f", True),
        ("https://a.example", "https://a.example/", True),
        ("https://a.example./f", "https://a.example/f", True),
        ("https://a.example/f", "https://a.example/f/", False),
        ("https://a.example/f?x=1", "https://a.example/f?x=2", False),
        ("https://a.example:8443/f", "https://a.example/f", False),
        ("https://a.example/F", "https://a.example/f", False),
    ],
)
async def test_what_counts_as_the_same_feed(one: str, other: str, same: bool) -> None:
    """
    Scheme and usual port do not matter; path and query are somebody's own business, byte for byte.
    """
    assert (sameness(one) == sameness(other)) is same


async def test_every_verdict_has_words() -> None:
    """
    The closed set and its words are the same.
    """
    assert set(SAID) == set(Verdict.__args__)  # type: ignore[attr-defined]  # a Literal has them
