"""
What an error of the API means. Pure; used by `api`.

The reason decides, not the status: an empty quota is a 403 like a wrong key, and comments that are switched off are one
more. There are two envelopes, `errors[].reason` and `details[].reason`, and either may come alone.

Invariant: whatever comes, one of our own errors, or a word for something that is not there; no message of the server's is
read.

Source: developers.google.com/youtube/v3/docs/errors and the errors of each method; google.rpc.ErrorInfo; as noted 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.youtube import wire
from adapters.youtube.quota import seconds_until_it_turns
from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    RateLimited,
    SourceError,
    SourceUnavailable,
)

JUDGED: Final = frozenset({400, 401, 403, 404, 429})
"""Statuses whose body says what happened."""

ABSENT: Final = {
    "commentsDisabled": "comments_off",
    "videoNotFound": "gone",
    "commentThreadNotFound": "gone",
    "commentNotFound": "gone",
    "parentCommentNotFound": "gone",
    "playlistNotFound": "no_uploads",
    "playlistItemsNotAccessible": "no_uploads",
}
"""What says something of one video, thread or list, and nothing of the source."""

_DAY_SPENT: Final = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST: Final = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
)
_DENIED: Final = {
    "keyInvalid": "key_refused",
    "keyExpired": "key_refused",
    "authError": "key_refused",
    "API_KEY_INVALID": "key_refused",
    "API_KEY_EXPIRED": "key_refused",
    "accessNotConfigured": "api_not_enabled",
    "SERVICE_DISABLED": "api_not_enabled",
    "ipRefererBlocked": "key_restricted",
    "API_KEY_IP_ADDRESS_BLOCKED": "key_restricted",
    "API_KEY_HTTP_REFERRER_BLOCKED": "key_restricted",
    "API_KEY_SERVICE_BLOCKED": "key_restricted",
    "CONSUMER_SUSPENDED": "project_suspended",
    "CONSUMER_INVALID": "project_suspended",
    "accountSuspended": "project_suspended",
}
_BUSY: Final = frozenset({"processingFailure", "backendError", "internalError", "invalidPageToken"})
"""A page token is good for a walk, not for ever: the next turn begins with the newest page. `processingFailure` comes with
a 400, and so it is no fault of the request."""

_REFUSED: Final = frozenset(
    {
        "badRequest",
        "incompatibleParameters",
        "invalidFilters",
        "invalidParameter",
        "invalidValue",
        "missingRequiredParameter",
        "operationNotSupported",
        "unexpectedParameter",
        "unknownPart",
    }
)


class QuotaSpent(BudgetSpent):
    """
    The network itself says that the day's quota is spent, whatever we counted.
    """


class ChannelNotFound(DocumentRefused):
    """
    The channel is closed, or never was.
    """


@dataclass(frozen=True, slots=True)
class Said:
    """
    What an error says, in words from closed sets.

    Args:
        reasons: Those that were told, most telling first.
        status: Of the newer envelope.
        daily: A limit for a day is named as the one that is spent.
        location: Which parameter is meant; one of ours.
    """

    reasons: tuple[str, ...] = ()
    status: str | None = None
    daily: bool = False
    location: str | None = None


def said_by(body: bytes) -> Said:
    """
    What can be read of an error; nothing where it is none.
    """
    try:
        failure = wire.decode_error(body).error
    except wire.UNREADABLE:
        return Said()
    details = wire.details_of(failure)
    limits = [detail.metadata.quota_limit or "" for detail in details if detail.metadata is not None]
    told = (*(each.reason for each in details), *(each.reason for each in failure.errors or ()))
    return Said(
        reasons=tuple(reason for reason in told if reason),
        status=failure.status,
        daily=any("PerDay" in limit for limit in limits),
        location=next((each.location for each in failure.errors or () if each.location), None),
    )


def absence(said: Said) -> str | None:
    """
    A word for what is not there; None where the error is about something else.
    """
    return next((ABSENT[reason] for reason in said.reasons if reason in ABSENT), None)


def error_of(status: int, said: Said, *, budget: str, now: datetime) -> SourceError:
    """
    What to raise.

    Args:
        budget: That the request was paid from.
        now: Aware; a day's quota comes back at the next midnight of the network.
    """
    reasons = frozenset(said.reasons)
    if reasons & _DAY_SPENT or (said.daily and reasons & _TOO_FAST):
        return QuotaSpent(
            f"the day's {budget} of the project are spent; they come back at midnight in California",
            budget=budget,
            wait_s=seconds_until_it_turns(now),
            code="quota_spent",
        )
    if reasons & _TOO_FAST or status == 429:
        return RateLimited("YouTube asked for a pause; it goes on by itself", wait_s=None)
    code = next((_DENIED[reason] for reason in said.reasons if reason in _DENIED), None)
    if code is not None:
        return AccessDenied("YouTube refuses the key", code=code)
    if "channelNotFound" in reasons:
        return ChannelNotFound("there is no such channel; look at its id", reason="channel_not_found")
    if reasons & _BUSY:
        return SourceUnavailable("YouTube could not answer; tried again later", status=status)
    if status == 400 and reasons & _REFUSED:
        reason = "fields_refused" if said.location == "fields" else "request_refused"
        return DocumentRefused("YouTube refuses the request; the adapter needs an update", reason=reason)
    return _by_status(status, said)


def is_about_one(error: SourceError) -> bool:
    """
    Whether the fault may lie in the one thread, video or page that was asked for: it is refused with an answer, and not because of the key,
    the quota or the server. Whoever asks for many must go on without it.
    """
    if isinstance(error, AccessDenied):
        return error.code == "not_permitted"
    if isinstance(error, DocumentRefused):
        return error.reason in ("request_refused", "not_an_answer")
    return isinstance(error, SourceUnavailable) and error.status in JUDGED


def _by_status(status: int, said: Said) -> SourceError:
    """
    Where no reason is known.
    """
    if status == 401:
        return AccessDenied("YouTube refuses the key", code="key_refused")
    if status == 403 and (said.status == "PERMISSION_DENIED" or "forbidden" in said.reasons):
        return AccessDenied("YouTube does not show this to a key", code="not_permitted")
    return SourceUnavailable("YouTube gave no answer that says anything; tried again later", status=status)
