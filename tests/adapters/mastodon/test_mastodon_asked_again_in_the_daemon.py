"""
What became of posts, asked again by the shipped daemon at a simulated instance that announces nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_posts import Toot
from listener.testing.rig import rig
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.mastodon.fediverse import ONE, TWO
from tests.adapters.mastodon.test_mastodon_in_the_daemon import named, source

pytestmark = pytest.mark.anyio

DAY_S = 86_400
HOUR_S = 3_600
Change = Callable[[Fediverse, Toot], object]
CHANGES: dict[str, tuple[Change, str]] = {
    "deleted": (lambda world, toot: world.delete(toot), "gone"),
    "account gone": (lambda world, toot: world.remove(toot.account), "gone"),
    "suspended": (lambda world, toot: setattr(toot.account, "suspended", True), "gone"),
    "noindex": (lambda world, toot: setattr(toot.account, "noindex", True), "gone"),
    "nobot": (lambda world, toot: setattr(toot.account, "note", "Teacher. #nobot"), "gone"),
    "limited": (lambda world, toot: setattr(toot.account, "limited", True), "gone"),
    "edited": (lambda world, toot: world.edit(toot, "Black ice #yyc"), "Black ice #yyc"),
    "nothing": (lambda world, toot: None, "Ice #yyc"),
}
WHEN = {"before": -HOUR_S, "during": HOUR_S, "after": 7 * HOUR_S}


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("change", CHANGES)
async def test_what_becomes_of_a_post(change: str, when: str) -> None:
    """Before, during or after an outage of six hours: within two days the words are gone, or as they are now."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    here = world.instance(ONE)
    toot = world.post(world.account(ONE), "Ice #yyc")
    world.post(world.account(ONE), "Beside it #yyc")
    act, expected = CHANGES[change]
    outage_at = clock.now() + timedelta(hours=4)
    here.disturb("outage", start_at=outage_at, seconds=6 * HOUR_S)
    world.plan(outage_at + timedelta(seconds=WHEN[when]), lambda: act(world, toot))
    async with rig(source(ONE, interval_s=3600), hosts=named(world).routes, clock=clock) as house:
        await house.pass_s(600)
        first = await house.events()
        await house.pass_s(2 * DAY_S)
        last = await house.events()

    words = sorted(event["data"].get("text") or "" for event in last if "removed" not in event["type"])
    assert sorted(event["data"]["text"] for event in first) == ["Beside it #yyc", "Ice #yyc"]
    assert words == (["Beside it #yyc"] if expected == "gone" else sorted(["Beside it #yyc", expected]))
    assert sum("removed" in event["type"] for event in last) == (expected == "gone")


async def test_a_post_seen_at_two_instances_goes_with_its_deletion() -> None:
    """Each source asks by the id of its own instance; the post goes once, and does not come back."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE)
    world.instance(TWO, lag_s=30.0)
    toot = world.post(world.account(ONE), "Ice #yyc")
    world.plan(clock.now() + timedelta(hours=5), lambda: world.delete(toot))
    async with rig(
        source(ONE, interval_s=3600), source(TWO, interval_s=3600), hosts=named(world).routes, clock=clock
    ) as house:
        await house.pass_s(HOUR_S)
        first = [event["type"] for event in await house.events()]
        await house.pass_s(2 * DAY_S)
        last = [event["type"] for event in await house.events()]

    assert (first, last) == (["listener.post.created"], ["listener.post.removed"])
