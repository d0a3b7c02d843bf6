"""
May I ask this host now, and when shall I ask this source again? Pure: no I/O, no clock; every instant is passed in.

`listener.hear.turns` takes a slot here before every request; the reader puts holds here; `listener.hear.intake` commits
`dump(host)` with the page a host answered, gives it back to `load` at start, and asks `next_due` after every read.

Invariants: at most one request of ours is in flight per host; starts on one host are at least `spacing_s` apart (own
hosts excepted, unless their network sets a limit); nothing starts on a held host.

Source: politeness rules P8 to P10, P13, P15, P16 (RFC 9110, section 10.2.3; RFC 9111; rachelbythebay.com/w/feed).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from listener.adapter import Freshness
from listener.http_hints import parse_delta_s, parse_http_date
from listener.status import Why

HOLD_MAX_S: Final = 31 * 86_400.0
"""A host is never held longer, whatever it asks (P15: 31 days, and not the hours other readers cap at)."""

PUBLIC_FLOOR_S: Final = 3_600.0
"""A public document is read at most once an hour (P8)."""

UNCONDITIONAL_FLOOR_S: Final = 86_400.0
"""A public document whose server gives no validators costs it a whole answer: at most once a day (P8)."""

MEMORY_OF_LIMITS_S: Final = 86_400.0
"""Chosen: for a day after a 429, a 403 of the same host is taken for another way of saying it (P16)."""

BUSY_S: Final = 0.25
"""Chosen: when to ask again while a request of unknown length is in flight."""

_DUMP_VERSION: Final = 1

RHYTHM_SHARE: Final = 12
"""Chosen: a source is read twelve times between two of its posts, as far as floor and ceiling allow (P14): a daily blog
every two hours, a weekly one every fourteen."""
_WORD: Final = 2**64 - 1

DueNote = Literal["floor", "ceiling", "no_validators", "skipped"]


class Due(NamedTuple):
    """
    When a source is read again.

    Args:
        at: Aware UTC.
        note: What moved it away from what interval and server together asked for: raised to the `floor`, raised
            because the server gives `no_validators`, lowered to the `ceiling`, moved out of `skipped` hours or
            days; None where nothing did.
        why: What decided in the end, for an operator.
    """

    at: datetime
    note: DueNote | None = None
    why: Why = "interval"


class Spread:
    """
    Where in a window a source falls: numbers from 0 to 1 that are the same for the same source in every run and on
    every node. Nothing depends on their being hard to guess. Small, because every source has one; the generator of
    the standard library keeps 2.5 KB of state.
    """

    __slots__ = ("_state",)

    def __init__(self, source: str) -> None:
        self._state = int.from_bytes(hashlib.sha256(source.encode()).digest()[24:], "big")

    def random(self) -> float:
        """
        The next number, from 0 inclusive to 1 exclusive.

        Source: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
        """
        self._state = (self._state + 0x9E3779B97F4A7C15) & _WORD
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        return ((mixed ^ (mixed >> 31)) >> 11) / 2**53

    def uniform(self, low: float, high: float) -> float:
        """
        The next number, from `low` to `high`.
        """
        return low + (high - low) * self.random()


@dataclass(slots=True)
class _Host:
    """
    What is known of one host; instants aware UTC.
    """

    busy: bool = False
    started_at: datetime | None = None
    held_until: datetime | None = None
    limited_at: datetime | None = None


class _Dump(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    The stored form of a host: no address, no person, three instants.
    """

    v: int = 0
    started_at: datetime | None = None
    held_until: datetime | None = None
    limited_at: datetime | None = None


