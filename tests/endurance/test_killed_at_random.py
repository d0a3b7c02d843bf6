"""
A daemon that is killed at random while a city talks: in the end every post is there exactly once.

LISTENER_ENDURANCE_S says how long (300 s), LISTENER_ENDURANCE_SEED which run (drawn and printed otherwise).
"""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio.from_thread
import pytest

from adapters.feed import simulator
from listener.cli.client import Where, call
from listener.cli.demo import Seen
from listener.errors import ListenerError
from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import tally
from listener.simulation.scenario import ordinary_day
from listener.simulation.world import World
from tests.pipeline.daemon_process import ROOT, Installed

DURATION_S = float(os.environ.get("LISTENER_ENDURANCE_S", "300"))
SEED = int(os.environ.get("LISTENER_ENDURANCE_SEED") or secrets.randbelow(2**31))
SPEED = 60.0


@dataclass
class Consumer:
    """A consumer outside that asks whenever somebody answers, and keeps its position across the daemon's deaths."""

    where: Where
    seen: Seen = field(default_factory=Seen)
    created: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)

    def look(self) -> int:
        """Everything new, until there is no more; how many events that were, or -1 where nobody answers."""
        count = 0
        try:
            while True:
                page: dict[str, Any] = call(
                    self.where, "GET", f"/v1/events?limit=500&after={self.seen.after}"
                )
                for event in page["events"]:
                    assert event["type"] != "listener.queue.resync", event
                    self.seen.take(event)
                    self.ids[event["id"]] += 1
                    self.created[event["subject"]] += event["type"] == "listener.post.created"
                self.seen.after = page["next"]
                count += len(page["events"])
                if not page["more"]:
                    return count
        except (ListenerError, OSError, ValueError):
            return -1


def start(daemon: Installed, clock: ScaledClock, log: Path) -> subprocess.Popen[bytes]:
    """One life of the daemon."""
    words = [str(daemon.config), str(SPEED), clock.start_at.isoformat(), str(clock.origin_s)]
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.endurance.scaled_daemon", *words], cwd=ROOT, stdout=out, stderr=out
        )


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
            process = start(daemon, clock, log)
            life_until = time.monotonic() + chance.choice([0.7, 1.0, 1.5, 2.5, 6.0]) * (0.5 + chance.random())
            while time.monotonic() < life_until:
                assert process.poll() is None, log.read_text("utf-8")[-3000:]
                consumer.look()
                time.sleep(0.05)
            process.kill()
            process.wait(30)
            kills += 1
        process = start(daemon, clock, log)
        settle = time.monotonic() + 75  # an hour of the city: every blog is read once more
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
