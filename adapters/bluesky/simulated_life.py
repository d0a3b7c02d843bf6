"""
What people do on a network all day, decided by a seed: they post in a dozen languages, answer, like, follow, edit a
little, delete, label and close their accounts.

Drives `simulated_network` along its clock. Some posts carry a hashtag of the city, some mention it, most do neither.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.bluesky.simulated_names import POST
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Account, Network, Record
from adapters.bluesky.simulated_records import Card, Picture
from listener.simulation.phrases import PHRASES, STREETS

_SENTENCES: Final = (
    ("ja", "今日は雪がすごい 🌨️ 図書館は開いていますか"),
    ("ar", "هل الحافلة متأخرة اليوم؟ 🚍"),
    ("hi", "सड़क पर गड्ढा है, कृपया ठीक करें 🙏"),
    ("ko", "도서관이 오늘 문을 열었나요? 👨‍👩‍👧"),
    ("uk", "Сніг не прибрали біля школи"),
    ("zh", "今天的公交车又晚点了"),
)
"""Scripts whose characters are two to four bytes long, where counting characters goes wrong."""


@dataclass(slots=True)
class Life:
    """
    An endless day.

    Args:
        network: Where it happens.
        hashtags: Of the city, without `#`.
        city: Handle that some posts mention, and that only listens itself; empty for none.
        every_s: Mean time between two things that people do.
        ours: Share of posts that are the city's business.
        closes: Whether accounts label and close themselves, too.
        numbered: Every post says its name in the ledger.
    """

    network: Network
    hashtags: Sequence[str]
    city: str = ""
    every_s: float = 5.0
    ours: float = 0.2
    closes: bool = True
    numbered: bool = False
    _chance: random.Random = field(init=False)
    _living: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"life/{self.network.seed}")  # noqa: S311  a day, not a secret

    def populate(self, count: int) -> None:
        """
        So many accounts more; about one in eight does not want to be shown to people who are not signed in.
        """
        for number in range(count):
            self.network.join(labels=(NO_UNAUTHENTICATED,) if number % 8 == 5 else ())

    async def run(self) -> None:
        """
        For ever, along the clock.
        """
        while True:
            await self.network.clock.sleep(self._chance.expovariate(1 / self.every_s))
            self.step()

    def step(self) -> None:
        """
        One thing that somebody does now.
        """
        fate = self._chance.random()
        living = [uri for uri in self._living[-200:] if self.network.visible(uri)]
        if fate < 0.45 or not living:
            self._post(living)
        elif fate < 0.90:
            self._noise(self._chance.choice(living))
        elif fate < 0.94:
            self.network.delete(self._chance.choice(living))
        elif fate < 0.96:
            uri = self._chance.choice(living)
            text = self.network.records[uri].value["text"]
            self.network.edit(uri, f"{text} …")
        elif fate < 0.98:
            self.network.gate(self._chance.choice(living), self._chance.choice((None, (), ("mentioned",))))
        else:
            self._account()

    def _someone(self) -> Account:
        active = (each for each in self.network.accounts.values() if each.status == "active")
        return self._chance.choice([each for each in active if each.handle != self.city])

    def _post(self, living: Sequence[str]) -> Record:
        lang, text = self._sentence()
        chance = self._chance
        if self.numbered:
            text = f"{text} ({self.network.next_name})"
        tags: list[str] = []
        if chance.random() < self.ours:
            tag = chance.choice(list(self.hashtags))
            place = chance.random()
            if place < 0.6:
                text = f"{text} #{tag}"
            elif place < 0.8:
                text = f"#{tag} {text}"
            elif place < 0.9:
                tags = [tag]
            elif self.city:
                text = f"@{self.city} {text}"
        record = self.network.post(
            self._someone().did,
            text,
            langs=(lang,),
            tags=tags,
            reply_to=chance.choice(living) if living and chance.random() < 0.3 else None,
            quote=chance.choice(living) if living and chance.random() < 0.08 else None,
            pictures=(Picture("A street in winter", f"p{len(self._living)}"),)
            if chance.random() < 0.1
            else (),
            card=Card("https://news.example/article", "News", "Of today") if chance.random() < 0.1 else None,
            labels=("graphic-media",) if chance.random() < 0.02 else (),
        )
        self._living.append(record.uri)
        return record

    def _sentence(self) -> tuple[str, str]:
        if self._chance.random() < 0.3:
            return self._chance.choice(_SENTENCES)
        phrases = PHRASES[self._chance.choice(sorted(PHRASES))]
        text = self._chance.choice(phrases.comments).format(
            street=self._chance.choice(STREETS),
            number=self._chance.randint(2, 40),
            hour=self._chance.randint(6, 22),
        )
        return phrases.lang, text[:280]

    def _noise(self, uri: str) -> None:
        someone = self._someone()
        match self._chance.randrange(3):
            case 0:
                self.network.like(someone.did, uri)
            case 1:
                self.network.repost(someone.did, uri)
            case _:
                self.network.follow(someone.did, self.network.records[uri].did)

    def _account(self) -> None:
        """
        Somebody joins, is renamed, labels themselves, rests and comes back, or leaves for good.
        """
        someone = self._someone()
        match self._chance.randrange(5 if self.closes else 2):
            case 0:
                self.network.join()
            case 1:
                self.network.rename(someone.did, f"{someone.number}-{len(self.network.log)}.bsky.example")
            case 2:
                hidden = NO_UNAUTHENTICATED in self.network.labels_of(someone.did)
                self.network.label_account(someone.did, () if hidden else (NO_UNAUTHENTICATED,))
            case 3:
                self.network.set_status(someone.did, "deactivated")
            case _:
                if len(self.network.of(someone.did, POST)) < 3:
                    self.network.set_status(someone.did, "deleted")
