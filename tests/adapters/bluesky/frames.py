"""
Synthetic frames, records and views as the network writes them. Shared by the tests of this folder and by the contract.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from listener.adapter import Reply
from listener.testing.canned import Asked

NOON_US = 1_795_521_600_000_000
"""2026-11-24 12:00 UTC, where the contract's clock stands."""

JO = "did:plc:jjjjjjjjjjjjjjjjjjjjjjjj"
KIM = "did:plc:kkkkkkkkkkkkkkkkkkkkkkkk"
CITY = "did:web:city.example"
HANDLES = {JO: "jo-fenn.example", KIM: "kim.harrow.example", CITY: "city.example"}
NAMES = {JO: "Jo Fenn", KIM: "Kim Harrow", CITY: "City of Example"}
PEOPLE = (JO, KIM, "jo-fenn.example", "kim.harrow.example", "Jo Fenn", "Kim Harrow")


def compact(value: object) -> bytes:
    """
    JSON as hosts write it: no white space, no escapes that are not needed.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def record(text: str = "Snow on #yyc streets", **more: Any) -> dict[str, Any]:
    return {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": "2026-11-24T11:59:00.000Z",
        "langs": ["en"],
        **more,
    }


def rkey(number: int) -> str:
    return f"3mdpost{number:06d}"


def uri(number: int, did: str = JO) -> str:
    return f"at://{did}/app.bsky.feed.post/{rkey(number)}"


def commit(
    number: int,
    operation: str = "create",
    *,
    did: str = JO,
    at_s: float | None = None,
    rev: int | None = None,
    said: Mapping[str, Any] | None = None,
    collection: str = "app.bsky.feed.post",
    **head: Any,
) -> bytes:
    """
    One event about a post, in the order of keys that hosts write.

    Args:
        number: Of the post.
        at_s: Seconds after noon at which the host saw it; the number, where nothing else is said.
        rev: Of the repository; the seconds, where nothing else is said, and one more for what is no creation.
        said: The record.
    """
    at_s = number if at_s is None else at_s
    rev = int(at_s * 10) + (operation != "create") if rev is None else rev
    body: dict[str, Any] = {
        "rev": f"3md{rev + 10**9:010d}",
        "operation": operation,
        "collection": collection,
        "rkey": rkey(number),
    }
    if operation != "delete":
        body["record"] = record() if said is None else said
        body["cid"] = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    return compact(
        {"did": did, "time_us": NOON_US + round(at_s * 1e6), **head, "kind": "commit", "commit": body}
    )


def account(at_s: float, *, did: str = JO, status: str | None = "deleted") -> bytes:
    """
    An event about an account, which comes whatever is subscribed to.
    """
    body = {"active": status is None, "did": did, "seq": 1, "time": "2026-11-24T12:00:00Z"}
    if status is not None:
        body["status"] = status
    return compact({"did": did, "time_us": NOON_US + round(at_s * 1e6), "kind": "account", "account": body})


def identity(at_s: float, *, did: str = JO) -> bytes:
    return compact(
        {
            "did": did,
            "time_us": NOON_US + round(at_s * 1e6),
            "kind": "identity",
            "identity": {"did": did, "handle": HANDLES[did], "seq": 2, "time": "2026-11-24T12:00:00Z"},
        }
    )


def view(
    name: str, *, labels: tuple[str, ...] = (), said: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """
    A post as the AppView shows it.

    Args:
        labels: Of its author.
    """
    did = name.split("/")[2]
    author = {
        "did": did,
        "handle": HANDLES.get(did, "somebody.example"),
        "displayName": NAMES.get(did, "Somebody"),
        "avatar": f"https://cdn.example/{did}",
        "labels": [
            {"src": did, "uri": f"at://{did}/app.bsky.actor.profile/self", "val": val} for val in labels
        ],
        "createdAt": "2023-01-01T00:00:00Z",
    }
    return {
        "uri": name,
        "cid": "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        "author": author,
        "record": record() if said is None else said,
        "indexedAt": "2026-11-24T12:00:00.500Z",
        "likeCount": 3,
        "labels": [],
        **more,
    }


def asked_uris(asked: Asked) -> list[str]:
    return parse_qs(urlsplit(asked.address).query).get("uris", [])


def answer(body: object, *, status: int = 200, address: str = "https://public.api.bsky.app/") -> Reply:
    return Reply(
        status=status, headers={"content-type": "application/json"}, body=compact(body), address=address
    )


def appview(asked: Asked) -> Reply:
    """
    An AppView that shows every post it is asked for, and knows every handle.
    """
    if "resolveHandle" in asked.address:
        return answer({"did": CITY})
    return answer({"posts": [view(name) for name in asked_uris(asked)]}, address=asked.address)
