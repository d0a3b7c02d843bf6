"""
400 days of three slow blogs, in virtual time, with the real engine, gate, intake and adapter: nothing is told twice,
everything is told once, and what is remembered does not grow.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Literal, cast

import anyio
import apsw
import pytest

from adapters.feed.client import FeedSource
from adapters.feed.config import FeedConfig
from listener.adapter import Reply, Validators
from listener.events import PostCreated, PostRemoved, PostUpdated, WatchName, decode_event
from listener.gate import Place
from listener.hear.intake import Intake
from listener.hear.keeping import Keeper
from listener.hear.pace import Pace
from listener.hear.seat import Source
from listener.hear.walk import Asking
from listener.keys import KeyRing
from listener.queues import open_queue
from listener.queues.base import Position, Queue
from listener.telemetry import Telemetry
from listener.testing.canned import OnlyReads
from listener.testing.virtual_clock import VirtualClock
from tests.unit.hear.test_intake import Door

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

DAY = timedelta(days=1)
DAYS = 400
WINDOW = 15
OLD = (1100, 1000, 900, 700, 500, 400, 300, 200, 120, 70, 45, 20)
"""Ages, in days, of what stands there at the start."""

KEYS = KeyRing([b"a secret of sixteen bytes or more"])
RETENTION = timedelta(days=30)


@dataclass
class Article:
    """One post of a scripted blog."""

    number: int
    title: str
    text: str
    at: datetime
    updated: datetime
    gone_at: datetime | None = None


@dataclass
class Blog(OnlyReads):
    """
    A blog that answers whoever reads it.

    Args:
        shape: `dated`: WordPress's RSS with its validators. `undated`: RSS without dates and validators. `atom`: with
            exact validators and tombstones.
    """

    clock: VirtualClock
    name: str
    shape: Literal["dated", "undated", "atom"]
    articles: list[Article] = field(default_factory=list)
    secure: bool = False
    hidden: int = 0
    asked: list[tuple[str, bool, int]] = field(default_factory=list)

    def write(self, age: timedelta = timedelta(0)) -> Article:
        number, at = len(self.articles) + 1, self.clock.now() - age
        text = f"What {self.name} says about snow, number {number}."
        self.articles.append(Article(number, f"{self.name} {number}", text, at, at))
        return self.articles[-1]

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        **_: object,
    ) -> Reply:
        asked = dict(headers or {})
        changed = max(article.gone_at or article.updated for article in self.articles)
        body = self._atom(changed) if self.shape == "atom" else self._rss()
        told: dict[str, str] = {}
        if self.shape != "undated":
            seed = body if self.shape == "atom" else str(changed).encode()
            told = {"etag": f'"{sha256(seed).hexdigest()}"', "last-modified": format_datetime(changed)}
        same = bool(told) and asked.get("if-none-match") == told["etag"]
        self.asked.append((address, "if-none-match" in asked, 304 if same else 200))
        return Reply(304 if same else 200, told, b"" if same else body, address)

    @property
    def _shown(self) -> list[Article]:
        living = [article for article in self.articles if article.gone_at is None]
        return living[::-1][self.hidden : WINDOW]

    def _id(self, article: Article) -> str:
        slash = "/" if self.secure else ""
        return f"{'https' if self.secure else 'http'}://{self.name}.example/{article.number}{slash}"

    def _rss(self) -> bytes:
        items = "".join(
            f"<item><guid>{self._id(one)}</guid><link>{self._id(one)}?utm_source=rss</link>"
            f"<title>{escape(one.title)}</title><description>{escape(one.text)}</description>"
            + (f"<pubDate>{format_datetime(one.at)}</pubDate>" if self.shape == "dated" else "")
            + "</item>"
            for one in self._shown
        )
        return f"<rss version='2.0'><channel><title>{self.name}</title>{items}</channel></rss>".encode()

    def _atom(self, changed: datetime) -> bytes:
        entries = "".join(
            f"<entry><id>{self._id(one)}</id><link href='{self._id(one)}'/><title>{escape(one.title)}</title>"
            f"<published>{one.at.isoformat()}</published><updated>{one.updated.isoformat()}</updated>"
            f"<content>{escape(one.text)}</content></entry>"
            for one in self._shown
        )
        graves = "".join(
            f"<at:deleted-entry ref='{self._id(one)}' when='{one.gone_at.isoformat()}'/>"
            for one in self.articles
            if one.gone_at is not None
        )
        return (
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'>"
            f"<updated>{changed.isoformat()}</updated>{entries}{graves}</feed>"
        ).encode()


class Held:
    """The engine, seen from virtual time: it does not move while the engine's thread is at work."""

    def __init__(self, queue: Queue, clock: VirtualClock) -> None:
        self._queue, self._clock = queue, clock

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._queue, name)

        async def held(*given: Any, **named: Any) -> Any:
            with self._clock.held():
                return await act(*given, **named)

        return held


