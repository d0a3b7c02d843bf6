"""
An ordinary day of a city in a fediverse of two instances: what a crowd would post, boost, answer, edit and delete.

Plans happenings in a `simulated_fediverse.Fediverse`. Equal seeds make equal days. Nobody in it exists.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_posts import Account, Picture, Poll, Toot, Visibility
from listener.clock import Clock
from listener.simulation.phrases import PHRASES, STREETS

ONE: Final = "one.example"
TWO: Final = "two.example"


def city(
    clock: Clock,
    *,
    seed: int,
    hashtags: Sequence[str],
    start_at: datetime,
    hours: float = 30.0,
    posts: int = 220,
) -> Fediverse:
    """
    Two instances that federate, with a crowd on each.

    Args:
        clock: Whose time it is.
        seed: Any integer.
        hashtags: Half of the posts carry one of them.
        start_at: Of the day.
        hours: Its length.
        posts: How many, boosts and answers included.
    """
    world = Fediverse(clock, hashtags=tuple(hashtags))
    world.instance(ONE)
    world.instance(TWO, lag_s=40.0)
    populate(world, seed=seed, start_at=start_at, hours=hours, posts=posts)
    return world


def populate(world: Fediverse, *, seed: int, start_at: datetime, hours: float, posts: int) -> None:
    """
    So many posts will happen on the instances there are, evenly by chance, and whatever becomes of them.
    """
    crowd = _Crowd(world, random.Random(f"crowd/{seed}"))  # noqa: S311  a simulation, no secret
    crowd.settle()
    times = sorted(start_at + timedelta(hours=hours * crowd.chance.random()) for _ in range(posts))
    for at in times:
        world.plan(at, crowd.somebody_acts)


@dataclass(slots=True)
class _Crowd:
    """
    Who is there, and what they said lately. Every choice comes from one generator, in the order of what happens.
    """

    world: Fediverse
    chance: random.Random
    accounts: list[Account] = field(default_factory=list)
    lately: list[Toot] = field(default_factory=list)

    def settle(self) -> None:
        """
        A dozen accounts on each instance, some of whom object, some of whom are bots.
        """
        for domain in self.world.instances:
            for number in range(12):
                self.accounts.append(
                    self.world.account(
                        domain,
                        bot=number == 5,
                        noindex=number == 7,
                        indexable=number % 3 != 0,
                        discoverable=(True, None, False)[number % 3],
                        note="I read and write. #nobot" if number == 9 else "",
                    )
                )

    def somebody_acts(self) -> None:
        """
        One post, answer or boost; and now and then an edit or a deletion that will follow.
        """
        who = self.chance.choice(self.accounts)
        if self.lately and self.chance.random() < 0.12:
            self.world.boost(who, self.chance.choice(self.lately))
            return
        toot = self._written(who)
        if toot.visibility == "public":
            self.lately = [*self.lately[-20:], toot]
        fate = self.chance.random()
        later = self.world.now() + timedelta(minutes=self.chance.uniform(1, 90))
        if fate < 0.08:
            self.world.plan(later, lambda: self._regret(toot))
        elif fate < 0.18:
            self.world.plan(later, lambda: self._correct(toot))

    def _written(self, who: Account) -> Toot:
        phrases = PHRASES[self.chance.choice(sorted(PHRASES))]
        said = self.chance.choice(phrases.comments).format(
            street=self.chance.choice(STREETS),
            number=self.chance.randrange(2, 9),
            hour=self.chance.randrange(7, 22),
        )
        tag = f" #{self.chance.choice(list(self.world.hashtags)).lstrip('#')}" if self._half() else " #winter"
        reply = self.chance.choice(self.lately) if self.lately and self.chance.random() < 0.25 else None
        quote = self.chance.choice(self.lately) if self.lately and self.chance.random() < 0.08 else None
        mentions = (reply.account,) if reply is not None else ()
        called = f"@{reply.account.username}@{reply.account.home} " if reply is not None else ""
        visibilities: tuple[Visibility, ...] = ("public", "public", "public", "public", "unlisted", "private")
        wary = self.chance.random() < 0.15
        return self.world.post(
            who,
            f"{called}{said}{tag}",
            visibility=self.chance.choice(visibilities),
            reply_to=reply,
            quote_of=quote,
            language=phrases.lang if self.chance.random() < 0.9 else None,
            mentions=mentions,
            spoiler_text="about the weather" if wary else "",
            sensitive=wary,
            media=(Picture("a street"),) if self.chance.random() < 0.2 else (),
            poll=self._poll() if self.chance.random() < 0.05 else None,
            link="https://news.example/story" if self.chance.random() < 0.1 else None,
        )

    def _half(self) -> bool:
        return bool(self.world.hashtags) and self.chance.random() < 0.5

    def _poll(self) -> Poll:
        return Poll((("yes", 3), ("no", 4)), self.world.now() + timedelta(days=1))

    def _regret(self, toot: Toot) -> None:
        if toot.deleted_at is None:
            self.world.delete(toot)

    def _correct(self, toot: Toot) -> None:
        if toot.deleted_at is None:
            self.world.edit(toot, f"{toot.words.text}\n\nEdit: a word.")
