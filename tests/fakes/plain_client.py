"""
A plain client for simulated services, on a connection of its own for each request, and a clock that is moved by hand.
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
from urllib.parse import urlsplit

from listener.testing.virtual_clock import VirtualClock


class Walker(VirtualClock):
    """A clock that a test moves by hand, between requests."""

    def walk(self, **delta: float) -> None:
        """So much later."""
        self._elapsed_s += timedelta(**delta).total_seconds()


@dataclass(frozen=True)
class Answer:
    """What a plain client got, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Decoded."""
        return json.loads(self.body)


async def ask(address: str, target: str, headers: Mapping[str, str], *, timeout_s: float = 10) -> Answer:
    """One GET of exactly that."""
    return await asyncio.to_thread(_ask, address, target, headers, timeout_s)


def _ask(address: str, target: str, headers: Mapping[str, str], timeout_s: float) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout_s)
    try:
        connection.request("GET", target, headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
        told = {key.lower(): value for key, value in response.getheaders()}
        if told.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(response.status, told, body)
    finally:
        connection.close()
