"""
The shipped daemon, on virtual time, listens to the simulated X: numbers, mentions, posts, and what it must forget.
"""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.x.simulated_network import Network
from adapters.x.simulator import Served, site_of
from listener.testing.rig import Rig, rig
from listener.testing.virtual_clock import VirtualClock

pytestmark = pytest.mark.anyio

HOUR_S, DAY_S = 3_600, 86_400
PROOFS = {
    "permission_ref": "Registry 2026-117",
    "attestation": '{ plan = "Enterprise", end_users = ["Communications, City of Example"], attested_on = 2026-01-01, by = "Legal" }',
}


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


def source(name: str, folder: Path, *, relation: str = "public", **keys: Any) -> str:
    """A `[[source]]` table; the token lies in a file that only we can read."""
    token = folder / f"{name}-token"
    token.touch(mode=0o600)
    token.write_text("app-token")
    lines = [
        "[[source]]",
        f'name = "{name}"',
        'adapter = "x"',
        'endpoint = "http://api.x.example"',
        f"token_file = {json.dumps(str(token))}",
        f'relation = "{relation}"',
        *(['criterion = "Every public post on X"'] if relation == "public" else []),
        *(f"{key} = {value if key == 'attestation' else json.dumps(value)}" for key, value in keys.items()),
    ]
    return "\n".join([*lines, ""])


def network_at(clock: VirtualClock) -> tuple[Network, Served]:
    """The city's account, and nothing said."""
    network = Network(clock, hashtags=("#yyc",))
    return network, site_of(network)


def said_each_hour(network: Network, clock: VirtualClock, hours: int, text: str = "Ice #yyc") -> None:
    """One post twenty minutes into each of the coming hours."""
    anna = network.account()
    for hour in range(hours):
        network.plan(clock.now() + timedelta(hours=hour, minutes=20), lambda: network.post(anna, text))


async def told(house: Rig, kind: str) -> list[dict[str, Any]]:
    """Events of a kind, as a consumer is given them."""
    return [event for event in await house.events() if event["type"] == f"listener.{kind}"]


async def test_numbers_by_default_and_nothing_else(tmp_path: Path) -> None:
    """Without any proof: every hour once, across a restart and an outage, and no post ever asked for."""
    clock = VirtualClock()
    network, served = network_at(clock)
    said_each_hour(network, clock, 40)
    async with rig(
        source("numbers", tmp_path, interval_s=3600), hosts={"api.x.example": served.site.answer}, clock=clock
    ) as house:
        await house.pass_s(8 * HOUR_S)
        served.site.disturb("500", 4 * HOUR_S)
        await house.pass_s(8 * HOUR_S)
        await house.stop()
        await house.start()
        await house.pass_s(8 * HOUR_S)
        counted = await told(house, "topic.counted")
        posts = await told(house, "post.created")
    hours = [event["data"]["start_at"] for event in counted]
    counts = [event["data"]["count"] for event in counted]

    assert posts == []
    assert hours == sorted(set(hours))
    assert len(hours) >= 22
    assert sorted(counts) == counts  # two hours before anybody spoke, then one post in each
    assert sum(counts) == len(counts) - 2
    assert {row.route for row in network.ledger.requests} == {"counts"}
    assert served.site.bill.total < Decimal("0.16")


async def test_posts_are_queued_once_and_forgotten_when_x_forgets_them(tmp_path: Path) -> None:
    """With both proofs: a day of posts; one is deleted, one withheld, and each is told so within a day."""
    clock = VirtualClock()
    network, served = network_at(clock)
    said_each_hour(network, clock, 6, "Ice on Main, says @jo_fenn #yyc")
    table = source("posts", tmp_path, keep="text", interval_s=3600, **PROOFS)
    async with rig(table, hosts={"api.x.example": served.site.answer}, clock=clock) as house:
        await house.pass_s(7 * HOUR_S)
        before = await told(house, "post.created")
        posts = network.readable()
        network.delete(posts[0])
        network.withhold(posts[1], "CA")
        clock_now = clock.now()
        await house.pass_s(DAY_S)
        removed = await told(house, "post.removed")
        after = await told(house, "post.created")

    assert len(before) == 6
    assert {event["data"]["link"] for event in before} == {
        f"https://x.com/i/web/status/{post.id}" for post in posts
    }
    assert all("jo_fenn" not in json.dumps(event) for event in before)
    assert len(removed) == 2
    assert len(after) == 4
    assert all(clock_now.isoformat()[:10] <= event["data"]["observed_at"][:10] for event in removed)


async def test_mentions_of_our_own_account_are_said_to_us(tmp_path: Path) -> None:
    """Within two minutes, though no watch asks for them."""
    clock = VirtualClock()
    network, served = network_at(clock)
    anna = network.account()
    network.plan(
        clock.now() + timedelta(minutes=30), lambda: network.post(anna, f"@{network.city} it is icy")
    )
    table = source(
        "mentions",
        tmp_path,
        relation="own",
        listen="mentions",
        own_user_id=network.own.id,
        keep="text",
        **PROOFS,
    )
    async with rig(table, hosts={"api.x.example": served.site.answer}, clock=clock) as house:
        await house.pass_s(32.5 * 60)
        (event,) = await told(house, "post.created")

    assert event["data"]["addressed"] is True
