"""
`listener check` and the clocks of re-check: what a network allows, what is stored, and whether the one is enough for the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import anyio
import pytest
from msgspec import structs
from pydantic import BaseModel, ConfigDict

from adapters.feed import SPEC
from listener import cli, registry
from listener.adapter import Reach, RecheckTerms
from listener.cli.clocks import span
from listener.clock import SystemClock
from listener.events import PostCreated
from listener.queues import open_queue
from listener.queues.base import Commit, SourceState
from listener.secret_files import key_ring
from listener.testing.queue_contract import GROUP, askable
from tests.fakes.daemon import RECHECK
from tests.unit.cli.test_cli_daemon import Daemon

TERMS: Final = RecheckTerms(within_s=86_400, batch=1, spacing_s=43_200)


class TownConfig(BaseModel):
    """
    Of a made-up network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """
    A command in this process, where that network is installed: exit code and output.
    """
    town = replace(
        SPEC,
        name="town",
        config=TownConfig,
        reaches=lambda _: (Reach("town.example"),),
        lease_group=lambda _: "town.example",
        floor_s=lambda *_: 60.0,
        interval_s=lambda *_: None,
        address=None,
        recheck=TERMS,
    )
    known = {"town": town, "feed": SPEC}
    monkeypatch.setattr(registry, "names", lambda: tuple(sorted(known)))
    monkeypatch.setattr(registry, "spec", lambda name: known[name])

    def told(*words: str | Path) -> tuple[int, str]:
        capsys.readouterr()
        code = 0
        try:
            cli.main([str(word) for word in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out or err

    return told


def configured(run: Run, folder: Path) -> Path:
    """
    A configuration with one source of that network.
    """
    run("init", "--dir", folder)
    config = folder / "listener.toml"
    source = """
[[source]]
name = "harbour-blog"
adapter = "town"
relation = "public"
criterion = "Posts about the city"
"""
    config.write_text(config.read_text() + source)
    return config


async def stored(folder: Path, count: int) -> None:
    """
    So many posts of the source in the queue of the configuration.
    """
    ring = key_ring((folder / "data" / "secret",), create=False)
    clock = SystemClock()
    queue = await open_queue(
        "sqlite:///data/queue.sqlite", base_dir=folder, fingerprints=ring.fingerprints, clock=clock
    )
    lease = await queue.lease(GROUP, "local", ttl_s=60, now=clock.now())
    assert lease is not None
    now = clock.now()
    items = [askable(str(number), source="harbour-blog") for number in range(count)]
    await queue.commit(
        Commit(
            commit_id="one",
            source="harbour-blog",
            items=tuple(replace(item, event=_town(item.event, now)) for item in items),
            state=SourceState(b"", now),
            states={},
            lease=lease,
            at=now,
            keys_until_at=now + timedelta(days=30),
        )
    )
    await queue.aclose()


def _town(event: PostCreated, now: datetime) -> PostCreated:
    later = now + timedelta(days=1)
    return structs.replace(event, source="/town/harbour-blog", expirytime=later)


def test_without_daemon_and_queue(run: Run, tmp_path: Path) -> None:
    """
    What the network allows is told, and that nobody knows how many are stored; looking makes no queue.
    """
    config = configured(run, tmp_path)
    words = run("check", "-c", config)
    raw = run("check", "-c", config, "--json")

    assert words[1].splitlines()[-1] == (
        "re-check: harbour-blog can ask again about 2 posts in 1 d;"
        " how many are stored is not known: no daemon runs, and there is no queue to look into"
    )
    assert json.loads(raw[1])["clocks"] == [
        {"name": "harbour-blog", "within_s": 86400, "capacity": 2, "stored": None, "beyond": None}
    ]
    assert not (tmp_path / "data" / "queue.sqlite").exists()


def test_a_source_that_keeps_volumes_has_no_clock(run: Run, tmp_path: Path) -> None:
    """
    There is no post that could be asked about.
    """
    config = configured(run, tmp_path)
    config.write_text(config.read_text() + 'keep = "counts"\n')

    assert json.loads(run("check", "-c", config, "--json")[1])["clocks"] == []


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (2, "re-check: harbour-blog can ask again about 2 posts in 1 d; 2 are stored"),
        (
            5,
            "warning: harbour-blog can ask again about 2 posts in 1 d, and 5 are stored: 3 too many."
            " Keep less (retention_days, narrower watches)",
        ),
    ],
)
def test_over_the_queue(run: Run, tmp_path: Path, count: int, line: str) -> None:
    """
    Where no daemon runs the queue is looked into: by how many posts the clock is missed, if it is.
    """
    config = configured(run, tmp_path)
    anyio.run(stored, tmp_path, count)

    assert run("check", "-c", config)[1].splitlines()[-1] == line


def test_asked_of_the_daemon(run: Run, tmp_path: Path) -> None:
    """
    A running daemon is asked; it holds the queue.
    """
    daemon = Daemon(tmp_path)
    daemon.control.rechecked = (RECHECK,)
    with daemon.running():
        folder = tmp_path / "made"
        config = configured(run, folder)
        config.write_text(config.read_text().replace('data_dir = "data"', f'data_dir = "{tmp_path / "d"}"'))
        (tmp_path / "d" / "queue.sqlite").touch()
        raw = run("check", "-c", config, "--json")

    assert json.loads(raw[1])["clocks"] == [
        {"name": "harbour-blog", "within_s": 86400, "capacity": 2, "stored": 1200, "beyond": 200}
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.25, "2.2 s"), (90, "1.5 min"), (7200, "2 h"), (700_000, "8.1 d")]
)
def test_spans(seconds: float, text: str) -> None:
    """
    Numbers of seconds as a person says them.
    """
    assert span(seconds) == text
