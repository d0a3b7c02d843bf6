"""
The canary before servers that speak Mastodon's API with fields of their own, on virtual time: who writes, who is mentioned
and who hides is in no file, no log line, no event and no cursor, whatever an instance answers.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from adapters.mastodon.simulated_ids import Software
from listener.testing.canary import Canary
from listener.testing.rig import rig
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.mastodon.test_mastodon_in_the_daemon import named, source
from tests.pipeline.planted_mastodon import Planted

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

HOUR_S = 3_600


def token_file(folder: Path, domain: str, token: str) -> str:
    """A token in a file that only we can read."""
    file = folder / domain
    file.touch(mode=0o600)
    file.write_text(token, "utf-8")
    return str(file)


def cursors(data: Path) -> list[bytes]:
    """Every position that is stored."""
    with sqlite3.connect(f"file:{data / 'queue.sqlite'}?mode=ro", uri=True) as connection:
        return [
            bytes(row[0]) for row in connection.execute("SELECT cursor FROM source WHERE cursor IS NOT NULL")
        ]


@pytest.mark.parametrize(("one", "two"), [("gotosocial", "akkoma"), ("mastodon", "pleroma")])
async def test_nobody_is_left_whatever_the_dialect(one: Software, two: Software, tmp_path: Path) -> None:
    """Timelines, a day of questions, and every error an instance has: nobody is left, and positions name nobody."""
    canary, clock = Canary(37), VirtualClock()
    planted = Planted(canary, clock, one=one, two=two)
    served = named(planted.world)
    tables = [
        source(
            domain,
            token_file=token_file(tmp_path, domain, token),
            streaming="off",
            own_accounts=["@cityofexample"],
        )
        for domain, token in planted.tokens.items()
    ]
    async with rig(*tables, hosts=served.routes, clock=clock) as house:
        await house.pass_s(HOUR_S)
        heard = json.dumps(await house.events(), ensure_ascii=False)
        at = clock.now()
        for manner in ("401", "403", "500", "html", "cut", "429"):
            for here in (planted.one, planted.two):
                here.disturb(manner, start_at=at, seconds=4 * HOUR_S)
            await house.pass_s(6 * HOUR_S)
            at = clock.now()
        events = await house.get("/v1/events?after=start&limit=1000")
        log, metrics, views = (
            house.out.getvalue(),
            await house.get("/metrics"),
            await house.get("/v1/sources"),
        )
        await house.stop()
        positions = cursors(house.folder / "data")
        stored = canary.search_folder(house.folder / "data", events=True)

    assert [
        word for label in ("early 0", "early 1") for word in planted.wanted(label) if word not in heard
    ] == []
    assert [str(found) for found in (*stored, *canary.search({"events": events}, events=True))] == []
    assert canary.search({"log": log.encode(), "metrics": metrics, "sources": views}) == ()
    assert len(positions) == 4  # of two readings, and of the questions that go with them
    assert canary.search({str(number): each for number, each in enumerate(positions)}) == ()
