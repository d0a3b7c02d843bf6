"""How often a source speaks: no silence is told that is none, and one that is, is told soon and once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from listener.events import Gap, Post, Rejected, Removal
from listener.hear.memo import Memo, memo_bytes, memo_from
from listener.hear.rhythm import STREAM_PATIENCE, Rhythm, heard

START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday, midnight."""
HOUR_S = 3600.0
DAY_S = 86_400.0

Times = Callable[[random.Random, int], Iterator[float]]


def every(mean_s: float, active: Callable[[float], float] = lambda at: 1.0) -> Times:
    """By chance, so often on average while it is fully active."""

    def times(rng: random.Random, days: int) -> Iterator[float]:
        at = 0.0
        while at < days * DAY_S:
            at += rng.expovariate(1 / mean_s)
            if rng.random() < active(at):
                yield at

    return times


def on_days(step: int, days_of_week: int, skipped: float) -> Times:
    """Once every so many days of which some are skipped, at about ten."""

    def times(rng: random.Random, days: int) -> Iterator[float]:
        for day in range(0, days, step):
            if day % 7 < days_of_week and rng.random() > skipped:
                yield day * DAY_S + rng.gauss(10, 1) * HOUR_S

    return times


def bursts(rng: random.Random, days: int) -> Iterator[float]:
    """Now and then one to twenty posts within the hour, three days apart on average."""
    at = 0.0
    while at < days * DAY_S:
        at += rng.expovariate(1 / (3 * DAY_S))
        yield from sorted(at + rng.random() * HOUR_S for _ in range(rng.randint(1, 20)))


def awake(at: float) -> float:
    """From six to half past ten in the evening, most in the middle of the day."""
    hour = at / HOUR_S % 24
    return max(0.0, 1 - abs(hour - 14.25) / 8.25)


def at_work(at: float) -> float:
    return 1.0 if at // DAY_S % 7 < 5 and 8 <= at / HOUR_S % 24 < 17 else 0.0


@dataclass
class Life:
    """A source, and whoever listens to it: when it speaks, how often that is looked at, for how long."""

    times: Times
    look_s: float
    days: int
    stream: bool = False

    def told(
        self, seed: int, *, ends_s: float | None = None, deaf: tuple[float, float] = (0, 0)
    ) -> list[float]:
        """
        When silences were told, in seconds.

        Args:
            ends_s: It speaks no more from then on.
            deaf: Nobody listens between these.
        """
        times = [at for at in self.times(random.Random(seed), self.days) if ends_s is None or at < ends_s]
        times.sort()
        times.append(float("inf"))
        rhythm: Rhythm | None = None
        told: list[float] = []
        number, at = 0, 0.0
        while at < self.days * DAY_S:
            at += self.look_s
            if deaf[0] < at < deaf[1]:
                continue
            spoke = times[number] <= at
            while times[number] <= at:
                number += 1
            now = START + timedelta(seconds=at)
            until = now + (STREAM_PATIENCE if self.stream else timedelta(seconds=2 * self.look_s))
            if rhythm is not None:
                if rhythm.listen(spoke=spoke, now=now, until=until) == "fell_silent":
                    told.append(at)
            elif spoke:
                rhythm = Rhythm(last_at=now, seen_at=now, until_at=until)
        return told


LIVES = {
    "once a working day": Life(on_days(1, 5, 0.15), 2 * HOUR_S, 180),
    "once a week": Life(on_days(7, 7, 0.2), 12 * HOUR_S, 700),
    "bursts": Life(bursts, HOUR_S, 180),
    "bursts in a stream": Life(bursts, 600, 120, stream=True),
    "every hour": Life(every(HOUR_S), 900, 120),
    "silent at night": Life(every(600, awake), 300, 60, stream=True),
    "silent at night and at weekends": Life(every(900, at_work), 600, 90),
    "every four seconds": Life(every(4), 20, 3, stream=True),
}


@pytest.mark.parametrize("kind", LIVES)
def test_no_silence_is_told_that_is_none(kind: str) -> None:
    """Months of a source that goes on as it always did raise nothing, whatever its habits are."""
    assert [LIVES[kind].told(seed) for seed in range(3)] == [[], [], []]


@pytest.mark.parametrize(
    ("kind", "ends_day", "within_s"),
    [
        ("every four seconds", 2.5, 300),
        ("silent at night", 58.5, DAY_S),
        ("every hour", 60, 36 * HOUR_S),
        ("once a working day", 120, 24 * DAY_S),
        ("once a week", 560, 120 * DAY_S),
        ("bursts", 90, 85 * DAY_S),
    ],
)
def test_a_silence_is_told_soon_and_once(kind: str, ends_day: float, within_s: float) -> None:
    """A source that speaks every few seconds is missed within five minutes, others by their habits; each exactly once."""
    ends_s = ends_day * DAY_S
    for seed in range(3):
        (at,) = LIVES[kind].told(seed, ends_s=ends_s)

        assert 0 < at - ends_s <= within_s


