"""
The adapter against the simulator, which shares no code with it: identity, change and comments as blogs really show
them, from bytes on a socket to posts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.feed.client import FeedSource
from adapters.feed.config import FeedConfig
from adapters.feed.documents import read_document
from adapters.feed.normalise import items_from
from adapters.feed.simulator import Blog, Blogs, Format, serve
from listener.adapter import Cursor, Item, Reply, Validators
from listener.events import Cleared, Gap, Post, Rejected, Removal
from listener.gate import Gate, Place
from listener.keys import KeyRing, Sealer
from listener.simulation.people import people
from listener.simulation.scenario import Place as Site
from listener.simulation.world import World
from listener.testing.canned import OnlyReads
from tests.adapters.feed.test_feed_simulator import get, get_now
from tests.fakes.plain_client import Walker

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

ANNA, BORIS, CHLOE = people(11, 3)
DAY = timedelta(days=1)
GATE = Gate(
    keys=KeyRing([b"a secret of sixteen bytes or more"]),
    own_handles=(),
    country="CA",
    consent="objection",
    nobot_tags=(),
    objections=frozenset(),
)
PLACE = Place(network="feed", source="ours", keep="text", retention=30 * DAY, emit_from=30 * DAY)


class Reader(OnlyReads):
    """One socket for each request; no politeness, no redirects."""

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        **_: object,
    ) -> Reply:
        answer = await asyncio.to_thread(get_now, address, dict(headers or {}))
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status, named, answer.body, address)


class Scene:
    """A blog with an article, a comment and an answer to it; and somebody who reads it."""

    def __init__(self, served: Blogs, clock: Walker) -> None:
        self.served, self.world, self.clock = served, served.world, clock
        self.cursors: dict[str, Cursor | None] = {}

    async def read(self, *, comments: bool = False, form: Format | None = None) -> tuple[Item, ...]:
        """What the source gives on its next turn."""
        address = self.served.feed_address("ours", form, comments=comments)
        config = FeedConfig(address=address, relation="own")
        page = await FeedSource(config, Reader(), self.clock).fetch(self.cursors.get(address))
        self.cursors[address] = page.cursor or self.cursors.get(address)
        return page.items

    def show(self, **how: Any) -> None:
        """From now on the blog shows itself otherwise."""
        self.served.blogs["ours"] = replace(self.served.blogs["ours"], **how)


@asynccontextmanager
async def scene(**how: Any) -> AsyncIterator[Scene]:
    clock = Walker()
    world = World((Site("ours", "Ours", "en", own=True),), clock, ("#yyc",))
    article = world.publish("ours", ANNA, "Ice & snow.\n\nMore below.", title="Ice", tags=("yyc", "winter"))
    clock.walk(minutes=5)
    comment = world.comment(article.post, BORIS, "Thanks for clearing it.")
    clock.walk(minutes=5)
    world.comment(comment.post, CHLOE, "Same here.")
    async with serve(world, blogs=[Blog(place="ours", **how)]) as served:
        yield Scene(served, clock)


def posts(items: tuple[Item, ...]) -> list[Post]:
    return [item for item in items if isinstance(item, Post)]


def cleared(post: Post, clock: Walker) -> Cleared:
    now = clock.now()
    found = GATE.clear(
        post, place=PLACE, watches=(), shortest=None, sealer=Sealer(now.date(), b"k" * 32), now=now
    )
    assert isinstance(found, Cleared)
    return found


async def test_a_comment_approved_late_is_told() -> None:
    """Written before others that were told, it moves no validator: the hourly read without conditions tells it."""
    async with scene(validators="wordpress") as blog:
        before = posts(await blog.read(comments=True))
        blog.clock.walk(minutes=30)
        blog.world.comment(
            "ours-1",
            ANNA,
            "Waited for a moderator",
            written_at=blog.clock.now() - timedelta(minutes=38),
        )
        hidden = await blog.read(comments=True)
        blog.clock.walk(minutes=31)
        shown = posts(await blog.read(comments=True))

    (late,) = (post for post in shown if post.native not in {old.native for old in before})
    assert hidden == ()
    assert late.text == "Waited for a moderator"
    assert late.published_at is not None
    assert all(old.published_at is None or late.published_at < old.published_at for old in before)


@pytest.mark.parametrize("how", [{}, {"format": "atom"}, {"software": "blogger"}])
async def test_comments_join_their_article(how: dict[str, Any]) -> None:
    """WordPress by RSS and by Atom, and Blogger: what a comment answers is a name that the other has in its own feed."""
    async with scene(**how) as blog:
        (article,) = posts(await blog.read())
        answer, comment = posts(await blog.read(comments=True))

    assert [post.kind for post in (article, comment, answer)] == ["article", "comment", "comment"]
    assert comment.reply_to in article.aliases
    # Blogger names the parent in an address of its own interface only; the article is what is known.
    assert answer.reply_to == (comment.reply_to if "software" in how else comment.native)
    assert answer.text == "Same here."
    assert [post.title for post in (article, comment, answer)] == ["Ice", None, None]
    assert comment.author is not None
    assert BORIS.name in comment.author.names


@pytest.mark.parametrize(
    "titles", [("Comment on {on} by {by}", "By: {by}"), ("{on} への {by} のコメント", "{by} より")]
)
async def test_the_comments_of_one_article_join_it_by_identity(titles: tuple[str, str]) -> None:
    """Read at `wfw:commentRss` as the comments of that article, they answer its very identity, and one another's."""
    async with scene(titles=titles) as blog:
        (article,) = posts(await blog.read())
        blog.show(answers="{parent} さんへの返信。")
        blog.world.comment("ours-2", ANNA, "No")
        address = f"{article.link}feed/"
        answer = await get(address)
        config = FeedConfig(address=blog.served.feed_address("ours"), relation="own")
        feed = read_document(answer.body, address=address)
        found = posts(items_from(feed, config, answers=article.native))
        everywhere = posts(await blog.read(comments=True))

    to_boris, chloe, boris = found
    assert boris.reply_to == article.native
    assert {to_boris.reply_to, chloe.reply_to} == {boris.native}
    assert [post.text for post in found] == ["No", "Same here.", "Thanks for clearing it."]
    assert {post.title for post in found} == {None}
    assert {name for post in found for name in post.aliases if "\n" not in name} == {
        name for post in everywhere for name in post.aliases if "\n" not in name
    }


