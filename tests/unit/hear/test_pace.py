"""When a host may be asked, and when a source is due again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.adapter import Freshness
from listener.hear.pace import (
    BUSY_S,
    HOLD_MAX_S,
    Due,
    Pace,
    Spread,
    next_due,
    parse_retry_after,
    wanted_interval_s,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)  # a Monday
HOST = "blog.example"
HOUR, DAY = 3_600.0, 86_400.0
VALID = Freshness(has_validators=True)


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def due(freshness: Freshness, *, now: datetime = NOW, jitter: float = 0.0, **changed: float) -> Due:
    """The next read of a source that is asked every two hours, at most hourly, at least daily."""
    limits = {"interval_s": 2 * HOUR, "floor_s": HOUR, "ceiling_s": DAY, **changed}
    return next_due(
        now,
        interval_s=limits["interval_s"],
        floor_s=limits["floor_s"],
        ceiling_s=limits["ceiling_s"],
        freshness=freshness,
        jitter=jitter,
        rng=Spread("blog"),
    )


def test_a_network_may_ask_for_more_room_than_politeness_does() -> None:
    """The larger of the two counts, own hosts included; another configuration counts from then on."""
    pace = Pace(
        2.0, frozenset({"own.example"}), least_s={HOST: 3.0, "own.example": 1.0, "quick.example": 0.1}
    )
    spaced = [pace.spacing_s(host) for host in (HOST, "own.example", "quick.example", "other.example")]
    pace.slot(HOST, NOW)
    pace.started(HOST, NOW)
    pace.finished(HOST, later(1))
    waits = [pace.slot(HOST, later(1))]
    pace.apply(frozenset({HOST}), {"other.example": 9.0})
    waits.append(pace.slot(HOST, later(1)))

    assert spaced == [3.0, 1.0, 2.0, 2.0]
    assert waits == [2.0, 0.0]
    assert [pace.spacing_s(host) for host in (HOST, "own.example", "other.example")] == [0.0, 2.0, 9.0]


def test_one_request_is_in_flight_per_host_and_starts_are_spaced() -> None:
    """A slot is taken by the one who is told 0; spacing counts from the start, not from the end."""
    pace = Pace(2.0, frozenset())
    waits = [pace.slot(HOST, NOW), pace.slot(HOST, NOW), pace.slot("other.example", NOW)]
    pace.started(HOST, NOW)
    waits.append(pace.slot(HOST, later(0.5)))
    waits.append(pace.slot(HOST, later(10)))
    pace.finished(HOST, later(10))
    waits += [pace.slot(HOST, later(10)), pace.slot(HOST, later(10))]

    assert waits == [0.0, BUSY_S, 0.0, 1.5, BUSY_S, 0.0, BUSY_S]


def test_an_own_host_is_not_spaced_but_asked_one_by_one() -> None:
    """The organisation may ask itself as often as its sources are due."""
    pace = Pace(2.0, frozenset({HOST}))
    waits = []
    for _ in range(3):
        waits += [pace.slot(HOST, NOW), pace.slot(HOST, NOW)]
        pace.started(HOST, NOW)
        pace.finished(HOST, NOW)

    assert waits == [0.0, BUSY_S] * 3


def test_a_request_that_was_given_up_before_it_started_costs_no_spacing() -> None:
    """Nothing was sent, so nobody must be spared for it."""
    pace = Pace(2.0, frozenset())
    pace.slot(HOST, NOW)
    pace.finished(HOST, NOW)

    assert pace.slot(HOST, NOW) == 0.0


def test_a_clock_that_was_set_back_costs_one_spacing() -> None:
    """Not the hours until it is where it was."""
    pace = Pace(2.0, frozenset())
    pace.slot(HOST, NOW)
    pace.started(HOST, NOW)
    pace.finished(HOST, later(-7_200))
    waits = [pace.slot(HOST, later(-7_200)), pace.slot(HOST, later(-7_198))]
    other = Pace(2.0, frozenset())
    other.load(HOST, pace.dump(HOST).replace(b"2026", b"2027"))

    assert waits == [2.0, 0.0]
    assert other.slot(HOST, NOW) == 2.0


def test_a_hold_stops_the_whole_host_until_it_ends() -> None:
    """The later of two holds counts; a shorter one does not shorten it; other hosts go on."""
    pace = Pace(0.0, frozenset())
    pace.hold(HOST, later(100))
    pace.hold(HOST, later(50))
    told = [pace.held_until(HOST, NOW), pace.held_until("other.example", NOW), pace.slot(HOST, later(40))]
    after = [pace.held_until(HOST, later(100)), pace.slot(HOST, later(100))]

    assert told == [later(100), None, 60.0]
    assert after == [None, 0.0]


def test_a_hold_ends_after_31_days_whatever_was_asked() -> None:
    """Counted from when it was first seen, not from each look."""
    pace = Pace(0.0, frozenset())
    pace.hold(HOST, NOW.replace(year=2999))
    first = pace.held_until(HOST, NOW)
    pace.held_until(HOST, later(DAY))
    last = pace.held_until(HOST, later(HOLD_MAX_S - 1))

    assert first == last == later(31 * DAY)
    assert pace.held_until(HOST, later(31 * DAY)) is None


def test_a_429_is_remembered_for_a_day() -> None:
    """So that a 403 which follows is understood."""
    pace = Pace(0.0, frozenset())
    before = pace.was_limited(HOST, NOW)
    pace.limited(HOST, NOW)

    assert [before, pace.was_limited(HOST, later(DAY - 1)), pace.was_limited(HOST, later(DAY))] == [
        False,
        True,
        False,
    ]


def test_what_a_host_asked_for_outlives_a_restart() -> None:
    """Hold, spacing and the memory of a 429 come back; a slot in flight does not."""
    before, after = Pace(60.0, frozenset()), Pace(60.0, frozenset())
    before.slot(HOST, NOW)
    before.started(HOST, NOW)
    before.hold(HOST, later(30))
    before.limited(HOST, NOW)
    after.load(HOST, before.dump(HOST))
    told = (after.held_until(HOST, later(1)), after.slot(HOST, later(31)), after.was_limited(HOST, later(31)))

    assert told == (later(30), 29.0, True)
    assert after.slot(HOST, later(60)) == 0.0
    assert after.dump(HOST) == before.dump(HOST).replace(b',"held_until":"2026-01-05T12:00:30Z"', b"")


def test_loading_never_shortens_what_is_known() -> None:
    """An older state that is read late does not undo a hold."""
    old, new = Pace(0.0, frozenset()), Pace(0.0, frozenset())
    old.hold(HOST, later(10))
    new.hold(HOST, later(100))
    new.load(HOST, old.dump(HOST))
    new.load(HOST, Pace(0.0, frozenset()).dump(HOST))

    assert new.held_until(HOST, NOW) == later(100)


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b'{"v":2,"held_until":"2027-01-01T00:00:00Z"}',
        b'{"held_until":"2027-01-01T00:00:00Z"}',
        b'{"v":1,"held_until":"2027-01-01T00:00:00"}',
        b'{"v":1,"held_until":12}',
    ],
)
def test_a_state_that_cannot_be_read_changes_nothing(stored: bytes) -> None:
    """Neither bytes of nobody nor those of another version."""
    pace = Pace(0.0, frozenset())
    pace.load(HOST, stored)

    assert (pace.held_until(HOST, NOW), pace.slot(HOST, NOW)) == (None, 0.0)


@given(st.binary(max_size=64))
def test_no_stored_bytes_break_a_start(stored: bytes) -> None:
    """Whatever lies in the queue."""
    pace = Pace(2.0, frozenset())
    pace.load(HOST, stored)

    assert pace.slot(HOST, NOW) <= HOLD_MAX_S


@pytest.mark.parametrize(
    ("freshness", "expected"),
    [
        (VALID, Due(later(2 * HOUR))),
        (Freshness(not_modified=True), Due(later(2 * HOUR))),
        (Freshness(has_validators=True, fresh_for_s=60), Due(later(2 * HOUR))),
        (Freshness(has_validators=True, fresh_for_s=3 * HOUR), Due(later(3 * HOUR), None, "server")),
        (Freshness(not_modified=True, fresh_for_s=3 * HOUR), Due(later(3 * HOUR), None, "server")),
        (Freshness(has_validators=True, fresh_for_s=16 * 365 * DAY), Due(later(DAY), "ceiling", "ceiling")),
        (Freshness(), Due(later(DAY), "no_validators", "no_validators")),
        (Freshness(fresh_for_s=2 * DAY), Due(later(DAY), "ceiling", "ceiling")),
    ],
)
def test_a_source_waits_for_the_longer_of_interval_and_server(freshness: Freshness, expected: Due) -> None:
    """On 200 and 304 alike, at most a day here; without validators a day at least."""
    assert due(freshness) == expected


def test_no_setting_goes_below_the_floor() -> None:
    """An impatient interval, and a ceiling below the floor, are both raised to it."""
    told = [
        due(VALID, interval_s=1),
        due(VALID, interval_s=1, ceiling_s=10),
        due(Freshness(), interval_s=1, ceiling_s=10),
    ]

    assert told == [
        Due(later(HOUR), "floor"),
        Due(later(HOUR), "floor"),
        Due(later(DAY), "no_validators", "no_validators"),
    ]


def test_an_own_source_may_be_asked_every_minute_without_validators() -> None:
    """The daily limit is a courtesy to others: it goes with the floor of public documents."""
    assert due(Freshness(), interval_s=60, floor_s=60) == Due(later(60))


@pytest.mark.parametrize(
    ("freshness", "expected_at"),
    [
        (
            Freshness(has_validators=True, skip_hours=frozenset({14, 15})),
            datetime(2026, 1, 5, 16, tzinfo=UTC),
        ),
        (
            Freshness(has_validators=True, skip_hours=frozenset(range(13, 24))),
            datetime(2026, 1, 6, tzinfo=UTC),
        ),
        (Freshness(has_validators=True, skip_days=frozenset({0, 1})), datetime(2026, 1, 7, tzinfo=UTC)),
        (
            Freshness(has_validators=True, skip_days=frozenset({0}), skip_hours=frozenset({0})),
            datetime(2026, 1, 6, 1, tzinfo=UTC),
        ),
    ],
)
def test_hours_and_days_to_be_spared_are_spared(freshness: Freshness, expected_at: datetime) -> None:
    """In GMT, wherever `now` comes from; the read moves to the first full hour that is free."""
    elsewhere = NOW.astimezone(tz=None)

    assert due(freshness, now=elsewhere) == Due(expected_at, "skipped", "skipped")


def test_a_source_that_spares_itself_always_is_read_all_the_same() -> None:
    """24 skipped hours, or 7 skipped days, are a mistake of the document."""
    told = [
        due(Freshness(has_validators=True, skip_hours=frozenset(range(24)))),
        due(Freshness(has_validators=True, skip_days=frozenset(range(7)))),
    ]

    assert told == [Due(later(2 * HOUR))] * 2


@pytest.mark.parametrize(
    ("asked_s", "freshness", "expected"),
    [
        (None, Freshness(), (HOUR, "interval")),
        (None, Freshness(rhythm_s=HOUR), (HOUR, "interval")),
        (None, Freshness(rhythm_s=DAY), (2 * HOUR, "rhythm")),
        (None, Freshness(rhythm_s=7 * DAY), (14 * HOUR, "rhythm")),
        (None, Freshness(rhythm_s=365 * DAY), (DAY, "rhythm")),
        (6 * HOUR, Freshness(rhythm_s=DAY), (6 * HOUR, "interval")),
        (6 * HOUR, Freshness(rhythm_s=DAY, overrun=True), (HOUR, "overrun")),
    ],
)
def test_the_interval_follows_the_rhythm_within_floor_and_ceiling(
    asked_s: float | None, freshness: Freshness, expected: tuple[float, str]
) -> None:
    """P14: twelve reads between two posts; what the operator asked for counts more, a window overrun most (P32)."""
    assert wanted_interval_s(asked_s, freshness, floor_s=HOUR, ceiling_s=DAY) == expected


def test_a_rhythm_never_goes_below_what_the_server_asks_for() -> None:
    """P14: server hints win over the rhythm, and the reason says so."""
    told = next_due(
        NOW,
        interval_s=2 * HOUR,
        floor_s=HOUR,
        ceiling_s=DAY,
        freshness=Freshness(has_validators=True, fresh_for_s=5 * HOUR, rhythm_s=DAY),
        jitter=0.0,
        rng=Spread("blog"),
        why="rhythm",
    )

    assert told == Due(later(5 * HOUR), None, "server")


def test_a_place_in_the_spread_is_the_same_in_every_run() -> None:
    """The numbers of a source are its own, from 0 to 1, and do not repeat."""
    one, again, other = Spread("blog"), Spread("blog"), Spread("else")
    numbers = [one.random() for _ in range(100)]

    assert numbers == [again.random() for _ in range(100)]
    assert numbers[0] != other.random()
    assert len(set(numbers)) == 100
    assert all(0 <= number < 1 for number in numbers)
    assert 40 < sum(number < 0.5 for number in numbers) < 60
    assert 5 <= one.uniform(5, 6) < 6


def test_sources_that_were_due_together_spread() -> None:
    """500 sources take their own places in the jitter, the same ones in every run; hours spared do not gather them."""
    names = [f"blog {number}" for number in range(500)]

    def instants(freshness: Freshness) -> list[datetime]:
        return [
            next_due(
                NOW,
                interval_s=HOUR,
                floor_s=HOUR,
                ceiling_s=DAY,
                freshness=freshness,
                jitter=0.1,
                rng=Spread(name),
            ).at
            for name in names
        ]

    spared = Freshness(has_validators=True, skip_hours=frozenset({13}))
    for told, start_s in ((instants(VALID), HOUR), (instants(spared), 2 * HOUR)):
        minutes = [int((at - later(start_s)).total_seconds() // 60) for at in told]
        assert set(minutes) == set(range(6))
        assert max(minutes.count(minute) for minute in range(6)) < 150
    assert instants(VALID) == instants(VALID)


@given(
    interval_s=st.floats(1, 10 * DAY),
    floor_s=st.sampled_from([60.0, HOUR, DAY]),
    ceiling_s=st.floats(1, 10 * DAY),
    fresh_for_s=st.none() | st.floats(0, 1e9),
    jitter=st.floats(0, 1),
    source=st.text(max_size=5),
)
def test_a_wait_is_always_between_floor_and_ceiling(
    interval_s: float,
    floor_s: float,
    ceiling_s: float,
    fresh_for_s: float | None,
    jitter: float,
    source: str,
) -> None:
    """Jitter comes on top; where they contradict each other, the floor counts."""
    told = next_due(
        NOW,
        interval_s=interval_s,
        floor_s=floor_s,
        ceiling_s=ceiling_s,
        freshness=Freshness(has_validators=True, fresh_for_s=fresh_for_s),
        jitter=jitter,
        rng=Spread(source),
    )

    wait_s = (told.at - NOW).total_seconds()
    assert floor_s - 1e-3 <= wait_s <= max(ceiling_s, floor_s) * (1 + jitter) + 1e-3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999999999999999", HOLD_MAX_S),
        ("Sat, 01 Jan 2000 00:02:00 GMT", 120.0),
        ("Saturday, 01-Jan-00 00:02:00 GMT", 120.0),
        ("Sat Jan  1 00:02:00 2000", 120.0),
        ("Fri, 31 Dec 1999 23:00:00 GMT", 0.0),
        ("Sat, 01 Jan 2050 00:00:00 GMT", HOLD_MAX_S),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, expected: float | None) -> None:
    """Seconds, or a date against the server's own; capped at 31 days, never negative."""
    asked_on = datetime(2000, 1, 1, tzinfo=UTC)

    assert parse_retry_after(value, response_date=asked_on, now=NOW) == expected


def test_retry_after_without_a_date_of_the_server_counts_from_now() -> None:
    """The only clock left is ours."""
    assert parse_retry_after("Mon, 05 Jan 2026 12:01:00 GMT", response_date=None, now=NOW) == 60.0
