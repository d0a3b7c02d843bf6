"""The configuration in force, seen by sources, gate and upkeep: how long, for which watches, and on terms how old."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from listener.adapter import AdapterSpec, Terms
from listener.events import Post, WatchName
from listener.hear.upkeep import Upkeep
from listener.in_force import InForce, LiveInterest, Reminder, selection
from listener.keys import KeyRing
from listener.settings import Settings
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.memory_queue import MemoryQueue

TRANSIT, ROADS = WatchName("transit"), WatchName("roads")
MORE = """
[[watch]]
name = "roads"
phrases = ["Pothole"]
purpose = "Mend roads"
owner = "Roads"
legal_authority = "Municipal Government Act"
review_by = 2027-06-30

[[source]]
name = "lake"
adapter = "made-up"
relation = "own"
take = "matching"
address = "https://lake.example/feed/"
"""
OF_TRANSIT = Terms(
    frozenset({"exampletransit"}),
    frozenset({"cityofexample", "cityofexample@social.example"}),
    frozenset({"example transit"}),
)
OF_ROADS = Terms(phrases=frozenset({"pothole"}))
OF_BOTH = replace(OF_TRANSIT, phrases=OF_TRANSIT.phrases | OF_ROADS.phrases)

Loads = Callable[..., Settings]


def in_force(settings: Settings) -> InForce:
    """What follows from it, under a secret that nobody needs to keep."""
    return InForce(settings, KeyRing((b"k" * 32,)), frozenset())


def said(interest: LiveInterest) -> tuple[Terms, dict[WatchName, Terms]]:
    """All that an adapter is told to look for."""
    return interest.terms, dict(interest.watches)


def test_each_source_is_told_its_own_watches_and_a_reload_changes_them(base: str, loads: Loads) -> None:
    """Terms together and by watch, for an adapter that was built before the reload; paused ones are not asked for alone."""
    now = in_force(loads(base + 'watches = ["transit"]\n' + MORE))
    river, lake = LiveInterest(now, "river"), LiveInterest(now, "lake")

    assert said(river) == (OF_TRANSIT, {TRANSIT: OF_TRANSIT})
    assert said(lake) == (OF_BOTH, {TRANSIT: OF_TRANSIT, ROADS: OF_ROADS})
    now.pause(frozenset({TRANSIT}))
    assert said(river) == (OF_TRANSIT, {})
    assert said(lake) == (OF_BOTH, {ROADS: OF_ROADS})

    now.apply(loads(base + 'watches = ["roads"]\n' + MORE + "watches = []\n"), frozenset())
    now.pause(frozenset())
    assert said(river) == (OF_ROADS, {ROADS: OF_ROADS})
    assert said(lake) == (Terms(), {})


def test_a_frame_is_never_refused_for_its_source(base: str, loads: Loads) -> None:
    """The raw question may say yes wrongly: the matcher, which knows the source, has the last word."""
    settings = loads(base + 'watches = ["transit"]\n' + MORE)
    now = in_force(settings)
    frame = json.dumps({"text": "a pothole"}).encode()
    post = Post(native="1", kind="post", text="a pothole")
    asking = now.asking
    (river, lake) = settings.sources

    assert LiveInterest(now, "river").maybe(frame)
    assert (asking.within(selection(river)).match(post), asking.within(selection(lake)).match(post)) == (
        (),
        (ROADS,),
    )


def test_what_upkeep_may_keep_follows_the_watches_of_a_source(base: str, loads: Loads) -> None:
    """Only sources that look for some watches are named; the rest is as before."""
    wanted = in_force(loads(base + 'watches = ["transit"]\n' + MORE)).wanted()

    assert (wanted.sources, wanted.watches, dict(wanted.only)) == (
        {"/made-up/river": False, "/made-up/lake": False},
        frozenset({"transit", "roads"}),
        {"/made-up/river": frozenset({"transit"})},
    )


def test_the_gate_keeps_each_source_for_its_own_time(
    base: str, loads: Loads, adapters: dict[str, AdapterSpec], with_terms: Callable[..., None]
) -> None:
    """D15: the shortest of deployment, terms and source; a backfill reaches no further back than terms let anything be kept."""
    with_terms(retention_max_days=20, address="https://terms.example/")
    text = base + "retention_days = 3\n" + MORE + "[privacy]\nbackfill_days = 100\n"
    places = in_force(loads(text)).places

    assert {name: (place.retention.days, place.emit_from.days) for name, place in places.items()} == {
        "river": (3, 20),
        "lake": (20, 20),
    }


@pytest.mark.anyio
async def test_old_terms_are_told_once_a_day(
    base: str, loads: Loads, with_terms: Callable[..., None]
) -> None:
    """Upkeep looks each hour; the log hears of each network once a day, from the 181st day on."""
    clock, out = VirtualClock(), io.StringIO()
    today = clock.now().date()
    with_terms(address="https://terms.example/", checked_on=today - timedelta(days=179))
    settings, reminder = loads(base), Reminder(Telemetry(out))
    upkeep = Upkeep(
        queue=MemoryQueue(),
        clock=clock,
        telemetry=Telemetry(),
        retention=timedelta(days=30),
        keys_for=timedelta(days=400),
        at_review=lambda day: reminder.remind(settings, day),
    )

    for _ in range(4 * 24 - 1):
        await upkeep.daily()
        await clock.advance(3600)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    read_on: date = today - timedelta(days=179)
    assert [(line["event"], line["network"], line["page"], line["read_on"]) for line in lines] == [
        ("terms.aged", "made-up", "https://terms.example/", read_on.isoformat())
    ] * 3  # of the five days that the run touches, the first two are the 179th and the 180th
