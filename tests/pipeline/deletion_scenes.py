"""
Networks as the deletion matrix sees them: one post for each thing that can become of a post, each by an account of its
own, before the simulator of that network.

Used by `deletion_story`, which runs the shipped daemon before them. What the daemon should make of each change stands in
`test_deletion_matrix`; here is only how the change is made in that network.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Final

from adapters.bluesky import SPEC as BLUESKY
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Network
from adapters.bluesky.simulator import Trouble, bluesky
from adapters.feed.simulator import Blog, Blogs
from adapters.mastodon import SPEC as MASTODON
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_posts import Toot
from adapters.x import SPEC as X_SPEC
from adapters.x.simulated_network import Network as XNetwork
from adapters.x.simulated_posts import Post as XPost
from adapters.x.simulator import site_of as x_site_of
from adapters.youtube import SPEC as YOUTUBE_SPEC
from adapters.youtube.simulated_parts import Comment, Video
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import site_of as youtube_site_of
from listener.simulation.exchange import Fault, Request, Response, Route
from listener.simulation.people import people
from listener.simulation.scenario import Place
from listener.simulation.world import World
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.bluesky import bluesky_rig
from tests.adapters.mastodon.fediverse import ONE
from tests.adapters.mastodon.test_mastodon_in_the_daemon import named, source, token_file

DAY_S: Final = 86_400.0
Change = Callable[[], object]

ALONE = "left alone"
DELETED = "deleted"
EXPIRED = "expired"
EDITED = "edited"
EDITED_OUT = "edited out of every watch"
ACCOUNT_DELETED = "with its account deleted"
SUSPENDED = "with its account suspended"
DEACTIVATED = "with its account deactivated"
TAKEN_DOWN = "with its account taken down"
PROTECTED = "with its account protected"
LIMITED = "with its account limited"
UNLISTED = "made unlisted"
PRIVATE = "made private"
SIGNED_IN = "with its account for signed-in people only"
NOINDEX = "of somebody who sets noindex"
NOBOT = "of somebody who writes #nobot into the profile"
NOT_INDEXABLE = "of somebody who is not indexable any more, in opt-in mode"
OBJECTED = "of somebody who is put on the objection list"
THREAD_DELETED = "with the comment it answers deleted"
VIDEO_DELETED = "with its video deleted"
COMMENTS_OFF = "with the comments of its video switched off"
CHANNEL_CLOSED = "with the channel it stands on closed"
WITHHELD = "withheld in a country"

CHANGES: Final = (
    ALONE,
    DELETED,
    EXPIRED,
    EDITED,
    EDITED_OUT,
    ACCOUNT_DELETED,
    SUSPENDED,
    DEACTIVATED,
    TAKEN_DOWN,
    PROTECTED,
    LIMITED,
    UNLISTED,
    PRIVATE,
    SIGNED_IN,
    NOINDEX,
    NOBOT,
    NOT_INDEXABLE,
    OBJECTED,
    THREAD_DELETED,
    VIDEO_DELETED,
    COMMENTS_OFF,
    CHANNEL_CLOSED,
    WITHHELD,
)


def old_word(change: str) -> str:
    """A word that stands in the first version of that post and nowhere else in the world."""
    return f"stale{CHANGES.index(change):02}qxv"


def new_word(change: str) -> str:
    """The same for its second version."""
    return f"fresh{CHANGES.index(change):02}qxv"


def first_text(change: str) -> str:
    """Its first words."""
    return f"Ice {old_word(change)} on the road #yyc"


def second_text(change: str) -> str:
    """Its second words; of one that leaves every watch without the hashtag."""
    return f"Black ice {new_word(change)}" + ("" if change == EDITED_OUT else " #yyc")


class Scene(ABC):
    """
    A network with one source before it.

    Args:
        folder: For files that the configuration names.
    """

    network: ClassVar[str]
    """As the objection list knows it."""
    clock_s: ClassVar[float] = DAY_S
    """Within which whatever is not told has to be found out."""
    read_within_s: ClassVar[float]
    """A post that was written is held."""
    streams: ClassVar[bool] = False
    """It is heard without an end, and told of deletions."""
    restless: ClassVar[bool] = False
    """It is heard so often that a day of it takes seconds to simulate."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, VirtualClock()

    @property
    @abstractmethod
    def table(self) -> str:
        """The `[[source]]` table."""

    @property
    @abstractmethod
    def routes(self) -> Mapping[str, Route]:
        """By host."""

    @property
    @abstractmethod
    def changes(self) -> Mapping[str, Change]:
        """What can become of the posts of this network; the objection list is the story's business."""

    def link(self, change: str) -> str | None:
        """By what a consumer knows the post, where no words are kept."""
        return None

    def stir(self) -> None:  # noqa: B027 - most networks need none
        """Something happens that is none of our business."""

    @abstractmethod
    def say(self, change: str) -> None:
        """The post is written."""

    @abstractmethod
    def author(self, change: str) -> str:
        """Who wrote it, as that person would put themselves on the list."""

    @abstractmethod
    def cut_off(self, seconds: float) -> None:
        """For so long nobody gets an answer, and what is open ends."""


