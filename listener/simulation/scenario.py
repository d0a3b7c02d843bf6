"""
An ordinary day in a city, as data: who publishes, comments, edits and deletes what, where and when, and what breaks.

Takes people from `listener.simulation.people`; gives acts to `listener.simulation.world`. Equal arguments give equal
scenarios, to the letter. Sentences live in `listener.simulation.phrases`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from listener.simulation.people import Person, people
from listener.simulation.phrases import PHRASES, STREETS, Phrases

ActKind = Literal["publish", "comment", "edit", "delete", "outage", "rate_limit", "slow"]

DAY_START: Final = datetime(2026, 1, 12, 6, tzinfo=UTC)
"""Chosen: a Monday morning in winter."""

_BUSY_HOURS: Final = (1, 1, 1, 1, 1, 2, 4, 7, 8, 6, 5, 5, 7, 6, 5, 5, 6, 8, 9, 9, 8, 6, 4, 2)
"""How much is written in each hour of a day; the shape (quiet night, morning and evening peak) is chosen."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Somewhere things are published: a blog, an instance, a channel.

    Args:
        name: For addresses and configuration: lower-case letters, digits, hyphens.
        title: As people call it.
        lang: BCP 47 of most that is written there.
        own: It belongs to the organisation.
        links: How its posts are addressed: by date and title, or under their author's profile.
    """

    name: str
    title: str
    lang: str
    own: bool = False
    links: Literal["dated", "author"] = "dated"


PLACES: Final = (
    Place("city-newsroom", "City Newsroom", "en", own=True),
    Place("north-hill-notes", "North Hill Notes", "en"),
    Place("train-of-thought", "Train of Thought: Transit Diary", "en"),
    Place("coin-francophone", "Le coin francophone", "fr"),
    Place("barrio-del-rio", "Barrio del Río", "es"),
    Place("susidska-hazeta", "Сусідська газета", "uk"),
)
"""The blogs of the demo's city."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """
    One thing that happens. Prints without content.

    Args:
        at: When the public can see it; aware UTC.
        kind: What it is.
        place: Name of the place.
        post: Identity within the scenario of the post that is made, changed or taken away; empty for a disturbance.
        on: The post or comment that a comment answers.
        author: Who.
        title: Of an article; plain text.
        text: Plain text, paragraphs parted by blank lines.
        lang: BCP 47 of the text.
        tags: Categories, as written, without the sign.
        written_at: When a comment was written, where a moderator let it wait; None means `at`.
        lasts_s: Of a disturbance, in seconds.
        manner: How a disturbance shows, such as `503` or `cut`; see `listener.simulation.world.Disturbance`.
    """

    at: datetime
    kind: ActKind
    place: str
    post: str = ""
    on: str | None = None
    author: Person | None = None
    title: str = ""
    text: str = ""
    lang: str = ""
    tags: tuple[str, ...] = ()
    written_at: datetime | None = None
    lasts_s: float = 0.0
    manner: str = ""

    def __repr__(self) -> str:
        return f"Act(at={self.at.isoformat()}, kind={self.kind!r}, place={self.place!r}, post={self.post!r})"


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    A stretch of time in which things happen.

    Args:
        start_at: Aware UTC.
        end_at: Aware UTC.
        places: Where.
        people: Who.
        acts: What, in order of time.
    """

    start_at: datetime
    end_at: datetime
    places: tuple[Place, ...]
    people: tuple[Person, ...]
    acts: tuple[Act, ...]


def ordinary_day(
    seed: int,
    *,
    hashtags: Sequence[str],
    places: Sequence[Place] = PLACES,
    start_at: datetime = DAY_START,
    hours: float = 24.0,
    posts: int = 160,
    disturbed: bool = True,
) -> Scenario:
    """
    A day as it could be: about two posts in five carry one of the hashtags, one in sixteen is edited and one in
    sixteen deleted, some comments wait for a moderator, and places fail now and then.

    Args:
        seed: Any integer.
        hashtags: Of the watch, with or without the sign.
        places: Where.
        start_at: Aware; articles of the first minutes give the comments something to answer.
        hours: How long.
        posts: Articles and comments together.
        disturbed: Whether anything fails.
    """
    return _Day(seed, tuple(tag.lstrip("#") for tag in hashtags), tuple(places), start_at, hours).tell(
        posts, disturbed=disturbed
    )