@pytest.mark.parametrize("form", ["rss2", "atom", "json", "rss1"])
async def test_a_restless_blog_says_nothing_new(form: Format) -> None:
    """Ten readings in ten dresses are one post in one state, for the adapter and for the gate."""
    async with scene(restless=True, validators="none") as blog:
        seen = set()
        for _ in range(10):
            (post,) = posts(await blog.read(form=form))
            seen.add((post.native, cleared(post, blog.clock).digest))
            blog.clock.walk(hours=1)
        blog.world.edit("ours-1", "Ice is gone.")
        (edited,) = posts(await blog.read(form=form))

    assert len(seen) == 1
    assert (edited.native, cleared(edited, blog.clock).digest) not in seen
    assert edited.text.startswith("Ice is gone.")


async def test_two_caches_in_turn() -> None:
    """A fortnight of readings that swing between two texts is told four times: at once, and after one, three and seven days."""
    async with scene(twins={"ours-1": "What the other cache has."}, validators="none") as blog:
        told: list[str] = []
        for _ in range(14 * 12):
            for post in posts(await blog.read()):
                if told[-1:] != [post.text]:
                    told.append(post.text)
            blog.clock.walk(hours=2)

    assert len(told) == 5
    assert len(set(told)) == 2


async def test_edits_and_deletions() -> None:
    """An edit keeps the identity; Atom's tombstone is one removal under it; without one nothing is said."""
    async with scene(format="atom") as blog:
        (first,) = posts(await blog.read())
        blog.clock.walk(hours=1)
        blog.world.edit("ours-1", "Other words.", title="Ice again")
        (second,) = posts(await blog.read())
        blog.clock.walk(hours=1)
        blog.world.delete("ours-1")
        gone = await blog.read()
        silent = await blog.read(form="rss2")

    assert (second.native, second.title, second.text) == (first.native, "Ice again", "Other words.")
    assert gone == (Removal(first.native),)
    assert silent == ()


