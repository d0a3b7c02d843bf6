"""
Asks the AppView how posts stand now: whether they are there, and what their authors wish. Used by `pages` for posts that
matched, before they are kept, and by `recheck` for those that are; nobody else's posts are ever asked about.

Up to 25 posts a request. Posts that come while a request is under way form the next one, so that the pace of the host is
what gathers them. A post that two hosts bring is asked about once, because `memory` knows it; labels of authors are not
kept from one request to the next, because whether a post is still there has to be asked anyway, and the answer
brings them.

Source: bluesky-social/atproto, `lexicons/app/bsky/feed/getPosts.json` (25 uris); bsky-docs, docs/advanced-guides/rate-limits.md
(3,000 requests in five minutes for an address); both read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from adapters.bluesky import wire
from listener.adapter import Reader, Reply
from listener.errors import SourceError, SourceUnavailable

BATCH: Final = 25
_ACCEPT: Final = {"accept": "application/json"}


@dataclass(slots=True, repr=False)
class Standing:
    """
    How posts stand, by at-uri.

    Args:
        views: Those that are there.
        unread: Those of which nothing is known: the request failed, or the answer cannot be read.
        refused: Those the AppView will not be asked about, whatever they are; nothing is known of them either.
    """

    views: dict[str, wire.PostView] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def is_gone(self, uri: str) -> bool:
        """
        The AppView answered and does not show it: deleted, taken down, or its account is.
        """
        return not (uri in self.views or uri in self.unread or uri in self.refused)


class LookUp:
    """
    Args:
        appview: Scheme and host.
    """

    __slots__ = ("_address", "_reader")

    def __init__(self, reader: Reader, appview: str) -> None:
        self._reader = reader
        self._address = f"{appview}/xrpc/app.bsky.feed.getPosts"

    async def standing(self, uris: Iterable[str]) -> tuple[Standing, SourceError | None]:
        """
        How each of these stands, and what went wrong first. After a failure the rest is not asked for.
        """
        found, fault = Standing(), None
        for part in batches(tuple(dict.fromkeys(uris))):
            if fault is not None:
                found.unread.update(part)
                continue
            try:
                await self._ask(part, found)
            except SourceError as error:
                found.unread.update(uri for uri in part if uri not in found.views)
                fault = error
        return found, fault

    async def _ask(self, uris: Sequence[str], found: Standing) -> None:
        """
        One request. Where the AppView refuses the whole of it for the sake of one (400), its halves are asked.
        """
        query = "&".join("uris=" + quote(uri, safe=":/") for uri in uris)
        try:
            reply = await self._reader.read(f"{self._address}?{query}", headers=_ACCEPT)
        except SourceUnavailable as error:
            if error.status != 400:
                raise
            if len(uris) == 1:
                found.refused.update(uris)
                return
            half = len(uris) // 2
            await self._ask(uris[:half], found)
            await self._ask(uris[half:], found)
            return
        _take(uris, posts_in(reply), found)


def batches(uris: Sequence[str]) -> Iterator[Sequence[str]]:
    """
    As many as one request may ask for, each.
    """
    return (uris[at : at + BATCH] for at in range(0, len(uris), BATCH))


def posts_in(reply: Reply) -> wire.Posts:
    """
    The views of an answer.

    Raises:
        SourceUnavailable: it is none; a page of HTML, mostly.
    """
    if reply.status != 200:
        raise SourceUnavailable("the AppView gave an answer without posts", status=reply.status)
    try:
        return wire.decoded(wire.Posts, reply.body)
    except wire.UNREADABLE:
        raise SourceUnavailable("the AppView's answer cannot be read", status=reply.status) from None


def views_in(posts: wire.Posts) -> tuple[Mapping[str, wire.PostView], frozenset[str], bool]:
    """
    Views by at-uri; those that can be told apart, and not read; and whether there were others.
    """
    views: dict[str, wire.PostView] = {}
    unread: set[str] = set()
    nameless = False
    for raw in posts.posts:
        view = wire.maybe(wire.PostView, raw)
        if view is not None:
            views[view.uri] = view
            continue
        named = wire.maybe(wire.Named, raw)
        if named is None:
            nameless = True
        else:
            unread.add(named.uri)
    return views, frozenset(unread), nameless


def _take(uris: Sequence[str], posts: wire.Posts, found: Standing) -> None:
    """
    What an answer says about those that were asked for, and about no other. Where a part of it cannot be read at all, a
    post that is missing is not one that is gone.
    """
    views, unread, nameless = views_in(posts)
    for uri in uris:
        view = views.get(uri)
        if view is not None and uri.startswith(f"at://{view.author.did}/"):
            found.views[uri] = view
        elif view is not None or uri in unread or nameless:
            found.unread.add(uri)
