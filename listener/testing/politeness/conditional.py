"""
Stories about conditional requests: P1 to P7.

Source: RFC 9110 section 13, RFC 9111 section 4.3.4, and the reports named at each.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

import msgspec

from listener import settings
from listener.queues import open_queue
from listener.queues.base import Commit, SourceState
from listener.secret_files import key_ring
from listener.simulation.exchange import Request, Response, Route
from listener.testing.politeness.site import (
    DAY_S,
    FEED,
    HOUR_S,
    MODIFIED,
    VALID,
    Headers,
    Seen,
    conditional,
    honest,
    ok,
    playing,
    rss,
    said,
    seen,
    unchanged,
)
from listener.testing.rig import Rig, rig, source
from listener.testing.virtual_clock import START

ODD: Final[dict[str, Headers]] = {
    "plain.city.example": VALID,
    "weak.city.example": (("ETag", 'W/"67ab-5f0"'), ("Last-Modified", "Mon, 05 Jan 2026 11:58:07 GMT")),
    "bare.city.example": (("ETag", "67ab-5f0"), ("Last-Modified", "2026-01-05 11:58:07")),
    "quoted.city.example": (("ETag", '"a\\"b, W/x"'), ("Last-Modified", "Mon, 5 Jan 2026 04:58:07 -0700")),
    "beyond.city.example": (("ETag", 'W/"Zürich ☂"'), ("Last-Modified", "lundi 5 janvier 2026")),
    "epoch.city.example": (("ETag", '""'), ("Last-Modified", "0")),
    "tag-only.city.example": (("ETag", '"only"'),),
    "date-only.city.example": (("Last-Modified", "Monday, 05-Jan-26 11:58:07 GMT"),),
}
"""Validators as they occur: weak, unquoted, with quotes inside, beyond ASCII, dates no standard knows."""


async def verbatim() -> Seen:
    """
    P1: servers with odd validators, and one with none, each asked twice.
    """
    hosts: dict[str, Route] = {host: playing(ok(FEED, *headers)) for host, headers in ODD.items()}
    hosts["none.city.example"] = playing(ok(FEED, ("Date", "Mon, 05 Jan 2026 12:00:00 GMT")))
    tables = [source(host.partition(".")[0], f"http://{host}/feed", interval_s=12 * HOUR_S) for host in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(28 * HOUR_S)
        return await seen(house)


async def one_set() -> Seen:
    """
    P2: the tag and the date come and go; each answer gives the whole set of the next question.
    """
    e1, e2, e3, l1, l3 = (
        '"e1"',
        '"e2"',
        '"e3"',
        "Mon, 05 Jan 2026 10:00:00 GMT",
        "Mon, 05 Jan 2026 13:00:00 GMT",
    )
    answers = [
        ok(rss("n1"), ("ETag", e1), ("Last-Modified", l1)),
        ok(rss("n2", "n1"), ("ETag", e2)),  # drops the date
        ok(rss("n3", "n2", "n1"), ("Last-Modified", l3)),  # drops the tag
        unchanged(("ETag", e3)),  # a 304 that gives the tag alone
        unchanged(("ETag", e3)),
    ]
    async with rig(
        source("blog", "http://blog.city.example/feed"), hosts={"blog.city.example": playing(*answers)}
    ) as house:
        await house.pass_s(6 * HOUR_S)
        return await seen(house)


async def renewed() -> Seen:
    """
    P3: the same date with a new tag (miniflux#2675), and the same body with new validators (feedbin#726).
    """
    later = "Mon, 05 Jan 2026 13:00:00 GMT"
    answers = [
        ok(rss("n1"), ("ETag", '"e1"'), ("Last-Modified", MODIFIED)),
        ok(rss("n2", "n1"), ("ETag", '"e2"'), ("Last-Modified", MODIFIED)),
        ok(rss("n2", "n1"), ("ETag", '"e3"'), ("Last-Modified", later)),
        unchanged(),
    ]
    async with rig(
        source("blog", "http://blog.city.example/feed"), hosts={"blog.city.example": playing(*answers)}
    ) as house:
        await house.pass_s(5 * HOUR_S)
        return await seen(house)


async def freshened() -> Seen:
    """
    P4: a 304 brings new validators and a longer life.
    """
    answers = [
        ok(FEED, ("ETag", '"e1"'), ("Last-Modified", MODIFIED)),
        unchanged(
            ("ETag", 'W/"e2"'),
            ("Last-Modified", "Mon, 05 Jan 2026 13:00:00 GMT"),
            ("Cache-Control", "max-age=21600"),
        ),
        unchanged(),
    ]
    async with rig(
        source("blog", "http://blog.city.example/feed"), hosts={"blog.city.example": playing(*answers)}
    ) as house:
        await house.pass_s(10 * HOUR_S)
        return await seen(house)


async def behind_a_redirect() -> Seen:
    """
    P1, P8: a feed that is always reached through a temporary redirect to another host, which gives validators.
    """
    hosts = {
        "front.city.example": playing(said(302, ("Location", "http://store.city.example/feed"))),
        "store.city.example": honest(),
    }
    async with rig(source("blog", "http://front.city.example/feed"), hosts=hosts) as house:
        await house.pass_s(2.2 * DAY_S)
        return await seen(house)


TROUBLES: Final[dict[str, Response]] = {
    "429": said(429, ("Retry-After", "600")),
    "429-bare": said(429),
    "503": said(503, ("Retry-After", "600")),
    "500": said(500, body=b"<html>oops</html>"),
    "404": said(404),
    "page": Response(
        headers=(("Content-Type", "text/html"),), body=b"<html><title>Maintenance</title><p>Soon</p></html>"
    ),
    "broken": ok(b"<rss><channel><item><title>half", ("ETag", '"of the broken one"')),
    "empty": ok(b"", ("ETag", '"of nothing"')),
}
"""What stands between two good answers, by source name."""


async def through_trouble() -> Seen:
    """
    P5: the second answer of each host is trouble; the third question still carries what the first answer gave.
    """
    hosts = {
        f"t-{name}.city.example": playing(ok(FEED, *VALID), trouble, unchanged(*VALID))
        for name, trouble in TROUBLES.items()
    }
    tables = [source(host.partition(".")[0], f"http://{host}/feed") for host in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(4 * HOUR_S)
        return await seen(house)


async def through_ends() -> Seen:
    """
    P5: the daemon is stopped and started, killed, and upgraded from the first version; the questions stay conditional.
    """
    address = "http://blog.city.example/feed"
    async with rig(source("blog", address), hosts={"blog.city.example": honest()}) as house:
        await house.pass_s(600)
        await house.restart()
        await house.pass_s(1.2 * HOUR_S)
        await house.crash()
        await house.pass_s(1.2 * HOUR_S)
        await house.stop()
        await _store_first_version(house, "blog", address)
        await house.start()
        await house.pass_s(1.2 * HOUR_S)
        return await seen(house)


async def _store_first_version(house: Rig, name: str, address: str) -> None:
    """
    Put in place of what is stored what version 0.1.0 wrote; the shape was taken from its release, not from its code.
    """

    def digest(text: bytes, size: int) -> bytes:
        return hashlib.blake2b(text, digest_size=size).digest()

    etag, modified = (value for _, value in VALID)
    read_at = int(house.clock.now().timestamp()) - 60
    place = digest(address.encode(), 8)
    cursor = msgspec.msgpack.encode(
        [
            1,
            place,
            etag,
            modified,
            digest(FEED, 16),
            None,
            [],
            [],
            b"".join(digest(n, 8) for n in (b"n3", b"n2", b"n1")),
            3,
            read_at,
        ]
    )
    loaded = settings.load(house.config, environ={})
    keys = key_ring(loaded.privacy.secret_files, create=False)
    queue = await open_queue(
        loaded.queue.url, base_dir=loaded.base_dir, fingerprints=keys.fingerprints, clock=house.clock
    )
    try:
        now = house.clock.now()
        lease = await queue.lease("blog.city.example", "local", ttl_s=60, now=now)
        assert lease is not None
        memo = b'{"failures":0,"limited":0,"error_code":null,"last_read_at":null,"last_new_at":null}'
        state = SourceState(cursor, now + timedelta(seconds=60), memo)
        await queue.commit(
            Commit(
                commit_id="upgrade",
                source=name,
                items=(),
                state=state,
                states={},
                lease=lease,
                at=now,
                keys_until_at=now + timedelta(days=30),
            )
        )
        await queue.release(lease)
    finally:
        await queue.aclose()


async def lied_to(days: float = 24) -> Seen:
    """
    P6: two servers say 304 whatever happens. One blog was active and its news hide behind the 304; the other had
    nothing new for a year. Each is asked every eight hours.
    """
    news = ["n3", "n2", "n1"]

    def active_body() -> bytes:
        return rss(*news, newest_at=START + timedelta(days=len(news) / 2))

    lying = conditional(active_body, *VALID)
    day = {"number": 0}

    async def active(request: Request) -> Response:
        if day["number"] < 3:  # honest at first: a new post and new validators each day
            body = rss(*news, newest_at=START + timedelta(days=day["number"]))
            return await conditional(lambda: body, ("ETag", f'"day {day["number"]}"'))(request)
        return await lying(request)

    quiet = honest(rss("q3", "q2", "q1", newest_at=START - timedelta(days=400)))
    tables = [
        source("active", "http://active.city.example/feed", interval_s=8 * HOUR_S),
        source("quiet", "http://quiet.city.example/feed", interval_s=8 * HOUR_S),
    ]
    async with rig(*tables, hosts={"active.city.example": active, "quiet.city.example": quiet}) as house:
        for number in range(1, 4):
            await house.pass_s(DAY_S)
            day["number"] = number
            news.insert(0, f"day{number}")
        await house.pass_s(DAY_S)  # the lie begins: what is stored is of the last honest day
        news.insert(0, "hidden")
        await house.pass_s((days - 4) * DAY_S)
        return await seen(house, lie_from_s=3 * DAY_S)


async def late_comment() -> Seen:
    """
    P6: comment feeds whose validators do not move when a comment is approved late. The stranger's for three days.
    """
    shown = ["c2", "c1"]
    feed = conditional(lambda: rss(*shown), *VALID)
    table = source("talk", "http://talk.city.example/comments/feed/", kind="comments")
    async with rig(table, hosts={"talk.city.example": feed}) as house:
        await house.pass_s(1.5 * DAY_S)
        shown.insert(1, "late")
        await house.pass_s(1.5 * DAY_S)
        return await seen(house)


async def own_comments(hours: float = 3) -> Seen:
    """
    P6: the organisation's own comment feed, asked every minute, without validators once an hour.
    """
    table = source("ours", "http://ours.city.example/comments/feed/", relation="own", kind="comments")
    async with rig(table, hosts={"ours.city.example": honest()}) as house:
        await house.pass_s(hours * HOUR_S)
        return await seen(house)


async def by_hand() -> Seen:
    """
    P7, FRB 070 and 071: an operator asks for reads by hand, five times without and three times with the flag.
    """
    async with rig(
        source("blog", "http://blog.city.example/feed"), hosts={"blog.city.example": honest()}
    ) as house:
        answers: list[tuple[int, bytes]] = []
        await house.pass_s(0.5 * HOUR_S)
        for _ in range(5):
            answers.append(await house.poll("blog"))
            await house.pass_s(10)
        plain = len(house.net.asked)
        await house.pass_s(0.4 * HOUR_S)
        for _ in range(3):
            answers.append(await house.poll("blog", unconditional=True))
            await house.pass_s(10)
        await house.pass_s(2 * HOUR_S)
        return await seen(house, statuses=[status for status, _ in answers], plain=plain)