class Mastodon(Scene):
    """Hashtags of one instance, read once an hour."""

    network = "mastodon"
    clock_s = MASTODON.recheck.within_s if MASTODON.recheck else 0.0
    read_within_s = 2 * 3600.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.world = Fediverse(self.clock, hashtags=("#yyc",))
        self.here = self.world.instance(ONE)
        self.toots: dict[str, Toot] = {}
        self.served = named(self.world)

    @property
    def table(self) -> str:
        return source(ONE, interval_s=3600)

    @property
    def routes(self) -> Mapping[str, Route]:
        return self.served.routes

    @property
    def changes(self) -> Mapping[str, Change]:
        world, toots = self.world, self.toots

        def becomes(change: str, **how: Any) -> Change:
            def act() -> None:
                for name, value in how.items():
                    setattr(toots[change].account, name, value)

            return act

        def shown_to(change: str, visibility: Any) -> Change:
            return lambda: setattr(toots[change], "visibility", visibility)

        return {
            ALONE: lambda: None,
            DELETED: lambda: world.delete(toots[DELETED]),
            EDITED: lambda: world.edit(toots[EDITED], second_text(EDITED)),
            EDITED_OUT: lambda: world.edit(toots[EDITED_OUT], second_text(EDITED_OUT)),
            ACCOUNT_DELETED: lambda: world.remove(toots[ACCOUNT_DELETED].account),
            SUSPENDED: becomes(SUSPENDED, suspended=True),
            LIMITED: becomes(LIMITED, limited=True),
            UNLISTED: shown_to(UNLISTED, "unlisted"),
            PRIVATE: shown_to(PRIVATE, "private"),
            NOINDEX: becomes(NOINDEX, noindex=True),
            NOBOT: becomes(NOBOT, note="Teacher. #nobot"),
            NOT_INDEXABLE: becomes(NOT_INDEXABLE, indexable=False),
        }

    def say(self, change: str) -> None:
        self.toots[change] = self.world.post(self.world.account(ONE), first_text(change))

    def author(self, change: str) -> str:
        return f"@{self.toots[change].account.username}@{ONE}"

    def cut_off(self, seconds: float) -> None:
        self.here.disturb("outage", start_at=self.clock.now(), seconds=seconds)


class MastodonStream(Mastodon):
    """The same by server-sent events."""

    read_within_s = 60.0
    streams = restless = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.world.account(ONE)
        token_file(self.world, folder)

    @property
    def table(self) -> str:
        return source(ONE, token_file=str(self.folder / "token"))


