"""
Stories about feeds that move, end, lead astray, or have a past: P20 to P22, P31.

Source: RFC 9110 section 15.4, RFC 5005, JSON Feed 1.1, vienna#1546.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

from listener.simulation.exchange import Request, Response, Route
from listener.testing.politeness.site import (
    DAY_S,
    FEED,
    HOUR_S,
    VALID,
    Seen,
    always,
    honest,
    ok,
    playing,
    rss,
    said,
    seen,
)
from listener.testing.rig import rig, source
from listener.testing.virtual_clock import START, VirtualClock

PAGE: Final = Response(
    headers=(("Content-Type", "text/html"),), body=b"<html><title>Parked</title><p>Buy this name</p></html>"
)


def leads_to(address: str, status: int = 301) -> Response:
    """
    A redirect.
    """
    return said(status, ("Location", address))


MOVES: Final[dict[str, tuple[str, ...]]] = {
    "moved": ("301",),
    "moved-308": ("308",),
    "found": ("302",),
    "see-other": ("303",),
    "temporary": ("307",),
    "mixed": ("301", "302"),
    "parked": ("301", "page"),
    "stranger": ("301", "stranger"),
    "brief": ("301", "brief"),
}
"""What each old address answers with, by source name: its redirects, and what is odd about where they lead."""


def _move(name: str, traits: tuple[str, ...]) -> dict[str, Route]:
    """
    An old host and, where it leads, a new one.
    """
    old, new, middle = (f"{part}-{name}.city.example" for part in ("old", "new", "middle"))
    target = f"http://{new}/feed"
    end: Route = honest(FEED)
    if "page" in traits:
        end = playing(PAGE)
    if "stranger" in traits:
        end = honest(rss("other3", "other2", "other1", base="http://other.city.example"))
    statuses = [int(trait) for trait in traits if trait.isdigit()]
    if len(statuses) == 2:
        first = playing(leads_to(f"http://{middle}/feed", statuses[0]))
        return {old: first, middle: playing(leads_to(target, statuses[1])), new: end}
    redirect = leads_to(target, statuses[0])
    if "brief" in traits:
        return {old: playing(ok(FEED, *VALID), redirect, redirect, ok(FEED, *VALID)), new: end}
    return {old: _after_one_answer(redirect), new: end}


def _after_one_answer(redirect: Response) -> Route:
    """
    The feed itself, once; the redirect from then on.
    """
    return playing(ok(FEED, *VALID), redirect)


async def moves() -> Seen:
    """
    P20: every kind of redirect for five days, each source asked every ten hours; a restart on the way, and at the end
    an operator who wants one source read at its configured address again.
    """
    hosts: dict[str, Route] = {}
    tables = []
    for name, traits in MOVES.items():
        hosts |= _move(name, traits)
        tables.append(source(name, f"http://old-{name}.city.example/feed", interval_s=10 * HOUR_S))
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(2 * DAY_S)
        two_days = len(house.net.asked)
        await house.pass_s(1.5 * DAY_S)
        await house.restart()
        await house.pass_s(1.5 * DAY_S)
        there = await seen(house)
        status, _ = await house.poll("moved", configured=True)
        await house.pass_s(HOUR_S)
        return await seen(house, two_days=two_days, there=there, status=status)


async def made_secure() -> Seen:
    """
    P20: http leads to https of the same address.
    """

    host_name = "secure.city.example"
    plain, secure = playing(ok(FEED, *VALID), leads_to(f"https://{host_name}/feed?a=1")), honest(FEED)
    table = source("secure", f"http://{host_name}/feed?a=1")
    async with rig(table, hosts={host_name: plain}, secure=(host_name,)) as house:
        house.net.secure_hosts[host_name] = secure
        await house.pass_s(6 * HOUR_S)
        return await seen(house)


async def ended() -> Seen:
    """
    P21: 410 for ever; 410 twice and then the feed again; 404 for ever. Twelve days, a restart, and an operator at the end.
    """
    clock = VirtualClock()
    hosts = {
        "gone.city.example": playing(ok(FEED, *VALID), said(410)),
        "back.city.example": playing(ok(FEED, *VALID), said(410), said(410), ok(FEED, *VALID)),
        "lost.city.example": playing(ok(FEED, *VALID), said(404)),
    }
    tables = [source(host.partition(".")[0], f"http://{host}/feed", interval_s=DAY_S / 3) for host in hosts]
    async with rig(*tables, hosts=hosts, clock=clock) as house:
        await house.pass_s(8 * DAY_S)
        await house.restart()
        await house.pass_s(4 * DAY_S)
        silent = await seen(house)
        status, _ = await house.poll("gone")
        await house.pass_s(HOUR_S)
        return await seen(house, silent=silent, status=status)


async def renamed() -> Seen:
    """
    P21: documents that name another address for themselves, without any redirect; what stands there is no feed.
    """
    head = {
        "itunes": "<itunes:new-feed-url xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>"
        "http://elsewhere.city.example/feed</itunes:new-feed-url>",
        "self": "<atom:link rel='self' href='http://elsewhere.city.example/feed'/>",
    }
    hosts: dict[str, Route] = {
        f"{name}.city.example": honest(rss("n2", "n1", head=xml)) for name, xml in head.items()
    }
    hosts["elsewhere.city.example"] = playing(PAGE)
    tables = [source(name, f"http://{name}.city.example/feed", interval_s=6 * HOUR_S) for name in head]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(4 * DAY_S)
        return await seen(house)


LURES: Final[dict[str, str]] = {
    "private": "http://10.0.0.7/admin",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "loop6": "http://[::1]/",
    "mapped": "http://[::ffff:10.0.0.7]/",
    "number": "http://167772167/",
    "inside": "http://inside.city.example/",
}
"""Where an attacker would have us ask; by source name."""


async def astray() -> Seen:
    """
    P22: redirects to private addresses, a redirect from https to http, and a name whose second answer is private.
    """
    hosts: dict[str, Route] = {
        f"{name}.city.example": playing(leads_to(address, 302)) for name, address in LURES.items()
    }
    hosts["downgrade.city.example"] = always(_downgrading)
    hosts["rebinding.city.example"] = honest()
    tables = [source(name, f"http://{name}.city.example/feed") for name in LURES if name != "inside"]
    hosts["to-inside.city.example"] = hosts.pop("inside.city.example")
    tables.append(source("to-inside", "http://to-inside.city.example/feed"))
    tables.append(source("downgrade", "https://downgrade.city.example/feed"))
    tables.append(source("rebinding", "http://rebinding.city.example/feed"))
    async with rig(*tables, hosts=hosts, secure=("downgrade.city.example",)) as house:
        house.net.resolves["inside.city.example"] = [("192.168.1.1",)]
        house.net.resolves["rebinding.city.example"] = [("127.0.0.1",), ("10.0.0.7",)]
        await house.pass_s(60)
        await house.restart()  # a new process resolves again
        await house.pass_s(1.2 * HOUR_S)
        return await seen(house)


def _downgrading(request: Request) -> Response:
    if request.path == "/feed":
        return leads_to("http://downgrade.city.example/plain", 301)
    return ok(FEED, *VALID)


ARCHIVES: Final = 3


def _rss_archives(host: str) -> Route:
    """
    A feed with archives, newest first, each linked from the one after it (RFC 5005, section 4).
    """

    def page(number: int) -> bytes:
        link = (
            f"<atom:link rel='prev-archive' href='http://{host}/archive/{number + 1}'/>"
            if number < ARCHIVES
            else ""
        )
        newest_at = START - timedelta(days=1 + 3 * number)
        return rss(f"p{number}b", f"p{number}a", head=link, newest_at=newest_at, every_s=HOUR_S)

    def answer(request: Request) -> Response:
        number = int(request.path.rpartition("/")[2]) if request.path.startswith("/archive/") else 0
        return ok(page(number), ("ETag", f'"{number}"'))

    return always(answer)


def _json_archives(host: str) -> Route:
    """
    A JSON feed in pages.
    """

    def answer(request: Request) -> Response:
        number = int(request.path.rpartition("/")[2]) if request.path.startswith("/page/") else 0
        items = [
            {
                "id": f"j{number}{part}",
                "url": f"http://{host}/j{number}{part}",
                "title": f"Note j{number}{part}",
                "content_text": f"Note j{number}{part} about #yyc",
                "date_published": (START - timedelta(days=1 + 3 * number)).isoformat(),
            }
            for part in "ab"
        ]
        page: dict[str, object] = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Pages",
            "items": items,
        }
        if number < ARCHIVES:
            page["next_url"] = f"http://{host}/page/{number + 1}"
        return Response(
            headers=(("Content-Type", "application/feed+json"), ("ETag", f'"{number}"')),
            body=json.dumps(page).encode(),
        )

    return always(answer)


async def history(pages: int | None) -> Seen:
    """
    P31: two feeds with three older pages each, read for two days and over a restart.

    Args:
        pages: The operator's `history_pages`; None where nothing is set.
    """
    hosts = {
        name: make(name)
        for name, make in (("rss.city.example", _rss_archives), ("json.city.example", _json_archives))
    }
    opted = "" if pages is None else f"history_pages = {pages}\n"
    tables = [source(name.partition(".")[0], f"http://{name}/feed") + opted for name in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(1.5 * DAY_S)
        await house.restart()
        await house.pass_s(0.5 * DAY_S)
        return await seen(house)
