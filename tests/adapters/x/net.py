"""
A small X for tests, a clock that is moved by hand, and a plain client for the simulated API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from adapters.x.simulated_network import Network
from adapters.x.simulator import Served
from tests.fakes.plain_client import Answer, Walker, ask

SEARCH, COUNTS, LOOKUP = "/2/tweets/search/recent", "/2/tweets/counts/recent", "/2/tweets"
USAGE = "/2/usage/tweets"


@dataclass(frozen=True)
class Page(Answer):
    """What a plain client got of it."""

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
) -> Page:
    """One GET on a connection of its own; `tweet_fields` is sent as `tweet.fields`."""
    named = {
        name.replace("_fields", ".fields"): ",".join(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }
    target = f"{path}?{urlencode(named)}" if named else path
    sent = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return await get_raw(served, target, sent, timeout_s=timeout_s)


async def get_raw(served: Served, target: str, headers: Mapping[str, str], *, timeout_s: float = 10) -> Page:
    """One GET of exactly that."""
    got = await ask(served.address, target, headers, timeout_s=timeout_s)
    return Page(got.status, got.headers, got.body)
