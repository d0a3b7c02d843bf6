"""
Looks for videos whose title a watch asks for, anywhere on YouTube: best effort, one search a turn.

Takes the watches' phrases and hashtags, asks `api`, gives `Page`s with what `normalise` makes of it; the core's watch keeps
the last word. Searches are few (a hundred a day for the whole project), so the watches take turns: whichever was asked for
longest ago comes next, whatever the others bring. What one of them may not spend is no loss of the others.

A search finds new videos late and not all of them, so each goes back a day behind its last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.youtube.api import Api, Listed
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.cursor import Seen, decode_cursor, digest, encode_cursor
from adapters.youtube.judging import QuotaSpent, is_about_one
from adapters.youtube.normalise import Place, video_from_search
from adapters.youtube.recheck import Rechecks
from adapters.youtube.wire import WireFound
from listener.adapter import Cursor, Interest, Page, Reader, Terms
from listener.clock import Clock
from listener.errors import BudgetSpent, SourceError
from listener.events import WatchName

OVERLAP: Final = timedelta(days=1)
FURTHEST: Final = timedelta(days=7)
"""Chosen: the first search, and one after a long pause, goes back so far."""

QUERY_MOST: Final = 300
"""Chosen: characters of a query; no limit is documented."""


@dataclass(frozen=True, slots=True)
class Question:
    """
    One search.

    Args:
        watch: That asks.
        query: As YouTube takes it.
    """

    watch: WatchName
    query: str

    @property
    def name(self) -> bytes:
        """
        Says which question without saying it.
        """
        return digest(f"{self.watch}\n{self.query}")


class TitlesSource(Rechecks):
    """
    A `Poller` over the titles of videos; a `Rechecker`, too.
    """

    asks_for_comments = False

    def __init__(self, config: YouTubeConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        super().__init__()
        self._clock = clock
        self._interest = interest
        self._api = Api(config, reader, clock)
        self._place = Place(titles_only=True)
        self._refused: dict[bytes, int] = {}

    def __repr__(self) -> str:
        return "TitlesSource(…)"

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        One search, of the question that was asked longest ago.

        Raises:
            BudgetSpent: no watch may spend one now.
            DocumentRefused: `not_an_answer`, and what `judging` refuses.
            SourceError: whatever else the reader raises, and what an error of the API means.
        """
        seen = decode_cursor(cursor, place="titles")
        questions = sorted(questions_of(self._interest), key=lambda question: self._tried_at(question, seen))
        if not questions:
            return Page(note="no_terms")
        listed, asked = await self._first_affordable(questions, seen)
        known = {question.name for question in questions}
        seen.asked = {name: at for name, at in seen.asked.items() if name in known}
        seen.asked[asked.name] = int(self._clock.now().timestamp())
        return Page(
            items=tuple(video_from_search(found, self._place) for found in listed.items),
            cursor=encode_cursor(seen, place="titles"),
        )

    async def there_now(self) -> tuple[str, ...]:
        """
        See `Rechecks`: nothing, because a search is dear.
        """
        return ()

    async def _first_affordable(
        self, questions: Sequence[Question], seen: Seen
    ) -> tuple[Listed[WireFound], Question]:
        spent: BudgetSpent | None = None
        broke: set[WatchName] = set()
        for question in questions:
            if question.watch in broke:
                continue
            try:
                listed = await self._api.search(
                    question.query, after=self._since(seen.asked.get(question.name)), account=question.watch
                )
            except QuotaSpent:
                raise
            except BudgetSpent as error:
                spent = error
                broke.add(question.watch)
                continue
            except SourceError as error:
                if is_about_one(error):  # the others come first next time; this one goes on from where it was
                    self._refused[question.name] = int(self._clock.now().timestamp())
                raise
            self._refused.pop(question.name, None)
            return listed, question
        assert spent is not None  # there was a question, and it brought neither answer nor another error
        raise spent

    def _tried_at(self, question: Question, seen: Seen) -> int:
        return max(seen.asked.get(question.name, 0), self._refused.get(question.name, 0))

    def _since(self, asked_at: int | None) -> datetime:
        now = self._clock.now()
        if asked_at is None:
            return now - FURTHEST
        return max(now - FURTHEST, datetime.fromtimestamp(asked_at, UTC) - OVERLAP)


def questions_of(interest: Interest) -> Iterator[Question]:
    """
    Of each watch as few as its terms fit into: phrases in quotation marks, hashtags with their sign, parted by "or".
    """
    for watch, terms in sorted(interest.watches.items()):
        query = ""
        for term in _terms(terms):
            longer = f"{query}|{term}" if query else term
            if len(longer) > QUERY_MOST and query:
                yield Question(watch, query)
                longer = term
            query = longer
        if query:
            yield Question(watch, query)


def _terms(terms: Terms) -> Iterator[str]:
    for phrase in sorted(terms.phrases):
        yield '"' + phrase.replace('"', " ").replace("|", " ").strip() + '"'
    for tag in sorted(terms.hashtags):
        yield f"#{tag}"
