"""
The shipped daemon on virtual time before the simulated Bluesky, by the names of its real hosts; what it heard, compared
with what happened.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from adapters.bluesky.simulated_names import POST
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Network
from adapters.bluesky.simulator import APPVIEW, JETSTREAMS, PDS, Bluesky, Life, bluesky
from listener.testing.rig import Rig, rig
from listener.testing.virtual_clock import VirtualClock

HOSTS = JETSTREAMS[:2]
PASSWORD = "abcd-efgh-ijkl-mnop"
CITY = "city.bsky.example"
TAGS = frozenset({"yyc"})


@dataclass
class Town:
    """
    A network, its people's life, and a daemon that hears it.

    Args:
        served: All hosts.
        life: Goes on only inside `live`.
        house: The daemon.
        city: DID of the organisation's account.
    """

    served: Bluesky
    life: Life
    house: Rig
    city: str

    @property
    def network(self) -> Network:
        """What there is."""
        return self.served.network

    async def live(self, seconds: float) -> None:
        """People go about their lives for so long, and then everything that was said has settled."""
        async with anyio.create_task_group() as living:
            living.start_soon(self.life.run)
            await self.house.pass_s(seconds)
            living.cancel_scope.cancel()
        await self.house.pass_s(180)

    async def say(self, text: str, **how: Any) -> str:
        """Somebody posts with the hashtag; heard before this returns. Gives the post's uri."""
        author = how.pop("author", self.someone())
        post = self.network.post(author, f"{text} #yyc ({self.network.next_name})", **how)
        await self.house.pass_s(20)
        return post.uri

    def someone(self) -> str:
        """An account that may be shown to everybody."""
        return next(
            each.did
            for each in self.network.accounts.values()
            if each.did != self.city
            and each.status == "active"
            and NO_UNAUTHENTICATED not in self.network.labels_of(each.did)
        )

    def expected(self) -> dict[str, int]:
        """Revisions of the posts that a reader of this network may hold now, by their name in the ledger."""
        return {
            record.post: record.revision
            for record in self.network.records.values()
            if record.collection == POST
            and self.network.visible(record.uri)
            and self.network.concerns(record.value)
            and NO_UNAUTHENTICATED not in self.network.labels_of(record.did)
        }

    async def posts(self) -> list[dict[str, Any]]:
        """The posts that the queue holds, as a consumer sees them."""
        return [
            event
            for event in await self.house.events()
            if event["type"] in ("listener.post.created", "listener.post.updated")
        ]

    async def heard(self) -> Counter[str]:
        """How often the queue holds each post, by its name in the ledger."""
        return Counter(name_in(event["data"]["text"]) for event in await self.posts())

    async def gaps(self) -> list[dict[str, Any]]:
        """Gaps that were told."""
        return [
            event["data"] for event in await self.house.events() if event["type"] == "listener.source.gap"
        ]

    async def a_day_later(self) -> None:
        """The daemon was down for a day and has been up again for an hour."""
        await self.house.stop()
        await self.house.pass_s(24 * 3600)
        await self.house.start()
        await self.house.pass_s(3600)

    def instant(self, stated: str) -> datetime:
        """A time as events tell it."""
        return datetime.fromisoformat(stated)

    async def view(self) -> dict[str, Any]:
        """The source as `listener sources` shows it."""
        return (await self.house.views())["bluesky"]


def name_in(text: str) -> str:
    """The name in the ledger that a post tells."""
    found = re.search(r"\((p\d{5})\)", text)
    assert found is not None, "a post without a name"
    return found[1]


def source(hosts: Sequence[str] = HOSTS, *, password: Path | None = None, **keys: Any) -> str:
    """The `[[source]]` table."""
    values: dict[str, Any] = {
        "name": "bluesky",
        "adapter": "bluesky",
        "relation": "public",
        "criterion": "Every public post that a watch asks for",
        "hosts": [f"ws://{host}" for host in hosts],
        "appview": f"http://{APPVIEW}",
        "own_accounts": [CITY],
    }
    if password is not None:
        values |= {"identifier": CITY, "app_password_file": str(password), "service": f"https://{PDS}"}
    return "\n".join(
        ["[[source]]", *(f"{key} = {json.dumps(each)}" for key, each in (values | keys).items()), ""]
    )


@asynccontextmanager
async def town(
    *,
    hosts: Sequence[str] = HOSTS,
    search: bool = False,
    every_s: float = 20.0,
    seed: int = 7,
    http: str = "",
    **keys: Any,
) -> AsyncIterator[Town]:
    """
    Twenty people and the city, and a daemon that is connected.

    Args:
        every_s: Mean time between two things that people do.
        http: Further lines of the `[http]` table.
        keys: Of the source's table.
    """
    clock = VirtualClock()
    network = Network(clock, seed, TAGS)
    city = network.join(handle=CITY)
    network.own.add(city.did)
    life = Life(network, ("yyc",), city=CITY, every_s=every_s, ours=0.5, closes=False, numbered=True)
    life.populate(20)
    served = bluesky(network, hosts)
    served.pds.passwords[city.did] = PASSWORD
    secure = (PDS,) if search else ()
    with TemporaryDirectory() as folder:
        password = Path(folder) / "password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD, "utf-8")
        table = source(hosts, password=password if search else None, **keys)
        async with rig(table, hosts=served.routes(), secure=secure, clock=clock, http=http) as house:
            await house.pass_s(30)
            yield Town(served, life, house, city.did)
