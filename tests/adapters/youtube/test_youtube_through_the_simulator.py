"""
The adapter against the simulated YouTube, which shares no code with it, through the reader that ships: from bytes on a socket
to posts and verdicts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from msgspec import structs

from adapters.youtube import SPEC
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.simulated_parts import Channel, Comment, Manner, Video
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import Served, serve
from listener.adapter import Ask, Cursor, Interest, Item, Terms
from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    RateLimited,
    SourceError,
    SourceUnavailable,
)
from listener.events import Post, Rejected, WatchName
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from listener.testing.canned import Watching
from tests.adapters.youtube.simulated_youtube import KEY, small_tube
from tests.fakes.loopback import LOOPBACK
from tests.fakes.plain_client import Walker

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


@dataclass
class Scene:
    """The city's channel with one video, and sources that read it."""

    tube: Tube
    clock: Walker
    anna: Channel
    video: Video
    served: Served
    web: Web
    interest: Interest = field(
        default_factory=lambda: Watching({WatchName("city"): Terms(hashtags=frozenset({"yyc"}))})
    )
    cursors: dict[str, Cursor | None] = field(default_factory=dict)

    def source(self, **settings: Any) -> Any:
        """As the core builds it, without the spacing that would take minutes."""
        keys = {
            "endpoint": self.served.address,
            "channel": self.video.channel.id,
            "relation": "own",
            "key": KEY,
            **settings,
        }
        config = YouTubeConfig.model_validate(
            {key: value for key, value in keys.items() if value is not None}
        )
        reaches = [replace(reach, spacing_s=0.0) for reach in SPEC.reaches(config)]
        return SPEC.build(config, self.web.reader("here", reaches), self.clock, self.interest)

    async def turn(self, source: Any, key: str = "") -> list[Item]:
        """All that one turn brings."""
        items: list[Item] = []
        while True:
            page = await source.fetch(self.cursors.get(key))
            self.cursors[key] = page.cursor or self.cursors.get(key)
            items += page.items
            if not page.more:
                return items

    async def turns(self, source: Any, count: int) -> list[Item]:
        """So many, a minute apart."""
        items: list[Item] = []
        for _ in range(count):
            items += await self.turn(source)
            self.clock.walk(minutes=1)
        return items

    def say(self, text: str = "Ice", **how: Any) -> Comment:
        """A second later, somebody."""
        self.clock.walk(seconds=1)
        return self.tube.comment(self.video, self.anna, text, **how)


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    tube, clock, anna, video = small_tube()
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
        yield Scene(tube, clock, anna, video, served, web)


def posts(items: list[Item]) -> dict[str, Post]:
    """By identity; the last of each."""
    return {item.native: item for item in items if isinstance(item, Post)}


# ------------------------------------------------------------------------------------------------------ reading


async def test_a_burst_is_read_whole_and_nobody_crosses_the_wire() -> None:
    """Two hundred and fifty comments and a picture between two turns, each once, with text, link and no author."""
    async with scene() as here:
        source = here.source()
        await here.turn(source)
        said = [here.say(f"Ice & snow <{number}>") for number in range(250)]
        picture = here.say("", picture=True)
        found = posts(await here.turn(source))

    assert {one.id: one.text for one in said} == {one: found[one].text for one in found if one != picture.id}
    assert (found[picture.id].text, found[picture.id].addressed) == ("", True)
    assert {one.link for one in found.values()} == {
        f"https://www.youtube.com/watch?v={here.video.id}&lc={one}" for one in found
    }
    assert {one.author for one in found.values()} == {None}


async def test_late_replies_and_comments_that_were_held_are_read() -> None:
    """Behind three hundred newer comments, by the round over the recent videos; a video without comments fails nothing."""
    async with scene() as here:
        here.tube.video(here.video.channel, "Council", comments_enabled=False)
        source = here.source()
        top = here.say("Who ploughs this?")
        held = here.say("Slowly", held_s=1800)
        for _ in range(300):
            here.say()
        await here.turns(source, 8)
        late = [here.say(f"We do {number}", to=top) for number in range(8)]
        here.clock.walk(minutes=30)
        found = posts(await here.turns(source, 70))

    assert {held.id, *(one.id for one in late)} <= found.keys()
    assert {found[one.id].reply_to for one in late} == {top.id}


async def test_what_was_edited_or_deleted_is_known_when_asked_again() -> None:
    """Through the same words it was read with."""
    async with scene() as here:
        source = here.source()
        first, second, third = here.say("One"), here.say("Two"), here.say("Three")
        answer = here.say("Four", to=third)
        found = posts(await here.turn(source))
        here.clock.walk(minutes=5)
        here.tube.edit(second, "Two!")
        here.tube.delete(first)
        asks = [Ask(str(found[one.id].ask)) for one in (first, second, third, answer)]
        verdicts = list((await source.recheck(asks)).values())

    assert [verdict.state for verdict in verdicts] == ["gone", "changed", "changed", "changed"]
    assert verdicts[1].post == structs.replace(found[second.id], text="Two!", edited_at=here.clock.now())
    assert [verdict.post for verdict in verdicts[2:]] == [found[third.id], found[answer.id]]


