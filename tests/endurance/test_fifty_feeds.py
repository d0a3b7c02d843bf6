"""
Random SIGKILLs while fifty blogs are read at sixty times life: every entry exactly once.

LISTENER_ENDURANCE_KILLS says how many (otherwise as many as this test's share of LISTENER_ENDURANCE_S has room for),
LISTENER_ENDURANCE_SEED which run.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path

import anyio.from_thread
import pytest

from listener.simulation.clock import ScaledClock
from tests.endurance.budget import SEED, count
from tests.endurance.fifty_feeds import FEEDS, Blogs, configuration, serving
from tests.endurance.lives import SPEED, Consumer, live_and_die, start
from tests.pipeline.daemon_process import Installed

KILLS = count("KILLS", 1.5)
OFF = timedelta(hours=3)
"""In the end the machine is off for so long: every blog is due then, one that was being backed off from, too."""

SETTLED_S = 60.0


@pytest.mark.timeout(KILLS * 10 + 400)
def test_every_entry_of_fifty_feeds_is_told_exactly_once(tmp_path: Path) -> None:
    """However often the daemon dies, nothing is missing, nothing comes twice, and each source is read in the end."""
    print(f"\nseed {SEED}, {KILLS} kills, {FEEDS} feeds")
    chance, clock = random.Random(SEED), ScaledClock(SPEED)
    start_at = clock.now() - timedelta(hours=1)
    blogs = Blogs(clock, start_at, start_at + timedelta(hours=1, minutes=KILLS * 1.2))
    daemon, log = Installed(tmp_path), tmp_path / "log.jsonl"
    consumer = Consumer(daemon.where)
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serving(blogs)) as addresses,
    ):
        daemon.config.write_text(configuration(addresses), "utf-8")
        daemon.accept()
        for _ in range(KILLS):
            live_and_die(daemon, clock, log, consumer, chance)
        clock.start_at += max(timedelta(), blogs.end_at - clock.now()) + OFF
        process = start(daemon, clock, log)
        wanted = blogs.every_link()
        try:
            until, answered = time.monotonic() + SETTLED_S, False
            while time.monotonic() < until and not (
                answered and clock.now() > blogs.end_at and wanted <= set(consumer.seen.links)
            ):
                answered = consumer.look() >= 0
                time.sleep(0.2)
            assert answered
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(30)
    print(f"{KILLS} kills, {len(wanted)} entries published, {consumer.seen.events} events")

    assert sorted(wanted - set(consumer.seen.links)) == []
    assert sum(consumer.created.values()) == len(wanted)
    assert {key: count for key, count in consumer.created.items() if count > 1} == {}
    assert {one: count for one, count in consumer.ids.items() if count > 1} == {}
