"""
What a failed read means: which word, how long to wait, in which state. Pure; used by keeping.

Source: politeness rules P15, P16, P19, P21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    RateLimited,
    RequestRefused,
    SourceError,
)
from listener.hear.memo import Memo
from listener.hear.pace import Spread
from listener.hear.policies import failure_wait_s, rate_limited_wait_s
from listener.hear.reasons import FIXED, budget_reason, failure, sentence
from listener.status import SourceStateName, Why

DENIED_WAIT_S: Final = 86_400.0
"""Chosen: a server that refuses us is asked once a day."""

ENDING_WAIT_S: Final = 86_400.0
"""Three sightings a day apart are the 48 h of P21."""

SPENT: Final = "budget_spent"
"""The word for a request that its budget did not cover."""

PUBLIC_RETRY_FLOOR_S: Final = 300.0
"""Chosen: a stranger's server in trouble is not asked again within five minutes."""


@dataclass(frozen=True, slots=True)
class Setback:
    """
    What follows from a failed read.

    Args:
        code: The failure in a word from a closed set.
        state: The source's state until the next read.
        why: In a word.
        reason: In a sentence.
        wait_s: Seconds until the next read.
    """

    code: str
    state: SourceStateName
    why: Why
    reason: str
    wait_s: float


def setback(
    error: Exception,
    memo: Memo,
    *,
    relation: Literal["own", "public"],
    floor_s: float,
    rng: Spread,
    now: datetime,
    meanings: Mapping[str, str],
) -> Setback:
    """
    The failure, entered in the memo, and what follows from it.

    Args:
        error: What the read raised.
        memo: Of the source; changed.
        relation: Of the source.
        floor_s: Never less between two reads.
        rng: Of the source.
        now: Aware UTC.
        meanings: Of the adapter's own codes.
    """
    code = code_of(error)
    if isinstance(error, BudgetSpent) and error.wait_s is not None:
        wait_s = max(floor_s, error.wait_s)
        meaning = meanings.get(error.code or "")
        reason = budget_reason(error.budget, now + timedelta(seconds=wait_s), meaning)
        return Setback(code, "held", "budget", reason, wait_s)
    if isinstance(error, RateLimited):
        memo.limited += 1
        memo.error_code = code
        wait_s = rate_limited_wait_s(memo.limited, rng) if error.wait_s is None else error.wait_s
        return Setback(code, "held", "held", sentence("held", wait_s=wait_s), wait_s)
    memo.failed(code, now)
    if isinstance(error, AccessDenied):
        reason = meanings.get(error.code or "", FIXED["denied"])
        return Setback(code, "denied", "denied", reason, DENIED_WAIT_S)
    if code != "gone":
        memo.ending = None
    elif memo.ended(now):
        return Setback(code, "gone", "gone", FIXED["gone"], ENDING_WAIT_S)
    floor_s = floor_s if relation == "own" else PUBLIC_RETRY_FLOOR_S
    wait_s = ENDING_WAIT_S if code == "gone" else max(floor_s, failure_wait_s(memo.failures, rng))
    return Setback(code, "failing", "failing", meanings.get(code) or failure(code), wait_s)


def code_of(error: Exception) -> str:
    """
    The failure in a word from a closed set.
    """
    match error:
        case BudgetSpent():
            return SPENT
        case RateLimited():
            return "rate_limited"
        case AccessDenied():
            return "denied"
        case RequestRefused():
            return "refused"
        case DocumentRefused():
            return error.reason
        case SourceError():
            return "unavailable"
        case _:
            return "internal"
