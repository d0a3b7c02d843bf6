"""
A small YouTube for tests, a clock that is moved by hand, and a plain client for the simulated API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from adapters.youtube.simulated_parts import Channel, Video
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import Served
from tests.fakes.plain_client import Answer, Walker, ask

KEY = "a-good-key"


@dataclass(frozen=True)
class Page(Answer):
    """What a plain client got of it."""

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
) -> Page:
    """One GET on a connection of its own, with the key in a header."""
    sent = dict(headers) | ({"X-Goog-Api-Key": key} if key is not None else {})
    path = f"/youtube/v3/{route}" + (f"?{urlencode(query)}" if query else "")
    got = await ask(served.address, path, sent)
    return Page(got.status, got.headers, got.body)
