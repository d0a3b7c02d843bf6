"""
Sealed links through the shipped daemon, before the simulators: what three networks name an account in is sealed, opens to
exactly that address while the post is here, and to nothing afterwards.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.feed.simulator import Blog, Blogs
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_posts import Toot
from listener.simulation.exchange import Route
from listener.simulation.people import people
from listener.simulation.scenario import Place
from listener.simulation.world import World
from listener.testing.rig import Rig, rig
from listener.testing.rig import source as feed
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.bluesky import bluesky_rig
from tests.adapters.mastodon.fediverse import ONE
from tests.adapters.mastodon.test_mastodon_in_the_daemon import named, source, token_file

pytestmark = pytest.mark.anyio

DAY = 86_400.0
PUBLIC = "https://listen.example/office"
HTTP = f'public_url = "{PUBLIC}/"\n'
BLOG = feed("blog", "http://blog.example/blog/feed/atom/", interval_s=3600)


@pytest.fixture
def anyio_backend() -> str:
    """The rig is asyncio's."""
    return "asyncio"


@dataclass
class Blogger:
    """A blog whose articles lie under the page of their author, and one whose articles lie under their date."""

    clock: VirtualClock
    world: World = field(init=False)
    blogs: Blogs = field(init=False)

    def __post_init__(self) -> None:
        places = (Place("blog", "Blog", "en", links="author"), Place("paper", "Paper", "en"))
        self.world = World(places, self.clock, ("#yyc",))
        shown = {place.name: Blog(place=place.name, format="atom", window=20) for place in places}
        self.blogs = Blogs(self.world, shown)
        self.blogs.server = SimpleNamespace(address="http://blog.example")  # type: ignore[assignment]  # only its name is asked for

    def write(self, text: str, place: str = "blog") -> str:
        """A new article; gives its name in the world."""
        author = people(5, 40)[len(self.world.entries)]
        return self.world.publish(place, author, f"{text} #yyc", title="News").post

    def address(self, post: str) -> str:
        """Where people read it."""
        return f"http://blog.example{self.world.link(self.world.entries[post])}"

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"blog.example": self.blogs.answer}


async def links(house: Rig) -> dict[str, str | None]:
    """Of every post held, by its text."""
    return {
        event["data"]["text"].partition(" #")[0]: event["data"]["link"]
        for event in await house.events()
        if event["type"] in ("listener.post.created", "listener.post.updated")
    }


def path_of(link: str | None) -> str:
    """As a proxy that serves the service under a prefix hands it on."""
    assert link is not None
    assert re.fullmatch(rf"{re.escape(PUBLIC)}/open/[A-Za-z0-9_-]+", link), link
    return link.removeprefix(PUBLIC)


async def opened(house: Rig, link: str | None) -> tuple[int, str]:
    """The answer to the button, and where its link leads; its heading where there is none."""
    status, body = await house.press(path_of(link))
    page = body.decode()
    found = re.findall(r'<a href="([^"]*)" rel="noreferrer noopener nofollow">', page)
    if found:
        assert (status, len(found)) == (200, 1)
        return status, html.unescape(found[0])
    return status, re.findall(r"<h1>(.*?)</h1>", page)[0]


async def updates(house: Rig) -> int:
    """How many posts were told as updated."""
    return sum(event["type"] == "listener.post.updated" for event in await house.events())


def toot_address(toot: Toot) -> str:
    """Its page at home, which lies under its author's."""
    return f"https://{ONE}/@{toot.account.username}/{toot.uri.rpartition('/statuses/')[2]}"


def told(house: Rig) -> list[tuple[str, str, str]]:
    """What was noted of links, each time once."""
    return [(line["outcome"], line["network"], line["source"]) for line in house.log("link.opened")]


