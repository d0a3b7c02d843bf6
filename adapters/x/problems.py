"""
What an error reply of X means: which of our errors it is. Pure.

Takes replies with an error status, and errors inside good ones, from `api` and `recheck`; raises what the core knows.

At least four shapes are in use, under two content types and two hosts in `type`: a problem, a problem with the list of what
it consists of, a list of problems beside data, and the old `{"errors":[{"code":88}]}`. Only codes, types and names of
parameters are read, never a message.

A 429 is one of two things: too many requests in a quarter of an hour, which is over at `x-rate-limit-reset`; or the
cap of the cycle, which is not. An empty balance is a 402, which the documentation does not list.

Source: docs.x.com, fundamentals/response-codes-and-errors and rate-limits; tryethernal/ethernal#1324 for the 402 (platform
facts, 1.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from adapters.x.config import XConfig
from adapters.x.wire import WireProblem, WireTrouble, read_trouble
from listener.adapter import Reply
from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    RateLimited,
    SourceError,
    SourceUnavailable,
)
from listener.http_hints import limits_from_headers, parse_delta_s

JUDGED: Final = frozenset({400, 401, 402, 403, 429})
"""Statuses whose body tells more than they do. 404 comes back by itself; 5xx say nothing beyond themselves."""

NO_CREDIT_WAIT_S: Final = 6 * 3600.0
"""Chosen: somebody has to top up the account, which nobody does within minutes; four useless requests a day."""

CAPPED_WAIT_MOST_S: Final = 86_400.0
"""Chosen: X tells nobody on which day it counts anew, and `cycle_day` may be wrong; a search that is refused costs nothing, and
one that waits for longer than seven days too long has lost posts."""

_CREDITS: Final = frozenset({"credits", "credits-depleted"})
_MANY: Final = frozenset({88})
_REFUSED: Final = frozenset({32, 89, 99, 215})
"""Old codes: rate limit; credentials that are wrong, expired or missing."""


class SpentAtX(BudgetSpent):
    """
    What X itself says is used up, other than what our own reckoning says before a request leaves.
    """


class RequestInvalid(DocumentRefused):
    """
    A 400, or what says the same. Raised by `api`; caught by `client`, which knows what to change, else told to the operator.

    Args:
        parameters: Names of the parameters that are wrong, as far as the answer says.
    """

    def __init__(self, parameters: frozenset[str]) -> None:
        self.parameters = parameters
        super().__init__("X does not accept the request", reason="request_invalid")


def error_of(reply: Reply, config: XConfig, now: datetime) -> SourceError:
    """
    What an error reply means.

    Args:
        reply: With a status that is not 2xx.
        now: Aware UTC.
    """
    trouble = read_trouble(reply.body)
    kinds = frozenset(_kinds(trouble))
    codes = frozenset(problem.code for problem in trouble.errors or () if problem.code is not None)
    if reply.status == 402 or kinds & _CREDITS:
        return SpentAtX(
            "the account at X has no credit left; top it up there, it is asked again in six hours",
            budget="usd",
            wait_s=NO_CREDIT_WAIT_S,
            code="no_credit",
        )
    if "usage-capped" in kinds:
        return SpentAtX(
            "the posts that X lets this app read in a cycle are used up",
            budget="posts",
            wait_s=min(until_cycle_s(config, now), CAPPED_WAIT_MOST_S),
        )
    if reply.status == 429 or codes & _MANY:
        return RateLimited("X asked for a pause", wait_s=_pause_s(reply, now))
    if reply.status == 401 or codes & _REFUSED:
        return AccessDenied("X refuses the credential", code="credential_refused")
    if reply.status == 403:
        return AccessDenied("X denies access", code=_denied(kinds))
    if reply.status == 400:
        return RequestInvalid(frozenset(_parameters(trouble, reply.body)))
    return SourceUnavailable(f"X answered {reply.status}; tried again later", status=reply.status)


def kind_of(problem: WireProblem | WireTrouble) -> str:
    """
    The last part of its type, whatever host it names: `resource-not-found`.
    """
    return (problem.type or "").rstrip("/").rpartition("/")[2]


def until_cycle_s(config: XConfig, now: datetime) -> float:
    """
    Seconds until X counts anew: midnight UTC of the day that is configured, as nothing says another zone.
    """
    turn = now.replace(day=config.cycle_day, hour=0, minute=0, second=0, microsecond=0)
    if turn <= now:
        turn = (turn.replace(day=1) + timedelta(days=32)).replace(day=config.cycle_day)
    return (turn - now).total_seconds()


def _kinds(trouble: WireTrouble) -> Iterator[str]:
    """
    In every place that may say it.
    """
    every: tuple[WireTrouble | WireProblem, ...] = (trouble, *(trouble.errors or ()))
    for problem in every:
        yield kind_of(problem)
        yield problem.reason or ""
        if problem.title == "CreditsDepleted":
            yield "credits-depleted"


def _pause_s(reply: Reply, now: datetime) -> float | None:
    asked = parse_delta_s(reply.headers.get("retry-after", ""))
    reset_s = limits_from_headers(reply.headers, now).reset_s
    known = [wait_s for wait_s in (asked, reset_s) if wait_s is not None]
    return float(max(known)) if known else None


def _denied(kinds: frozenset[str]) -> str:
    if kinds & {"client-not-enrolled", "client-forbidden"}:
        return "not_enrolled"
    return "wrong_kind_of_credential" if "unsupported-authentication" in kinds else "forbidden"


def _parameters(trouble: WireTrouble, body: bytes) -> Iterator[str]:
    """
    Those that a list names; where there is none, whether ours for fields occurs in the words of the answer.
    """
    named = [name for problem in trouble.errors or () for name in _named(problem)]
    yield from named
    if not named:
        yield from (name for name in ("tweet.fields", "post.fields", "since_id") if name.encode() in body)


def _named(problem: WireProblem) -> Iterator[str]:
    yield from problem.parameters or ()
    if problem.parameter:
        yield problem.parameter
