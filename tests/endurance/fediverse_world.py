"""
Three federated instances: one is heard by server-sent events, one by a WebSocket, one is read page by page.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, get_args

from adapters.mastodon import simulator
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Manner
from adapters.mastodon.simulated_posts import Account, Toot, Visibility
from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import Ledger
from listener.simulation.world import Expected
from tests.endurance.lines import Line, lines
from tests.endurance.told import number_of, word

DOMAINS: Final = ("one.example", "two.example", "three.example")
WAYS: Final = ("sse", "off", "websocket")
_REFUSALS: Final = frozenset({"401", "403", "404", "disabled"})
"""Not among the troubles: who is refused comes back once a day only."""

MANNERS: Final = tuple(manner for manner in get_args(Manner) if manner not in _REFUSALS)
_VISIBLE: Final[tuple[Visibility, ...]] = ("public", "public", "public", "public", "public", "private")


def expected(toot: Toot) -> Expected:
    """What the daemon takes: public, under the hashtag, by somebody who does not refuse programs."""
    if toot.visibility != "public" or toot.boost_of is not None or "yyc" not in toot.words.tag_names:
        return Expected("not_ours")
    return Expected("withheld", "nobot") if "#nobot" in toot.account.note else Expected("queued")


class FediverseWorld:
    """
    A crowd on three instances. What happens on one is known on the others half a minute later.
    """

    def __init__(self, clock: ScaledClock, seed: int) -> None:
        self.clock = clock
        self.fediverse = Fediverse(clock, hashtags=("#yyc",), expect=expected)
        for number, domain in enumerate(DOMAINS):
            self.fediverse.instance(domain, lag_s=20.0 * number)
        self._crowd = [self._account(domain, number) for domain in DOMAINS for number in range(8)]
        self._lately: list[Toot] = []
        self.sites: dict[str, simulator.Site] = {}

    @property
    def ledger(self) -> Ledger:
        return self.fediverse.ledger

    def _account(self, domain: str, number: int) -> Account:
        return self.fediverse.account(domain, note="I write. #nobot" if number == 7 else "")

    # ------------------------------------------------------------------------------------------- what happens

    def act(self, chance: random.Random) -> None:
        """A post, an answer, a boost, an edit, a deletion; seldom an account is deleted with all it wrote."""
        self.fediverse.turn()
        living = [toot for toot in self._lately[-80:] if toot.deleted_at is None]
        fate = chance.random()
        if fate < 0.5 or not living:
            self._write(chance, living)
        elif fate < 0.75:
            self._edit(chance.choice(living))
        elif fate < 0.9:
            self.fediverse.delete(chance.choice(living))
        elif fate < 0.99:
            self.fediverse.boost(chance.choice(self._crowd), chance.choice(living))
        elif len(self._crowd) > 12:
            gone = self._crowd.pop(chance.randrange(len(self._crowd)))
            self.fediverse.remove(gone)

    def _write(self, chance: random.Random, living: list[Toot]) -> None:
        tag = chance.choice(("#yyc", "#yyc", "#winter"))
        who, reply = (
            chance.choice(self._crowd),
            chance.choice(living) if living and chance.random() < 0.2 else None,
        )
        said = f"Ice on the stairs {word(len(self.ledger.posts) + 1, 1)} {tag}"
        toot = self.fediverse.post(who, said, visibility=chance.choice(_VISIBLE), reply_to=reply)
        self._lately.append(toot)

    def _edit(self, toot: Toot) -> None:
        revision = toot.words.revision + 1
        tag = "#yyc" if "yyc" in toot.words.tag_names else "#winter"
        self.fediverse.edit(toot, f"Black ice {word(number_of(toot.post), revision)} {tag}")

    def calm(self) -> None:
        """Nothing fails any more."""
        for here in self.fediverse.instances.values():
            here.troubles.clear()

    def is_heard(self) -> bool:
        """A first reading goes back to what was said before it."""
        return True

    def trouble(self, chance: random.Random) -> None:
        """One instance fails for a while in one of the ways they fail."""
        here = self.fediverse.instances[chance.choice(DOMAINS)]
        route = chance.choice((None, "tag", "statuses", "stream"))
        here.disturb(
            chance.choice(MANNERS), start_at=self.clock.now(), seconds=chance.uniform(5, 300), route=route
        )

    # ------------------------------------------------------------------------------------------------- served

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, list[Line]]]:
        """Each instance behind a line of its own, whose address it takes for its own."""
        async with simulator.serve(self.fediverse) as served:
            self.sites = served.sites
            ports = [site.server.port for site in served.sites.values() if site.server is not None]
            async with lines("127.5.0", ports) as made:
                for domain, line in zip(DOMAINS, made, strict=True):
                    self.fediverse.instances[domain].origin = f"http://{line.place}"
                yield self._configuration(folder), made

    def _configuration(self, folder: Path) -> str:
        sources = [self._source(folder, domain, way) for domain, way in zip(DOMAINS, WAYS, strict=True)]
        return "\n".join([HEAD, *sources])

    def _source(self, folder: Path, domain: str, way: str) -> str:
        here = self.fediverse.instances[domain]
        table = f'[[source]]\nname = "{domain[:-8]}"\nadapter = "mastodon"\nendpoint = "{here.address}"\n'
        if way == "off":
            return f'{table}relation = "public"\ncriterion = "Synthetic instances"\n'
        file = folder / f"token-{domain}"
        file.touch(mode=0o600)
        file.write_text(self.fediverse.token(domain, self._crowd[0]), "utf-8")
        return f'{table}relation = "own"\ntoken_file = {json.dumps(str(file))}\nstreaming = "{way}"\n'


HEAD: Final = """\
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
[[watch]]
name = "city"
hashtags = ["#yyc"]
purpose = "Endurance"
owner = "Tests"
legal_authority = "None needed: synthetic"
review_by = 2099-01-01
[http]
port = 0
[reader]
allow_addresses = ["127.0.0.0/8"]
"""
