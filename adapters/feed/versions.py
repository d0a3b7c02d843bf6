"""
Which changes of an entry are told: takes the items of a document and what was remembered of the one before, gives the
items that are news or as they were, and what to remember.

Used by `client`, which keeps the memory in the cursor. Pure. An edit is told at once and told once. But two caches may
serve two versions in turn, and a plug-in may print other "related posts" at every reading; told at their word they
would update a post for ever. So an entry that goes on changing is told less and less often:

- three changes at once, then after pauses that double from an hour to a day;
- a change back to words it had before, unless its `updated` has moved on, after pauses that double from a day. A post
  that swings for a month is told of five times, and one that was really taken back is right again after a day.

Invariant: at most `VERSIONS_MAX` bytes are remembered; digests of words and of identities, nobody's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from listener.adapter import Item
from listener.events import Post
from listener.text import as_read, fold, same_address

REMEMBERED: Final = 50
"""Newest posts of a document whose words are remembered. Chosen: five times WordPress's window."""

RESTLESS: Final = 20
"""Posts that changed whose history is remembered. Chosen."""

FREELY: Final = 3
"""Changes that are told at once. Chosen: a slip of the pen, an addition, another slip."""

HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
_FORGOTTEN_S: Final = 40 * DAY_S
"""Longer than any body lives here by default."""

_NAME: Final = 6
_SAID: Final = 4
_RECORD: Final = _NAME + _SAID
_FORMER: Final = 3
VERSIONS_MAX: Final = REMEMBERED * _RECORD + RESTLESS * 48 + 16


class _Restless(msgspec.Struct, frozen=True, array_like=True):
    """
    A post that changed.

    Args:
        name: Digest of its identity.
        said: Digest of the words that were told last.
        since: When they were told; seconds since 1970.
        changes: How many were told.
        edited: The latest `updated` seen; seconds since 1970, 0 for none.
        former: Digests of words it had before, latest last.
    """

    name: bytes
    said: bytes
    since: int
    changes: int
    edited: int
    former: bytes

    def may_change(self, said: bytes, edited: int, now: int) -> bool:
        """
        Whether these words are told now.
        """
        waited = now - self.since
        if said in _parts(self.former, _SAID) and edited <= self.edited:
            return waited >= DAY_S << min(self.changes - 1, 10)
        if self.changes < FREELY:
            return True
        return waited >= min(HOUR_S << min(self.changes - FREELY, 10), DAY_S)

    def changed(self, said: bytes, edited: int, now: int) -> _Restless:
        """
        The same post with these words told.
        """
        former = (self.former + self.said)[-_FORMER * _SAID :]
        return _Restless(self.name, said, now, self.changes + 1, max(edited, self.edited), former)


class _Memory(msgspec.Struct, frozen=True, array_like=True):
    """
    Args:
        steady: Name and words of each post of the latest document, newest first.
        restless: See there; latest change first.
    """

    steady: bytes = b""
    restless: tuple[_Restless, ...] = ()


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(_Memory)


def settled(items: Iterable[Item], memory: bytes, now: datetime) -> tuple[tuple[Item, ...], bytes]:
    """
    The items without changes that are not told yet, and what to remember for the next document.

    Args:
        items: Of one document, newest first.
        memory: From the one before; empty for the first, and where it cannot be read.
        now: When the document was read.
    """
    known = _decoded(memory)
    told = {part[:_NAME]: part[_NAME:] for part in _parts(known.steady, _RECORD)}
    restless = {post.name: post for post in known.restless}
    kept: list[Item] = []
    steady: list[bytes] = []
    for item in items:
        if not isinstance(item, Post) or len(steady) == REMEMBERED:
            kept.append(item)
            continue
        name = _digest(_NAME, item.native)
        said, is_told = _judged(item, name, told, restless, int(now.timestamp()))
        steady.append(name + said)
        if is_told:
            kept.append(item)
    return tuple(kept), _remembered(steady, restless, int(now.timestamp()))


def _judged(
    post: Post, name: bytes, told: Mapping[bytes, bytes], restless: dict[bytes, _Restless], now: int
) -> tuple[bytes, bool]:
    """
    Digest of the words that count as told from now on, and whether the post goes on.
    """
    said = _said(post)
    before = told.get(name)
    history = restless.get(name)
    if history is not None:
        before = history.said
    if before is None or before == said:
        return said, True
    edited = 0 if post.edited_at is None else int(post.edited_at.timestamp())
    history = history or _Restless(name, before, 0, 0, 0, b"")
    if not history.may_change(said, edited, now):
        return before, False
    restless[name] = history.changed(said, edited, now)
    return said, True


def _remembered(steady: list[bytes], restless: Mapping[bytes, _Restless], now: int) -> bytes:
    living = [post for post in restless.values() if now - post.since < _FORGOTTEN_S]
    newest = sorted(living, key=lambda post: -post.since)[:RESTLESS]
    return _encode(_Memory(b"".join(steady), tuple(newest)))


def _said(post: Post) -> bytes:
    """
    What the gate will compare, as far as it is known here.
    """
    tags = sorted({fold(tag) for tag in post.tags})
    link = None if post.link is None else same_address(post.link)
    return _digest(_SAID, as_read(post.text), as_read(post.title or ""), post.lang or "", link or "", *tags)


def _digest(size: int, *parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=size).digest()


def _parts(joined: bytes, size: int) -> list[bytes]:
    return [joined[at : at + size] for at in range(0, len(joined), size)]


def _decoded(memory: bytes) -> _Memory:
    try:
        return _decoder.decode(memory) if memory else _Memory()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Memory()
