"""
The shipped daemon, on virtual time, hears simulated instances: nothing lost, nothing twice, no limit passed.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.mastodon.simulated_crowd import city, populate
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Manner
from adapters.mastodon.simulated_posts import Toot
from adapters.mastodon.simulator import Served, configuration, serve, sites_of
from listener import settings
from listener.simulation.world import Expected
from listener.testing.rig import Rig, rig
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.mastodon.fediverse import ONE, TWO
from tests.fakes.thorough import WEEK_DAYS

pytestmark = pytest.mark.anyio

DAY_S = 86_400
_TOLD = ("listener.post.created", "listener.post.updated")


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


def source(domain: str, **keys: Any) -> str:
    """A `[[source]]` table."""
    lines = [
        "[[source]]",
        f'name = "{domain.partition(".")[0]}"',
        'adapter = "mastodon"',
        f'endpoint = "http://{domain}"',
        'relation = "public"',
        'criterion = "Where most people of the town have their account"',
        *(f"{key} = {value!r}".replace("'", '"') for key, value in keys.items()),
    ]
    return "\n".join([*lines, ""])


def token_file(world: Fediverse, folder: Path) -> Path:
    """A user's token of the first instance, in a file that only we can read."""
    file = folder / "token"
    file.touch(mode=0o600)
    file.write_text(world.token(ONE, world.accounts[0]))
    return file


def named(world: Fediverse) -> Served:
    """Every instance under its own name, without https."""
    for here in world.instances.values():
        here.origin = f"http://{here.domain}"
    return sites_of(world)


async def links(house: Rig) -> list[str]:
    """Of the posts a consumer was given."""
    return [event["data"]["link"] for event in await house.events() if event["type"] in _TOLD]


def expected(toot: Toot) -> Expected:
    """What an ordinary watch takes, unless the author's profile objects."""
    if toot.visibility != "public" or toot.boost_of is not None or "yyc" not in toot.words.tag_names:
        return Expected("not_ours")
    if "#nobot" in toot.account.note:
        return Expected("withheld", "nobot")
    return Expected("queued")


async def test_a_day_on_two_instances_is_queued_once() -> None:
    """Bursts, answers, edits, late posts; each seen at two places, each queued once, and none missing."""
    clock = VirtualClock()
    world = city(clock, seed=11, hashtags=("#yyc",), start_at=clock.now(), hours=10, posts=400)
    world.expect = expected
    for account in world.accounts:
        account.noindex = False  # told by an account's own instance only
    anna = world.accounts[0]
    for second in range(100):
        world.plan(clock.now() + timedelta(hours=2, seconds=second), lambda: world.post(anna, "Ice #yyc"))
    for minutes in (1, 20, 90):
        world.plan(
            clock.now() + timedelta(hours=3),
            lambda lag=minutes * 60.0: world.post(anna, "Late #yyc", lag_s=lag),  # type: ignore[misc]  # mypy cannot infer a default
        )
    served = named(world)
    async with rig(source(ONE), source(TWO), hosts=served.routes, clock=clock) as house:
        found: set[str] = set()
        for _ in range(22):
            await house.pass_s(1800)
            now = await links(house)
            assert len(now) == len(set(now))
            found |= set(now)  # what is deleted meanwhile is taken away when it is asked about again
    fates = world.fates(found)
    for post, row in world.ledger.posts.items():
        if fates[post] == "missing" and row.deleted_at is not None:
            fates[post] = "removed_before_reading"  # asked about again since, and removed

    assert set(fates.values()) <= {"queued", "withheld", "removed_before_reading", "never_shown", "not_ours"}
    unseen = {post for post, fate in fates.items() if fate == "never_shown"}
    assert {world.ledger.posts[post].expected for post in unseen} == {"not_ours"}
    assert sum(fate == "queued" for fate in fates.values()) == len(found) > 200
    assert sum(fate == "withheld" for fate in fates.values()) > 3
    assert [site.limits.refused for site in served.sites.values()] == [0, 0]


