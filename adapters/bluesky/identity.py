"""
What things are called on Bluesky: accounts, posts, instants. Pure; used by every other module of this folder.

The identity of a post is its at-uri, `at://<did>/app.bsky.feed.post/<rkey>`, the same on every host. There is no address
of a post without its author's DID or handle in it.

Source: the identifiers' pages of atproto.com/specs (did, handle, record-key, at-uri-scheme, tid), and the syntax vectors of
bluesky-social/atproto (`interop-test-files/syntax`), read 2026-11-24.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

COLLECTION: Final = "app.bsky.feed.post"
"""The only kind of record that is read."""

_DID: Final = re.compile(r"did:[a-z]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})")
_DID_MAX: Final = 2048
_HANDLE: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_HANDLE_MAX: Final = 253
_RKEY: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_~.:-]{1,512}")
_URI: Final = re.compile(rf"at://(?P<did>did:[^/]+)/{re.escape(COLLECTION)}/(?P<rkey>[^/]+)")
_INSTANT: Final = re.compile(
    r"(?!000)\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,20})?(?:Z|(?!-00:00)[+-][0-2]\d:[0-5]\d)",
    re.ASCII,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_MAX: Final = 10**16
"""Behind the year 2286: no instant, whatever a host says."""


def is_did(text: str) -> bool:
    """
    Whether this is an account's permanent identity.
    """
    return len(text) <= _DID_MAX and _DID.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """
    Whether this is an account's changeable name, without the at sign.
    """
    return len(text) <= _HANDLE_MAX and _HANDLE.fullmatch(text) is not None


def post_uri(did: str, rkey: str) -> str | None:
    """
    The at-uri of a post; None where its parts are no such parts.
    """
    if not is_did(did) or _RKEY.fullmatch(rkey) is None:
        return None
    return f"at://{did}/{COLLECTION}/{rkey}"


def parts_of(uri: str) -> tuple[str, str] | None:
    """
    DID and record key of a post's at-uri; None for anything else, such as a list, a feed, or an account by its handle.
    """
    found = _URI.fullmatch(uri)
    if found is None or post_uri(found["did"], found["rkey"]) is None:
        return None
    return found["did"], found["rkey"]


def web_address(account: str, rkey: str) -> str:
    """
    Where people read the post.

    Args:
        account: DID or handle; the web shows the post under either.
    """
    return f"https://bsky.app/profile/{account}/post/{rkey}"


def instant(text: str | None) -> datetime | None:
    """
    A datetime as the protocol writes it, aware, in UTC; None where it is none. One without a time zone is none: nobody
    knows when that was.
    """
    if text is None or _INSTANT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def at_microseconds(time_us: int) -> datetime | None:
    """
    The instant a stream's `time_us` means; None where it means none.
    """
    return _EPOCH + timedelta(microseconds=time_us) if 0 <= time_us < _MICROSECONDS_MAX else None


def microseconds(at: datetime) -> int:
    """
    The other way round; exact.
    """
    return (at - _EPOCH) // timedelta(microseconds=1)
