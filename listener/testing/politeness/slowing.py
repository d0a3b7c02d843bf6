"""
Stories about servers that say "slow down", and servers in trouble: P15 to P19, P28.

Source: RFC 9110 section 10.2.3, RFC 6585 section 4, commafeed#2181, worldmonitor#270, miniflux#879.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any, Final

from listener.clock import Clock
from listener.simulation.exchange import Fault, Request, Response, Route, http_date
from listener.testing.politeness.site import (
    DAY_S,
    FEED,
    HOUR_S,
    VALID,
    Seen,
    always,
    honest,
    playing,
    said,
    seen,
    unchanged,
)
from listener.testing.politeness.site import ok as feed
from listener.testing.rig import rig, source
from listener.testing.virtual_clock import VirtualClock

PAUSE_S: Final = 7_200.0

SKEW: Final = timedelta(hours=3)
"""How far the server's clock is ahead of ours; a date is read against the server's own."""


def _date_from(clock: Clock) -> tuple[tuple[str, str], ...]:
    there = clock.now() + SKEW
    return (("Date", http_date(there)), ("Retry-After", http_date(there + timedelta(seconds=PAUSE_S))))


async def paused(status: int, *, as_date: bool) -> Seen:
    """
    P15: three feeds of one host, due together; its first answer takes five seconds and asks for two hours.
    """
    clock = VirtualClock()
    asked = {"count": 0}

    async def host(_: Request) -> Response:
        asked["count"] += 1
        if asked["count"] > 1:
            return feed(FEED, *VALID)
        headers = _date_from(clock) if as_date else (("Retry-After", f"{PAUSE_S:.0f}"),)
        return Response(status=status, headers=headers, fault=Fault(delay_s=5.0))

    tables = [source(f"f{number}", f"http://busy.city.example/{number}") for number in range(3)]
    tables.append(source("other", "http://other.city.example/feed"))
    async with rig(
        *tables, hosts={"busy.city.example": host, "other.city.example": honest()}, clock=clock
    ) as house:
        await house.pass_s(300)
        early = await house.views()
        await house.restart()
        await house.pass_s(1.2 * PAUSE_S)
        return await seen(house, early=early)


async def paused_for_ever() -> Seen:
    """
    P15: a server asks for thirty years.
    """
    host = playing(feed(FEED, *VALID), said(429, ("Retry-After", "946080000")), feed(FEED, *VALID))
    tables = [source(f"f{number}", f"http://busy.city.example/{number}") for number in range(2)]
    async with rig(*tables, hosts={"busy.city.example": host}) as house:
        await house.pass_s(31.5 * DAY_S)
        return await seen(house)


async def too_often(hosts: int = 12) -> Seen:
    """
    P16: hosts that say 429 and no time, for three days.
    """
    names = [f"l{number}.city.example" for number in range(hosts)]
    tables = [source(name.partition(".")[0], f"http://{name}/feed") for name in names]
    async with rig(*tables, hosts=dict.fromkeys(names, playing(said(429)))) as house:
        await house.pass_s(3 * DAY_S)
        return await seen(house)


async def forbidden() -> Seen:
    """
    P16: a host says 429, then 403 where it means the same; another has only ever said 403.
    """
    hosts = {
        "masked.city.example": playing(feed(FEED, *VALID), said(429), said(403), feed(FEED, *VALID)),
        "closed.city.example": playing(said(403)),
    }
    tables = [source(host.partition(".")[0], f"http://{host}/feed") for host in hosts]
    async with rig(*tables, hosts=hosts) as house:
        await house.pass_s(1.5 * DAY_S)
        return await seen(house)


class Bucket:
    """
    A host that lets one request a minute through and says to the rest when to come back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_s = 0.0
        self.served: dict[str, float] = {}
        self.refused: list[float] = []

    async def route(self, request: Request) -> Response:
        now_s = self._clock.monotonic()
        if now_s < self._free_s - 0.001:  # a client that comes to the second is not early
            self.refused.append(now_s)
            return said(429, ("Retry-After", str(max(1, ceil(self._free_s - now_s)))))
        self._free_s = now_s + 60
        self.served.setdefault(request.path, now_s)
        return feed(FEED, *VALID)


