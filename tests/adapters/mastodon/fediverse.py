"""
A small fediverse for tests, a clock that is moved by hand, and a plain client for simulated instances.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_posts import Account
from adapters.mastodon.simulator import Served
from tests.fakes.plain_client import Answer, Walker, ask

ONE, TWO = "one.example", "two.example"
PAGE = "/api/v1/timelines/tag/yyc"


@dataclass(frozen=True)
class Page(Answer):
    """What a plain client got of it."""

    @property
    def ids(self) -> list[str]:
        """Of a page."""
        return [each["id"] for each in self.json]


def two_instances(**how: Any) -> tuple[Fediverse, Walker, Account, Account]:
    """Two instances with an account on each and a token named `user-token` on the first."""
    clock = Walker()
    world = Fediverse(clock, hashtags=("#yyc",))
    world.instance(ONE, **how)
    world.instance(TWO)
    anna, boris = world.account(ONE), world.account(TWO)
    world.token(ONE, anna)
    return world, clock, anna, boris


async def get(served: Served, path: str, *, at: str = ONE, token: str | None = None, **headers: str) -> Page:
    """One GET on a connection of its own."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    got = await ask(served.address(at), path, sent)
    return Page(got.status, got.headers, got.body)


class Listener:
    """A raw reader of one event stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(
        cls,
        served: Served,
        path: str = "/api/v1/streaming/hashtag?tag=yyc",
        *,
        token: str | None = "user-token",
    ) -> Listener:
        """The head of the answer has been read."""
        host, _, port = served.address(ONE).removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        sent = f"Authorization: Bearer {token}\r\n" if token else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{sent}\r\n".encode())
        listener = cls(reader, writer)
        listener.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        return listener

    head: str = ""

    async def piece(self) -> str:
        """The next chunk of the body; empty at its end."""
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        body = await self.reader.readexactly(size + 2)
        return body[:-2].decode()

    async def close(self) -> None:
        """The client hangs up."""
        self.writer.close()
        await self.writer.wait_closed()
