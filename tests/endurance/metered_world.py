"""
Two networks that charge: two channels of a city on YouTube, and X, on which anybody talks of it. Each has a large budget and a
small one of another credential, which may spend far less than its sources would.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, get_args

from adapters.x import simulated_site as x_site
from adapters.x import simulator as x
from adapters.x.simulated_posts import Post
from adapters.youtube import simulator as youtube
from adapters.youtube.simulated_parts import Channel, Comment, Key, Manner, Video
from listener.simulation.clock import ScaledClock
from listener.simulation.exchange import Route
from listener.simulation.ledger import Ledger
from listener.simulation.server import Request, Response, serve
from tests.endurance.bills import Bill, XBill, YouTubeBill
from tests.endurance.fediverse_world import HEAD
from tests.endurance.lines import Line, lines
from tests.endurance.told import word

HOURS: Final = ("x-hours", "x-small")
"""The sources that tell numbers."""

USD, SMALL_USD = 400.0, 1.0
"""A month. The small one pays for eight questions at once when a month begins, and then for six a day; there is one an hour,
and one that fails may have been charged."""

POSTS: Final = 3_000_000
"""A month. Of it and of the large sum there are two, because the app's token and its signing keys do not say that they belong
to one app."""

UNITS, SMALL_UNITS = 10_000, 100
"""A day. Who is asked every minute would spend the small one in an hour and a half."""

_REFUSALS: Final = frozenset({"quota", "forbidden"})
"""Not among the troubles: who is refused comes back another day only."""

_X_MANNERS: Final = get_args(x_site.Manner)
_MANNERS: Final = tuple(manner for manner in get_args(Manner) if manner not in _REFUSALS)
_ROUTES: Final = ("search", "counts", "mentions", "lookup", None)
_METHODS: Final = ("commentThreads", "comments", "playlistItems", "videos", None)

STARTS: Final = (
    datetime.fromisoformat("2027-03-01T08:05:00Z"),
    datetime.fromisoformat("2027-03-31T22:30:00Z"),
)
"""Five minutes into a day of California and hours into a month: little may be spent. Or shortly before both turn."""


class MeteredWorld:
    """
    A crowd that posts, answers, corrects and regrets on both.

    Args:
        clock: Whose time it is.
    """

    def __init__(self, clock: ScaledClock) -> None:
        self.clock = clock
        self.network = x.Network(clock, hashtags=("#yyc",))
        self._people = [self.network.account() for _ in range(20)]
        self.sites = {name: x.site_of(self.network) for name in ("x", "x-small")}
        self.sites["x-small"].site.keys.app = {"small-token"}
        self.tube = youtube.Tube(clock, hashtags=("#yyc",))
        self.tube.keys["a-small-key"] = Key("small")
        self._channels = [
            self.tube.channel(title=title, handle=title.lower(), own=True) for title in ("City", "Transit")
        ]
        self._viewers = [self.tube.channel() for _ in range(12)]
        self._numbers: dict[str, int] = {}
        self._posts: list[Post] = []
        self._comments: list[Comment] = []
        self.answers: dict[tuple[str, datetime], set[int]] = {}
        """What X answered of an hour, by the source that asked and its start."""
        self.paging = threading.Event()
        """Set when an answer says that it has a next page."""
        self._upload(self._channels[0])
        self._upload(self._channels[1])

    @property
    def ledger(self) -> Ledger:
        """Both books in one; a post goes by its number."""
        numbered, book = list(self._numbers.items()), Ledger()  # first: whoever has a number is in a book
        both = {**self.network.ledger.posts, **self.tube.ledger.posts}
        for name, number in numbered:
            book.published(replace(both[name], post=f"{both[name].place} {number}"))
        return book

    @property
    def bills(self) -> tuple[Bill, ...]:
        """What each credential was charged, by who charges it."""
        large, small = (self.sites[name].site.bill for name in ("x", "x-small"))
        listening = frozenset({"x-search", "x-hours", "x-mentions"})
        return (
            XBill("usd", listening, 2 * USD, large, 15),
            XBill("posts", listening, 2 * POSTS, large, 15),
            XBill("usd", frozenset({"x-small"}), SMALL_USD, small, 1),
            YouTubeBill("units", frozenset({"comments", "uploads"}), UNITS, self.tube.meter, "listener"),
            YouTubeBill("units", frozenset({"transit"}), SMALL_UNITS, self.tube.meter, "small"),
        )

    # ------------------------------------------------------------------------------------------- what happens

    def act(self, chance: random.Random) -> None:
        """Somebody does something on one of them."""
        self.network.turn()
        self.tube.turn()
        (self._on_x if chance.random() < 0.6 else self._on_youtube)(chance)

    def nap(self, minutes: float, chance: random.Random) -> bool:
        """So long nobody listens; whether so much happens meanwhile that it takes several pages."""
        began = self.clock.now()
        self.clock.start_at += timedelta(minutes=minutes)
        posts, comments = chance.choice(((0, 0), (10, 10), (70, 10), (70, 300)))
        if len(self._comments) > 300:
            comments = 10
        for _ in range(posts):
            at = began + timedelta(minutes=minutes * chance.random())
            self.network.plan(at, lambda: self._on_x(chance))
        for _ in range(comments):
            at = began + timedelta(minutes=minutes * chance.random())
            self.tube.plan(at, lambda: self._on_youtube(chance))
        return max(posts, comments) > 10

    def _on_x(self, chance: random.Random) -> None:
        """A post, an answer, an edit, a deletion, a repost."""
        living = [post for post in self._posts[-60:] if post.deleted_at is None]
        fate = chance.random()
        if fate < 0.6 or not living:
            self._post(chance, living)
        elif fate < 0.8:
            post = chance.choice(living)
            said = f"Black ice {self._next_word(post.id)} {_tail(post.latest.raw)}"
            self.network.edit(post, said)
        elif fate < 0.92:
            self.network.delete(chance.choice(living))
        else:
            self.network.repost(chance.choice(self._people), chance.choice(living))

    def _post(self, chance: random.Random, living: list[Post]) -> None:
        tail = chance.choice(("#yyc", "#yyc", "#yyc", "#winter", "@cityofexample", "@cityofexample #yyc"))
        reply = chance.choice(living) if living and chance.random() < 0.2 else None
        number = len(self._numbers) + 1
        made = self.network.post(
            chance.choice(self._people), f"Ice on the stairs {word(number, 1)} {tail}", reply_to=reply
        )
        self._numbers[made.id] = number
        self._posts.append(made)

    def _on_youtube(self, chance: random.Random) -> None:
        """A comment, an answer to any that was ever written, an edit, a deletion; seldom a video, or one is renamed or gone."""
        living = [each for each in self._comments if self.tube.public(each)]
        videos = [each for each in self.tube.videos.values() if each.deleted_at is None]
        fate = chance.random()
        if fate < 0.6 or not living:
            self._comment(chance, living)
        elif fate < 0.75:
            said = chance.choice(living)
            self.tube.edit(said, f"Still open, then {self._next_word(said.post)}")
        elif fate < 0.87:
            self.tube.delete(chance.choice(living))
        elif fate < 0.93 and len(videos) < 8:
            self._upload(chance.choice(self._channels))
        elif fate < 0.97:
            video = chance.choice(videos)
            self.tube.edit(video, f"Council again {self._next_word(video.post)}")
        elif len(videos) > 5:
            self.tube.delete(videos[-1])

    def _comment(self, chance: random.Random, living: list[Comment]) -> None:
        videos = self.tube.uploads(self._channels[0])
        on = chance.choice(living) if living and chance.random() < 0.35 else None
        number = len(self._numbers) + 1
        made = self.tube.comment(
            chance.choice(videos) if on is None else on.video,
            chance.choice(self._viewers),
            f"Is the rink open {word(number, 1)}",
            to=on,
            held_s=chance.uniform(300, 7200) if chance.random() < 0.1 else 0.0,
        )
        self._numbers[made.post] = number
        self._comments.append(made)

    def _upload(self, channel: Channel) -> Video:
        number = len(self._numbers) + 1
        made = self.tube.video(channel, f"Council meeting {word(number, 1)}", "All of it.")
        self._numbers[made.post] = number
        return made

    def _next_word(self, name: str) -> str:
        rows = self.network.ledger.posts if name in self.network.ledger.posts else self.tube.ledger.posts
        return word(self._numbers[name], rows[name].revision + 1)

    def calm(self) -> None:
        """Nothing fails any more."""
        self.tube.troubles.clear()
        for served in self.sites.values():
            served.site.troubles.clear()

    def is_heard(self) -> bool:
        """A first search goes back an hour, and a first reading further."""
        answered = {row.route for row in self.network.ledger.requests if row.status == 200}
        return answered >= {"search", "mentions", "counts"}

    def trouble(self, chance: random.Random) -> None:
        """A service fails for a while in one of the ways they fail."""
        lasts_s = chance.uniform(5, 90)
        if chance.random() < 0.5:
            self.tube.disturb(chance.choice(_MANNERS), lasts_s, route=chance.choice(_METHODS))
        else:
            served = self.sites[chance.choice(("x", "x", "x-small"))]
            served.site.disturb(chance.choice(_X_MANNERS), lasts_s, route=chance.choice(_ROUTES))

    # ------------------------------------------------------------------------------------------------- served

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, list[Line]]]:
        """X behind a line for each of its apps, YouTube behind one for each of its keys."""
        async with AsyncExitStack() as stack:
            ports = []
            for name, served in self.sites.items():
                answer = self._overheard(name, served.site.answer)
                served.site.server = await stack.enter_async_context(serve(answer, clock=self.clock))
                ports.append(served.site.server.port)
            answer = self._overheard("youtube", youtube.site_of(self.tube).site.answer)
            server = await stack.enter_async_context(serve(answer, clock=self.clock))
            ports += 2 * [server.port]
            made = await stack.enter_async_context(lines("127.7.0", ports, patient=True))
            yield self._configuration(folder, [f"http://{line.place}" for line in made]), made

    def _overheard(self, name: str, route: Route) -> Route:
        """Everything goes through; of numbers, and of pages that are not the last, a note is kept."""

        async def answer(request: Request) -> Response:
            response = await route(request)
            body = response.body if isinstance(response.body, bytes) else b""
            if request.path.endswith("/counts/recent") and response.status == 200:
                self._note("x-hours" if name == "x" else name, body)
            elif b'"next_token"' in body or b'"nextPageToken"' in body:
                self.paging.set()
            return response

        return answer

    def _note(self, source: str, body: bytes) -> None:
        try:
            told = json.loads(body)["data"]
        except ValueError:
            return
        for hour in told:
            count = hour.get("tweet_count", hour.get("post_count"))
            self.answers.setdefault((source, datetime.fromisoformat(hour["start"])), set()).add(count)

    def _configuration(self, folder: Path, places: list[str]) -> str:
        large, small, videos, few = places
        files = x.write_secrets(self.sites["x"], folder)
        token = {"token": files.pop("token")}
        key, small_key = (_secret(folder, name) for name in ("a-good-key", "a-small-key"))
        search = {"listen": "search", "endpoint": large, **_files(token)}
        mentions = {"listen": "mentions", "endpoint": large, "own_user_id": self.network.own.id}
        hours = {"listen": "search", "keep": "counts"}
        city, transit = ({"channel": channel.id} for channel in self._channels)
        return HEAD + "".join(
            (
                _source(
                    "x-search", "x", **search, keep="text", interval_s=120, monthly_usd=USD, cycle_day=15
                ),
                _source("x-hours", "x", **search | hours, interval_s=300, monthly_usd=USD, cycle_day=15),
                _source(
                    "x-mentions", "x", **mentions, **_files(files), keep="text", monthly_usd=USD, cycle_day=15
                ),
                _source(
                    "x-small",
                    "x",
                    **hours,
                    endpoint=small,
                    **_files({"token": _secret(folder, "small-token")}),
                    interval_s=300,
                    monthly_usd=SMALL_USD,
                ),
                _source(
                    "comments", "youtube", **city, listen="comments", endpoint=videos, **_files({"key": key})
                ),
                _source(
                    "uploads",
                    "youtube",
                    **city,
                    listen="uploads",
                    endpoint=videos,
                    interval_s=120,
                    **_files({"key": key}),
                ),
                _source(
                    "transit",
                    "youtube",
                    **transit,
                    listen="uploads",
                    endpoint=few,
                    interval_s=60,
                    units_a_day=SMALL_UNITS,
                    **_files({"key": small_key}),
                ),
            )
        )


def _tail(raw: str) -> str:
    """What decides whether a post is ours, which an edit leaves."""
    return raw.partition("qz ")[2]


def _secret(folder: Path, said: str) -> Path:
    file = folder / said
    file.touch(mode=0o600)
    file.write_text(said, "utf-8")
    return file


def _files(files: dict[str, Path]) -> dict[str, str]:
    return {f"{name}_file": str(file) for name, file in files.items()}


def _source(name: str, adapter: str, **keys: str | float) -> str:
    """A `[[source]]` table, with whatever X asks for before words are kept."""
    is_public = name in ("x-search", *HOURS)
    said = {"relation": "public", "criterion": "Every public post"} if is_public else {"relation": "own"}
    written = [f"{key} = {json.dumps(value)}" for key, value in {**said, **keys}.items()]
    if keys.get("keep") == "text":
        written += [
            'permission_ref = "Registry 2026-117"',
            'attestation = { plan = "Enterprise", end_users = ["City"], attested_on = 2026-01-01, by = "Legal" }',
        ]
    return "\n".join(["[[source]]", f'name = "{name}"', f'adapter = "{adapter}"', *written, ""])
