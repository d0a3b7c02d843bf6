"""
One story over every network of the demo's city: it snows, people ask about the ploughs, the city answers, somebody trolls,
and things break. As data, one telling per network.

Takes people from `people` and sentences from `snow_phrases`; gives moments to the quarters of `listener.simulation.quarter`,
each of which turns them into what its network knows. Equal arguments give equal stories, to the letter. Everything is about
a city that does not exist, by people who do not.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from listener.simulation.marks import mark
from listener.simulation.people import Person, people
from listener.simulation.phrases import STREETS
from listener.simulation.snow_phrases import SNOW, TROLL, SnowPhrases

Voice = Literal["neighbour", "city", "troll", "declined"]
"""Who speaks. `declined`: somebody who does not want to be read by programs."""

Act = Literal["say", "edit", "delete", "fail"]
Failure = Literal["busy", "down", "slow"]
"""`busy`: too many requests, come back later. `down`: nothing answers. `slow`: answers drip."""

HANDLE: Final = "cityofexample"
NAME: Final = "City of Example"

_VOICES: Final[tuple[tuple[Voice, float], ...]] = (
    ("neighbour", 0.76),
    ("city", 0.10),
    ("declined", 0.07),
    ("troll", 0.07),
)
"""Chosen: enough of each that a demo of a minute shows it."""

_EARLIER: Final = 0.15
"""Share of the day that was said before anybody listened; networks that show their past show it."""

_BACK_S: Final = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """
    When and how lively. One for all networks.

    Args:
        seed: Any integer; the same seed is the same day.
        begin_at: When listening begins; aware UTC.
        end_at: When nothing more happens.
        posts: Of each network.
        hashtags: Of the city, with the sign.
    """

    seed: int
    begin_at: datetime
    end_at: datetime
    posts: int
    hashtags: tuple[str, ...]

    @property
    def length_s(self) -> float:
        """
        From the beginning of listening to the end.
        """
        return (self.end_at - self.begin_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    One thing that happens. Prints without content.

    Args:
        at: When; before `Day.begin_at` for what was said earlier.
        act: What.
        number: Of the post that is said, edited or deleted, within its network's story, from 1; 0 for a failure.
        voice: Who.
        lang: BCP 47 of the text.
        title: Where the network has titles; with a mark.
        text: With a mark, and with the hashtag where it is the city's business.
        ours: It carries the city's hashtag.
        on: Number of the post it answers; None where it answers none.
        person: Who says it, chosen by the story so that a day is the same day; a network may map them onto its own.
        failure: How a network fails.
        lasts_s: For how long.
    """

    at: datetime
    act: Act
    number: int = 0
    voice: Voice = "neighbour"
    lang: str = "en"
    title: str = ""
    text: str = ""
    ours: bool = False
    on: int | None = None
    person: int = 0
    failure: Failure = "busy"
    lasts_s: float = 0.0

    def __repr__(self) -> str:
        return f"Moment(at={self.at.isoformat()}, act={self.act!r}, number={self.number})"


def crowd(seed: int) -> tuple[Person, ...]:
    """
    Who lives in the city; `Moment.person` counts them.
    """
    return people(seed, 36, languages=("en", "fr", "es", "uk", "ar", "zh"))


def city() -> Person:
    """
    The organisation, as an account that writes.
    """
    return Person(
        lang="en",
        name=NAME,
        handle=HANDLE,
        bio="Your city.",
        email="hello@city.example",
        phone="+1 403-555-0100",
        account_id="100000000000000001",
        profile="https://city.example/",
        avatar="https://city.example/arms.png",
    )


def planted(seed: int) -> frozenset[str]:
    """
    What trolls try to get through the gate: nothing of it may be in any event.
    """
    found = set()
    for who in crowd(seed):
        found |= {who.email, who.phone, f"@{who.handle}", f"＠{who.handle}", who.profile}
    return frozenset(found)


def tell(day: Day, network: str) -> tuple[Moment, ...]:
    """
    What happens on one network, in order of time. It snows hardest in the middle.
    """
    return tuple(sorted(_Story(day, network).moments(), key=lambda moment: (moment.at, moment.number)))


