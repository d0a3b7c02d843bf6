"""
Comments of single entries: read when their number goes up, a few at a time, after the feed and never instead of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from adapters.feed.threads import AT_ONCE
from listener.errors import AccessDenied, RateLimited, SourceError, SourceUnavailable
from listener.events import Post
from tests.adapters.feed.reading import ADDRESS, NOW, Reading, Site, item, natives, rss

HOME = "https://river.example"

pytestmark = pytest.mark.anyio


def entry(number: int, comments: int | None = None, *, at: datetime | None = None) -> str:
    """
    An article whose comments have a feed; their number is told where it is given.
    """
    told = "" if comments is None else f"<slash:comments>{comments}</slash:comments>"
    links = f"<link>{HOME}/{number}/</link><wfw:commentRss>{HOME}/{number}/feed/</wfw:commentRss>"
    return item(number, at=at, more=links + told)


def thread(article: int, *numbers: int) -> bytes:
    """
    The comments of an article, as WordPress shows them.
    """
    return rss(
        *(
            f"<item><title>By: Jo</title><link>{HOME}/{article}/#comment-{number}</link>"
            f"<guid isPermaLink='false'>c{article}-{number}</guid>"
            f"<description>Number {number}</description></item>"
            for number in numbers
        ),
        channel=f"<link>{HOME}/{article}/</link>",
    )


class Blog:
    """
    Articles with comments, seen through one source.

    Args:
        counts: Comments of each article at first, the newest article first.
        config: Of the source.
    """

    def __init__(self, *counts: int | None, **config: object) -> None:
        self.site = Site()
        self.counts: dict[int, int | None] = {len(counts) - at: count for at, count in enumerate(counts)}
        self.version = 0
        self.show()
        self.reading = Reading(site=self.site, **{"follow_comments": "all", **config})

    def show(self, **changed: int | None) -> None:
        """
        The feed and the comment feeds as they are now: `a3=5` gives article 3 five comments.
        """
        self.counts.update({int(name[1:]): count for name, count in changed.items()})
        self.version += 1
        entries = [
            entry(number, count, at=NOW - timedelta(days=1, hours=-number))
            for number, count in self.counts.items()
        ]
        self.site.put(ADDRESS, rss(*entries), f'"{self.version}"')
        for number, count in self.counts.items():
            self.site.put(f"{HOME}/{number}/feed/", thread(number, *range(count or 0, 0, -1)))

    async def asked(self, **delta: float) -> list[str]:
        """
        What is asked beside the feed in a turn, so much later.
        """
        assert self.site.addresses is not None
        await self.reading.turn_after(**delta)
        first, *rest = self.site.addresses
        assert first == ADDRESS
        return [address.removeprefix(HOME) for address in rest]


async def test_comments_follow_the_number_that_went_up() -> None:
    """The comments of an entry are read when the feed tells more of them, and at no other time."""
    blog = Blog(0, 0)
    await blog.asked()
    silent = [await blog.asked(hours=1) for _ in range(3)]
    blog.show(a1=2)
    pages = await blog.reading.turn_after(hours=1)

    assert silent == [[], [], []]
    assert [page.more for page in pages] == [True, False]
    assert natives(pages[1].items) == ["c1-2", "c1-1"]
    assert {page.freshness for page in pages} == {pages[0].freshness}
    assert await blog.asked(hours=1) == []


async def test_a_comment_names_its_entry() -> None:
    """A comment from the feed of one entry answers that entry; nothing else about it depends on the way it came."""
    blog = Blog(1)
    (article,) = (await blog.reading.fetch()).items
    assert isinstance(article, Post)
    pages = await blog.reading.turn_after(hours=1)
    (comment,) = pages[1].items
    assert isinstance(comment, Post)
    site_wide = Site()
    site_wide.put(ADDRESS, thread(1, 1))
    (alone,) = (await Reading(site=site_wide).fetch()).items
    assert isinstance(alone, Post)

    assert comment.reply_to in {article.native, *article.aliases}
    assert comment.kind == "comment"
    assert (comment.native, comment.aliases, comment.text) == (alone.native, alone.aliases, alone.text)


async def test_comments_that_were_there_before_are_read_from_the_second_turn_on() -> None:
    """P12: the first turn asks for the feed alone; the comments follow, at most five at once, newest entry first."""
    blog = Blog(*[1] * 7)

    assert await blog.asked() == []
    assert await blog.asked(hours=1) == [f"/{number}/feed/" for number in (7, 6, 5, 4, 3)]
    assert await blog.asked(hours=1) == ["/2/feed/", "/1/feed/"]
    assert await blog.asked(hours=1) == []
    assert AT_ONCE == 5


async def test_the_newest_entry_comes_first_in_any_order_of_the_document() -> None:
    """A feed that shows its oldest entry first has its newest comments read first all the same."""
    blog = Blog(1, 1, 1)
    blog.counts = dict(reversed(blog.counts.items()))
    blog.show()
    await blog.asked()

    assert await blog.asked(hours=1) == ["/3/feed/", "/2/feed/", "/1/feed/"]


async def test_what_is_left_survives_a_restart_and_a_304() -> None:
    """Comments that are still to be read stand in the cursor, because a 304 cannot name them again."""
    blog = Blog(*[1] * 7)
    await blog.asked()
    await blog.asked(hours=1)
    blog.reading.restart()

    assert await blog.asked(hours=1) == ["/2/feed/", "/1/feed/"]
    assert blog.reading.cursor is not None
    assert b"/feed/" not in bytes(blog.reading.cursor)


async def test_a_number_that_went_down_counts_from_there() -> None:
    """A comment that was deleted brings no request; the next one that comes does."""
    blog = Blog(3)
    await blog.asked()
    await blog.asked(hours=1)
    blog.show(a1=2)
    down = await blog.asked(hours=1)
    blog.show(a1=3)

    assert down == []
    assert await blog.asked(hours=1) == ["/1/feed/"]


async def test_a_comment_feed_behind_its_number_is_read_again() -> None:
    """Where a cache shows fewer comments than are told, they are read again at the next turns, three times in all."""
    blog = Blog(0)
    await blog.asked()
    blog.show(a1=1)
    blog.site.put(f"{HOME}/1/feed/", thread(1))
    behind = [await blog.asked(hours=1)]
    blog.site.put(f"{HOME}/1/feed/", thread(1, 1))
    behind += [await blog.asked(hours=1) for _ in range(2)]
    blog.show(a1=2)
    blog.site.put(f"{HOME}/1/feed/", thread(1, 1))
    stuck = [await blog.asked(hours=1) for _ in range(4)]

    assert behind == [["/1/feed/"], ["/1/feed/"], []]
    assert stuck == [["/1/feed/"]] * 3 + [[]]


async def test_a_long_thread_shows_only_its_window() -> None:
    """More comments than a feed of them shows is no reason to read it again."""
    blog = Blog(0)
    await blog.asked()
    blog.show(a1=40)
    blog.site.put(f"{HOME}/1/feed/", thread(1, *range(40, 30, -1)))

    assert await blog.asked(hours=1) == ["/1/feed/"]
    assert await blog.asked(hours=1) == []


async def test_without_a_number_young_entries_are_read_daily() -> None:
    """Where no number is told, the comments of an entry younger than a week are read once a day, on a 304, too."""
    blog = Blog(None)
    await blog.asked()
    days = [hour // 24 for hour in range(24 * 10) if await blog.asked(hours=1)]

    assert days == [0, 1, 2, 3, 4, 5]


async def test_an_old_entry_without_a_number_is_not_followed() -> None:
    """Where no number is told, the comments of an old entry are left alone."""
    blog = Blog(0)
    blog.site.put(ADDRESS, rss(entry(1, at=NOW - timedelta(days=8))), '"old"')
    await blog.asked()

    assert await blog.asked(hours=1) == []


@pytest.mark.parametrize(
    ("follow", "relation", "followed"),
    [
        (None, "own", True),
        (None, "public", False),
        ("own", "public", False),
        ("all", "public", True),
        ("no", "own", False),
    ],
)
async def test_whose_comments_are_followed(follow: str | None, relation: str, followed: bool) -> None:
    """By default our own sites' comments are followed and nobody else's; both can be changed."""
    blog = Blog(1, relation=relation, **({"follow_comments": follow} if follow else {}))
    if follow is None:
        blog.reading = Reading(site=blog.site, relation=relation)
    await blog.asked()

    assert await blog.asked(hours=1) == (["/1/feed/"] if followed else [])


@pytest.mark.parametrize(
    "address",
    [ADDRESS, "https://elsewhere.example/feed/", "http://river.example/1/feed/", f"{HOME}/{'x' * 600}/"],
)
async def test_only_the_sites_own_comment_feeds(address: str) -> None:
    """A comment feed elsewhere, less secure, absurdly long, or the feed itself is not read."""
    blog = Blog(1)
    more = (
        f"<wfw:commentRss>{address.replace('&', '&amp;')}</wfw:commentRss><slash:comments>1</slash:comments>"
    )
    blog.site.put(ADDRESS, rss(item(1, more=more)), '"x"')
    await blog.asked()

    assert await blog.asked(hours=1) == []


@pytest.mark.parametrize(
    ("trouble", "asked"),
    [
        (None, ["/2/feed/", "/1/feed/"]),
        (b"<html><p>Members only</html>", ["/2/feed/", "/1/feed/"]),
        (SourceUnavailable("no answer"), ["/2/feed/"]),
        (AccessDenied("refused"), ["/2/feed/"]),
    ],
    ids=["404", "html", "away", "denied"],
)
async def test_comments_that_cannot_be_read(trouble: bytes | SourceError | None, asked: list[str]) -> None:
    """A broken comment feed is a note; it is left alone until its number goes up, and where nobody answers the rest waits."""
    blog = Blog(1, 1)
    await blog.asked()
    if trouble is None:
        del blog.site.pages[f"{HOME}/2/feed/"]
    else:
        blog.site.put(f"{HOME}/2/feed/", trouble)
    pages = await blog.reading.turn_after(hours=1)
    first = [address.removeprefix(HOME) for address in blog.site.addresses[1:]]
    again = await blog.asked(hours=1)

    assert first == asked
    assert pages[1].note == "comments_unreadable"
    assert again == (["/1/feed/"] if "/1/feed/" not in asked else [])


async def test_a_pause_asked_for_beside_the_feed() -> None:
    """P15: a 429 of a comment feed reaches the core; for a day the feed is read alone, then its comments again."""
    blog = Blog(1)
    await blog.asked()
    blog.site.put(f"{HOME}/1/feed/", RateLimited("asked for a pause", wait_s=60.0))
    await blog.reading.fetch()
    with pytest.raises(RateLimited):
        await blog.reading.fetch()
    assert blog.site.addresses
    soon = await blog.asked(hours=1)
    blog.show()

    assert soon == []
    assert await blog.asked(days=1) == ["/1/feed/"]


async def test_p06_a_feed_whose_numbers_move_no_validator() -> None:
    """P6: a comment moves no validator of the article feed; ours is read whole once an hour, so that its number is seen."""
    blog = Blog(0, relation="own")
    await blog.asked()
    blog.site.etags[ADDRESS] = '"stays"'
    await blog.asked(minutes=1)
    blog.show(a1=1)
    blog.site.etags[ADDRESS] = '"stays"'
    minutes = [minute for minute in range(1, 90) if await blog.asked(minutes=1)]

    assert minutes == [60]


async def test_own_comments_are_seen_within_two_minutes() -> None:
    """A comment on our own blog, asked every minute, is told with the next reading, whatever else is due."""
    blog = Blog(*[3] * 9, relation="own")
    await blog.asked()
    for _ in range(60 * 3):
        await blog.asked(minutes=1)
    blog.show(a9=4)
    blog.reading.clock.walk(minutes=1)
    told = [native for page in await blog.reading.turn() for native in natives(page.items)]

    assert "c9-4" in told


async def test_the_feed_is_never_kept_waiting() -> None:
    """Every turn begins with the feed itself, with comments and history outstanding, failing and slow."""
    blog = Blog(*[1] * 9, history_pages=5)
    for number in range(1, 10):
        blog.site.put(f"{HOME}/{number}/feed/", SourceUnavailable("no answer"))
    firsts = []
    for _ in range(12):
        assert len(await blog.asked(hours=1)) <= 1
        firsts.append(blog.reading.clock.at)

    assert len(firsts) == 12


async def test_a_page_that_was_not_kept_begins_the_turn_anew() -> None:
    """Where the core did not keep a page, the next fetch asks for the feed again and not for what came after it."""
    blog = Blog(1, 1)
    await blog.asked()
    before = blog.reading.cursor
    blog.show(a2=2)
    lost = await blog.reading.fetch()
    blog.reading.cursor = before
    again = await blog.reading.fetch()

    assert lost.more
    assert again == lost
    assert blog.site.addresses == [ADDRESS, ADDRESS]


async def test_a_comment_that_names_no_page_answers_its_entry() -> None:
    """A comment without a link goes with the entry whose feed it stands in, on a 304 of the article feed, too."""
    blog = Blog(1)
    (article,) = (await blog.reading.fetch()).items
    assert isinstance(article, Post)
    blog.site.put(f"{HOME}/1/feed/", rss(item("c1")))
    blog.reading.restart()
    pages = await blog.reading.turn_after(hours=1)
    (comment,) = pages[1].items
    assert isinstance(comment, Post)

    assert pages[0].freshness.not_modified
    assert comment.reply_to in {article.native, *article.aliases}
