"""
What the benchmarks of the whole daemon share: a server process with a feed on each of many loopback hosts, a
configuration that reads them, and a look at what a process has used. Linux only, as it asks /proc.

The server is not what is measured: it answers from memory and runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

ENTRIES = 9
"""Entries of one document, which is 20 KB long."""

TEXT = (
    "the city council voted on a new bridge over the river and people along the road asked when the park would open "
    "again because buses were late all winter while volunteers cleared paths of snow near school before breakfast"
)

HEAD = """
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
own_handles = ["@cityofexample"]
[[watch]]
name = "city"
hashtags = ["#yyc", "#bridge"]
mentions = true
purpose = "Measure"
owner = "Benchmarks"
legal_authority = "None needed: invented documents"
review_by = 2099-01-01
[http]
port = 0
[reader]
allow_addresses = ["127.0.0.0/8"]
"""
SOURCE = """
[[source]]
name = "feed-{number}"
adapter = "feed"
relation = "public"
take = "all"
criterion = "Invented documents"
interval_s = 3600
address = "{address}"
"""


def host(number: int) -> str:
    """The loopback address of feed N."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def document(number: int, *, entries: int = ENTRIES) -> bytes:
    """An RSS document in WordPress's shape, no two alike: distinct GUIDs, dates of the last three weeks."""
    dice, now, known = Random(number), datetime.now(UTC), TEXT.split()
    items = []
    for entry in range(entries):
        words = [dice.choice(known) for _ in range(280)]
        paragraphs = "".join(f"<p>{' '.join(words[at : at + 40])}.</p>\n" for at in range(0, 280, 40))
        published = now - timedelta(hours=entry * 48, seconds=dice.randrange(3600))
        link = f"https://blog-{number}.example/{published:%Y/%m}/entry-{entry}/"
        items.append(
            f"<item><title>{' '.join(words[:7]).title()}</title><link>{link}</link>"
            f"<dc:creator><![CDATA[Author {number}]]></dc:creator><pubDate>{format_datetime(published)}</pubDate>"
            f"<category><![CDATA[news]]></category>"
            f'<guid isPermaLink="false">https://blog-{number}.example/?p={number * 1000 + entry}</guid>'
            f"<description><![CDATA[{' '.join(words[:55])} [&#8230;]]]></description>"
            f'<content:encoded><![CDATA[{paragraphs}<p><a href="{link}">more</a></p>]]></content:encoded></item>\n'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Blog {number}</title><link>https://blog-{number}.example/</link>\n"
        + "".join(items)
        + "</channel></rss>\n"
    ).encode()


@dataclass
class Farm:
    """
    A running server.

    Args:
        port: The same on every host.
        answered: How many answers it gave so far, shared with its process.
        pid: Of its process.
        scheme: `http` or `https`.
    """

    port: int
    answered: Any
    scheme: str
    pid: int

    def address(self, number: int) -> str:
        return f"{self.scheme}://{host(number)}:{self.port}/feed/{number}"


@contextmanager
def farm(
    hosts: int, *, entries: int = ENTRIES, close: bool = False, tls: tuple[str, str] | None = None
) -> Iterator[Farm]:
    """
    Feeds on that many hosts, for as long as the block lasts.

    Args:
        hosts: One feed each.
        entries: Of one document.
        close: Answer `Connection: close`, as servers do whose clients come back in an hour.
        tls: Files of certificate and key.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    answered = context.Value("Q", 0, lock=False)
    process = context.Process(target=_serve, args=(there, answered, hosts, entries, close, tls), daemon=True)
    process.start()
    there.close()  # so that a server that could not start is heard of
    try:
        yield Farm(here.recv(), answered, "https" if tls else "http", process.pid or 0)
    finally:
        process.terminate()
        process.join()


def many_files() -> None:
    """This process and its children may hold as many sockets as they are ever allowed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Answer(asyncio.Protocol):
    """304 to whoever brings a validator, else the document."""

    def __init__(self, bodies: list[tuple[bytes, bytes]], answered: Any, end: bytes) -> None:
        self._bodies, self._answered, self._end = bodies, answered, end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._left = transport, b""

    def data_received(self, data: bytes) -> None:
        *heads, self._left = (self._left + data).split(b"\r\n\r\n")
        for head in heads:
            self._transport.write(self._answer(head))
            self._answered.value += 1
            if self._end:
                self._transport.close()

    def _answer(self, head: bytes) -> bytes:
        lower = head.lower()
        if b"\r\nif-none-match:" in lower:
            return b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n%s\r\n' % self._end
        number = int(head.split(b" ", 2)[1].rsplit(b"/", 1)[1])
        zipped = b"gzip" in lower
        body = self._bodies[number][zipped]
        encoding = b"Content-Encoding: gzip\r\n" if zipped else b""
        return (
            b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Type: application/rss+xml\r\n%s%sContent-Length: %d\r\n\r\n'
            % (encoding, self._end, len(body))
        ) + body


def _serve(
    told: Connection, answered: Any, hosts: int, entries: int, close: bool, tls: tuple[str, str] | None
) -> None:
    many_files()
    plain = [document(number, entries=entries) for number in range(hosts)]
    bodies = [(body, gzip.compress(body, 6)) for body in plain]
    secure = None
    if tls is not None:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(*tls)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        port = 0
        for number in range(hosts):
            listening = socket.create_server((host(number), port), backlog=16)
            port = listening.getsockname()[1]
            await loop.create_server(
                lambda: _Answer(bodies, answered, b"Connection: close\r\n" if close else b""),
                sock=listening,
                ssl=secure,
            )
        told.send(port)
        await asyncio.Event().wait()

    asyncio.run(run())


def configure(folder: Path, addresses: list[str], *, more: str = "") -> None:
    """A `listener.toml` that reads these addresses, signed for."""
    from tests.pipeline.daemon_process import Installed

    sources = (SOURCE.format(number=number, address=address) for number, address in enumerate(addresses))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "listener.toml").write_text(HEAD + more + "".join(sources), "utf-8")
    Installed(folder).accept()


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and its threads have used, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def clean_environment() -> dict[str, str]:
    """Without settings of a listener, and with this tree first."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LISTENER_")}
    root = str(Path(__file__).parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH"))))}


def python(*words: str) -> list[str]:
    """A command that runs this Python."""
    return [sys.executable, *words]
