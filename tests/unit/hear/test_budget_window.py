"""When budgets are renewed: local midnights as instants, through clock changes and months of every length."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.hear.budget_window import Window, window_at

PACIFIC = "America/Los_Angeles"
HOUR = 3600.0


@pytest.mark.parametrize(
    ("at", "start", "end", "hours"),
    [
        ("2026-01-05T07:59:59+00:00", "2026-01-04T08:00:00+00:00", "2026-01-05T08:00:00+00:00", 24),
        ("2026-01-05T08:00:00+00:00", "2026-01-05T08:00:00+00:00", "2026-01-06T08:00:00+00:00", 24),
        ("2026-03-08T12:00:00+00:00", "2026-03-08T08:00:00+00:00", "2026-03-09T07:00:00+00:00", 23),
        ("2026-11-01T12:00:00+00:00", "2026-11-01T07:00:00+00:00", "2026-11-02T08:00:00+00:00", 25),
    ],
)
def test_a_pacific_day_turns_at_its_own_midnight(at: str, start: str, end: str, hours: int) -> None:
    """It has 23 hours when the clocks go forward and 25 when they go back."""
    window = window_at(datetime.fromisoformat(at), "day", zone=PACIFIC)

    assert window == Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert window.length_s == hours * HOUR


def test_a_midnight_that_does_not_exist_is_the_first_instant_after_it() -> None:
    """In Santiago the clocks go forward over midnight; the day begins at one."""
    window = window_at(datetime(2026, 9, 6, 15, tzinfo=UTC), "day", zone="America/Santiago")

    assert (window.start, window.length_s) == (datetime(2026, 9, 6, 4, tzinfo=UTC), 23 * HOUR)


@pytest.mark.parametrize(
    ("at", "first_day", "start", "days"),
    [
        (date(2026, 2, 28), 1, date(2026, 2, 1), 28),
        (date(2028, 2, 29), 1, date(2028, 2, 1), 29),
        (date(2026, 1, 14), 15, date(2025, 12, 15), 31),
        (date(2026, 1, 15), 15, date(2026, 1, 15), 31),
        (date(2026, 3, 1), 28, date(2026, 2, 28), 28),
    ],
)
def test_months_turn_on_their_day(at: date, first_day: int, start: date, days: int) -> None:
    """Whatever their length, and over the new year."""
    noon = datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
    window = window_at(noon, "month", first_day=first_day)

    assert (window.start.date(), window.length_s) == (start, days * 24 * HOUR)


@given(
    at=st.integers(0, 15 * 366 * 86_400).map(
        lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
    ),
    window=st.sampled_from(("day", "month")),
    zone=st.sampled_from((PACIFIC, "UTC", "Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe")),
    first_day=st.integers(1, 28),
)
def test_windows_have_no_gap_and_no_overlap(
    at: datetime, window: Literal["day", "month"], zone: str, first_day: int
) -> None:
    """Each instant is in its own window, the next begins where it ends, and both ends are local midnights."""
    found = window_at(at, window, zone=zone, first_day=first_day)
    following = window_at(found.end, window, zone=zone, first_day=first_day)
    before = window_at(found.start - timedelta(microseconds=1), window, zone=zone, first_day=first_day)
    there = found.start.astimezone(ZoneInfo(zone))

    assert found.start <= at < found.end == following.start
    assert before.end == found.start
    assert (there - timedelta(microseconds=1)).date() < there.date()
