"""
One host: how it is asked, and what its first event gives away.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.bluesky.hosts import MOST_BYTES, RECORD_MOST_BYTES, Host
from adapters.bluesky.identity import microseconds
from listener.errors import AccessDenied, RateLimited, SourceError, SourceUnavailable
from listener.events import Gap
from tests.adapters.bluesky.frames import NOON_US

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = 3_600_000_000


def connected(position_us: int | None) -> Host:
    host = Host("wss://one.example", position_us)
    host.subscription(compress=False)
    host.connected = True
    return host


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query, keep_blank_values=True)


def test_what_is_subscribed_to_stands_in_the_address() -> None:
    """Posts and nothing else, from a time in microseconds; large messages are left out by the host, not met by us."""
    host = Host("wss://one.example", NOON_US)
    address = host.subscription(compress=False)

    assert address.startswith("wss://one.example/subscribe?")
    assert query(address) == {
        "wantedCollections": ["app.bsky.feed.post"],
        "maxMessageSizeBytes": ["1000000"],
        "cursor": [str(NOON_US - 60_000_000)],
    }
    assert MOST_BYTES > RECORD_MOST_BYTES


def test_without_a_position_what_is_live_is_asked_for() -> None:
    """No cursor at all: an empty or a small one means something else to a host."""
    assert "cursor" not in query(Host("wss://one.example").subscription(compress=False))


def test_compression_is_the_protocols_own_and_only_when_it_can_be_read() -> None:
    """`compress=true` stands there only with a dictionary; what sockets offer by themselves is never asked for."""
    host = Host("wss://one.example")

    assert query(host.subscription(compress=True))["compress"] == ["true"]
    assert "compress" not in query(host.subscription(compress=False))


def test_what_was_heard_last_comes_again() -> None:
    """Cursors are inclusive: a host that begins at or before the last post has missed nothing."""
    host = connected(NOON_US)

    assert host.judge(NOON_US - 59_000_000, [], NOON, filled=False) is None
    assert host.since_us == NOON_US - 59_000_000


def test_a_cursor_that_is_too_old_is_clamped_silently_and_told() -> None:
    """After 40 hours a host begins at its oldest, 36 hours ago: four hours are missing, for certain."""
    host = connected(NOON_US - 40 * HOUR)
    gap = host.judge(NOON_US - 36 * HOUR, [], NOON, filled=False)

    assert gap == Gap(
        NOON - timedelta(hours=40), NOON - timedelta(hours=36), "cursor_expired", suspected=False
    )


def test_a_gap_that_is_searched_is_not_certain() -> None:
    """Where a search goes after it, what is missing may be found."""
    gap = connected(NOON_US - 40 * HOUR).judge(NOON_US - 36 * HOUR, [], NOON, filled=True)

    assert gap is not None
    assert gap.suspected


def test_a_host_that_silently_goes_live_is_found_out() -> None:
    """Asked from an hour ago, a host without replay begins now: an hour is missing, for whatever reason."""
    gap = connected(NOON_US - HOUR).judge(NOON_US, [], NOON, filled=False)

    assert gap == Gap(NOON - timedelta(hours=1), NOON, "unknown", suspected=True)


def test_a_cursor_from_the_future_is_found_out() -> None:
    """A host that lies before what it was asked from went live; since when something is missing nobody knows."""
    gap = connected(NOON_US + 5 * HOUR).judge(NOON_US, [], NOON, filled=False)

    assert gap == Gap(None, NOON, "unknown", suspected=True)


def test_what_another_host_has_told_is_not_missing() -> None:
    """Two hosts are one stream: the hole of one is told only where the other has not been."""
    other = connected(NOON_US)
    other.since_us = NOON_US - HOUR
    host = connected(NOON_US - HOUR)

    assert host.judge(NOON_US - HOUR // 2, [other], NOON, filled=False) is None


def test_a_gap_is_told_once_for_all_hosts() -> None:
    """After an outage both are clamped; the one that comes first tells, the other goes the same way."""
    first, second = connected(NOON_US - 40 * HOUR), connected(NOON_US - 40 * HOUR)
    gaps = [
        first.judge(NOON_US - 36 * HOUR, [second], NOON, filled=False),
        second.judge(NOON_US - 35 * HOUR, [first], NOON, filled=False),
    ]

    assert [gap is None for gap in gaps] == [False, True]


def test_only_posts_of_a_believable_time_move_the_position() -> None:
    """It goes forward only, and not after a clock that runs hours ahead."""
    host = Host("wss://one.example", NOON_US)
    for at_us in (NOON_US - 9, NOON_US + 1_000_000, NOON_US + HOUR):
        host.advance(at_us, NOON, 5.0)

    assert (host.position_us, host.heard_at) == (NOON_US + 1_000_000, 5.0)
    assert microseconds(NOON) == NOON_US


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (SourceUnavailable("x"), [60.0, 120.0, 240.0]),
        (RateLimited("x", wait_s=900.0), [900.0, 900.0, 900.0]),
        (RateLimited("x", wait_s=None), [60.0, 120.0, 240.0]),
        (AccessDenied("x"), [86_400.0] * 3),
    ],
)
def test_a_host_that_fails_is_left_for_longer_and_longer(error: SourceError, waits: list[float]) -> None:
    """A minute, then twice as long, and as long as the host asks for; a refusal for a day."""
    host = connected(None)
    seen = []
    for _ in waits:
        host.failed(error, 1000.0)
        seen.append(host.retry_at - 1000.0)

    assert seen == waits
    assert not host.connected