async def test_two_instances_do_not_take_back_each_others_word() -> None:
    """One knows what a post answers, the other does not: it is told once, with at most one correction, however often read."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE)
    world.instance(TWO)
    anna, boris = world.account(ONE), world.account(TWO)
    parent = world.post(anna, "Only here", only=())
    world.post(anna, "Ice #yyc", reply_to=parent)
    world.post(boris, "Snow #yyc", reply_to=world.post(boris, "Only there", only=()))
    async with rig(source(ONE), source(TWO), hosts=named(world).routes, clock=clock) as house:
        await house.pass_s(3 * 3600)
        walked = house.log("page.walked")
        kinds = [event["data"]["kind"] for event in await house.events()]
    told = [sum(each[outcome] for each in walked) for outcome in ("created", "updated")]

    assert kinds == ["reply", "reply"]
    assert told[0] == 2
    assert told[1] <= 2


async def test_a_pause_that_was_asked_for_is_kept() -> None:
    """429 says when in ISO and has no Retry-After: not one request before it, and everything after."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    here = world.instance(ONE)
    anna = world.account(ONE)
    served = named(world)
    async with rig(source(ONE), hosts=served.routes, clock=clock) as house:
        await house.pass_s(400)
        began_s = clock.monotonic()
        here.disturb("429", start_at=clock.now(), seconds=3000)
        for _ in range(60):
            world.post(anna, "Ice #yyc")
        await house.pass_s(2_990)
        meanwhile = [at for at in house.net.starts_s(ONE) if at > began_s]
        await house.pass_s(1_000)
        found = await links(house)

    assert len(meanwhile) == 1
    assert len(found) == 60


async def test_a_feed_that_is_switched_off_is_told() -> None:
    """It answers like an empty one; the operator is told, and the instance is left in peace."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    off, empty = world.instance(ONE), world.instance(TWO)
    off.local_access = off.remote_access = "disabled"
    served = named(world)
    async with rig(source(ONE), source(TWO), hosts=served.routes, clock=clock) as house:
        await house.pass_s(2 * 3600)
        views = await house.views()
        asked = len(house.net.at(ONE)), len(house.net.at(TWO))

    assert (views["one"]["failures"], views["two"]["failures"]) == (1, 0)
    assert "denied" in views["one"]["error_code"]
    assert asked[0] == 1
    assert asked[1] > 10
    assert empty.local_access == "public"


async def test_an_outage_loses_nothing() -> None:
    """Three hours without an answer, in which people go on writing."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    here = world.instance(ONE)
    anna = world.account(ONE)
    served = named(world)
    async with rig(source(ONE), hosts=served.routes, clock=clock) as house:
        await house.pass_s(400)
        here.disturb("outage", start_at=clock.now(), seconds=3 * 3600)
        for minute in range(170):
            world.plan(clock.now() + timedelta(minutes=minute), lambda: world.post(anna, "Ice #yyc"))
        await house.pass_s(3 * 3600)
        during = len(await links(house))
        await house.restart()
        await house.pass_s(2 * 3600)
        found = await links(house)

    assert (during, len(found)) == (0, 170)


