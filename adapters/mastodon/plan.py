"""
What is asked next, and what was read with it. Pure.

Takes marks from `cursor` and tags from the interest, gives `Step`s to `client`; after each page gives the marks anew.

Paging goes forward by `min_id`, which answers with the page right behind an id; `since_id` answers with the newest page
and leaves out what lies between. A post that reaches the instance late has an id of the time it was written
(`Mastodon::Snowflake`), so that nobody who only goes forward sees it. Therefore the time before the mark is read again,
a sweep: from two hours before the last sweep began, so that whoever is late by less is read, whenever that is. Where a
sweep took one request, every reading is one; else there is one in a quarter of an hour. The key removes the repeats.

Ids of other servers (ULIDs, flake ids) do not tell the time in a way we may rely on: there the sweep goes back to an id that
was the newest that long ago. Where no id is known yet there is nothing to go forward from, so the walk goes backward from
the newest page, by `max_id`, to what was written before the sweep would begin.

Source: docs.joinmastodon.org/api/guidelines#pagination; lib/mastodon/snowflake.rb; read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec

from adapters.mastodon.cursor import ID_MAX, Mark, digest

LIMIT: Final = 40
"""Of one page, the most there is. Source: docs.joinmastodon.org/methods/timelines."""

FULL: Final = 20
"""A page of so many may have another behind it: a server may allow less than it is asked for. Chosen: the default."""

OVERLAP_S: Final = 2 * 3600
"""How late a post may come and still be read. Chosen: most of what is delayed is retried within two hours."""

SWEEP_S: Final = 900
"""Between two sweeps of a tag that is busy. Chosen."""

_TRAIL_MAX: Final = 8
_SHIFT: Final = 16
"""Bits below the milliseconds of an id. Source: lib/mastodon/snowflake.rb."""


@dataclass(frozen=True, slots=True)
class Step:
    """
    One walk through the posts of a few tags.

    Args:
        keys: Of the marks it moves.
        tags: What is asked for.
        after: The id behind which the next page lies; None where no id is known to go forward from.
        sweeping: It began before the mark.
        began_at: Seconds since 1970.
        back_to: Where a walk backward ends; seconds since 1970.
        pages: How many were read.
        newest: The newest id that was read.
        before: The id before which its next page lies; None for the newest page there is.
    """

    keys: tuple[bytes, ...]
    tags: tuple[str, ...]
    after: str | None
    sweeping: bool
    began_at: int
    back_to: int
    pages: int = 0
    newest: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """
    What a page says about where it lies.

    Args:
        ids: Of the entries that could be read, newest first.
        size: Entries, readable or not.
        stated: The id that the server's Link names for what comes next; its query is not to be trusted (it forgets the
            tags), the id is.
        oldest_at: When its last entry was written; seconds since 1970, None where it does not say.
    """

    ids: Sequence[str]
    size: int
    stated: str | None
    oldest_at: float | None


def steps_for(
    tags: Iterable[str], marks: Mapping[bytes, Mark], now: datetime, *, by_time: bool, together: int
) -> tuple[Step, ...]:
    """
    A walk for every few tags.

    Args:
        by_time: Ids are numbers that tell the time.
        together: Tags that one request may name.
    """
    ordered = sorted(set(tags))
    groups = [tuple(ordered[at : at + together]) for at in range(0, len(ordered), together)]
    return tuple(step_for(group, marks, now, by_time=by_time) for group in groups)


def step_for(tags: tuple[str, ...], marks: Mapping[bytes, Mark], now: datetime, *, by_time: bool) -> Step:
    """
    The walk for tags that are asked for together.
    """
    keys = tuple(map(digest, tags))
    known = [marks.get(key, Mark()) for key in keys]
    seconds = int(now.timestamp())
    sweeping = any(_is_due(mark, seconds) for mark in known)
    starts = [_start(mark, seconds, sweeping=sweeping, by_time=by_time) for mark in known]
    back_to = min(_looked_at(mark, seconds) for mark in known) - OVERLAP_S
    return Step(keys, tags, _earliest(starts, by_time=by_time), sweeping, seconds, back_to)


def after_page(
    step: Step, marks: Mapping[bytes, Mark], page: Shown, *, by_time: bool, now: datetime
) -> tuple[Step | None, dict[bytes, Mark]]:
    """
    How the walk goes on, None where it has come to its end, and the marks with what the page brought.
    """
    if step.after is None:
        return _backward(step, marks, page, by_time=by_time, now=now)
    newest = _newest(page.ids, page.stated, by_time=by_time)
    if newest is None or len(newest) > ID_MAX or not _is_ahead(newest, step.after, by_time=by_time):
        return None, _ended(step, marks, now, by_time=by_time)
    walked = replace(step, after=newest, newest=newest, pages=step.pages + 1)
    if page.size < FULL:
        return None, _ended(walked, marks, now, by_time=by_time)
    return walked, _moved(walked, marks, by_time=by_time)


def _backward(
    step: Step, marks: Mapping[bytes, Mark], page: Shown, *, by_time: bool, now: datetime
) -> tuple[Step | None, dict[bytes, Mark]]:
    """
    Nothing is durable of a walk backward until it has arrived: the mark would stand behind what was not read yet.
    """
    newest = step.newest or _newest(page.ids, page.stated, by_time=by_time)
    walked = replace(step, newest=newest if newest and len(newest) <= ID_MAX else None, pages=step.pages + 1)
    arrived = page.oldest_at is not None and page.oldest_at < step.back_to
    stuck = not page.ids or page.ids[-1] == step.before or walked.newest is None
    if arrived or stuck or page.size < FULL:
        return None, _ended(walked, marks, now, by_time=by_time)
    return replace(walked, before=page.ids[-1]), dict(marks)


def id_at(moment_s: float) -> str:
    """
    The first id that Mastodon gives to a post written then.
    """
    return str(max(0, int(moment_s * 1000)) << _SHIFT)


# ------------------------------------------------------------------------------------------------ where it begins


def _is_due(mark: Mark, seconds: int) -> bool:
    return mark.quiet or not mark.newest or seconds - mark.swept_at >= SWEEP_S


def _looked_at(mark: Mark, seconds: int) -> int:
    """
    When the time before the mark was last read; now, where it never was.
    """
    return min(mark.swept_at, seconds) if mark.swept_at else seconds


def _start(mark: Mark, seconds: int, *, sweeping: bool, by_time: bool) -> str | None:
    before = _looked_at(mark, seconds) - OVERLAP_S
    if by_time and (not mark.newest or mark.newest.isdecimal()):
        if not sweeping:
            return mark.newest
        start = id_at(before)
        return start if not mark.newest else str(min(int(start), int(mark.newest)))
    if not sweeping or not mark.trail:
        return mark.newest or None
    old = [name for at, name in mark.trail if at <= before]
    return old[-1] if old else mark.trail[0][1]


def _earliest(starts: Sequence[str | None], *, by_time: bool) -> str | None:
    if by_time and all(start is not None and start.isdecimal() for start in starts):
        return str(min(int(start) for start in starts if start is not None))
    return starts[0]


# ------------------------------------------------------------------------------------------------ what it moves


def _newest(ids: Sequence[str], stated: str | None, *, by_time: bool) -> str | None:
    if by_time and all(map(str.isdecimal, ids)):
        known = [*ids, *([stated] if stated is not None and stated.isdecimal() else [])]
        return max(known, key=lambda name: (len(name), name), default=None)
    return ids[0] if ids else stated


def _is_ahead(newest: str, after: str | None, *, by_time: bool) -> bool:
    """
    Whether the server went on. One that does not understand `min_id` would be asked for ever.
    """
    if after is None:
        return True
    if by_time and newest.isdecimal() and after.isdecimal():
        return int(newest) > int(after)
    return newest != after


def _moved(step: Step, marks: Mapping[bytes, Mark], *, by_time: bool) -> dict[bytes, Mark]:
    """
    In the middle of a walk a mark moves only where its ids can be compared, or where there was none.
    """
    fresh = dict(marks)
    for key in step.keys:
        mark = fresh.get(key, Mark())
        swept_at = mark.swept_at or step.began_at
        fresh[key] = msgspec.structs.replace(
            mark, newest=_later(mark.newest, step, by_time=by_time, ended=False), swept_at=swept_at
        )
    return fresh


def _ended(step: Step, marks: Mapping[bytes, Mark], now: datetime, *, by_time: bool) -> dict[bytes, Mark]:
    fresh = dict(marks)
    for key in step.keys:
        mark = fresh.get(key, Mark())
        newest = _later(mark.newest, step, by_time=by_time, ended=True)
        fresh[key] = Mark(
            newest=newest,
            swept_at=step.began_at if step.sweeping else mark.swept_at,
            quiet=step.pages <= 1 if step.sweeping else mark.quiet,
            trail=() if by_time else _trail(mark.trail, newest, int(now.timestamp())),
        )
    return fresh


def _later(newest: str, step: Step, *, by_time: bool, ended: bool) -> str:
    reached = step.newest
    if reached is None:
        return newest
    if by_time and newest.isdecimal() and reached.isdecimal():
        return max(newest, reached, key=int)
    return reached if ended or not newest or not step.sweeping else newest


def _trail(trail: tuple[tuple[int, str], ...], newest: str, seconds: int) -> tuple[tuple[int, str], ...]:
    """
    With the newest id, where the last entry is old enough; without what no sweep goes back to any more.
    """
    if newest and (not trail or seconds - trail[-1][0] >= OVERLAP_S // (_TRAIL_MAX // 2)):
        trail = (*trail, (seconds, newest))
    while len(trail) > 1 and (len(trail) > _TRAIL_MAX or trail[1][0] <= seconds - OVERLAP_S):
        trail = trail[1:]
    return trail
