"""
The blogs of the demo's city: a newsroom with comments, and three blogs of neighbours, each in its own format and language.

Made by `simulator.quarter`; turns moments of `listener.simulation.snowstorm` into articles and comments of a `World`, which
`simulator` shows. Somebody is on the objection list; the Atom blog says what was deleted, the others do not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.feed import simulator
from adapters.feed.simulated_blog import Blog
from listener.clock import Clock
from listener.simulation.ledger import Ledger, PostRow
from listener.simulation.quarter import Way
from listener.simulation.scenario import Place
from listener.simulation.snowstorm import Day, Failure, Moment, city, crowd
from listener.simulation.world import Entry, Expected, Manner, World

NEWSROOM: Final = "city-newsroom"
PLACES: Final = (
    Place(NEWSROOM, "City Newsroom", "en", own=True),
    Place("north-hill-notes", "North Hill Notes", "en"),
    Place("coin-francophone", "Le coin francophone", "fr"),
    Place("barrio-del-rio", "Barrio del Río", "es"),
)
BLOGS: Final = (
    Blog(place=NEWSROOM, validators="wordpress", window=20),
    Blog(place="north-hill-notes", format="rss2", window=15, ttl_min=60, max_age_s=900),
    Blog(place="coin-francophone", format="atom", window=15, ttl_min=60, max_age_s=900),
    Blog(place="barrio-del-rio", format="json", window=15, ttl_min=60, max_age_s=900),
)
_BLOG_OF: Final = {place.lang: place.name for place in PLACES if not place.own}
_TELLS_DELETIONS: Final = "coin-francophone"
_MANNERS: Final[dict[Failure, tuple[str, Manner]]] = {
    "busy": ("north-hill-notes", "429"),
    "down": ("barrio-del-rio", "503"),
    "slow": (NEWSROOM, "slow"),
}


class BlogQuarter:
    """
    See `listener.simulation.quarter.Quarter`.
    """

    network = "feed"
    looks_back_s = 4 * 3600.0

    def __init__(self, day: Day, clock: Clock) -> None:
        self._day, self._people = day, crowd(day.seed)
        self._objector = self._people[1]
        self._world = World(PLACES, clock, day.hashtags, expect=self._expected)
        self.numbers: dict[str, int] = {}

    @property
    def ledger(self) -> Ledger:
        return self._world.ledger

    @property
    def objectors(self) -> tuple[str, ...]:
        return (self._objector.name,)

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[tuple[str, ...]]:
        async with simulator.serve(self._world, blogs=BLOGS) as served:
            yield (
                # The newsroom's comments are read from one feed; under each article they would be other posts.
                f'{simulator.source_table(served, NEWSROOM, comments=False)}\nfollow_comments = "no"',
                simulator.source_table(served, NEWSROOM, comments=True),
                *(
                    simulator.source_table(served, place.name, comments=False)
                    for place in PLACES
                    if not place.own
                ),
            )

    def is_heard(self) -> bool:
        return True

    # ---------------------------------------------------------------------------------------------- what happens

    def happen(self, moment: Moment) -> None:
        match moment.act:
            case "say":
                self._say(moment)
            case "edit":
                self._world.edit(_post(moment.number), moment.text, title=moment.title)
            case "delete":
                self._world.delete(_post(moment.number))
            case "fail":
                place, manner = _MANNERS[moment.failure]
                self._world.disturb(place, manner, moment.lasts_s)

    def calm(self) -> None:
        self._world.disturbances.clear()

    def _say(self, moment: Moment) -> None:
        post = _post(moment.number)
        self.numbers[post] = moment.number
        earlier = moment.at if moment.at < self._day.begin_at else None
        author = self._people[moment.person]
        if moment.voice == "declined":
            author = self._objector
        article = self._latest(moment)
        if article is not None:
            self._world.comment(article, author, moment.text, lang=moment.lang, post=post, at=earlier)
            return
        ours = moment.voice == "city"
        self._world.publish(
            NEWSROOM if ours else _BLOG_OF[moment.lang],
            city() if ours else author,
            moment.text,
            title=moment.title,
            lang=moment.lang,
            post=post,
            at=earlier,
        )

    def _latest(self, moment: Moment) -> str | None:
        """
        The article of the newsroom that is commented on: the one that is answered, and by a troll the latest.
        """
        if moment.on is not None:
            return _post(moment.on)
        articles = self._world.articles(NEWSROOM) if moment.voice == "troll" else []
        return articles[0].post if articles else None

    def _expected(self, entry: Entry) -> Expected:
        """
        Who objected is withheld wherever the words would be read, namesakes too: a blog knows people by their names.
        """
        tagged = any(tag in entry.text for tag in self._day.hashtags)
        if not entry.place.own and not tagged:
            return Expected("not_ours")
        if entry.author.name == self._objector.name:
            return Expected("withheld", "objection")
        return Expected("queued")

    # ------------------------------------------------------------------------------------------ what was shown

    def asked_since(self, row: PostRow, at: datetime) -> bool:
        route = "comments" if row.kind == "comment" else "feed"
        return self._is_in_window(row) and any(
            (each.place, each.route, each.disturbance) == (row.place, route, "")
            and each.status in (200, 304)
            and each.at > at
            for each in self.ledger.requests
        )

    def _is_in_window(self, row: PostRow) -> bool:
        """
        A post that is gone stands in no window, and is told of by an Atom feed; one that was pushed out before anybody
        listened no answer had to show.
        """
        if row.deleted_at is not None or (row.published_at >= self._day.begin_at and not row.shown):
            return True
        world = self._world
        entries = world.comments(row.place) if row.kind == "comment" else world.articles(row.place)
        window = next(blog.window for blog in BLOGS if blog.place == row.place)
        return row.post in {entry.post for entry in entries[:window]}

    def sources_of(self, row: PostRow) -> tuple[str, ...]:
        return (f"{row.place}-comments" if row.kind == "comment" else row.place,)

    def not_before(self, row: PostRow) -> datetime | None:
        return None

    def deletion(self, row: PostRow) -> Way:
        return "announced" if row.place == _TELLS_DELETIONS else "untold"


def _post(number: int) -> str:
    return f"entry-{number}"