async def lockstep(feeds: int = 20) -> Seen:
    """
    P17 (commafeed#2181): many feeds on one host that serves one request a minute, all due at once.
    """
    clock = VirtualClock()
    bucket = Bucket(clock)
    tables = [source(f"f{number}", f"http://few.city.example/{number}") for number in range(feeds)]
    async with rig(*tables, hosts={"few.city.example": bucket.route}, clock=clock) as house:
        await house.pass_s(25 * 60)
        return await seen(house, served=dict(bucket.served), refused=list(bucket.refused))


async def dead(*, by_hand: bool) -> Seen:
    """
    P18: an address that answers 404, and everybody who could ask for it again.

    Args:
        by_hand: An operator asks for it, four times a step; else it is restarts, a crash and reloads.
    """
    table = source("dead", "http://dead.city.example/feed")
    other = source("other", "http://other.city.example/feed")
    async with rig(
        table, hosts={"dead.city.example": playing(said(404)), "other.city.example": honest()}
    ) as house:
        await house.pass_s(5)
        steps: list[dict[str, Any]] = []
        for _ in range(4):
            view = (await house.views())["dead"]
            before = len(house.net.at("dead.city.example"))
            if by_hand:
                for _ in range(4):
                    await house.poll("dead")
                    await house.pass_s(5)
            else:
                await house.restart()
                await house.pass_s(5)
                await house.crash()
                await house.pass_s(5)
                await house.configure(table, other)
                await house.pass_s(5)
                await house.configure(table)
                await house.pass_s(5)
            steps.append(
                {"due": view["next_due_at"], "extra": len(house.net.at("dead.city.example")) - before}
            )
            await house.pass_s(2 * HOUR_S)
        return await seen(house, steps=steps)


async def failing(days: float = 30) -> Seen:
    """
    P19 (miniflux#879): a server that answers 500 for a month, and is well on the day after.
    """
    state = {"well": False}

    def answer(_: Request) -> Response:
        return feed(FEED, *VALID) if state["well"] else said(500)

    table = source("ill", "http://ill.city.example/feed")
    async with rig(table, hosts={"ill.city.example": always(answer)}) as house:
        await house.pass_s(days * DAY_S)
        ill = await seen(house)
        state["well"] = True
        await house.pass_s(1.2 * DAY_S)
        return await seen(house, ill=ill, until_s=days * DAY_S)


def _limits(clock: Clock) -> dict[str, tuple[tuple[str, str], ...]]:
    """
    Nothing left for two hours, as each kind of server writes it; by source name.
    """
    at = clock.now() + timedelta(seconds=PAUSE_S)
    return {
        "mastodon": (
            ("X-RateLimit-Limit", "300"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", at.isoformat().replace("+00:00", "Z")),
        ),
        "x": (
            ("x-rate-limit-limit", "450"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", f"{at.timestamp():.0f}"),
        ),
        "github": (
            ("X-RateLimit-Limit", "60"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", f"{at.timestamp():.0f}"),
        ),
        "ietf-03": (
            ("RateLimit-Limit", "100"),
            ("RateLimit-Remaining", "0"),
            ("RateLimit-Reset", f"{PAUSE_S:.0f}"),
        ),
        "ietf": (("RateLimit-Policy", '"hour";q=100;w=7200'), ("RateLimit", f'"hour";r=0;t={PAUSE_S:.0f}')),
    }


async def spent() -> Seen:
    """
    P28: two feeds each on hosts that say, in good answers, that nothing is left for two hours; and on one with plenty.
    """
    clock = VirtualClock()
    told = _limits(clock) | {"plenty": (("X-RateLimit-Remaining", "299"), ("X-RateLimit-Reset", "7200"))}

    def spending(headers: tuple[tuple[str, str], ...]) -> Route:
        answers = [feed(FEED, *VALID, *headers), unchanged()]
        return playing(*answers)

    tables, hosts = [], {}
    for name, headers in told.items():
        hosts[f"{name}.city.example"] = spending(headers)
        tables += [source(f"{name}-{number}", f"http://{name}.city.example/{number}") for number in range(2)]
    async with rig(*tables, hosts=hosts, clock=clock) as house:
        await house.pass_s(1.3 * PAUSE_S)
        return await seen(house)