class _Story:
    """
    The making of one telling. Every choice comes from one generator, in a fixed order.
    """

    def __init__(self, day: Day, network: str) -> None:
        self.day = day
        self.chance = random.Random(f"snow/{day.seed}/{network}")
        self.people = crowd(day.seed)
        self.by_city: list[int] = []

    def moments(self) -> Iterator[Moment]:
        for number, at in enumerate(sorted(self._time() for _ in range(self.day.posts)), 1):
            said = self._said(number, at)
            yield said
            yield from self._second_thoughts(said)
        yield from self._failures()

    def _time(self) -> datetime:
        """
        Some of it was said earlier; the rest falls like the snow.
        """
        if self.chance.random() < _EARLIER:
            return self._at(-self.chance.uniform(60.0, _BACK_S))
        while True:
            share = self.chance.random()
            if self.chance.random() < 0.2 + 0.8 * math.exp(-(((share - 0.5) / 0.18) ** 2)):
                return self._at(share * self.day.length_s)

    def _at(self, offset_s: float) -> datetime:
        return self.day.begin_at + timedelta(seconds=round(offset_s, 3))

    # ---------------------------------------------------------------------------------------------- what is said

    def _said(self, number: int, at: datetime) -> Moment:
        phrases = SNOW[self.chance.choice(("en", "en", "fr", "es"))]
        # The first post is the city's, so that there is always something to answer.
        voice: Voice = "city" if number == 1 else self._voice()
        on = self._answered(voice)
        ours = voice in ("city", "troll", "declined") or on is not None or self.chance.random() < 0.72
        title, words = self._words(phrases, voice, ours=ours, answers=on is not None)
        if voice == "city":
            self.by_city.append(number)
        return Moment(
            at=at,
            act="say",
            number=number,
            voice=voice,
            lang=phrases.lang,
            title=f"{title} {mark(number, 1)}".strip(),
            text=self._signed(words, number, 1, ours=ours),
            ours=ours,
            on=on,
            person=self.chance.randrange(len(self.people)),
        )

    def _voice(self) -> Voice:
        voices, weights = zip(*_VOICES, strict=True)
        chosen: Voice = self.chance.choices(voices, weights)[0]
        return chosen

    def _answered(self, voice: Voice) -> int | None:
        if voice == "city" or not self.by_city or self.chance.random() > 0.4:
            return None
        return self.chance.choice(self.by_city[-3:])

    def _words(self, phrases: SnowPhrases, voice: Voice, *, ours: bool, answers: bool) -> tuple[str, str]:
        if voice == "city":
            title, text = self.chance.choice(phrases.told)
            return self._filled(title), self._filled(text)
        if voice == "troll":
            return "Shame", self._filled(self.chance.choice(TROLL))
        pool = phrases.answers if answers else phrases.asked if ours else phrases.chat
        text = self._filled(self.chance.choice(pool))
        return text.partition("?")[0].partition(".")[0][:60], text

    def _filled(self, text: str) -> str:
        victim = self.chance.choice(self.people)
        return text.format(
            street=self.chance.choice(STREETS),
            number=self.chance.randrange(3, 19),
            hour=self.chance.randrange(6, 22),
            handle=victim.handle,
            email=victim.email,
            email_at=victim.email.replace("@", " (at) "),
            phone=victim.phone,
            profile=victim.profile,
        )

    def _signed(self, words: str, number: int, revision: int, *, ours: bool) -> str:
        tag = f" {self.day.hashtags[number % len(self.day.hashtags)]}" if ours else ""
        return f"{words} {mark(number, revision)}{tag}"

    # --------------------------------------------------------------------------------------- what becomes of it

    def _second_thoughts(self, said: Moment) -> Iterator[Moment]:
        """
        Some edit, some take it back; a few so soon that hardly anybody saw it. Nothing of what the city published, which
        others answer, goes.
        """
        fate, hasty = self.chance.random(), self.chance.random() < 0.25
        later_s = self.chance.uniform(0.04, 0.4) * self.day.length_s
        at = max(said.at, self.day.begin_at) + timedelta(seconds=10.0 if hasty else later_s)
        if at >= self.day.end_at:
            return
        if fate < 0.10:
            words = said.text.rpartition(" ❄")[0]
            afterthought = self.chance.choice(SNOW[said.lang].afterthoughts)
            text = self._signed(f"{words} {afterthought}", said.number, 2, ours=said.ours)
            title = said.title.replace(mark(said.number, 1), mark(said.number, 2))
            yield Moment(
                at=at, act="edit", number=said.number, lang=said.lang, title=title, text=text, ours=said.ours
            )
        elif fate < 0.20 and said.voice != "city":
            yield Moment(at=at, act="delete", number=said.number)

    def _failures(self) -> Iterator[Moment]:
        """
        While it snows hardest: too many ask, something is down, something is slow.
        """
        failures: tuple[Failure, ...] = ("busy", "down", "slow")
        for failure in failures:
            at = self._at(self.chance.uniform(0.25, 0.65) * self.day.length_s)
            lasts_s = self.chance.uniform(0.03, 0.08) * self.day.length_s
            yield Moment(at=at, act="fail", failure=failure, lasts_s=lasts_s)
