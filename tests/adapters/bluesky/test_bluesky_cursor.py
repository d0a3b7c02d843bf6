"""
Positions of hosts, and what they are allowed to be.
"""

from __future__ import annotations

import msgspec
import pytest

from adapters.bluesky.cursor import REWIND_S, decode_cursor, encode_cursor, rewound
from listener.adapter import Cursor
from tests.adapters.bluesky.frames import NOON_US

ONE, TWO = "wss://one.example", "wss://two.example"


def test_positions_come_back() -> None:
    """What was stored for each host is what each goes on from."""
    positions = {ONE: NOON_US, TWO: NOON_US - 5_000_000}

    assert decode_cursor(encode_cursor(positions), hosts=(ONE, TWO)) == positions


def test_a_new_host_goes_on_where_the_others_stand() -> None:
    """A host that was added is asked from the latest position; one that was taken away is forgotten."""
    stored = encode_cursor({"wss://old.example": NOON_US - 7, ONE: NOON_US})

    assert decode_cursor(stored, hosts=(ONE, TWO)) == {ONE: NOON_US, TWO: NOON_US}


@pytest.mark.parametrize("value", [0, 77, 10**15 - 1, 1_795_521_600, 1_795_521_600_000, 10**16, -NOON_US])
def test_a_cursor_that_is_no_time_in_microseconds_is_never_sent(value: int) -> None:
    """Seconds, milliseconds and sequence numbers lie below 10^15, where a host would go live without a word."""
    assert decode_cursor(encode_cursor({ONE: value}), hosts=(ONE,)) == {}


def test_every_connection_asks_from_before_the_last_post() -> None:
    """A minute is read again, at least the ten seconds that were advised, and never so far that it is a sequence number."""
    assert REWIND_S >= 10
    assert rewound(NOON_US) == NOON_US - REWIND_S * 1_000_000
    assert rewound(10**15 + 1) == 10**15


@pytest.mark.parametrize(
    "stored",
    [
        None, b"", b"\0", b"null", b"\x93" * 4096, msgspec.msgpack.encode([2, {ONE: NOON_US}]),
        msgspec.msgpack.encode([1, {ONE: "x"}]), msgspec.msgpack.encode([1, {str(n): NOON_US for n in range(99)}]),
    ],
)  # fmt: skip
def test_what_is_no_cursor_of_ours(stored: bytes | None) -> None:
    """Another version, another shape, too much of it: nothing is known."""
    assert decode_cursor(None if stored is None else Cursor(stored), hosts=(ONE,)) == {}


def test_nothing_heard_is_no_cursor() -> None:
    """Before the first post there is nothing to store."""
    assert encode_cursor({}) is None
