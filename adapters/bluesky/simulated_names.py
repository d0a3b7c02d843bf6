"""
Identifiers as the AT Protocol writes them, made from a seed: DIDs, record keys, content ids and tokens.

Used by the other `simulated_*` modules. Content ids are proper in form and depend on the content, but are taken over
its JSON instead of DAG-CBOR; nobody here verifies a repository.

Sources: https://atproto.com/specs/tid, /specs/did, /specs/at-uri-scheme (as remembered or quoted, 2026-11); the
recorded `golden_v1.jsonl` of bluesky-social/jetstream for their looks.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any, Final

import orjson

POST: Final = "app.bsky.feed.post"
LIKE: Final = "app.bsky.feed.like"
REPOST: Final = "app.bsky.feed.repost"
FOLLOW: Final = "app.bsky.graph.follow"
PROFILE: Final = "app.bsky.actor.profile"
THREADGATE: Final = "app.bsky.feed.threadgate"

_TID: Final = "234567abcdefghijklmnopqrstuvwxyz"
_DAG_CBOR: Final = b"\x01\x71\x12\x20"
_RAW: Final = b"\x01\x55\x12\x20"
_DID_CHARACTERS: Final = 24


def did_of(seed: int, number: int) -> str:
    """
    A `did:plc` of nobody.
    """
    digest = hashlib.sha256(f"did/{seed}/{number}".encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:_DID_CHARACTERS]


def tid_of(at_us: int, writer: int = 0) -> str:
    """
    A record key or revision: 53 bits of microseconds and 10 bits of who wrote it, in sortable base 32.
    """
    number = (at_us & ((1 << 53) - 1)) << 10 | (writer & 1023)
    return "".join(_TID[number >> shift & 31] for shift in range(60, -1, -5))


def cid_of(record: dict[str, Any]) -> str:
    """
    The content id of a record.
    """
    return _cid(_DAG_CBOR, orjson.dumps(record, option=orjson.OPT_SORT_KEYS))


def blob_cid(name: str) -> str:
    """
    The content id of a picture that does not exist.
    """
    return _cid(_RAW, name.encode())


def _cid(prefix: bytes, content: bytes) -> str:
    digest = prefix + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(digest).decode().lower().rstrip("=")


def uri_of(did: str, collection: str, rkey: str) -> str:
    """
    An at-uri.
    """
    return f"at://{did}/{collection}/{rkey}"


def parts_of(uri: str) -> tuple[str, str, str] | None:
    """
    Authority, collection and record key; None for anything else.
    """
    parts = uri.removeprefix("at://").split("/")
    if not uri.startswith("at://") or len(parts) != 3 or not all(parts):
        return None
    return parts[0], parts[1], parts[2]


def stamp(at: datetime) -> str:
    """
    An instant with milliseconds, as clients and services write it.
    """
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def microseconds(at: datetime) -> int:
    """
    Since 1970, without the errors of floating point.
    """
    since = at.astimezone(UTC) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
