"""
Reads hashtags, or the mentions of our own account, page by page; nothing but GETs of the configured instance.

Takes what `api` brings, asks `plan` how to go on, gives `Page`s with what `normalise` makes of it. A turn is one walk for
every few tags, each from where its mark stands to the newest post; the tags are those the watches ask for at that
moment. `stream` reads the same way after every connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.mastodon.api import Api, Entries
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.cursor import Mark, decode_cursor, digest, encode_cursor
from adapters.mastodon.instance import Instance
from adapters.mastodon.normalise import Place, instant, items_from, place_of
from adapters.mastodon.plan import Shown, Step, after_page, step_for, steps_for
from adapters.mastodon.recheck import Rechecks
from listener.adapter import Cursor, Interest, Page, Reader
from listener.clock import Clock
from listener.errors import AccessDenied
from listener.text import fold

MENTIONS: Final = "@"
"""What stands for the mentions where a hashtag would; no tag is called so."""


@dataclass(slots=True)
class _Turn:
    """
    What is left of a turn after a page.

    Args:
        cursor: Of that page; the turn goes on only from there.
        tags: That it was planned for.
        steps: The walk that is under way, then the others.
        known: Pages that the instance had; none where it knows no such list.
    """

    cursor: Cursor | None
    tags: frozenset[str]
    steps: list[Step]
    known: int = 0


class MastodonSource(Rechecks):
    """
    A `Poller` over the hashtags of one instance, or over what mentions us there; a `Rechecker`, too.
    """

    def __init__(self, config: MastodonConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        self._config = config
        self._clock = clock
        self._interest = interest
        self._api = Api(config, reader, clock)
        self._turn: _Turn | None = None

    def __repr__(self) -> str:
        return "MastodonSource(…)"

    @property
    def api(self) -> Api:
        """
        The instance.
        """
        return self._api

    @property
    def tags(self) -> frozenset[str]:
        """
        What is asked for now: the tags of the watches in force, and those of the source.
        """
        if self._config.listen == "mentions":
            return frozenset((MENTIONS,))
        return self._interest.terms.hashtags | frozenset(map(fold, self._config.hashtags))

    def place(self, instance: Instance) -> Place:
        """
        Where statuses of this source are read.
        """
        return place_of(
            host=self._config.place,
            domain=instance.domain,
            own_accounts=self._config.own_accounts,
            to_us=self._config.listen == "mentions",
        )

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        The next page of the turn; the first of a new one where the last has ended, or the tags have changed.

        Raises:
            AccessDenied: the instance shows its hashtags to nobody, or only with a token.
            DocumentRefused: `not_an_instance`, `not_a_list`.
            SourceError: whatever else the reader raises.
        """
        turn, self._turn = self._turn, None
        instance = await self._api.instance()
        note = self._allowed(instance)
        marks = decode_cursor(cursor, place=self._config.place)
        tags = self.tags
        if turn is None or turn.cursor != cursor or turn.tags != tags:
            turn = _Turn(cursor, tags, list(self._steps(tags, marks, instance)))
        if not turn.steps:
            return Page(note="no_hashtags")
        return await self._page(turn, marks, instance, note)

    def _steps(self, tags: frozenset[str], marks: dict[bytes, Mark], instance: Instance) -> tuple[Step, ...]:
        now = self._clock.now()
        if self._config.listen == "mentions":
            return (step_for((MENTIONS,), marks, now, by_time=False),)
        return steps_for(tags, marks, now, by_time=instance.genuine, together=instance.tags_a_request)

    async def _page(
        self, turn: _Turn, marks: dict[bytes, Mark], instance: Instance, note: str | None
    ) -> Page:
        step = turn.steps[0]
        found = await self._asked(step)
        turn.known += found.found
        further, fresh = after_page(
            step,
            marks,
            _shown(found),
            by_time=instance.genuine and self._config.listen == "hashtags",
            now=self._clock.now(),
        )
        turn.steps[0:1] = [] if further is None else [further]
        turn.cursor = encode_cursor(self._wanted(fresh, turn.tags), place=self._config.place)
        if turn.steps:
            self._turn = turn
        return Page(
            items=items_from(found.statuses, self.place(instance)),
            cursor=turn.cursor,
            more=bool(turn.steps),
            note=note or ("not_found" if not turn.known else None),
        )

    async def _asked(self, step: Step) -> Entries:
        if step.tags == (MENTIONS,):
            return await self._api.mentions(after=step.after, before=step.before)
        return await self._api.hashtag(step.tags, after=step.after, before=step.before)

    def _allowed(self, instance: Instance) -> str | None:
        """
        What to tell the operator of what the instance shows.

        Raises:
            AccessDenied: it shows nothing.
        """
        if self._config.listen == "mentions":
            return None
        access = instance.access(token=self._config.token is not None)
        if access == "needs_token":
            raise AccessDenied(
                f"{self._config.host} shows hashtags only to its users: give the source a token, or take another instance"
            )
        if access == "disabled":
            raise AccessDenied(f"{self._config.host} has switched off its hashtags: take another instance")
        return None if access == "open" else access

    def _wanted(self, marks: dict[bytes, Mark], tags: frozenset[str]) -> dict[bytes, Mark]:
        """
        Without the marks of tags that nobody asks for any more.
        """
        keys = set(map(digest, tags))
        return {key: mark for key, mark in marks.items() if key in keys}


def _shown(found: Entries) -> Shown:
    written = instant(found.oldest_at)
    return Shown(
        ids=found.ids,
        size=found.size,
        stated=found.stated,
        oldest_at=None if written is None else written.timestamp(),
    )
