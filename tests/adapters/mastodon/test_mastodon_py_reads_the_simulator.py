"""
Mastodon.py, which shares nothing with us, reads the simulator without an error, in every dialect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Any, TypeVar

import pytest
from mastodon import Mastodon, StreamListener
from mastodon.errors import MastodonNotFoundError, MastodonRatelimitError, MastodonUnauthorizedError

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_ids import Software
from adapters.mastodon.simulated_posts import Picture, Poll
from adapters.mastodon.simulator import Served, serve
from tests.adapters.mastodon.fediverse import ONE, PAGE, TWO, get, two_instances
from tests.fakes.plain_client import Walker

T = TypeVar("T")

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


def client(served: Served, *, token: str | None = "user-token", at: str = ONE) -> Mastodon:
    """Their client; it throws rather than waits."""
    return Mastodon(api_base_url=served.address(at), access_token=token, ratelimit_method="throw")


async def asked(ask: Callable[[], T]) -> T:
    """Their client blocks; the simulator shares our loop."""
    return await asyncio.to_thread(ask)


def local_id(world: Fediverse, toot: Any) -> str:
    """Of a post on the first instance."""
    copy = world.instances[ONE].copy_of(toot)
    assert copy is not None
    return copy.local_id


@pytest.mark.parametrize("software", ["mastodon", "gotosocial", "akkoma", "pleroma"])
async def test_it_pages_both_ways(software: Software) -> None:
    """From the newest back by `max_id`, and up again by `min_id`, by the Link headers."""
    clock = Walker()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE, software)
    anna = world.account(ONE)
    world.token(ONE, anna)
    said = []
    for number in range(45):
        clock.walk(seconds=1)
        said.append(local_id(world, world.post(anna, f"Number {number} #yyc")))
    async with serve(world) as served:
        theirs = client(served)
        first = await asked(lambda: theirs.timeline_hashtag("yyc", limit=20))
        second = await asked(lambda: theirs.fetch_next(first))
        third = await asked(lambda: theirs.fetch_next(second))
        back = await asked(lambda: theirs.fetch_previous(third))
        up = await asked(lambda: theirs.timeline_hashtag("yyc", min_id=said[0], limit=5))

    pages = [[str(each.id) for each in page or ()] for page in (first, second, third, back, up)]
    assert pages == [
        said[:24:-1],
        said[24:4:-1],
        said[4::-1],
        said[24:4:-1],
        said[5:0:-1],
    ]


async def test_it_reads_statuses() -> None:
    """One and several, with everything a post can carry; a missing one is missing."""
    world, clock, anna, boris = two_instances()
    first = world.post(boris, "What is quoted #yyc")
    full = world.post(
        anna,
        f"@{boris.username}@{TWO} Everything https://news.example/a/long/address/to/be/shortened #yyc",
        reply_to=first,
        quote_of=first,
        mentions=(boris,),
        spoiler_text="careful",
        media=(Picture("a street"),),
        poll=Poll((("yes", 1), ("no", 2)), clock.now()),
        link="https://news.example/story",
    )
    world.edit(full, spoiler_text="more careful")
    ids = [local_id(world, each) for each in (first, full, world.boost(boris, full))]
    async with serve(world) as served:
        theirs = client(served)
        one = await asked(lambda: theirs.status(ids[1]))
        several = await asked(lambda: theirs.statuses([*ids, "1"]))
        with pytest.raises(MastodonNotFoundError):
            await asked(lambda: theirs.status("1"))

    assert (one.spoiler_text, one.poll.votes_count, one.media_attachments[0].description) == (
        "more careful",
        3,
        "a street",
    )
    assert (str(one.quote.quoted_status.id), str(one.in_reply_to_id), one.card.title) == (
        ids[0],
        ids[0],
        "A page about it",
    )
    assert one.edited_at is not None
    assert [str(each.id) for each in several] == ids
    assert str(several[2].reblog.id) == ids[1]


async def test_it_reads_who_and_where_it_is() -> None:
    """The instance in both versions, one's own account, the application, mentions."""
    world, _, anna, boris = two_instances()
    world.post(boris, f"@{anna.username}@{ONE} Look", mentions=(anna,))
    async with serve(world) as served:
        theirs = client(served)
        instance = await asked(theirs.instance_v2)
        older = await asked(theirs.instance_v1)
        self = await asked(theirs.account_verify_credentials)
        app = await asked(theirs.app_verify_credentials)
        mentions = await asked(lambda: theirs.notifications(types=["mention"]))
        health = await asked(theirs.stream_healthy)
        with pytest.raises(MastodonUnauthorizedError):
            await asked(lambda: client(served, token="made up").timeline_hashtag("yyc"))

    assert (instance.domain, older.uri, instance.configuration.timelines_access.hashtag_feeds.local) == (
        ONE,
        ONE,
        "public",
    )
    assert (self.username, self.source.privacy, app.name) == (anna.username, "public", "listener")
    assert [(each.type, each.account.acct) for each in mentions] == [("mention", f"{boris.username}@{TWO}")]
    assert health


async def test_it_understands_a_refusal() -> None:
    """429 is a rate limit to it, with a reset it can read."""
    world, *_ = two_instances()
    async with serve(world) as served:
        for _ in range(300):
            await get(served, PAGE)
        with pytest.raises(MastodonRatelimitError):
            await asked(lambda: client(served, token=None).timeline_hashtag("yyc"))


class Heard(StreamListener):
    """What their stream handlers were called with."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.three = Event()

    def _tell(self, kind: str, what: Any) -> None:
        self.told.append((kind, what))
        if len(self.told) == 3:
            self.three.set()

    def on_update(self, status: Any) -> None:
        """A post."""
        self._tell("update", str(status.id))

    def on_status_update(self, status: Any) -> None:
        """An edit."""
        self._tell("status_update", str(status.id))

    def on_delete(self, status_id: Any) -> None:
        """A deletion."""
        self._tell("delete", str(status_id))


@pytest.mark.filterwarnings("ignore")
async def test_it_listens() -> None:
    """By server-sent events: a post, an edit, a deletion."""
    world, _, anna, _ = two_instances()
    heard = Heard()
    async with serve(world) as served:
        theirs = client(served)
        handle = await asked(lambda: theirs.stream_hashtag("yyc", heard, run_async=True))
        for _ in range(5_000):
            if world.instances[ONE].listening:
                break
            await asyncio.sleep(0.001)
        toot = world.post(anna, "Ice #yyc")
        told = local_id(world, toot)
        world.edit(toot, "Snow #yyc")
        world.delete(toot)
        await asked(lambda: heard.three.wait(10))
        world.instances[ONE].revoke("user-token")
        await asked(lambda: handle.join(10))

    assert heard.told == [("update", told), ("status_update", told), ("delete", told)]
    assert not handle.is_alive()
