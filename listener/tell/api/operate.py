"""
The operator's commands over HTTP: find, forget, poll, reload. Each goes to `Control`, the one writer.

What is asked for comes in the body and is never logged, echoed, or part of an address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from listener.status import Control
from listener.telemetry import Telemetry
from listener.tell.api.bodies import whole_body
from listener.tell.api.problems import Refusal, bad_value, unknown_parameter
from listener.tell.api.query import read_query
from listener.tell.api.shapes import LINK_MAX, FoundAnswer, LinkBody, PollBody, ReloadAnswer, as_json

_BODY_MOST_BYTES: Final = 16_384
"""Chosen: the longest link, every character escaped, fits."""
_TAKES: Final = {
    "link": f"a string of 1 to {LINK_MAX} characters",
    "source": "the name of a source",
    "unconditional": "true or false",
    "configured": "true or false",
    "mended": "true or false",
}
"""What each member of a body takes, as the end of a sentence."""
_Body = TypeVar("_Body", LinkBody, PollBody)


@dataclass(frozen=True, slots=True)
class Operator:
    """
    Handlers of the operations that need the scope `operate`.
    """

    control: Control
    telemetry: Telemetry

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

    async def reload(self, request: Request) -> Response:
        """
        The configuration was read again.
        """
        read_query(request, ())
        result = await self.control.reload()
        self.telemetry.control_used(command="reload", done=1)
        return as_json(ReloadAnswer(result))


async def _read(request: Request, shape: type[_Body]) -> _Body:
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
    body = await whole_body(request, most_bytes=_BODY_MOST_BYTES)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise _told(error, shape) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "not-json", wanted) from error


def _told(error: msgspec.ValidationError, shape: type[LinkBody] | type[PollBody]) -> Refusal:
    """
    Which member is wrong; msgspec names members in its message and nothing of any value.
    """
    unknown = re.search(r"unknown field `(.{1,200}?)`", str(error))
    if unknown is not None:
        return unknown_parameter(unknown[1], shape.__struct_fields__, where="member")
    at = re.search(r"`\$\.(\w+)`", str(error))
    member = at[1] if at is not None else shape.__struct_fields__[0]
    return bad_value(member, _TAKES[member])
