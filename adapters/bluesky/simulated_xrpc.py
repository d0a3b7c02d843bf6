"""
What all XRPC services share: answers, errors by name, and rate limits told in headers.

Used by `simulated_appview` and `simulated_pds`.

Sources: https://atproto.com/specs/xrpc (errors); https://docs.bsky.app/docs/advanced-guides/rate-limits (limits and
headers); both as quoted or remembered, 2026-11.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from listener.clock import Clock
from listener.simulation.exchange import Request, Response

PREFIX: Final = "/xrpc/"


class XrpcError(Exception):
    """
    Raised by a method; answered as JSON with its name.

    Args:
        status: HTTP.
        name: What clients look at.
        message: For people.
    """

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message


@dataclass(slots=True)
class Budget:
    """
    So many points in a window, counted per caller.

    Args:
        clock: Whose time it is.
        limit: Points.
        window_s: Of this many seconds, sliding.
    """

    clock: Clock
    limit: int
    window_s: float
    _spent: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def spend(self, who: str) -> bool:
        """
        Whether there was a point left.
        """
        spent = self._current(who)
        if len(spent) >= self.limit:
            return False
        spent.append(self.clock.monotonic())
        return True

    def headers(self, who: str) -> tuple[tuple[str, str], ...]:
        """
        What is told of it; `reset` is in seconds since 1970.
        """
        spent = self._current(who)
        oldest = spent[0] if spent else self.clock.monotonic()
        left_s = oldest + self.window_s - self.clock.monotonic()
        return (
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.limit - len(spent))),
            ("RateLimit-Reset", str(int(self.clock.now().timestamp() + left_s) + 1)),
            ("RateLimit-Policy", f"{self.limit};w={self.window_s:.0f}"),
        )

    def _current(self, who: str) -> deque[float]:
        spent = self._spent[who]
        while spent and spent[0] <= self.clock.monotonic() - self.window_s:
            spent.popleft()
        return spent


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    The query of a method, checked as lexicons demand.
    """

    values: dict[str, list[str]]

    @classmethod
    def of(cls, request: Request) -> Parameters:
        """
        As sent.
        """
        return cls(parse_qs(request.query, keep_blank_values=True))

    def text(self, name: str) -> str:
        """
        Raises:
            XrpcError: it is missing.
        """
        found = self.values.get(name)
        if not found:
            raise invalid(f'Error: Params must have the property "{name}"')
        return found[0]

    def optional(self, name: str) -> str | None:
        """
        None where it was not sent.
        """
        return self.values.get(name, [None])[0]

    def several(self, name: str, most: int) -> list[str]:
        """
        Raises:
            XrpcError: none, or more than allowed.
        """
        found = self.values.get(name, [])
        if not found:
            raise invalid(f'Error: Params must have the property "{name}"')
        if len(found) > most:
            raise invalid(f"Error: {name} must not have more than {most} elements")
        return found

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """
        Raises:
            XrpcError: no number, or out of range.
        """
        found = self.optional(name)
        if found is None:
            return default
        if not found.isdigit():
            raise invalid(f"Error: {name} must be an integer")
        if int(found) < low:
            raise invalid(f"Error: {name} can not be less than {low}")
        if int(found) > high:
            raise invalid(f"Error: {name} can not be greater than {high}")
        return int(found)


def invalid(message: str) -> XrpcError:
    """
    The error of a request that is not as it should be.
    """
    return XrpcError(400, "InvalidRequest", message)


def told(value: dict[str, Any]) -> Response:
    """
    A result.
    """
    return _json(200, value)


def failed(error: XrpcError) -> Response:
    """
    An error's answer.
    """
    return _json(error.status, {"error": error.name, "message": error.message})


def exhausted() -> Response:
    """
    Too many requests.
    """
    return _json(429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"})


def with_headers(response: Response, headers: tuple[tuple[str, str], ...]) -> Response:
    """
    The same answer with more headers.
    """
    return replace(response, headers=(*response.headers, *headers))


def page(status: int, title: str) -> Response:
    """
    What a proxy before the service says: HTML, and no word of XRPC.
    """
    body = (
        f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>\n"
    )
    return Response(status=status, headers=(("Content-Type", "text/html"),), body=body.encode())


def _json(status: int, value: dict[str, Any]) -> Response:
    typed = (("Content-Type", "application/json; charset=utf-8"),)
    return Response(status=status, headers=typed, body=orjson.dumps(value))
