"""
Which older page or archive of a feed is read next (politeness P31). Pure; used by `client`, which keeps `History` in
the cursor.

Opt-in (`history_pages`), one page at a time, each asked once for ever, only on the feed's own host. What an archive
shows never changes; what a numbered page shows does, and is old all the same. A loop, or a page that is no feed, ends
the walk.

Source: RFC 5005, sections 3 (paged: `next`) and 4 (archived: `prev-archive`); JSON Feed 1.1, `next_url`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from adapters.feed.config import HISTORY_MAX, FeedConfig
from adapters.feed.cursor import ID_BYTES, place_of, unpacked
from adapters.feed.wire import WireFeed

RETRY_S: Final = 86_400.0
TRIES: Final = 3
"""A page that gives no answer is asked again once a day, three times in all. Chosen."""

ENDED: Final = "history_ended"
LOOPED: Final = "history_looped"


class History(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """
    How far the walk has come.

    Args:
        asked: Digests of the pages that were asked, in that order.
        next: The page to ask; empty where there is none.
        walk: How many had been asked when the present walk began.
        tries: How often `next` gave no answer.
        again_at: Not before this; seconds since 1970.
        ended: Something was wrong; no walk begins any more.
    """

    asked: bytes = b""
    next: str = ""
    walk: int = 0
    tries: int = 0
    again_at: int = 0
    ended: bool = False

    @property
    def pages(self) -> int:
        """
        How many were asked.
        """
        return len(self.asked) // ID_BYTES

    def position(self, address: str) -> int | None:
        """
        When this page was asked, counted from 0; None where it never was.
        """
        wanted = place_of(address)
        pages = (self.asked[at : at + ID_BYTES] for at in range(0, len(self.asked), ID_BYTES))
        return next((number for number, page in enumerate(pages) if page == wanted), None)


_NOTHING: Final = History()
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(History).decode


def history_of(stored: bytes) -> History:
    """
    As the cursor holds it.
    """
    return unpacked(_decode, stored, _NOTHING)


def stored_history(history: History) -> bytes:
    """
    For the cursor; at most 8 bytes for each of `HISTORY_MAX` pages, and one address.
    """
    return _encode(history) if history != _NOTHING else b""


def begun(history: History, feed: WireFeed, config: FeedConfig) -> History:
    """
    With a walk that starts at the feed's own document, where that leads to a page never asked.
    """
    address = _older(feed)
    if history.next or not _may_ask(history, address, config) or history.position(address) is not None:
        return history
    return msgspec.structs.replace(history, next=address, walk=history.pages, tries=0, again_at=0)


def is_due(history: History, config: FeedConfig, now: datetime) -> bool:
    """
    Whether a page is to be asked now.
    """
    return (
        bool(history.next) and _may_ask(history, history.next, config) and now.timestamp() >= history.again_at
    )


def walked(history: History, feed: WireFeed, config: FeedConfig) -> tuple[History, str | None]:
    """
    After `history.next` was read: on to the page it leads to, and a note where that ends the walk wrongly.
    """
    history = _asked(history)
    address = _older(feed)
    if not address or not config.reaches(address):
        return history, None
    position = history.position(address)
    if position is None and address != config.address:
        return msgspec.structs.replace(history, next=address), None
    if position is not None and position < history.walk:
        return history, None  # the archive that was the newest last time
    return msgspec.structs.replace(history, ended=True), LOOPED


def failed(history: History, now: datetime, *, answered: bool) -> tuple[History, str | None]:
    """
    After `history.next` could not be read: tried again where nothing answered, else ended.
    """
    if not answered and history.tries + 1 < TRIES:
        again_at = int(now.timestamp() + RETRY_S)
        return msgspec.structs.replace(history, tries=history.tries + 1, again_at=again_at), None
    return msgspec.structs.replace(_asked(history), ended=True), ENDED


def _asked(history: History) -> History:
    asked = (history.asked + place_of(history.next))[: HISTORY_MAX * ID_BYTES]
    return msgspec.structs.replace(history, asked=asked, next="", tries=0, again_at=0)


def _may_ask(history: History, address: str, config: FeedConfig) -> bool:
    return (
        not history.ended
        and history.pages < config.history_pages
        and bool(address)
        and config.reaches(address)
    )


def _older(feed: WireFeed) -> str:
    """
    The archive before this document, else the page after it.
    """
    address = "" if feed.is_complete else feed.prev_archive or feed.next_page or ""
    return address.partition("#")[0]
