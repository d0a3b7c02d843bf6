"""
A network that two Jetstream hosts tell of, each with losses of its own, and an AppView that is a little late.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from adapters.bluesky import simulator
from adapters.bluesky.simulated_jetstream import Blindness
from adapters.bluesky.simulated_names import POST, microseconds
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Network, Record
from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import Ledger
from tests.endurance.fediverse_world import HEAD
from tests.endurance.lines import Line, lines
from tests.endurance.told import number_of, word

HOSTS: Final = simulator.JETSTREAMS[:2]
LATE_S, FORGETS_S = 2.0, 4.0
DROPS, SWAPS = 2, 3
"""What the careless host loses, and what it tells in reverse order, wherever a replay becomes live. Few people write here: three
posts are further apart than the minute a reconnect goes back, so that the other host keeps order."""

CARELESS: Final = HOSTS[0]
"""Loses posts without a word, and is blind at times. The other fails too, but so that one can see it: what two hosts lose
silently at the same moment nobody can know of."""

MANNERS: Final[tuple[simulator.Manner, ...]] = (
    "429",
    "500",
    "502",
    "503",
    "slow",
    "reset",
    "silent",
    "half_open",
    "cut",
)


class BlueskyWorld:
    """
    Thirty people; one in eight does not want to be shown to people who are not signed in.
    """

    def __init__(self, clock: ScaledClock, seed: int) -> None:
        self.clock = clock
        self.network = Network(clock, seed, frozenset({"yyc"}))
        for number in range(30):
            self.network.join(labels=(NO_UNAUTHENTICATED,) if number % 8 == 5 else ())
        self._lately: list[str] = []
        self.served: simulator.Bluesky | None = None

    @property
    def ledger(self) -> Ledger:
        return self.network.ledger

    # ------------------------------------------------------------------------------------------- what happens

    def act(self, chance: random.Random) -> None:
        """A post, an answer, a like, an edit, a deletion; seldom an account is deleted with all it wrote."""
        living = [record for uri in self._lately[-80:] if (record := self.network.visible(uri))]
        fate = chance.random()
        if fate < 0.55 or not living:
            self._write(chance, living)
        elif fate < 0.75:
            self._edit(chance.choice(living))
        elif fate < 0.9:
            self.network.delete(chance.choice(living).uri)
        elif fate < 0.99:
            self.network.like(self._somebody(chance), chance.choice(living).uri)
        elif len(self.network.accounts) > 15:
            self.network.set_status(self._somebody(chance), "deleted")

    def _somebody(self, chance: random.Random) -> str:
        return chance.choice([each.did for each in self.network.accounts.values() if each.status == "active"])

    def _write(self, chance: random.Random, living: list[Record]) -> None:
        tag = chance.choice(("#yyc", "#yyc", "#winter"))
        reply = chance.choice(living).uri if living and chance.random() < 0.2 else None
        said = f"Ice on the stairs 🧊 {word(len(self.ledger.posts) + 1, 1)} {tag}"
        self._lately.append(
            self.network.post(self._somebody(chance), said, langs=("en",), reply_to=reply).uri
        )

    def _edit(self, record: Record) -> None:
        tag = "#yyc" if self.ledger.posts[record.post].expected != "not_ours" else "#winter"
        said = f"Black ice {word(number_of(record.post), record.revision + 1)} {tag}"
        self.network.edit(record.uri, said)

    def calm(self) -> None:
        """Whatever fails by a switch is switched back; the rest ends by the clock."""
        assert self.served is not None
        for host in self.served.jetstreams.values():
            host.warming = False
            host.stalled.clear()

    def is_heard(self) -> bool:
        """A stream begins with what is said once it is open."""
        hosts = [] if self.served is None else list(self.served.jetstreams.values())
        return bool(hosts) and all(host.open_sockets() for host in hosts)

    def trouble(self, chance: random.Random) -> None:
        """One host fails until the next does, goes blind for a while, or tells nothing though it pings."""
        self.calm()
        assert self.served is not None
        now, lasts_s = self.clock.now(), chance.uniform(5, 300)
        match chance.randrange(4):
            case 0:
                start_us = microseconds(now)
                blind = Blindness(collection=POST, start_us=start_us, end_us=start_us + round(lasts_s * 1e6))
                self.served.jetstreams[CARELESS].blindness.append(blind)
            case 1:
                name = chance.choice((simulator.APPVIEW, *HOSTS))
                manner = chance.choice(MANNERS[:7] if name == simulator.APPVIEW else MANNERS)
                trouble = simulator.Trouble(name, manner, now, now + timedelta(seconds=lasts_s))
                self.served.troubles.append(trouble)
            case 2:
                self.served.jetstreams[CARELESS].stalled.add(POST)
            case _:
                self.served.jetstreams[chance.choice(HOSTS)].warming = True

    # ------------------------------------------------------------------------------------------------- served

    @asynccontextmanager
    async def serving(self, _folder: Path) -> AsyncIterator[tuple[str, list[Line]]]:
        """Each host behind a line of its own."""
        async with simulator.serve(self.network, hosts=HOSTS) as self.served:
            careless = self.served.jetstreams[CARELESS]
            careless.cutover_drops, careless.cutover_swaps = DROPS, SWAPS
            self.served.appview.behind_s, self.served.appview.forgets_after_s = LATE_S, FORGETS_S
            names = (*HOSTS, simulator.APPVIEW)
            async with lines("127.6.0", [self.served.servers[name].port for name in names]) as made:
                yield self._configuration([line.place for line in made]), made

    def _configuration(self, places: list[str]) -> str:
        *hosts, appview = places
        return (
            f'{HEAD}[[source]]\nname = "bluesky"\nadapter = "bluesky"\nrelation = "own"\n'
            f"hosts = {json.dumps([f'ws://{place}' for place in hosts])}\n"
            f'appview = "http://{appview}"\n'
        )
