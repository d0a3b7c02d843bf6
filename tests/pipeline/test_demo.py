"""The first thing a new user runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.cli.demo import Seen, Unbalanced, _balance
from listener.simulation.ledger import Ledger, PostRow

DEMO = [sys.executable, "-m", "listener.cli", "demo", "--seed", "5", "--speed", "240"]


def test_the_demo_shows_events_and_accounts_for_every_post(tmp_path: Path) -> None:
    """Events of a city on stdout, then the balance; nothing is left behind."""
    run = subprocess.run(
        [*DEMO, "--duration", "6"], cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
    )
    events = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]

    assert run.returncode == 0, run.stderr
    assert len({event["id"] for event in events}) == len(events) >= 10
    assert f"every post is accounted for, {len(events)} events were seen" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_the_demo_with_its_balance(tmp_path: Path) -> None:
    """SIGINT is an ordinary end."""
    with subprocess.Popen(
        [*DEMO, "--duration", "60"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert (process.returncode, "The demo ended early; every post is accounted for" in errors) == (0, True)


def test_a_post_that_is_missing_fails_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """The balance is taken from the simulators' book and a consumer outside: take one event away, and it does not hold."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    ledger = Ledger()
    for post in ("a", "b"):
        ledger.published(
            PostRow(
                post=post, place="north", kind="article", link=f"/{post}", expected="queued", published_at=at
            )
        )
    ledger.shown({"a": 1, "b": 1}, at)
    _balance(ledger, Seen(links={"/a", "/b"}, events=2), interrupted=False)
    with pytest.raises(Unbalanced, match="1 posts are not where they belong"):
        _balance(ledger, Seen(links={"/a"}, events=1), interrupted=False)

    assert "MISSING" in capsys.readouterr().out
