"""
The X of the demo's city: how much is said with its hashtags, hour by hour, and what calls its own account, with its words.

Made by `simulator.quarter`; turns moments of `listener.simulation.snowstorm` into posts, which `simulator` tells of. The texts
stand under an attestation and a permission that are as synthetic as everything here. Who does not want to be read has a
protected account.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from adapters.x import simulator
from adapters.x.simulated_network import Network
from adapters.x.simulated_posts import Post
from adapters.x.simulated_site import Manner
from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.quarter import Way
from listener.simulation.snowstorm import HANDLE, Day, Failure, Moment, crowd
from listener.simulation.world import Expected

TOKEN: Final = "app-token"  # noqa: S105  a simulation
VOLUMES: Final = "x-volumes"
MENTIONS: Final = "x-mentions"
_MANNERS: Final[dict[Failure, Manner]] = {"busy": "429", "down": "503", "slow": "slow"}


class PostsQuarter:
    """
    See `listener.simulation.quarter.Quarter`.
    """

    network = "x"
    objectors: tuple[str, ...] = ()
    looks_back_s = 1800.0
    """The first question for numbers is worth one hour."""

    def __init__(self, day: Day, clock: Clock) -> None:
        self._day = day
        self._next = Expected("not_ours")
        self._world = Network(clock, day.hashtags, city=HANDLE, expect=lambda _: self._next)
        self._people = [self._world.account() for _ in crowd(day.seed)]
        self._decliners = [self._world.account(protected=True) for _ in range(2)]
        self._served: simulator.Served | None = None
        self._posts: dict[int, Post] = {}
        self.numbers: dict[str, int] = {}

    @property
    def ledger(self) -> Ledger:
        return self._world.ledger

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, ...]]:
        token = folder / "x-token"
        token.touch(mode=0o600)
        token.write_text(TOKEN, encoding="utf-8")
        async with simulator.serve(self._world) as served:
            self._served = served
            yield self._volumes(served, token), self._mentions(served, token)

    def is_heard(self) -> bool:
        return True

    # ---------------------------------------------------------------------------------------------- what happens

    def happen(self, moment: Moment) -> None:
        match moment.act:
            case "say":
                self._world.plan(moment.at, lambda: self._say(moment))
                self._world.turn()
            case "edit" if self._is_heard_by_words(moment.number):
                self._world.edit(self._posts[moment.number], self._calling(moment.text))
            case "delete" if moment.number in self._posts:
                self._world.delete(self._posts[moment.number])
            case "fail" if self._served is not None:
                self._served.site.disturb(_MANNERS[moment.failure], moment.lasts_s)
            case _:
                pass  # an edit moves a post that is counted into another hour: nobody here does that

    def calm(self) -> None:
        if self._served is not None:
            self._served.site.troubles.clear()

    def _is_heard_by_words(self, number: int) -> bool:
        post = self._posts.get(number)
        return post is not None and self.ledger.posts[post.id].expected == "queued"

    def _say(self, moment: Moment) -> None:
        answered = self._posts.get(moment.on or 0)
        if answered is not None and answered.deleted_at is not None:
            answered = None
        calls = moment.voice in ("neighbour", "troll") and moment.ours and moment.number % 2 == 0
        who = self._world.own if moment.voice == "city" else self._people[moment.person]
        if moment.voice == "declined":
            who = self._decliners[moment.number % len(self._decliners)]
        self._next = self._fate(moment, calls=calls)
        text = self._calling(moment.text) if calls else moment.text
        post = self._world.post(who, text, lang=moment.lang, reply_to=answered if calls else None)
        self._posts[moment.number] = post
        self.numbers[post.id] = moment.number

    def _calling(self, text: str) -> str:
        """
        Calls the city, and carries no hashtag: what is counted and what is heard are different posts.
        """
        for tag in sorted(self._day.hashtags, key=len, reverse=True):
            text = text.replace(f" {tag}", "")
        return f"@{HANDLE} {text}"

    def _fate(self, moment: Moment, *, calls: bool) -> Expected:
        if moment.voice == "declined" or not moment.ours:
            return Expected("not_ours")
        return Expected("queued" if calls else "counted")

    # ------------------------------------------------------------------------------------------ what was shown

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        """
        Mentions come newest first, edits as new ones; of deletions nothing is said.
        """
        return row.deleted_at is None and any(
            (each.route, each.status, each.disturbance) == ("mentions", 200, "") and each.at > at
            for each in self.ledger.requests
        )

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        return (MENTIONS if row.expected == "queued" else VOLUMES,)

    def not_before(self, row: PostRow) -> datetime | None:
        """
        An hour is counted when it is over.
        """
        if row.expected != "counted":
            return None
        return row.published_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

    def deletion(self, row: PostRow) -> Way:
        return "asked"

    # ---------------------------------------------------------------------------------------------------- tables

    def _volumes(self, served: simulator.Served, token: Path) -> str:
        return "\n".join(
            (
                f'[[source]]\nname = "{VOLUMES}"\nadapter = "x"\nrelation = "public"',
                'criterion = "Every public post on X, by number only"',
                f"endpoint = {json.dumps(served.address)}\ntoken_file = {json.dumps(str(token))}",
                f'own_accounts = ["{HANDLE}"]\nmonthly_usd = 100',
                f"derived_metrics_agreed = {self._day.begin_at.date().isoformat()}",
            )
        )

    def _mentions(self, served: simulator.Served, token: Path) -> str:
        attested_on = self._day.begin_at.date().isoformat()
        return "\n".join(
            (
                f'[[source]]\nname = "{MENTIONS}"\nadapter = "x"\nrelation = "own"\nlisten = "mentions"',
                f"endpoint = {json.dumps(served.address)}\ntoken_file = {json.dumps(str(token))}",
                f'own_user_id = "{self._world.own.id}"\nown_accounts = ["{HANDLE}"]\nmonthly_usd = 100',
                'keep = "text"\npermission_ref = "Synthetic: nobody gave it, for nobody wrote the posts"',
                'attestation = { plan = "Synthetic", end_users = ["The demo"], by = "The demo", '
                f"attested_on = {attested_on} }}",
            )
        )
