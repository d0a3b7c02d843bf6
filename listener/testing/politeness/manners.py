"""
Stories about manners: P23 to P27.

Source: RFC 9110 sections 10.1.5 and 12.5.3, RFC 9309, RSSHub#20768.
"""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Final

from listener.errors import ConfigError
from listener.simulation.exchange import Request, Response, Route
from listener.testing.politeness.site import (
    FEED,
    HOUR_S,
    VALID,
    Seen,
    always,
    honest,
    ok,
    playing,
    said,
    seen,
)
from listener.testing.rig import rig, source

TARGETS: Final[dict[str, str]] = {
    "tilde": "/~jane/feed.xml?a=%7e&b=~&A=%7E",
    "order": "/feed?z=1&a=2&z=1&&=&empty=",
    "plus": "/feed?q=a+b%20c&r=%2F/%2f;s,t",
    "question": "/feed?",
    "case": "/FEED/%c3%BC?utm_source=feed&fbclid=1",
}
"""Addresses as people configure them; by source name."""

LED_TO: Final = frozenset(
    {
        "http://cookies.city.example/feed",
        "http://wandering.city.example/feed",
        "http://wandering.city.example/there?x=%7e",
        "http://away.city.example/feed?y=~",
    }
)
"""What else is configured or redirected to in the same story."""


async def clean() -> Seen:
    """
    P23: addresses that software likes to tidy, a site that sets cookies, and one that redirects within itself and away.
    """

    def wandering(request: Request) -> Response:
        if request.path == "/feed":
            return said(302, ("Location", "/there?x=%7e"), ("Set-Cookie", "id=1; Path=/"))
        if request.path == "/there":
            return said(
                302, ("Location", "http://away.city.example/feed?y=~"), ("Set-Cookie", "id=2; Path=/")
            )
        return said(404)

    setting = ok(FEED, *VALID, ("Set-Cookie", "visitor=42; Path=/; Max-Age=99999"))
    hosts: dict[str, Route] = {f"{name}.city.example": honest() for name in TARGETS}
    hosts |= {
        "cookies.city.example": playing(setting),
        "wandering.city.example": always(wandering),
        "away.city.example": playing(ok(FEED, ("Set-Cookie", "id=3"))),
    }
    tables = [source(name, f"http://{name}.city.example{target}") for name, target in TARGETS.items()]
    tables += [source(name, f"http://{name}.city.example/feed") for name in ("cookies", "wandering")]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(3.5 * HOUR_S)
        return await seen(house)


BAD: Final[dict[str, str]] = {
    "no scheme": "blog.city.example/feed",
    "another scheme": "ftp://blog.city.example/feed",
    "a file": "file:///etc/passwd",
    "no host": "http:///feed",
    "a user name": "http://jane@blog.city.example/feed",
    "a password": "http://:secret@blog.city.example/feed",
    "a fragment": "http://blog.city.example/feed#top",
    "a blank": "http://blog.city.example/my feed",
    "a line break": "http://blog.city.example/feed\r\nX-Evil: 1",
    "a broken port": "http://blog.city.example:99999/feed",
}
"""Addresses that nobody can mean; by what is wrong with them."""


async def bad_addresses() -> Seen:
    """
    FRB 060: each bad address as the only source of a configuration.
    """
    refused: dict[str, bool] = {}
    for fault, address in BAD.items():
        try:
            async with rig(source("blog", address), hosts={}):
                refused[fault] = False
        except ConfigError:
            refused[fault] = True
    return Seen(extra={"refused": refused})


BOMB_BYTES: Final = 100 * 2**20

ENCODED: Final[dict[str, tuple[str, bytes]]] = {
    "gzip": ("gzip", gzip.compress(FEED, mtime=0)),
    "br": ("br", b"\x0b\x02\x80feed\x03"),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd\x04\x00\x21\x00\x00feed"),
    "deflate": ("deflate", b"x\x9cKKMM\x01\x00\x04\x17\x01\xa0"),
    "twice": ("gzip, gzip", gzip.compress(gzip.compress(FEED, mtime=0), mtime=0)),
    "cut": ("gzip", gzip.compress(FEED, mtime=0)[:-9]),
}
"""Encodings that a server may send, asked for or not; by source name."""


async def encodings() -> Seen:
    """
    P25: every encoding, and 100 MB of zeros in 100 KB. `extra` has the most memory that Python held meanwhile.
    """
    bomb = gzip.compress(bytes(BOMB_BYTES), compresslevel=9, mtime=0)
    bodies = ENCODED | {"bomb": ("gzip", bomb)}
    hosts: dict[str, Route] = {
        f"{name}.city.example": playing(ok(body, ("Content-Encoding", encoding), *VALID))
        for name, (encoding, body) in bodies.items()
    }
    tables = [source(name, f"http://{name}.city.example/feed") for name in bodies]
    async with rig(*tables, hosts=hosts) as house:
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            await house.pass_s(60)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return await seen(house, grown_bytes=peak - before)


async def robots() -> Seen:
    """
    P26: an operator configured the feed of a site whose robots.txt forbids everything to everybody.
    """

    def site(request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(headers=(("Content-Type", "text/plain"),), body=b"User-agent: *\nDisallow: /\n")
        return ok(FEED, *VALID)

    async with rig(
        source("shy", "http://shy.city.example/feed"), hosts={"shy.city.example": always(site)}
    ) as house:
        await house.pass_s(1.2 * HOUR_S)
        return await seen(house)


async def looked_at(times: int = 5) -> Seen:
    """
    P27: everybody looks at the daemon: each readable page of its API, several times, while nothing is due.
    """
    async with rig(
        source("blog", "http://blog.city.example/feed"), hosts={"blog.city.example": honest()}
    ) as house:
        await house.pass_s(60)
        before = len(house.net.asked)
        described = json.loads(await house.get("/openapi.json"))
        readable = sorted(path for path, operations in described["paths"].items() if "get" in operations)
        for path in readable * times:
            await house.get(path, whole=not path.endswith("/stream"))
            await house.pass_s(1)
        return await seen(house, before=before, readable=readable)
