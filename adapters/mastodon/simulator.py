"""
A local server for each instance of a simulated fediverse, speaking Mastodon's client API as far as it can be read: hashtag
timelines, statuses, notifications, instances, streams; with its limits, headers, errors, and every way it can fail.

Takes a `simulated_fediverse.Fediverse`; each of its instances answers by `simulated_site`. Shares no code with the adapter
that reads it, so that one misunderstanding cannot hide in both. What an instance is like may be changed at any time:
`world.instances["one.example"].local_access = "disabled"`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.mastodon.simulated_crowd import city
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Instance
from adapters.mastodon.simulated_site import Site
from listener.simulation.clock import Clock, ScaledClock
from listener.simulation.exchange import Route
from listener.simulation.server import serve as serve_http
from listener.simulation.websocket import WebSockets

__all__ = ["Fediverse", "Instance", "Served", "Site", "configuration", "serve", "sites_of"]


@dataclass(slots=True)
class Served:
    """
    A fediverse and the routes of each of its instances; made by `serve` or `sites_of`.
    """

    world: Fediverse
    sites: dict[str, Site]

    def address(self, domain: str) -> str:
        """
        Such as `http://127.0.0.1:40123`.
        """
        return self.world.instances[domain].address

    @property
    def routes(self) -> Mapping[str, Route]:
        """
        By domain, for a simulated internet in which each has its name.
        """
        return {domain: site.answer for domain, site in self.sites.items()}


def sites_of(world: Fediverse) -> Served:
    """
    The routes of every instance there is now, without a server.
    """
    sites = {
        domain: Site(world, here, sockets=WebSockets(world.clock)) for domain, here in world.instances.items()
    }
    return Served(world, sites)


@asynccontextmanager
async def serve(
    world: Fediverse | None = None,
    *,
    clock: Clock | None = None,
    seed: int = 7,
    hashtags: Sequence[str] = ("#yyc",),
    host: str | Mapping[str, str] = "127.0.0.1",
) -> AsyncIterator[Served]:
    """
    A fediverse, each instance at a port of its own, served until the block ends.

    Args:
        world: None for two instances and an ordinary day in a city that began six hours ago.
        clock: Of that day, shared with the daemon; the real pace where None. A given world brings its own.
        seed: Of that day.
        hashtags: Of that day.
        host: Address in 127.0.0.0/8; one for all, or by domain.
    """
    if world is None:
        shared = clock or ScaledClock(1.0)
        world = city(shared, seed=seed, hashtags=hashtags, start_at=shared.now() - timedelta(hours=6))
    served = sites_of(world)
    async with AsyncExitStack() as stack:
        for domain, site in served.sites.items():
            where = host if isinstance(host, str) else host[domain]
            site.server = await stack.enter_async_context(
                serve_http(site.answer, clock=world.clock, host=where)
            )
            site.here.origin = site.server.address
        yield served


def configuration(
    served: Served,
    data_dir: Path,
    *,
    http_port: int = 0,
    hashtags: Sequence[str] = (),
    token_files: Mapping[str, Path] | None = None,
) -> str:
    """
    A `listener.toml` that hears the hashtags of the watch on every instance, and what mentions the account of a token.

    Args:
        served: Inside `serve`; its addresses stand in the file.
        data_dir: Where the daemon keeps its queue and secret.
        http_port: 0 for a free one.
        hashtags: Of the watch; the world's where empty.
        token_files: By domain, a file with a user's token; those instances are heard by their streams, too.
    """
    world, given = served.world, token_files or {}
    tags = [f"#{tag.lstrip('#')}" for tag in hashtags or world.hashtags or ("yyc",)]
    review_by = (world.clock.now() + timedelta(days=365)).date()
    tables = [
        f"data_dir = {json.dumps(str(data_dir))}",
        "[organisation]\n"
        'name = "City of Example"\ncontact = "https://city.example/listener"\ncountry = "CA"\n'
        'own_handles = ["@cityofexample"]',
        "[[watch]]\n"
        f'name = "city"\nhashtags = {json.dumps(tags, ensure_ascii=False)}\n'
        'purpose = "Answer questions and mend what is reported"\n'
        'owner = "Communications"\nlegal_authority = "Municipal Government Act, s. 3"\n'
        f"review_by = {review_by.isoformat()}",
        *(_source(served, domain, given.get(domain)) for domain in world.instances),
        *(_source(served, domain, file, mentions=True) for domain, file in given.items()),
        f'[http]\nhost = "127.0.0.1"\nport = {http_port}',
        '[reader]\nallow_addresses = ["127.0.0.0/8"]\nspacing_s = 0.5',
    ]
    return "\n\n".join([*tables, ""])


def _source(served: Served, domain: str, token_file: Path | None, *, mentions: bool = False) -> str:
    """
    One `[[source]]` table.
    """
    name = domain.replace(".", "-")
    lines = [
        "[[source]]",
        f"name = {json.dumps(f'{name}-mentions' if mentions else name)}",
        'adapter = "mastodon"',
        f'relation = "{"own" if mentions else "public"}"',
        f"endpoint = {json.dumps(served.address(domain))}",
    ]
    if mentions:
        lines.append('listen = "mentions"')
    else:
        lines.append('criterion = "The instances on which most people of the town have their account"')
    if token_file is not None:
        lines.append(f"token_file = {json.dumps(str(token_file))}")
    return "\n".join(lines)
