"""
A small YouTube for tests, a clock that is moved by hand, and a plain client for the simulated API.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.youtube.simulated_parts import Channel, Video
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import Served
from listener.testing.virtual_clock import VirtualClock

KEY = "a-good-key"


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
        return [each["id"] for each in self.json["items"]]

    @property
    def fault(self) -> tuple[int, str, str, str | None]:
        """Status, reason, domain and location of an error."""
        first = self.json["error"]["errors"][0]
        return self.status, first["reason"], first["domain"], first.get("location")


def small_tube() -> tuple[Tube, Walker, Channel, Video]:
    """The city's channel with one video, and somebody who has not said anything yet."""
    clock = Walker()
    tube = Tube(clock, hashtags=("#yyc",))
    own = tube.channel(title="City of Example", handle="cityofexample", own=True)
    video = tube.video(own, "Snow routes", "What is cleared first. #yyc", tags=("snow",))
    return tube, clock, tube.channel(), video


async def get(
    served: Served, route: str, /, *, key: str | None = KEY, headers: Mapping[str, str] = {}, **query: object
) -> Answer:
    """One GET on a connection of its own, with the key in a header."""
    sent = dict(headers) | ({"X-Goog-Api-Key": key} if key is not None else {})
    path = f"/youtube/v3/{route}" + (f"?{urlencode(query)}" if query else "")
    return await asyncio.to_thread(_get, served.address, path, sent)


def _get(address: str, path: str, headers: Mapping[str, str]) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
        told = {key.lower(): value for key, value in response.getheaders()}
        if told.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(response.status, told, body)
    finally:
        connection.close()
