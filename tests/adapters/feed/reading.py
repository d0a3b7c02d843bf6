"""
One feed read as the core reads it: the cursor kept, pages asked for while there are more, time moved by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from adapters.feed.client import FeedSource
from adapters.feed.config import FeedConfig
from listener.adapter import Cursor, Item, Page, Reply, Validators
from listener.errors import SourceError
from listener.events import Post
from listener.testing.canned import Answer, Asked, CannedReader, OnlyReads

ADDRESS = "https://river.example/feed/?a=%2f&b"
NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
NAMESPACES = (
    'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:fh="http://purl.org/syndication/history/1.0"'
)


class HandClock:
    """
    Stands at `at` until a test moves it; an adapter never sleeps.
    """

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("an adapter never sleeps")

    def walk(self, **delta: float) -> None:
        """
        So much later.
        """
        self.at += timedelta(**delta)


def item(number: int | str, *, at: datetime | None = None, more: str = "") -> str:
    """
    One entry of RSS.
    """
    date = f"<pubDate>{format_datetime(at)}</pubDate>" if at else ""
    return f"<item><guid isPermaLink='false'>{number}</guid><title>Entry {number}</title>{date}{more}</item>"


def rss(*items: str, channel: str = "") -> bytes:
    """
    A document of these entries.
    """
    return f"<rss {NAMESPACES}><channel>{channel}{''.join(items)}</channel></rss>".encode()


def document(*numbers: int, channel: str = "") -> bytes:
    """
    A document of entries with these numbers and nothing else.
    """
    return rss(*map(item, numbers), channel=channel)


def answer(
    body: bytes = b"",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    address: str = ADDRESS,
    hops: tuple[tuple[int, str], ...] = (),
) -> Reply:
    """
    What a server said.
    """
    return Reply(status=status, headers=dict(headers or {}), body=body, address=address, hops=hops)


def natives(items: Sequence[Item]) -> list[str]:
    """
    Identities of the posts, without their scope.
    """
    return [item.native.partition("\n")[2] for item in items if isinstance(item, Post)]


@dataclass
class Site(OnlyReads):
    """
    A server with a document at each address: 304 where the validators are the present ones, 404 elsewhere.

    Args:
        pages: Address to body, or to what is raised.
        etags: Address to the present tag.
        lies: Every conditional request is answered 304.
        asked: Every request, in order.
    """

    pages: dict[str, bytes | SourceError] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    lies: bool = False
    asked: list[Asked] = field(default_factory=list)

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        **_: object,
    ) -> Reply:
        """
        See `listener.adapter.Reader.read`.
        """
        told = dict(headers or {})
        self.asked.append(Asked(address, told))
        page = self.pages.get(address)
        if page is None:
            return answer(status=404, address=address)
        if isinstance(page, SourceError):
            raise page
        etag = self.etags.get(address)
        asked = told.get("if-none-match")
        if asked is not None and (self.lies or asked == etag):
            return answer(status=304, address=address)
        return answer(page, headers={"etag": etag} if etag else {}, address=address)

    def put(self, address: str, body: bytes | SourceError, etag: str | None = None) -> None:
        """
        Show this from now on.
        """
        self.pages[address] = body
        if etag is not None:
            self.etags[address] = etag

    @property
    def addresses(self) -> list[str]:
        """
        What was asked since this was read last.
        """
        asked, self.asked = [one.address for one in self.asked], []
        return asked


class Reading:
    """
    One source and all it was asked, with the cursor kept as the core keeps it.

    Args:
        reader: A `Site`, or answers in order.
        config: Keys of the source; the address where none is given.
    """

    def __init__(self, *answers: Answer, site: Site | None = None, **config: Any) -> None:
        self.reader = CannedReader(answers) if site is None else site
        self.clock = HandClock()
        self.cursor: Cursor | None = None
        self.config = FeedConfig.model_validate({"address": ADDRESS, **config})
        self.source = FeedSource(self.config, self.reader, self.clock)

    def restart(self, **config: Any) -> None:
        """
        The process died; what is not in the cursor is gone.
        """
        self.config = self.config.model_copy(update=config)
        self.source = FeedSource(self.config, self.reader, self.clock)

    async def fetch(self) -> Page:
        """
        One page.
        """
        page = await self.source.fetch(self.cursor)
        self.cursor = page.cursor or self.cursor
        return page

    async def turn(self) -> list[Page]:
        """
        Pages until there are no more.
        """
        pages = [await self.fetch()]
        while pages[-1].more:
            pages.append(await self.fetch())
            assert len(pages) < 1000
        return pages

    async def turn_after(self, **delta: float) -> list[Page]:
        """
        Some time later.
        """
        self.clock.walk(**delta)
        return await self.turn()

    @property
    def conditions(self) -> list[tuple[str | None, str | None]]:
        """
        Validators of each request.
        """
        return [
            (asked.headers.get("if-none-match"), asked.headers.get("if-modified-since"))
            for asked in self.reader.asked
        ]
