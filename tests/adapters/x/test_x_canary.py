"""
The canary before the simulated X, on virtual time: whom a post names, who wrote it and what the server lets slip is in no
file, no log line, no event and no cursor, whatever X answers; nor is the token.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from adapters.x.simulator import Served
from listener.testing.canary import Canary
from listener.testing.rig import rig
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.x.test_x_in_the_daemon import PROOFS, network_at, source

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

HOUR_S = 3_600


def cursors(data: Path) -> list[bytes]:
    """Every position that is stored."""
    with sqlite3.connect(f"file:{data / 'queue.sqlite'}?mode=ro", uri=True) as connection:
        return [
            bytes(row[0]) for row in connection.execute("SELECT cursor FROM source WHERE cursor IS NOT NULL")
        ]


def spoil(served: Served, clock: VirtualClock) -> None:
    """Every error that X has, an hour each."""
    for number, manner in enumerate(("503-json", "429", "html", "garbage", "cut", "500")):
        served.site.disturb(manner, HOUR_S, start_at=clock.now() + timedelta(hours=number))  # type: ignore[arg-type]  # a tuple of literals


async def test_nobody_is_left_whatever_x_answers(tmp_path: Path) -> None:
    """Posts, an edit, a question whether they are still there, and every error: what may be said is there, nobody is."""
    canary, clock = Canary(53), VirtualClock()
    network, served = network_at(clock)
    token = canary.secret("x token")
    served.site.keys.app.add(token)
    served.site.noise = canary.noise("x ")
    words = []
    for number in range(4):
        author = network.account(username=canary.known(f"x author {number}", f"zq{number}vkwxyhandle"))
        other = network.account(username=canary.known(f"x mentioned {number}", f"kw{number}zqvjfriend"))
        canary.known(f"x author {number}: id", author.id, whole=True)
        words.append(canary.word(f"said {number}"))
        text = (
            f"{words[-1]} says @{other.username} (RT@{other.username}) to {canary.person(f'x {number}').email} "
            f"https://x.com/{author.username}/status/2050000000000000001 #yyc"
        )
        network.plan(clock.now() + timedelta(minutes=20 * number), partial(network.post, author, text))
    table = source("posts", tmp_path, keep="text", interval_s=600, **PROOFS)
    (tmp_path / "posts-token").write_text(token)
    async with rig(table, hosts={"api.x.example": served.site.answer}, clock=clock) as house:
        await house.pass_s(2 * HOUR_S)
        heard = json.dumps(await house.events(), ensure_ascii=False)
        spoil(served, clock)
        await house.pass_s(7 * HOUR_S)
        served.site.keys.app.discard(token)
        await house.pass_s(2 * HOUR_S)
        events = await house.get("/v1/events?after=start&limit=1000")
        log, metrics = house.out.getvalue(), await house.get("/metrics")
        views = await house.get("/v1/sources")
        await house.stop()
        positions = cursors(house.folder / "data")
        stored = canary.search_folder(house.folder / "data", events=True)

    assert [word for word in words if word not in heard] == []
    assert [str(found) for found in (*stored, *canary.search({"events": events}, events=True))] == []
    assert canary.search({"log": log.encode(), "metrics": metrics, "sources": views}) == ()
    assert positions
    assert canary.search({str(number): each for number, each in enumerate(positions)}) == ()
