"""The daemon of the demo lives no longer than the demo."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener import settings
from listener.cli.demo import process
from listener.cli.demo.process import Child, DaemonEnded
from listener.simulation.clock import ScaledClock

CONFIG = """\
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
[[watch]]
name = "city"
hashtags = ["#rivertown"]
purpose = "Answer questions"
owner = "Communications"
legal_authority = "Municipal Government Act, s. 3"
review_by = 2099-01-01
[[source]]
name = "blog"
adapter = "feed"
relation = "own"
address = "http://127.0.0.1:9/feed/"
[http]
port = 0
[reader]
allow_addresses = ["127.0.0.0/8"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An accepted configuration whose only source is not there."""
    file = tmp_path / "listener.toml"
    file.write_text(CONFIG, "utf-8")
    loaded = settings.load(file, environ={})
    settings.write_lock(
        settings.lock_path(file),
        settings.statement(loaded),
        accepted_by="a test",
        reason="nobody is there",
        accepted_at=datetime(2026, 11, 25, tzinfo=UTC),
    )
    return file


def test_the_daemon_ends_when_who_started_it_is_gone(config: Path) -> None:
    """However they ended: its stdin ends with them, and it stops in order."""
    clock = ScaledClock(10.0)
    words = [sys.executable, "-m", "listener.cli.demo.daemon", str(config), "--factor", "10"]
    words += ["--start", clock.start_at.isoformat(), "--origin", str(clock.origin_s)]
    words += ["--log", str(config.with_name("log.jsonl")), "--with-parent"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdin is not None
        assert daemon.stdout is not None
        address = daemon.stdout.readline()
        daemon.stdin.close()
        code = daemon.wait(60)

    assert address.startswith("http://127.0.0.1:")
    assert code == 0
    assert '"event":"daemon.stopped"' in config.with_name("log.jsonl").read_text("utf-8")


@pytest.mark.anyio
async def test_a_daemon_that_does_not_start_says_why(config: Path) -> None:
    """Its message, and its exit code, are those of the command."""
    config.with_name("listener.privacy.lock").unlink()
    with pytest.raises(DaemonEnded, match="accept") as raised:
        async with process.daemon(config, config.with_name("log.jsonl"), ScaledClock(1.0)):
            raise AssertionError("it must not start")

    assert raised.value.exit_code == 3


def test_a_daemon_that_ended_is_noticed() -> None:
    """By its exit code."""
    child = Child(
        "http://127.0.0.1:9", subprocess.Popen([sys.executable, "-c", "raise SystemExit(4)"], text=True)
    )
    until = time.monotonic() + 30
    while child.process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(DaemonEnded, match="exit code 4"):
        child.check()
