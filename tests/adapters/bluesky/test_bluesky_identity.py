"""
What accounts, posts and instants are called.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.bluesky.identity import (
    at_microseconds,
    instant,
    is_did,
    is_handle,
    microseconds,
    parts_of,
    post_uri,
    web_address,
)
from tests.adapters.bluesky.frames import JO, NOON_US


@pytest.mark.parametrize("did", [JO, "did:web:city.example", "did:web:localhost%3A1234", "did:key:zQ3sh-a_b"])
def test_dids(did: str) -> None:
    """An account's permanent identity."""
    assert is_did(did)


@pytest.mark.parametrize(
    "text",
    ["", "did:", "did:plc:", "did:PLC:abc", "did:plc:a/b", "did:plc:a%", "did:plc:a b", "at://did:plc:a"],
)
def test_no_dids(text: str) -> None:
    """What only looks like one."""
    assert not is_did(text)


def test_handles() -> None:
    """A host name of at least two labels, the last of which begins with a letter."""
    names = ("jo.example", "a.b-c.co", "xn--ls8h.test", "8.cn")
    no_names = (
        "jo",
        "-jo.example",
        "jo..example",
        "jo.1",
        "@jo.example",
        "jo.example.",
        "jo_fenn.example",
        "",
    )

    assert [name for name in names if not is_handle(name)] == []
    assert [name for name in no_names if is_handle(name)] == []


@pytest.mark.parametrize("rkey", ["", ".", "..", "a/b", "a b", "x" * 513, "é"])
def test_a_post_needs_a_record_key(rkey: str) -> None:
    """A record key that is none names no post."""
    assert post_uri(JO, rkey) is None


def test_parts_go_together_again() -> None:
    """The parts of a post's at-uri make the same at-uri."""
    uri = f"at://{JO}/app.bsky.feed.post/3mdpost000001"

    assert parts_of(uri) == (JO, "3mdpost000001")
    assert post_uri(JO, "3mdpost000001") == uri
    assert web_address(JO, "3mdpost000001") == f"https://bsky.app/profile/{JO}/post/3mdpost000001"


@pytest.mark.parametrize(
    "uri",
    [
        f"at://{JO}/app.bsky.graph.list/3mdpost000001",
        "at://jo.example/app.bsky.feed.post/3mdpost000001",
        f"at://{JO}/app.bsky.feed.post",
        f"at://{JO}/app.bsky.feed.post/a/b",
        f"at://{JO}/app.bsky.feed.post/a#b/c",
        "https://bsky.app/",
        "",
    ],
)  # fmt: skip
def test_what_is_no_post(uri: str) -> None:
    """Lists, accounts by handle and addresses of other kinds are no posts."""
    assert parts_of(uri) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T12:00:00.000Z", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("2026-11-24T13:30:00+01:30", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("2026-11-24T12:00:00.1234567890Z", datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-24T12:00:00", None),
        ("2026-11-24T12:00:00-00:00", None),
        ("2026-02-30T12:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_instants(text: str | None, expected: datetime | None) -> None:
    """A datetime of the protocol is an instant; one without a time zone, or that no calendar has, is none."""
    assert instant(text) == expected


def test_microseconds_are_exact() -> None:
    """A `time_us` comes back as it went, and what is no instant is none."""
    at = at_microseconds(NOON_US + 1)

    assert at == datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)
    assert microseconds(at) == NOON_US + 1
    assert [at_microseconds(value) for value in (-1, 10**16, 10**40)] == [None, None, None]
