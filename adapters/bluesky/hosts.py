"""
What is known of one Jetstream server: how it is asked, how far it has come, whether its first event can be right. Used by
`listening`. Pure; the time is given.

On `/subscribe` a host answers no cursor with an error. One that is too old it takes for the oldest it has, one from its
future (or any, where replay is switched off) for none: both silently (platform facts, 3.1). What comes first tells:
asked from before the last post that was heard, a host has at least that one to tell again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import anyio

from adapters.bluesky.cursor import LOOK_BACK_S, rewound
from adapters.bluesky.identity import COLLECTION, at_microseconds, microseconds
from listener.errors import AccessDenied, RateLimited, SourceError
from listener.events import Gap

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of one message. What a host leaves out as too large is half of it, so that no message ever ends a connection."""

RECORD_MOST_BYTES: Final = 1_000_000
"""What a host is asked to leave out (`maxMessageSizeBytes`). Chosen: a post's text has 3,000 bytes."""

IDLE_S: Final = 95.0
"""Chosen: hosts ping every 30 s (internal/subscribe/handler.go, read 2026-11-24); three missed are a broken line."""

TOLERANCE_US: Final = 30_000_000
"""Chosen: the clocks of two hosts differ by a second or two, and with sixty events a second nothing else makes such a hole."""

AHEAD_US: Final = 300_000_000
"""Chosen: a host whose clock is that far ahead is not followed there."""

RETRY_FIRST_S: Final = 60.0
RETRY_MAX_S: Final = 3600.0
DENIED_S: Final = 86_400.0


@dataclass(slots=True)
class Host:
    """
    Args:
        address: Scheme and host.
        position_us: Time of the last post event it brought; None where none is known.
        asked_us: From where it was asked on this connection; None where it was asked for what is live.
        since_us: From when on it told everything, on this connection; None before its first event.
        connected: It is there.
        is_held_up: What it brought is not taken yet, so that its silence says nothing.
        heard_at: When it last brought a post, or was connected, on the monotonic clock.
        retry_at: When it may be connected again, on the monotonic clock.
        failures: In a row.
        scope: Ends the connection; None where there is none.
    """

    address: str
    position_us: int | None = None
    asked_us: int | None = None
    since_us: int | None = None
    connected: bool = False
    is_held_up: bool = False
    heard_at: float = 0.0
    retry_at: float = 0.0
    failures: int = 0
    scope: anyio.CancelScope | None = None

    def subscription(self, *, compress: bool) -> str:
        """
        The whole address: on a socket that only receives, what is subscribed to stands there. Its cursor is a time in
        microseconds, or it has none.
        """
        self.asked_us = None if self.position_us is None else rewound(self.position_us)
        self.since_us = None
        query = {"wantedCollections": COLLECTION, "maxMessageSizeBytes": str(RECORD_MOST_BYTES)}
        if compress:
            query["compress"] = "true"
        if self.asked_us is not None:
            query["cursor"] = str(self.asked_us)
        return f"{self.address}/subscribe?{urlencode(query)}"

    def advance(self, last_us: int, now: datetime, monotonic: float) -> None:
        """
        It brought posts up to this time.
        """
        self.heard_at, self.failures = monotonic, 0
        if last_us <= microseconds(now) + AHEAD_US:
            self.position_us = max(self.position_us or 0, last_us)

    def failed(self, error: SourceError, monotonic: float) -> None:
        """
        It is left for a while, while others go on.
        """
        self.connected = False
        self.failures += 1
        wait_s = min(RETRY_FIRST_S * 2.0 ** (self.failures - 1), RETRY_MAX_S)
        if isinstance(error, RateLimited) and error.wait_s is not None:
            wait_s = max(wait_s, error.wait_s)
        elif isinstance(error, AccessDenied):
            wait_s = DENIED_S
        self.retry_at = monotonic + wait_s

    def covered(self) -> tuple[int, int] | None:
        """
        From when to when it told everything, on this connection.
        """
        if not self.connected or self.since_us is None or self.position_us is None:
            return None
        return self.since_us, self.position_us

    def judge(self, first_us: int, others: list[Host], now: datetime, *, filled: bool) -> Gap | None:
        """
        What is missing before the first event of a connection; None where nothing is, or another host has it. Of a host
        that was asked for what is live, this event is where its reading begins.

        Args:
            others: The other hosts.
            filled: A search goes after what is missing, so that it is not certain that it stays so.
        """
        self.since_us = first_us
        if self.asked_us is None:
            self.position_us = max(self.position_us or 0, first_us)
            return None
        if first_us < self.asked_us - TOLERANCE_US:
            return Gap(None, _at(first_us, now), "unknown")
        reached = [host.position_us for host in (self, *others) if host.position_us is not None]
        reached_us = max(reached)
        if first_us <= reached_us + TOLERANCE_US:
            return None
        if any(host.connected and host.since_us is not None for host in others):
            return None  # judged already, and goes on from where it was
        is_old = self.asked_us < microseconds(now) - LOOK_BACK_S * 1_000_000 + TOLERANCE_US
        return Gap(
            _at(reached_us, now),
            _at(first_us, now),
            "cursor_expired" if is_old else "unknown",
            suspected=filled or not is_old,
        )


def _at(time_us: int, now: datetime) -> datetime:
    return at_microseconds(time_us) or now