class Bluesky(Scene):
    """One Jetstream host and the AppView."""

    network = "bluesky"
    clock_s = BLUESKY.recheck.within_s if BLUESKY.recheck else 0.0
    read_within_s = 60.0
    streams = restless = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.net = Network(self.clock, 7, bluesky_rig.TAGS)
        self.net.own.add(self.net.join(handle=bluesky_rig.CITY).did)
        self.served = bluesky(self.net, bluesky_rig.HOSTS[:1])
        self.host = self.served.jetstreams[bluesky_rig.HOSTS[0]]
        self.host.ping_s = 90.0  # a third of the usual, to be simulated in less time
        self.uris: dict[str, str] = {}

    @property
    def table(self) -> str:
        return bluesky_rig.source(bluesky_rig.HOSTS[:1], silence_s=DAY_S)

    @property
    def routes(self) -> Mapping[str, Route]:
        return self.served.routes()

    @property
    def changes(self) -> Mapping[str, Change]:
        net, uris = self.net, self.uris

        def did(change: str) -> str:
            return net.records[uris[change]].did

        return {
            ALONE: lambda: None,
            DELETED: lambda: net.delete(uris[DELETED]),
            EDITED: lambda: net.edit(uris[EDITED], second_text(EDITED)),
            EDITED_OUT: lambda: net.edit(uris[EDITED_OUT], second_text(EDITED_OUT)),
            ACCOUNT_DELETED: lambda: net.set_status(did(ACCOUNT_DELETED), "deleted"),
            SUSPENDED: lambda: net.set_status(did(SUSPENDED), "suspended"),
            DEACTIVATED: lambda: net.set_status(did(DEACTIVATED), "deactivated"),
            TAKEN_DOWN: lambda: net.set_status(did(TAKEN_DOWN), "takendown"),
            SIGNED_IN: lambda: net.label_account(did(SIGNED_IN), (NO_UNAUTHENTICATED,)),
        }

    def stir(self) -> None:
        """A post that nobody asks for: only posts move the cursor."""
        self.net.post(self.net.join().did, "Nothing in particular")

    def say(self, change: str) -> None:
        self.uris[change] = self.net.post(self.net.join().did, first_text(change)).uri

    def author(self, change: str) -> str:
        return self.net.accounts[self.net.records[self.uris[change]].did].handle

    def cut_off(self, seconds: float) -> None:
        now = self.clock.now()
        self.served.troubles.append(Trouble("*", "reset", now, now + timedelta(seconds=seconds)))
        self.host.cut()


class Feed(Scene):
    """A blog whose Atom feed tells deletions (RFC 6721), and a JSON Feed whose items expire."""

    network = "feed"
    read_within_s = 2 * 3600.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.world = World((Place("blog", "Blog", "en"),), self.clock, ("#yyc",))
        self.blogs = Blogs(self.world, {"blog": Blog(place="blog", format="atom", window=20)})
        self.blogs.server = SimpleNamespace(address="http://blog.example")  # type: ignore[assignment]  # only its name is asked for
        self.items: list[dict[str, Any]] = []
        self.posts: dict[str, str] = {}
        self.away_until = self.clock.now()

    @property
    def table(self) -> str:
        tables = (
            f'[[source]]\nname = "{name}"\nadapter = "feed"\nrelation = "public"\ncriterion = "Blogs"\n'
            f'address = "{address}"\ninterval_s = 3600\n'
            for name, address in (
                ("blog", "http://blog.example/blog/feed/atom/"),
                ("json", "http://json.example/feed.json"),
            )
        )
        return "\n".join(tables)

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"blog.example": self.blogs.answer, "json.example": self._json}

    async def _json(self, request: Request) -> Response:
        if self.clock.now() < self.away_until:
            return Response(fault=Fault(reset=True))
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Json", "items": self.items}
        body = json.dumps(feed).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.header("if-none-match") == tag:
            return Response(status=304, headers=(("ETag", tag),))
        return Response(headers=(("Content-Type", "application/feed+json"), ("ETag", tag)), body=body)

    @property
    def changes(self) -> Mapping[str, Change]:
        world, posts = self.world, self.posts
        return {
            ALONE: lambda: None,
            DELETED: lambda: world.delete(posts[DELETED]),
            EXPIRED: lambda: self.items[0].update(expired=True),
            EDITED: lambda: world.edit(posts[EDITED], second_text(EDITED)),
            EDITED_OUT: lambda: world.edit(posts[EDITED_OUT], second_text(EDITED_OUT)),
        }

    def say(self, change: str) -> None:
        if change == EXPIRED:
            at = self.clock.now().isoformat()
            address = "http://json.example/1"
            self.items.append(
                {"id": address, "url": address, "content_text": first_text(change), "date_published": at}
            )
            return
        self.posts[change] = self.world.publish(
            "blog", people(5, 40)[len(self.posts)], first_text(change), title="News"
        ).post

    def author(self, change: str) -> str:
        return self.world.entries[self.posts[change]].author.name

    def cut_off(self, seconds: float) -> None:
        self.world.disturb("blog", "reset", seconds)
        self.away_until = self.clock.now() + timedelta(seconds=seconds)

    def show_again(self, change: str) -> None:
        """As a cache does that has not heard of the deletion."""
        self.world.entries[self.posts[change]] = replace(
            self.world.entries[self.posts[change]], deleted_at=None, edited_at=self.clock.now()
        )