def test_time_in_which_nobody_listened_is_no_silence() -> None:
    """A week of failures, holds or a daemon that was down counts for nothing, and nothing is told after it either."""
    life = LIVES["every hour"]

    assert life.told(1, deaf=(60 * DAY_S, 67 * DAY_S)) == []
    assert LIVES["every four seconds"].told(1, deaf=(2 * DAY_S, 2.5 * DAY_S)) == []


def test_a_connection_made_anew_begins_with_no_silence_behind_it() -> None:
    """Between two connections nobody listened, however short that was: the first heartbeat after it tells of nothing."""
    told = {}
    for resumes in (True, False):
        rhythm = Rhythm(last_at=START, seen_at=START, until_at=START)
        for second in range(0, 26 * 3600, 20):
            now = START + timedelta(seconds=second)
            rhythm.listen(spoke=True, now=now, until=now + STREAM_PATIENCE)
        later = now + timedelta(minutes=20)
        if resumes:
            rhythm.resume(later)
        told[resumes] = rhythm.listen(spoke=False, now=later, until=later + STREAM_PATIENCE)

    assert told == {True: None, False: "fell_silent"}


def test_the_next_silence_is_found_as_soon_after_one_that_was_told() -> None:
    """An outage of a network is no habit: after half a day of it, the next is found within twice the time."""
    rng = random.Random(3)
    rhythm = Rhythm(last_at=START, seen_at=START, until_at=START)
    told = []
    for minute in range(4 * 24 * 60):
        hour = minute / 60
        silent = 48 <= hour < 60 or hour >= 90
        now = START + timedelta(minutes=minute)
        turn = rhythm.listen(spoke=not silent and rng.random() < 0.99, now=now, until=now + STREAM_PATIENCE)
        if turn is not None:
            told.append((turn, hour))

    (first, one), (again, two), (second, three) = told
    assert (first, again, second) == ("fell_silent", "spoke_again", "fell_silent")
    assert 48 < one < 48.3
    assert 60 <= two < 60.1
    assert 90 < three < 90 + 2 * 0.3


def test_what_was_learned_is_small_and_survives_a_restart() -> None:
    """The memo with a full rhythm takes under a kilobyte, and goes on where it was; another address starts anew."""
    memo = Memo(place="here")
    for hour in range(24 * 40):
        now = START + timedelta(hours=hour)
        memo.rhythm, _ = heard(memo.rhythm, [post(now)], now, until=now, stream=True)

    stored = memo_bytes(memo)

    assert len(stored) < 1000
    assert memo_from(stored, place="here") == memo
    assert memo_from(stored, place="elsewhere").rhythm is None
    assert memo.rhythm is not None
    memo.rhythm.heard = b"short"
    assert memo_from(memo_bytes(memo), place="here").rhythm is None


def post(at: datetime | None) -> Post:
    return Post(native="1", kind="post", text="snow", published_at=at)


def test_what_counts_as_speaking() -> None:
    """
    A later date than ever before; where nothing has a date, any post, and in a stream removals too. What is shown again,
    what is from the future, and what could not be read is no word of anybody.
    """
    minute = timedelta(minutes=1)
    now = START + 60 * minute
    old, new = post(START), post(START + minute)

    def spoke(*items: Post | Removal | Rejected | Gap, stream: bool = False) -> bool:
        known = Rhythm(last_at=START, seen_at=START, until_at=now, newest_at=START)
        rhythm, _ = heard(known, items, now, until=now, stream=stream)
        assert rhythm is known
        return known.last_at == now

    assert [spoke(new), spoke(old, new), spoke(post(None)), spoke(Removal("1"), stream=True)] == [True] * 4
    assert [
        spoke(),
        spoke(old),
        spoke(post(now + minute)),
        spoke(old, post(None)),
        spoke(Removal("1")),
        spoke(Rejected("no_content"), stream=True),
        spoke(Gap(None, now, "unknown"), stream=True),
    ] == [False] * 7
    assert heard(None, [], now, until=now, stream=True) == (None, None)


def test_a_page_shown_again_keeps_its_newest_date() -> None:
    """The newest date is remembered across pages, whatever they show."""
    rhythm: Rhythm | None = None
    dates = [START, START - timedelta(days=1), START + timedelta(days=1), START]
    seen = []
    for number, at in enumerate(dates):
        now = START + timedelta(days=2 + number)
        rhythm, _ = heard(rhythm, [post(at)], now, until=now, stream=False)
        assert rhythm is not None
        seen.append((rhythm.newest_at, rhythm.last_at == now))

    assert seen == [(dates[0], True), (dates[0], False), (dates[2], True), (dates[2], False)]
    assert all(later >= earlier for (earlier, _), (later, _) in pairwise(seen) if earlier and later)
