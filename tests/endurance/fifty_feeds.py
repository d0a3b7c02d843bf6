"""
Fifty blogs that publish by the clock, each on a loopback host of its own: what they have published at an instant is
arithmetic, so that a reader can be held to every single entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from listener.clock import Clock

FEEDS = 50
OWN = 20
"""So many of them belong to the organisation, which are asked every minute; the others every hour."""

WINDOW = 40
"""Entries a blog shows at once: more than it publishes between two reads, however often the reader dies between them."""


@dataclass(frozen=True, slots=True)
class Blogs:
    """
    Args:
        clock: Shared with the reader.
        end_at: Nothing is published from then on.
    """

    clock: Clock
    start_at: datetime
    end_at: datetime

    def gap(self, number: int) -> timedelta:
        """Between two entries of a blog: own ones talk every three to ten minutes, the others twice in an hour or less."""
        minutes = 3 + number % 8 if number < OWN else 25 + number
        return timedelta(minutes=minutes)

    def published(self, number: int, now: datetime) -> int:
        """How many entries a blog has published."""
        return max(0, (min(now, self.end_at) - self.start_at) // self.gap(number))

    def every_link(self) -> set[str]:
        """The path of everything that was published in the end."""
        return {
            self.link(number, entry)
            for number in range(FEEDS)
            for entry in range(self.published(number, self.end_at))
        }

    @staticmethod
    def link(number: int, entry: int) -> str:
        """Path of one entry's address; no two blogs share one."""
        return f"/{number}/{entry}"

    def document(self, number: int) -> tuple[str, bytes]:
        """Its entity tag and the feed as it stands now."""
        count = self.published(number, self.clock.now())
        shown = range(count - 1, max(-1, count - 1 - WINDOW), -1)
        items = "".join(
            f"<item><guid>entry {entry}</guid><link>https://blog.example{self.link(number, entry)}</link>"
            f"<title>Entry {entry}</title><description>Words of blog {number}, entry {entry} #yyc</description>"
            f"<pubDate>{format_datetime(self.start_at + (entry + 1) * self.gap(number))}</pubDate></item>"
            for entry in shown
        )
        return (
            f'"{count}"',
            f"<rss version='2.0'><channel><title>Blog</title>{items}</channel></rss>".encode(),
        )


@asynccontextmanager
async def serving(blogs: Blogs) -> AsyncIterator[list[str]]:
    """The addresses of the feeds while they are served; conditional requests are answered as they should be."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                number = int(head.split(" ")[1].strip("/"))
                tag, body = blogs.document(number)
                if f"if-none-match: {tag}" in head.lower():
                    writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % tag.encode())
                else:
                    length = b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\n\r\n"
                    writer.write(length % (tag.encode(), len(body)) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    hosts = [f"127.3.0.{number + 1}" for number in range(FEEDS)]
    first = await asyncio.start_server(answer, hosts[0], 0)
    port = first.sockets[0].getsockname()[1]
    rest = await asyncio.start_server(answer, hosts[1:], port)
    try:
        yield [f"http://{host}:{port}/{number}" for number, host in enumerate(hosts)]
    finally:
        first.close()
        rest.close()


def configuration(addresses: list[str]) -> str:
    """Of a daemon that reads them all."""
    sources = "".join(
        f'[[source]]\nname = "blog-{number}"\nadapter = "feed"\naddress = "{address}"\n'
        + ('relation = "own"\n' if number < OWN else 'relation = "public"\ncriterion = "Synthetic blogs"\n')
        for number, address in enumerate(addresses)
    )
    return f"""\
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
[[watch]]
name = "city"
hashtags = ["#yyc"]
purpose = "Endurance"
owner = "Tests"
legal_authority = "None needed: synthetic"
review_by = 2099-01-01
[http]
port = 0
[reader]
allow_addresses = ["127.0.0.0/8"]
{sources}"""
