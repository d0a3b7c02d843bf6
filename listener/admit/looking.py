"""
One look at an address: robots.txt, the answer, and the sources it offers. Reads through `listener.hear.reader`, so that
pace and guard hold here as everywhere.

Takes addresses from `admission`, gives `Looked` or `Missed`.

Politeness: an address is asked for once, and what came is used for everything (P12, FRB036); nothing is tried that
nobody named or announced (P23, FRB061). robots.txt is honoured wherever something is looked for (P26): it is fetched once
for each host and run, before the page, and again for the host that a redirect ends at. An address that somebody names as
a feed is read as a feed reader reads it, robots.txt or not, exactly as a configured source is; where a page answers
instead, robots.txt is asked before the page is used. A feed that a page announces is not fetched here at all: the
daemon's first read tells whether it is one.

Source: RFC 9309, section 2.3.1, for what follows from each answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import anyio

from listener.adapter import Candidate, Reach, Reply
from listener.admit.robots import ALL, PLACE, Rules, parse
from listener.admit.verdicts import Verdict
from listener.errors import (
    AccessDenied,
    DocumentRefused,
    RateLimited,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)
from listener.hear.reader import ReadOnly, Web

ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, application/xhtml+xml;q=0.9, "
    "application/xml;q=0.8, */*;q=0.1"
)
"""A feed before a page about it, because one request has to do."""

_FOR_GOOD: Final = frozenset({301, 308})


@dataclass(frozen=True, slots=True, repr=False)
class Looked:
    """
    What an address answered with.

    Args:
        candidates: Sources it offers, best first.
        itself: The answer is a source, the only candidate.
        lasting: Where to read it from now on: where the answer came from if every redirect was for good, else the
            address that was asked.
        places: Every address on the way, the first included.
    """

    candidates: tuple[Candidate, ...]
    itself: bool
    lasting: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """
    Why there is nothing to use.

    Args:
        why: From the closed set.
        note: In words, without any address but a host.
    """

    why: Verdict
    note: str | None = None


class Looker:
    """
    Looks at addresses during one run.

    Args:
        web: Open.
        discover: Of the adapter that reads the sources.
    """

    def __init__(self, web: Web, discover: Callable[[Reply], tuple[Candidate, ...]]) -> None:
        self._web = web
        self._discover = discover
        self._rules: dict[str, Rules | None] = {}
        self._asking: dict[str, anyio.Lock] = {}

    @property
    def robots_asked(self) -> int:
        """
        Hosts whose robots.txt was asked for.
        """
        return len(self._rules)

    async def look(self, address: str, *, is_feed: bool) -> Looked | Missed:
        """
        What stands at an address; any failure is a value.

        Args:
            address: Absolute, as `listener.hear.guard.parse` accepts it.
            is_feed: See `listener.admit.verdicts.Wanted`.
        """
        try:
            if not is_feed and (missed := await self._forbidden(address)):
                return missed
            reply = await self._reader(address).read(address, headers={"accept": ACCEPT})
            if reply.status in (404, 410):
                return Missed("gone", f"answers {reply.status}")
            candidates = await anyio.to_thread.run_sync(self._discover, reply)
            looked = _looked(address, reply, candidates)
            if (
                not looked.itself
                and (is_feed or reply.hops)
                and (missed := await self._forbidden(reply.address))
            ):
                return missed
        except SourceError as error:
            return _missed(error)
        return looked

    async def _forbidden(self, address: str) -> Missed | None:
        """
        Why a page may not be looked at; None where it may.

        Raises:
            RequestRefused: the host may not be asked at all.
        """
        origin = _origin(address)
        async with self._asking.setdefault(origin, anyio.Lock()):
            if origin not in self._rules:
                self._rules[origin] = await self._fetch_rules(origin)
        rules = self._rules[origin]
        if rules is None:
            return Missed("unreachable", "robots.txt cannot be had, so nothing else may be read")
        return None if rules.allows(address) else Missed("robots")

    async def _fetch_rules(self, origin: str) -> Rules | None:
        """
        What a host forbids; None where nobody can know, and so everything is forbidden (section 2.3.1.4).
        """
        try:
            reply = await self._reader(origin).read(origin + PLACE)
        except AccessDenied:
            return ALL  # 401 and 403 say no more than 404 does (section 2.3.1.3)
        except SourceUnavailable as error:
            return ALL if error.status is not None and 400 <= error.status < 500 else None
        except (RateLimited, DocumentRefused):
            return None
        return parse(reply.body) if 200 <= reply.status < 300 else ALL

    def _reader(self, address: str) -> ReadOnly:
        host = (urlsplit(address).hostname or "").removesuffix(".")
        return self._web.reader(host, (Reach(host, ".*", redirects="public"),))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _looked(asked: str, reply: Reply, candidates: tuple[Candidate, ...]) -> Looked:
    itself = bool(candidates) and candidates[0].address == reply.address
    for_good = all(status in _FOR_GOOD for status, _ in reply.hops)
    return Looked(
        candidates,
        itself,
        reply.address if for_good and reply.hops else asked,
        (asked, *(target for _, target in reply.hops)),
    )


def _missed(error: SourceError) -> Missed:
    note = str(error).partition(": ")[2]  # behind the name of the reader, which is the host again
    if isinstance(error, RequestRefused):
        return Missed("private", note)
    if isinstance(error, SourceUnavailable | RateLimited | AccessDenied):
        return Missed("unreachable", note)
    return Missed("no_feed", note)
