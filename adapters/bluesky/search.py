"""
Fills a gap as far as a search does. Used by `listening` where an account is configured; the stream goes on meanwhile.

Whether a gap is told does not depend on it: search leaves out what it likes, and developers are asked to avoid it for
anything but people's own searches (bluesky-social/atproto#3583, #3844). So it is asked for the hashtags of the watches and
for mentions of our own accounts, within the gap, a few pages each, and never otherwise. A refusal ends the filling
alone.

The session is traded for the app password at the account's own server and lives in memory. Source: bluesky-social/atproto,
`lexicons/app/bsky/feed/searchPosts.json` and `lexicons/com/atproto/server/{createSession,refreshSession}.json`; bsky-docs,
rate-limits (sessions: 30 in five minutes, 300 a day); read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec
from pydantic import SecretStr

from adapters.bluesky import wire
from adapters.bluesky.hydrate import posts_in, views_in
from adapters.bluesky.normalise import post_of_view
from listener.adapter import Reader, Terms
from listener.clock import Clock
from listener.errors import AccessDenied, SourceError, SourceUnavailable
from listener.events import Post

PAGES_MAX: Final = 10
"""Chosen: a thousand posts for each term; a gap that holds more is told and stands."""

LIMIT: Final = 100

Outcome = Literal["gap_filled", "gap_partly_filled", "search_denied", "search_failed"]


def create_session(service: str) -> str:
    """
    Where the password is traded.
    """
    return f"{service}/xrpc/com.atproto.server.createSession"


def refresh_session(service: str) -> str:
    """
    Where a session is renewed.
    """
    return f"{service}/xrpc/com.atproto.server.refreshSession"


class _Refused(Exception):
    """
    The session does not count any more.
    """


class Search:
    """
    Args:
        service: Scheme and host of the account's server.
        identifier: The account: DID or handle.
        password: Its app password.
    """

    __slots__ = ("_clock", "_identifier", "_password", "_reader", "_service", "_session", "outcome")

    def __init__(
        self, reader: Reader, clock: Clock, *, service: str, identifier: str, password: SecretStr
    ) -> None:
        self._reader, self._clock = reader, clock
        self._service, self._identifier, self._password = service, identifier, password
        self._session: wire.Session | None = None
        self.outcome: Outcome | None = None

    def __repr__(self) -> str:
        return "Search(…)"

    async def fill(
        self, since_at: datetime, until_at: datetime, *, terms: Terms, own: frozenset[str]
    ) -> AsyncIterator[tuple[Post, ...]]:
        """
        What is found of the time between, page by page; afterwards `outcome` says how it went. Raises nothing that
        concerns the search.
        """
        self.outcome = "gap_filled"
        for query in queries(since_at, until_at, terms=terms, own=own):
            cursor: str | None = None
            for _ in range(PAGES_MAX):
                try:
                    found = await self._page(query, cursor)
                except AccessDenied:
                    self.outcome = "search_denied"
                    return
                except SourceError:
                    self.outcome = "search_failed"
                    return
                yield self._posts(found, own)
                if not found.posts or found.cursor in (None, "", cursor):
                    break
                cursor = found.cursor
            else:
                self.outcome = "gap_partly_filled"

    def _posts(self, found: wire.Posts, own: frozenset[str]) -> tuple[Post, ...]:
        views, _, _ = views_in(found)
        now = self._clock.now()
        posts = (post_of_view(view, own=own, seen_at=now) for view in views.values())
        return tuple(post for post in posts if isinstance(post, Post))

    async def _page(self, query: str, cursor: str | None) -> wire.Posts:
        """
        One page of results, with a new session where the old one does not count any more.

        Raises:
            AccessDenied: with a session made just now.
            SourceError: whatever else the reader raises.
        """
        if cursor is not None:
            query = f"{query}&{urlencode({'cursor': cursor})}"
        if self._session is not None:
            try:
                return await self._asked(query, self._session)
            except _Refused:
                await self._renew(self._session)
        self._session = self._session or await self._created()
        try:
            return await self._asked(query, self._session)
        except _Refused as refused:
            self._session = None
            raise AccessDenied("the search was refused with a session made just now") from refused.__cause__

    async def _asked(self, query: str, session: wire.Session) -> wire.Posts:
        """
        Raises:
            _Refused: 401, 403, or 400, by which an expired token is told.
        """
        headers = {"accept": "application/json", "authorization": f"Bearer {session.access_jwt}"}
        try:
            reply = await self._reader.read(
                f"{self._service}/xrpc/app.bsky.feed.searchPosts?{query}", headers=headers
            )
        except AccessDenied as error:
            raise _Refused from error
        except SourceUnavailable as error:
            if error.status == 400:
                raise _Refused from error
            raise
        return posts_in(reply)

    async def _created(self) -> wire.Session:
        body = {"identifier": self._identifier, "password": self._password.get_secret_value()}
        return await self._traded(create_session(self._service), msgspec.json.encode(body), {})

    async def _renew(self, old: wire.Session) -> None:
        """
        The session is a new one, or none.
        """
        self._session = None
        if not old.refresh_jwt:
            return
        try:
            self._session = await self._traded(
                refresh_session(self._service), b"", {"authorization": f"Bearer {old.refresh_jwt}"}
            )
        except (AccessDenied, SourceUnavailable):
            self._session = None

    async def _traded(self, address: str, body: bytes, headers: dict[str, str]) -> wire.Session:
        sent = {"accept": "application/json", **headers}  # the type of a body is the reader's to state
        reply = await self._reader.exchange(address, body=body, headers=sent)
        try:
            return wire.decoded(wire.Session, reply.body)
        except wire.UNREADABLE:
            raise SourceUnavailable("the server gave no session", status=reply.status) from None


def queries(since_at: datetime, until_at: datetime, *, terms: Terms, own: frozenset[str]) -> Iterator[str]:
    """
    What is searched for: each hashtag, and each own account as mentioned. `since` is inclusive, `until` is not; several
    tags in one query would have to be there all.
    """
    between = {
        "sort": "latest",
        "since": _stated(since_at),
        "until": _stated(until_at),
        "limit": str(LIMIT),
    }
    for tag in sorted(terms.hashtags):
        yield urlencode({"q": f"#{tag}", "tag": tag, **between})
    for did in sorted(own):
        yield urlencode({"q": "*", "mentions": did, **between})


def _stated(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
