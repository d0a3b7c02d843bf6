"""
Events of the streams to the items of a page, each post looked up before it is handed on. Used by `listening`.

- There, its author's wishes read: a `Post`.
- Not there: the network shows it to nobody, so neither do we. But the AppView learns of a post a moment later than the
  stream does: a young post that is missing is asked for again until the AppView shows one that came `SETTLED_S` after it,
  or until it is `YOUNG_S` old. The cursor waits with it (`waits_since_us`), the rest goes on.
- Not to be learned: a `Post` whose consent is not readable. The core holds its page, and withholds it in the end.
- Refused by name (a 400 for that post alone): left out, and told as a gap. The core is not made to hold a page for it,
  because then a post with an odd name could stop the ear for an hour.

A deletion of a post that this process handed on is a removal that bars it for good. Of any other post it takes away what is
held and leaves no trace where nothing is: eight deletions a second of posts nobody asked for are none of our business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.bluesky.hydrate import LookUp, Standing
from adapters.bluesky.identity import at_microseconds, microseconds
from adapters.bluesky.memory import Revisions
from adapters.bluesky.normalise import seen
from adapters.bluesky.sieve import Gone, Said
from listener.adapter import Item
from listener.clock import Clock
from listener.events import Gap, Post, Rejected, Removal

SETTLED_S: Final = 60
"""Chosen: the AppView indexes in the order of the stream, give or take less than a minute."""

YOUNG_S: Final = 600
"""Chosen: as long as the AppView may lag where nothing newer shows that it does not."""

RETRY_FIRST_S: Final = 3.0
RETRY_MAX_S: Final = 60.0
WAITING_MOST: Final = 500
"""Chosen: more are a lag of the AppView, and the consent of the rest is called unreadable."""


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """
    A post that a search showed, with all that is to be known of it.
    """

    digest: bytes
    post: Post


Event = Said | Gone | Found | Rejected
Mark = tuple[bytes, str, bool]
"""A version of a post that is dealt with once the page is durable: digest, revision, whether it is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """
    Args:
        item: For the page; None for what only has to be remembered.
        mark: See there; None for what is remembered by nothing.
    """

    item: Item | None
    mark: Mark | None = None


@dataclass(slots=True, repr=False)
class _Waiting:
    said: Said
    tries: int
    due: float


class Pages:
    """
    Args:
        own: DIDs of the organisation.
        durable: What was handed on and became durable.
        look_up_failed: So ended the last one.
    """

    __slots__ = ("_clock", "_durable", "_look_up", "_own", "_shown_us", "_waiting", "look_up_failed")

    def __init__(self, look_up: LookUp, clock: Clock, *, own: frozenset[str], durable: Revisions) -> None:
        self._look_up, self._clock = look_up, clock
        self._own, self._durable = own, durable
        self._waiting: dict[bytes, _Waiting] = {}
        self._shown_us = 0
        self.look_up_failed = False

    @property
    def waits_since_us(self) -> int | None:
        """
        When the oldest post happened that the AppView does not show yet; a cursor must not pass it.
        """
        return min((waiting.said.at_us for waiting in self._waiting.values()), default=None)

    def retry_in_s(self) -> float | None:
        """
        Seconds until a post is asked for again; None where none waits.
        """
        due = min((waiting.due for waiting in self._waiting.values()), default=None)
        return None if due is None else max(0.0, due - self._clock.monotonic())

    async def make(self, events: Sequence[Event]) -> list[Made]:
        """
        What becomes of these and of those that waited, in the order in which they came.
        """
        newest = self._newest(events)
        asked = [event.post.native for event in newest if isinstance(event, Said)]
        standing, fault = await self._look_up.standing(asked)
        if asked:
            self.look_up_failed = fault is not None
        self._note_shown(newest, standing)
        return [made for event in newest for made in self._made(event, standing)]

    def _newest(self, events: Sequence[Event]) -> list[Event]:
        """
        What waits and is due, then what came; of several versions of a post the last. A deletion ends the waiting.
        """
        last = {event.digest: at for at, event in enumerate(events) if not isinstance(event, Rejected)}
        now = self._clock.monotonic()
        due: list[Event] = [
            waiting.said
            for digest, waiting in self._waiting.items()
            if waiting.due <= now and digest not in last
        ]
        for digest in last:
            self._waiting.pop(digest, None)
        came = (
            event
            for at, event in enumerate(events)
            if not isinstance(event, Said | Found) or last[event.digest] == at
        )
        return [*due, *came]

    def _note_shown(self, events: Iterable[Event], standing: Standing) -> None:
        """
        How far the AppView has come.
        """
        shown = (
            event.at_us for event in events if isinstance(event, Said) and event.post.native in standing.views
        )
        self._shown_us = max(self._shown_us, *shown, 0)

    def _made(self, event: Event, standing: Standing) -> Iterator[Made]:
        if isinstance(event, Rejected):
            yield Made(event)
        elif isinstance(event, Found):
            yield Made(event.post, (event.digest, "", False))
        elif isinstance(event, Gone):
            yield Made(self._removal(event), (event.digest, event.rev, True))
        else:
            yield from self._looked_up(event, standing)

    def _removal(self, event: Gone) -> Removal:
        if not event.deleted:
            return Removal(event.uri, "watch_removed", held_only=True)
        return Removal(event.uri, held_only=not self._durable.is_there(event.digest))

    def _looked_up(self, event: Said, standing: Standing) -> Iterator[Made]:
        uri = event.post.native
        mark = (event.digest, event.rev, False)
        view = standing.views.get(uri)
        if view is not None:
            self._waiting.pop(event.digest, None)
            yield Made(seen(event.post, view, own=self._own), mark)
        elif uri in standing.unread:
            self._waiting.pop(event.digest, None)
            yield Made(event.post)
        elif uri in standing.refused:
            at, now = at_microseconds(event.at_us), self._clock.now()
            yield Made(Gap(at, now, "consent_unreadable"), mark)
        elif self._may_come(event):
            if event.digest in self._waiting or len(self._waiting) < WAITING_MOST:
                self._wait(event)
            else:
                yield Made(event.post)
        else:
            self._waiting.pop(event.digest, None)
            held = event.post.edited_at is not None or self._durable.is_there(event.digest)
            yield Made(Removal(uri, held_only=True) if held else None, (event.digest, event.rev, True))

    def _may_come(self, event: Said) -> bool:
        """
        Whether the AppView may not have learned of it yet.
        """
        age_us = microseconds(self._clock.now()) - event.at_us
        is_overtaken = self._shown_us > event.at_us + SETTLED_S * 1_000_000
        return age_us < YOUNG_S * 1_000_000 and not is_overtaken

    def _wait(self, event: Said) -> None:
        known = self._waiting.get(event.digest)
        tries = 0 if known is None else known.tries + 1
        due = self._clock.monotonic() + min(RETRY_FIRST_S * 2.0**tries, RETRY_MAX_S)
        self._waiting[event.digest] = _Waiting(event, tries, due)
