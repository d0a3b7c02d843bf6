"""A disk that is really full: intake waits, everything else goes on, and it recovers by itself. Mounting a disk needs root."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from listener.cli.client import Refused, call
from listener.simulation.clock import ScaledClock
from tests.endurance.lives import SPEED, start
from tests.pipeline.city import city
from tests.pipeline.daemon_process import Installed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    disk = tmp_path / "data"
    disk.mkdir(mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", disk], check=True, timeout=20
    )
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True, timeout=20)


def fill(file: Path) -> None:
    """Take the last free byte."""
    with file.open("wb", buffering=0) as ballast:
        for piece in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(b"\0" * piece)
            except OSError:
                continue


def ready(daemon: Installed) -> bool:
    """Whether /readyz says so."""
    try:
        return bool(daemon.ask("/readyz"))
    except Refused:
        return False


def texts(daemon: Installed) -> set[str]:
    """What is in the queue."""
    events: list[dict[str, Any]] = daemon.ask("/v1/events?after=start&limit=1000")["events"]
    return {event["data"]["text"] for event in events if "text" in event["data"]}


def test_a_full_disk_pauses_intake_and_nothing_else(small_disk: Path, tmp_path: Path) -> None:
    """Not ready while it is full, yet reading, finding and forgetting work; with room again, what waited is queued."""
    daemon, log = Installed(tmp_path), tmp_path / "log-1.jsonl"
    with city(tmp_path) as world:
        world.publish("office", "before the disk was full")
        daemon.accept()
        daemon.process = start(daemon, ScaledClock(SPEED), log)
        daemon.wait(lambda: texts(daemon) == {"before the disk was full"} and ready(daemon))
        fill(small_disk / "ballast")
        for number in range(10):
            world.publish("office", f"{number} " + "snow " * 4000)
        daemon.wait(lambda: not ready(daemon))

        states = {one["name"]: one["state"] for one in daemon.ask("/v1/sources")["sources"]}
        assert states["office"] == "paused"
        assert texts(daemon) == {"before the disk was full"}
        link = daemon.ask("/v1/events?after=start")["events"][0]["data"]["link"]
        forgot = call(daemon.where, "POST", "/v1/forget", {"link": link})
        assert (len(forgot["keys"]), forgot["erased"]) == (1, True)

        (small_disk / "ballast").unlink()
        daemon.wait(lambda: ready(daemon) and len(texts(daemon)) == 10)
        assert daemon.stop() == 0
    told = [json.loads(line)["event"] for line in daemon.logs().splitlines() if line]
    assert (told.count("queue.paused"), told.count("queue.resumed")) == (1, 1)
