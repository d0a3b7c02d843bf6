"""
Whether a feed's ids can be believed. Pure: takes the entries of two readings, says by what entries are identified.

Some software makes a new id for every entry at every reading (a timestamp, a session). Taken at its word it would
repeat everything as news. It is found out by two readings: no id occurs in both, although the links or the words do.
From then on, and for good, entries go by their link, or by what they say where not even that stays the same.

Used by `client`, which keeps `marks` in the cursor; the decision is handed to `normalise`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from adapters.feed.wire import WireEntry
from listener.text import same_address

Ids = Literal["stated", "link", "content"]
"""By what an entry is identified: what the document states (its id, else its link), its link, or what it says."""

MARKED: Final = 12
"""Newest entries that are compared. Chosen: a little more than WordPress's window; every idle source keeps them."""

_DIGEST: Final = 4
"""Bytes; of 144 pairs one is equal by chance in thirty million readings, and one alone proves nothing."""

_SIZE: Final = 3 * _DIGEST
MARKS_MAX: Final = MARKED * _SIZE


class _Mark(NamedTuple):
    """
    Digests of one entry; empty where it states nothing, or what others of the document state too.
    """

    id: bytes
    link: bytes
    words: bytes


def marks_of(entries: Iterable[WireEntry]) -> bytes:
    """
    The first `MARKED` entries, as a cursor holds them; at most `MARKS_MAX` bytes. An address counts in any spelling, so
    that a site that goes to https keeps its ids.
    """
    newest = [entry for entry, _ in zip(entries, range(MARKED), strict=False)]
    ids = [same_address(entry.id or "") for entry in newest]
    links = _single([same_address(entry.link or "") for entry in newest])
    words = _single([_words(entry) for entry in newest])
    return b"".join(_digest(stated) for entry in zip(ids, links, words, strict=True) for stated in entry)


def ids_after(ids: Ids, before: bytes, now: bytes) -> Ids:
    """
    By what entries are identified from this reading on.

    Args:
        ids: By what they were until now.
        before: `marks_of` the reading before.
        now: `marks_of` this reading.
    """
    old, new = _marks(before), _marks(now)
    if not old or not new or ids == "content":
        return ids
    links = _shared([mark.link for mark in old], [mark.link for mark in new])
    words = _shared([mark.words for mark in old], [mark.words for mark in new])
    if ids == "stated":
        before_ids, now_ids = [mark.id for mark in old], [mark.id for mark in new]
        if not (any(map(any, before_ids)) and any(map(any, now_ids))) or _shared(before_ids, now_ids):
            return ids
    elif links:
        return ids
    smaller = min(len(old), len(new))
    enough = (smaller + 1) // 2
    if smaller > 1 and links >= enough:
        return "link"
    if smaller == 1 and links and words:  # a link alone may be the page that shows every entry in its turn
        return "link"
    return "content" if words >= enough else ids


def _words(entry: WireEntry) -> str:
    """
    What an entry says, with the date it states: the same words under another date are another entry.
    """
    texts = (text.value for text in (entry.title, entry.content or entry.summary) if text is not None)
    said = "\0".join(texts)
    return f"{entry.published or ''}\0{said}" if said else ""


def _single(values: Sequence[str]) -> list[str]:
    counts = Counter(values)
    return [value if counts[value] == 1 else "" for value in values]


def _digest(value: str) -> bytes:
    if not value:
        return bytes(_DIGEST)
    return hashlib.blake2b(value.encode(errors="surrogatepass"), digest_size=_DIGEST).digest()


def _marks(stored: bytes) -> list[_Mark]:
    parts = [stored[at : at + _DIGEST] for at in range(0, len(stored), _DIGEST)]
    return [_Mark(*parts[at : at + 3]) for at in range(0, len(parts) - 2, 3)]


def _shared(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    return sum(any(value) for value in set(old) & set(new))
