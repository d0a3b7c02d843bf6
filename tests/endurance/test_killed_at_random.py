"""
A daemon that is killed at random while a city talks: in the end every post is there exactly once.

LISTENER_ENDURANCE_S says how long all of `endurance` takes, roughly, of which this has its share; LISTENER_ENDURANCE_SEED
which run (drawn and printed otherwise).
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path

import anyio.from_thread
import pytest

from adapters.feed import simulator
from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import tally
from listener.simulation.scenario import ordinary_day
from listener.simulation.world import World
from tests.endurance.budget import SEED, SHARE_S
from tests.endurance.lives import SPEED, Consumer, live_and_die, start
from tests.pipeline.daemon_process import Installed

SETTLED_S = 30.0
DURATION_S = max(10.0, SHARE_S - SETTLED_S)
OFF = timedelta(hours=3)
"""In the end the machine is off for so long: every blog is due then, one that was being backed off from, too."""


@pytest.mark.timeout(DURATION_S + 180)
def test_every_post_is_there_exactly_once_however_often_the_daemon_is_killed(tmp_path: Path) -> None:
    """Nothing that stayed in its blog is missing, nothing is told twice, and the cursor is never ahead of what is stored."""
    print(f"\nseed {SEED}, {DURATION_S:g} s")
    chance, clock = random.Random(SEED), ScaledClock(SPEED)
    hours = 6 + DURATION_S * SPEED / 3600
    day = ordinary_day(
        SEED,
        hashtags=("#yyc",),
        start_at=clock.now() - timedelta(hours=6),
        hours=hours,
        posts=round(25 * hours),
    )
    world = World.of(day, clock, hashtags=("#yyc",))
    daemon, log = Installed(tmp_path), tmp_path / "log.jsonl"
    consumer = Consumer(daemon.where)
    kills = 0
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(simulator.serve(world)) as served,
    ):
        text = simulator.configuration(served, tmp_path / "data")
        daemon.config.write_text(text, "utf-8")
        daemon.accept()
        until = time.monotonic() + DURATION_S
        while time.monotonic() < until:
            live_and_die(daemon, clock, log, consumer, chance)
            kills += 1
        clock.start_at += OFF
        process = start(daemon, clock, log)
        settle = time.monotonic() + SETTLED_S
        while time.monotonic() < settle:
            consumer.look()
            time.sleep(0.2)
        for place in world.places:  # nothing more is shown, and what is under way arrives
            portal.call(world.disturb, place.name, "503", 1e9)
        time.sleep(1)
        assert consumer.look() >= 0
        process.terminate()
        assert process.wait(30) == 0
    own = {place.name for place in world.places if place.own}
    fates = world.ledger.partition(
        consumer.seen.links, read_by=lambda row: row.kind != "comment" or row.place in own
    )
    print(f"{kills} kills, {consumer.seen.events} events; {tally(fates.values())}")
    lost = [
        post
        for post, fate in fates.items()
        if fate == "missing" and world.ledger.posts[post].deleted_at is None
    ]

    assert lost == []
    assert [post for post, fate in fates.items() if fate == "unexpected"] == []
    assert {key: count for key, count in consumer.created.items() if count > 1} == {}
    assert {one: count for one, count in consumer.ids.items() if count > 1} == {}
    assert kills > DURATION_S / 20
