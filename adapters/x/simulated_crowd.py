"""
An ordinary day of a city on X: what a crowd would post, answer, quote, repeat, correct, take back; and one who shouts.

Plans happenings in a `simulated_network.Network`. Equal seeds make equal days. Nobody in it exists.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.x.simulated_network import Network
from adapters.x.simulated_posts import Account, Post
from listener.clock import Clock
from listener.simulation.phrases import PHRASES, STREETS

LANGUAGES: Final = ("en", "en", "en", "fr", "es")
_CROWD: Final = 24
_ASIDES: Final = (
    "Snow & ice <again> on the corner.",
    "5 > 3 buses, they said & nobody laughed.",
    "More at https://news.example/story?id=7&lang=en",
)
_SHOUT: Final = "WAKE UP!!! {name} READS NOTHING. Ask them why!!!"


def city(
    clock: Clock,
    *,
    seed: int,
    hashtags: Sequence[str],
    start_at: datetime,
    hours: float = 30.0,
    posts: int = 220,
) -> Network:
    """
    A network with the city's account and a crowd.

    Args:
        clock: Whose time it is.
        seed: Any integer.
        hashtags: Half of the posts carry one of them.
        start_at: Of the day.
        hours: Its length.
        posts: How many, answers, quotes and reposts included.
    """
    network = Network(clock, hashtags=tuple(hashtags))
    populate(network, seed=seed, start_at=start_at, hours=hours, posts=posts)
    return network


def populate(network: Network, *, seed: int, start_at: datetime, hours: float, posts: int) -> None:
    """
    So many posts will happen, evenly by chance, and whatever becomes of them and of those who wrote them.
    """
    crowd = _Crowd(network, random.Random(f"x/{seed}"))  # noqa: S311  a simulation, no secret
    crowd.settle()
    times = sorted(start_at + timedelta(hours=hours * crowd.chance.random()) for _ in range(posts))
    for at in times:
        network.plan(at, crowd.somebody_acts)
    for act in (crowd.somebody_hides, crowd.somebody_is_suspended):
        network.plan(start_at + timedelta(hours=hours * crowd.chance.uniform(0.4, 0.9)), act)


@dataclass(slots=True)
class _Crowd:
    """
    Who is there, and what they said lately. Every choice comes from one generator, in the order of what happens.
    """

    network: Network
    chance: random.Random
    crowd: list[Account] = field(default_factory=list)
    lately: list[Post] = field(default_factory=list)

    def settle(self) -> None:
        """
        Two dozen accounts; one is protected from the beginning, the last one is the troll.
        """
        self.crowd = [self.network.account(protected=number == 7) for number in range(_CROWD)]

    def somebody_acts(self) -> None:
        """
        One post, answer, quote or repost; and now and then an edit or a deletion that will follow.
        """
        who = self.chance.choice(self.crowd)
        if self.lately and self.chance.random() < 0.12:
            self.network.repost(who, self.chance.choice(self.lately))
            return
        post = self._shouted(who) if who is self.crowd[-1] else self._written(who)
        self.lately = [*self.lately[-20:], post]
        self._afterwards(post)

    def somebody_hides(self) -> None:
        """
        An account is protected from now on.
        """
        self.network.protect(self.crowd[3])

    def somebody_is_suspended(self) -> None:
        """
        The troll has to go.
        """
        self.network.suspend(self.crowd[-1])

    def _written(self, who: Account) -> Post:
        lang = self.chance.choice(LANGUAGES)
        text = f"{self._said(lang)}{self._tag()}"
        reply = self.chance.choice(self.lately) if self.lately and self.chance.random() < 0.25 else None
        quote = self.chance.choice(self.lately) if self.lately and self.chance.random() < 0.1 else None
        if reply is not None:
            text = f"@{reply.author.username} {text}"
        elif self.chance.random() < 0.15:
            text = f"@{self.network.city} {text}"
        return self.network.post(
            who,
            text,
            lang=lang if self.chance.random() < 0.9 else "und",
            reply_to=reply,
            quote_of=quote,
            sensitive=self.chance.random() < 0.04,
            withheld=("DE",) if self.chance.random() < 0.04 else (),
            likes=self.chance.choice((0, 0, 0, 1, 2, 5, 40)),
        )

    def _said(self, lang: str) -> str:
        phrases = PHRASES[lang]
        said = self._filled(self.chance.choice(phrases.comments))
        if self.chance.random() < 0.1:
            # Long enough to be cut: an article is longer than a post may show.
            title, text = self.chance.choice(phrases.articles)
            said = self._filled(f"{title}. {text} {said} ") + said * 3
        if self.chance.random() < 0.15:
            said = f"{said} {self.chance.choice(_ASIDES)}"
        return said

    def _shouted(self, who: Account) -> Post:
        """
        The troll drags a person in by name and by handle.
        """
        whom = self.chance.choice(self.crowd[:-1])
        text = f"@{self.network.city} @{whom.username} {_SHOUT.format(name=whom.person.name)}{self._tag()}"
        return self.network.post(who, text, lang="en")

    def _tag(self) -> str:
        tags = list(self.network.hashtags)
        return (
            f" #{self.chance.choice(tags).lstrip('#')}" if tags and self.chance.random() < 0.5 else " #winter"
        )

    def _filled(self, text: str) -> str:
        return text.format(
            street=self.chance.choice(STREETS),
            number=self.chance.randrange(2, 9),
            hour=self.chance.randrange(7, 22),
        )

    def _afterwards(self, post: Post) -> None:
        """
        Some correct themselves while they may, once or twice; some take it back.
        """
        fate, written = self.chance.random(), self.network.now()
        if fate < 0.08:
            later = written + timedelta(minutes=self.chance.uniform(1, 90))
            self.network.plan(later, lambda: self.network.delete(post))
        elif fate < 0.18:
            first = self.chance.uniform(0.5, 20)
            for number, minutes in enumerate((first, first + 6)[: self.chance.choice((1, 1, 2))], 1):
                self._corrected(post, written + timedelta(minutes=minutes), number)

    def _corrected(self, post: Post, at: datetime, number: int) -> None:
        words = post.latest.raw
        self.network.plan(at, lambda: self.network.edit(post, f"{words} (edit {number})"))
