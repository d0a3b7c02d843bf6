"""
A small X for tests, a clock that is moved by hand, and a plain client for the simulated API.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.x.simulated_network import Network
from adapters.x.simulator import Served
from listener.testing.virtual_clock import VirtualClock

SEARCH, COUNTS, LOOKUP = "/2/tweets/search/recent", "/2/tweets/counts/recent", "/2/tweets"
USAGE = "/2/usage/tweets"


class Walker(VirtualClock):
    """A clock that a test moves by hand, between requests."""

    def walk(self, **delta: float) -> None:
        """So much later."""
        self._elapsed_s += timedelta(**delta).total_seconds()


@dataclass(frozen=True)
class Answer:
    """What a plain client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Decoded."""
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """Of a page."""
        return [each["id"] for each in self.json.get("data", [])]

    @property
    def message(self) -> str:
        """Of a request that was not understood."""
        message = self.json["errors"][0]["message"]
        assert isinstance(message, str)
        return message


def empty_network() -> tuple[Network, Walker]:
    """The city's account, and nothing said."""
    clock = Walker()
    return Network(clock, hashtags=("#yyc",)), clock


async def get(
    served: Served, path: str, *, token: str | None = "app-token", timeout_s: float = 10, **parameters: object
) -> Answer:
    """One GET on a connection of its own; `tweet_fields` is sent as `tweet.fields`."""
    named = {
        name.replace("_fields", ".fields"): ",".join(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }
    target = f"{path}?{urlencode(named)}" if named else path
    sent = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return await get_raw(served, target, sent, timeout_s=timeout_s)


async def get_raw(
    served: Served, target: str, headers: Mapping[str, str], *, timeout_s: float = 10
) -> Answer:
    """One GET of exactly that."""
    return await asyncio.to_thread(_get, served.address, target, headers, timeout_s)


def _get(address: str, target: str, headers: Mapping[str, str], timeout_s: float) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout_s)
    try:
        connection.request("GET", target, headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
        return Answer(response.status, {key.lower(): value for key, value in response.getheaders()}, body)
    finally:
        connection.close()
