"""
The shipped adapter and a world for it, turn by turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.x import SPEC
from adapters.x.client import XSource
from adapters.x.config import XConfig
from listener.adapter import Ask, Cursor, Interest, Item, Page, Verdict
from listener.events import Count, Gap, Post
from listener.testing.canned import Asked, CannedReader
from tests.adapters.x.world import Clock, World, config, watching


@dataclass
class Hearing:
    """
    Args:
        settings: Of the source.
        interest: What the watches ask for.
        pages: That were read, in order.
        cursor: The last durable one.
    """

    settings: XConfig = field(default_factory=config)
    interest: Interest = field(default_factory=lambda: watching("rivertown"))
    clock: Clock = field(default_factory=Clock)
    pages: list[Page] = field(default_factory=list)
    cursor: Cursor | None = None

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        self.reader = CannedReader(self.world, reaches=SPEC.reaches(self.settings))
        self.restart()

    def restart(self) -> None:
        """As after a crash: nothing is left but the cursor."""
        self.source = XSource(self.settings, self.reader, self.clock, self.interest)

    async def page(self) -> Page:
        """One page, made durable."""
        page = await self.source.fetch(self.cursor)
        self.pages.append(page)
        self.cursor = page.cursor or self.cursor
        return page

    async def turn(self) -> tuple[Item, ...]:
        """All pages of one reading."""
        items: list[Item] = []
        for _ in range(500):
            page = await self.page()
            items += page.items
            if not page.more:
                return tuple(items)
        raise AssertionError("a reading that never ends")

    async def recheck(self, *ids: str) -> Mapping[Ask, Verdict]:
        """What became of them."""
        return await self.source.recheck([Ask(name) for name in ids])

    @property
    def items(self) -> list[Item]:
        """All that came."""
        return [item for page in self.pages for item in page.items]

    @property
    def posts(self) -> list[Post]:
        """Of these, the posts."""
        return [item for item in self.items if isinstance(item, Post)]

    @property
    def counts(self) -> list[Count]:
        """Of these, the numbers."""
        return [item for item in self.items if isinstance(item, Count)]

    @property
    def gaps(self) -> list[Gap]:
        """Of these, the gaps."""
        return [item for item in self.items if isinstance(item, Gap)]

    @property
    def natives(self) -> set[str]:
        """Of the posts."""
        return {post.native for post in self.posts}

    @property
    def queries(self) -> list[dict[str, str]]:
        """What was asked, one dictionary a request."""
        return [asked_for(one) for one in self.reader.asked]

    def spent(self, budget: str = "usd") -> float:
        """What the answers cost, by the adapter's own word."""
        return round(sum(amount for name, amount in self.reader.payments if name == budget), 6)


def asked_for(asked: Asked) -> dict[str, str]:
    """The parameters of one request, and its path."""
    parts = urlsplit(asked.address)
    said: dict[str, Any] = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {"path": parts.path, **said}
