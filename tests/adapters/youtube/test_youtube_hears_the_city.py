"""
A whole day of the city, heard by the adapter at the simulated API through the reader that ships, and counted from outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.youtube import SPEC
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.simulated_city import BROADCASTER, CITY, city
from adapters.youtube.simulated_parts import Channel
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import Served, serve
from listener.adapter import Cursor, Item, Terms
from listener.errors import (
    BudgetSpent,
    RateLimited,
)
from listener.events import Post, WatchName
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from listener.testing.canned import Watching
from tests.adapters.youtube.simulated_youtube import KEY, small_tube
from tests.fakes.loopback import LOOPBACK
from tests.fakes.plain_client import Walker

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

WATCHING = Watching({WatchName("city"): Terms(hashtags=frozenset({"yyc"}))})


@dataclass
class Scene:
    """The API and sources that read it."""

    tube: Tube
    clock: Walker
    served: Served
    web: Web
    cursors: dict[str, Cursor | None] = field(default_factory=dict)

    def source(self, channel: Channel | None, listen: str = "comments") -> Any:
        """As the core builds it, without the spacing that would take minutes."""
        told = {"endpoint": self.served.address, "key": KEY, "listen": listen}
        if channel is not None:
            whose = (
                {"relation": "own"} if channel.own else {"relation": "public", "channel_of": "publication"}
            )
            told |= {"channel": channel.id, **whose}
        config = YouTubeConfig.model_validate(told)
        reaches = [replace(reach, spacing_s=0.0) for reach in SPEC.reaches(config)]
        return SPEC.build(config, self.web.reader(listen, reaches), self.clock, WATCHING)

    async def turn(self, source: Any, key: str = "") -> list[Item]:
        """All that one turn brings."""
        items: list[Item] = []
        while True:
            page = await source.fetch(self.cursors.get(key))
            self.cursors[key] = page.cursor or self.cursors.get(key)
            items += page.items
            if not page.more:
                return items


@asynccontextmanager
async def scene(tube: Tube, clock: Walker) -> AsyncIterator[Scene]:
    """Served, with a reader that keeps no pace."""
    async with (
        serve(tube) as served,
        Web(
            clock=clock,
            pace=Pace(0.0, frozenset()),
            user_agent="civic-listener/0 (+https://city.example/listener; City)",
            limits=ReaderLimits(deadline_s=5),
            allow=LOOPBACK,
        ) as web,
    ):
        yield Scene(tube, clock, served, web)


def links(items: list[Item]) -> set[str]:
    """Of posts, without their origin."""
    return {
        item.link.removeprefix("https://www.youtube.com")
        for item in items
        if isinstance(item, Post) and item.link is not None
    }


async def test_a_day_of_the_city_is_heard_whole() -> None:
    """
    Every comment that could be seen for two hours has its event, held ones and late replies too; no address names anybody, and
    nothing is refused but the comments of the video that takes none.
    """
    clock = Walker()
    tube = city(clock, seed=7, hashtags=("#yyc",), start_at=clock.now(), hours=6, comments=100)
    tube.turn()
    uploaders = [each for each in tube.channels.values() if each.handle in (CITY, BROADCASTER)]
    heard: set[str] = set()
    async with scene(tube, clock) as here:
        sources = {each.handle: here.source(each) for each in uploaders}
        for _ in range(12 * 4):
            clock.walk(minutes=15)
            for handle, source in sources.items():
                heard |= links(await here.turn(source, handle))

    comments = list(tube.comments.values())
    fates = Counter(tube.fates(heard, kinds=("comment", "reply")).values())
    assert {each.link for each in comments if tube.public(each)} <= heard <= {each.link for each in comments}
    assert [link for link in heard for each in tube.channels.values() if each.handle in link] == []
    assert (fates["missing"], fates["queued"] > 50) == (0, True)
    asked = {(each.route, each.status) for each in tube.ledger.requests}
    assert asked - {("comments", 200)} == {
        ("commentThreads", 200),
        ("commentThreads", 403),
        ("playlistItems", 200),
    }
    assert sum(day.refused for day in tube.meter.spent()) == 0


async def test_a_page_of_nothing_but_what_is_held_hides_nothing() -> None:
    """A hundred comments wait for a moderator; what lies below them is read all the same."""
    tube, clock, who, video = small_tube()
    async with scene(tube, clock) as here:
        source = here.source(video.channel)
        tube.comment(video, who, "First")
        await here.turn(source)
        clock.walk(minutes=1)
        below = tube.comment(video, who, "Below")
        for _ in range(100):
            clock.walk(seconds=1)
            tube.comment(video, who, "Held", held_s=86_400)
        heard = links(await here.turn(source))

    assert below.link in heard


async def test_a_spent_bucket_that_names_no_limit_is_a_pause() -> None:
    """As uploads were refused in 2026-05: the reason is that of haste, and only a message, which nobody reads, tells of a day."""
    tube, clock, *_ = small_tube()
    tube.searches_told_as, tube.envelope = "rateLimitExceeded", "older"
    tube.meter.limits["searches"] = 0
    async with scene(tube, clock) as here:
        with pytest.raises(RateLimited) as pause:
            await here.turn(here.source(None, "titles"))

    assert not isinstance(pause.value, BudgetSpent)
