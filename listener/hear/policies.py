"""
How long to wait after something went wrong, declared once. The only place with tenacity.

`listener.hear.intake` asks `failure_wait_s` and `rate_limited_wait_s` when it schedules a source again, and wraps its
commits in `when_full`. Nothing here sleeps by itself or reads a clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_never, wait_exponential
from tenacity.wait import wait_base

from listener.errors import QueueFull
from listener.hear.pace import Spread

DAY_S: Final = 86_400.0
"""An error never stops a source for good: it ends in a daily probe (P19)."""

FAILURE_FIRST_S: Final = 60.0
"""Chosen: a passing fault is over in a minute."""

LIMITED_FIRST_S: Final = 600.0
"""A 429 without Retry-After: at least ten minutes (P16)."""

UNREAD_FIRST_S: Final = 60.0
UNREAD_MOST_S: Final = 600.0
"""Chosen: a look-up that fails is tried again soon, because what is said to us waits behind it."""

FULL_FIRST_S: Final = 1.0
FULL_MOST_S: Final = 30.0
"""Chosen: a full disk is asked about at most every half minute, so that intake recovers by itself soon."""

_FAILURES_MOST: Final = 64
"""The window has long been a day; without a limit the strategy would compute ever larger powers of two."""

_FAILURE: Final = wait_exponential(multiplier=2 * FAILURE_FIRST_S, max=DAY_S)
_UNREAD: Final = wait_exponential(multiplier=2 * UNREAD_FIRST_S, max=UNREAD_MOST_S)
_LIMITED: Final = wait_exponential(multiplier=2 * LIMITED_FIRST_S, max=DAY_S)


def failure_wait_s(failures: int, rng: Spread) -> float:
    """
    Seconds until a source that failed is tried again: between `FAILURE_FIRST_S` and twice it after the first
    failure, the window doubling with each further one up to a day; in its later half, so that a feed that is dead for
    months is asked about once a day.

    Args:
        failures: Failed reads in a row, from 1.
        rng: Where in the window.
    """
    window_s = _window_s(_FAILURE, failures)
    return rng.uniform(window_s / 2, window_s)


def rate_limited_wait_s(failures: int, rng: Spread) -> float:
    """
    Seconds until a source whose host said "too often", without saying for how long, is tried again: the window as for
    `failure_wait_s`, from `LIMITED_FIRST_S` on, anywhere in it (full jitter, P16).

    Args:
        failures: Such answers in a row, from 1.
        rng: Where in the window.
    """
    return rng.uniform(LIMITED_FIRST_S, _window_s(_LIMITED, failures))


def unread_wait_s(refusals: int, rng: Spread) -> float:
    """
    Seconds until a page with signals that could not be read is read again.

    Args:
        refusals: Such pages in a row, from 1.
        rng: Where in the window.
    """
    window_s = _window_s(_UNREAD, refusals)
    return rng.uniform(window_s / 2, window_s)


def when_full(sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    """
    Goes on while the queue has no room, for as long as it takes: `await when_full(clock.sleep)(commit)`, or
    `async for attempt in when_full(clock.sleep)`. Any other error passes, cancellation included.

    Args:
        sleep: `Clock.sleep`; waits double from `FULL_FIRST_S` to `FULL_MOST_S`.
    """
    return AsyncRetrying(
        sleep=sleep,
        retry=retry_if_exception_type(QueueFull),
        wait=wait_exponential(multiplier=FULL_FIRST_S, max=FULL_MOST_S),
        stop=stop_never,
        reraise=True,
    )


def _window_s(strategy: wait_base, failures: int) -> float:
    """
    What a strategy says after so many failures, without anything being retried by tenacity.
    """
    state = RetryCallState(retry_object=AsyncRetrying(), fn=None, args=(), kwargs={})
    state.attempt_number = min(max(1, failures), _FAILURES_MOST)
    return strategy(state)
