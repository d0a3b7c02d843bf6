"""
The YouTube of the demo's city: its own channel, on which people comment on films about snow clearing, and a broadcaster's.

Made by `simulator.quarter`; turns moments of `listener.simulation.snowstorm` into videos, comments and answers, which
`simulator` shows. Who wrote is never asked for, so nobody can be recognised who does not want to be read: nobody of those
writes here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from adapters.youtube import simulator
from adapters.youtube.simulated_parts import Comment, Manner, Video
from adapters.youtube.simulated_tube import Tube
from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.marks import mark
from listener.simulation.quarter import Way
from listener.simulation.snowstorm import HANDLE, NAME, Day, Failure, Moment, crowd
from listener.simulation.world import Expected

KEY: Final = "a-good-key"
BROADCASTER: Final = "examplevalleynews"
_ANSWERED_WITHIN: Final = timedelta(minutes=30)
_MANNERS: Final[dict[Failure, Manner]] = {"busy": "429", "down": "503", "slow": "slow"}


class TubeQuarter:
    """
    See `listener.simulation.quarter.Quarter`.
    """

    network = "youtube"
    objectors: tuple[str, ...] = ()
    looks_back_s = 4 * 3600.0

    def __init__(self, day: Day, clock: Clock) -> None:
        self._tube = Tube(clock, hashtags=day.hashtags, expect=self._expected)
        self._ours = self._tube.channel(title=NAME, handle=HANDLE, own=True)
        self._theirs = self._tube.channel(title="Example Valley News", handle=BROADCASTER)
        self._people = [self._tube.channel(person) for person in crowd(day.seed)]
        self._said: dict[int, Video | Comment] = {}
        self.numbers: dict[str, int] = {}
        self._film = self._tube.video(self._ours, f"Council meeting {mark(0, 1)}")
        self._enter(0, self._film)
        self._elsewhere = self._tube.video(self._theirs, "Valley news at noon")

    @property
    def ledger(self) -> Ledger:
        return self._tube.ledger

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, ...]]:
        key = folder / "youtube-key"
        key.touch(mode=0o600)
        key.write_text(KEY, encoding="utf-8")
        async with simulator.serve(self._tube) as served:
            yield tuple(
                simulator.source_table(served, channel, listen, key)
                for channel, listen in (
                    (self._ours, "comments"),
                    (self._ours, "uploads"),
                    (self._theirs, "comments"),
                )
            )

    def is_heard(self) -> bool:
        return True

    # ---------------------------------------------------------------------------------------------- what happens

    def happen(self, moment: Moment) -> None:
        match moment.act:
            case "say":
                self._tube.plan(moment.at, lambda: self._say(moment))
                self._tube.turn()
            case "edit" if self._is_living(moment.number):
                said = self._said[moment.number]
                self._tube.edit(said, moment.title if isinstance(said, Video) else moment.text)
            case "delete" if self._is_living(moment.number):
                self._tube.delete(self._said[moment.number])
            case "fail":
                self._tube.disturb(_MANNERS[moment.failure], moment.lasts_s)
            case _:
                pass  # it is gone already

    def calm(self) -> None:
        self._tube.troubles.clear()

    def _is_living(self, number: int) -> bool:
        said = self._said.get(number)
        return said is not None and said.deleted_at is None

    def _say(self, moment: Moment) -> None:
        if moment.voice == "city":
            self._film = self._tube.video(self._ours, moment.title, moment.text, lang=moment.lang)
            self._enter(moment.number, self._film)
            return
        who = self._people[moment.person]
        before = self._said.get(moment.number - 1)
        if not moment.ours:
            made = self._tube.comment(self._elsewhere, who, moment.text)
        elif moment.number % 4 == 0 and isinstance(before, Comment) and self._tube.public(before):
            made = self._tube.comment(before.video, who, moment.text, to=before)
        else:
            film = self._film if moment.on is None else self._said.get(moment.on)
            made = self._tube.comment(film if isinstance(film, Video) else self._film, who, moment.text)
        self._enter(moment.number, made)

    def _enter(self, number: int, said: Video | Comment) -> None:
        self._said[number] = said
        self.numbers[said.post] = number

    def _expected(self, what: Video | Comment) -> Expected:
        """
        Everything on the city's channel; of the broadcaster's, comments with a hashtag, and no films.
        """
        if isinstance(what, Video):
            return Expected("queued" if what.channel.own else "not_ours")
        tagged = any(tag in what.text for tag in self._tube.hashtags)
        return Expected("queued" if what.video.channel.own or tagged else "not_ours")

    # ------------------------------------------------------------------------------------------ what was shown

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        """
        The first page of threads has every new comment; answers are looked for by turns. Of what happens to a post later
        the daemon has to ask.
        """
        if at > row.published_at or row.deleted_at is not None:
            return False
        route = "videos" if row.kind == "video" else "commentThreads"
        since = at + _ANSWERED_WITHIN if row.kind == "reply" else at
        return any(
            (each.route, each.status, each.disturbance) == (route, 200, "") and each.at > since
            for each in self.ledger.requests
        )

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        return (f"youtube-{row.place}-{'uploads' if row.kind == 'video' else 'comments'}",)

    def not_before(self, row: PostRow) -> datetime | None:
        return None

    def deletion(self, row: PostRow) -> Way:
        return "asked"
