"""The packed log of a source's last reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from listener.hear.reads import KEPT, Meter, added, unpacked
from listener.status import Read

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)

reads = st.builds(
    Read,
    at=st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    status=st.integers(0, 999),
    bytes=st.integers(0, 2**32 - 1),
    new=st.integers(0, 2**16 - 1),
    note=st.none() | st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=40),
)


@given(st.lists(reads, max_size=2 * KEPT))
def test_the_last_thirty_reads_come_back_newest_first(told: list[Read]) -> None:
    """Whatever was added, and nothing older than the thirtieth."""
    packed = b""
    for read in told:
        packed = added(packed, read)

    assert unpacked(packed) == tuple(reversed(told[-KEPT:]))


def test_numbers_that_do_not_fit_are_as_large_as_can_be_told() -> None:
    """A body of eight gigabytes or a page of a hundred thousand news breaks nothing."""
    packed = added(b"", Read(AT, 200, 2**40, 10**6, "x" * 99))

    assert unpacked(packed) == (Read(AT, 200, 2**32 - 1, 2**16 - 1, "x" * 40),)


@given(st.binary(max_size=200))
def test_damaged_bytes_are_no_error(stored: bytes) -> None:
    """What cannot be read is left out; a new read can be added after it."""
    unpacked(stored)

    assert len(added(added(b"", Read(AT, 304, 0, 0, None)), Read(AT, 304, 0, 0, None))) == 26


def test_thirty_quiet_reads_are_four_hundred_bytes() -> None:
    """Ten thousand sources keep theirs in memory."""
    packed = b""
    for number in range(100):
        packed = added(packed, Read(AT + timedelta(hours=number), 304, 0, 0, None))

    assert len(packed) == 13 * KEPT


def test_a_meter_counts_one_turn() -> None:
    """Requests, the last status, and the hosts asked; `clear` begins anew."""
    meter = Meter()
    meter.sent("blog.example")
    meter.status = 301
    meter.sent("new.example")
    during = (meter.requests, meter.status, sorted(meter.hosts))
    meter.clear()

    assert during == (2, 0, ["blog.example", "new.example"])
    assert meter == Meter()
