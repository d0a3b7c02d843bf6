"""
The page on which a sealed link is opened: it asks first, and tells where the link leads once somebody presses its button.

Takes requests from the door, asks `Control`. What shows itself before the button is pressed is the same for every token and
is made without looking at it, so that a preview, a crawler or a browser that reads ahead learns and sets off nothing.
The answer is a page that holds the link, not a redirection: a policy of `form-action 'self'` forbids a browser to follow a
form's answer elsewhere, a header would stand in the logs of whatever lies between, and whoever opens it sees which host it is.
We fetch nothing. The target is in the body of that one answer, nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from listener.status import Control, Opened
from listener.telemetry import Telemetry
from listener.tell.api.access import Access, Refused, Token, admitted
from listener.tell.api.bodies import whole_body
from listener.tell.api.door import single
from listener.tell.api.problems import Refusal
from listener.tell.api.query import LANG, read_query
from listener.tell.pages import Language, language_of, render, respond

_FORM_MOST_BYTES: Final = 4096
"""Chosen: a token of a thousand characters, every one escaped, fits."""

_FORM: Final = "Send a form with the field token, or nothing, as application/x-www-form-urlencoded."

_STATUS: Final = {"opened": 200, "gone": 410, "ended": 410, "unknown": 404}


@dataclass(frozen=True, slots=True)
class Opening:
    """
    Handlers of the two operations on a sealed link.

    Args:
        access: Rules of the door: whether a token is asked for, and which may open.
    """

    control: Control
    telemetry: Telemetry
    access: Access

    async def confirm(self, request: Request) -> Response:
        """
        The form. Nothing is opened, decrypted or asked.
        """
        read_query(request, (LANG,))
        return self._form(request, problem="", status=200)

    async def open(self, request: Request) -> Response:
        """
        Where the link leads, for whoever may know.
        """
        read_query(request, (LANG,))
        secret = await _secret(request)
        admission = admitted(self.access, single(request.headers), scope="open", secret=secret)
        if isinstance(admission, Refused):
            self._tell("refused", None, None)
            return self._form(request, problem=admission.slug, status=admission.status)
        opened = await self.control.open_link(request.path_params["token"])
        self._tell(opened.state, opened.source, admission)
        return _answer(opened, language_of(request))

    def _form(self, request: Request, *, problem: str, status: int) -> Response:
        language = language_of(request)
        asks = isinstance(admitted(self.access, single(request.headers), scope="open"), Refused)
        answer = respond(
            render("open", language, asks=asks, problem=problem), language=language, status=status
        )
        # With `no-referrer` a browser says of its own form that it comes from nowhere (Fetch, "append a request Origin
        # header"), and the door refuses it; this one tells other origins nothing either.
        answer.headers["referrer-policy"] = "same-origin"
        if status == 401:
            answer.headers["www-authenticate"] = 'Bearer realm="listener"'
        return _unlisted(answer)

    def _tell(self, outcome: str, source: str | None, token: Token | None) -> None:
        _, network, name = (source or "//").split("/", 2)
        self.telemetry.link_opened(
            outcome=outcome, network=network, source=name, token="" if token is None else token.name
        )


def _answer(opened: Opened, language: Language) -> Response:
    target = opened.target or ""
    page = render("opened", language, state=opened.state, target=target, host=urlsplit(target).hostname or "")
    return _unlisted(respond(page, language=language, status=_STATUS[opened.state]))


def _unlisted(answer: Response) -> Response:
    """
    For no index, whatever asks; a HEAD sees it too.
    """
    answer.headers["x-robots-tag"] = "noindex, nofollow, noarchive"
    return answer


async def _secret(request: Request) -> str:
    """
    The token that a form holds; empty where it holds none. It is compared, and otherwise left alone.

    Raises:
        Refusal: any other body.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await whole_body(request, most_bytes=_FORM_MOST_BYTES)
    if body and kind != "application/x-www-form-urlencoded":
        raise Refusal(415, "bad-body", _FORM)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=1)
    except ValueError as error:
        raise Refusal(400, "bad-body", _FORM) from error
    if [name for name, _ in fields] not in ([], ["token"]):
        raise Refusal(400, "bad-body", _FORM)
    return fields[0][1].strip() if fields else ""