class YouTube(Scene):
    """Comments on one channel, its videos, and comments on another channel, which closes."""

    network = "youtube"
    clock_s = YOUTUBE_SPEC.recheck.within_s if YOUTUBE_SPEC.recheck else 0.0
    read_within_s = 2 * 3600.0
    restless = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tube = Tube(self.clock, hashtags=("#yyc",))
        self.tube.adorn = self._adorned
        self.valley, self.closing = (
            self.tube.channel(title=f"Valley {n}", handle=f"valley{n}") for n in (1, 2)
        )
        self.on: dict[str, Video] = {}
        self.posts: dict[str, Comment | Video] = {}
        self.unlisted = ""
        self.served = youtube_site_of(self.tube)
        self.secret = _secret(folder, "a-good-key")

    @property
    def table(self) -> str:
        return "\n".join(
            _source(name, "youtube", "http://youtube.example", interval_s=3600)
            + f'key_file = "{self.secret}"\nlisten = "{listen}"\nchannel = "{channel.id}"\nchannel_of = "publication"\n'
            for name, listen, channel in (
                ("comments", "comments", self.valley),
                ("videos", "uploads", self.valley),
                ("closing", "comments", self.closing),
            )
        )

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"youtube.example": self.served.site.answer}

    @property
    def changes(self) -> Mapping[str, Change]:
        tube, posts = self.tube, self.posts

        def comment(change: str) -> Comment:
            found = posts[change]
            assert isinstance(found, Comment)
            return found

        def parent(change: str) -> Comment:
            found = comment(change).parent
            assert found is not None
            return found

        return {
            ALONE: lambda: None,
            DELETED: lambda: tube.delete(posts[DELETED]),
            EDITED: lambda: tube.edit(posts[EDITED], second_text(EDITED)),
            EDITED_OUT: lambda: tube.edit(posts[EDITED_OUT], second_text(EDITED_OUT)),
            ACCOUNT_DELETED: lambda: tube.close(comment(ACCOUNT_DELETED).author),
            THREAD_DELETED: lambda: tube.delete(parent(THREAD_DELETED)),
            VIDEO_DELETED: lambda: tube.delete(comment(VIDEO_DELETED).video),
            COMMENTS_OFF: lambda: setattr(comment(COMMENTS_OFF).video, "comments_enabled", False),
            CHANNEL_CLOSED: lambda: tube.close(self.closing),
            UNLISTED: lambda: setattr(self, "unlisted", posts[UNLISTED].id),
            PRIVATE: lambda: tube.delete(
                posts[PRIVATE]
            ),  # what is private is shown to nobody who has but a key
        }

    def say(self, change: str) -> None:
        tube = self.tube
        if change in (UNLISTED, PRIVATE):
            self.posts[change] = tube.video(self.valley, first_text(change))
            return
        own = change in (VIDEO_DELETED, COMMENTS_OFF, CHANNEL_CLOSED)
        where = change if own else ALONE
        if where not in self.on:
            self.on[where] = tube.video(self.closing if change == CHANNEL_CLOSED else self.valley, "News")
        video = self.on[where]
        to = (
            tube.comment(video, tube.channel(), "Nothing in particular") if change == THREAD_DELETED else None
        )
        self.posts[change] = tube.comment(video, tube.channel(), first_text(change), to=to)

    def author(self, change: str) -> str:
        found = self.posts[change]
        return f"@{found.author.handle}" if isinstance(found, Comment) else f"@{found.channel.handle}"

    def cut_off(self, seconds: float) -> None:
        self.tube.disturb("reset", seconds)

    def _adorned(self, kind: str, item: dict[str, Any]) -> dict[str, Any]:
        """One video is not listed any more; the list of uploads leaves it out or says so."""
        video = item["id"] if kind == "video" else item.get("contentDetails", {}).get("videoId")
        if video == self.unlisted and "status" in item:
            item["status"] = {"privacyStatus": "unlisted"}
        return item


