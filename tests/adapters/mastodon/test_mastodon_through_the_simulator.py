"""
The adapter against the simulated fediverse, which shares no code with it, through the reader that ships: from bytes on a
socket to posts, removals and verdicts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import anyio
import pytest

from adapters.mastodon import SPEC
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_ids import Software
from adapters.mastodon.simulated_posts import Account, Toot
from adapters.mastodon.simulator import Served, serve
from listener.adapter import Ask, Cursor, Item, Page, Poller, Streamer
from listener.errors import AccessDenied, SourceError, SourceUnavailable
from listener.events import Post, Rejected, Removal
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from tests.adapters.mastodon.fediverse import ONE, TWO, two_instances
from tests.adapters.mastodon.statuses import Watching
from tests.fakes.loopback import LOOPBACK
from tests.fakes.plain_client import Walker

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

THIRD = "three.example"
OTHERS: tuple[Software, ...] = ("gotosocial", "akkoma", "pleroma")


@dataclass
class Scene:
    """Two instances, Anna on the first and Boris on the second, and sources that read them."""

    world: Fediverse
    clock: Walker
    anna: Account
    boris: Account
    served: Served
    web: Web
    watching: Watching = field(default_factory=lambda: Watching(frozenset({"yyc"})))
    cursors: dict[str, Cursor | None] = field(default_factory=dict)

    def source(self, at: str = ONE, **settings: Any) -> Any:
        """As the core builds it, without the spacing that would take minutes."""
        config = MastodonConfig.model_validate({"endpoint": self.served.address(at), **settings})
        reaches = [replace(reach, spacing_s=0.0) for reach in SPEC.reaches(config)]
        return SPEC.build(config, self.web.reader("here", reaches), self.clock, self.watching)

    async def turn(self, source: Poller, key: str = "") -> list[Item]:
        """All that one turn brings."""
        items: list[Item] = []
        while True:
            page = await source.fetch(self.cursors.get(key))
            self.cursors[key] = page.cursor or self.cursors.get(key)
            items += page.items
            if not page.more:
                return items


@asynccontextmanager
async def scene(other: Software | None = None, **how: Any) -> AsyncIterator[Scene]:
    world, clock, anna, boris = two_instances(**how)
    if other is not None:
        world.instance(THIRD, other)
    async with (
        serve(world) as served,
        Web(
            clock=clock,
            pace=Pace(0.0, frozenset()),
            user_agent="civic-listener/0 (+https://city.example/listener; City)",
            limits=ReaderLimits(deadline_s=5),
            allow=LOOPBACK,
        ) as web,
    ):
        yield Scene(world, clock, anna, boris, served, web)


def texts(items: list[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Post)]


def ids_of(here: Scene, *toots: Toot, at: str = ONE) -> list[str]:
    found = [here.world.instances[at].copy_of(toot) for toot in toots]
    return [copy.local_id for copy in found if copy is not None]


# ---------------------------------------------------------------------------------------------------- polling


async def test_a_burst_between_two_readings_is_read_whole() -> None:
    """A hundred posts between two readings are a hundred posts, each once."""
    async with scene() as here:
        source = here.source()
        await here.turn(source)
        for number in range(100):
            here.clock.walk(seconds=1)
            here.world.post(here.anna, f"Ice number {number} #yyc")
        items = await here.turn(source)

        assert sorted(texts(items)) == sorted(f"Ice number {number} #yyc" for number in range(100))


async def test_posts_federated_late_are_read() -> None:
    """They are filed where they were written, behind what was read already."""
    async with scene() as here:
        source = here.source()
        here.world.post(here.anna, "First #yyc")
        await here.turn(source)
        here.world.post(
            here.boris, "Late #yyc", created_at=here.clock.now() - timedelta(minutes=45), lag_s=0.0
        )
        here.clock.walk(minutes=5)

        assert set(texts(await here.turn(source))) == {"First #yyc", "Late #yyc"}


async def test_one_post_on_two_instances_is_one_post() -> None:
    """The same identity, link and words; other names by id on each."""
    async with scene() as here:
        here.world.post(here.boris, "Ice &amp; snow #yyc")
        here.clock.walk(seconds=30)
        (one,) = await here.turn(here.source(ONE), ONE)
        (two,) = await here.turn(here.source(TWO), TWO)

        assert isinstance(one, Post)
        assert isinstance(two, Post)
        assert (one.native, one.link, one.text) == (two.native, two.link, two.text)
        assert set(one.aliases).isdisjoint(two.aliases) is False
        assert one.aliases[0] != two.aliases[0]


@pytest.mark.parametrize("software", OTHERS)
async def test_other_servers_are_read_whole(software: Software) -> None:
    """GoToSocial, Akkoma and Pleroma in their own words: burst, edit and reply; nothing is refused."""
    async with scene(software) as here:
        carol = here.world.account(THIRD)
        here.world.token(THIRD, carol, "theirs")
        source = here.source(THIRD, token="theirs", streaming="off")
        await here.turn(source)
        first = here.world.post(carol, "Ice #yyc")
        here.world.post(carol, "Indeed #yyc", reply_to=first)
        for number in range(60):
            here.clock.walk(seconds=1)
            here.world.post(carol, f"Ice number {number} #yyc")
        items = await here.turn(source)
        (answer,) = [item for item in items if isinstance(item, Post) and item.kind == "reply"]

        assert len(texts(items)) == 62
        assert not [item for item in items if isinstance(item, Rejected)]
        assert answer.reply_to in {
            alias for item in items if isinstance(item, Post) for alias in item.aliases
        }


async def test_an_instance_that_wants_a_token_is_no_empty_one() -> None:
    """Where hashtags are for users only, or for nobody, the source is parked with a reason; a token opens the first."""
    async with scene(local_access="authenticated", remote_access="authenticated") as here:
        here.world.post(here.anna, "Ice #yyc")
        with pytest.raises(AccessDenied):
            await here.turn(here.source())
        assert texts(await here.turn(here.source(token="user-token", streaming="off"))) == ["Ice #yyc"]
        here.world.instances[ONE].local_access = here.world.instances[ONE].remote_access = "disabled"
        with pytest.raises(AccessDenied):
            await here.turn(here.source(token="user-token", streaming="off"))


async def test_mentions_of_our_account_are_said_to_us() -> None:
    """Whoever mentions it, on whatever instance, and whether or not a hashtag is in it."""
    async with scene() as here:
        source = here.source(listen="mentions", token="user-token")
        await here.turn(source)
        here.world.post(here.boris, f"@{here.anna.username}@{ONE} when is it open?", mentions=(here.anna,))
        here.clock.walk(seconds=30)
        items = await here.turn(source)

        assert [item.addressed for item in items if isinstance(item, Post)] == [True]


# -------------------------------------------------------------------------------------------------- re-checks


@pytest.mark.parametrize("version", ["4.6.0", "4.2.10"])
async def test_what_became_of_posts_is_found_out(version: str) -> None:
    """Deleted, edited and untouched posts, asked for at once or each by itself."""
    async with scene(version=version) as here:
        gone, edited, same = (here.world.post(here.anna, f"{word} #yyc") for word in ("Gone", "Old", "Same"))
        here.clock.walk(seconds=5)
        source = here.source()
        asks = [Ask(each) for each in ids_of(here, gone, edited, same)]
        here.world.delete(gone)
        here.world.edit(edited, "New #yyc")
        here.clock.walk(seconds=5)
        verdicts = await source.recheck(asks)

        assert [verdicts[ask].state for ask in asks] == ["gone", "changed", "changed"]
        assert [post.text for ask in asks if (post := verdicts[ask].post)] == ["New #yyc", "Same #yyc"]


@pytest.mark.parametrize("manner", ["404", "401", "500", "html", "disabled"])
async def test_an_instance_in_trouble_removes_nothing(manner: Any) -> None:
    """Whatever it answers to everything, no post is taken for gone."""
    async with scene() as here:
        toots = [here.world.post(here.anna, f"Ice {number} #yyc") for number in range(3)]
        here.clock.walk(seconds=5)
        asks = [Ask(each) for each in ids_of(here, *toots)]
        source = here.source()
        await here.turn(source)
        here.world.instances[ONE].disturb(manner, start_at=here.clock.now(), seconds=60)
        try:
            verdicts = await source.recheck(asks)
        except SourceError:
            return
        assert "gone" not in {verdict.state for verdict in verdicts.values()}


# ---------------------------------------------------------------------------------------------------- streams


@asynccontextmanager
async def hearing(
    here: Scene, way: str
) -> AsyncIterator[tuple[list[Page], Callable[[Callable[[list[Item]], bool]], Any]]]:
    """A stream that runs, its pages, and a way to wait until what was heard is enough."""
    source = here.source(token="user-token", streaming=way)
    assert isinstance(source, Streamer)
    pages: list[Page] = []
    told = anyio.Event()

    async def send(page: Page) -> None:
        nonlocal told
        pages.append(page)
        told.set()
        told = anyio.Event()

    async def until(enough: Callable[[list[Item]], bool]) -> list[Item]:
        with anyio.fail_after(10):
            while not enough([item for page in pages for item in page.items]):
                await told.wait()
        return [item for page in pages for item in page.items]

    async with anyio.create_task_group() as group:
        group.start_soon(source.run, None, send)
        with anyio.fail_after(10):
            while not pages:
                await told.wait()
        yield pages, until
        group.cancel_scope.cancel()


@pytest.mark.parametrize("way", ["sse", "websocket"])
async def test_a_post_its_edit_and_its_removal_are_heard(way: str) -> None:
    """Each as it happens, both ways; the removal by a name of the post."""
    async with scene() as here, hearing(here, way) as (_, until):
        toot = here.world.post(here.anna, "Ice #yyc")
        await until(lambda items: len(items) == 1)
        here.world.edit(toot, "Thin ice #yyc")
        await until(lambda items: len(items) == 2)
        here.world.delete(toot)
        first, second, third = await until(lambda items: len(items) == 3)

        assert isinstance(first, Post)
        assert isinstance(second, Post)
        assert isinstance(third, Removal)
        assert [first.text, second.text] == ["Ice #yyc", "Thin ice #yyc"]
        assert (first.native, second.edited_at is not None) == (second.native, True)
        assert third.name in first.aliases


@pytest.mark.parametrize("way", ["sse", "websocket"])
async def test_what_was_said_before_the_connection_is_read(way: str) -> None:
    """The first page is that of the reading behind the connection."""
    async with scene() as here:
        here.world.post(here.anna, "Before #yyc")
        async with hearing(here, way) as (pages, _):
            assert texts([*pages[0].items]) == ["Before #yyc"]
            assert pages[0].cursor is not None


@pytest.mark.parametrize("way", ["sse", "websocket"])
async def test_a_stream_that_ends_is_an_error_of_ours(way: str) -> None:
    """The core comes back by itself; nothing of the connection stays open."""
    async with scene() as here:
        source = here.source(token="user-token", streaming=way)

        async def cut(_page: Page) -> None:
            here.world.instances[ONE].disturb("outage", start_at=here.clock.now(), seconds=60)

        with pytest.raises(SourceUnavailable), anyio.fail_after(10):
            await source.run(None, cut)


@pytest.mark.parametrize("way", ["sse", "websocket"])
async def test_a_token_that_is_no_good_parks_the_source(way: str) -> None:
    """A refusal is no outage: it is not hammered."""
    async with scene() as here:
        with pytest.raises(AccessDenied), anyio.fail_after(10):
            await here.source(token="no-such-token", streaming=way).run(None, _nothing)


async def _nothing(_page: Page) -> None:
    return None
