"""
A read that an operator asks for: as soon as is polite, never sooner. Pure; used by intake.

Source: politeness rules P7 (a forced unconditional read needs a flag and is counted), P18, FRB 070.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from listener.hear.reads import unpacked
from listener.hear.reasons import span
from listener.hear.seat import Seat
from listener.status import Polled

PUBLIC_EVERY_S: Final = 900.0
"""Chosen: by hand, anybody else's site is asked once in a quarter of an hour, answer or not."""

IN_ITS_TIME: Final = "it fails, and is asked again in its own time; --mended asks sooner"
"""A dead address is asked once in a back-off step, whoever asks (P18), unless somebody knows better."""

UNCONDITIONAL_EVERY_S: Final = 86_400.0
"""A forced unconditional read costs the site a whole document: once a day (P6)."""


def asked(
    seat: Seat,
    now: datetime,
    *,
    unconditional: bool = False,
    mended: bool = False,
    held_until: datetime | None = None,
) -> Polled:
    """
    The seat is due as soon as it may be; a source that is gone comes back to life.

    Args:
        seat: Changed, unless it is being read already.
        now: Aware UTC.
        unconditional: The next read is made without validators.
        mended: A source that fails is not left to its back-off, because somebody says that it is well again.
        held_until: Until when its host asked for a pause.
    """
    if seat.reading is not None:
        seat.forced = seat.forced or unconditional
        return Polled(due_at=now, reason="it is being read")
    memo = seat.memo
    if (seat.status, seat.why) == ("held", "budget") and seat.next_due_at > now:
        return Polled(due_at=seat.next_due_at, reason=seat.reason)
    if memo.failures and not (memo.gone or mended):
        return Polled(due_at=seat.next_due_at, reason=IN_ITS_TIME)
    due_at, reason = _soonest(seat, now, unconditional=unconditional, held_until=held_until)
    if unconditional and due_at > max(now, seat.next_due_at):
        return Polled(
            due_at=due_at, reason=f"{reason}; ask again then"
        )  # a read before that stays conditional
    if unconditional:
        seat.forced, seat.memo.unconditional_at = True, due_at
    if seat.memo.gone or due_at < seat.next_due_at:
        seat.memo.revive()
        seat.wait("waiting", due_at, "by_hand")
    else:
        reason = "it is due already"
    return Polled(due_at=seat.next_due_at, reason=reason)


def _soonest(
    seat: Seat, now: datetime, *, unconditional: bool, held_until: datetime | None
) -> tuple[datetime, str]:
    """
    The latest of what politeness asks for, with its reason.
    """
    latest, reason = now, "it is read at once"
    last = next(iter(unpacked(seat.memo.reads)), None)
    floor_s = seat.source.floor_s if seat.source.relation == "own" else PUBLIC_EVERY_S
    if last is not None and (at := last.at + timedelta(seconds=floor_s)) > latest:
        latest, reason = at, f"it was asked less than {span(floor_s)} ago"
    before = seat.memo.unconditional_at
    if unconditional and before is not None:
        every_s = floor_s if seat.source.relation == "own" else UNCONDITIONAL_EVERY_S
        if (at := before + timedelta(seconds=every_s)) > latest:
            latest, reason = at, f"it was read without validators less than {span(every_s)} ago"
    if held_until is not None and held_until > latest:
        latest, reason = held_until, "its server asked for a pause"
    return latest, reason
