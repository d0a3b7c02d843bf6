"""
Stories about pace: P8 to P14, and P32.

Source: politeness rules; rachelbythebay.com/w/feed for the floors; RFC 9111 sections 4.2 and 5 for the hints.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from listener.simulation.exchange import Fault, Request, Response, Route
from listener.testing.politeness.site import (
    DAY_S,
    FEED,
    HOUR_S,
    VALID,
    Seen,
    honest,
    ok,
    playing,
    rss,
    seen,
)
from listener.testing.rig import rig, source
from listener.testing.virtual_clock import START

NO_VALIDATORS: Final = playing(ok())


async def floors(days: float = 2.2) -> Seen:
    """
    P8: a site with validators, one without, and an operator who wants both every minute.
    """
    hosts: dict[str, Route] = {
        "with.city.example": honest(),
        "without.city.example": NO_VALIDATORS,
        "hasty.city.example": honest(),
        "hasty-without.city.example": NO_VALIDATORS,
    }
    tables = [
        source("with", "http://with.city.example/feed"),
        source("without", "http://without.city.example/feed"),
        source("hasty", "http://hasty.city.example/feed", interval_s=60),
        source("hasty-without", "http://hasty-without.city.example/feed", interval_s=60),
    ]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(days * DAY_S)
        return await seen(house)


async def own_site() -> Seen:
    """
    P8: the organisation's own site for a quarter of an hour, though its software says "hourly".
    """
    feed = honest(rss("n1", head="<ttl>60</ttl>"), *VALID, ("Cache-Control", "max-age=3600"))
    async with rig(
        source("ours", "http://ours.city.example/feed", relation="own"), hosts={"ours.city.example": feed}
    ) as house:
        await house.pass_s(900)
        return await seen(house)


HINTED: Final[dict[str, tuple[Route, float]]] = {
    "max-age": (honest(FEED, *VALID, ("Cache-Control", "public, max-age=7200")), 7_200),
    "age": (honest(FEED, *VALID, ("Cache-Control", "max-age=9000"), ("Age", "1800")), 7_200),
    "expires": (
        honest(
            FEED,
            *VALID,
            ("Date", "Mon, 05 Jan 2026 15:00:00 GMT"),
            ("Expires", "Mon, 05 Jan 2026 18:00:00 GMT"),
        ),
        10_800,
    ),
    "ttl": (honest(rss("n1", head="<ttl>240</ttl>")), 14_400),
    "update-period": (
        honest(
            rss(
                "n1",
                head="<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            )
        ),
        21_600,
    ),
    "longest": (honest(rss("n1", head="<ttl>120</ttl>"), *VALID, ("Cache-Control", "max-age=18000")), 18_000),
    "no-store": (honest(FEED, *VALID, ("Cache-Control", "no-store, max-age=7200")), 3_600),
    "no-cache": (honest(FEED, *VALID, ("Cache-Control", "no-cache, max-age=7200")), 3_600),
    "past": (honest(FEED, *VALID, ("Expires", "0"), ("Cache-Control", "max-age=60")), 3_600),
    "sixteen-years": (honest(FEED, *VALID, ("Cache-Control", "max-age=504576000")), 86_400),
}
"""What a site says about coming back, and the seconds that follow from it; by source name."""


async def hints(days: float = 2.2) -> Seen:
    """
    P9: each hint on the 200 and on every 304 after it; one site hints on the 304 alone.
    """
    hosts: dict[str, Route] = {f"{name}.city.example": route for name, (route, _) in HINTED.items()}
    late = [ok(FEED, *VALID), Response(status=304, headers=(*VALID, ("Cache-Control", "max-age=7200")))]
    hosts["only-304.city.example"] = playing(*late)
    tables = [source(host.partition(".")[0], f"http://{host}/feed") for host in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(days * DAY_S)
        return await seen(house)


SPARED_HOURS: Final = frozenset({0, 1, 2, 3, 4, 5, 18, 19})


async def spared() -> Seen:
    """
    P10: a feed that asks to be spared at night, in the evening, and on Wednesdays, read for four days.
    """
    hours = "".join(f"<hour>{hour}</hour>" for hour in sorted(SPARED_HOURS))
    head = f"<skipHours>{hours}</skipHours><skipDays><day>Wednesday</day></skipDays>"
    async with rig(
        source("blog", "http://blog.city.example/feed"),
        hosts={"blog.city.example": honest(rss("n1", head=head))},
    ) as house:
        await house.pass_s(4 * DAY_S)
        return await seen(house)


async def restarts() -> Seen:
    """
    P11: a blog that answers and one that fails; the daemon is restarted ten times within a minute.
    """
    hosts = {"blog.city.example": honest(), "dead.city.example": playing(Response(status=503))}
    tables = [
        source("blog", "http://blog.city.example/feed"),
        source("dead", "http://dead.city.example/feed"),
    ]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(2)
        before = len(house.net.asked)
        for number in range(10):
            await (house.crash() if number % 2 else house.restart())
            await house.pass_s(6)
        within = len(house.net.asked)
        await house.pass_s(1.2 * HOUR_S)
        return await seen(house, before=before, within=within)


async def added() -> Seen:
    """
    P12, FRB 036: a second blog is added to a running daemon.
    """
    first = source("first", "http://first.city.example/feed")
    hosts = {"first.city.example": honest(), "second.city.example": honest()}
    async with rig(first, hosts=hosts) as house:
        await house.pass_s(600)
        await house.configure(first, source("second", "http://second.city.example/feed"))
        await house.pass_s(2_400)
        return await seen(house)


async def crowd(feeds: int = 500, hosts: int = 50, hours: float = 2.2) -> Seen:
    """
    P13, FRB 033 and 034: many feeds due together on few hosts that take a second for each answer.
    """
    honest_route = honest()

    async def slow(request: Request) -> Response:
        answer = await honest_route(request)
        return Response(
            status=answer.status, headers=answer.headers, body=answer.body, fault=Fault(delay_s=1.0)
        )

    names = [f"h{number}.city.example" for number in range(hosts)]
    tables = [
        source(f"f{number}", f"http://{names[number % hosts]}/{number}/feed") for number in range(feeds)
    ]
    async with rig(*tables, hosts=dict.fromkeys(names, slow)) as house:
        await house.pass_s(hours * HOUR_S)
        return await seen(house)


async def one_machine(names: int = 6) -> Seen:
    """
    P13, FRB 035: many names that lead to one machine, whose operator of ours wants them spaced together.
    """
    hosts = {f"name{number}.city.example": honest() for number in range(names)}
    tables = [source(host.partition(".")[0], f"http://{host}/feed") for host in hosts]
    async with rig(*tables, hosts=hosts, reader='spacing_by = "address"') as house:
        await house.pass_s(1.5 * HOUR_S)
        return await seen(house)


async def crowd_at_the_ends(feeds: int = 40) -> Seen:
    """
    P13: feeds on as many hosts, all begun in the same second; half give no validators, half ask for a month.
    """
    month = honest(FEED, *VALID, ("Cache-Control", "max-age=2678400"))
    hosts = {f"n{number}.city.example": NO_VALIDATORS if number % 2 else month for number in range(feeds)}
    tables = [source(host.partition(".")[0], f"http://{host}/feed") for host in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(1.3 * DAY_S)
        return await seen(house)


async def rhythms(days: float = 4) -> Seen:
    """
    P14, FRB 023: blogs that write every ten minutes, twice a day, once a week, once a quarter; and a brisk one whose
    server asks for six hours. Nobody set an interval.
    """

    def writing(every_s: float, *headers: tuple[str, str]) -> Route:
        ids = [f"n{number}" for number in range(10)]
        return honest(
            rss(*ids, every_s=every_s, newest_at=START - timedelta(seconds=every_s / 2)), *VALID, *headers
        )

    hosts: dict[str, Route] = {
        "brisk.city.example": writing(600),
        "daily.city.example": writing(DAY_S / 2),
        "weekly.city.example": writing(7 * DAY_S),
        "seldom.city.example": writing(90 * DAY_S),
        "hinted.city.example": writing(600, ("Cache-Control", "max-age=21600")),
    }
    tables = [source(host.partition(".")[0], f"http://{host}/feed") for host in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(days * DAY_S)
        return await seen(house)


async def overrun() -> Seen:
    """
    P32: a feed of five entries, read every six hours, which at the second reading shows five others.
    """
    full = [rss(*(f"{page}{number}" for number in range(5, 0, -1))) for page in "ab"]
    answers = [
        ok(full[0], ("ETag", '"a"')),
        ok(full[1], ("ETag", '"b"')),
        Response(status=304, headers=(("ETag", '"b"'),)),
    ]
    table = source("blog", "http://blog.city.example/feed", interval_s=6 * HOUR_S)
    async with rig(table, hosts={"blog.city.example": playing(*answers)}) as house:
        await house.pass_s(20 * HOUR_S)
        return await seen(house)