class Pace:
    """
    The pace of every host, in memory.

    Args:
        spacing_s: Seconds between the starts of two requests to one host; 2 is polite (P13).
        own_hosts: Hosts of the organisation itself: no spacing, still one request at a time.
        least_s: Hosts whose network asks for more room between two requests than that, own hosts included.
    """

    __slots__ = ("_hosts", "_least_s", "_own_hosts", "_spacing_s")

    def __init__(
        self,
        spacing_s: float,
        own_hosts: frozenset[str],
        *,
        least_s: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self._spacing_s = spacing_s
        self._hosts: dict[str, _Host] = {}
        self.apply(own_hosts, least_s)

    def apply(self, own_hosts: frozenset[str], least_s: Mapping[str, float]) -> None:
        """
        Another configuration counts from now on; what is known of the hosts stays.
        """
        self._own_hosts, self._least_s = own_hosts, dict(least_s)

    def is_own(self, host: str) -> bool:
        """
        Whether the host is the organisation's own.
        """
        return host in self._own_hosts

    def spacing_s(self, host: str) -> float:
        """
        Seconds between two starts on this host.
        """
        usual_s = 0.0 if host in self._own_hosts else self._spacing_s
        return max(usual_s, self._least_s.get(host, 0.0)) if self._least_s else usual_s

    def slot(self, host: str, now: datetime) -> float:
        """
        Ask for the host's slot.

        Returns:
            0.0: the slot is ours from now on; `started` and `finished` follow, or `finished` alone where the
            request was given up. Else seconds after which to ask again; nothing is reserved.
        """
        state = self._host(host)
        wait_s = max(self._held_s(state, now), self._spaced_s(host, state, now))
        if wait_s == 0.0 and state.busy:
            wait_s = BUSY_S
        if wait_s == 0.0:
            state.busy = True
        return wait_s

    def started(self, host: str, now: datetime) -> None:
        """
        The request of the slot leaves now; spacing counts from here.
        """
        state = self._host(host)
        state.busy = True
        state.started_at = now

    def finished(self, host: str, now: datetime) -> None:
        """
        The slot is free again: the request of it was answered, failed or given up.
        """
        state = self._host(host)
        state.busy = False
        if state.started_at is not None and state.started_at > now:  # the wall clock was set back meanwhile
            state.started_at = now

    def hold(self, host: str, until: datetime) -> None:
        """
        Nothing starts on this host before `until`. Of two holds the later counts; `HOLD_MAX_S` is the longest.
        """
        state = self._host(host)
        if state.held_until is None or until > state.held_until:
            state.held_until = until

    def held_until(self, host: str, now: datetime) -> datetime | None:
        """
        Until when the host is held; None where it is not.
        """
        state = self._hosts.get(host)
        if state is None or self._held_s(state, now) == 0.0:
            return None
        return state.held_until

    def limited(self, host: str, now: datetime) -> None:
        """
        The host said that we ask too often.
        """
        self._host(host).limited_at = now

    def was_limited(self, host: str, now: datetime) -> bool:
        """
        Whether it said so within `MEMORY_OF_LIMITS_S`.
        """
        state = self._hosts.get(host)
        if state is None or state.limited_at is None:
            return False
        return (now - state.limited_at).total_seconds() < MEMORY_OF_LIMITS_S

    def dump(self, host: str) -> bytes:
        """
        What must outlive a restart: hold, last start, last 429. To be committed with what the host answered.
        """
        state = self._hosts.get(host) or _Host()
        return msgspec.json.encode(
            _Dump(
                v=_DUMP_VERSION,
                started_at=state.started_at,
                held_until=state.held_until,
                limited_at=state.limited_at,
            )
        )

    def load(self, host: str, stored: bytes) -> None:
        """
        Take over what `dump` wrote; bytes of another version, or none of ours, change nothing. What is known
        already and lies later counts more.
        """
        try:
            dump = msgspec.json.decode(stored, type=_Dump)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if dump.v != _DUMP_VERSION:
            return
        state = self._host(host)
        state.started_at = _later(state.started_at, _aware(dump.started_at))
        state.held_until = _later(state.held_until, _aware(dump.held_until))
        state.limited_at = _later(state.limited_at, _aware(dump.limited_at))

    def _host(self, host: str) -> _Host:
        state = self._hosts.get(host)
        if state is None:
            state = self._hosts[host] = _Host()
        return state

    def _held_s(self, state: _Host, now: datetime) -> float:
        """
        Seconds the host is still held. A hold longer than the cap is shortened where it is first seen, counted from
        there, so that later looks do not move it.
        """
        if state.held_until is None:
            return 0.0
        left_s = (state.held_until - now).total_seconds()
        if left_s <= 0:
            state.held_until = None
            return 0.0
        if left_s > HOLD_MAX_S:
            state.held_until = now + timedelta(seconds=HOLD_MAX_S)
        return min(left_s, HOLD_MAX_S)

    def _spaced_s(self, host: str, state: _Host, now: datetime) -> float:
        """
        Seconds until the spacing since the last start is over; a start in the future (the wall clock was set back)
        costs one spacing, no more.
        """
        if state.started_at is None:
            return 0.0
        spacing_s = self.spacing_s(host)
        return min(spacing_s, max(0.0, spacing_s - (now - state.started_at).total_seconds()))


def wanted_interval_s(
    asked_s: float | None, freshness: Freshness, *, floor_s: float, ceiling_s: float
) -> tuple[float, Why]:
    """
    Seconds between two reads as we would choose them, and why: what the operator asked for, else what the source's
    rhythm suggests within floor and ceiling. Where it showed more at once than it holds, as soon as is allowed (P32).

    Args:
        asked_s: The operator's interval; None where none was set.
    """
    if freshness.overrun:
        return floor_s, "overrun"
    if asked_s is not None:
        return asked_s, "interval"
    if freshness.rhythm_s is None:
        return floor_s, "interval"
    share_s = freshness.rhythm_s / RHYTHM_SHARE
    return min(max(share_s, floor_s), ceiling_s), "rhythm" if share_s > floor_s else "interval"


def next_due(
    now: datetime,
    *,
    interval_s: float,
    floor_s: float,
    ceiling_s: float,
    freshness: Freshness,
    jitter: float,
    rng: Spread,
    why: Why = "interval",
) -> Due:
    """
    When to read a source again after an answer, 304 included.

    The longer of `interval_s` and what the server said, within floor and ceiling, then later by up to `jitter` of
    itself (past the ceiling too, or all that wait longest would be asked in the same second every day, P13), then moved
    out of the hours and days the source asked to be spared. A public document (floor of an hour or more) whose server gives no validators waits at least a day, ceiling or not.

    Args:
        now: Aware.
        interval_s: What the operator asked for.
        floor_s: Shortest wait, from the adapter's spec; nothing goes below it.
        ceiling_s: Longest wait; where it is below the floor, the floor counts.
        freshness: What the server said.
        jitter: Fraction from 0 to 1.
        rng: Asked twice.
        why: Of `interval_s`, where nothing else decides.
    """
    wanted_s = max(interval_s, freshness.fresh_for_s or 0.0)
    lowest_s, raised_by = floor_s, "floor"
    if _costs_whole_answers(freshness) and floor_s >= PUBLIC_FLOOR_S and floor_s < UNCONDITIONAL_FLOOR_S:
        lowest_s, raised_by = UNCONDITIONAL_FLOOR_S, "no_validators"
    highest_s = max(ceiling_s, lowest_s)
    wait_s = min(max(wanted_s, lowest_s), highest_s)
    note: DueNote | None = None
    if wanted_s > interval_s:
        why = "server"
    if wanted_s < lowest_s:
        note = "no_validators" if raised_by == "no_validators" else "floor"
        why = "no_validators" if note == "no_validators" else why
    elif wanted_s > highest_s:
        note = why = "ceiling"
    spread_s = wait_s * jitter * rng.random()
    at = now.astimezone(UTC) + timedelta(seconds=wait_s + spread_s)
    spared_until = _after_skipped(at, freshness)
    late_s = jitter * 3_600 * rng.random()  # or everybody spared until noon comes at noon
    if spared_until != at:
        return Due(spared_until + timedelta(seconds=late_s), "skipped", "skipped")
    return Due(at, note, why)


def parse_retry_after(value: str, *, response_date: datetime | None, now: datetime) -> float | None:
    """
    Seconds a `Retry-After` header asks for, from now; 0 to `HOLD_MAX_S`. None where it cannot be read.

    Args:
        value: Delta-seconds or an HTTP date.
        response_date: The answer's own `Date`, against which a date is read, because clocks differ.
        now: Stands in for a missing `Date`.

    Source: RFC 9110, section 10.2.3.
    """
    if re.fullmatch(r"\s*[0-9]+\s*", value, re.ASCII):
        return min(float(parse_delta_s(value) or 0), HOLD_MAX_S)
    until = parse_http_date(value)
    if until is None:
        return None
    return min(max(0.0, (until - (response_date or now)).total_seconds()), HOLD_MAX_S)


def _costs_whole_answers(freshness: Freshness) -> bool:
    return not (freshness.has_validators or freshness.not_modified)


def _after_skipped(at: datetime, freshness: Freshness) -> datetime:
    """
    `at`, or the first full hour after it that the source does not ask to be spared; `at` where it spares itself
    always, which is nonsense and not a wish.
    """
    moment = at.astimezone(UTC)
    for _ in range(8 * 24):
        if moment.hour not in freshness.skip_hours and moment.weekday() not in freshness.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def _aware(instant: datetime | None) -> datetime | None:
    """
    None for an instant without a zone: it was not written by us.
    """
    return instant if instant is not None and instant.tzinfo is not None else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
