"""
A server that lets slip whatever it can, before any simulator of an API of JSON: it shows what nobody asked for, names people
in every error and in the tokens of its pages, and keeps what it was asked and what it sent.

Made by `planted_youtube` and `planted_x`; read by `test_canary_keyed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from listener.simulation.exchange import Request, Response, Route

TOLD = ("message", "detail", "value")
"""Where errors put words, in any of their shapes."""

_TOKEN = re.compile(rb'("(?:nextPageToken|next_token)":\s*")')


@dataclass
class Loose:
    """
    Args:
        app: The simulator.
        said: About people; in every error.
        token: Begins every page token.
        heard: What the server makes of a request, such as one that asks for everything.
        told: What it makes of a good answer.
        ends: There is no second page: whoever asks for one is told to come again.
        asked: The addresses of all requests, as they came.
        wire: Heads and bodies of all answers, as far as they were sent.
    """

    app: Route
    said: str = ""
    token: str = ""
    heard: Callable[[Request], Request] = lambda request: request
    told: Callable[[Any], Any] = lambda document: document
    ends: bool = False
    asked: list[str] = field(default_factory=list)
    wire: list[bytes] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request.target.decode("ascii", "backslashreplace"))
        known = replace(request, target=request.target.replace(self.token.encode(), b""))
        ended = self.ends and known.target != request.target
        response = Response(status=503, body=b"{}") if ended else await self.app(self.heard(known))
        assert isinstance(response, Response)
        if isinstance(response.body, bytes):
            response = replace(response, body=self._spoiled(response.body, is_error=response.status >= 400))
        self._keep(response)
        return response

    def _spoiled(self, body: bytes, *, is_error: bool) -> bytes:
        try:
            document = json.loads(body)
        except ValueError:
            return body + self.said.encode()
        document = self._blamed(document) if is_error else self.told(document)
        return _TOKEN.sub(rb"\g<1>" + self.token.encode(), json.dumps(document, ensure_ascii=False).encode())

    def _blamed(self, document: Any) -> Any:
        """Every message of an error, whatever its shape, speaks of people; so does a field that nobody knows."""
        if isinstance(document, list):
            return [self._blamed(each) for each in document]
        if not isinstance(document, dict):
            return document
        found = {name: self._blamed(value) for name, value in document.items()}
        found |= {name: f"{found[name]} {self.said}" for name in TOLD if isinstance(found.get(name), str)}
        return found | {self.said: self.said}

    def _keep(self, response: Response) -> None:
        assert isinstance(response.body, bytes)
        cut = response.fault.cut_after_bytes
        head = "\n".join(f"{name}: {value}" for name, value in response.headers)
        self.wire.append(head.encode() + response.body[: len(response.body) if cut is None else cut])