async def test_what_names_an_account_is_sealed_and_opens_while_it_is_here(tmp_path: Path) -> None:
    """
    A status whose address holds a handle and an article under its author's page open to exactly the simulators' addresses,
    after a restart and on the next day too, and every reading until then is a repeat; an article of a publication is as it
    was. Deleted at its source, or forgotten by its own sealed link, a post opens no more.
    """
    clock = VirtualClock()
    fediverse, blog = Fediverse(clock, hashtags=("#yyc",)), Blogger(clock)
    fediverse.instance(ONE, "gotosocial")
    author = fediverse.account(ONE)
    tables = (
        source(ONE, interval_s=3600, streaming="off", token_file=str(token_file(fediverse, tmp_path))),
        BLOG,
        feed("paper", "http://blog.example/paper/feed/atom/", interval_s=3600),
    )
    routes = {**named(fediverse).routes, **blog.routes}
    async with rig(*tables, hosts=routes, clock=clock, http=HTTP) as house:
        toot = fediverse.post(author, "Toot #yyc")
        article, other, public = blog.write("Blog"), blog.write("Other"), blog.write("Paper", "paper")
        await house.pass_s(2 * 3600)
        given = await links(house)
        sealed = {name: given[name] for name in ("Toot", "Blog", "Other")}
        first = {name: await opened(house, link) for name, link in sealed.items()}
        await house.restart()
        await house.pass_s(DAY)
        later = {name: await opened(house, link) for name, link in sealed.items()}
        again, updated = await links(house), await updates(house)
        fediverse.delete(toot)
        blog.world.delete(article)
        _, found = await house.command("find", link=sealed["Other"])
        _, forgot = await house.command("forget", link=sealed["Other"])
        await house.pass_s(26 * 3600)
        gone = {name: await opened(house, link) for name, link in sealed.items()}
        noted, log = told(house), house.out.getvalue()

    targets = {"Toot": toot_address(toot), "Blog": blog.address(article), "Other": blog.address(other)}
    assert given == again == {**sealed, "Paper": blog.address(public)}
    assert first == later == {name: (200, target) for name, target in targets.items()}
    assert updated == 0
    (held,) = json.loads(found)["found"]
    assert (held["state"], json.loads(forgot)["keys"]) == ("live", [held["key"]])
    assert set(gone.values()) == {(410, "This post is gone")}
    was = [("opened", "mastodon", "one"), ("opened", "feed", "blog"), ("opened", "feed", "blog")]
    assert noted == [*was, *was, *[("gone", "", "")] * 3]
    secrets = [
        *targets.values(),
        author.username,
        *(path_of(link).removeprefix("/open/") for link in sealed.values()),
    ]
    assert [text for text in secrets if text in log] == []


async def test_a_post_under_a_did_is_sealed_and_opens_while_it_is_here() -> None:
    """
    Every address on Bluesky names an account; what was deleted there opens no more as soon as that was told.
    """
    async with bluesky_rig.town(hosts=bluesky_rig.HOSTS[:1], http=HTTP) as town:
        uri = await town.say("Ice")
        (event,) = await town.posts()
        first = await opened(town.house, event["data"]["link"])
        town.network.delete(uri)
        await town.house.pass_s(20)
        after = await opened(town.house, event["data"]["link"])
        noted = told(town.house)

    did, rkey = uri.removeprefix("at://").split("/app.bsky.feed.post/")
    assert first == (200, f"https://bsky.app/profile/{did}/post/{rkey}")
    assert after == (410, "This post is gone")
    assert noted == [("opened", "bluesky", "bluesky"), ("gone", "", "")]


async def test_after_the_retention_a_link_has_ended() -> None:
    """
    First because its post's time is over; then because the day's key was destroyed, and with it whatever copy of the link
    there is. Links of later days go on.
    """
    clock = VirtualClock()
    blog = Blogger(clock)
    async with rig(BLOG, hosts=blog.routes, clock=clock, http=HTTP) as house:
        blog.write("Early ice")
        await house.pass_s(2 * 3600)
        early = (await links(house))["Early ice"]
        await house.stop()
        await house.pass_s(5 * DAY)
        late = blog.write("Late ice")
        await house.start()
        await house.pass_s(2 * 3600)
        found = await links(house)
        await house.stop()
        await house.pass_s(25 * DAY)
        await house.start()
        before = await opened(house, early)
        await house.keep_up()
        after = await opened(house, early)
        await house.stop()
        await house.pass_s(DAY)
        await house.start()
        await house.keep_up()
        at_last = [await opened(house, link) for link in (early, found["Late ice"])]
        destroyed = house.log("upkeep.keys_destroyed")

    assert before == after == (410, "This link has ended")
    assert at_last == [(410, "This link has ended"), (200, blog.address(late))]
    assert sum(line["days"] for line in destroyed) >= 1


async def test_a_reload_starts_moves_and_ends_sealing_for_new_posts() -> None:
    """
    What is stored stays as it is, and is told again by nobody's reading: null before, sealed since, sealed elsewhere, null
    again. Whatever was given out opens as long as it would have.
    """
    clock = VirtualClock()
    blog = Blogger(clock)
    async with rig(BLOG, hosts=blog.routes, clock=clock) as house:
        posts: dict[str, str] = {}
        for name, http in (
            ("Before", None),
            ("Since", HTTP),
            ("Moved", 'public_url = "http://10.1.2.3:8080"\n'),
            ("Ended", ""),
        ):
            if http is not None:
                await house.configure(BLOG, http=http)
            posts[name] = blog.write(name)
            await house.pass_s(2 * 3600)
        found, updated = await links(house), await updates(house)
        moved = (found["Moved"] or "").replace("http://10.1.2.3:8080", PUBLIC)
        ways = [await opened(house, link) for link in (found["Since"], moved)]
        said: list[dict[str, Any]] = house.log("reload.applied")

    assert (found["Before"], found["Ended"]) == (None, None)
    assert (found["Moved"] or "").startswith("http://10.1.2.3:8080/open/")
    assert ways == [(200, blog.address(posts["Since"])), (200, blog.address(posts["Moved"]))]
    assert updated == 0
    assert [line["unchanged"] for line in said] == [1, 1, 1]