async def test_uploads_and_titles_are_one_video() -> None:
    """The same identity and link, however it was found; asked about again it is as it was."""
    async with scene() as here:
        here.clock.walk(minutes=1)
        shown = here.tube.video(here.video.channel, "Rock & snow #yyc", "About <it>")
        uploads, titles = here.source(listen="uploads"), here.source(listen="titles", channel=None)
        upload = posts(await here.turn(uploads, "uploads"))[shown.id]
        found = posts(await here.turn(titles, "titles"))[shown.id]
        (again,) = (await uploads.recheck([Ask(str(upload.ask))])).values()
        (as_found,) = (await titles.recheck([Ask(str(found.ask))])).values()
        here.tube.delete(shown)
        silent = await titles.recheck([Ask(str(found.ask))])  # nothing else is known to be there
        here.clock.walk(hours=7)
        (gone,) = (await titles.recheck([Ask(str(found.ask))])).values()

    assert (upload.title, upload.text, upload.by_us) == ("Rock & snow #yyc", "About <it>", True)
    assert (found.title, found.text, found.by_us) == ("Rock & snow #yyc", "", False)
    assert (found.link, found.aliases) == (upload.link, upload.aliases)
    assert (again.post, as_found.post, dict(silent), gone.state) == (upload, found, {}, "gone")


async def test_a_garbled_item_spoils_no_other() -> None:
    """And nothing that nobody told of passes."""
    async with scene() as here:
        bad, good = here.say("Bad"), here.say("Good")

        def adorned(kind: str, item: dict[str, Any]) -> dict[str, Any]:
            if item.get("id") == bad.id:
                return {"id": 5, "snippet": None}
            return {**item, "author": "Jo Fenn"}

        here.tube.adorn = adorned
        items = await here.turn(here.source())

    assert [item.reason for item in items if isinstance(item, Rejected)] == ["unreadable_item"]
    assert list(posts(items)) == [good.id]


# ------------------------------------------------------------------------------------------------------- errors

MEANT: dict[Manner, tuple[type[SourceError], str | None]] = {
    "processing": (SourceUnavailable, None),
    "502-html": (SourceUnavailable, None),
    "html": (DocumentRefused, "not_an_answer"),
    "garbage": (DocumentRefused, "not_an_answer"),
    "empty": (DocumentRefused, "not_an_answer"),
    "reset": (SourceUnavailable, None),
    "cut": (SourceUnavailable, None),
}


@pytest.mark.parametrize("manner", MEANT)
async def test_a_service_in_trouble_is_one_of_our_errors(manner: Manner) -> None:
    """And when the trouble is over, what was said meanwhile is read."""
    async with scene() as here:
        source = here.source()
        await here.turn(source)
        said = here.say()
        here.tube.disturb(manner, 60)
        kind, word = MEANT[manner]
        with pytest.raises(kind) as caught:
            await here.turn(source)
        here.clock.walk(minutes=2)
        found = posts(await here.turn(source))

    assert getattr(caught.value, "reason", None) == word
    assert said.id in found


@pytest.mark.parametrize("envelope", ["older", "newer"])
async def test_keys_and_quotas_are_told_apart_in_both_envelopes(envelope: Any) -> None:
    """A wrong key, a channel that is none, an empty bucket of units until midnight in California, and one of searches."""
    async with scene() as here:
        here.tube.envelope = envelope
        with pytest.raises(AccessDenied) as refused:
            await here.turn(here.source(key="another-key"), "other")
        with pytest.raises(DocumentRefused) as nowhere:
            await here.turn(here.source(channel="UC0000000000000000000000"), "nowhere")
        here.tube.meter.limits = {"searches": 0, "units": 0}
        with pytest.raises(BudgetSpent) as spent:
            await here.turn(here.source())
        with pytest.raises(BudgetSpent) as searches:
            await here.turn(here.source(listen="titles", channel=None))
        here.tube.searches_told_as = "rateLimitExceeded"
        with pytest.raises(RateLimited) as hasty:
            await here.turn(here.source(listen="titles", channel=None))

    assert (refused.value.code, nowhere.value.reason) == ("key_refused", "channel_not_found")
    assert (spent.value.budget, searches.value.budget) == ("units", "searches")
    assert spent.value.wait_s == 20 * 3600 - (here.clock.now().minute * 60 + here.clock.now().second)
    # only the newer envelope says that it is the day's searches: the older one could mean a minute's
    assert isinstance(hasty.value, BudgetSpent) is (envelope == "newer")
