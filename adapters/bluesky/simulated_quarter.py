"""
The Bluesky of the demo's city: two Jetstream hosts and an AppView; the city has an account, and some people do not want to
be shown to who is not signed in.

Made by `simulator.quarter`; turns moments of `listener.simulation.snowstorm` into records, which `simulator` tells. Nothing
of what was said before listening began is told.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from adapters.bluesky import simulator
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Network, Record
from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.quarter import Way
from listener.simulation.snowstorm import Day, Failure, Moment, city, crowd

HOSTS: Final = simulator.JETSTREAMS[:2]
CITY: Final = "city.example"
SILENCE_S: Final = 3600.0
"""Few people live here: five minutes without a word are no sign of a broken host."""

_MANNERS: Final[dict[Failure, tuple[str, simulator.Manner]]] = {
    "busy": (simulator.APPVIEW, "429"),
    "down": (HOSTS[0], "reset"),
    "slow": (simulator.APPVIEW, "502"),
}


class BlueskyQuarter:
    """
    See `listener.simulation.quarter.Quarter`.
    """

    network = "bluesky"
    objectors: tuple[str, ...] = ()
    looks_back_s = 0.0

    def __init__(self, day: Day, clock: Clock) -> None:
        tags = frozenset(tag.lstrip("#").lower() for tag in day.hashtags)
        self._network = Network(clock, day.seed, tags)
        self._city = self._network.join(handle=CITY, person=city())
        self._network.own.add(self._city.did)
        self._people = [self._network.join(person=person) for person in crowd(day.seed)]
        self._decliners = [
            self._network.join(handle=f"quiet-{at}.bsky.example", labels=(NO_UNAUTHENTICATED,))
            for at in range(2)
        ]
        self._records: dict[int, str] = {}
        self._served: simulator.Bluesky | None = None
        self.numbers: dict[str, int] = {}

    @property
    def ledger(self) -> Ledger:
        return self._network.ledger

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, ...]]:
        async with simulator.serve(self._network, hosts=HOSTS) as served:
            self._served = served
            yield (
                "\n".join(
                    (
                        '[[source]]\nname = "bluesky"\nadapter = "bluesky"\nrelation = "public"',
                        'criterion = "Every public post that a watch asks for"',
                        f"hosts = {json.dumps([served.address(name, 'ws') for name in served.jetstreams])}",
                        f"own_accounts = {json.dumps([self._city.did])}",
                        f"appview = {json.dumps(served.address(simulator.APPVIEW))}",
                        f"silence_s = {SILENCE_S}",
                    )
                ),
            )

    def is_heard(self) -> bool:
        hosts = [] if self._served is None else list(self._served.jetstreams.values())
        return bool(hosts) and all(host.open_sockets() for host in hosts)

    # ---------------------------------------------------------------------------------------------- what happens

    def happen(self, moment: Moment) -> None:
        match moment.act:
            case "say":
                self._say(moment)
            case "edit" if self._living(moment.number):
                self._network.edit(self._records[moment.number], moment.text)
            case "delete" if self._living(moment.number):
                self._network.delete(self._records[moment.number])
            case "fail":
                host, manner = _MANNERS[moment.failure]
                now = self._network.clock.now()
                trouble = simulator.Trouble(host, manner, now, now + timedelta(seconds=moment.lasts_s))
                if self._served is not None:
                    self._served.troubles.append(trouble)
            case _:
                pass  # it is gone already

    def calm(self) -> None:
        if self._served is not None:
            self._served.troubles.clear()

    def _living(self, number: int) -> bool:
        return number in self._records and self._network.visible(self._records[number]) is not None

    def _say(self, moment: Moment) -> None:
        number = moment.number
        answered = moment.on if moment.on is not None and self._living(moment.on) else None
        record = self._network.post(
            self._who(moment),
            moment.text,
            langs=(moment.lang,),
            reply_to=None if answered is None else self._records[answered],
        )
        self._book(record, number)
        someone = self._people[(moment.person + 5) % len(self._people)].did
        self._network.like(someone, record.uri)

    def _book(self, record: Record, number: int) -> None:
        self._records[number] = record.uri
        self.numbers[record.post] = number
        row = self.ledger.posts[record.post]
        if row.expected == "withheld":
            row.reason = "consent"  # what the gate calls it

    def _who(self, moment: Moment) -> str:
        if moment.voice == "city":
            return self._city.did
        if moment.voice == "declined":
            return self._decliners[moment.number % len(self._decliners)].did
        return self._people[moment.person].did

    # ------------------------------------------------------------------------------------------ what was shown

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        """
        A stream shows everything by itself; what it lost while it was cut it tells again.
        """
        return True

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        return ("bluesky",)

    def not_before(self, row: PostRow) -> datetime | None:
        return None

    def deletion(self, row: PostRow) -> Way:
        return "announced"
