"""
How tests talk to the simulated Bluesky: an independent WebSocket client and plain HTTP, loopback only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from websockets.asyncio.client import ClientConnection, connect

from adapters.bluesky.simulator import Bluesky
from listener.testing.virtual_clock import everybody_waits

EAST = "jetstream1.us-east.bsky.network"
SECOND = "jetstream2.us-east.bsky.network"

Query = Sequence[tuple[str, str]]


@asynccontextmanager
async def subscribed(
    served: Bluesky, query: Query = (), *, host: str = EAST, **options: Any
) -> AsyncIterator[ClientConnection]:
    """
    A stream; without permessage-deflate unless asked.
    """
    address = f"{served.address(host, 'ws')}/subscribe?{urlencode(query)}"
    async with connect(address, proxy=None, ping_interval=None, **{"compression": None, **options}) as client:
        yield client


async def arrived(client: ClientConnection, count: int) -> list[dict[str, Any]]:
    """
    The next so many events.
    """
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        while len(events) < count:
            events.append(orjson.loads(await client.recv()))
    return events


async def nothing_more(client: ClientConnection) -> bool:
    """
    Whether nothing lies in the client's queue once everybody waits.
    """
    await everybody_waits()
    return len(client.recv_messages.frames) == 0


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came back.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """
        Of the body.
        """
        return orjson.loads(self.body)


async def asked(
    served: Bluesky,
    host: str,
    method: str,
    query: Query = (),
    *,
    token: str | None = None,
    send: dict[str, Any] | None = None,
) -> Answer:
    """
    One XRPC request; a POST where something is sent or `token` refreshes a session.
    """
    address = f"{served.address(host)}/xrpc/{method}?{urlencode(query)}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    verb = (
        "POST"
        if method in ("com.atproto.server.createSession", "com.atproto.server.refreshSession")
        else "GET"
    )
    async with (
        aiohttp.ClientSession() as session,
        session.request(verb, address, headers=headers, json=send) as got,
    ):
        return Answer(
            got.status, {key.lower(): value for key, value in got.headers.items()}, await got.read()
        )