class _Day:
    """
    The making of one scenario. Every random choice comes from one generator, in a fixed order.
    """

    def __init__(
        self,
        seed: int,
        hashtags: tuple[str, ...],
        places: tuple[Place, ...],
        start_at: datetime,
        hours: float,
    ) -> None:
        self.chance = random.Random(f"day/{seed}")
        self.hashtags = hashtags
        self.places = places
        self.start_at = start_at.astimezone(UTC)
        self.length_s = hours * 3600
        self.people = people(seed, 60)
        self.acts: list[Act] = []
        self.open_posts: dict[str, list[str]] = {place.name: [] for place in places}
        self.counter = 0

    def tell(self, posts: int, *, disturbed: bool) -> Scenario:
        for place in self.places:
            self._article(place, self.chance.uniform(0, 60))
        for at_s in sorted(self._moment() for _ in range(max(0, posts - len(self.places)))):
            place = self.chance.choice(self.places)
            if self.chance.random() < 0.35:
                self._article(place, at_s)
            else:
                self._comment(place, at_s)
        if disturbed:
            self._disturb()
        end_at = self._at(self.length_s)
        acts = sorted((act for act in self.acts if act.at <= end_at), key=lambda act: act.at)
        return Scenario(self.start_at, end_at, self.places, self.people, tuple(acts))

    def _at(self, offset_s: float) -> datetime:
        return self.start_at + timedelta(seconds=round(offset_s))

    def _moment(self) -> float:
        """
        Seconds from the start, more often when the city is awake.
        """
        while True:
            offset_s = self.chance.uniform(60, self.length_s)
            if self.chance.uniform(0, max(_BUSY_HOURS)) < _BUSY_HOURS[self._at(offset_s).hour]:
                return offset_s

    def _article(self, place: Place, at_s: float) -> None:
        phrases = PHRASES[place.lang]
        title, text = self.chance.choice(phrases.articles)
        tag = self._tag()
        self._post(place, at_s, phrases, title=title, text=text, tag=tag, on=None)

    def _comment(self, place: Place, at_s: float) -> None:
        lang = place.lang if self.chance.random() < 0.8 else self.chance.choice(tuple(PHRASES))
        on = self.chance.choice(self.open_posts[place.name][-6:])
        phrases = PHRASES[lang]
        self._post(
            place, at_s, phrases, title="", text=self.chance.choice(phrases.comments), tag=self._tag(), on=on
        )

    def _tag(self) -> str | None:
        return self.chance.choice(self.hashtags) if self.hashtags and self.chance.random() < 0.42 else None

    def _post(
        self,
        place: Place,
        at_s: float,
        phrases: Phrases,
        *,
        title: str,
        text: str,
        tag: str | None,
        on: str | None,
    ) -> None:
        self.counter += 1
        post = f"{'a' if on is None else 'c'}{self.counter:04}"
        filled = self._filled(text)
        as_category = tag is not None and on is None and self.chance.random() < 0.3
        if tag is not None and not as_category:
            filled = f"{filled} #{tag}"
        waited_s = self.chance.uniform(900, 7200) if on is not None and self.chance.random() < 0.06 else 0.0
        act = Act(
            at=self._at(at_s + waited_s),
            kind="publish" if on is None else "comment",
            place=place.name,
            post=post,
            on=on,
            author=self._author(phrases.lang),
            title=self._filled(title),
            text=filled,
            lang=phrases.lang,
            tags=(tag,) if as_category and tag is not None else (),
            written_at=self._at(at_s) if waited_s else None,
        )
        self.acts.append(act)
        if not waited_s:
            self.open_posts[place.name].append(post)
        self._afterwards(act, phrases)

    def _afterwards(self, act: Act, phrases: Phrases) -> None:
        """
        Second thoughts: some edit, some take it back; a few of those so soon that hardly anyone saw it.
        """
        fate, later_s = self.chance.random(), self.chance.uniform(240, 5400)
        hasty = self.chance.random() < 0.3
        if fate < 1 / 16:
            text = f"{act.text}\n\n{self.chance.choice(phrases.afterthoughts)}"
            at = act.at + timedelta(seconds=round(later_s))
            self.acts.append(replace(act, at=at, kind="edit", text=text, on=None, written_at=None))
        elif fate < 2 / 16:
            at = act.at + timedelta(seconds=round(later_s / 60 if hasty else later_s))
            self.acts.append(
                replace(act, at=at, kind="delete", title="", text="", tags=(), on=None, written_at=None)
            )

    def _author(self, lang: str) -> Person:
        speakers = [person for person in self.people if person.lang == lang]
        return self.chance.choice(speakers if self.chance.random() < 0.7 else self.people)

    def _filled(self, text: str) -> str:
        return text.format(
            street=self.chance.choice(STREETS),
            number=self.chance.randrange(3, 29),
            hour=self.chance.randrange(6, 22),
        )

    def _disturb(self) -> None:
        foreign = [place for place in self.places if not place.own] or list(self.places)
        plan: tuple[tuple[ActKind, str, float], ...] = (
            ("outage", "503", 1500),
            ("outage", "cut", 1200),
            ("rate_limit", "429", 1800),
            ("slow", "slow", 2400),
        )
        for kind, manner, lasts_s in plan:
            at = self._at(self.chance.uniform(0.1, 0.9) * self.length_s)
            place = self.chance.choice(foreign).name
            self.acts.append(Act(at=at, kind=kind, place=place, lasts_s=lasts_s, manner=manner))
