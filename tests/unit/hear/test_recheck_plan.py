"""When posts are asked about again, worked out without asking anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from listener.adapter import RecheckTerms
from listener.hear.recheck_plan import Forecast, forecast, next_question_at, ripe_before
from listener.testing.virtual_clock import START

DAY = 86_400.0
WEEK = RecheckTerms(within_s=7 * DAY, batch=100, spacing_s=10)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (0, Forecast(6_048_000, 0, 544_320.0, 544_320.0)),
        (100, Forecast(6_048_000, 0, 544_320.0, 544_320.0)),
        (101, Forecast(6_048_000, 0, 272_160.0, 544_320.0)),
        (6_048_000, Forecast(6_048_000, 0, 10.0, 604_800.0)),
        (6_048_250, Forecast(6_048_000, 250, 10.0, 604_830.0)),
    ],
)
def test_a_clock_can_be_kept_for_so_many_posts(stored: int, expected: Forecast) -> None:
    """A round is spread over nine tenths of the clock, never faster than the spacing; what is beyond that is told."""
    assert forecast(WEEK, stored) == expected


def test_an_early_round_is_over_in_a_day() -> None:
    """The clock of an early round is a day; what can be asked within the network's clock stays what it is."""
    assert forecast(WEEK, 1000, early=True) == Forecast(6_048_000, 0, 7776.0, 77_760.0)


def test_the_next_question() -> None:
    """After the pace, but not before the oldest is ripe; at once where it is late or the line was drawn anew."""

    def at(*, age_s: float, last_s: float | None, since_s: float | None = None) -> float:
        found = next_question_at(
            WEEK,
            stored=1000,
            oldest_at=START - timedelta(seconds=age_s),
            last_at=None if last_s is None else START - timedelta(seconds=last_s),
            since=None if since_s is None else START - timedelta(seconds=since_s),
            now=START,
        )
        return (found - START).total_seconds()

    assert at(age_s=3 * DAY, last_s=None) == 0.05 * 7 * DAY - 3 * DAY
    assert at(age_s=3 * DAY, last_s=0) == 54_432.0
    assert at(age_s=0, last_s=54_000) == 30_240.0
    assert at(age_s=0.95 * 7 * DAY, last_s=0) == 10.0
    assert at(age_s=60, last_s=0, since_s=30) == 7776.0
    assert at(age_s=60, last_s=8000, since_s=30) == 0.0


def test_what_may_be_asked_about() -> None:
    """A twentieth of the clock, or whatever stands before an early round."""
    ripe = START - timedelta(seconds=0.05 * 7 * DAY)

    assert ripe_before(WEEK, since=None, now=START) == ripe
    assert ripe_before(WEEK, since=START - timedelta(hours=1), now=START) == START - timedelta(hours=1)
    assert ripe_before(WEEK, since=START - timedelta(days=3), now=START) == ripe
