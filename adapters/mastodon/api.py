"""
Asks one instance through the reader it is given: addresses, the token, and what an answer has to be. Nothing but GETs.

Used by `client`, `stream` and `recheck`. An answer that is no list, no instance, no status is a `DocumentRefused` that
shows nothing of it.

Invariants: the token stands in the Authorization header and nowhere else; no query is taken from a server's Link.

Source: docs.joinmastodon.org/methods/timelines, notifications, statuses, instance, streaming; read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from adapters.mastodon import wire
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.instance import Instance, instance_from
from adapters.mastodon.plan import LIMIT
from adapters.mastodon.wire import WireNotification, WireStatus
from listener.adapter import Reader, Reply
from listener.clock import Clock
from listener.errors import DocumentRefused, SourceUnavailable

PROBE_EVERY: Final = timedelta(days=1)
"""Chosen: what an instance allows changes with its updates, not by the hour."""

_LINK: Final = re.compile(r"<([^<>]{1,2000})>\s*;\s*rel=\"?prev\"?", re.IGNORECASE)
_MIN_ID: Final = re.compile(r"[?&](?:min_id|since_id)=([0-9A-Za-z_-]{1,64})(?:&|$)")
"""GoToSocial and old Mastodon name `since_id` where Mastodon names `min_id`; the id means the same."""


@dataclass(frozen=True, slots=True, repr=False)
class Entries:
    """
    One page of a list.

    Args:
        statuses: In the order of the page; None for each that cannot be read.
        size: Entries of the page, whatever is in them.
        ids: Of those that can be read, by which the list is paged: of notifications their own.
        stated: The id that the Link header names for the page that comes after.
        oldest_at: When the last of the page was written, as it says.
        found: False where the server knows no such list (404).
    """

    statuses: tuple[WireStatus | None, ...]
    size: int
    ids: tuple[str, ...]
    stated: str | None
    oldest_at: str | None = None
    found: bool = True


NOTHING: Final = Entries((), 0, (), None, found=False)


class Api:
    """
    One instance.
    """

    def __init__(self, config: MastodonConfig, reader: Reader, clock: Clock) -> None:
        self._config = config
        self._reader = reader
        self._clock = clock
        self._instance: Instance | None = None
        self._probed_at: datetime | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """
        What every request says.
        """
        token = self._config.token
        said = {"accept": "application/json"}
        return said if token is None else {**said, "authorization": f"Bearer {token.get_secret_value()}"}

    async def instance(self, *, anew: bool = False) -> Instance:
        """
        What the instance says of itself, asked at the start and once a day.

        Args:
            anew: Ask now.

        Raises:
            DocumentRefused: `not_an_instance`.
            SourceError: whatever the reader raises.
        """
        now = self._clock.now()
        fresh = self._probed_at is not None and timedelta() <= now - self._probed_at < PROBE_EVERY
        if self._instance is not None and fresh and not anew:
            return self._instance
        reply = await self._get("/api/v2/instance")
        if reply.status in (404, 410):  # before Mastodon 4.0, and most others
            reply = await self._get("/api/v1/instance")
        if reply.status != 200:
            raise _refused("the address answers, but not as an instance of Mastodon", "not_an_instance")
        try:
            said = wire.decode_instance(reply.body)
        except wire.UNREADABLE:
            raise _refused(
                "the address answers, but not as an instance of Mastodon", "not_an_instance"
            ) from None
        self._instance, self._probed_at = instance_from(said), now
        return self._instance

    async def hashtag(self, tags: Sequence[str], *, after: str | None, before: str | None = None) -> Entries:
        """
        A page of public posts with any of these tags.

        Args:
            tags: At least one; the instance takes only so many (`Instance.tags_a_request`).
            after: Of posts right behind this id.
            before: Of posts right before this one. The newest page where neither is given.

        Raises:
            DocumentRefused: `not_a_list`.
            SourceError: whatever the reader raises.
        """
        first, *others = tags
        query = [f"any[]={quote(tag, safe='')}" for tag in others]
        reply = await self._get(
            f"/api/v1/timelines/tag/{quote(first, safe='')}", [*query, *_paging(after, before)]
        )
        if reply.status != 200:
            return _absent(reply)
        statuses = _listed(wire.STATUSES, reply)
        known = [status for status in statuses if status is not None]
        return Entries(
            statuses=tuple(statuses),
            size=len(statuses),
            ids=tuple(str(status.id) for status in known),
            stated=_stated(reply),
            oldest_at=known[-1].created_at if known else None,
        )

    async def mentions(self, *, after: str | None, before: str | None = None) -> Entries:
        """
        A page of notifications that somebody mentioned the account of the token; see `hashtag`.

        Raises:
            As `hashtag`.
        """
        reply = await self._get("/api/v1/notifications", ["types[]=mention", *_paging(after, before)])
        if reply.status != 200:
            return _absent(reply)
        noticed: list[WireNotification | None] = _listed(wire.NOTIFICATIONS, reply)
        known = [notice for notice in noticed if notice is not None]
        return Entries(
            statuses=tuple(
                None if notice is None else notice.status
                for notice in noticed
                if notice is None or (notice.type == "mention" and notice.status is not None)
            ),
            size=len(noticed),
            ids=tuple(str(notice.id) for notice in known),
            stated=_stated(reply),
            oldest_at=known[-1].created_at if known else None,
        )

    async def several(self, ids: Sequence[str]) -> tuple[WireStatus, ...]:
        """
        Those of the statuses that the instance shows; it leaves out the others without a word.

        Raises:
            As `hashtag`.
        """
        reply = await self._get("/api/v1/statuses", [f"id[]={quote(one, safe='')}" for one in ids])
        if reply.status != 200:
            return ()
        return tuple(status for status in _listed(wire.STATUSES, reply) if status is not None)

    async def one(self, name: str) -> WireStatus | None:
        """
        A status; None where the instance says that it does not exist, or not for us (404, 410).

        Raises:
            DocumentRefused: `not_a_status`.
            SourceError: whatever the reader raises.
        """
        reply = await self._get(f"/api/v1/statuses/{quote(name, safe='')}")
        if reply.status in (404, 410):
            return None
        if reply.status == 200:
            try:
                return wire.decode_status(reply.body)
            except wire.UNREADABLE:
                pass
        raise _refused("the instance answered with something else than the post", "not_a_status")

    # -------------------------------------------------------------------------------------------------- asking

    async def _get(self, path: str, query: Sequence[str] = ()) -> Reply:
        address = f"{self._config.endpoint}{path}"
        return await self._reader.read(
            f"{address}?{'&'.join(query)}" if query else address, headers=self.headers
        )


def _paging(after: str | None, before: str | None) -> list[str]:
    """
    Forward without gaps is `min_id`, never `since_id`.
    """
    place = [f"min_id={quote(after, safe='')}"] if after is not None else []
    place += [f"max_id={quote(before, safe='')}"] if before is not None else []
    return [f"limit={LIMIT}", *place]


def _listed(kind: wire.Entries[wire.T], reply: Reply) -> list[wire.T | None]:
    try:
        return kind.read(reply.body)
    except wire.UNREADABLE:
        raise _refused("the instance answered with something else than a list", "not_a_list") from None


def _absent(reply: Reply) -> Entries:
    """
    A list that the instance does not know: of a tag it never saw, by the documentation (its code says `[]`).

    Raises:
        SourceUnavailable: an answer that no list gives.
    """
    if reply.status in (404, 410):
        return NOTHING
    raise SourceUnavailable("the instance gave no list; tried again later", status=reply.status)


def _stated(reply: Reply) -> str | None:
    """
    The id that leads on, out of the Link header. There is none where the page is empty. The rest of the address is not
    used: Mastodon builds it from some of the parameters and drops the tags.
    """
    found = _LINK.search(reply.headers.get("link", ""))
    if found is None:
        return None
    try:
        query = urlsplit(found[1]).query
    except ValueError:
        return None
    named = _MIN_ID.search(f"?{query}")
    return None if named is None else named[1]


def _refused(message: str, reason: str) -> DocumentRefused:
    return DocumentRefused(message, reason=reason)
