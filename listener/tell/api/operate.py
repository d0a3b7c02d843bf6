"""
The operator's commands over HTTP: find, forget, export, unseal, poll, holdings, reload. Each goes to `Control`, the one writer.

What is asked for comes in the body and is never logged, echoed, or part of an address.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from listener.status import Control, ExportAsk, ExportPart
from listener.telemetry import Telemetry
from listener.tell.api.access import Access, Refused, admitted
from listener.tell.api.bodies import whole_body
from listener.tell.api.door import single
from listener.tell.api.problems import Refusal, bad_value, unknown_parameter
from listener.tell.api.query import read_query
from listener.tell.api.shapes import (
    LINK_MAX,
    ExportBody,
    FoundAnswer,
    LinkBody,
    PollBody,
    ReloadAnswer,
    UnsealBody,
    UnsealedAnswer,
    as_json,
)
from listener.tell.api.table import EXPORT_TYPE

_BODY_MOST_BYTES: Final = 16_384
"""Chosen: the longest link, every character escaped, fits."""
_LINES_MOST_BYTES: Final = 16 * 2**20
"""Chosen: the longest line that the command sends by itself fits, and a thousand usual ones."""
_TAKES: Final = {
    "link": f"a string of 1 to {LINK_MAX} characters",
    "source": "the name of a source",
    "unconditional": "true or false",
    "configured": "true or false",
    "mended": "true or false",
    "reason": "one line of 1 to 200 characters",
    "watches": "at most 100 names of watches",
    "since": "a time with its zone (RFC 3339)",
    "by": "one line of 1 to 100 characters",
    "head": "the first line of an export",
    "end": "the last line of an export",
    "lines": "at most 1000 lines of an export",
    "first": "a whole number from 0",
}
"""What each member of a body takes, as the end of a sentence."""
_Body = TypeVar("_Body", LinkBody, PollBody, ExportBody, UnsealBody)


@dataclass(frozen=True, slots=True)
class Operator:
    """
    Handlers of the operations that need the scope `operate`.

    Args:
        access: Rules of the door: what tells words asks for the scope `read` besides.
    """

    control: Control
    telemetry: Telemetry
    access: Access

    async def find(self, request: Request) -> Response:
        """
        What is held of a post, none of its words.
        """
        return as_json(FoundAnswer(await self.control.find((await _read(request, LinkBody)).link)))

    async def forget(self, request: Request) -> Response:
        """
        The post is erased here and refused from now on.
        """
        forgot = await self.control.forget((await _read(request, LinkBody)).link)
        self.telemetry.control_used(command="forget", done=len(forgot.keys))
        return as_json(forgot)

    async def export(self, request: Request) -> ASGIApp:
        """
        What is held, sealed, as a file.
        """
        self._may_read(request)
        body = await _read(request, ExportBody)
        if body.since is not None and body.since.tzinfo is None:
            raise bad_value("since", _TAKES["since"])
        ask = ExportAsk(reason=body.reason, watches=body.watches, since_at=body.since, by=body.by)
        return _Lines(await self.control.export(ask))

    async def unseal(self, request: Request) -> Response:
        """
        What became of lines of an export.
        """
        self._may_read(request)
        body = await _read(request, UnsealBody, most_bytes=_LINES_MOST_BYTES)
        part = ExportPart(head=body.head, end=body.end, lines=body.lines, first=body.first)
        return as_json(UnsealedAnswer(await self.control.unseal(part)))

    def _may_read(self, request: Request) -> None:
        """
        A token that gives orders learns no words by them.

        Raises:
            Refusal: it may not read.
        """
        admission = admitted(self.access, single(request.headers), scope="read")
        if isinstance(admission, Refused):
            raise Refusal(admission.status, admission.slug, admission.detail)

    async def poll(self, request: Request) -> Response:
        """
        A source is read as soon as politeness allows.
        """
        asked = await _read(request, PollBody)
        names = [view.name for view in self.control.sources()]
        if asked.source not in names:
            raise bad_value("source", "the name of a source", found=asked.source, allowed=names)
        polled = await self.control.poll(
            asked.source,
            unconditional=asked.unconditional,
            come_back=asked.configured,
            mended=asked.mended,
        )
        return as_json(polled)

    async def holdings(self, request: Request) -> Response:
        """
        What an audit asks: names, days and numbers.
        """
        read_query(request, ())
        return as_json(await self.control.holdings())

    async def reload(self, request: Request) -> Response:
        """
        The configuration was read again.
        """
        read_query(request, ())
        result = await self.control.reload()
        self.telemetry.control_used(command="reload", done=1)
        return as_json(ReloadAnswer(result))


@dataclass(frozen=True, slots=True)
class _Lines:
    """
    An export as an ASGI response: sent as it is made. One that breaks off has no end line, so whoever reads it knows.
    """

    lines: AsyncGenerator[bytes, None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.lines):
            headers = [(b"content-type", EXPORT_TYPE.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for line in self.lines:
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def _read(request: Request, shape: type[_Body], *, most_bytes: int = _BODY_MOST_BYTES) -> _Body:
    """
    The body in its shape.

    Raises:
        Refusal: any other body.
    """
    read_query(request, ())
    first = shape.__struct_fields__[0]
    wanted = f'Send {{"{first}": "…"}} as application/json.'
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not-json", wanted)
    body = await whole_body(request, most_bytes=most_bytes)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise _told(error, shape) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "not-json", wanted) from error


def _told(error: msgspec.ValidationError, shape: type[_Body]) -> Refusal:
    """
    Which member is wrong; msgspec names members in its message and nothing of any value.
    """
    unknown = re.search(r"unknown field `(.{1,200}?)`", str(error))
    if unknown is not None:
        return unknown_parameter(unknown[1], shape.__struct_fields__, where="member")
    at = re.search(r"`\$\.(\w+)", str(error))
    member = at[1] if at is not None else shape.__struct_fields__[0]
    return bad_value(member, _TAKES[member])