class House:
    """A daemon without its doors: sources, intake, gate and queue; started again whenever it was stopped."""

    def __init__(self, folder: Path, clock: VirtualClock, blogs: tuple[Blog, ...]) -> None:
        self.folder, self.clock, self.blogs = folder, clock, blogs
        self.moved: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self.largest = 0
        self.backfill = RETENTION
        self._after: Position | None = None
        self._days = 0

    def source(self, blog: Blog) -> Source:
        address = f"https://{blog.name}.example/feed/"
        config = FeedConfig(address=address)
        if blog.name in self.moved:
            config = FeedConfig(address=f"https://new.{blog.name}.example/rss", first_address=address)
        door = Door(blog.name)
        door.place = Place(
            network="feed", source=blog.name, keep="text", retention=RETENTION, emit_from=self.backfill
        )
        return Source(
            name=blog.name,
            network="feed",
            relation="public",
            keep="text",
            take_all=True,
            door=door,
            reads=FeedSource(config, blog, self.clock),
            group=f"{blog.name}.example",
            interval_s=2 * DAY.total_seconds(),
            floor_s=3600.0,
            look_back=timedelta(days=30),
            derived_metrics="free",
            terms_read_on=date(2026, 1, 1),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Queue]:
        with self.clock.held():
            engine = await open_queue(
                "sqlite:///years.db", base_dir=self.folder, fingerprints=KEYS.fingerprints, clock=self.clock
            )
        queue = cast(Queue, Held(engine, self.clock))
        telemetry = Telemetry(io.StringIO(), debug=False)
        keeper = Keeper(
            queue=queue,
            pace=Pace(2.0, frozenset()),
            asking=Asking(lambda _: (WatchName("snow"),)),
            clock=self.clock,
            telemetry=telemetry,
            node="local",
        )
        intake = Intake(
            keeper=keeper,
            queue=queue,
            pace=Pace(2.0, frozenset()),
            clock=self.clock,
            workers=2,
            telemetry=telemetry,
            spacing_s=2.0,
            rebuild=lambda name, _: self.source(next(blog for blog in self.blogs if blog.name == name)),
        )
        await intake.add(map(self.source, self.blogs))
        async with anyio.create_task_group() as group:
            group.start_soon(intake.run)
            yield queue
            group.cancel_scope.cancel()
        with self.clock.held():
            await engine.aclose()

    async def day(self, queue: Queue) -> None:
        """A day goes by; after every other one upkeep, and a look at what was told."""
        await self.clock.sleep(DAY.total_seconds())
        self._days += 1
        if self._days % 2:
            return
        batch = await queue.read(self._after, limit=1000)
        assert batch.resync is None
        self._after = batch.next
        for entry in batch.entries:
            event = decode_event(entry.line)
            if isinstance(event, PostCreated | PostUpdated):
                self.told.append((type(event).__name__, event.data.title or ""))
            else:
                assert isinstance(event, PostRemoved), event
                self.told.append(("PostRemoved", event.subject))
        await queue.expire(self.clock.now())
        stats = await queue.stats()
        self.largest = max(self.largest, stats.posts + stats.keys)

    def rows(self) -> dict[str, int]:
        """How many rows each table of the file has."""
        connection = apsw.Connection(str(self.folder / "years.db"), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return {
                table: len(connection.execute(f"SELECT 1 FROM {table}").fetchall())
                for table in ("log", "keys", "names", "notes")
            }
        finally:
            connection.close()


def live(day: int, blogs: tuple[Blog, ...], told: Counter[tuple[str, str]]) -> None:
    """What happens on that day, and what should be told of it."""
    dated, _, atom = blogs
    for blog in blogs:
        if day % 30 == 15:
            told["PostCreated", blog.write().title] += 1
        newest = blog.articles[-1]
        if day in (50, 230):  # five days after a post, new words
            newest.text += " And about ice."
            newest.updated = blog.clock.now()
            told["PostUpdated", newest.title] += 1
        if day in (53, 110, 233):  # the same words in other spelling, under a new date
            newest.text = newest.text.replace(" ", "  ").replace(".", ".\n")
            newest.updated = blog.clock.now()
        if day == 100:  # what is far too old to be told is not told when it changes
            oldest = blog._shown[-1]
            oldest.text, oldest.updated = "Rewritten after years.", blog.clock.now()
        blog.hidden = 5 if 260 <= day < 263 else 0
        blog.secure = day >= 200
    if day == 140:  # five days after its post: gone, which only Atom says
        for blog in (dated, atom):
            blog.articles[-1].gone_at = blog.clock.now()


@pytest.mark.timeout(300)  # six seconds of a processor of our own, and a thousand synced commits
async def test_years_of_slow_blogs(tmp_path: Path) -> None:
    """
    Windows of 15 with posts of three years, one new post a month; edits, cosmetic and real; deletions, told and silent;
    a change to https of every address, a move of the feed, a short answer, four restarts, retention of 30 days.
    """
    clock = VirtualClock()
    blogs = (Blog(clock, "river", "dated"), Blog(clock, "hill", "undated"), Blog(clock, "lake", "atom"))
    expected: Counter[tuple[str, str]] = Counter()
    for blog in blogs:
        for age in OLD:
            article = blog.write(timedelta(days=age))
            if age < 30 or blog.shape == "undated":
                expected["PostCreated", article.title] += 1
    house = House(tmp_path, clock, blogs)
    day = 0
    async with clock.autojump():
        for until in (50, 150, 250, 333, DAYS):
            if until == 250:
                house.moved = {"river", "hill", "lake"}
            async with house.running() as queue:
                while day < until:
                    live(day, blogs, expected)
                    await house.day(queue)
                    day += 1

    removed = [event for event in house.told if event[0] == "PostRemoved"]
    assert Counter(event for event in house.told if event[0] != "PostRemoved") == expected
    assert len(removed) == 1
    assert all(len(blog.articles) > len(OLD) + 12 for blog in blogs)
    # One probe in eight days at most (politeness P6), and the first reads; the river's validators miss what nobody
    # dated, so they are not believed for a while.
    lake = [conditional for _, conditional, _ in blogs[2].asked]
    assert lake.count(False) < DAYS / 8 + 5

    # What the blogs show, what left them within the look-back and its slack (two posts each), and the grave.
    assert house.largest <= 3 * (WINDOW + 2) + 3
    rows = house.rows()
    assert rows["keys"] <= house.largest
    assert rows["names"] <= 2 * rows["log"] <= 2 * 3 * 3
    assert rows["notes"] == 0


async def test_old_posts_are_told_within_the_backfill_only_and_once(tmp_path: Path) -> None:
    """Of three years of posts, those of the last year are told, although nothing changes for a hundred days after."""
    clock = VirtualClock()
    blogs = (Blog(clock, "river", "dated"), Blog(clock, "lake", "atom"))
    for blog in blogs:
        for age in OLD:
            blog.write(timedelta(days=age))
    house = House(tmp_path, clock, blogs)
    house.backfill = timedelta(days=365)

    async with clock.autojump():
        for _ in range(2):
            async with house.running() as queue:
                for _ in range(50):
                    await house.day(queue)
        for blog in blogs:
            blog.write()
        async with house.running() as queue:
            for _ in range(4):
                await house.day(queue)

    within = [f"{blog.name} {number}" for blog in blogs for number in (*range(7, 13), 13)]
    assert sorted(house.told) == sorted(("PostCreated", title) for title in within)


async def test_dates_in_the_wild(tmp_path: Path) -> None:
    """
    From the document to the event: the future is the moment it was seen, the years 1 and 1970 and nonsense are no
    dates, an edit before its publication is none.
    """
    clock = VirtualClock()
    blog = Blog(clock, "river", "dated")
    now = clock.now()

    async def read(
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        **_: object,
    ) -> Reply:
        stated = {
            "future": ("Fri, 01 Jan 2100 00:00:00 GMT", ""),
            "first": ("Mon, 01 Jan 0001 00:00:00 GMT", ""),
            "epoch": ("Thu, 01 Jan 1970 00:00:00 GMT", ""),
            "nonsense": ("the day before yesterday", ""),
            "none": ("", ""),
            "edited": (format_datetime(now - DAY), (now - 9 * DAY).isoformat()),
        }
        items = "".join(
            f"<item><guid>{name}</guid><title>{name}</title><pubDate>{date}</pubDate><a:updated>{edited}</a:updated></item>"
            for name, (date, edited) in stated.items()
        )
        body = f"<rss xmlns:a='http://www.w3.org/2005/Atom'><channel>{items}</channel></rss>"
        return Reply(200, {}, body.encode(), address)

    blog.read = read  # type: ignore[method-assign]
    blog.write()
    house = House(tmp_path, clock, (blog,))
    async with clock.autojump(), house.running() as queue:
        await clock.sleep(600.0)
        batch = await queue.read(None)

    events = [decode_event(entry.line) for entry in batch.entries]
    times = {event.data.title: event.time for event in events if isinstance(event, PostCreated)}
    seen = {event.data.observed_at for event in events if isinstance(event, PostCreated)}
    assert len(seen) == 1
    assert times == dict.fromkeys(("future", "first", "epoch", "nonsense", "none"), *seen) | {
        "edited": now - DAY
    }
