"""
What goes through a simulator: requests as they came, answers as they should go wrong, and routes between them.

Taken and sent by `listener.simulation.server`; made and read by the simulators in `adapters`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request, as it came.

    Args:
        method: As sent.
        target: Bytes of the request line, query included.
        headers: In order, with the case they were written in.
        body: Empty for a GET.
        at: When its head had been read, by the server's clock.
        peer: Number of the connection it came on, from 0.
    """

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    at: datetime
    peer: int

    @property
    def path(self) -> str:
        """
        The target up to the question mark, not decoded.
        """
        return self.target.partition(b"?")[0].decode("ascii", "backslashreplace")

    @property
    def query(self) -> str:
        """
        The target after the question mark, not decoded.
        """
        return self.target.partition(b"?")[2].decode("ascii", "backslashreplace")

    def header(self, name: str) -> str | None:
        """
        The value of a header, whatever its case; repeated ones joined by `, `.
        """
        wanted = name.lower().encode()
        found = [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]
        return ", ".join(found) if found else None

    @property
    def accepts_gzip(self) -> bool:
        """
        Whether the client offered gzip (RFC 9110, section 12.5.3; `;q=0` takes it back).
        """
        for offer in (self.header("accept-encoding") or "").lower().split(","):
            coding, _, weight = (part.strip() for part in offer.partition(";"))
            if coding in {"gzip", "x-gzip", "*"}:
                return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    How an answer goes wrong. Several may be combined; the harshest comes first: silent, reset, garbage.

    Args:
        silent: Never answers; the connection stays open until the client gives up.
        reset: TCP reset instead of an answer, or at the cut where `cut_after_bytes` is set.
        garbage: These bytes instead of an answer, then the end of the connection.
        delay_s: Waits so long before the first byte.
        drip_bytes: Sends the body in pieces of this size; 0 sends it whole.
        drip_every_s: Waits so long before each piece.
        cut_after_bytes: Ends the connection after so many bytes of the body.
        length_off_by: Added to the stated Content-Length.
        padding_header_bytes: Size of an extra header.
    """

    silent: bool = False
    reset: bool = False
    garbage: bytes | None = None
    delay_s: float = 0.0
    drip_bytes: int = 0
    drip_every_s: float = 0.0
    cut_after_bytes: int | None = None
    length_off_by: int = 0
    padding_header_bytes: int = 0


NO_FAULT: Final = Fault()


TakeOver = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]
"""What goes on over a connection after an upgrade; the bytes are those that came behind the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    One answer.

    Args:
        status: Any three digits.
        headers: Written as they stand; Content-Length, Content-Encoding and Date are added unless given.
        body: Bytes, or an async iterator that is sent chunk by chunk as it yields.
        gzip: Compress the body (bytes only) and say so.
        fault: See `Fault`.
        on_sent: Called once the last byte was handed to the system; never after a cut or a reset.
        take_over: Has the connection once the answer is sent, and it ends with it; for a 101.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | AsyncIterator[bytes] = b""
    gzip: bool = False
    fault: Fault = NO_FAULT
    on_sent: Callable[[], None] | None = None
    take_over: TakeOver | None = None

    def has(self, name: str) -> bool:
        """
        Whether a header of that name was given.
        """
        return any(key.lower() == name for key, _ in self.headers)


Route = Callable[[Request], Awaitable[Response]]


def routes(table: Mapping[str, Route]) -> Route:
    """
    One route out of many: an exact path, or the longest entry that ends in `*` and starts the path; else 404.
    """
    prefixes = sorted((path[:-1] for path in table if path.endswith("*")), key=len, reverse=True)

    async def route(request: Request) -> Response:
        if request.path in table:
            return await table[request.path](request)
        for prefix in prefixes:
            if request.path.startswith(prefix):
                return await table[f"{prefix}*"](request)
        return Response(status=404, body=b"not found\n", headers=(("Content-Type", "text/plain"),))

    return route


def http_date(at: datetime) -> str:
    """
    An instant as HTTP writes it, in whole seconds (RFC 9110, section 5.6.7).
    """
    return format_datetime(at.astimezone(UTC), usegmt=True)
