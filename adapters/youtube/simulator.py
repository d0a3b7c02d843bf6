"""
A local server that speaks the YouTube Data API v3 as far as it can be read with a key: threads, comments, uploads, videos,
channels, searches; with its two budgets, its errors, and every way it can fail.

Takes a `simulated_tube.Tube`, which answers by `simulated_site`. Shares no code with the adapter that reads it, so that one
misunderstanding cannot hide in both. What it is like may be changed at any time: `tube.disturb("503", 600)`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from adapters.youtube.simulated_city import CITY, city
from adapters.youtube.simulated_parts import Channel
from adapters.youtube.simulated_site import Site
from adapters.youtube.simulated_tube import Tube
from listener.simulation.clock import Clock, ScaledClock
from listener.simulation.exchange import Route
from listener.simulation.server import serve as serve_http

__all__ = ["NAME", "Served", "Site", "Tube", "configuration", "serve", "site_of", "source_table"]

NAME: Final = "www.googleapis.com"
"""By which the API is found in a simulated internet."""


@dataclass(slots=True)
class Served:
    """
    A world and its routes; made by `serve` or `site_of`.
    """

    tube: Tube
    site: Site

    @property
    def address(self) -> str:
        """
        Such as `http://127.0.0.1:40123`; what an adapter has as its endpoint. Inside `serve` only.
        """
        assert self.site.server is not None
        return self.site.server.address

    @property
    def routes(self) -> Mapping[str, Route]:
        """
        By name, for a simulated internet.
        """
        return {NAME: self.site.answer}


def site_of(tube: Tube) -> Served:
    """
    The routes, without a server.
    """
    return Served(tube, Site(tube))


@asynccontextmanager
async def serve(
    tube: Tube | None = None,
    *,
    clock: Clock | None = None,
    seed: int = 7,
    hashtags: Sequence[str] = ("#yyc",),
    host: str = "127.0.0.1",
) -> AsyncIterator[Served]:
    """
    The API, served until the block ends.

    Args:
        tube: None for an ordinary day in a city that began six hours ago.
        clock: Of that day, shared with the daemon; the real pace where None. A given world brings its own.
        seed: Of that day.
        hashtags: Of that day.
        host: Address in 127.0.0.0/8.
    """
    if tube is None:
        shared = clock or ScaledClock(1.0)
        tube = city(shared, seed=seed, hashtags=hashtags, start_at=shared.now() - timedelta(hours=6))
    tube.turn()
    served = site_of(tube)
    async with serve_http(served.site.answer, clock=tube.clock, host=host) as server:
        served.site.server = server
        yield served


def configuration(
    served: Served,
    data_dir: Path,
    *,
    http_port: int = 0,
    key_file: Path,
    hashtags: Sequence[str] = (),
    uploads: bool = False,
    titles: bool = False,
) -> str:
    """
    A `listener.toml` that hears what is said on the city's own channel, and what carries a hashtag on every other that uploads.

    Args:
        served: Inside `serve`; its address stands in the file.
        data_dir: Where the daemon keeps its queue and secret.
        http_port: 0 for a free one.
        key_file: Holds an API key, such as `a-good-key`.
        hashtags: Of the watch; the world's where empty.
        uploads: Hears the videos of these channels, too.
        titles: Looks for videos anywhere whose title carries one of them, too.
    """
    tube = served.tube
    tags = [f"#{tag.lstrip('#')}" for tag in hashtags or tube.hashtags or ("yyc",)]
    review_by = (tube.clock.now() + timedelta(days=365)).date()
    uploaders = dict.fromkeys(video.channel for video in tube.videos.values())
    tables = [
        f"data_dir = {json.dumps(str(data_dir))}",
        "[organisation]\n"
        'name = "City of Example"\ncontact = "https://city.example/listener"\ncountry = "CA"\n'
        f'own_handles = ["@{CITY}"]',
        "[[watch]]\n"
        f'name = "city"\nhashtags = {json.dumps(tags, ensure_ascii=False)}\n'
        'purpose = "Answer questions and mend what is reported"\n'
        'owner = "Communications"\nlegal_authority = "Municipal Government Act, s. 3"\n'
        f"review_by = {review_by.isoformat()}",
        *(source_table(served, each, "comments", key_file) for each in uploaders),
        *(source_table(served, each, "uploads", key_file) for each in uploaders if uploads),
        *([source_table(served, None, "titles", key_file)] if titles else []),
        f'[http]\nhost = "127.0.0.1"\nport = {http_port}',
        '[reader]\nallow_addresses = ["127.0.0.0/8"]\nspacing_s = 0.5',
    ]
    return "\n\n".join([*tables, ""])


def source_table(served: Served, channel: Channel | None, listen: str, key_file: Path) -> str:
    """
    One `[[source]]` table.

    Args:
        channel: None for every channel there is.
    """
    own = channel is not None and channel.own
    lines = [
        "[[source]]",
        f"name = {json.dumps(f'youtube-{channel.handle}-{listen}' if channel else f'youtube-{listen}')}",
        'adapter = "youtube"',
        f'relation = "{"own" if own else "public"}"',
        f"endpoint = {json.dumps(served.address)}",
        f"listen = {json.dumps(listen)}",
        f"key_file = {json.dumps(str(key_file))}",
    ]
    if channel is not None:
        lines.append(f"channel = {json.dumps(channel.id)}")
    if channel is None:
        lines.append('criterion = "Videos of anybody whose title carries a hashtag of the town"')
    elif not own:
        lines.append('channel_of = "publication"')
        lines.append('criterion = "Broadcasters of the valley whose uploads are mostly about the town"')
    return "\n".join(lines)
