"""
What a daemon that is killed at random is held to: a consumer outside that counts everything, and the way to start one.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from listener.cli.client import Where, call
from listener.errors import ListenerError
from listener.simulation.clock import ScaledClock
from tests.endurance.seen import Seen
from tests.pipeline.daemon_process import ROOT, Installed

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
    words = [str(daemon.config), "--factor", str(SPEED), "--start", clock.start_at.isoformat()]
    words += ["--origin", str(clock.origin_s), "--log", str(log)]
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "listener.cli.demo.daemon", *words],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,  # its address, for the demo
            stderr=out,
        )


def live_and_die(
    daemon: Installed, clock: ScaledClock, log: Path, consumer: Consumer, chance: random.Random
) -> None:
    """One life that ends by SIGKILL at a random moment; the daemon never ends by itself."""
    process = start(daemon, clock, log)
    until = time.monotonic() + chance.choice([0.4, 0.7, 1.0, 1.5, 4.0]) * (0.5 + chance.random())
    try:
        while time.monotonic() < until:
            assert process.poll() is None, log.read_text("utf-8")[-3000:]
            consumer.look()
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait(30)