@pytest.mark.timeout(600)
async def test_a_week_passes_no_limit() -> None:
    """Four tags, a turn every five minutes and sweeps of what came before: not one request of the week is refused."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE)
    world.instance(TWO, lag_s=60.0)
    populate(world, seed=5, start_at=clock.now(), hours=WEEK_DAYS * 24, posts=600 * WEEK_DAYS // 7)
    served = named(world)
    tags = [f"tag{letter}" for letter in "abc"]
    async with rig(source(ONE, hashtags=tags), hosts=served.routes, clock=clock) as house:
        await house.pass_s(WEEK_DAYS * DAY_S)
        starts = house.net.starts_s(ONE)
        found = await links(house)
    limits = served.sites[ONE].limits
    most = max(sum(at <= other < at + 900 for other in starts[index:]) for index, at in enumerate(starts))

    print(
        f"\na week: {len(starts)} requests, at most {most} in fifteen minutes; "
        f"by window {dict(limits.most)}; {len(found)} posts"
    )
    assert limits.refused == 0
    assert max(limits.most.values()) <= 300
    assert len(starts) > WEEK_DAYS * DAY_S / 400
    assert most <= 60
    assert len(found) > 100 * WEEK_DAYS / 7


async def test_the_configuration_is_one_the_daemon_takes(tmp_path: Path) -> None:
    """A source for every instance, and one for mentions where there is a token."""
    async with serve(clock=VirtualClock()) as served:
        world = served.world
        text = configuration(
            served, tmp_path, hashtags=["#yyc", "日本"], token_files={ONE: token_file(world, tmp_path)}
        )
        addresses = [served.address(domain) for domain in (ONE, TWO, ONE)]
    (tmp_path / "listener.toml").write_text(text, "utf-8")
    loaded = settings.load(tmp_path / "listener.toml", environ={})
    document = tomllib.loads(text)
    sources = document["source"]

    assert document["watch"][0]["hashtags"] == ["#yyc", "#日本"]
    assert [each["endpoint"] for each in sources] == addresses
    assert [each["name"] for each in sources] == ["one-example", "two-example", "one-example-mentions"]
    ways = [each.config.way for each in loaded.sources]
    assert ways == ["sse", "poll", "poll"]


async def test_what_a_stream_says_is_there_at_once(tmp_path: Path) -> None:
    """A post, its edit and its deletion, each within seconds, between two readings; the words are gone with it."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE)
    anna = world.account(ONE)
    served = named(world)
    token = str(token_file(world, tmp_path))
    async with rig(source(ONE, token_file=token), hosts=served.routes, clock=clock) as house:
        await house.pass_s(60)
        toot = world.post(anna, "Ice #yyc")
        await house.pass_s(5)
        created = await house.events()
        world.edit(toot, "Black ice #yyc")
        await house.pass_s(5)
        updated = await house.events()
        world.delete(toot)
        await house.pass_s(5)
        removed = await house.events()
        readings = sum("/timelines/" in asked.line for asked in house.net.asked)

    told = [[(event["type"], event["data"].get("text")) for event in page] for page in (created, updated)]
    assert told == [[("listener.post.created", "Ice #yyc")], [("listener.post.updated", "Black ice #yyc")]]
    assert [event["type"] for event in removed] == ["listener.post.removed"]
    assert b"ice" not in str(removed).encode()
    assert readings == 1


async def test_a_hundred_troubles_of_a_stream_lose_nothing(tmp_path: Path) -> None:
    """Now cut, now reset, now an outage of the whole instance; people go on writing. Each post is there, once."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    here = world.instance(ONE)
    anna = world.account(ONE)
    served = named(world)
    token = str(token_file(world, tmp_path))
    for number in range(100):
        at = clock.now() + timedelta(seconds=90 + 200 * number)
        manner: Manner = ("cut", "reset", "outage", "503")[number % 4]
        here.disturb(manner, start_at=at, seconds=5, route=None if manner == "outage" else "stream")
        for second in (-2, 1, 3, 30):
            world.plan(at + timedelta(seconds=second), lambda: world.post(anna, "Ice #yyc"))
    async with rig(source(ONE, token_file=token), hosts=served.routes, clock=clock) as house:
        await house.pass_s(200 * 100 + 1800)
        found = await links(house)
        opened = sum("/streaming/" in asked.line for asked in house.net.asked)

    print(f"\n{opened} connections, {len(found)} posts of 400")
    assert (len(found), len(set(found))) == (400, 400)
    assert opened >= 50
    assert served.sites[ONE].limits.refused == 0


async def test_an_objection_that_one_instance_shows_binds_the_other() -> None:
    """`noindex` is told by an account's own instance only: read there once, the post stays away everywhere."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE)
    world.instance(TWO, lag_s=10.0)
    world.post(world.account(ONE, noindex=True), "Ice #yyc")
    async with rig(source(ONE), source(TWO), hosts=named(world).routes, clock=clock) as house:
        await house.pass_s(3 * 3600)
        created = sum(walked["created"] for walked in house.log("page.walked"))

    assert created <= 1


async def test_an_instance_that_is_behind_does_not_bring_old_words_back() -> None:
    """An edit reaches the second instance an hour late: its older copy is no news."""
    clock = VirtualClock()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE)
    world.instance(TWO)
    toot = world.post(world.account(ONE), "Ice #yyc")
    async with rig(source(ONE), source(TWO), hosts=named(world).routes, clock=clock) as house:
        await house.pass_s(900)
        world.edit(toot, "Black ice #yyc", lag_s=3600.0)
        await house.pass_s(1800)
        updated = sum(walked["updated"] for walked in house.log("page.walked"))

    assert updated == 1
