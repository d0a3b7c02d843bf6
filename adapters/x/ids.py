"""
What an id of X tells by itself: when it was given out, and where its post can be opened without naming anybody. Pure.

Used by `normalise`, `walks` and `recheck`. Ids are 64-bit numbers written in decimals, and are strings here everywhere: as
numbers of JSON they lose their last digits in half of all programs.

Source: docs.x.com, fundamentals/x-ids and account-activity/introduction (the address), read 2026-11 (platform facts, 1.6);
github.com/twitter-archive/snowflake (the epoch and the shift), from memory.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH_MS: Final = 1_288_834_974_657
"""4 November 2010, 01:42:54.657 UTC."""

_SHIFT: Final = 22
_SNOWFLAKES_FROM: Final = 10**15
"""Chosen: smaller ids were given out before, or in the hours after, the epoch, and tell no time."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_id(text: str) -> bool:
    """
    Whether X could have written it: `^[0-9]{1,19}$` by its specification.
    """
    return text.isdigit() and text.isascii() and len(text) <= 19


def instant_of(name: str) -> datetime | None:
    """
    When the id was given out, to the millisecond; None where it is none that tells.
    """
    if not is_id(name) or int(name) < _SNOWFLAKES_FROM:
        return None
    return _EPOCH + timedelta(milliseconds=(int(name) >> _SHIFT) + _EPOCH_MS)


def id_at(moment: datetime) -> str:
    """
    The smallest id that could be given out then.
    """
    passed_ms = (moment - _EPOCH) // timedelta(milliseconds=1) - _EPOCH_MS
    return str(max(0, passed_ms) << _SHIFT)


def link_to(name: str) -> str:
    """
    An address that opens the post and names nobody: X leads on from it to the one with the handle, in the browser of whoever
    follows it.
    """
    return f"https://x.com/i/web/status/{name}"
