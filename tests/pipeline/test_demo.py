"""The first thing a new user runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAY = ["demo", "--seed", "5", "--speed", "240"]
DEMO = [sys.executable, "-m", "listener.cli", *DAY]
SABOTAGED = [sys.executable, str(Path(__file__).with_name("demo_sabotage.py"))]
PATIENCE_S = 150


@pytest.fixture
def place() -> Iterator[dict[str, str]]:
    """
    Where a demo runs: nothing lies there before, and nothing may lie there after. Its path is short, because a socket's may have
    107 bytes, and a folder of pytest's own has most of them.
    """
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        within = Path(folder) / "tmp"
        within.mkdir()
        yield os.environ | {"TMPDIR": str(within), "PYTHONPATH": str(ROOT)}


def run(words: list[str], place: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A demo from its beginning to its end."""
    folder = Path(place["TMPDIR"]).parent
    return subprocess.run(
        words, cwd=folder, env=place, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def left_behind(place: dict[str, str]) -> list[str]:
    """Files that were not there before."""
    folder = Path(place["TMPDIR"]).parent
    return sorted(str(path) for path in folder.rglob("*") if path.name != "tmp")


def test_the_demo_shows_events_of_every_network_and_accounts_for_every_post(place: dict[str, str]) -> None:
    """Events on stdout as JSON lines, then a table in which no post is amiss; the daemon weighs at most 150 MB; nothing is left."""
    ended = run([*DEMO, "--duration", "5"], place)
    events = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    networks = {event["source"].split("/")[1] for event in events}
    _, _, weighed = ended.stderr.partition("The daemon held ")

    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr
    assert len({event["id"] for event in events}) == len(events) >= 20
    assert networks >= {"bluesky", "feed", "mastodon", "x", "youtube"}
    assert f"every post is accounted for, {len(events)} events were seen" in ended.stderr
    assert not weighed or int(weighed.partition(" MB")[0]) <= 150
    assert left_behind(place) == []


def test_ctrl_c_ends_the_demo_with_its_balance(place: dict[str, str]) -> None:
    """SIGINT is an ordinary end, and what was shown until then is accounted for."""
    with subprocess.Popen(
        [*DEMO, "--duration", "60"],
        cwd=Path(place["TMPDIR"]).parent,
        env=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, "The demo ended early; every post is accounted for" in errors) == (0, True), (
        errors
    )
    assert left_behind(place) == []


def test_one_event_less_in_the_queue_fails_the_demo(place: dict[str, str]) -> None:
    """The daemon believes that it kept a post and did not: the post is named, with where to look."""
    ended = run([*SABOTAGED, "event", *DAY, "--duration", "2"], place)

    assert ended.returncode == 1, ended.stderr
    assert "bluesky\tp00001\tMISSING: shown, ours, and not in the queue\tbluesky" in ended.stdout
    assert "1 posts are not where they belong, 1 counters disagree, 0 events must not be" in ended.stderr


def test_one_post_too_many_in_a_counter_fails_the_demo(place: dict[str, str]) -> None:
    """Every post is where it belongs, and the daemon counts one more than anybody saw."""
    ended = run([*SABOTAGED, "counter", *DAY, "--duration", "2"], place)
    daemon, outside, what = ended.stdout.splitlines()[-1].split("\t")

    assert ended.returncode == 1, ended.stderr
    assert (int(daemon) - int(outside), what.endswith(": posts created")) == (1, True)
    assert "0 posts are not where they belong, 1 counters disagree, 0 events must not be" in ended.stderr


def test_two_days_are_not_kept_in_one_folder(place: dict[str, str]) -> None:
    """Events of the first would be told again in the second."""
    (Path(place["TMPDIR"]).parent / "kept" / "data").mkdir(parents=True)
    ended = run([*DEMO, "--keep", "kept"], place)

    assert (ended.returncode, "holds a demo already" in ended.stderr) == (2, True)
