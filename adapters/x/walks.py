"""
Where a search begins, how it goes from page to page, and what it leaves behind. Pure: marks and pages in, marks out.

Used by `client`, for searches and for mentions alike. Pages come newest first, so the first page's newest id is where the
next search goes on from, and it counts only when the last page is durable: a walk that is cut off goes on below the oldest
id it has read, with the same `since_id`, whoever takes it up. Page tokens are known to whoever got them and to nobody else.

The index lags: a post may be found later than one that is younger. So a search that follows a lively one goes back a little
behind the newest id (ids tell the time); what it reads again the key removes, and X charges once a day. After a quiet
spell it goes on exactly, so that a search with nothing new costs nothing.

Seven days back is as far as a search goes: an older id is refused (400), and a time takes its place, never both.

Source: docs.x.com, posts/search/integrate/paginate, read 2026-11 (platform facts, 0.1, 1.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from adapters.x.api import Ask
from adapters.x.cursor import DIGEST_BYTES, SEEN_MAX, Mark, Walk, seen_digest
from adapters.x.ids import id_at, instant_of, is_id
from listener.errors import DocumentRefused
from listener.events import Gap

WINDOW: Final = timedelta(days=7)
MARGIN: Final = timedelta(minutes=10)
"""Chosen: what is nearly seven days old now is older when the request arrives, and clocks differ."""

END_LAG_S: Final = 30
"""A search without `end_time` ends so long before now."""

OVERLAP: Final = timedelta(seconds=120)
LIVELY: Final = timedelta(minutes=10)
"""Chosen: four times the lag that X allows itself; and how young the newest id must be for it to matter."""

FIRST_BACK: Final = timedelta(hours=1)
"""Chosen: a query that is asked for the first time shows that it works, and no more."""

TOKEN_MAX: Final = 512
"""Characters of a `next_token` that is followed. Chosen: theirs have about 60."""

SMALLEST: Final = 10
LARGEST: Final = 100


def ask_for(mark: Mark, now: datetime, *, token: str = "", until: str = "") -> tuple[Ask, Gap | None]:
    """
    The page to ask for, and what no search reaches any more.

    Args:
        now: Aware UTC.
        token: Of the page that comes next; empty where nobody knows it, as after a restart.
        until: Of the page before, to which the token belongs.
    """
    walk = mark.walk
    if walk is not None:
        start = _instant(walk.start_at) if walk.start_at else None
        return Ask(
            LARGEST, since=walk.since, start=start, token=token, until=until if token else walk.until
        ), None
    size = min(max(SMALLEST, 2 * mark.posts), LARGEST)
    since, earliest = _since(mark), now - WINDOW + MARGIN
    if since is not None and since >= earliest:
        exact = instant_of(mark.newest) == since
        return Ask(size, since=mark.newest if exact else id_at(since)), None
    if not mark.read_at:
        return Ask(size, start=now - FIRST_BACK), None
    read_at = _instant(mark.read_at)
    if read_at >= earliest:
        return Ask(size, start=read_at - min(OVERLAP, read_at - earliest)), None
    return Ask(size, start=earliest), Gap(read_at, earliest, "cursor_expired", suspected=True)


def by_time(mark: Mark, now: datetime) -> tuple[Mark, Gap | None]:
    """
    The mark of a query whose id X refuses, so that the next page is asked for by time; and what may be missed by it.
    """
    earliest = now - WINDOW + MARGIN
    read_at = _instant(mark.read_at) if mark.read_at else earliest
    gap = Gap(read_at, earliest, "cursor_expired", suspected=True) if read_at < earliest else None
    return msgspec.structs.replace(mark, newest="", walk=None), gap


def after_page(
    mark: Mark, ask: Ask, *, newest: str, token: str | None, ids: Iterable[str], now: datetime
) -> Mark:
    """
    The mark with what the page brought; its walk is over where there is no token.

    Args:
        newest: Newest id of the page; empty where it has none.
        ids: Of its posts.

    Raises:
        DocumentRefused: `not_an_answer`, a token that leads back to the same page, or is none.
    """
    walk = mark.walk or Walk(
        until="",
        newest=newest or mark.newest,
        since=ask.since,
        start_at=0 if ask.start is None else int(ask.start.timestamp()),
        began_at=int(now.timestamp()),
    )
    names = [name for name in ids if is_id(name)]
    posts, seen = walk.posts + len(names), _seen(walk, names)
    if token:
        if token == ask.token or len(token) > TOKEN_MAX:
            raise DocumentRefused("X gave no way to the next page", reason="not_an_answer")
        until = min((name for name in (*names, walk.until) if name), key=int, default="")
        going_on = msgspec.structs.replace(walk, until=until, posts=posts, seen=seen)
        return msgspec.structs.replace(mark, walk=going_on, refused_at=0)
    reached = max((name for name in (walk.newest, mark.newest) if name), key=int, default="")
    return Mark(
        watch=mark.watch,
        newest=reached,
        read_at=walk.began_at - END_LAG_S,
        posts=min(posts, LARGEST),
        seen=seen or mark.seen,
    )


def new_posts(mark: Mark, ids: Iterable[str], now: datetime) -> int:
    """
    How many of a page X charges: not those that were paid for on the same day (UTC).
    """
    names = list(ids)
    if not mark.read_at or _instant(mark.read_at).date() != now.date():
        return len(names)
    known = _digests(mark.seen) | _digests(mark.walk.seen if mark.walk else b"")
    return sum(seen_digest(name) not in known for name in names)


def _since(mark: Mark) -> datetime | None:
    """
    From when on the search goes; None where it does not go by id.
    """
    given_at = instant_of(mark.newest)
    if given_at is None:
        return None
    lively = mark.read_at and given_at >= _instant(mark.read_at) - LIVELY
    return given_at - OVERLAP if lively else given_at


def _seen(walk: Walk, names: Iterable[str]) -> bytes:
    """
    With those ids that an overlap would show again.
    """
    newest_at = instant_of(walk.newest)
    if newest_at is None:
        return walk.seen
    first = int(id_at(newest_at - OVERLAP))
    fresh = b"".join(seen_digest(name) for name in names if int(name) >= first)
    return (walk.seen + fresh)[: SEEN_MAX * DIGEST_BYTES]


def _digests(seen: bytes) -> set[bytes]:
    return {seen[at : at + DIGEST_BYTES] for at in range(0, len(seen), DIGEST_BYTES)}


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
