"""Consent that cannot be read: who waits how long, and what is told of those given up for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listener.events import Gap
from listener.hear.unread import Unread, gone_on, held_until, lasting

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def gap(start: datetime, end: datetime) -> Gap:
    return Gap(start, end, "consent_unreadable", suspected=False)


def test_the_first_page_waits_its_whole_time_however_old_its_posts_are() -> None:
    """What a first reading brings may be of last week; it waits from now, and time goes on with the trouble."""
    weeks = [NOW - 100 * HOUR, None]
    later = Unread(since=NOW, seen_at=NOW)

    assert held_until(lasting(None, NOW, HOUR), weeks, NOW, HOUR) == NOW + HOUR
    assert held_until(later, [*weeks, NOW + 30 * MINUTE], NOW + 31 * MINUTE, HOUR) == NOW + HOUR
    assert held_until(later, [NOW + 9 * HOUR], NOW, HOUR) == NOW + HOUR
    assert held_until(later, [None], NOW, timedelta(0)) == NOW


def test_a_page_belongs_to_the_trouble_that_goes_on_or_to_a_new_one() -> None:
    """What is held belongs to the trouble that holds it, however seldom its source may be read; later pages begin anew."""
    held = Unread(since=NOW - 9 * HOUR, seen_at=NOW - 9 * HOUR, refusals=1)
    recent = Unread(since=NOW - 9 * HOUR, seen_at=NOW - 59 * MINUTE, missed_from=NOW, missed_to=NOW)
    over = Unread(since=NOW - 9 * HOUR, seen_at=NOW - HOUR, missed_from=NOW, missed_to=NOW)

    assert [lasting(each, NOW, HOUR) for each in (None, held, recent, over)] == [
        Unread(since=NOW, seen_at=NOW),
        held,
        recent,
        Unread(since=NOW, seen_at=NOW, missed_from=NOW, missed_to=NOW),
    ]


def test_a_later_page_of_a_long_outage_waits_from_when_its_oldest_post_was_written() -> None:
    """Each post gets its time, and none that can be read comes more than that late."""
    since = Unread(since=NOW - 5 * HOUR, seen_at=NOW)

    assert held_until(since, [NOW - 20 * MINUTE, NOW - MINUTE], NOW, HOUR) == NOW + 40 * MINUTE
    assert held_until(since, [NOW - MINUTE], NOW, HOUR) == NOW + 59 * MINUTE
    assert held_until(since, [None, NOW - MINUTE], NOW, HOUR) == NOW + 59 * MINUTE
    assert held_until(since, [None], NOW, HOUR) == NOW - 4 * HOUR


def test_what_was_given_up_is_told_at_once_then_by_the_hour_and_at_the_end() -> None:
    """The bounds of the gaps cover every post that was given up, and nothing is told twice."""
    told = []
    unread: Unread | None = Unread(since=NOW, seen_at=NOW, refusals=5)
    script: list[tuple[int, list[datetime | None]]] = [
        (60, [NOW, NOW + 2 * MINUTE]),
        (70, [NOW + 10 * MINUTE]),
        (80, [None]),
        (100, []),
        (119, [NOW + 59 * MINUTE]),
        (121, []),
        (130, [NOW + 70 * MINUTE]),
        (179, []),
        (190, []),
    ]
    for minutes, published in script:
        at = NOW + minutes * MINUTE
        unread, now_told = gone_on(unread, published, at, HOUR)
        if now_told is not None:
            told.append((minutes, now_told))

    assert told == [
        (60, gap(NOW, NOW + 2 * MINUTE)),
        (121, gap(NOW, NOW + 80 * MINUTE)),
        (190, gap(NOW + 70 * MINUTE, NOW + 70 * MINUTE)),
    ]
    assert unread is None


def test_trouble_that_ends_in_time_costs_nothing_and_is_forgotten() -> None:
    """No gap is told; it is over once no such post was met for as long as one would wait, and back-off starts anew."""
    waiting = Unread(since=NOW, seen_at=NOW + MINUTE, refusals=2)

    assert gone_on(waiting, [], NOW + 2 * MINUTE, HOUR) == (Unread(since=NOW, seen_at=NOW + MINUTE), None)
    assert gone_on(waiting, [], NOW + MINUTE + HOUR, HOUR) == (None, None)
    assert gone_on(None, [], NOW, HOUR) == (None, None)


def test_the_end_of_a_post_from_the_future_is_now() -> None:
    """A clock that is fast at the source moves no bound past the present."""
    _, told = gone_on(None, [NOW + 9 * HOUR], NOW, HOUR)

    assert told == gap(NOW, NOW)
