"""A reload that is killed at any of its steps is finished by the next start: nothing half in force, nothing lost."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from listener.failpoints import POINTS
from tests.pipeline.city import city
from tests.pipeline.daemon_process import Installed

RUNNER = Path(__file__).with_name("reload_runner.py")
SECOND_WATCH = """
[[watch]]
name = "snow"
hashtags = ["#snow"]
purpose = "Clear the roads"
owner = "Roads"
legal_authority = "Municipal Government Act, s. 3"
review_by = 2099-01-01
"""


def events(daemon: Installed) -> dict[str, str]:
    """Latest state of each post by its text; a removed one by its reason."""
    told = daemon.ask("/v1/events?after=start&limit=1000")["events"]
    return {
        str(event["data"].get("text", event["data"].get("reason"))): event["type"].removeprefix(
            "listener.post."
        )
        for event in told
    }


def read(daemon: Installed, *names: str) -> bool:
    """These sources, and no others, are configured and were answered."""
    sources = daemon.ask("/v1/sources")["sources"]
    return {one["name"] for one in sources if one["last_read_at"]} == set(names)


@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("reload.")])
def test_a_killed_reload_is_finished_by_the_next_start(tmp_path: Path, point: str) -> None:
    """A source and a watch are taken out: killed at this step and started again, their posts are gone and all others are there once."""
    daemon = Installed(tmp_path, (sys.executable, str(RUNNER), point))
    with city(tmp_path) as world:
        daemon.config.write_text(world.text + SECOND_WATCH, "utf-8")
        world.publish("office", "from the office #snow")
        world.publish("north", "stays #yyc")
        world.publish("north", "leaves with its watch #snow")
        world.publish("south", "leaves with its source #yyc")
        daemon.accept()
        daemon.start()
        everything = ("north", "office", "office-comments", "south")
        daemon.wait(lambda: read(daemon, *everything))
        assert len(events(daemon)) == 4

        start = world.text.index('[[source]]\nname = "south"')
        shorter = world.text[:start] + world.text[world.text.index("\n\n", start) :]
        daemon.config.write_text(shorter, "utf-8")
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.process.wait(30) == -signal.SIGKILL

        daemon.program = (sys.executable, str(RUNNER), "none")
        daemon.start()
        daemon.wait(lambda: read(daemon, "north", "office", "office-comments"))
        assert events(daemon) == {
            "from the office #snow": "created",
            "stays #yyc": "created",
            "watch_removed": "removed",
            "source_removed": "removed",
        }
        tail = daemon.command("tail", "--json", "--no-follow", "--since", "start").splitlines()
        assert len({json.loads(line)["subject"] for line in tail}) == len(tail) == 4
        assert daemon.stop() == 0
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file())
    assert b"leaves with its" not in stored
    assert b"stays #yyc" in stored