class X(Scene):
    """A search; of what it finds the text is kept."""

    network = "x"
    clock_s = X_SPEC.recheck.within_s if X_SPEC.recheck else 0.0
    read_within_s = 700.0
    restless = True
    keep = "text"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.net = XNetwork(self.clock, hashtags=("#yyc",))
        self.served = x_site_of(self.net)
        self.secret = _secret(folder, "app-token")
        self.posts: dict[str, XPost] = {}

    @property
    def table(self) -> str:
        return _source("x", "x", "http://x.example", interval_s=600) + (
            f'token_file = "{self.secret}"\nkeep = "{self.keep}"\nmonthly_usd = 1000\npermission_ref = "file 7"\n'
            'attestation = { plan = "Enterprise", end_users = ["Communications"], by = "a test", attested_on = 2026-01-01 }\n'
        )

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"x.example": self.served.site.answer}

    @property
    def changes(self) -> Mapping[str, Change]:
        net, posts = self.net, self.posts

        def edit(change: str) -> Change:
            def act() -> None:
                assert net.edit(posts[change], second_text(change)), "an hour is too late"

            return act

        return {
            ALONE: lambda: None,
            DELETED: lambda: net.delete(posts[DELETED]),
            EDITED: edit(EDITED),
            EDITED_OUT: edit(EDITED_OUT),
            SUSPENDED: lambda: net.suspend(posts[SUSPENDED].author),
            PROTECTED: lambda: net.protect(posts[PROTECTED].author),
            WITHHELD: lambda: net.withhold(posts[WITHHELD], "CA"),
        }

    def say(self, change: str) -> None:
        self.posts[change] = self.net.post(self.net.account(), first_text(change))

    def author(self, change: str) -> str:
        return f"@{self.posts[change].author.username}"

    def cut_off(self, seconds: float) -> None:
        self.served.site.disturb("reset", seconds)


class XLinks(X):
    """The same; only the link is kept."""

    keep = "links"

    def link(self, change: str) -> str | None:
        return f"https://x.com/i/web/status/{self.posts[change].id}" if change in self.posts else None


def _secret(folder: Path, value: str) -> Path:
    """A file that nobody else may read."""
    file = folder / "secret"
    file.touch(mode=0o600)
    file.write_text(value, "utf-8")
    return file


def _source(name: str, adapter: str, endpoint: str, **keys: object) -> str:
    values = {
        "name": name,
        "adapter": adapter,
        "relation": "public",
        "criterion": "Here",
        "endpoint": endpoint,
        **keys,
    }
    return "\n".join(["[[source]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


SCENES: Final[Mapping[str, type[Scene]]] = {
    "mastodon by polling": Mastodon,
    "mastodon by stream": MastodonStream,
    "bluesky": Bluesky,
    "feed": Feed,
    "youtube": YouTube,
    "x": X,
}
