"""
A local server that speaks the X API v2 as far as a self-serve client that only reads uses it: recent search, counts, look-up,
mentions, usage; with its limits, its prices, its two vocabularies, its errors, and every way it can fail.

Takes a `simulated_network.Network`; `simulated_site` answers. Shares no code with the adapter that reads it, so that one
misunderstanding cannot hide in both. What the server is like may be changed at any time: `served.site.accepts = "post"`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from adapters.x.simulated_crowd import city
from adapters.x.simulated_keys import UserKeys
from adapters.x.simulated_network import Network
from adapters.x.simulated_site import Site
from listener.simulation.clock import Clock, ScaledClock
from listener.simulation.exchange import Route
from listener.simulation.server import serve as serve_http

__all__ = [
    "Network",
    "Served",
    "Site",
    "UserKeys",
    "configuration",
    "serve",
    "site_of",
    "write_secrets",
]

Keep = Literal["counts", "links", "text"]

HOST = "api.x.com"
"""Its name, for a simulated internet in which each has one."""


@dataclass(slots=True)
class Served:
    """
    A network and the server that tells of it; made by `serve` or `site_of`.
    """

    world: Network
    site: Site

    @property
    def address(self) -> str:
        """
        Such as `http://127.0.0.1:40123`.
        """
        return self.site.server.address if self.site.server is not None else f"https://{HOST}"

    @property
    def routes(self) -> Mapping[str, Route]:
        """
        By name, for a simulated internet.
        """
        return {HOST: self.site.answer}


def site_of(world: Network) -> Served:
    """
    Without a server. The city's account has keys of its own, `UserKeys(world.own.id)`.
    """
    site = Site(world)
    own = UserKeys(world.own.id)
    site.keys.signed[own.token] = own
    return Served(world, site)


@asynccontextmanager
async def serve(
    world: Network | None = None,
    *,
    clock: Clock | None = None,
    seed: int = 7,
    hashtags: Sequence[str] = ("#yyc",),
    host: str = "127.0.0.1",
) -> AsyncIterator[Served]:
    """
    The API, served until the block ends.

    Args:
        world: None for an ordinary day in a city that began six hours ago.
        clock: Of that day, shared with the daemon; the real pace where None. A given world brings its own.
        seed: Of that day.
        hashtags: Of that day.
        host: Address in 127.0.0.0/8.
    """
    if world is None:
        shared = clock or ScaledClock(1.0)
        world = city(shared, seed=seed, hashtags=hashtags, start_at=shared.now() - timedelta(hours=6))
    served = site_of(world)
    async with serve_http(served.site.answer, clock=world.clock, host=host) as server:
        served.site.server = server
        yield served


def write_secrets(served: Served, folder: Path) -> dict[str, Path]:
    """
    Every credential in a file that nobody else may read; by the name of its setting, without `_file`.
    """
    keys = UserKeys(served.world.own.id)
    secrets = {
        "token": "app-token",
        "consumer_key": keys.consumer_key,
        "consumer_secret": keys.consumer_secret,
        "access_token": keys.token,
        "access_token_secret": keys.token_secret,
    }
    files = {name: folder / f"x-{name}" for name in secrets}
    for name, file in files.items():
        file.touch(mode=0o600)
        file.write_text(secrets[name], "utf-8")
    return files


def configuration(
    served: Served,
    data_dir: Path,
    *,
    secrets: Mapping[str, Path],
    http_port: int = 0,
    hashtags: Sequence[str] = (),
    listens: Sequence[str] = ("search",),
    keep: Keep = "counts",
    monthly_usd: float = 10.0,
) -> str:
    """
    A `listener.toml` that searches for the hashtags of the watch, or hears what mentions the city, or both; with whatever X's
    terms ask for before so much is kept.

    Args:
        served: Inside `serve`; its address stands in the file.
        data_dir: Where the daemon keeps its queue and secret.
        secrets: From `write_secrets`. Searches take the app's token, mentions the four keys of the city's account.
        http_port: 0 for a free one.
        hashtags: Of the watch; the world's where empty.
        listens: One source for each of `search`, `mentions`.
        keep: How much of what is found.
        monthly_usd: What a credential may spend.
    """
    world = served.world
    tags = [f"#{tag.lstrip('#')}" for tag in hashtags or world.hashtags or ("yyc",)]
    today = world.clock.now().date()
    tables = [
        f"data_dir = {json.dumps(str(data_dir))}",
        "[organisation]\n"
        'name = "City of Example"\ncontact = "https://city.example/listener"\ncountry = "CA"\n'
        f'own_handles = ["@{world.city}"]',
        "[[watch]]\n"
        f'name = "city"\nhashtags = {json.dumps(tags, ensure_ascii=False)}\n'
        'purpose = "Answer questions and mend what is reported"\n'
        'owner = "Communications"\nlegal_authority = "Municipal Government Act, s. 3"\n'
        f"review_by = {(today + timedelta(days=365)).isoformat()}",
        *(
            "\n".join(
                [*_source(served, listen, secrets), *_proofs(keep, today), f"monthly_usd = {monthly_usd}"]
            )
            for listen in listens
        ),
        f'[http]\nhost = "127.0.0.1"\nport = {http_port}',
        '[reader]\nallow_addresses = ["127.0.0.0/8"]\nspacing_s = 0.5',
    ]
    return "\n\n".join([*tables, ""])


def _source(served: Served, listen: str, secrets: Mapping[str, Path]) -> list[str]:
    """
    The keys of a `[[source]]` table that say what is read.
    """
    mentions = listen == "mentions"
    files = {name: file for name, file in secrets.items() if (name != "token") == mentions}
    return [
        "[[source]]",
        f'name = "x-{listen}"',
        'adapter = "x"',
        f'relation = "{"own" if mentions else "public"}"',
        f"endpoint = {json.dumps(served.address)}",
        f'listen = "{listen}"',
        f'own_user_id = "{served.world.own.id}"'
        if mentions
        else 'criterion = "The network on which most people of the town complain"',
        *(f"{name}_file = {json.dumps(str(file))}" for name, file in files.items()),
    ]


def _proofs(keep: Keep, today: date) -> list[str]:
    """
    What X's terms ask for before so much is kept; nobody has agreed to anything, in a simulation.
    """
    shown = [f'keep = "{keep}"', f"derived_metrics_agreed = {today.isoformat()}"]
    if keep != "counts":
        shown.append(
            'attestation = { plan = "Enterprise", end_users = ["Communications"], '
            f'attested_on = {today.isoformat()}, by = "Legal" }}'
        )
    if keep == "text":
        shown.append('permission_ref = "simulated"')
    return shown
