"""Politeness P8 to P14: how often, and never all at once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from listener import registry
from listener.adapter import Cursor, Page
from listener.errors import SourceUnavailable
from listener.testing.politeness import pacing
from listener.testing.politeness.site import DAY_S, HOUR_S, gaps, told
from listener.testing.rig import rig, source
from listener.testing.virtual_clock import START, VirtualClock
from tests.politeness.once import once

pytestmark = pytest.mark.anyio

JITTERED = 1.1
"""A read comes later than it is due by up to a tenth."""


async def test_p08_a_conditional_read_an_hour_a_whole_one_a_day_whatever_is_configured() -> None:
    """An operator who asks for every minute gets the floor."""
    seen = await pacing.floors()

    for host in ("with.city.example", "hasty.city.example"):
        assert min(seen.gaps_s(host)) >= HOUR_S
        assert len(seen.at(host)) > 45
    for host in ("without.city.example", "hasty-without.city.example"):
        assert min(seen.gaps_s(host)) >= DAY_S
        assert len(seen.at(host)) == 3


async def test_p08_own_sites_may_be_asked_every_minute() -> None:
    """Whatever their software hints, and conditionally."""
    seen = await pacing.own_site()

    assert all(60 <= gap <= 60 * JITTERED for gap in seen.gaps_s("ours.city.example"))
    assert len(seen.at("ours.city.example")) >= 13
    assert len(seen.unconditional_s("ours.city.example")) == 1


@pytest.mark.parametrize("name", pacing.HINTED)
async def test_p09_the_next_read_waits_for_the_longest_hint(name: str) -> None:
    """max-age less Age, Expires less Date, ttl, the syndication module; clamped to a day; on 200 and 304 alike."""
    seen = await once(pacing.hints)
    _, asked_s = pacing.HINTED[name]
    found = seen.gaps_s(f"{name}.city.example")

    assert len(found) >= 2
    assert min(found) >= asked_s
    assert max(found) <= asked_s * JITTERED + 5


async def test_p09_a_304_may_bring_the_hint_and_a_clamp_is_logged() -> None:
    """Two hours from the first 304 on; sixteen years become a day, and the log says so."""
    seen = await once(pacing.hints)
    first, *later = seen.gaps_s("only-304.city.example")

    assert HOUR_S <= first <= HOUR_S * JITTERED
    assert all(2 * HOUR_S <= gap <= 2 * HOUR_S * JITTERED for gap in later)
    clamps = [line for line in seen.log("source.clamped") if line["source"] == "sixteen-years"]
    assert {(line["why"], line["asked_s"]) for line in clamps} == {("ceiling", 504_576_000.0)}


async def test_p10_hours_and_days_a_feed_wants_to_be_spared_are_spared() -> None:
    """In GMT; outside of them it is read as usual, and not at the stroke of the hour."""
    seen = await pacing.spared()
    asked_at = [START + timedelta(seconds=at_s) for at_s in seen.starts_s("blog.city.example")]

    assert {at.hour for at in asked_at} & pacing.SPARED_HOURS == set()
    assert {at.strftime("%A") for at in asked_at} == {"Monday", "Tuesday", "Thursday", "Friday"}
    assert len(asked_at) > 35
    late = [at for before, at in itertools.pairwise(asked_at) if at - before > timedelta(hours=2)]
    assert all((at.minute, at.second) != (0, 0) for at in late)


async def test_p11_ten_restarts_in_a_minute_cost_no_request() -> None:
    """Neither of a blog that answers nor of one that fails."""
    seen = await pacing.restarts()

    assert (seen.extra["before"], seen.extra["within"]) == (2, 2)
    assert min(seen.gaps_s("blog.city.example")) >= HOUR_S
    assert min(seen.gaps_s("dead.city.example")) >= 300


class Stream:
    """A source that speaks by itself, or breaks at once, or says nothing; remembers when it was connected to."""

    def __init__(self, clock: VirtualClock, *, breaks: bool) -> None:
        self.clock, self.breaks = clock, breaks
        self.connected_s: list[float] = []

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        self.connected_s.append(self.clock.monotonic())
        if self.breaks:
            raise SourceUnavailable("source live: connection lost")
        await anyio.sleep_forever()


@pytest.mark.parametrize("breaks", [True, False])
async def test_p11_a_stream_is_connected_to_once_in_a_back_off_step(
    monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    """Ten restarts within a minute connect at most once more, be it broken or merely silent."""
    clock = VirtualClock()
    stream = Stream(clock, breaks=breaks)
    spec = replace(registry.spec("feed"), build=lambda *_: stream)
    monkeypatch.setattr(registry, "spec", lambda name: spec)
    async with rig(source("live", "http://live.city.example/feed"), hosts={}, clock=clock) as house:
        await house.pass_s(5)
        for _ in range(10):
            await house.restart()
            await house.pass_s(6)

    assert len(stream.connected_s) <= 2
    assert all(gap >= 60 for gap in gaps(stream.connected_s))


async def test_p12_adding_a_feed_is_one_request() -> None:
    """To the new one, by a reload; the others are not asked for it."""
    seen = await pacing.added()

    assert [(asked.host, asked.line, told(asked)) for asked in seen.asked] == [
        ("first.city.example", "GET /feed", {}),
        ("second.city.example", "GET /feed", {}),
    ]


@pytest.mark.timeout(240)
async def test_p13_five_hundred_feeds_due_together_are_spread() -> None:
    """One request in flight per host, two seconds between starts, and from the second round on spread over minutes."""
    seen = await pacing.crowd(feeds=500, hosts=50)
    rounds = [
        [asked.at_s for asked in seen.asked if start <= asked.at_s < start + HOUR_S]
        for start in (0, HOUR_S, 2 * HOUR_S)
    ]

    assert [len(one) for one in rounds[:2]] == [500, 500]
    assert {host: most for host, most in seen.busiest.items() if most > 1} == {}
    assert min(min(seen.gaps_s(host)) for host in seen.busiest) >= 2.0
    for starts in rounds[1:]:
        assert max(starts) - min(starts) > 300
        assert max(Counter(int(at_s) for at_s in starts).values()) < 25


async def test_p13_names_on_one_machine_share_its_pace_where_the_operator_wants_it() -> None:
    """`spacing_by = "address"`: six names that resolve alike are asked two seconds apart (FRB 035)."""
    seen = await pacing.one_machine()
    starts = [asked.at_s for asked in seen.asked]

    assert len({asked.host for asked in seen.asked}) == 6
    assert len(starts) >= 12
    assert min(gaps(starts)) >= 2.0


@pytest.mark.parametrize("kind", [0, 1], ids=["at the ceiling", "without validators"])
async def test_p13_feeds_at_either_end_of_the_limits_are_spread_too(kind: int) -> None:
    """What is read once a day is not read in the same second each day."""
    seen = await once(pacing.crowd_at_the_ends)
    second = [seen.starts_s(f"n{number}.city.example")[1] for number in range(kind, 40, 2)]

    assert max(second) - min(second) > HOUR_S / 2


async def test_p14_a_feed_is_read_in_its_own_rhythm() -> None:
    """The seldomer it writes, the seldomer it is asked: never more than hourly, never less than daily, never below a hint."""
    seen = await pacing.rhythms()
    mean = {
        name: sum(found) / len(found)
        for name in ("brisk", "daily", "weekly", "seldom", "hinted")
        if (found := seen.gaps_s(f"{name}.city.example"))
    }

    assert HOUR_S <= mean["brisk"] <= HOUR_S * JITTERED
    assert mean["brisk"] <= mean["daily"] * JITTERED <= mean["weekly"]
    assert 2 * HOUR_S <= mean["weekly"] <= mean["seldom"] * JITTERED
    assert mean["seldom"] <= DAY_S * JITTERED
    assert min(seen.gaps_s("hinted.city.example")) >= 6 * HOUR_S
