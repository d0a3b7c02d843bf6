"""
An ordinary day of a city on YouTube: its own channel, a broadcaster's, and a crowd that comments, answers, corrects itself,
regrets, is held by moderators, and has a troll in it.

Plans happenings in a `simulated_tube.Tube`. Equal seeds make equal days. Nobody in it exists.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.youtube.simulated_parts import Channel, Comment, Video
from adapters.youtube.simulated_tube import Tube
from listener.clock import Clock
from listener.simulation.people import people
from listener.simulation.phrases import PHRASES, STREETS, Phrases

CITY: Final = "cityofexample"
BROADCASTER: Final = "examplevalleynews"
LANGUAGES: Final = ("en", "fr", "es")

_TROLLING: Final = (
    "Waste of money. Ask @{handle}, he will not answer either.",
    "{street}?? Nobody asked for this. WAKE UP",
    "Call me at 403-555-0142 if you want the truth",
)


def city(
    clock: Clock,
    *,
    seed: int,
    hashtags: Sequence[str],
    start_at: datetime,
    hours: float = 30.0,
    comments: int = 220,
) -> Tube:
    """
    Two channels with uploads, and a crowd.

    Args:
        clock: Whose time it is.
        seed: Any integer.
        hashtags: Every third comment, and half of the videos, carry one of them.
        start_at: Of the day.
        hours: Its length.
        comments: How many, answers included.
    """
    tube = Tube(clock, hashtags=tuple(hashtags))
    populate(tube, seed=seed, start_at=start_at, hours=hours, comments=comments)
    return tube


def populate(tube: Tube, *, seed: int, start_at: datetime, hours: float, comments: int) -> None:
    """
    So many comments will be written, evenly by chance, and whatever becomes of them.
    """
    crowd = _Crowd(tube, random.Random(f"tube/{seed}"))  # noqa: S311  a simulation, no secret
    tube.plan(start_at, lambda: crowd.settle(seed))
    for number in range(max(2, int(hours / 5))):
        tube.plan(start_at + timedelta(hours=5 * number), crowd.somebody_uploads)
    times = sorted(start_at + timedelta(hours=hours * crowd.chance.random()) for _ in range(comments))
    for at in times:
        tube.plan(at, crowd.somebody_writes)


@dataclass(slots=True)
class _Crowd:
    """
    Who is there, and what they said. Every choice comes from one generator, in the order of what happens.
    """

    tube: Tube
    chance: random.Random
    uploaders: list[Channel] = field(default_factory=list)
    crowd: list[Channel] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    said: list[Comment] = field(default_factory=list)

    def settle(self, seed: int) -> None:
        """
        The city, the broadcaster, two dozen people, the last of whom is the troll; a video that takes no comments, and one
        to begin with.
        """
        own = self.tube.channel(
            title="City of Example", handle=CITY, own=True, description="What the city does."
        )
        news = self.tube.channel(
            title="Example Valley News", handle=BROADCASTER, description="From the valley."
        )
        self.uploaders = [own, news]
        self.crowd = [self.tube.channel(person) for person in people(seed, 24)]
        self.tube.video(own, "Council meeting, whole recording", comments_enabled=False)
        self.somebody_uploads()

    def somebody_uploads(self) -> None:
        """
        One video, of each uploader by turns.
        """
        phrases = self._phrases()
        title, text = self.chance.choice(phrases.articles)
        where = self.uploaders[len(self.videos) % 2]
        tag = self._tag(0.5)
        said = f"{self._filled(text)}{tag}"
        video = self.tube.video(where, self._filled(title), said, lang=phrases.lang, likes=len(self.videos))
        self.videos.append(video)

    def somebody_writes(self) -> None:
        """
        One comment or answer; and now and then an edit or a deletion that will follow.
        """
        comment = self._written()
        self.said.append(comment)
        fate = self.chance.random()
        later = self.tube.now() + timedelta(minutes=self.chance.uniform(1, 180))
        if fate < 0.07:
            self.tube.plan(later, lambda: self.tube.delete(comment))
        elif fate < 0.15 and comment.text:
            self.tube.plan(later, lambda: self._correct(comment))

    def _written(self) -> Comment:
        """
        Every third answers: half of those something recent, the others anything that was ever said.
        """
        who = self.chance.choice(self.crowd)
        on = None
        if self.said and self.chance.random() < 0.34:
            among = self.said[-8:] if self.chance.random() < 0.5 else self.said
            on = self.chance.choice(among)
            on = on if self.tube.public(on) else None
        video = on.video if on is not None else self.chance.choice(self.videos)
        if on is None and self.chance.random() < 0.05:
            return self.tube.comment(video, who, "", picture=True)
        held_s = self.chance.uniform(900, 14_400) if self.chance.random() < 0.08 else 0.0
        text = self._troll() if who is self.crowd[-1] else self._sentence()
        return self.tube.comment(video, who, text, to=on, held_s=held_s, likes=self.chance.randrange(30))

    def _sentence(self) -> str:
        said = self._filled(self.chance.choice(self._phrases().comments))
        about = f" https://www.youtube.com/watch?v={self.videos[0].id}" if self.chance.random() < 0.05 else ""
        return f"{said}{about}{self._tag(0.33)}"

    def _troll(self) -> str:
        whom = self.chance.choice(self.crowd).handle
        said = self.chance.choice(_TROLLING).format(handle=whom, street=self.chance.choice(STREETS))
        return f"{said}{self._tag(0.33)}"

    def _correct(self, comment: Comment) -> None:
        if comment.deleted_at is None:
            self.tube.edit(comment, f"{comment.text}\n\nEdit: a word.")

    def _phrases(self) -> Phrases:
        return PHRASES[self.chance.choice(LANGUAGES)]

    def _filled(self, text: str) -> str:
        return text.format(
            street=self.chance.choice(STREETS),
            number=self.chance.randrange(2, 9),
            hour=self.chance.randrange(7, 22),
        )

    def _tag(self, often: float) -> str:
        if not self.tube.hashtags or self.chance.random() >= often:
            return ""
        return f" #{self.chance.choice(list(self.tube.hashtags)).lstrip('#')}"
