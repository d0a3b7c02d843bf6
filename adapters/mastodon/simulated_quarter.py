"""
The fediverse of the demo's city: two instances that federate; the city has its account on the first.

Made by `simulator.quarter`; turns moments of `listener.simulation.snowstorm` into posts, which `simulator` shows. The first
instance is heard by its stream and by what mentions the city, the second is read page by page. Some people write `#nobot`
into their profile. One post in twelve is broken by its server: nobody stands as its author.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adapters.mastodon import simulator
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Manner
from adapters.mastodon.simulated_posts import Account, Toot
from listener.clock import Clock
from listener.simulation import marks
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.quarter import Way
from listener.simulation.snowstorm import HANDLE, Day, Failure, Moment, city, crowd
from listener.simulation.world import Expected

ONE: Final = "one.example"
TWO: Final = "two.example"
LAG_S: Final = 40.0
_BROKEN: Final = 12
_MANNERS: Final[dict[Failure, tuple[str, Manner]]] = {
    "busy": (TWO, "429"),
    "down": (ONE, "outage"),
    "slow": (TWO, "slow"),
}


class FediverseQuarter:
    """
    See `listener.simulation.quarter.Quarter`.
    """

    network = "mastodon"
    objectors: tuple[str, ...] = ()
    looks_back_s = 1800.0

    def __init__(self, day: Day, clock: Clock) -> None:
        self._day = day
        self._next = Expected("not_ours")
        self._world = Fediverse(clock, hashtags=day.hashtags, expect=self._expected)
        for domain, lag_s in ((ONE, LAG_S), (TWO, LAG_S)):
            self._world.instance(domain, lag_s=lag_s, adorn=self._adorned)
        self._city = self._world.account(ONE, city())
        self._people = [
            self._world.account((ONE, TWO)[at % 2], person) for at, person in enumerate(crowd(day.seed))
        ]
        self._decliners = [
            self._world.account(
                home, replace(self._people[at].person, handle=f"quiet_{at}"), note="I read. #nobot"
            )
            for at, home in enumerate((ONE, TWO))
        ]
        self._toots: dict[int, Toot] = {}
        self.numbers: dict[str, int] = {}

    @property
    def ledger(self) -> Ledger:
        return self._world.ledger

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, ...]]:
        token = folder / "mastodon-token"
        token.touch(mode=0o600)
        token.write_text(self._world.token(ONE, self._city), encoding="utf-8")
        async with simulator.serve(self._world) as served:
            yield (
                _table("one-example", served.address(ONE), token=token, streaming="sse"),
                _table("one-example-mentions", served.address(ONE), token=token, mentions=True),
                _table("two-example", served.address(TWO)),
            )

    def is_heard(self) -> bool:
        return True

    # ---------------------------------------------------------------------------------------------- what happens

    def happen(self, moment: Moment) -> None:
        match moment.act:
            case "say":
                self._world.plan(moment.at, lambda: self._say(moment))
                self._world.turn()
            case "edit" if self._living(moment.number):
                self._world.edit(self._toots[moment.number], moment.text)
            case "delete" if self._living(moment.number):
                self._world.delete(self._toots[moment.number])
            case "fail":
                domain, manner = _MANNERS[moment.failure]
                self._world.instances[domain].disturb(
                    manner, start_at=self._world.clock.now(), seconds=moment.lasts_s
                )
            case _:
                pass  # it is gone already

    def calm(self) -> None:
        for here in self._world.instances.values():
            here.troubles.clear()

    def _living(self, number: int) -> bool:
        return number in self._toots and self._toots[number].deleted_at is None

    def _say(self, moment: Moment) -> None:
        answered = self._toots.get(moment.on or 0)
        if answered is not None and answered.deleted_at is not None:
            answered = None
        who = self._account(moment)
        self._next = self._fate(moment)
        asks_us = answered is not None and answered.account is self._city
        toot = self._world.post(
            who,
            f"@{HANDLE}@{ONE} {moment.text}" if asks_us else moment.text,
            reply_to=answered,
            mentions=(self._city,) if asks_us else (),
            language=moment.lang,
        )
        self._toots[moment.number] = toot
        self.numbers[toot.post] = moment.number
        self._next = Expected("not_ours")
        if moment.voice == "neighbour" and moment.ours and moment.number % 5 == 0:
            self._world.boost(self._people[(moment.person + 7) % len(self._people)], toot)

    def _account(self, moment: Moment) -> Account:
        if moment.voice == "city":
            return self._city
        if moment.voice == "declined":
            return self._decliners[moment.number % len(self._decliners)]
        return self._people[moment.person]

    def _fate(self, moment: Moment) -> Expected:
        if not moment.ours:
            return Expected("not_ours")
        if moment.number % _BROKEN == 0:
            return Expected("rejected", "unreadable_item")
        return Expected("withheld", "consent") if moment.voice == "declined" else Expected("queued")

    def _expected(self, toot: Toot) -> Expected:
        return Expected("not_ours") if toot.boost_of is not None else self._next

    def _adorned(self, entity: str, shown: dict[str, Any]) -> dict[str, Any]:
        """
        Some statuses have lost their author on the way.
        """
        found = marks.read(str(shown.get("content", ""))) if entity == "status" else None
        return shown | {"account": None} if found and found[0] % _BROKEN == 0 else shown

    # ------------------------------------------------------------------------------------------ what was shown

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        """
        A page of the hashtag at the post's own instance; it federates later. Of what happens to a post after it was
        shown, pages tell nothing: only streams do, and who asks again.
        """
        return (
            at <= row.published_at
            and row.deleted_at is None
            and any(
                (each.place, each.route, each.status, each.disturbance) == (row.place, "tag", 200, "")
                and each.at > at
                for each in self.ledger.requests
            )
        )

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        return (row.place.replace(".", "-"),)

    def not_before(self, row: PostRow) -> datetime | None:
        return None

    def deletion(self, row: PostRow) -> Way:
        """
        A stream tells of it where it is open at that moment; for everything else the daemon has to ask.
        """
        return "asked"


def _table(
    name: str, endpoint: str, *, token: Path | None = None, streaming: str = "off", mentions: bool = False
) -> str:
    lines = [
        "[[source]]",
        f'name = "{name}"',
        'adapter = "mastodon"',
        f'relation = "{"own" if mentions else "public"}"',
        f"endpoint = {json.dumps(endpoint)}",
        f'own_accounts = ["{HANDLE}"]' if token is not None else f'own_accounts = ["{HANDLE}@{ONE}"]',
    ]
    if token is not None:
        lines.append(f"token_file = {json.dumps(str(token))}")
    if mentions:
        lines.append('listen = "mentions"')
    else:
        lines += [
            'criterion = "The instances on which most people of the town have their account"',
            f'streaming = "{streaming}"',
        ]
    return "\n".join(lines)