@pytest.mark.parametrize("secure", [(False, True), (True, False)])
async def test_a_blog_that_goes_secure_stays_itself(secure: tuple[bool, bool]) -> None:
    """Neither http to https nor the way back changes a name, or the state of a post."""
    async with scene(secure=secure[0], validators="none") as blog:
        (before,) = posts(await blog.read())
        blog.show(secure=secure[1])
        (after,) = posts(await blog.read())

    assert (after.native, after.aliases) == (before.native, before.aliases)
    assert after.link != before.link
    assert cleared(after, blog.clock).digest == cleared(before, blog.clock).digest


async def test_ids_that_tell_nothing() -> None:
    """One id for all, or none: links tell posts apart. New ones at every reading: they do where ids are not believed."""
    async with scene(ids="one", validators="none") as blog:
        blog.world.publish("ours", BORIS, "More", title="More")
        one = {post.native for post in posts(await blog.read())}
        blog.show(ids="none")
        none = {post.native for post in posts(await blog.read())}
        blog.show(ids="unstable")
        address = blog.served.feed_address("ours")
        feeds = [read_document((await get(address)).body, address=address) for _ in range(2)]
        config = FeedConfig(address=address)

    assert len(one) == 2
    assert one == none
    assert [{post.native for post in posts(items_from(feed, config, ids="link"))} for feed in feeds] == [
        one,
        one,
    ]
    stated = [{post.native for post in posts(items_from(feed, config))} for feed in feeds]
    assert not stated[0] & stated[1]


async def test_what_is_behind_a_password() -> None:
    """A locked article and the comments under it are counted, not read; once opened they are told."""
    async with scene(locked=frozenset({"ours-1"}), validators="none") as blog:
        locked = (await blog.read(), await blog.read(comments=True), await blog.read(form="atom"))
        blog.show(locked=frozenset())
        opened = posts(await blog.read()) + posts(await blog.read(comments=True))

    refused = Rejected("no_content")
    assert locked == ((refused,), (refused, refused), (refused,))
    assert [post.text for post in opened] == [
        "Ice & snow.\n\nMore below.",
        "Same here.",
        "Thanks for clearing it.",
    ]


async def test_a_window_that_was_overrun() -> None:
    """More news than the feed shows is a gap, and what it shows is told."""
    async with scene(window=5) as blog:
        for number in range(5):
            blog.world.publish("ours", ANNA, f"Text {number}", title=f"Post {number}")
        await blog.read()
        blog.clock.walk(hours=1)
        for number in range(5, 20):
            blog.world.publish("ours", ANNA, f"Text {number}", title=f"Post {number}")
        items = await blog.read()

    (gap,) = (item for item in items if isinstance(item, Gap))
    assert (gap.cause, gap.end_at - (gap.start_at or gap.end_at)) == ("window_overrun", timedelta(hours=1))
    assert [post.title for post in posts(items)] == [f"Post {number}" for number in range(19, 14, -1)]


@pytest.mark.parametrize("form", ["rss2", "atom"])
async def test_posts_in_an_archive_are_those_of_the_window(form: Format) -> None:
    """What left the window goes by the same names in the archive (RFC 5005)."""
    async with scene(window=3, archives=True) as blog:
        shown: dict[str, Post] = {}
        for number in range(5):
            shown |= {post.native: post for post in posts(await blog.read(form=form))}
            blog.clock.walk(hours=1)
            blog.world.publish("ours", ANNA, f"Text {number}", title=f"Post {number}")
        address = blog.served.feed_address("ours", form)
        archived: dict[str, Post] = {}
        for number in (1, 2):
            body = (await get(f"{address}archive/{number}/")).body
            feed = read_document(body, address=f"{address}archive/{number}/")
            archived |= {post.native: post for post in posts(items_from(feed, FeedConfig(address=address)))}

    assert len(archived) == 6
    assert {native: post.aliases for native, post in archived.items() if native in shown} == {
        native: post.aliases for native, post in shown.items()
    }
