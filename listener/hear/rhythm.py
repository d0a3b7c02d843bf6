"""
How often a source speaks, learned from when it did, and whether it is silent where it used to speak. Pure; used by
keeping, kept in the memo.

A source is compared with itself only. For each hour of a working day and of a day at the weekend we remember for how
long it was listened to, and how often it spoke. From that follows how much the present silence should have brought;
it is a silence to tell of when that is far more than any earlier one kept back. So nights, weekends and the pauses
between bursts are learned as what they are, and time in which nobody listened (a failure, a hold, a pause, a daemon
that was down) counts for nothing.

Invariants: a silence is told once. A source that is new, or never spoke, is never silent. Speaking means bringing
anything new, wanted or not: of posts with a date, a later one than ever before, so that a page shown again is none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from listener.adapter import Item
from listener.events import Count, Post, Removal

SLOT: Final = timedelta(seconds=20)
"""Chosen: what comes within it is one word, so that ten posts at once are not ten; a stream that speaks every few
seconds is found silent within five minutes."""

LEAST: Final = 8.0
"""Chosen: a source that speaks as regularly as a clock is silent when eight words are missing."""

BEYOND: Final = 4.0
"""Chosen: times as much as the most that an earlier silence kept back."""

DAYS_MIN: Final = 15
UNBROKEN_HOURS: Final = 24
"""Chosen: what spoke on fewer days is not known yet, unless it spoke in every hour of a whole day, and so knows no
nights."""

STREAM_PATIENCE: Final = timedelta(minutes=30)
"""Chosen: a stream's adapter sends a page at least that often, be it empty; where none comes, nobody listens."""

_HALF_LIFE: Final = timedelta(days=28)
_LONGEST_HALF_LIFE: Final = timedelta(days=180)
"""Chosen: habits change within a season; a long silence is remembered for longer than a habit."""

_BINS: Final = struct.Struct("<48f")
"""Hours of a working day, then of a day at the weekend; UTC."""

_PRIOR_H: Final = 0.25
"""Chosen: an hour of the day counts like the average of all until it was heard itself."""

Turn = Literal["fell_silent", "spoke_again"]


