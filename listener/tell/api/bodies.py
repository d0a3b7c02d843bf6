"""
The body of a request, bounded in size and time. Used by whatever takes one.
"""

from __future__ import annotations

from typing import Final

import anyio
from starlette.requests import Request

from listener.tell.api.problems import Refusal

_BODY_WITHIN_S: Final = 10.0
"""Chosen: no body here is longer than a few packets, which need no longer on the slowest link."""


async def whole_body(request: Request, *, most_bytes: int) -> bytes:
    """
    All of it.

    Raises:
        Refusal: 413 or 408.
    """
    body = bytearray()
    with anyio.move_on_after(_BODY_WITHIN_S):
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise Refusal(413, "body-too-large", f"At most {most_bytes} bytes.")
        return bytes(body)
    raise Refusal(408, "body-too-slow", f"Send the body within {_BODY_WITHIN_S:g} s.")
