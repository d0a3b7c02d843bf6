"""
Handler of the public notice: open to everybody, cheap for a crowd.

Takes the text from `Control`; an answer says how to tell whether it is still the same, so that whoever comes back is sent
nothing (RFC 9110, section 13.1.2). It is the one answer here that a cache may keep: nothing in it is for one reader only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from listener.status import Control, NoticeFormat
from listener.tell.pages import language_of, respond

MARKDOWN_TYPE: Final = "text/markdown; charset=utf-8"
"""Source: RFC 7763, section 2."""
_KEPT_S: Final = 300
"""Chosen: a cache in front of us asks again in five minutes; who objects reads how from the address, not from its age."""
_VARIES: Final = "accept, accept-language"


@dataclass(frozen=True, slots=True)
class Noticeboard:
    """
    Handler of the operation that anybody may ask.
    """

    control: Control

    async def notice(self, request: Request) -> Response:
        """
        The notice; 304 where the reader has it already. Parameters that nobody knows are passed over: addresses are
        handed around with all sorts of them, and a citizen who follows one wants to read.
        """
        language, form = language_of(request), _form(request)
        text = self.control.notice(language, form)
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        if etag in request.headers.get("if-none-match", ""):
            answer = Response(status_code=304)
        elif form == "html":
            answer = respond(text, language=language)
        else:
            answer = Response(text, media_type=MARKDOWN_TYPE if form == "markdown" else "application/json")
        answer.headers["etag"] = etag
        answer.headers["cache-control"] = f"public, max-age={_KEPT_S}"
        answer.headers["vary"] = _VARIES
        answer.headers["content-language"] = language
        return answer


def _form(request: Request) -> NoticeFormat:
    """
    `?format=`, else what the reader would rather have; a browser says HTML.
    """
    asked = request.query_params.get("format")
    if asked is None:
        accepted = request.headers.get("accept", "").lower()
        wants = {"text/markdown": "markdown", "application/json": "json"}
        asked = next(
            (form for kind, form in wants.items() if kind in accepted and "text/html" not in accepted), None
        )
    return "markdown" if asked == "markdown" else "json" if asked == "json" else "html"