class Rhythm(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    What is remembered: some 500 bytes, however long it goes on.

    Args:
        last_at: When it spoke last.
        seen_at: Until when it was listened to.
        until_at: Until when it is being listened to, unless something comes in between.
        newest_at: Date of its newest post.
        spoken: Words per hour of the day.
        heard: Hours that each hour of the day was listened to.
        days: On how many days it spoke, all in all.
        unbroken: In how many hours in a row it spoke at last.
        unheard_s: Of the present silence: seconds that were listened to.
        quiet: Words that the present silence should have brought.
        longest: The most that any earlier one kept back.
        silent_since: Since when, once it has been told.
    """

    last_at: datetime
    seen_at: datetime
    until_at: datetime
    newest_at: datetime | None = None
    spoken: bytes = bytes(_BINS.size)
    heard: bytes = bytes(_BINS.size)
    days: int = 1
    unbroken: int = 1
    unheard_s: float = 0.0
    quiet: float = 0.0
    longest: float = 0.0
    silent_since: datetime | None = None

    def listen(self, *, spoke: bool, now: datetime, until: datetime) -> Turn | None:
        """
        It was listened to until now; what that changed.

        Args:
            spoke: It brought something new.
            now: Aware UTC.
            until: When at the latest it is listened to again, if all goes well.
        """
        self._wait(min(now, self.until_at))
        self.seen_at, self.until_at = max(now, self.seen_at), until
        if spoke:
            return self._speak(now)
        if self.silent_since is None and self._known and self.quiet >= self.most:
            self.silent_since = self.last_at
            return "fell_silent"
        return None

    def resume(self, now: datetime) -> None:
        """
        Nobody listened since the last page: a connection is made anew, or what came had to wait.
        """
        self.seen_at = max(now, self.seen_at)

    @property
    def sound(self) -> bool:
        """
        False for what this version did not write.
        """
        return len(self.spoken) == len(self.heard) == _BINS.size

    @property
    def most(self) -> float:
        """
        Words that a silence may keep back before it is told of.
        """
        return max(LEAST, BEYOND * self.longest)

    @property
    def _known(self) -> bool:
        return self.days >= DAYS_MIN or self.unbroken >= UNBROKEN_HOURS

    def _wait(self, end: datetime) -> None:
        """
        Silence until `end`, measured by what it should have brought.
        """
        if end <= self.seen_at:
            return
        self.quiet += _words(_BINS.unpack(self.spoken), _BINS.unpack(self.heard), self.seen_at, end)
        self.unheard_s += (end - self.seen_at).total_seconds()

    def _speak(self, now: datetime) -> Turn | None:
        again = self.silent_since is not None
        if now - self.last_at >= SLOT:
            self._learn(now)
        self.quiet, self.silent_since = 0.0, None
        return "spoke_again" if again else None

    def _learn(self, now: datetime) -> None:
        """
        The silence that ends here belongs to its habits. One that was told of counts no more than twice the longest
        before it: an outage of its network must not make the next one pass unheard.
        """
        passed = now - self.last_at
        keep = 0.5 ** (passed / _HALF_LIFE)
        spoken = [count * keep for count in _BINS.unpack(self.spoken)]
        heard = [hours * keep for hours in _BINS.unpack(self.heard)]
        part = min(1.0, self.unheard_s / passed.total_seconds())
        for bin_, hours in _pieces(self.last_at, now):
            heard[bin_] += hours * part
        kept_back = self.quiet
        if not self._known:
            # By what is known only now: the first night kept back no words, it is how one learns that there are nights.
            kept_back = _words(spoken, heard, self.last_at, now) * part
        if self.silent_since is not None:
            kept_back = min(kept_back, self.most * 2 / BEYOND)
        self.longest = max(self.longest * 0.5 ** (passed / _LONGEST_HALF_LIFE), kept_back)
        spoken[_bin(now)] += 1.0
        self.spoken, self.heard = _BINS.pack(*spoken), _BINS.pack(*heard)
        apart = _hour(now) - _hour(self.last_at)
        self.days += now.date() > self.last_at.date()
        self.unbroken = self.unbroken + apart if apart <= 1 else 1
        self.last_at, self.unheard_s = now, 0.0


def heard(
    rhythm: Rhythm | None, items: Sequence[Item], now: datetime, *, until: datetime, stream: bool
) -> tuple[Rhythm | None, Turn | None]:
    """
    What is remembered after a page, and what that changed.

    Args:
        rhythm: As it is in the memo; changed. None while it never spoke.
        items: Of the page.
        now: Aware UTC.
        until: See `Rhythm.listen`.
        stream: It speaks by itself, so that removals are news, too; whoever is asked may show them again each time.
    """
    dated = [each.published_at for each in items if isinstance(each, Post) and each.published_at is not None]
    newest_at = max((at for at in dated if at <= now), default=None)
    known = None if rhythm is None else rhythm.newest_at
    spoke = newest_at is not None and (known is None or newest_at > known)
    if not dated:
        spoke = any(isinstance(each, Post | Removal | Count if stream else Post) for each in items)
    if rhythm is None:
        if not spoke:
            return None, None
        rhythm = Rhythm(last_at=now, seen_at=now, until_at=until)
        turn = None
    else:
        turn = rhythm.listen(spoke=spoke, now=now, until=until)
    if spoke:
        rhythm.newest_at = newest_at or known
    return rhythm, turn


def _words(spoken: Sequence[float], heard: Sequence[float], start: datetime, end: datetime) -> float:
    """
    How often it usually speaks between the two.
    """
    usual = sum(spoken) / max(sum(heard), _PRIOR_H)
    words = 0.0
    for bin_, hours in _pieces(start, end):
        words += hours * (spoken[bin_] + _PRIOR_H * usual) / (heard[bin_] + _PRIOR_H)
    return words


def _pieces(start: datetime, end: datetime) -> Iterator[tuple[int, float]]:
    """
    The time between, cut at full hours: which hour of the day, and how much of it in hours.
    """
    while start < end:
        stop = min(end, start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
        yield _bin(start), (stop - start) / timedelta(hours=1)
        start = stop


def _bin(at: datetime) -> int:
    return at.hour + (24 if at.weekday() >= 5 else 0)


def _hour(at: datetime) -> int:
    return int(at.timestamp() // 3600)
